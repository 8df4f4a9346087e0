package access

import (
	"errors"
	"strings"

	"goldenthread/api/problem"
	"goldenthread/domain"
	"goldenthread/eventstore/keys"
	"goldenthread/projections"
)

// thingsFound are what a hit of each kind shows, of what the charter can keep to members: the
// same as its page and its question do.
var thingsFound = map[projections.SearchKind][]string{
	projections.FindProposals: Proposals, projections.FindPowers: Powers, projections.FindDecisions: Powers,
	projections.FindAppointments: Meetings, projections.FindMeetings: Meetings, projections.FindPositions: Meetings, projections.FindInterests: Meetings,
	projections.FindCommitments: Commitments, projections.FindApproaches: Approaches, projections.FindActions: Actions, projections.FindQuestions: Questions,
	projections.FindDepartures: Departures, projections.FindPriorities: Priorities, projections.FindOwnMeetings: Agenda,
	projections.FindOrganisations: Followers, projections.FindPeople: Followers, projections.FindMandates: Followers,
}

// mostSought is how long a search's words may be.
const mostSought = 200

// Search finds the words in what the caller may see. Members find people by the names that
// their own keys open too, which are looked at as they are now and kept nowhere.
func (s *Ledgers) Search(q *Question, words string) (projections.Found, error) {
	if len(words) > mostSought {
		return projections.Found{}, problem.Invalid("L4", "Look for fewer words: at most %d characters.", mostSought)
	}
	may := map[projections.SearchKind]bool{}
	for kind, things := range thingsFound {
		may[kind] = s.MaySee(q.Group, q.Caller, things) == nil
	}
	named, err := s.named(q, words)
	if err != nil {
		return projections.Found{}, err
	}
	return q.Search(words, q.At, func(kind projections.SearchKind) bool { return may[kind] }, named...), nil
}

// named are the people whose name, opened, holds one of the words, for members alone.
func (s *Ledgers) named(q *Question, words string) ([]projections.Hit, error) {
	me := q.State().Person(q.Caller.Person)
	if me == nil || !q.State().Member(me.ID, s.Today()) {
		return nil, nil
	}
	var hits []projections.Hit
	sought := strings.Fields(strings.ToLower(words))
	for _, p := range q.People(q.At).People {
		if len(p.Sealed) == 0 {
			continue
		}
		data, err := s.Store.OpenPersonal(p.ID, p.Sealed)
		if errors.Is(err, keys.ErrNoKey) { // they are erased
			continue
		}
		if err != nil {
			return nil, err
		}
		if holdsOne(data, sought) {
			hits = append(hits, projections.Hit{Kind: projections.FindPeople, Ref: p.Handle, Title: p.Office, Text: data.Name, On: p.Since})
		}
	}
	return hits, nil
}

func holdsOne(data domain.PersonalData, sought []string) bool {
	name := strings.ToLower(data.Name)
	for _, w := range sought {
		if strings.Contains(name, w) {
			return true
		}
	}
	return false
}
