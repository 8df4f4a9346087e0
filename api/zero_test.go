package api

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A charter setting of zero is zero, or refused with its bounds, by JSON and on the
// page; what is left out takes its default (F6).
func TestSettingsOfZero(t *testing.T) {
	w := newWorld(t)
	found := func(settings string) reply {
		return w.send(w.request("operator", "POST", "/v1/groups/other/commands/found", strings.Replace(foundBody, `"quorum":2`, `"quorum":2`+settings, 1)))
	}
	r := found(`,"windowDays":0`)
	w.refused(422, "F6", r)
	require.Contains(t, r.json(t)["detail"], "windowDays is a number between 1 and 90")
	require.Equal(t, []any{"/charter/windowDays"}, r.json(t)["where"])
	w.refused(422, "F6", found(`,"zero":["closeDays"]`))

	w.established()
	settings := func() map[string]any {
		all := map[string]any{}
		for _, s := range w.must(200, w.ask("cd-north", "/charter")).json(t)["settings"].([]any) {
			all[s.(map[string]any)["name"].(string)] = s.(map[string]any)["value"]
		}
		return all
	}
	change := func(version, more string) {
		t.Helper()
		p := w.must(201, w.command("cd-north", "raise-proposal", `{"title":"The charter, `+version+`","text":"x","matter":"charter","instruments":[{"changeCharter":{"version":`+version+`,"charter":{
			"text":"We decide by consensus.","quorum":2,"defaultStance":"bring-back","matters":["access","workforce","representation"]`+more+`}}}]}`)).json(t)["refs"].([]any)[0].(string)
		if strings.Contains(more, `"noticeDays":0`) {
			require.Contains(t, string(w.must(200, w.ask("cd-north", "/proposals/"+p)).body), "0 days instead of 28 days")
		}
		for _, person := range []string{"cd-north", "cd-south", "lmc-chair"} {
			w.must(201, w.command(person, "consent", `{"proposal":"`+p+`","version":1,"needNotWait":true}`))
		}
	}
	require.EqualValues(t, 28, settings()["noticeDays"])
	change("1", `,"noticeDays":0,"windowDays":9`)
	require.Equal(t, []any{0.0, 9.0, 28.0}, []any{settings()["noticeDays"], settings()["windowDays"], settings()["settleDays"]})
	change("2", ``)
	require.Equal(t, []any{28.0, 7.0}, []any{settings()["noticeDays"], settings()["windowDays"]})
}
