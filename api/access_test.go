package api

import (
	"crypto/sha256"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"goldenthread/api/caller"
	"goldenthread/api/identity"
	"goldenthread/domain"

	"github.com/stretchr/testify/require"
)

func TestWhoAsks(t *testing.T) {
	w := newWorld(t).established()

	for _, path := range []string{"/v1", "/v1/groups", "/v1/groups/trafford", "/v1/nothing", "/v1/groups/trafford/commands/object"} {
		r := w.send(w.request("", "GET", path, ""))
		w.refused(401, "", r)
		require.Contains(t, r.Header.Get("WWW-Authenticate"), "Bearer")
	}
	for _, header := range []string{"Bearer", "Bearer ", "Bearer gt_wrong", "Basic " + w.keys["cd-north"], w.keys["cd-north"]} {
		w.refused(401, "", w.ask("", "", "Authorization", header))
	}
	for _, path := range []string{"", "/people", "/check?matter=workforce", "/events/0", "/events", "/feed", "/audit"} {
		w.refused(404, "L1", w.ask("stranger", path)) // another group's people see nothing of this one
	}
	w.refused(404, "L1", w.command("stranger", "consent-to-charter", `{}`))
	w.refused(404, "L1", w.send(w.request("cd-north", "GET", "/v1/groups/salford", "")))
	w.refused(404, "L1", w.send(w.request("stranger", "GET", "/v1/groups/salford", ""))) // not founded
	w.refused(403, "F1", w.command("cd-north", "found", foundBody))
	w.refused(403, "L5", w.command("operator", "consent-to-charter", `{}`))
	w.refused(404, "L1", w.send(w.request("operator", "POST", "/v1/groups/nowhere/commands/consent-to-charter", `{}`)))
}

func TestWhatIsKeptToMembers(t *testing.T) {
	w := newWorld(t).established() // its charter keeps audit to members

	for _, path := range []string{"/audit", "/events", "/events/0", "/feed", "/audit?known=3"} {
		w.refused(403, "F3", w.ask("icb-director", path))
		w.refused(403, "F3", w.ask("operator", path))
	}
	w.must(200, w.ask("icb-director", "/proposals"))
	w.must(200, w.ask("operator", "/powers"))

	names := func(person string) string { return string(w.must(200, w.ask(person, "/people")).body) }
	require.Contains(t, names("cd-south"), "Nora North")
	require.NotContains(t, names("icb-director"), "Nora North")
	require.NotContains(t, names("operator"), "Nora North")
}

func TestTokens(t *testing.T) {
	w := newWorld(t)
	issue := func(person, body string) reply {
		return w.send(w.request(person, "POST", "/v1/groups/trafford/tokens", body))
	}
	w.refused(403, "L5", issue("cd-north", `{"person":"cd-south"}`))
	w.refused(404, "L5", issue("operator", `{"person":"nobody"}`))
	w.refused(422, "", issue("operator", `{"person":"cd-south","admin":true}`))
	token := w.must(201, issue("operator", `{"person":"cd-south"}`)).json(t)["token"].(string)

	dir := w.tokens.Dir
	info, err := os.Stat(filepath.Join(dir, "operator-token"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	require.NotContains(t, string(w.credentials()["tokens.json"]), token)

	again, err := identity.OpenTokens(t.Context(), w.store)
	require.NoError(t, err)
	c, ok, err := again.Caller(token, w.clock())
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, caller.Caller{Group: "trafford", Person: "cd-south", Scope: caller.ScopeAct, Way: domain.WayOf(domain.TokenWay, sha256.Sum256([]byte(token))), Token: c.Token}, c)
	require.Equal(t, w.tokens.Operator(), again.Operator())
	require.NotContains(t, w.log.String(), token)
}

// A token does what its scope says, until it ends or is revoked; its use shows.
func TestScopes(t *testing.T) {
	w := newWorld(t).established()
	make := func(scope string) map[string]any {
		return w.must(201, w.send(w.request("operator", "POST", "/v1/groups/trafford/tokens", `{"person":"cd-north","name":"for `+scope+`","scope":"`+scope+`","days":30}`))).json(t)
	}
	checks, reads, acts := make("check"), make("read"), make("act")
	w.keys["checks"], w.keys["reads"], w.keys["acts"] = checks["token"].(string), reads["token"].(string), acts["token"].(string)
	w.on("2026-01-09") // on which they act (rule L11)
	const check, correct = "/check?matter=workforce&forum=locality-board", `{"index":1,"words":"Not so."}`
	w.must(200, w.ask("checks", check))
	w.must(200, w.ask("reads", check))
	w.must(200, w.ask("reads", "/proposals"))
	w.must(201, w.command("acts", "correct", correct))
	for _, path := range []string{"", "/proposals", "/events/0", "/tokens"} {
		w.refused(403, "", w.ask("checks", path))
	}
	w.refused(403, "", w.command("checks", "correct", correct))
	w.refused(403, "", w.command("reads", "correct", correct))
	w.refused(403, "L5", w.send(w.request("acts", "POST", "/v1/groups/trafford/tokens", `{}`))) // a token makes no other

	listed := string(w.must(200, w.ask("reads", "/tokens")).body)
	require.Contains(t, listed, `"name":"for check"`)
	require.Contains(t, listed, `"used":"2026-01-05T12:00:00Z"`)
	require.NotContains(t, listed, w.keys["reads"])
	require.NotContains(t, string(w.must(200, w.ask("cd-south", "/tokens")).body), "for check")
	require.Contains(t, string(w.must(200, w.ask("operator", "/tokens")).body), "for check")

	revoke := func(person string, made map[string]any) reply {
		return w.send(w.request(person, "POST", "/v1/groups/trafford/tokens/"+made["id"].(string)+"/revoke", ""))
	}
	w.refused(404, "L5", revoke("cd-south", checks)) // somebody else's
	w.refused(404, "L1", revoke("stranger", checks))
	w.must(204, revoke("operator", checks))
	w.refused(401, "", w.ask("checks", check))
	w.must(204, revoke("acts", acts)) // itself
	w.refused(401, "", w.ask("acts", check))
	w.on("2026-02-04")
	w.refused(401, "", w.ask("reads", check)) // ended
}

// Tokens from before there were names and scopes go on as they were.
func TestTokensOfOld(t *testing.T) {
	w := newWorld(t)
	file := filepath.Join(w.tokens.Dir, "tokens.json")
	hash := identity.HashOf("gt_old")
	old := `[{"hash":"` + hash + `","group":"trafford","person":"cd-north","issued":"2026-01-05T12:00:00Z"}]`
	require.NoError(t, os.WriteFile(file, []byte(old), 0o600))
	tokens, err := identity.OpenTokens(t.Context(), w.store)
	require.NoError(t, err)
	c, ok, err := tokens.Caller("gt_old", time.Now())
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, caller.Caller{Group: "trafford", Person: "cd-north", Scope: caller.ScopeAct, Way: domain.WayOf(domain.TokenWay, sha256.Sum256([]byte("gt_old"))), Token: c.Token}, c)
	require.NoFileExists(t, file, "it was taken in")
	again, err := identity.OpenTokens(t.Context(), w.store)
	require.NoError(t, err)
	require.Equal(t, "issued 2026-01-05", again.Tokens.All[len(again.Tokens.All)-1].Name)

	for _, damaged := range []string{`[{"hash":"12","group":"trafford","person":"x"}]`, `[{"hash":"` + hash + `"}]`, strings.Replace(old, `"issued"`, `"scope":"rule","issued"`, 1), `{}`, `[`} {
		require.NoError(t, os.WriteFile(file, []byte(damaged), 0o600))
		_, err := identity.OpenTokens(t.Context(), w.store)
		require.ErrorContains(t, err, file, damaged)
		require.FileExists(t, file)
	}
}

func TestNothingThere(t *testing.T) {
	w := newWorld(t)
	w.refused(404, "", w.send(w.request("", "GET", "/nothing", "")))
	w.refused(404, "", w.send(w.request("cd-north", "POST", "/v1/groups/trafford/commands/vote", `{}`)))
	r := w.send(w.request("cd-north", "DELETE", "/v1/groups/trafford", ""))
	w.refused(405, "", r)
	require.Contains(t, r.Header.Get("Allow"), "GET")
	w.refused(405, "", w.send(w.request("cd-north", "GET", "/v1/groups/trafford/commands/object", "")))
}

func TestPanicsAreAnswered(t *testing.T) {
	w := newWorld(t)
	w.server.api.Mux.HandleFunc("GET /boom", func(http.ResponseWriter, *http.Request) { panic("secret words") })
	r := w.send(w.request("", "GET", "/boom", ""))
	w.refused(500, "", r)
	require.NotContains(t, string(r.body), "secret")
	id := strings.Fields(r.json(t)["detail"].(string))[3]
	require.Contains(t, w.log.String(), strings.TrimSuffix(id, ")"))
}
