package projections

import (
	"fmt"
	"slices"

	"goldenthread/domain"
)

// What an official list would change, before it is taken over (rule O1).

// ListPreview is what an official list would change, and what it would touch.
type ListPreview struct {
	On            domain.Day   `json:"on" doc:"date of the list"`
	Organisations int          `json:"organisations" doc:"that it names"`
	Changes       []ListChange `json:"changes" doc:"by kind; none: everything is known already"`
	LeftOut       []string     `json:"leftOut" doc:"whom the list no longer places here, and since when"`
	Contradicted  []string     `json:"contradicted" doc:"what it says otherwise than the ledger, and is not taken over"`
	Waits         []string     `json:"waits" doc:"whose word it takes; none: it takes effect at once"`
	Follows       []string     `json:"follows" doc:"mandates, powers, seats, open proposals and coverage that it touches, in words"`
	Repeat        bool         `json:"repeat" doc:"the same waits already to be confirmed"`
	Basis         domain.Basis `json:"-"`
}

// A ListChange is one thing that the list says otherwise than the ledger.
type ListChange struct {
	Kind ListChangeKind `json:"kind"`
	Of   []string       `json:"of" doc:"codes of the organisations"`
	Text string         `json:"text"`
}

// ListChangeKind is what sort of change a list brings.
type ListChangeKind string

// The kinds of changes, in the order in which a preview shows them.
const (
	ListArrives  ListChangeKind = "arrives"  // was not here before
	ListReopens  ListChangeKind = "reopens"  // is open again
	ListCloses   ListChangeKind = "closes"   // or the closing is on another day
	ListMerges   ListChangeKind = "merges"   // goes on as another
	ListSplits   ListChangeKind = "splits"   // goes on as several
	ListLeaves   ListChangeKind = "leaves"   // is no longer of the place
	ListMoves    ListChangeKind = "moves"    // to another PCN, into one or out of one
	ListCorrects ListChangeKind = "corrects" // a membership had other days
	ListRenames  ListChangeKind = "renames"
	ListSizes    ListChangeKind = "sizes"
)

// Words are the heading under which such changes stand.
func (k ListChangeKind) Words() string {
	return map[ListChangeKind]string{
		ListArrives: "New here", ListReopens: "Open again", ListCloses: "Closing", ListMerges: "Merged", ListSplits: "Divided", ListLeaves: "No longer here",
		ListMoves: "Moving between PCNs", ListCorrects: "Corrected dates", ListRenames: "Other names and opening days", ListSizes: "List sizes",
	}[k]
}

// listOrder is the order of the kinds.
var listOrder = []ListChangeKind{ListArrives, ListReopens, ListCloses, ListMerges, ListSplits, ListLeaves, ListMoves, ListCorrects, ListRenames, ListSizes}

// ListPreviewOf tells what the trial of an import would change.
func ListPreviewOf(c *domain.ImportOrganisations, t *domain.Trial) ListPreview {
	kind := domain.CommandKind{Name: domain.CommandName(c)}
	g, after := of(t.Before, &trail{}), of(t.After, &trail{})
	p := ListPreview{On: c.On, Organisations: len(c.Rows), LeftOut: []string{}, Contradicted: []string{}, Waits: []string{}, Follows: []string{}, Repeat: t.Answer.Repeat, Basis: t.Basis}
	if t.Answer.List != nil {
		p.LeftOut, p.Contradicted = t.Answer.List.LeftOut, t.Answer.List.Contradicted
	}
	var events []domain.Event
	for i := range t.Events {
		e := &t.Events[i]
		if e.Index < t.Answer.First || e.Actor == domain.System { // it was due anyway, or follows
			continue
		}
		kept, waits := e.Data.(*domain.RecordKept)
		if !waits {
			events = append(events, *e)
			continue
		}
		for _, of := range kept.Of {
			p.Waits = append(p.Waits, g.state.WordOfWhom(of))
		}
		if touched, can := after.state.Touched(after.state.Records[kept.Record]); can {
			events, p.Follows = append(events, touched.Events...), after.follows(&touched)
		}
	}
	if len(p.Waits) == 0 {
		p.Follows = append(p.Follows, TrialOf(kind, t).consequences(g.state.ShortName)...)
	}
	p.Changes = g.listChanges(events)
	return p
}

// consequences are what would end, and what becomes of coverage and powers, in words.
func (t Trial) consequences(shortName string) []string {
	var said []string
	for _, e := range t.Ends {
		said = append(said, "No longer so: "+e)
	}
	for _, c := range t.Coverage {
		said = append(said, domain.FirstUpper(shortName)+" would speak for "+c.After+". Now it speaks for "+c.Before+".")
	}
	return append(said, t.Lost...)
}

// A listTelling tells the events of a list.
type listTelling struct {
	*backing
	names          map[string]string // of organisations that are new
	closed         map[string]bool
	started, ended map[string][]domain.Membership // by member, in the order recorded
	changes        []ListChange
	before, now    int // patients of those that have a new figure
	sizes          []string
	sized          domain.Day
}

// listChanges are what the events of a list change, by kind.
func (g *backing) listChanges(events []domain.Event) []ListChange {
	l := &listTelling{backing: g, names: map[string]string{}, closed: map[string]bool{}, started: map[string][]domain.Membership{}, ended: map[string][]domain.Membership{}, changes: []ListChange{}}
	for i := range events {
		switch d := events[i].Data.(type) {
		case *domain.OrganisationRegistered:
			l.names[d.Code] = d.Name
		case *domain.OrganisationClosed:
			l.closed[d.Code] = true
		case *domain.OrganisationSplit:
			l.closed[d.Code] = true
		case *domain.MembershipStarted:
			l.started[d.Member] = append(l.started[d.Member], domain.Membership{In: d.In, Span: domain.Span{From: d.From}})
		case *domain.MembershipEnded:
			l.ended[d.Member] = append(l.ended[d.Member], domain.Membership{In: d.In, Span: domain.Span{From: d.From, Until: d.Until}})
		default:
		}
	}
	for i := range events {
		l.tell(&events[i])
	}
	if len(l.sizes) > 0 {
		say := fmt.Sprintf("%s on %s: %s patients registered, %s before.", domain.Count(len(l.sizes), "list size"), l.sized.Words(), domain.Thousands(l.now), domain.Thousands(l.before))
		l.changes = append([]ListChange{{ListSizes, l.sizes, say}}, l.changes...)
	}
	slices.SortStableFunc(l.changes, func(a, b ListChange) int {
		return slices.Index(listOrder, a.Kind) - slices.Index(listOrder, b.Kind)
	})
	return l.changes
}

func (l *listTelling) add(kind ListChangeKind, code, format string, args ...any) {
	l.changes = append(l.changes, ListChange{kind, []string{code}, l.called(code) + " " + fmt.Sprintf(format, args...) + "."})
}

// called is the organisation's name with its code.
func (l *listTelling) called(code string) string {
	name := l.names[code]
	if name == "" {
		name = l.name(code)
	}
	return name + " (" + code + ")"
}

func (l *listTelling) tell(e *domain.Event) {
	switch d := e.Data.(type) {
	case *domain.OrganisationRegistered:
		l.tellNew(d)
	case *domain.OrganisationReopened:
		l.add(ListReopens, d.Code, "is open again from %s", e.Effective.Words())
	case *domain.OrganisationClosed:
		if d.Into != "" {
			l.add(ListMerges, d.Code, "went on as %s after %s", l.called(d.Into), d.Last.Words())
		} else {
			l.add(ListCloses, d.Code, "closes after %s", d.Last.Words())
		}
	case *domain.OrganisationSplit:
		l.add(ListSplits, d.Code, "was divided among several after %s", d.Last.Words())
	case *domain.OrganisationChanged:
		if now := l.name(d.Code); now != d.Name {
			l.add(ListRenames, d.Code, "is called %s from %s", d.Name, e.Effective.Words())
		} else {
			l.add(ListRenames, d.Code, "was opened on %s", d.Opened.Words())
		}
	case *domain.MembershipStarted:
		l.tellStart(d)
	case *domain.MembershipEnded:
		l.tellEnd(d)
	case *domain.MembershipCorrected:
		l.add(ListCorrects, d.Member, "was in %s from %s%s, not from %s", l.called(d.In), d.From.Words(), untilWords(d.Until), d.Was.From.Words())
	case *domain.ListSizeRecorded:
		l.tellSize(d)
	default:
	}
}

// tellNew tells of an organisation that was not known, with the PCN that it comes to.
func (l *listTelling) tellNew(d *domain.OrganisationRegistered) {
	say := "is new here"
	for _, m := range l.started[d.Code] {
		if m.In == l.state.Place {
			say += ", from " + m.From.Words()
		} else {
			say += ", in " + l.called(m.In)
		}
	}
	l.add(ListArrives, d.Code, "%s", say)
}

// tellStart tells of a known organisation that came to the place or to a PCN.
func (l *listTelling) tellStart(d *domain.MembershipStarted) {
	switch left := l.ended[d.Member]; {
	case l.names[d.Member] != "": // told with its arrival
	case d.In == l.state.Place:
		l.add(ListArrives, d.Member, "is here again from %s", d.From.Words())
	default:
		if i := slices.IndexFunc(left, func(m domain.Membership) bool { return m.In != l.state.Place && m.In != d.In }); i >= 0 {
			l.add(ListMoves, d.Member, "moves from %s to %s on %s", l.called(left[i].In), l.called(d.In), d.From.Words())
			return
		}
		l.add(ListMoves, d.Member, "is in %s from %s", l.called(d.In), d.From.Words())
	}
}

// tellEnd tells of an organisation that left the place or a PCN, unless it closed or
// moved, or left a PCN with the place.
func (l *listTelling) tellEnd(d *domain.MembershipEnded) {
	leftPlace := slices.ContainsFunc(l.ended[d.Member], func(m domain.Membership) bool { return m.In == l.state.Place && m.Until != 0 })
	moved := slices.ContainsFunc(l.started[d.Member], func(m domain.Membership) bool { return m.In != l.state.Place && m.In != d.In })
	switch {
	case d.Until == 0:
		l.add(ListCorrects, d.Member, "did not leave %s", l.called(d.In))
	case l.closed[d.Member]:
	case d.In == l.state.Place:
		l.add(ListLeaves, d.Member, "is no longer of %s after %s", l.state.PlaceName, d.Until.Words())
	case leftPlace, moved:
	default:
		l.add(ListMoves, d.Member, "is no longer in %s after %s", l.called(d.In), d.Until.Words())
	}
}

// muchMore is how much a list size changes, in hundredths, to be told by itself: a
// practice that grows so may have taken another over.
const muchMore = 20

func (l *listTelling) tellSize(d *domain.ListSizeRecorded) {
	had := 0
	if o := l.state.Organisations[d.Practice]; o != nil {
		had = o.PatientsOn(d.On)
	}
	l.sizes, l.sized = append(l.sizes, d.Practice), max(l.sized, d.On)
	l.before, l.now = l.before+had, l.now+d.Patients
	if had > 0 && 100*max(d.Patients-had, had-d.Patients) >= muchMore*had {
		l.add(ListSizes, d.Practice, "has %s patients, %s before", domain.Thousands(d.Patients), domain.Thousands(had))
	}
}
