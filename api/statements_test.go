package api

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"goldenthread/api/identity"
	"goldenthread/domain"
	"goldenthread/eventstore/recovery"
	"goldenthread/eventstore/signature"
	"goldenthread/eventstore/tilelog"
)

// signer is cd-north with a device, where P2 is open.
func signer(t *testing.T) (*world, *device) {
	w := newWorld(t).established()
	d := newDevice(w)
	w.must(200, d.accept(w.invited("cd-north"), "work laptop"))
	w.must(201, w.command("cd-south", "raise-proposal", `{"title":"Evenings","text":"Every evening.","matter":"access"}`))
	return w, d
}

// statement is what the device is to sign for the command.
func (d *device) statement(name, body string) map[string]any {
	return d.w.must(200, d.send("POST", "/v1/groups/trafford/statements/"+name, body)).json(d.t)
}

// signature is the device's over the statement, as commands take it.
func (d *device) signature(statement map[string]any) map[string]any {
	response := d.asserted(map[string]any{"challenge": statement["challenge"]})["credential"].(map[string]any)["response"].(map[string]any)
	plain := func(part string) string { return base64.StdEncoding.EncodeToString(d.decoded(response[part])) }
	return map[string]any{
		"credential": base64.StdEncoding.EncodeToString(d.id), "statement": statement["statement"],
		"authenticatorData": plain("authenticatorData"), "clientDataJSON": plain("clientDataJSON"), "signature": plain("signature"),
	}
}

// sign sends the command with that signature.
func (d *device) sign(name, body string, signature map[string]any, header ...string) reply {
	var command map[string]any
	require.NoError(d.t, json.Unmarshal([]byte(body), &command))
	command["signature"] = signature
	b, err := json.Marshal(command)
	require.NoError(d.t, err)
	return d.send("POST", "/v1/groups/trafford/commands/"+name, string(b), header...)
}

// checked checks the whole ledger line by line, as verify does, and gives how
// many signatures hold. The error says what does not, or is not proved.
func (w *world) checked(but func(index uint64, line string) string) (int, error) {
	var check recovery.LineCheck
	for i := range w.store.Next("trafford") {
		line, err := w.store.Line(w.t.Context(), "trafford", i)
		require.NoError(w.t, err)
		if err := check.Line(int64(i), []byte(but(i, string(line)))); err != nil {
			return check.Signatures(), err
		}
	}
	for _, n := range check.NotProved() {
		return check.Signatures(), fmt.Errorf("event %d is not proved: %w", n.Index, n.Why)
	}
	return check.Signatures(), nil
}

func asStored(_ uint64, line string) string { return line }

const evening = `{"proposal":"P2","version":1}`

// A consent, signed; and everything else that a seat signs.
func TestSignedCommands(t *testing.T) {
	w, d := signer(t)
	st := d.statement("consent", evening)
	require.Equal(t, "North Trafford consents to version 1 of P2, “Evenings”.", st["say"])
	require.Equal(t, "localhost", st["relyingParty"])
	require.Equal(t, []any{encoded(d.id)}, st["credentials"])
	w.must(201, d.sign("consent", evening, d.signature(st)))
	require.Contains(t, string(w.ask("manager", "/proposals/P2").body), `"signed":true`)
	require.Contains(t, string(w.ask("manager", "/audit?type=position.taken").body), "signed with a passkey")

	signature := d.signature(d.statement("stand-aside", evening))
	first := w.must(201, d.sign("stand-aside", evening, signature, "Idempotency-Key", "one"))
	again := w.must(200, d.sign("stand-aside", evening, signature, "Idempotency-Key", "one")) // the answer was lost: the same again
	require.Equal(t, first.json(t)["first"], again.json(t)["first"])

	object := `{"proposal":"P2","version":1,"grade":"block","why":"Too <late> & long.","wouldResolve":"Eight."}`
	w.must(201, d.sign("object", object, d.signature(d.statement("object", object))))
	resolve := `{"objection":"O1","how":"accepted","words":"Eight it is."}`
	w.must(201, d.sign("resolve-objection", resolve, d.signature(d.statement("resolve-objection", resolve))))
	w.must(201, w.command("cd-north", "consent", evening)) // unsigned, where the charter lets it
	n, err := w.checked(asStored)
	require.NoError(t, err)
	require.Equal(t, 4, n)
	require.Equal(t, 4, w.verified())
}

// verified checks the log's files offline, as goldenthread verify does, and gives
// how many signatures hold.
func (w *world) verified() int {
	_, err := w.store.AwaitSigned(w.t.Context(), "trafford", w.store.Next("trafford"))
	require.NoError(w.t, err)
	w.close()
	logs, err := recovery.LogFolders(w.tokens.Dir)
	require.NoError(w.t, err)
	require.Len(w.t, logs, 1)
	signed, err := tilelog.OpenFiles(logs[0].Dir).ReadEndpoint(w.t.Context(), tilelog.CheckpointFile)
	require.NoError(w.t, err)
	var lines recovery.LineCheck
	report, err := tilelog.Verify(w.t.Context(), tilelog.OpenFiles(logs[0].Dir), tilelog.OriginOf(signed), logs[0].VKeys, lines.Line)
	require.NoError(w.t, err)
	require.NoError(w.t, report.Err())
	return lines.Signatures()
}

// What was not signed so, here, now, by this person, is not recorded.
func TestSignaturesRefused(t *testing.T) {
	w, d := signer(t)
	before := w.store.Next("trafford")
	refused := func(status int, rule string, change func(map[string]any)) {
		t.Helper()
		signature := d.signature(d.statement("consent", evening))
		change(signature)
		w.refused(status, rule, d.sign("consent", evening, signature))
	}
	refused(403, "L5", func(s map[string]any) { // a tampered statement
		s["statement"] = strings.Replace(s["statement"].(string), `"command":"consent"`, `"command":"stand-aside"`, 1)
	})
	refused(403, "L5", func(s map[string]any) { s["signature"] = base64.StdEncoding.EncodeToString(make([]byte, 70)) })
	refused(403, "L5", func(s map[string]any) { s["credential"] = "AQID" })
	refused(403, "L5", func(s map[string]any) { // of a registration
		b, err := base64.StdEncoding.DecodeString(s["clientDataJSON"].(string))
		require.NoError(t, err)
		s["clientDataJSON"] = base64.StdEncoding.EncodeToString([]byte(strings.Replace(string(b), "webauthn.get", "webauthn.create", 1)))
	})
	for _, elsewhere := range []string{"https://goldenthread.example.com", "http://localhost:1", "https://localhost.example.com"} {
		d.origin = elsewhere
		refused(403, "L5", func(map[string]any) {})
	}
	d.origin = w.origin()
	w.refused(409, "L5", d.sign("stand-aside", evening, d.signature(forOther(d))))                                                            // for a statement of its own making
	w.refused(409, "L5", d.sign("stand-aside", evening, d.signature(d.statement("consent", evening))))                                        // for another command
	w.refused(409, "L5", d.sign("consent", `{"proposal":"P2","version":1,"needNotWait":true}`, d.signature(d.statement("consent", evening)))) // for more than was signed

	require.Equal(t, before, w.store.Next("trafford"))
	other := newDevice(w) // another person's key, in the ledger as theirs
	w.must(200, other.accept(w.invited("cd-south"), "telephone"))
	before = w.store.Next("trafford")
	refused(403, "L5", func(s map[string]any) {
		maps.Copy(s, other.signature(map[string]any{"challenge": challengeOf(s["statement"].(string)), "statement": s["statement"]}))
	})
	refused(403, "L5", func(s map[string]any) { // and under the name of one's own
		made := other.signature(map[string]any{"challenge": challengeOf(s["statement"].(string)), "statement": s["statement"]})
		s["signature"] = made["signature"]
	})

	late := d.signature(d.statement("consent", evening))
	w.mu.Lock()
	w.now = w.now.Add((5 * time.Minute) + time.Minute)
	w.mu.Unlock()
	w.refused(409, "L5", d.sign("consent", evening, late))
	require.Equal(t, before, w.store.Next("trafford"))

	signature := d.signature(d.statement("consent", evening))
	w.must(201, d.sign("consent", evening, signature))
	w.refused(409, "L5", d.sign("consent", evening, signature)) // a replay
}

// forOther is a statement that the server never gave out.
func forOther(d *device) map[string]any {
	st := d.statement("stand-aside", evening)
	text := strings.Replace(st["statement"].(string), `"nonce":"`, `"nonce":"X`, 1)
	return map[string]any{"statement": text, "challenge": challengeOf(text)}
}

func challengeOf(statement string) string { return encoded(signature.Challenge(statement)) }

// The ledger knows the passkeys that people sign in with, and forgets those
// that they remove; nobody names one for anybody by hand.
func TestPasskeysInTheLedger(t *testing.T) {
	w, d := signer(t)
	require.Contains(t, string(w.ask("manager", "/audit?type=passkey.registered").body), "Clinical Director, North Trafford registered a passkey to sign with, made for localhost")
	w.refused(403, "L5", d.send("POST", "/v1/groups/trafford/commands/register-passkey", `{"credential":"AQID","publicKey":"AQID","relyingParty":"localhost"}`))
	w.refused(409, "L5", w.send(w.request("cd-south", "POST", "/v1/groups/trafford/statements/consent", evening))) // has no passkey

	second := newDevice(w)
	second.web = d.web
	w.must(200, second.finish("/account/passkeys/finish", second.registered(d.options("/account/passkeys/begin"), "telephone")))
	late := second.signature(second.statement("consent", evening))
	w.must(303, d.send("POST", "/account/passkeys/"+hex.EncodeToString(second.id[:8])+"/remove", ""))
	w.refused(403, "L5", d.sign("consent", evening, late)) // a removed key
	require.Contains(t, string(w.ask("manager", "/audit?type=passkey.removed").body), "removed a passkey")

	third := newDevice(w)
	w.must(200, third.accept(w.invited("cd-north"), ""))
	w.must(201, third.sign("consent", evening, third.signature(third.statement("consent", evening))))
	n, err := w.checked(asStored)
	require.NoError(t, err)
	require.Equal(t, 1, n)
}

// A passkey of another node stays in the ledger when its owner signs in here, and gives
// entry until one that replaces all others acts.
func TestPasskeysOfAnotherNodeStay(t *testing.T) {
	w, d := signer(t)
	person := idsOf(w).Replace("{cd-north}")
	key := func() bool {
		g, err := w.options.Groups.Now(t.Context(), "trafford", nil)
		require.NoError(t, err)
		return g.State().Person(person).Passkey(d.id) != nil && g.State().MayActWith(domain.WayOfPasskey(d.id), person, domain.DayOf(w.clock())) == nil
	}
	require.NoError(t, w.options.SignIn.Passkeys.Edit("trafford", person, func(a *identity.Account) { a.Passkeys = nil })) // as if made elsewhere
	second := newDevice(w)
	w.must(200, second.accept(w.invited("cd-north"), ""))
	require.True(t, key())
	third := newDevice(w)
	afresh := w.must(201, w.send(w.request("manager", "POST", "/v1/groups/trafford/invitations", `{"person":"cd-north","replace":true}`))).json(t)
	w.must(200, third.accept(afresh["code"].(string), ""))
	require.False(t, key())
}

// Whoever changes a signed consent in a copy of the ledger, or the words that it
// was given to, or takes its signature from it where the charter asks for one, is found.
func TestAlteredSignatureIsFound(t *testing.T) {
	w, d := signer(t)
	w.requireSignatures("P3")
	w.refused(409, "F6", w.command("cd-south", "consent", evening))
	r := w.must(201, d.sign("consent", evening, d.signature(d.statement("consent", evening))))
	at := uint64(r.json(t)["first"].(float64))
	n, err := w.checked(asStored)
	require.NoError(t, err)
	require.Equal(t, 1, n)

	for name, change := range map[string]func(string) string{
		"what was signed is not what it says": func(l string) string { return strings.Replace(l, `"stand":"consent"`, `"stand":"stand-aside"`, 1) },
		"what was signed is not a statement":  func(l string) string { return strings.Replace(l, `{\"form\"`, `{ \"form\"`, 1) },
		"its signature does not hold":         func(l string) string { return strings.Replace(l, `\"nonce\":\"`, `\"nonce\":\"A`, 1) },
		"the words that were signed":          func(l string) string { return strings.Replace(l, `\"sha256\":\"`, `\"sha256\":\"0`, 1) },
		"the charter requires a signature":    func(l string) string { return l[:strings.Index(l, `,"signature":{`)] + "}}" },
	} {
		_, err := w.checked(func(i uint64, line string) string {
			if i == at {
				require.NotEqual(t, line, change(line), name)
				return change(line)
			}
			return line
		})
		require.ErrorContains(t, err, name)
	}
	_, err = w.checked(func(_ uint64, line string) string {
		return strings.Replace(line, `"text":"Every evening."`, `"text":"Every morning."`, 1)
	})
	require.ErrorContains(t, err, "the words that were signed are not those")
	_, err = w.checked(func(_ uint64, line string) string {
		if strings.Contains(line, "passkey.registered") {
			return strings.Replace(line, `"publicKey":"`, `"publicKey":"AAAA`, 1)
		}
		return line
	})
	require.ErrorContains(t, err, "is not proved")
	require.ErrorIs(t, err, signature.ErrForm)
}

// Whatever a device says that a verifier could not read, for ever, is not taken, though
// its own key signed it (signature/GRAMMAR.md).
func TestPoisonedSignaturesAreRefused(t *testing.T) {
	w, d := signer(t)
	before := w.store.Next("trafford")
	for why, p := range map[string]struct{ member, extensions string }{
		"a number of 5,000 digits":  {member: strings.Repeat("7", 5_000)},
		"a number of 19 digits":     {member: strings.Repeat("7", 19)},
		"nested 3,000 deep":         {member: strings.Repeat("[", 3_000) + strings.Repeat("]", 3_000)},
		"nested 5 deep":             {member: "[[[[]]]]"},
		"a fraction":                {member: "1.5"},
		"half a character":          {member: `"\ud800"`},
		"half floats":               {extensions: "\xa1\x61a\xf9\x3c\x00"},
		"a map with names of bytes": {extensions: "\xa1\x41a\x01"},
		"a map of endless length":   {extensions: "\xbf\xff"},
	} {
		client, device := d.clientData("webauthn.get", d.statement("consent", evening)), d.authenticatorData(0, nil)
		if p.member != "" {
			client = append(client[:len(client)-1], `,"more":`+p.member+"}"...)
		} else {
			device = d.authenticatorData(0x80, []byte(p.extensions))
		}
		s := d.signature(d.statement("consent", evening))
		hash := sha256.Sum256(client)
		sum := sha256.Sum256(append(append([]byte{}, device...), hash[:]...))
		signed, err := ecdsa.SignASN1(rand.Reader, d.key, sum[:])
		require.NoError(t, err)
		for part, is := range map[string][]byte{"clientDataJSON": client, "authenticatorData": device, "signature": signed} {
			s[part] = base64.StdEncoding.EncodeToString(is)
		}
		r := d.sign("consent", evening, s)
		w.refused(403, "L5", r)
		require.Contains(t, string(r.body), "signs in a form that can't be proved to others later, so nothing was recorded", why)
	}
	require.Equal(t, before, w.store.Next("trafford"))
	w.must(201, d.sign("consent", evening, d.signature(d.statement("consent", evening))))
}

// A key of a kind that no verifier knows is not registered, and the invitation is not
// used up for it.
func TestKeysThatProveNothingAreRefused(t *testing.T) {
	w := newWorld(t).established()
	d, code := newDevice(w), w.invited("cd-north")
	before := w.store.Next("trafford")
	for _, d.more = range []any{1.5, map[string]any{"a": []any{[]any{}}}, map[int]any{1: 2}, 1} {
		r := d.accept(code, "")
		w.refused(403, "L5", r)
		require.Contains(t, string(r.body), "what it signs can't be proved to others. Please make one with another device or browser.")
		require.Equal(t, before, w.store.Next("trafford"))
	}
	d.more = nil
	w.must(200, d.accept(code, ""))
	require.Equal(t, before+2, w.store.Next("trafford"), "it is registered, and confirmed")
}

// The page offers to sign to whoever can, and only that where the charter asks for it.
func TestPageOffersToSign(t *testing.T) {
	w, d := signer(t)
	const consents = "command=consent&form=consent&version=1"
	page := func(form string) string {
		return string(w.must(200, d.send("POST", "/g/trafford/proposals/P2", form, "Content-Type", "application/x-www-form-urlencoded")).body)
	}
	hasNoPasskey := func() string {
		return string(w.must(200, w.fillForm("cd-south", "/proposals/P2", "consent", "version", "1")).body)
	}
	const unsigned = `<button class="nhsuk-button" type="submit">Consent</button>`
	require.Contains(t, page(consents), unsigned)
	require.Contains(t, page(consents), "Consent and sign")
	require.NotContains(t, hasNoPasskey(), "Consent and sign")

	w.requireSignatures("P3")
	require.NotContains(t, page(consents), unsigned)
	require.Contains(t, page(consents), "Consent and sign")
	require.Contains(t, string(w.must(200, d.send("GET", "/g/trafford/charter", "")).body), "is signed with a passkey")
	require.NotContains(t, hasNoPasskey(), unsigned)
	require.Contains(t, hasNoPasskey(), "Register one on your account page")
	next := w.store.Next("trafford")
	require.Contains(t, string(w.must(409, w.sendForm("cd-south", "/proposals/P2", "consent", "version", "1")).body), "Please sign it with your passkey.")
	require.Equal(t, next, w.store.Next("trafford"))

	w.must(201, w.command("manager", "report-position", `{"proposal":"P2","version":1,"seat":"U66368","stand":"consent","from":"cd-north","how":"By telephone."}`))
	require.Contains(t, page("command=confirm-position&form=confirm-U66368&version=1"), "Confirm it and sign")
	w.must(201, d.sign("confirm-position", evening, d.signature(d.statement("confirm-position", evening))))
	n, err := w.checked(asStored)
	require.NoError(t, err)
	require.Equal(t, 1, n)
}

// requireSignatures has a charter agreed, as that proposal, that asks for signatures.
func (w *world) requireSignatures(proposal string) {
	w.must(201, w.command("cd-south", "raise-proposal", `{"title":"Signed","text":"We sign.","matter":"representation","instruments":[{"changeCharter":{"version":1,"charter":
		{"text":"Signed.","quorum":2,"defaultStance":"bring-back","requireSignatures":true,"matters":["access","workforce","representation"]}}}]}`))
	for _, person := range []string{"cd-north", "cd-south", "lmc-chair"} {
		w.must(201, w.command(person, "consent", `{"proposal":"`+proposal+`","version":1,"needNotWait":true}`))
	}
}
