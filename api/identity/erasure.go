package identity

import (
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"

	"goldenthread/api/caller"
	"goldenthread/api/problem"
	"goldenthread/domain"
)

// Whoever is erased (rule L7) gets in no more, from the moment at which the ledger says
// so: every request is looked at. What the nodes share about them is then taken out:
// passkeys, sessions, tokens, invitations, feeds, and the lines of the sign-in log with the
// names of their devices.

// isErased says whether the ledger says that whoever asks was erased.
func (s *ways) isErased(ctx context.Context, group, person string) bool {
	if person == "" {
		return false
	}
	if uuid.Validate(person) == nil {
		return s.store.IsErased(person)
	}
	g, err := s.groups.Now(ctx, group, nil)
	if err != nil {
		return false // nor can anything be asked of that group
	}
	p := g.State().Person(person)
	return p != nil && p.Erased != 0
}

// mayGetIn refuses whoever was erased.
func (s *ways) mayGetIn(ctx context.Context, c caller.Caller) *problem.Problem {
	if s.isErased(ctx, c.Group, c.Person) {
		return problem.Unauthorized("This way in ended when the name, email and phone that belong to it were erased.")
	}
	return nil
}

// mustNotBeErased refuses a new way in for somebody who was erased.
func mustNotBeErased(p *domain.Person) error {
	if p.Erased == 0 {
		return nil
	}
	return problem.NotNow("L7", "The name, email and phone of %s were erased on %s, and nobody gets in by that name any more. If the office has somebody new, introduce them.", p.Office, p.Erased.Words())
}

// forgetErased takes whoever is erased out of what the nodes share. Those who are named
// there by handle are looked up in the ledgers of these groups alone. What fails is logged,
// and tried again at the next erasure; they get in no more meanwhile.
func (s *ways) forgetErased(groups []string) {
	gone := func(group, person string) bool {
		return (uuid.Validate(person) == nil || slices.Contains(groups, group)) && s.isErased(context.Background(), group, person)
	}
	err := errors.Join(
		dropAny(s.tokens.Tokens, func(k *HeldToken) bool { return gone(k.Group, k.Person) }),
		dropAny(s.FeedKeys.Keys, func(k *feedKey) bool { return gone(k.Group, k.Person) }))
	if in := s.SignIn; in != nil {
		err = errors.Join(err,
			dropAny(in.Passkeys.Accounts, func(a *Account) bool { return gone(a.Group, a.Person) }),
			dropAny(in.Sessions.Kept, func(o *savedSession) bool { return gone(o.Group, o.Person) }),
			dropAny(in.Accounts.Known, func(k *knownAccount) bool { return gone(k.Group, k.Person) }),
			dropAny(in.Invitations.Made, func(i *invitation) bool { return gone(i.Group, i.Person) }),
			dropAny(in.journal, func(l *JournalLine) bool { return gone(l.Group, l.Person) }))
	}
	if err != nil {
		s.log.Error("what signing in has about somebody who was erased could not be taken out yet; it is tried again", "error", err)
	}
}

// dropAny takes those that fit off the list, which is written only if there are any.
func dropAny[T any](k *kept[T], fits func(*T) bool) error {
	if _, any := k.find(fits); !any {
		return nil
	}
	return k.drop(fits)
}
