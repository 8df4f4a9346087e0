package api

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"goldenthread/api/mail"
)

// What somebody is mailed is chosen behind the link in their letters: on a page, or by one
// press of their mail program (RFC 8058). Nothing is recorded by it, and to look at it
// changes nothing.
func TestWhatIsMailedIsChosen(t *testing.T) {
	w := newWorld(t).established()
	js, err := jetstream.New(w.store.Conn())
	require.NoError(t, err)
	post, err := mail.Open(t.Context(), mail.Options{
		Server: mail.Server{Address: "127.0.0.1:1", From: "board@example.org", TLS: "none"}, Link: w.origin(),
		Groups: w.options.Groups, Personal: w.store.OpenPersonal, Stream: js, Clock: w.clock,
	})
	require.NoError(t, err)
	d := newDevice(w)
	d.byToken("cd-north")
	require.Contains(t, string(w.must(409, d.send("GET", "/account/mail", "")).body), "This server sends no mail.")
	w.serve(func(o *Options) { o.Mail = post })
	d = newDevice(w)
	d.byToken("cd-north")
	require.Contains(t, string(w.must(200, d.send("GET", "/account", "")).body), `href="/account/mail"`)
	to := w.must(303, d.send("GET", "/account/mail", "")).Header.Get("Location")
	require.Regexp(t, `^/mail/trafford/[0-9a-f-]{36}/[A-Z2-7]{26}$`, to)
	require.Equal(t, to, w.must(303, d.send("GET", "/account/mail", "")).Header.Get("Location"), "the same each time")

	get := func() string { return string(w.must(200, w.send(w.request("", "GET", to, ""))).body) }
	sent := func(values url.Values, headers ...string) reply {
		return w.send(w.request("", "POST", to, values.Encode(), append([]string{"Content-Type", ofForm}, headers...)...))
	}
	checked := regexp.MustCompile(`value="(\w+)" checked`)
	kinds := func(page string) (all []string) {
		for _, m := range checked.FindAllStringSubmatch(page, -1) {
			all = append(all, m[1])
		}
		return all
	}
	next := w.store.Next("trafford")
	require.Equal(t, []string{"asked", "due", "told"}, kinds(get()))
	page := string(w.must(200, sent(url.Values{"kind": {"asked", "told"}, "ahead": {"3"}})).body)
	require.Contains(t, page, "Your choice is saved. It is about mail alone")
	require.Equal(t, []string{"asked", "told"}, kinds(get()))
	require.Contains(t, get(), `<option value="3" selected>3 days before the last day`)

	w.must(200, sent(url.Values{"List-Unsubscribe": {"One-Click"}}))
	require.Empty(t, kinds(get()), "one press stops all")
	require.Contains(t, get(), `<option value="3" selected>`)
	body := "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n"
	w.must(200, sent(url.Values{"kind": {"due"}, "ahead": {"0"}}))
	w.must(200, w.send(w.request("", "POST", to, body, "Content-Type", "multipart/form-data; boundary=x")))
	require.Empty(t, kinds(get()), "as a form of the other kind, too")
	require.Equal(t, next, w.store.Next("trafford"))

	w.must(422, sent(url.Values{"ahead": {"4"}}))
	w.must(403, sent(url.Values{"ahead": {"3"}}, "Origin", "https://evil.example"))
	for _, wrong := range []string{to[:len(to)-1] + "0", strings.Replace(to, "trafford", "elsewhere", 1), "/mail/trafford/*/" + to[len(to)-26:], "/mail/trafford/cd-north/" + to[len(to)-26:]} {
		for _, method := range []string{"GET", "POST"} {
			r := w.send(w.request("", method, wrong, "ahead=3", "Content-Type", ofForm))
			require.Contains(t, []int{http.StatusNotFound}, r.StatusCode, "%s %s", method, wrong)
			require.NotContains(t, string(r.body), "Clinical Director")
		}
	}
}
