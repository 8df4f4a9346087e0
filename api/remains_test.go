package api

import (
	"fmt"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"goldenthread/eventstore/keys"
)

// Rule L7: after an erasure nobody gets the name, and what is left is listed.
func TestErasingAPerson(t *testing.T) {
	w := newWorld(t).established()
	w.must(201, w.command("manager", "register-person", `{"handle":"leaver","office":"Leaver","personal":{"name":"Dr Zebedee Nightjar","phone":"0161 496 0002"}}`))
	people := w.must(200, w.ask("cd-north", "/people"))
	require.Contains(t, string(people.body), "Nightjar")
	r := w.must(200, w.ask("cd-north", "/people/leaver/remains")).json(t)
	id := r["id"].(string)
	require.NotContains(t, r, "erased")

	w.refused(403, "L7", w.command("cd-north", "erase-person", fmt.Sprintf(`{"person":%q}`, id)))
	w.giveTokens("leaver")
	w.must(201, w.command("leaver", "erase-person", fmt.Sprintf(`{"person":%q}`, id)))
	for _, q := range []string{"/people", fmt.Sprint("/people?known=", w.store.Next("trafford")-2)} {
		people = w.must(200, w.ask("cd-north", q))
		require.NotContains(t, string(people.body), "Nightjar")
		require.Contains(t, string(people.body), "Leaver")
	}
	w.refused(409, "L7", w.command("manager", "update-person", fmt.Sprintf(`{"person":%q,"personal":{"name":"Dr Zebedee Nightjar"}}`, id)))
	r = w.must(200, w.ask("cd-north", "/people/leaver/remains")).json(t)
	require.Contains(t, r, "erased")
	require.Equal(t, false, r["keyLeft"])
	require.Equal(t, []any{}, r["oldNodes"])
	require.Len(t, r["events"], 2)
	require.NotEmpty(t, r["notes"])
	w.must(404, w.ask("cd-north", "/people/nobody/remains"))
}

// Rule L7: the answer to an erasure says what to do about the keys. If a keeper asked for the
// erasure, that is the answer to its confirmation.
func TestAnErasureSaysWhatToDo(t *testing.T) {
	w := newWorld(t).established()
	ids := map[string]string{}
	for _, who := range []string{"own", "kept"} {
		w.must(201, w.command("manager", "register-person", fmt.Sprintf(`{"handle":%q,"office":"Leaver","personal":{"name":"Dr Zebedee Nightjar"}}`, who)))
		ids[who] = w.must(200, w.ask("cd-north", "/people/"+who+"/remains")).json(t)["id"].(string)
	}
	w.giveTokens("own", "kept")
	r := w.must(201, w.command("own", "erase-person", fmt.Sprintf(`{"person":%q}`, ids["own"]))).json(t)
	require.NotEmpty(t, r["erased"].(map[string]any)["todo"])

	r = w.must(201, w.command("manager", "erase-person", fmt.Sprintf(`{"person":%q}`, ids["kept"]))).json(t)
	require.NotContains(t, r, "erased")
	require.Contains(t, string(w.must(200, w.ask("cd-north", "/people")).body), "Nightjar", "they are not erased yet")
	record := r["refs"].([]any)[0].(string)
	w.refused(403, "O3", w.command("manager", "confirm-record", fmt.Sprintf(`{"records":[%q]}`, record)))
	r = w.must(201, w.command("kept", "confirm-record", fmt.Sprintf(`{"records":[%q]}`, record))).json(t)
	require.NotEmpty(t, r["erased"].(map[string]any)["todo"])
	require.NotContains(t, string(w.must(200, w.ask("cd-north", "/people")).body), "Nightjar")
}

// Rule L7: a key that can't be read is no erasure. Who needs it is told to ask again, and
// nothing is sealed under another one.
func TestAKeyThatCantBeReadIsSaid(t *testing.T) {
	w := newWorld(t).established()
	w.must(201, w.command("manager", "register-person", `{"handle":"lost","office":"Lost","personal":{"name":"Dr Zebedee Nightjar"}}`))
	w.must(200, w.ask("cd-north", "/people"))
	id := w.must(200, w.ask("cd-north", "/people/lost/remains")).json(t)["id"].(string)
	js, err := jetstream.New(w.store.Conn())
	require.NoError(t, err)
	entries, err := js.Stream(t.Context(), keys.StreamName)
	require.NoError(t, err)
	require.NoError(t, entries.Purge(t.Context(), jetstream.WithPurgeSubject("keys."+id)))

	r := w.must(503, w.ask("cd-north", "/people"))
	require.Contains(t, string(r.body), "not erased")
	w.must(503, w.command("manager", "update-person", fmt.Sprintf(`{"person":%q,"personal":{"name":"Dr Other"}}`, id)))
	r = w.must(200, w.ask("cd-north", "/people/lost/remains"))
	require.NotContains(t, r.json(t), "erased")
}
