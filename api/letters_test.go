package api

import (
	"encoding/json"
	"net"
	"net/http"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"goldenthread/api/mail"
)

func TestMailThatFailsIsVisible(t *testing.T) {
	w := newWorld(t).established()
	require.Equal(t, false, w.must(200, w.ask("manager", "/mail")).json(t)["on"], "everything works without a mail server")
	again := func(person string) reply {
		return w.send(w.request(person, "POST", "/v1/groups/trafford/mail/cd-north/again", ""))
	}
	w.refused(409, "T1", again("manager"))

	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	nobody.Close()
	js, err := jetstream.New(w.store.Conn())
	require.NoError(t, err)
	post, err := mail.Open(t.Context(), mail.Options{
		Server: mail.Server{Address: nobody.Addr().String(), From: "board@example.org", TLS: "none"},
		Groups: w.options.Groups, Personal: w.store.OpenPersonal, Stream: js, Clock: w.clock,
	})
	require.NoError(t, err)
	w.serve(func(o *Options) { o.Mail = post })
	var people struct{ People []struct{ ID, Handle string } }
	require.NoError(t, json.Unmarshal(w.must(200, w.ask("manager", "/people")).body, &people))
	for _, p := range people.People {
		if p.Handle == "cd-north" {
			w.must(201, w.command("manager", "update-person", `{"person":"`+p.ID+`","personal":{"name":"Nora North","email":"nora@example.org"}}`))
		}
	}
	w.must(201, w.command("cd-south", "raise-proposal", `{"title":"Saturdays","text":"We open.","matter":"access"}`))
	post.Round(t.Context())

	r := w.must(200, w.ask("manager", "/mail"))
	require.NotContains(t, string(r.body), "nora@example.org")
	lines := r.json(t)["letters"].([]any)
	require.Len(t, lines, 1)
	line := lines[0].(map[string]any)
	require.Equal(t, "waiting", line["state"])
	require.Equal(t, true, line["overdue"])
	require.Equal(t, "The mail to Clinical Director, North Trafford, about P2 is waiting. The mail server can't be reached, or does not let this server in.", line["text"])
	require.Len(t, w.must(200, w.ask("operator", "/mail")).json(t)["letters"], 1)
	require.Len(t, w.must(200, w.ask("cd-north", "/mail")).json(t)["letters"], 1, "one's own")
	require.Empty(t, w.must(200, w.ask("cd-south", "/mail")).json(t)["letters"])
	w.refused(403, "T1", again("cd-south"))
	w.refused(409, "T1", again("manager"))
	w.refused(404, "L5", w.send(w.request("manager", "POST", "/v1/groups/trafford/mail/nobody/again", "")))

	for range 8 {
		w.mu.Lock()
		w.now = w.now.AddDate(0, 0, 2)
		w.mu.Unlock()
		post.Round(t.Context())
	}
	require.Contains(t, string(w.must(200, w.ask("manager", "/mail")).body), "was given up")
	w.must(http.StatusNoContent, again("manager"))
	require.Contains(t, string(w.must(200, w.ask("manager", "/mail")).body), "waiting")
}
