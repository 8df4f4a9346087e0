package access

import (
	"errors"

	"goldenthread/domain"
	"goldenthread/eventstore/keys"
	"goldenthread/projections"
)

// Member is somebody of the group with what their own key opens (rule L7).
type Member struct {
	projections.PersonLine
	Personal *domain.PersonalData `json:"personal,omitempty" doc:"for members only"`
}

// People is everybody whom the ledger knows.
type People struct {
	projections.Stamp
	People []Member `json:"people"`
	Paged
}

// PeopleInput asks for a page of everybody.
type PeopleInput struct {
	Terms
	Paging
}

// People adds to everybody on the page what their own key opens, if a member asks. The
// error is *keys.Unreadable if the key of somebody who is not erased can't be read.
func (s *Ledgers) People(q *Question, in *PeopleInput) (People, error) {
	all := q.People(q.At)
	people, paged, err := PageOf(all.People, in.Paging)
	if err != nil {
		return People{}, err
	}
	out := People{all.Stamp, make([]Member, 0, len(people)), paged}
	me := q.State().Person(q.Caller.Person)
	member := me != nil && q.State().Member(me.ID, s.Today())
	for _, p := range people {
		m := Member{PersonLine: p}
		if member && len(p.Sealed) > 0 {
			data, err := s.Store.OpenPersonal(p.ID, p.Sealed)
			switch {
			case err == nil:
				m.Personal = &data
			case !errors.Is(err, keys.ErrNoKey): // with which they would be erased
				return People{}, err
			}
		}
		out.People = append(out.People, m)
	}
	return out, nil
}
