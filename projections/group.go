package projections

import (
	"goldenthread/domain"
)

// A Group is the read models of one group. Groups gives it out as a snapshot, which
// never changes and is safe for concurrent use.
//
// It stands in layers, as domain.State does: each has what lies under it, and an answer
// is a method of the lowest layer that has what it needs.
type Group struct { // the audit trail, the search, a practice's page, the calendar
	asking
	index *searchIndex // shared with other snapshots of a live group
}

type (
	// known is what is known at one moment.
	known struct {
		state  *domain.View
		trail  *trail
		memos  *memos                   // of the state, without the places
		places map[string]*domain.State // see Across

		// What many things are looked up in, where all of them are asked for; nil where it is worked out for the one that is.
		enactments map[string][]EnactedLine
		decisions  []decided
	}
	// naming says how people and bodies are named.
	naming struct{ known }
	// terms says in words what an instrument, the charter and an account of money hold.
	terms struct{ naming }
	// telling says in words what an event recorded.
	telling struct{ terms }
	// backing is organisations, people, mandates and what a group was told of them.
	backing struct{ telling }
	// authority is proposals, powers and who may agree what.
	authority struct{ backing }
	// business is meetings, representation, commitments, actions and priorities.
	business struct{ authority }
	// asking is what is asked of people: work, notices, questions, what waits for a word.
	asking struct{ business }
)

// New is the empty fold of a group of which nothing has been recorded.
func New(group string) *Group { return of(domain.NewState(group).View(), &trail{group: group}) }

func of(state *domain.View, trail *trail) *Group {
	g := &Group{index: &searchIndex{}}
	g.state, g.trail, g.memos = state, trail, &memos{}
	return g
}

// Apply folds the next event into a group that nobody else has yet. Events must
// be applied in index order.
func (g *Group) Apply(e *domain.Event) {
	g.state.Apply(e)
	g.memos, g.index = &memos{}, &searchIndex{}
}

// Index is the index of the newest event; false if there is none.
func (g *known) Index() (newest uint64, ok bool) {
	if g.state.Next == 0 {
		return 0, false
	}
	return g.state.Next - 1, true
}

// State is the folded state with the ledgers beside it, to be read only.
func (g *known) State() *domain.View { return g.state }

// Across is the group with the ledgers of others beside it, by name, as they
// were known at the same moment: what a wider group is asked follows the thread
// into them (rule G1). Both are to be read only.
func (g *Group) Across(places map[string]*domain.State) *Group {
	c := *g
	c.state, c.places = g.state.Across(places), places
	return &c
}

// Check answers whether somebody may sign up to something (rule R3). What the
// state was asked already it is not asked again.
func (g *known) Check(q domain.Question) (a *domain.CheckAnswer, r *domain.Refusal) {
	g.memos.ask(g.state, func(s *domain.View) {
		if g.places != nil {
			s = s.Across(g.places)
		}
		a, r = s.Check(q)
	})
	return a, r
}

// SizeListsOn are the lists from which the numbers of patients are that coverage counts on
// that day (rule O1).
func (g *known) SizeListsOn(d domain.Day) (lists []domain.SizeList) {
	g.memos.ask(g.state, func(s *domain.View) { lists = s.SizeListsOn(d) })
	return lists
}

// CheckBriefly decides as Check, and answers with what decides alone.
func (g *known) CheckBriefly(q domain.Question) (a *domain.CheckAnswer, r *domain.Refusal) {
	g.memos.ask(g.state, func(s *domain.View) {
		if g.places != nil {
			s = s.Across(g.places)
		}
		a, r = s.CheckBriefly(q)
	})
	return a, r
}

// A Stamp says how much was known for an answer, and which day it is about.
type Stamp struct {
	Index uint64     `json:"index" doc:"newest event that was known"`
	At    domain.Day `json:"at" doc:"day that the answer is about"`
}

func (g *known) stamp(at domain.Day) Stamp {
	newest, _ := g.Index()
	return Stamp{newest, at}
}

// Who is how a person is named: by handle and office (rule L7).
type Who struct {
	Handle string `json:"handle"`
	Office string `json:"office"`

	EmployedBy string `json:"employedBy,omitempty" doc:"system body that employs them, or to which their office belongs, where they act for the group (rule F9)"`
}

// Words are the office, with the system body that employs them.
func (w Who) Words() string {
	if w.EmployedBy == "" {
		return w.Office
	}
	return w.Office + " (employed by " + w.EmployedBy + ")"
}

// A Body is how an organisation is named: names repeat, so with its code.
type Body struct {
	Code string `json:"code" doc:"ODS code where there is one"`
	Name string `json:"name"`
}

func (g *naming) who(id string) Who {
	if p := g.state.Person(id); p != nil {
		return Who{Handle: p.Handle, Office: p.Office}
	}
	if id == domain.Operator {
		return Who{Handle: id, Office: "the operator of this server"}
	}
	return Who{Handle: id, Office: "somebody"}
}

// acting is who, with the system body that employs them on that day (rule F9).
func (g *naming) acting(id string, d domain.Day) Who {
	w := g.who(id)
	if body := g.state.SystemBodyOf(id, d); body != "" {
		w.EmployedBy = g.name(body)
	}
	return w
}

func (g *naming) allActing(ids []string, d domain.Day) []Who {
	ws := make([]Who, 0, len(ids))
	for _, id := range ids {
		ws = append(ws, g.acting(id, d))
	}
	return ws
}

// anyone is who, or nil where nobody is named.
func (g *naming) anyone(id string) *Who {
	if id == "" {
		return nil
	}
	w := g.who(id)
	return &w
}

func (g *naming) everyone(ids []string) []Who {
	ws := make([]Who, 0, len(ids))
	for _, id := range ids {
		ws = append(ws, g.who(id))
	}
	return ws
}

func (g *naming) body(code string) Body { return Body{code, g.name(code)} }

// bodyOn is the organisation under the name that it had on that day.
func (g *naming) bodyOn(code string, at domain.Day) Body {
	if o := g.state.Organisations[code]; o != nil {
		return Body{code, o.NameOn(at)}
	}
	return g.body(code)
}

// anybody is body, or nil where no organisation is named.
func (g *naming) anybody(code string) *Body {
	if code == "" {
		return nil
	}
	b := g.body(code)
	return &b
}

func (g *naming) bodies(codes []string) []Body {
	bs := make([]Body, 0, len(codes))
	for _, code := range codes {
		bs = append(bs, g.body(code))
	}
	return bs
}

// name is how an organisation is named in sentences.
func (g *naming) name(code string) string {
	if code == domain.ToGroup && g.state.ShortName != "" {
		return g.state.ShortName
	}
	if o := g.state.Organisations[code]; o != nil {
		return o.Name
	}
	return code
}

func (g *naming) office(id string) string { return g.who(id).Office }

func (g *naming) offices(ids []string) string {
	names := make([]string, 0, len(ids))
	for _, id := range ids {
		names = append(names, g.office(id))
	}
	return domain.List(names)
}

func (g *naming) names(codes []string) string {
	names := make([]string, 0, len(codes))
	for _, code := range codes {
		names = append(names, g.name(code))
	}
	return domain.List(names)
}

func (g *naming) forum(handle string) string {
	if f := g.state.Forums[handle]; f != nil {
		return f.Name
	}
	return handle
}
