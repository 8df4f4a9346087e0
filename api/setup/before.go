package setup

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"

	fields "goldenthread/api/pages"
	"goldenthread/api/web"
	"goldenthread/domain"
)

// What stood before (rule F8): mandates, the executive, powers, appointments, duties,
// positions and actions from before the ledger. Each row of the page's grids is one of
// them; its fields are those that a proposal has for it. Rows with the same title, day and
// evidence are one agreement.

const beforePage = "before"

// mandateBefore is the grid of mandates; the other grids are named as in domain.Instrument.
const mandateBefore = "mandate"

// A beforeKind is a kind of thing that can have stood before, with the grid in which it is typed.
type beforeKind struct {
	grid, label, one, hint string
	part                   func() any // that the row says; of an instrument, it goes into one
	without                []string   // fields that are asked otherwise, or not
}

// beforeKinds are in the order in which they come in on the same day: a power needs its executive.
var beforeKinds = []beforeKind{
	{mandateBefore, "Mandates", "mandate", "What a practice, or a network for its practices, has given the group.", func() any { return &domain.GrantMandate{} }, []string{"organisation", "to", "from", "evidence", "answers"}},
	{"formExecutive", "The executive", "executive", "The two or more people who act for the group between meetings.", func() any { return &domain.FormExecutive{} }, []string{"from"}},
	{"assignDuty", "Duties", "duty", "Who has been chair, manager, registrar, gatekeeper or lead since before. Leave out whoever you named under “Who does what”.", func() any { return &domain.AssignDuty{} }, []string{"from", "replaces"}},
	{"grantDelegation", "Powers", "power", "What the executive, or a named person, may decide or commit to, with its limits.", func() any { return &domain.GrantDelegation{} }, []string{"from"}},
	{"appoint", "Appointments", "appointment", "Who speaks for the group in which meeting of the system, and what they may sign up to there.", func() any { return &domain.Appoint{} }, []string{"from", "forum"}},
	{"adoptPosition", "Agreements on a position", "agreement", "What the group agreed to say on a subject. It can be a red line.", func() any { return &domain.AdoptPosition{} }, []string{"from", "replaces"}},
	{"createActions", "Actions", "action", "What was agreed to be done, and is not done yet.", func() any { return &domain.CreateActions{} }, nil},
}

// prefix begins the names of the fields of the grid's row.
func (k *beforeKind) prefix(row int) string { return fmt.Sprintf("%s-%d-", k.grid, row) }

// filledRows are the rows of the grid in which anything was typed.
func (k *beforeKind) filledRows(typed url.Values) []int {
	var all []int
	for row := range rowsIn(typed, k.grid) {
		for name, values := range typed {
			if strings.HasPrefix(name, k.prefix(row)) && strings.TrimSpace(strings.Join(values, "")) != "" {
				all = append(all, row)
				break
			}
		}
	}
	return all
}

func beforeParts(d *Draft) []web.Piece {
	choices := d.beforeChoices()
	var parts []web.Piece
	for i := range beforeKinds {
		k := &beforeKinds[i]
		grid := web.Piece{Type: "rows", Name: k.grid, Label: k.label, Hint: k.hint, One: k.one}
		for row := range rowsIn(d.Typed[beforePage], k.grid) {
			grid.Rows = append(grid.Rows, web.Row{Heading: domain.FirstUpper(k.one) + fmt.Sprintf(" %d", row+1), Parts: d.beforeRow(k, row, choices)})
		}
		parts = append(parts, grid)
	}
	return parts
}

// beforeRow are the fields of a row: what it is, since when, and how that is known.
func (d *Draft) beforeRow(k *beforeKind, row int, choices func([]string) []web.Option) []web.Piece {
	field := func(name, label, hint string) web.Piece { return text(k.prefix(row)+name, label, hint) }
	var parts []web.Piece
	switch k.grid {
	case mandateBefore:
		parts = append(parts, field("organisation", "Practice or network", "Its name or its code."))
	case "appoint":
		parts = append(parts, field("meeting", "To which meeting?", "Such as: Trafford Locality Board."),
			web.Piece{Type: "choice", Name: k.prefix(row) + "runs", Label: "Who runs it?", Options: append([]web.Option{{Words: "Not said"}}, choices([]string{"system"})...)})
	}
	parts = append(parts, fields.Pieces(k.part(), k.prefix(row), d.Typed[beforePage], choices, k.without...)...)
	parts = append(parts, web.Piece{Type: "date", Name: k.prefix(row) + "on", Label: "Since when does it stand?", Hint: "Such as 3 June 2025."},
		field("evidence", "How is it known?", "Such as: minute of 3 June 2025."))
	if k.grid != mandateBefore {
		parts = append(parts, field("title", "What was the agreement called?", "Rows with the same title, day and evidence are one agreement. Leave it empty to have a title made."))
	}
	if len(d.Evidence) > 0 {
		files := web.Piece{Type: "ticks", Name: k.prefix(row) + "documents", Label: "Which files show it?"}
		for _, f := range d.Evidence {
			files.Options = append(files.Options, web.Option{Value: f.SHA256, Words: f.Name})
		}
		parts = append(parts, files)
	}
	return parts
}

// beforeChoices are what the fields can name: the people, organisations and subjects of the draft.
func (d *Draft) beforeChoices() func(of []string) []web.Option {
	r := &reading{draft: d}
	orgs, people := d.organisations(r), d.people(r)
	of := map[string][]web.Option{"executive": {{Value: domain.ToExecutive, Words: "The executive"}}, "group": {{Value: domain.ToGroup, Words: d.Name()}}}
	for _, p := range people {
		of["person"] = append(of["person"], web.Option{Value: p.Handle, Words: p.Office})
	}
	for _, m := range linesOf(d.said("decide", "matters")) {
		of["matter"] = append(of["matter"], web.Option{Value: m, Words: domain.FirstUpper(domain.MatterWords(m))})
	}
	of["charter"] = of["matter"]
	for _, o := range orgs {
		option := web.Option{Value: o.Code, Words: o.Name}
		if o.Kind == domain.PlaceKind || o.Kind == domain.Practice {
			continue // neither employs or pays, and a place has too many practices to choose from
		}
		of["organisation"] = append(of["organisation"], option)
		if o.Kind == domain.SystemBody {
			of["system"] = append(of["system"], option)
		}
	}
	of["payer"], of["body"] = of["organisation"], of["organisation"]
	return func(names []string) []web.Option {
		var all []web.Option
		for _, name := range names {
			all = append(all, of[name]...)
		}
		return all
	}
}

// A beforeRead is a row that was read.
type beforeRead struct {
	field string // of the row: grantDelegation-0
	name  string // of the instrument; "": it is a mandate
	item  domain.ScheduleItem
}

// schedule is what stood before, with the meetings to which somebody is appointed already.
func (d *Draft) schedule(r *reading) ([]domain.ScheduleItem, []domain.RegisterForum) {
	typed := d.Typed[beforePage]
	var rows []beforeRead
	var forums []domain.RegisterForum
	for i := range beforeKinds {
		k := &beforeKinds[i]
		for _, row := range k.filledRows(typed) {
			read, forum := d.readBefore(r, k, row)
			rows = append(rows, read)
			if forum.Forum != "" && !slices.ContainsFunc(forums, func(f domain.RegisterForum) bool { return f.Forum == forum.Forum }) {
				r.from(fmt.Sprintf("/forums/%d", len(forums)), beforePage, k.prefix(row)+"meeting")
				forums = append(forums, forum)
			}
		}
	}
	slices.SortStableFunc(rows, func(a, b beforeRead) int { return cmp.Compare(a.item.On, b.item.On) })
	var items []domain.ScheduleItem
	for _, row := range rows {
		items = r.addBefore(items, row)
	}
	return items, forums
}

// addBefore adds the row: to the agreement of the same title, day and evidence, or as one more item.
func (r *reading) addBefore(items []domain.ScheduleItem, row beforeRead) []domain.ScheduleItem {
	at := slices.IndexFunc(items, func(o domain.ScheduleItem) bool {
		return row.name != "" && o.Mandate == nil && o.Title == row.item.Title && o.On == row.item.On && o.Evidence == row.item.Evidence
	})
	if at < 0 {
		at, items = len(items), append(items, row.item)
		r.from(fmt.Sprintf("/schedule/%d", at), beforePage, row.field)
	} else {
		items[at].Instruments = append(items[at].Instruments, row.item.Instruments...)
		for _, f := range row.item.Documents {
			if !slices.ContainsFunc(items[at].Documents, func(had domain.ProofFile) bool { return had.SHA256 == f.SHA256 }) {
				items[at].Documents = append(items[at].Documents, f)
			}
		}
	}
	part := fmt.Sprintf("/schedule/%d/mandate", at)
	if row.name != "" {
		part = fmt.Sprintf("/schedule/%d/instruments/%d/%s", at, len(items[at].Instruments)-1, row.name)
	}
	r.from(part, beforePage, row.field)
	r.from(part+"/forum", beforePage, row.field+"-meeting")
	return items
}

// readBefore reads a row, with the meeting to which it appoints somebody.
func (d *Draft) readBefore(r *reading, k *beforeKind, row int) (beforeRead, domain.RegisterForum) {
	prefix := k.prefix(row)
	said := func(name string) string { return d.said(beforePage, prefix+name) }
	read := beforeRead{field: strings.TrimSuffix(prefix, "-"), item: domain.ScheduleItem{Title: said("title"), Evidence: said("evidence")}}
	var forum domain.RegisterForum
	values := url.Values{}
	for name, of := range d.Typed[beforePage] {
		if strings.HasPrefix(name, prefix) && name != prefix+"evidence" { // it is the item's
			values[name] = of
		}
	}
	switch k.grid {
	case mandateBefore:
		organisation := d.organisationNamed(r, prefix+"organisation")
		values.Set(prefix+"organisation", organisation.Code)
		read.item.Title = "Mandate of " + organisation.Name
	case "appoint":
		forum = domain.RegisterForum{Forum: slug(domain.ClipTo(said("meeting"), 50)), Name: said("meeting"), Body: said("runs")}
		if forum.Forum == "" {
			r.wrong(beforePage, prefix+"meeting", "Enter the meeting, such as Trafford Locality Board.")
		}
		values.Set(prefix+"forum", cmp.Or(forum.Forum, "meeting"))
	}
	part := k.part()
	for _, f := range fields.Read(part, prefix, values) {
		r.faults = append(r.faults, fault{beforePage, f})
	}
	d.readSince(r, &read, said("on"))
	if read.item.Evidence == "" {
		r.wrong(beforePage, prefix+"evidence", "Enter how it is known, such as: minute of 3 June 2025.")
	}
	for _, f := range d.Evidence {
		if slices.Contains(d.Typed[beforePage][prefix+"documents"], f.SHA256) {
			read.item.Documents = append(read.item.Documents, f)
		}
	}
	if mandate, is := part.(*domain.GrantMandate); is {
		read.item.Mandate = mandate
		mandate.From = read.item.On
		return read, forum
	}
	read.name = k.grid
	read.item.Instruments = []domain.Instrument{instrumentOf(part)}
	read.item.Matter = fields.MatterOf(&read.item.Instruments[0])
	read.item.Title = cmp.Or(read.item.Title, d.beforeTitle(&read.item.Instruments[0], forum.Name))
	return read, forum
}

// readSince reads since when the row stands.
func (d *Draft) readSince(r *reading, read *beforeRead, typed string) {
	on, err := domain.ReadDay(typed)
	switch {
	case typed == "" || err != nil:
		r.wrong(beforePage, read.field+"-on", "Write a date, such as 3 June 2025.")
	case on > r.today:
		r.wrong(beforePage, read.field+"-on", "It did not stand before: the date is still to come.")
	default:
		read.item.On = on
	}
}

// organisationNamed is the practice or network that the field names by its code or its name;
// only what was typed, with a fault, where it names none.
func (d *Draft) organisationNamed(r *reading, field string) domain.OrganisationRow {
	named := d.said(beforePage, field)
	var found []domain.OrganisationRow
	var codes []string
	for _, o := range d.organisations(&reading{draft: d, today: r.today}) {
		switch {
		case o.Kind != domain.Practice && o.Kind != domain.PCN:
		case strings.EqualFold(o.Code, named):
			return o
		case strings.EqualFold(o.Name, named):
			found, codes = append(found, o), append(codes, o.Code)
		}
	}
	switch {
	case len(found) == 1:
		return found[0]
	case named == "":
		r.wrong(beforePage, field, "Enter its name or its code.")
	case found == nil:
		r.wrong(beforePage, field, "No practice or network here has the name or code “%s”.", domain.Clip(named))
	default:
		r.wrong(beforePage, field, "Several are called “%s”. Write the code: %s.", domain.Clip(named), strings.Join(codes, " or "))
	}
	return domain.OrganisationRow{Code: named, Name: named}
}

// instrumentOf is the instrument that does what the part says.
func instrumentOf(part any) domain.Instrument {
	var i domain.Instrument
	switch part := part.(type) {
	case *domain.FormExecutive:
		i.FormExecutive = part
	case *domain.AssignDuty:
		i.AssignDuty = part
	case *domain.GrantDelegation:
		i.GrantDelegation = part
	case *domain.Appoint:
		i.Appoint = part
	case *domain.AdoptPosition:
		i.AdoptPosition = part
	case *domain.CreateActions:
		i.CreateActions = part
	}
	return i
}

// beforeTitle is a title for what the agreement made, where nobody typed one.
func (d *Draft) beforeTitle(i *domain.Instrument, meeting string) string {
	office := func(handle string) string {
		for _, p := range d.people(&reading{draft: d}) {
			if p.Handle == handle {
				return p.Office
			}
		}
		return handle
	}
	switch {
	case i.FormExecutive != nil:
		return "The executive"
	case i.AssignDuty != nil:
		return domain.FirstUpper(i.AssignDuty.Duty.Words()) + ": " + office(i.AssignDuty.Person)
	case i.GrantDelegation != nil && i.GrantDelegation.To != domain.ToExecutive:
		return "What " + office(i.GrantDelegation.To) + " may do"
	case i.GrantDelegation != nil:
		return "What the executive may do"
	case i.Appoint != nil:
		return "Who speaks for us at " + meeting
	case i.AdoptPosition != nil:
		return "Our position on " + domain.MatterWords(i.AdoptPosition.Matter)
	}
	return "What is to be done"
}
