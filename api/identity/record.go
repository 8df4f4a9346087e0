package identity

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"goldenthread/api/caller"
	"goldenthread/api/problem"
	"goldenthread/domain"
	"goldenthread/eventstore/trace"
)

// Access is on the record (rule L10): what is done about ways in is recorded in the
// group's ledger first, and kept beside it afterwards. Whoever asks gets in only by what
// the ledger says.

// admitted refuses a caller whose way in gives no entry, and holds one whose way in
// waits, or whose token is for less, to what it may be used for.
func (s *knowing) admitted(ctx context.Context, c caller.Caller) (caller.Caller, *problem.Problem) {
	if p := s.mayGetIn(ctx, c); p != nil {
		return caller.Caller{}, p
	}
	if c.Operator || s.store.Next(c.Group) == 0 {
		return c, nil
	}
	state, err := s.store.State(ctx, c.Group)
	if err != nil { // nobody gets in unread
		return caller.Caller{}, problem.Of(ctx, s.log, err)
	}
	today := s.ledgers.Today()
	if r := state.MayReadWith(c.Way, c.Person, today); r != nil {
		s.log.InfoContext(ctx, "a way in was refused", "group", c.Group, "rule", r.Rule)
		p := problem.Unauthorized(r.Say)
		p.Rule = r.Rule
		return caller.Caller{}, p
	}
	if w := state.Ways[c.Way]; w != nil && w.Scope != "" && !caller.Scope(w.Scope).Allows(c.Scope) {
		c.Scope = caller.Scope(w.Scope)
	}
	if r := state.MayActWith(c.Way, c.Person, today); r != nil {
		c.Waits = problem.Of(ctx, s.log, r)
		if c.Scope.Allows(caller.ScopeRead) {
			c.Scope = caller.ScopeRead
		}
	}
	return c, nil
}

// may refuses a session whose way in gives no entry or, where it is to act, can't act.
func (s *ways) may(ctx context.Context, is *Session, act bool) error {
	state, err := s.store.State(ctx, is.Group)
	if err != nil {
		return err
	}
	ask := state.MayReadWith
	if act {
		ask = state.MayActWith
	}
	if r := ask(s.way(is), is.Person, s.ledgers.Today()); r != nil {
		return r
	}
	return nil
}

// onRecord has the ledger record what somebody does about a way in: the person, by the
// way by which they are known, or the operator.
func (s *ways) onRecord(ctx context.Context, group string, c caller.Caller, command domain.Command) error {
	if err := s.BeginAccess(ctx, group); err != nil {
		return err
	}
	return s.execute(ctx, group, c, command)
}

func (s *ways) execute(ctx context.Context, group string, c caller.Caller, command domain.Command) error {
	_, err := s.store.Execute(ctx, requestOf(ctx, group, c, command))
	return err
}

// try says why the command would be refused. Nothing is recorded.
func (s *ways) try(ctx context.Context, group string, c caller.Caller, command domain.Command) error {
	_, err := s.store.Try(ctx, requestOf(ctx, group, c, command))
	return err
}

func requestOf(ctx context.Context, group string, c caller.Caller, command domain.Command) domain.Request {
	actor := c.Person
	if c.Operator {
		actor = domain.Operator
	}
	return domain.Request{
		Group: group, ID: uuid.Must(uuid.NewV7()), Hash: domain.HashOf(command), Actor: actor, Way: c.Way, Trace: trace.Sent(ctx), Command: command,
	}
}

// operator is whoever runs this server, as a caller.
var operator = caller.Caller{Operator: true, Way: domain.ByOperator}

// BeginAccess puts on the group's record which ways in this server knows from before
// the ledger recorded them, once.
func (s *ways) BeginAccess(ctx context.Context, group string) error {
	state, err := s.store.State(ctx, group)
	if err != nil || state.Next == 0 || state.OnRecord {
		return err
	}
	return s.execute(ctx, group, operator, &domain.BeginAccess{Ways: s.waysBefore(state)})
}

// SayLostWays logs whose ways in are lost, as LostWays has them.
func (s *ways) SayLostWays(ctx context.Context, group string) error {
	people, err := s.LostWays(ctx, group)
	if len(people) > 0 {
		s.log.WarnContext(ctx, "passkeys or tokens of these people are in force by the ledger and nobody can use them: what was kept of them is gone. Restore the newest backup, or invite them anew and have the lost ones ended",
			"group", group, "people", strings.Join(people, ", "))
	}
	return err
}

// LostWays are the people whose passkeys or tokens are in force by the group's ledger and can't be
// used: what is kept of them beside it is gone, as where a file of the data folder is damaged.
func (s *ways) LostWays(ctx context.Context, group string) (people []string, err error) {
	state, err := s.store.State(ctx, group)
	if err != nil {
		return nil, err
	}
	here := map[domain.Way]bool{}
	for _, w := range s.waysHere(state) {
		here[w.Way] = true
	}
	today := domain.DayOf(s.clock())
	for way, w := range state.Ways {
		kept := way.Kind() == domain.TokenWay || way.Kind() == domain.PasskeyWay && s.SignIn != nil
		if p := state.Person(w.Person); p != nil && kept && !here[way] && w.Ended == 0 && (w.Until == 0 || today <= w.Until) && !slices.Contains(people, p.Handle) {
			people = append(people, p.Handle)
		}
	}
	slices.Sort(people)
	return people, nil
}

// waysBefore are the ways in to the group that lie beside the ledger and that it does
// not know.
func (s *ways) waysBefore(state *domain.State) []domain.WayBefore {
	return slices.DeleteFunc(s.waysHere(state), func(w domain.WayBefore) bool { return state.Ways[w.Way] != nil })
}

// waysHere are the ways in to the group that lie beside the ledger.
func (s *ways) waysHere(state *domain.State) []domain.WayBefore {
	var all []domain.WayBefore
	now, seen := s.clock(), map[domain.Way]bool{}
	add := func(person string, w domain.WayBefore) {
		p := state.Person(person)
		if p == nil || seen[w.Way] || !w.Way.Valid() {
			return
		}
		seen[w.Way], w.Person = true, p.ID
		all = append(all, w)
	}
	for _, k := range s.tokens.of(func(k *HeldToken) bool {
		return k.Group == state.Group && (k.Expires.IsZero() || now.Before(k.Expires))
	}) {
		add(k.Person, domain.WayBefore{Way: k.way(), Scope: domain.WayScope(k.Scope), Until: dayOf(k.Expires)})
	}
	if s.SignIn == nil {
		return all
	}
	for _, a := range s.SignIn.Passkeys.Accounts.those(func(a *Account) bool { return a.Group == state.Group }) {
		for _, k := range a.Passkeys {
			add(a.Person, domain.WayBefore{Way: domain.WayOfPasskey(k.Credential.ID)})
		}
	}
	for _, i := range s.SignIn.Invitations.Made.those(func(i *invitation) bool { return i.Group == state.Group && i.open(now) }) {
		add(i.Person, domain.WayBefore{Way: i.way(), Until: dayOf(i.Expires)})
	}
	for _, h := range s.holdersIn(state.Group) {
		if p := state.Person(h.Person); p != nil {
			if way, err := s.SignIn.Accounts.name(h.Group, p.ID, h.id()); err == nil {
				add(p.ID, domain.WayBefore{Way: way})
			}
		}
	}
	return all
}

func (s *ways) holdersIn(group string) (in []Holder) {
	if s.SingleSignOn == nil {
		return nil
	}
	all, err := s.SingleSignOn.holders.read()
	if err != nil {
		return nil // then nobody gets in by them either
	}
	for _, h := range all {
		if h.Group == group {
			in = append(in, h)
		}
	}
	return in
}

// dayOf is the London day of a moment; none of none.
func dayOf(t time.Time) domain.Day {
	if t.IsZero() {
		return 0
	}
	return domain.DayOf(t)
}

// endOnRecord ends a way in, unless the record has ended it before.
func (s *ways) endOnRecord(ctx context.Context, group string, c caller.Caller, way domain.Way) error {
	if err := s.BeginAccess(ctx, group); err != nil {
		return err
	}
	state, err := s.store.State(ctx, group)
	if err != nil {
		return err
	}
	if w := state.Ways[way]; w == nil || w.Ended != 0 {
		return nil
	}
	return s.execute(ctx, group, c, &domain.EndWay{Way: string(way)})
}
