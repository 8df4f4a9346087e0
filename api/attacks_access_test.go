package api

import (
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/domain"
)

// ways are how the actors of the group's events were known, by kind of event.
func (w *world) ways() map[string][]domain.Way {
	ways := map[string][]domain.Way{}
	for e, err := range w.store.Entries(w.t.Context(), "trafford", 0, w.store.Next("trafford")) {
		require.NoError(w.t, err)
		ways[e.Event.Kind()] = append(ways[e.Event.Kind()], e.Event.Way)
	}
	return ways
}

// Each event that came over HTTP, and each that the ledger recorded by itself, says how
// its actor was known (rule L5), and names nobody's device or token.
func TestEveryEventSaysHowItsActorWasKnown(t *testing.T) {
	w := newWorld(t)
	d := newDevice(w)
	w.must(200, d.accept(w.invited("cd-north"), "Nora's work laptop"))
	w.must(201, d.send("POST", "/v1/groups/trafford/commands/consent-to-charter", `{}`))
	w.must(201, w.command("cd-south", "consent-to-charter", `{}`))
	w.must(201, w.command("lmc-chair", "consent-to-charter", `{}`))
	w.must(201, w.command("cd-south", "raise-proposal", `{"title":"Saturdays","text":"We open on Saturdays.","matter":"access"}`))
	for _, p := range []string{"cd-south", "lmc-chair"} {
		w.must(201, w.command(p, "consent", `{"proposal":"P1","version":1}`))
	}
	w.must(201, d.send("POST", "/v1/groups/trafford/commands/consent", `{"proposal":"P1","version":1}`))
	w.on("2026-01-20")
	require.NoError(t, w.store.Settle(t.Context(), "trafford"))

	ways := w.ways()
	for kind, all := range ways {
		for _, way := range all {
			require.True(t, way.Valid(), "%s: %q", kind, way)
		}
	}
	passkey := domain.WayOfPasskey(d.id)
	require.Equal(t, domain.ByOperator, ways["goldenthread.group.founded.v1"][0])
	require.Equal(t, domain.InvitationWay, ways["goldenthread.passkey.registered.v1"][0].Kind())
	require.Equal(t, passkey, ways["goldenthread.charter.consented.v1"][0])
	require.Equal(t, domain.TokenWay, ways["goldenthread.proposal.raised.v1"][0].Kind())
	require.Equal(t, passkey, ways["goldenthread.position.taken.v1"][2])
	require.Equal(t, domain.ByLedger, ways["goldenthread.agreement.reached.v1"][0])

	trail := w.ask("manager", "/audit?type=position.taken").body
	require.Contains(t, string(trail), `"way":"`+string(passkey)+`"`)
	require.NotContains(t, string(trail), "laptop")
}
