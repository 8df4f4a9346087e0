package api

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// evaluate asks as that person and gives the answer.
func (w *world) evaluate(person, several, body string, header ...string) reply {
	return w.send(w.request(person, "POST", "/access/v1/evaluation"+several, body, header...))
}

// question is an evaluation about R1's forum, with these properties of the matter.
func question(subject, action, matter, properties string) string {
	return fmt.Sprintf(`{"subject":{"type":"person","id":%q},"action":{"name":%q},"resource":{"type":"matter","id":%q,"properties":{"forum":"locality-board"%s}}}`, subject, action, matter, properties)
}

// A decision is true for an outright yes of the check and for nothing else.
func TestAuthZENDecisions(t *testing.T) {
	w := newWorld(t).established()
	w.on("2026-03-09")
	for _, c := range []struct {
		body string
		yes  bool
		says string
	}{
		{question("cd-north", "commit", "workforce", `,"amountPence":800000,"months":6`), true, ""},
		{question("cd-north", "commit", "workforce", `,"amountPence":1200000,"months":6`), false, "ad-referendum"},
		{question("cd-north", "commit", "workforce", ``), false, "may-commit"}, // up to the limit: a yes on conditions
		{question("cd-north", "commit", "workforce", `,"amountPence":800000`), false, "may-commit"},
		{question("cd-north", "endorse", "access", ``), true, "may-commit-then-report"},
		{question("cd-north", "endorse", "workforce", `,"amountPence":1`), false, "without money"},
		{question("cd-north", "delete", "access", ``), false, "commit or endorse"},
		{question("cd-south", "endorse", "access", ``), false, "view-only"},
		{question("nobody", "endorse", "access", ``), false, "nobody"},
		{question("cd-north", "endorse", "dentistry", ``), false, "ad-referendum"},
		{question("cd-north", "commit", "workforce", `,"amountPnce":800000,"months":6`), false, "not known here"},
		{question("cd-north", "commit", "workforce", `,"amountPence":"800000","months":6`), false, "amountPence"},
		{question("cd-north", "commit", "workforce", `,"amountPence":8e5,"months":6`), false, "amountPence"},
		{question("cd-north", "commit", "workforce", `,"amountPence":null,"months":6`), false, "amountPence"},
		{question("cd-north", "commit", "workforce", `,"amountPence":-5,"months":6`), false, "D4"},
		{question("cd-north", "commit", "workforce", `,"amountPence":800000,"months":6,"forum2":"x"`), false, "not known here"},
		{strings.Replace(question("cd-north", "endorse", "access", ``), `{"subject"`, `{"amountPence":1,"subject"`, 1), false, "not known here"},
		{strings.Replace(question("cd-north", "endorse", "access", ``), `"type":"person"`, `"type":"person","properties":{"role":"admin"}`, 1), false, "not known here"},
		{strings.Replace(question("cd-north", "endorse", "access", ``), `"type":"person"`, `"type":"device"`, 1), false, "a person"},
		{strings.Replace(question("cd-north", "endorse", "access", ``), `"type":"matter"`, `"type":"document"`, 1), false, "a matter"},
		{strings.Replace(question("cd-north", "endorse", "access", ``), `{"subject"`, `{"context":{"time":"2026-03-09T12:00:00Z"},"subject"`, 1), true, ""},
		{strings.Replace(question("cd-north", "endorse", "access", ``), `{"subject"`, `{"context":{"time":"2026-03-08T12:00:00Z"},"subject"`, 1), false, "about today"},
		{strings.Replace(question("cd-north", "endorse", "access", ``), `{"subject"`, `{"context":{"ip":"10.0.0.1"},"subject"`, 1), false, "not known here"},
	} {
		r := w.must(200, w.evaluate("cd-north", "", c.body))
		require.Equal(t, c.yes, r.json(t)["decision"], "%s\n%s", c.body, r.body)
		require.Contains(t, string(r.body), c.says)
		require.NotContains(t, string(r.body), "remedies")
		require.NotContains(t, string(r.body), "or less", "that is how a sum is split: %s", r.body)
		several := w.must(200, w.evaluate("cd-north", "s", `{"evaluations":[`+c.body+`]}`)).json(t)
		require.Equal(t, r.json(t), several["evaluations"].([]any)[0])
	}
}

// What the specification shows is answered as it says: its own examples, and its error codes.
func TestAuthZENByItsSpecification(t *testing.T) {
	w := newWorld(t).established()
	w.on("2026-03-09")
	const alice = `"subject":{"type":"user","id":"alice@example.com"}`
	const read = `"action":{"name":"can_read"}`
	for _, example := range []string{ // of access-evaluation-request: nobody here is called alice
		`{` + alice + `,"resource":{"type":"account","id":"123"},"action":{"name":"can_read","properties":{"method":"GET"}},"context":{"time":"1985-10-26T01:22-07:00"}}`,
		`{` + alice + `,"resource":{"type":"todo","id":"1"},` + read + `,"context":{"time":"1985-10-26T01:22-07:00"}}`,
	} {
		require.Equal(t, false, w.must(200, w.evaluate("cd-north", "", example)).json(t)["decision"])
		require.Equal(t, false, w.must(200, w.evaluate("cd-north", "s", example)).json(t)["decision"], "without evaluations it is one question")
	}
	boxcar := func(options string) string { // of default-values and evaluations-semantics
		return `{"subject":{"type":"person","id":"cd-north"},"action":{"name":"endorse"},"options":{` + options + `},"evaluations":[
			{"resource":{"type":"matter","id":"access","properties":{"forum":"locality-board"}}},
			{"resource":{"type":"matter","id":"representation","properties":{"forum":"locality-board"}}},
			{"resource":{"type":"matter","id":"access","properties":{"forum":"locality-board"}}},
			{"subject":{"type":"person","id":"cd-south"},"resource":{"type":"matter","id":"access","properties":{"forum":"locality-board"}}},
			{"resource":{"type":"matter"}}]}`
	}
	decisions := func(options string) (all []bool) {
		for _, d := range w.must(200, w.evaluate("cd-north", "s", boxcar(options))).json(t)["evaluations"].([]any) {
			all = append(all, d.(map[string]any)["decision"].(bool))
		}
		return all
	}
	require.Equal(t, []bool{true, false, true, false, false}, decisions(``))
	require.Equal(t, []bool{true, false, true, false, false}, decisions(`"evaluations_semantic":"execute_all","another_option":"value"`))
	require.Equal(t, []bool{true, false}, decisions(`"evaluations_semantic":"deny_on_first_deny"`))
	require.Equal(t, []bool{true}, decisions(`"evaluations_semantic":"permit_on_first_permit"`))
	w.refused(400, "", w.evaluate("cd-north", "s", boxcar(`"evaluations_semantic":"best_of_three"`)))

	for _, missing := range []string{`{`, `[]`, `{}`, `{` + alice + `,` + read + `}`, `{` + alice + `,"resource":{"type":"account","id":"123"}}`, `{` + alice + `,` + read + `,"resource":{"id":"1"}}`} {
		w.refused(400, "", w.evaluate("cd-north", "", missing))
	}
	w.must(401, w.evaluate("", "", question("cd-north", "endorse", "access", ``)))
	w.refused(403, "", w.evaluate("operator", "", question("cd-north", "endorse", "access", ``)))
	w.must(404, w.evaluate("stranger", "", question("cd-north", "endorse", "access", ``))) // there is no such group
	r := w.must(200, w.evaluate("cd-north", "", question("cd-north", "endorse", "access", ``), "X-Request-ID", "bfe9eb29-ab87-4ca3-be83-a1d5d8305716"))
	require.Equal(t, "bfe9eb29-ab87-4ca3-be83-a1d5d8305716", r.Header.Get("X-Request-ID"))
	require.Equal(t, "application/json", r.Header.Get("Content-Type"))
	many := `{"subject":{"type":"person","id":"cd-north"},"action":{"name":"endorse"},"resource":{"type":"matter","id":"access"},"evaluations":[{}` + strings.Repeat(`,{}`, 1000) + `]}`
	w.refused(400, "", w.evaluate("cd-north", "s", many))

	found := w.must(200, w.send(w.request("", "GET", "/.well-known/authzen-configuration", "")))
	var metadata map[string]string
	require.NoError(t, json.Unmarshal(found.body, &metadata))
	require.Equal(t, metadata["policy_decision_point"]+"/access/v1/evaluation", metadata["access_evaluation_endpoint"])
	require.Equal(t, metadata["policy_decision_point"]+"/access/v1/evaluations", metadata["access_evaluations_endpoint"])
	require.Len(t, metadata, 3)
}
