package projections

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
	"sync"

	"goldenthread/domain"
)

// A searchIndex keeps the texts of one group on one day, those of its newest snapshot that
// was searched. When something has been recorded since, they are made anew, but for those of
// settled proposals, which are nearly all: such a text is kept while what it rests on is the
// same. A state never changes what hangs under its maps, so what is at the same address is the same.
//
// It is held while texts are made, which only those wait for who search the same group.
type searchIndex struct {
	all *searchIndexes // nil: nobody else's index is kept beside it

	mu      sync.Mutex
	next    uint64 // of the snapshot that the texts are of
	ground  textGround
	texts   []searchText // nil: none were made
	settled map[string]settledText
}

// textGround is what the texts of all settled proposals rest on: names, who stood behind
// the group when something was agreed, what waits and may lower that, and on which day it
// is asked. What stands behind a wider group lies in other ledgers too: no text of one is kept.
type textGround struct {
	at            domain.Day
	past          bool // it is a day before the newest event's
	shortName     string
	established   domain.Day
	people        map[string]*domain.Person
	organisations map[string]*domain.Organisation
	forums        map[string]*domain.Forum
	priorities    map[string]*domain.Priority
	mandates      []*domain.MandateEntry
	pending       []*domain.Kept
	proved        []*domain.ProvedConsent
	charters      []domain.CharterVersion
	duties        []domain.Duty
	again         []domain.FormingAgain
	places        map[string]*domain.State
}

// A settledText is the text of a settled proposal, with what it alone rests on.
type settledText struct {
	searchText
	of         *domain.Proposal
	objections []*domain.Objection
	enacted    []EnactedLine
}

func (g *Group) textGround(at domain.Day) textGround {
	s := g.state
	return textGround{
		at, at < domain.DayOf(s.Last), s.ShortName, s.Established, s.People, s.Organisations, s.Forums, s.Priorities,
		s.Mandates, s.Pending(), s.Proved, s.Charters, s.Duties, s.Again, g.places,
	}
}

func (a *textGround) equals(b *textGround) bool {
	return a.at == b.at && a.past == b.past && a.shortName == b.shortName && a.established == b.established &&
		maps.Equal(a.people, b.people) && maps.Equal(a.organisations, b.organisations) &&
		maps.Equal(a.forums, b.forums) && maps.Equal(a.priorities, b.priorities) && slices.Equal(a.mandates, b.mandates) && slices.Equal(a.pending, b.pending) &&
		slices.Equal(a.proved, b.proved) && maps.Equal(a.places, b.places) &&
		reflect.DeepEqual(a.charters, b.charters) && reflect.DeepEqual(a.duties, b.duties) && reflect.DeepEqual(a.again, b.again)
}

// textsOn are the texts of everything that can be found in the group on that day. They are
// not to be changed.
func (i *searchIndex) textsOn(g *Group, at domain.Day) []searchText {
	i.all.used(i)
	i.mu.Lock()
	defer i.mu.Unlock()
	ground := g.textGround(at)
	same := i.texts != nil && i.ground.equals(&ground)
	if same && i.next == g.state.Next {
		return i.texts
	}
	if !same || len(g.state.Places()) > 0 {
		i.settled = map[string]settledText{}
	}
	once := *g // many things rest on the same coverage and agreements
	once.state = g.state.Remembering()
	once.enactments, once.decisions = once.enactedBy(""), once.decidedThings(at)
	texts := []searchText{}
	for _, p := range byNumber(g.state.Proposals) {
		if text, raised := i.proposalText(&once, p, at); raised {
			texts = append(texts, text)
		}
	}
	i.next, i.ground, i.texts = g.state.Next, ground, append(texts, once.searchTexts(at)...)
	return i.texts
}

// proposalText is the proposal's text; false if it had not been raised by that day.
func (i *searchIndex) proposalText(g *Group, p *domain.Proposal, at domain.Day) (searchText, bool) {
	t := settledText{of: p, enacted: g.enactments[p.Number]}
	for _, n := range p.Objections {
		t.objections = append(t.objections, g.state.Objections[n])
	}
	if kept, is := i.settled[p.Number]; is && kept.of == p && slices.Equal(kept.objections, t.objections) && slices.Equal(kept.enacted, t.enacted) {
		return kept.searchText, true
	}
	delete(i.settled, p.Number)
	whole, refused := g.Proposal(p.Number, at)
	if refused != nil {
		return searchText{}, false
	}
	t.searchText = newText(Hit{Kind: FindProposals, Ref: p.Number, Title: whole.Title, On: cmp.Or(whole.AgreedOn, whole.Raised)}, reflect.ValueOf(whole))
	if whole.Stage != domain.Draft && whole.Stage != domain.Open && !setsAside(p) {
		i.settled[p.Number] = t
	}
	return t.searchText, true
}

// setsAside says whether any version would set an agreement aside: it says what would end
// by that as things stand now.
func setsAside(p *domain.Proposal) bool {
	return slices.ContainsFunc(p.Versions, func(v domain.Version) bool {
		return slices.ContainsFunc(v.Instruments, func(i domain.Instrument) bool { return i.SetAside != nil })
	})
}

// forget lets go of what is kept.
func (i *searchIndex) forget() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.next, i.ground, i.texts, i.settled = 0, textGround{}, nil, nil
}

// mostIndexes is of how many groups the texts are kept: of those that were searched last.
// In small letters alone they take 11 MB in a group of 296,000 events.
const mostIndexes = 16

// searchIndexes are those of all groups.
type searchIndexes struct {
	mu   sync.Mutex
	kept []*searchIndex // the one that was used last is the last
}

// used makes room for the index, which is about to be used and is not locked.
func (all *searchIndexes) used(i *searchIndex) {
	if all == nil {
		return
	}
	all.mu.Lock()
	all.kept = append(slices.DeleteFunc(all.kept, func(other *searchIndex) bool { return other == i }), i)
	var over *searchIndex
	if len(all.kept) > mostIndexes {
		over, all.kept = all.kept[0], slices.Clone(all.kept[1:])
	}
	all.mu.Unlock()
	if over != nil {
		over.forget()
	}
}
