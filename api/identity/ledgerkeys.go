package identity

import (
	"cmp"
	"context"
	"encoding/hex"
	"net/http"
	"slices"
	"time"

	"goldenthread/api/access"
	"goldenthread/api/web"
	"goldenthread/api/web/signin"
	"goldenthread/domain"
	"goldenthread/projections"
)

// What the ledger itself knows of a person's passkeys (rules L5, L9). Whatever is
// signed rests on it, so people are shown it beside what this server has, and are
// told of a passkey that was added: an operator, or a thief of a device, can add
// one, and its owner alone can know that it is not theirs.

// A ledgerKey is a passkey as the ledger has it.
type ledgerKey struct {
	credential []byte
	began      time.Time
	event      uint64 // that made it known
	ended      time.Time
	endedBy    uint64 // event; none if ended is none
}

// ledgerKeys are the person's passkeys that the ledger ever knew, oldest first.
func (s *Identity) ledgerKeys(ctx context.Context, group, person string) ([]ledgerKey, error) {
	filter := projections.AuditFilter{Types: []string{"passkey"}, Subject: "person/" + person, Limit: access.MostEntries}
	g, err := s.groups.Now(ctx, group, nil)
	if err != nil {
		return nil, err
	}
	var keys []ledgerKey
	for {
		page, err := g.Audit(ctx, filter, s.ledgers.EventsOf(group))
		if err != nil {
			return nil, err
		}
		for _, found := range page.Entries {
			for e, err := range s.ledgers.EventsOf(group)(ctx, found.Index, found.Index+1) {
				if err != nil {
					return nil, err
				}
				keys = withKey(keys, &e)
			}
		}
		if filter.Cursor = page.Next; page.Next == "" {
			return keys, nil
		}
	}
}

// withKey is the keys after the event.
func withKey(keys []ledgerKey, e *domain.Event) []ledgerKey {
	switch d := e.Data.(type) {
	case *domain.PasskeyRegistered:
		return append(keys, ledgerKey{credential: d.Credential, began: e.Time, event: e.Index})
	case *domain.PasskeyRemoved:
		for i := range keys {
			if k := &keys[i]; k.ended.IsZero() && string(k.credential) == string(d.Credential) {
				k.ended, k.endedBy = e.Time, e.Index
			}
		}
	default: // the filter finds no others
	}
	return keys
}

// PasskeyID is what a passkey is called here, after its credential.
func PasskeyID(credential []byte) string {
	return hex.EncodeToString(credential[:min(8, len(credential))])
}

// keysOnRecord are the ledger's passkeys of the person for their own page.
func (s *accountPages) keysOnRecord(ctx context.Context, group string, a *Account) ([]signin.Recorded, error) {
	keys, err := s.ledgerKeys(ctx, group, a.Person)
	if err != nil {
		return nil, err
	}
	var lines []signin.Recorded
	for _, k := range keys {
		line := signin.Recorded{ID: PasskeyID(k.credential), Began: k.began, Event: k.event, Ended: k.ended, EndedBy: k.endedBy, Group: group}
		if i := slices.IndexFunc(a.Passkeys, func(p passkey) bool { return string(p.Credential.ID) == string(k.credential) }); i >= 0 {
			line.Name = a.Passkeys[i].Name
		}
		lines = append(lines, line)
	}
	return lines, nil
}

// newsFirst is how far back somebody is told of who was never told before.
const newsFirst = 30 * 24 * time.Hour

// newKeys are the passkeys that were added since whoever signs in this way last
// said that they had seen it. Each way of signing in has its own: a thief who has
// seen the news with their own passkey has not told its owner.
func (s *Identity) newKeys(ctx context.Context, is *Session) ([]web.NewKey, error) {
	a := s.SignIn.Passkeys.account(is.Group, is.Person)
	since, seen := a.Seen[is.Passkey]
	if !seen {
		since = s.clock().Add(-newsFirst)
	}
	var own []byte
	if i := slices.IndexFunc(a.Passkeys, func(k passkey) bool { return k.ID == is.Passkey }); i >= 0 {
		own = a.Passkeys[i].Credential.ID
		if !seen {
			since = a.Passkeys[i].Registered
		}
	}
	recorded, err := s.ledgerKeys(ctx, is.Group, is.Person)
	if err != nil {
		return nil, err
	}
	var added []web.NewKey
	told := map[string]bool{string(own): true}
	for _, k := range a.Passkeys {
		if !told[string(k.Credential.ID)] && k.Registered.After(since) {
			added = append(added, web.NewKey{Name: k.Name, On: k.Registered})
			told[string(k.Credential.ID)] = true
		}
	}
	for _, k := range recorded {
		if !told[string(k.credential)] && k.began.After(since) {
			added = append(added, web.NewKey{Name: PasskeyID(k.credential), On: k.began})
			told[string(k.credential)] = true
		}
	}
	slices.SortFunc(added, func(a, b web.NewKey) int { return cmp.Or(a.On.Compare(b.On), cmp.Compare(a.Name, b.Name)) })
	return added, nil
}

// seeKeys notes that they were seen, and shows them no more in this browser.
func (s *accountPages) seeKeys(w http.ResponseWriter, r *http.Request) error {
	is, err := s.anySession(r)
	if err != nil {
		return err
	}
	if err := s.SignIn.Passkeys.seen(is.Group, is.Person, is.Passkey, s.clock()); err != nil {
		return err
	}
	if err := s.SignIn.Sessions.told(is.ID); err != nil {
		return err
	}
	http.Redirect(w, r, "/account", http.StatusSeeOther)
	return nil
}
