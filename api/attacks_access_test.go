package api

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/api/caller"
	"goldenthread/api/identity"
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

// onRecord is an established group whose access is on its record: everybody has a token
// from before, and cd-north has a passkey as well, which has come to act.
func onRecord(t *testing.T) (*world, *device) {
	w := newWorld(t).established()
	require.NoError(t, w.server.BeginAccess(t.Context()))
	hers := newDevice(w)
	w.must(200, hers.accept(w.invited("cd-north"), "laptop"))
	w.must(201, w.command("cd-south", "raise-proposal", `{"title":"Saturdays","text":"We open on Saturdays.","matter":"access"}`))
	w.on("2026-01-12")
	return w, hers
}

const saturdays = `{"proposal":"P2","version":1}`

func (d *device) consents() reply {
	return d.send("POST", "/v1/groups/trafford/commands/consent", saturdays)
}

// number is the number of the way in of theirs that waits.
func (w *world) number(person string) string {
	state, err := w.store.State(w.t.Context(), "trafford")
	require.NoError(w.t, err)
	for _, way := range state.WaysOf(state.Person(person).ID) {
		if state.WaitsOn(way, domain.DayOf(w.clock())) {
			return way.Number
		}
	}
	require.Fail(w.t, "nothing waits", person)
	return ""
}

func (w *world) confirms(person, number string) reply {
	return w.command(person, "confirm-record", `{"records":["`+number+`"]}`)
}

// saysTo holds that they are refused by that rule and read that.
func (w *world) saysTo(r reply, status int, rule, says string) {
	w.t.Helper()
	w.refused(status, rule, r)
	require.Contains(w.t, string(r.body), says)
}

const waitsUntil = "is new, and was not made with a way in that you already had. Until the end of 14 January 2026 it can read and nothing else, unless somebody who holds a seat confirms it"

// A manager replaced a director's passkey and consented as her, and the audit trail
// blamed her. Now his reads, hers goes on working, and she ends his.
func TestTakeoverByInvitation(t *testing.T) {
	w, hers := onRecord(t)
	invited := w.must(201, w.send(w.request("manager", "POST", "/v1/groups/trafford/invitations", `{"person":"cd-north","replace":true}`))).json(t)
	his := newDevice(w)
	w.must(200, his.acceptAlone(invited["code"].(string), "laptop"))
	w.must(200, his.send("GET", "/v1/groups/trafford", ""))
	w.saysTo(his.consents(), 403, "L11", "This passkey "+waitsUntil)
	w.saysTo(his.send("POST", "/v1/groups/trafford/statements/consent", saturdays), 403, "L11", waitsUntil)
	form := his.send("POST", "/g/trafford/proposals/P2", "form=consent", "Content-Type", "application/x-www-form-urlencoded", "Accept", "text/html")
	require.Equal(t, 403, form.StatusCode)
	require.Contains(t, string(form.body), waitsUntil)
	w.saysTo(his.send("POST", "/v1/groups/trafford/tokens", `{"name":"mine"}`), 403, "L11", waitsUntil)
	w.saysTo(his.send("POST", "/account/passkeys/begin", "{}"), 403, "L11", waitsUntil)
	number := w.number("cd-north")
	w.saysTo(w.confirms("manager", number), 403, "L11", "You let them in, so somebody else who holds a seat confirms it.")
	w.saysTo(his.send("POST", "/v1/groups/trafford/commands/confirm-record", `{"records":["`+number+`"]}`), 403, "L11", waitsUntil)

	page := string(w.must(200, hers.send("GET", "/g/trafford", "", "Accept", "text/html")).body)
	require.Contains(t, page, "A way to sign in to your account was added: passkey “laptop”, by Manager")
	require.Contains(t, page, "Until the end of 14 January 2026 it can only read")
	w.must(201, hers.consents()) // hers works, though his is to replace it
	state, err := w.store.State(t.Context(), "trafford")
	require.NoError(t, err)
	w.must(303, hers.send("POST", "/account/ways/end", "way="+string(domain.WayOfPasskey(his.id)), "Content-Type", "application/x-www-form-urlencoded"))
	w.saysTo(his.send("GET", "/v1/groups/trafford", ""), 401, "", "Please say who you are")
	w.on("2026-01-20")
	w.saysTo(his.signIn(), 403, "", "")
	w.must(200, hers.signIn())
	by := state.Ways[domain.WayOfPasskey(his.id)]
	require.Equal(t, "person/"+state.Person("manager").ID, by.Inviter, "the record says who let him in")
	require.Contains(t, string(w.ask("manager", "/audit?type=way-in.made").body), "Manager invited Clinical Director, North Trafford to register a passkey, which replaces their earlier ways in once it acts")
}

// What a thief adds with a way in that waits, or under the name of another passkey, is
// refused.
func TestTakeoverByAddedPasskey(t *testing.T) {
	w, hers := onRecord(t)
	his := newDevice(w)
	w.must(200, his.acceptAlone(w.invited("cd-north"), "laptop"))
	w.saysTo(his.send("POST", "/account/passkeys/begin", "{}"), 403, "L11", waitsUntil)

	twin := newDevice(w) // whose credential begins as hers, which is what a session knows it by
	twin.id = append(append([]byte{}, hers.id[:8]...), twin.id[8:]...)
	w.saysTo(twin.acceptAlone(w.invited("cd-north"), "laptop"), 409, "L5", "This passkey is known here already.")
	w.must(201, hers.consents())
}

// The operator's token for somebody waits as well, and is in the operator's name.
func TestTakeoverByOperatorsToken(t *testing.T) {
	w, hers := onRecord(t)
	made := w.must(201, w.send(w.request("operator", "POST", "/v1/groups/trafford/tokens", `{"person":"cd-north","name":"for me"}`))).json(t)
	w.keys["thief"] = made["token"].(string)
	w.must(200, w.ask("thief", ""))
	w.saysTo(w.command("thief", "consent", saturdays), 403, "L11", "This token "+waitsUntil)
	require.Contains(t, string(w.ask("manager", "/audit?type=way-in.made").body), "The operator of this server made a token for Clinical Director, North Trafford, to act")
	require.Contains(t, string(w.must(200, hers.send("GET", "/account", "")).body), ", by the operator of this server")

	// Ended at once by the operator, on the record; the token that still lies there is none.
	w.must(201, w.command("operator", "end-way-in", `{"way":"`+w.number("cd-north")+`","reason":"It was stolen."}`))
	w.saysTo(w.ask("thief", ""), 401, "L10", "This token was ended on 12 January 2026")
	require.Contains(t, string(w.ask("manager", "/audit?type=way-in.ended").body), "The operator of this server ended a token of Clinical Director, North Trafford. Reason: It was stolen")
	w.must(201, hers.consents())
}

// The operator enters an account of his own as a director's: that is on the record in his
// name from its first use on, reads, and waits.
func TestTakeoverByAccountMapping(t *testing.T) {
	w, o := withOrganisation(t)
	w.established()
	w.on("2026-01-12")
	entered := w.options.SingleSignOn
	w.serve(func(o *Options) { o.SingleSignOn = nil })
	require.NoError(t, w.server.BeginAccess(t.Context()))
	w.serve(func(o *Options) { o.SingleSignOn = entered })
	thief := w.visitor(o)
	w.must(303, thief.get(thief.gone("sub-north", "/g/trafford")))
	w.must(200, thief.get(w.origin()+"/g/trafford"))
	req, err := http.NewRequest("POST", w.origin()+"/v1/groups/trafford/commands/raise-proposal", strings.NewReader(`{"title":"Mine","text":"All mine.","matter":"access"}`))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	r := w.sendBy(thief.web, req)
	w.saysTo(r, 403, "L11", "This account "+waitsUntil)
	require.Contains(t, string(w.ask("manager", "/audit?type=way-in.made").body), "The operator of this server entered an account at an organisation as that of Clinical Director, North Trafford")
	require.NotContains(t, string(w.ask("manager", "/audit?type=way-in.made").body), "sub-north")

	// Its owner ends it, and no later sign-in by it makes it anew.
	w.must(201, w.command("cd-north", "end-way-in", `{"way":"`+w.number("cd-north")+`","reason":"This is not mine."}`))
	w.must(200, w.ask("cd-north", ""))
	again := thief.get(thief.gone("sub-north", "/g/trafford"))
	require.Equal(t, 403, again.StatusCode)
	require.Contains(t, string(again.body), "This account was ended on 12 January 2026, so it lets nobody in any more.")
}

// What the operator may do is about access, and in the operator's name.
func TestTheOperatorActsAsNobody(t *testing.T) {
	w, _ := onRecord(t)
	w.saysTo(w.command("operator", "consent", saturdays), 403, "L5", "The operator is nobody of this group and can't act in it.")
	w.saysTo(w.command("operator", "confirm-record", `{"records":["V1"]}`), 403, "O3", `The operator is nobody of this group. They can answer only for what a keeper recorded, such as N3, and not for V1.`)
	w.saysTo(w.command("operator", "make-way-in", `{"person":"cd-north","way":"token/039058c6f2c0cb492c533b0a4d14ef77"}`), 403, "L10", "Ways in are made by invitation, on the account page, or by whoever runs this server")
	w.saysTo(w.command("manager", "register-person", `{"handle":"operator","office":"Operator"}`), 422, "L7", "can't be a handle")
}

// A token, passkey or session that lies in the files beside the ledger, and that the
// ledger does not know, lets nobody in; nor does one that it ended.
func TestPlantedWaysIn(t *testing.T) {
	w, hers := onRecord(t)
	planted, err := w.tokens.Issue("trafford", "cd-south")
	require.NoError(t, err)
	w.keys["thief"] = planted
	const says = "This way in is not on the group’s record, so it lets nobody in. Please ask for an invitation."
	w.saysTo(w.ask("thief", ""), 401, "L10", says)
	w.saysTo(w.command("thief", "consent", saturdays), 401, "L10", says)

	account := w.options.SignIn.Passkeys.Accounts.All[0]
	stolen := account.Passkeys[0]
	w.must(303, hers.send("POST", "/sign-out", ""))
	require.NoError(t, w.options.SignIn.Passkeys.Edit("trafford", account.Person, func(a *identity.Account) { // as if it had always been his
		a.Passkeys[0].Credential.ID = []byte("a credential that was planted")
	}))
	w.refused(403, "", hers.signIn())
	require.NoError(t, w.options.SignIn.Passkeys.Edit("trafford", account.Person, func(a *identity.Account) { a.Passkeys[0] = stolen }))
	w.must(200, hers.signIn())

	// Revoked, and put back into the file: it stays revoked.
	made := w.must(201, hers.send("POST", "/v1/groups/trafford/tokens", `{"name":"mine","scope":"read"}`)).json(t)
	w.keys["hers"] = made["token"].(string)
	w.must(200, w.ask("hers", ""))
	kept := w.tokens.Tokens.All[len(w.tokens.Tokens.All)-1]
	w.must(204, hers.send("POST", "/v1/groups/trafford/tokens/"+kept.ID+"/revoke", ""))
	kept.Scope = caller.ScopeAct
	require.NoError(t, w.tokens.Tokens.Add(kept))
	w.saysTo(w.ask("hers", ""), 401, "L10", "This token was ended on 12 January 2026, so it lets nobody in any more.")

	// A read token whose file says that it may act reads.
	made = w.must(201, hers.send("POST", "/v1/groups/trafford/tokens", `{"name":"mine","scope":"read"}`)).json(t)
	w.keys["hers"] = made["token"].(string)
	w.tokens.Tokens.All[len(w.tokens.Tokens.All)-1].Scope = caller.ScopeAct
	w.saysTo(w.command("hers", "consent", saturdays), 403, "", "This token may be used to read only.")
}

// Everything that is done about ways in is an event, with who did it.
func TestWaysInAreOnTheRecord(t *testing.T) {
	w, hers := onRecord(t)
	second := newDevice(w)
	second.web = hers.web
	w.must(200, second.finish("/account/passkeys/finish", second.registered(hers.options("/account/passkeys/begin"), "telephone")))
	w.must(303, hers.send("POST", "/account/passkeys/"+identity.PasskeyID(second.id)+"/remove", ""))
	made := w.must(201, w.send(w.request("operator", "POST", "/v1/groups/trafford/invitations", `{"person":"cd-south"}`))).json(t)
	w.must(204, w.send(w.request("manager", "POST", "/v1/groups/trafford/invitations/"+made["id"].(string)+"/withdraw", "")))
	var did []string
	for e, err := range w.store.Entries(t.Context(), "trafford", 0, w.store.Next("trafford")) {
		require.NoError(t, err)
		switch e.Event.Data.(type) {
		case *domain.WayMade, *domain.WayEnded, *domain.WayConfirmed, *domain.PasskeyRegistered, *domain.PasskeyRemoved, *domain.AccessBegun:
			did = append(did, e.Event.Kind()[len("goldenthread."):]+" by "+e.Event.Actor)
		}
	}
	p := idsOf(w)
	require.Equal(t, []string{
		"access.begun.v1 by operator", "way-in.made.v1 by person/" + p.Replace("{manager}"), "passkey.registered.v1 by person/" + p.Replace("{cd-north}"),
		"way-in.confirmed.v1 by person/" + p.Replace("{lmc-chair}"), "passkey.registered.v1 by person/" + p.Replace("{cd-north}"),
		"passkey.removed.v1 by person/" + p.Replace("{cd-north}"), "way-in.made.v1 by operator", "way-in.ended.v1 by person/" + p.Replace("{manager}"),
	}, did)
	page := string(w.must(200, hers.send("GET", "/account", "")).body)
	require.Contains(t, page, "passkey “laptop”</strong>, made on 5 January 2026, 12:00pm by you, invited by Manager")
	require.Contains(t, page, "from before")
}

// Her passkey was lost the day before a meeting: another seat holder confirms the new
// one, and it acts. If nobody can, it acts on the third day.
func TestALostPasskeyTheDayBefore(t *testing.T) {
	w, hers := onRecord(t)
	invited := w.must(201, w.send(w.request("manager", "POST", "/v1/groups/trafford/invitations", `{"person":"cd-north","replace":true}`))).json(t)
	fresh := newDevice(w)
	w.must(200, fresh.acceptAlone(invited["code"].(string), "new laptop"))
	w.saysTo(fresh.consents(), 403, "L11", waitsUntil)
	w.must(201, w.confirms("cd-south", w.number("cd-north")))
	w.must(201, fresh.consents())
	w.saysTo(hers.send("GET", "/v1/groups/trafford", ""), 401, "L10", "was replaced by a passkey of 12 January 2026") // whoever has the lost one is out

	late := newDevice(w)
	w.must(200, late.acceptAlone(w.invited("cd-south"), ""))
	w.saysTo(late.consents(), 403, "L11", waitsUntil)
	w.on("2026-01-15")
	w.must(200, late.signIn())
	w.must(201, late.consents())
}
