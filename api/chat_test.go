package api

import (
	"html"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

var chatText = regexp.MustCompile(`(?s)<textarea class="nhsuk-textarea" id="copy-([A-Z0-9]+)" rows="6" readonly>(.*?)</textarea>`)

// Each agreement and each request has a message for a group of people elsewhere: the words
// and the link, and nobody's name.
func TestMessagesToCopy(t *testing.T) {
	w := newWorld(t).established()
	copied := func(page string) map[string]string {
		texts := map[string]string{}
		for _, m := range chatText.FindAllStringSubmatch(string(w.must(200, w.page("cd-south", page)).body), -1) {
			texts[m[1]] = html.UnescapeString(m[2])
		}
		return texts
	}
	w.must(201, w.command("cd-south", "raise-proposal", `{"title":"Saturdays","text":"We open on Saturdays.","matter":"access"}`))
	require.Equal(t, map[string]string{"P2": "Trafford GP Board asks for responses to P2, Saturdays (version 1), by 6 March 2026. No response is no consent.\n\n“We open on Saturdays.”\n\nSign in to respond:\n" + w.origin() + "/g/trafford/proposals/P2"}, copied("/proposals/P2"))
	require.Regexp(t, `^Trafford GP Board agreed P1, .*\n\nWho agreed, and what it puts in place:\nhttp://\S+/g/trafford/proposals/P1$`, regexp.MustCompile(`(?s)\n\n“.*”`).ReplaceAllString(copied("/proposals/P1")["P1"], ""))
	require.Contains(t, copied("/notices")["P1"], "The board agreed: Representation.\n"+w.origin()+"/g/trafford/notices?about=P1#notice-P1")
}
