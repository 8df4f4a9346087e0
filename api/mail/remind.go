package mail

import (
	"context"
	"errors"
	"maps"
	"slices"

	"goldenthread/domain"
)

// Why nobody is reminded.
var (
	ErrReminded  = errors.New("they are reminded of it today already")
	ErrNothing   = errors.New("they are not asked to do anything about it")
	ErrUnwanted  = errors.New("they have asked not to be mailed of this")
	ErrNoAddress = errors.New("they have no mail address here")
)

// IsNobody says whether the error is one of these.
func IsNobody(err error) bool {
	return errors.Is(err, ErrReminded) || errors.Is(err, ErrNothing) || errors.Is(err, ErrUnwanted) || errors.Is(err, ErrNoAddress)
}

// Remind has the person's next letter say again what they are asked to do about the
// reference, though they were told of it. It is asked for once a day at most for each
// reference, and letters go once a day at most, so that nobody is written to more often.
func (p *Post) Remind(ctx context.Context, group, person, about string) error {
	g, err := p.o.Groups.Now(ctx, group, nil)
	if err != nil {
		return err
	}
	now := p.o.Clock()
	today := domain.DayOf(now)
	d, err := p.outbox.drawer(ctx, group, person)
	if err != nil {
		return err
	}
	owes, wants := false, false
	for _, e := range g.Errands(today)[person] {
		if e.About == about {
			owes, wants = true, wants || d.wants(&e)
		}
	}
	who := g.State().People[person]
	switch {
	case !owes || who == nil:
		return ErrNothing
	case !wants:
		return ErrUnwanted
	case p.personal(&addressee{group: group, person: *who}, who.Sealed).Email == "":
		return ErrNoAddress
	}
	if d.Reminded[about] == today {
		return ErrReminded
	}
	maps.DeleteFunc(d.Reminded, func(_ string, on domain.Day) bool { return on < today })
	if d.Reminded == nil {
		d.Reminded = map[string]domain.Day{}
	}
	d.Reminded[about] = today
	if !slices.Contains(d.Remind, about) {
		d.Remind = append(d.Remind, about)
	}
	if err := p.outbox.put(ctx, d); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.again[group] = true
	return nil
}
