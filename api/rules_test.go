package api

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/domain"
)

// The rule book is there for anybody, with an anchor for each rule, and nothing
// in it leads nowhere.
func TestRuleBookIsServed(t *testing.T) {
	w := newWorld(t)
	page := string(w.must(200, w.send(w.request("", "GET", "/rules", ""))).body)
	for _, r := range domain.Rules() {
		require.Equal(t, 1, strings.Count(page, `id="`+r.Number+`"`), r.Number)
		require.Contains(t, page, `<a href="#`+r.Number+`">`+r.Number+". ", "the contents lead there")
	}
	unbuilt := 0
	for _, r := range domain.Rules() {
		unbuilt += strings.Count("\n\n"+r.Text, "\n\n**Not built yet:**")
	}
	require.Equal(t, unbuilt, strings.Count(page, `<div class="thread-unbuilt"><p><strong>Not built yet:</strong>`), "all that is not built is set apart")
	require.Equal(t, unbuilt, strings.Count(page, `</div><p><strong>Until then:</strong>`))
	require.NotContains(t, page, "**")
	require.NotContains(t, page, "](")
	seen := map[string]bool{}
	for _, m := range regexp.MustCompile(`href="([^"]+)"`).FindAllStringSubmatch(page, -1) {
		path, anchor, _ := strings.Cut(m[1], "#")
		if anchor != "" {
			require.Contains(t, page, `id="`+anchor+`"`)
		}
		if path != "" && !seen[path] {
			w.must(200, w.send(w.request("cd-north", "GET", path, "")))
		}
		seen[path] = true
	}
	require.True(t, seen["/rules/minutes/c5-settlement.txt"])

	minutes := w.must(200, w.send(w.request("", "GET", "/rules/minutes/c5-settlement.txt", "")))
	require.Contains(t, string(minutes.body), "# C5: agreed when")
	require.Equal(t, "text/plain; charset=utf-8", minutes.Header.Get("Content-Type"))
	for _, none := range []string{"none.txt", "..%2fRULES.md", "%2e%2e"} {
		w.must(404, w.send(w.request("", "GET", "/rules/minutes/"+none, "")))
	}
}

// Whoever is refused can read the rule: a problem says where it stands, and a
// page links to it.
func TestRefusalsLeadToTheRule(t *testing.T) {
	w := newWorld(t).established()
	book := string(w.must(200, w.send(w.request("", "GET", "/rules", ""))).body)
	leads := func(to string) {
		t.Helper()
		path, anchor, _ := strings.Cut(to, "#")
		require.Equal(t, "/rules", path)
		require.Contains(t, book, `id="`+anchor+`"`)
	}
	refused := w.must(404, w.send(w.request("cd-north", "GET", "/v1/groups/trafford/proposals/P99", "")))
	require.Equal(t, "/rules#C1", refused.json(t)["ruleText"])
	leads("/rules#C1")
	day := w.must(422, w.send(w.request("cd-north", "POST", "/v1/groups/trafford/commands/withdraw-mandate", `{"organisation":"P91020","given":"soon"}`)))
	require.Equal(t, "/rules#L8", day.json(t)["ruleText"])
	leads("/rules#L8")
	require.NotContains(t, w.must(401, w.send(w.request("", "GET", "/v1/groups/trafford", ""))).json(t), "ruleText", "no rule says so")

	page := string(w.must(404, w.send(w.request("cd-north", "GET", "/g/trafford/proposals/P99", ""))).body)
	require.Contains(t, page, `<a href="/rules#C1">Read rule C1</a>`)

	w.on("2026-03-09")
	check := string(w.must(200, w.send(w.request("cd-north", "GET", "/g/trafford/check?forum=locality-board&matter=workforce&amount=12000&months=6", ""))).body)
	links := regexp.MustCompile(`<a class="thread-rulelink" href="([^"]+)">`)
	why := links.FindAllStringSubmatch(check, -1)
	require.NotEmpty(t, why, "each reason leads to its rule")
	for _, m := range why {
		leads(m[1])
	}
	wrong := string(w.send(w.request("cd-north", "GET", "/g/trafford/check?forum=locality-board&matter=workforce&months=-1", "")).body)
	require.Contains(t, wrong, "There is a problem")
	for _, m := range links.FindAllStringSubmatch(wrong, -1) {
		leads(m[1])
	}

	var described struct {
		Info       struct{ Description string }
		Components struct {
			Schemas map[string]struct {
				Properties map[string]struct{ Description, Format string }
			}
		}
	}
	require.NoError(t, json.Unmarshal(w.must(200, w.send(w.request("", "GET", "/openapi.json", ""))).body, &described))
	require.Contains(t, described.Info.Description, "in the rule book, at /rules;")
	require.Contains(t, described.Components.Schemas["Problem"].Properties["ruleText"].Description, "/rules#C3")
}
