package identity

import (
	"context"
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
	"time"

	"goldenthread/api/caller"
	"goldenthread/api/problem"
	"goldenthread/api/web"
	"goldenthread/api/web/signin"
	"goldenthread/domain"
)

// What the ledger knows of a person's ways in (rules L5, L9, L10, L11). Everybody sees
// each that exists in their name, who made it and when, and is told of a new one on every
// page until they answer: an operator, or a thief of a device, can add one, and its owner
// alone can know that it is not theirs.

// PasskeyID is what a passkey is called here, after its credential.
func PasskeyID(credential []byte) string {
	return hex.EncodeToString(credential[:min(8, len(credential))])
}

// nameOf is what the way in is called here, where that is known, and its kind in words.
func (s *ways) nameOf(a *Account, w *domain.WayIn) string {
	switch w.Way.Kind() {
	case domain.PasskeyWay:
		if i := slices.IndexFunc(a.Passkeys, func(k passkey) bool { return domain.WayOfPasskey(k.Credential.ID) == w.Way }); i >= 0 {
			return "passkey “" + a.Passkeys[i].Name + "”"
		}
		return "passkey " + string(w.Way)[len("passkey/"):][:16] + " (this server does not have it)"
	case domain.TokenWay:
		if k, ok := s.tokens.Tokens.find(func(k *HeldToken) bool { return k.Group == a.Group && k.way() == w.Way }); ok {
			return "token “" + k.Name + "”"
		}
		return "token (this server does not have it)"
	case domain.AccountWay:
		return "account at your organisation"
	case domain.InvitationWay, domain.LetterWay:
	}
	return "invitation"
}

// byWords say who did something about a way in, to its owner.
func byWords(state *domain.State, owner, actor string) string {
	if actor == "person/"+owner {
		return "you"
	}
	for _, p := range state.People {
		if actor == "person/"+p.ID {
			return p.Office
		}
	}
	return "the operator of this server"
}

// waysOnRecord are the ways in that the ledger has in the person's name, for their own page.
func (s *accountPages) waysOnRecord(ctx context.Context, a *Account) ([]signin.Recorded, error) {
	state, err := s.store.State(ctx, a.Group)
	if err != nil {
		return nil, err
	}
	var lines []signin.Recorded
	today := s.ledgers.Today()
	for _, w := range state.WaysOf(a.Person) {
		line := signin.Recorded{
			Way: string(w.Way), Name: s.nameOf(a, w), Group: a.Group, Began: time.UnixMilli(w.At), Event: w.Index, By: byWords(state, a.Person, w.By),
			Before: w.Before && w.Way.Kind() != domain.PasskeyWay, EndedBy: w.Ended, InForce: slices.Contains(state.WaysOn(a.Person, today), w),
		}
		if w.Ended != 0 {
			line.Ended = w.EndedOn.Words()
		}
		if w.Way.Kind() == domain.PasskeyWay && w.Inviter != w.By {
			line.By += ", invited by " + byWords(state, a.Person, w.Inviter)
		}
		if state.WaitsOn(w, today) {
			line.Waits, line.Number = w.ActsFrom.Add(-1).Words(), w.Number
		}
		lines = append(lines, line)
	}
	return lines, nil
}

// newsFirst is how far back somebody is told of who was never told before.
const newsFirst = 30 * 24 * time.Hour

// newWays are the ways in that were added since whoever signs in this way last said
// that they had seen it, and are in force. Each way of signing in has its own: a thief who
// has seen the news with their own passkey has not told its owner.
func (s *ways) newWays(state *domain.State, is *Session) []web.NewKey {
	a, own := s.SignIn.Passkeys.account(is.Group, is.Person), s.way(is)
	since, seen := a.Seen[is.Passkey]
	if !seen {
		since = s.clock().Add(-newsFirst)
		if mine := state.Ways[own]; mine != nil && own.Kind() == domain.PasskeyWay {
			since = time.UnixMilli(mine.At)
		}
	}
	var added []web.NewKey
	today := s.ledgers.Today()
	for _, w := range state.WaysOn(is.Person, today) {
		at := time.UnixMilli(w.At)
		if w.Way == own || !at.After(since) || w.Before && w.Way.Kind() != domain.PasskeyWay {
			continue
		}
		n := web.NewKey{Name: s.nameOf(&a, w), On: at, By: byWords(state, is.Person, w.Inviter)}
		if state.WaitsOn(w, today) {
			n.Waits = w.ActsFrom.Add(-1).Words()
		}
		added = append(added, n)
	}
	return added
}

// seeKeys notes that they were seen, by who signed in this way.
func (s *accountPages) seeKeys(w http.ResponseWriter, r *http.Request) error {
	is, err := s.anySession(r)
	if err != nil {
		return err
	}
	if err := s.SignIn.Passkeys.seen(is.Group, is.Person, is.Passkey, s.clock()); err != nil {
		return err
	}
	http.Redirect(w, r, "/account", http.StatusSeeOther)
	return nil
}

// endWay ends one of the person's ways in at once: what is stolen, or what they did not ask for.
func (s *accountPages) endWay(w http.ResponseWriter, r *http.Request) error {
	is, err := s.sessionOf(r)
	if err != nil {
		return err
	}
	r.Body = http.MaxBytesReader(w, r.Body, mostForm)
	if err := r.ParseForm(); err != nil {
		return problem.New(http.StatusBadRequest, "The form could not be read.")
	}
	way := domain.Way(r.PostForm.Get("way"))
	if way == s.way(&is) {
		return problem.NotNow("L10", "You are signed in by this one. Please sign in by another before you end it.")
	}
	if err := s.onRecord(r.Context(), is.Group, caller.Caller{Person: is.Person, Way: s.way(&is)}, &domain.EndWay{Way: string(way)}); err != nil {
		return err
	}
	if _, err := s.tokens.Revoke(func(k *HeldToken) bool { return k.Group == is.Group && k.way() == way }); err != nil {
		return err
	}
	a := s.SignIn.Passkeys.account(is.Group, is.Person)
	for _, k := range a.Passkeys {
		if domain.WayOfPasskey(k.Credential.ID) == way {
			err = errors.Join(s.SignIn.Passkeys.Remove(is.Group, is.Person, k.ID),
				s.SignIn.Sessions.End(func(o *Session) bool { return o.Group == is.Group && o.Person == is.Person && o.Passkey == k.ID }))
		}
	}
	if err != nil {
		return err
	}
	if err := s.note(is.Group, is.Person, is.Person, string(way.Kind())+" ended"); err != nil {
		return err
	}
	http.Redirect(w, r, "/account", http.StatusSeeOther)
	return nil
}
