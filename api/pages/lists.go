package pages

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"

	"goldenthread/api/access"
	"goldenthread/api/caller"
	"goldenthread/api/guard"
	"goldenthread/api/lists"
	"goldenthread/api/operation"
	"goldenthread/api/problem"
	"goldenthread/api/web"
	"goldenthread/domain"
	"goldenthread/projections"
)

// Official lists, and tables of people and mandates (rules O1, O3, L2): what one would
// change is shown before it is taken over. What was brought stays in memory, and comes
// back with the page that shows it.

// mostBrought is how much of files one form brings, in bytes.
const mostBrought = lists.MostBytes + 1<<20

// listCommands take over what was brought.
var listCommands = []string{"import-organisations", "record-together"}

func listsPage(a *asked) (web.Body, error) {
	return &web.Lists{Brings: a.may(&domain.ImportOrganisations{}), Subjects: a.State().Charter().Matters}, nil
}

// bringList shows what a list or table would change, or takes over what was shown.
func (s *Pages) bringList(*page) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		q, err := s.ledgers.See(r.Context(), &access.Terms{Group: r.PathValue("group")}, access.Followers)
		if err == nil && !q.State().Allows(q.Caller.Person, &domain.ImportOrganisations{}, q.At) { // before anything that was brought is read
			_, err = q.State().May(q.Caller.Person, &domain.ImportOrganisations{}, q.At)
		}
		if err != nil {
			s.Fail(w, r, problem.Of(r.Context(), s.log, err))
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, mostBrought)
		if err := r.ParseMultipartForm(mostBrought); err != nil {
			var large *http.MaxBytesError
			if errors.As(err, &large) {
				s.Fail(w, r, problem.New(http.StatusRequestEntityTooLarge, fmt.Sprintf("That is too much at once: at most %d MB fit.", lists.MostBytes>>20)))
				return
			}
			s.Fail(w, r, problem.New(http.StatusBadRequest, "The form could not be read."))
			return
		}
		if name := r.FormValue("command"); name != "" {
			s.takeList(w, r, name)
			return
		}
		p := &page{path: "/lists", things: access.Followers, body: func(a *asked) (web.Body, error) { return a.brought() }}
		s.showList(w, r, p)
	}
}

func (s *Pages) showList(w http.ResponseWriter, r *http.Request, p *page) {
	b, _, err := s.draw(r, p, sent{form: url.Values{}})
	if err != nil {
		s.Fail(w, r, problem.Of(r.Context(), s.log, err))
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	writePage(w, r, http.StatusOK, b)
}

// takeList records what was shown, if nothing was recorded meanwhile.
func (s *Pages) takeList(w http.ResponseWriter, r *http.Request, name string) {
	kind, ok := domain.CommandNamed(name)
	if !ok || !slices.Contains(listCommands, name) {
		s.Fail(w, r, problem.New(http.StatusUnprocessableEntity, "This form is not known here, so nothing was recorded."))
		return
	}
	next, err := strconv.ParseUint(r.FormValue("next"), 10, 64)
	day, notDay := domain.ParseDay(r.FormValue("day"))
	if err != nil || notDay != nil {
		s.Fail(w, r, problem.New(http.StatusBadRequest, "The form could not be read."))
		return
	}
	in := &access.CommandInput{Group: r.PathValue("group"), Key: r.FormValue("key"), Basis: &domain.Basis{Next: next, Day: day}, JSONBody: operation.JSONBody{Bytes: []byte(r.FormValue("body"))}}
	out, err := s.ledgers.Record(r.Context(), kind, in)
	if err == nil {
		to := url.URL{Path: guard.GroupPages + url.PathEscape(in.Group) + "/lists"}
		if len(out.Body.Refs) > 0 && strings.HasPrefix(out.Body.Refs[len(out.Body.Refs)-1], "N") {
			to.Path = guard.GroupPages + url.PathEscape(in.Group) + "/waiting"
		}
		if name == domain.CommandName(&domain.ImportOrganisations{}) {
			name = "list"
		}
		to.RawQuery = url.Values{"recorded": {name}, "atLeast": {strconv.FormatUint(out.Body.Index, 10)}}.Encode()
		http.Redirect(w, r, to.String(), http.StatusSeeOther)
		return
	}
	faults, refused := s.faultsOf(r.Context(), err)
	caller.LogRefused(r.Context(), s.log, name, refused)
	if refused.Status >= http.StatusInternalServerError {
		s.Fail(w, r, refused)
		return
	}
	s.showList(w, r, &page{path: "/lists", things: access.Followers, body: func(a *asked) (web.Body, error) {
		body := &web.Lists{Brings: true, Subjects: a.State().Charter().Matters}
		for _, f := range faults {
			body.Faults = append(body.Faults, web.ListFault{Say: f.Say})
		}
		return body, nil
	}})
}

// brought is the page with what was brought, and what it would change or what is wrong.
func (a *asked) brought() (web.Body, error) {
	body := &web.Lists{Brings: true, Subjects: a.State().Charter().Matters, Open: a.r.FormValue("what"), Pasted: a.r.FormValue("pasted")}
	files, err := filesOf(a.r)
	if err == nil {
		body.Preview, err = a.preview(files)
	}
	var faults lists.Faults
	var refused *domain.Refusal
	switch {
	case errors.As(err, &faults):
		for _, f := range faults {
			say := f.Say
			f.Say = ""
			body.Faults = append(body.Faults, web.ListFault{Where: strings.TrimSuffix(f.Error(), ": "), Say: say})
		}
	case errors.As(err, &refused):
		body.Faults = []web.ListFault{{Say: refused.Say}}
	case err != nil:
		return nil, err
	}
	return body, nil
}

func (a *asked) preview(files []lists.File) (*web.ListPreview, error) {
	switch a.r.FormValue("what") {
	case "official":
		return a.previewOfficial(files)
	case "people":
		return a.previewPeople(files)
	case "mandates":
		return a.previewMandates(files)
	}
	return nil, problem.New(http.StatusUnprocessableEntity, "This form is not known here, so nothing was recorded.")
}

// filesOf are the files that a form brought, and what was pasted.
func filesOf(r *http.Request) ([]lists.File, error) {
	var files []lists.File
	for _, h := range r.MultipartForm.File["files"] {
		if h.Size == 0 && h.Filename == "" {
			continue
		}
		b, err := readAll(h)
		if err != nil {
			return nil, err
		}
		files = append(files, lists.File{Name: h.Filename, Body: b})
	}
	if pasted := r.FormValue("pasted"); strings.TrimSpace(pasted) != "" {
		files = append(files, lists.File{Name: "what you pasted", Body: []byte(pasted)})
	}
	if len(files) == 0 {
		return nil, lists.Faults{{Say: "Choose a file, or paste a table."}}
	}
	return files, nil
}

func readAll(h *multipart.FileHeader) ([]byte, error) {
	f, err := h.Open()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

// only is the one file of a table.
func only(files []lists.File) (lists.File, error) {
	if len(files) > 1 {
		return lists.File{}, lists.Faults{{Say: "Bring one table at a time: a file, or what you paste."}}
	}
	return files[0], nil
}

// previewOfficial is what official lists would change.
func (a *asked) previewOfficial(files []lists.File) (*web.ListPreview, error) {
	official, err := lists.ReadOfficial(files, 0, a.At)
	if err != nil {
		return nil, err
	}
	known := map[string]domain.OrganisationKind{}
	for code, o := range a.State().Organisations {
		known[code] = o.Kind
	}
	choice := official.ChoiceFor(a.State().Place, known)
	if named := strings.FieldsFunc(strings.ToUpper(a.r.FormValue("places")), func(r rune) bool { return r == ',' || r == ' ' || r == ';' }); len(named) > 0 {
		if choice, err = official.Named(choice, named); err != nil {
			return nil, err
		}
	} else if len(choice.Places)+len(choice.PCNs) == 0 {
		return nil, lists.Faults{{Say: "Nothing in these lists belongs to your place yet. Write which sub-ICBs or PCNs to take."}}
	}
	taking := official.Take(choice)
	commands := taking.Commands()
	if len(commands) == 0 {
		return nil, lists.Faults{{Say: "There is no practice and no PCN in these files, or none in that place."}}
	}
	c := &commands[0]
	p, trial, err := a.tryList(c)
	if err != nil {
		return nil, err
	}
	says := projections.ListPreviewOf(c, trial)
	p.Heading = "What the list of " + c.On.Words() + " would change"
	p.Say = append(p.Say, "It was read for "+official.Words(choice)+", with "+domain.Count(says.Organisations, "organisation")+".")
	if len(commands) > 1 {
		p.Say = append(p.Say, fmt.Sprintf("The lists are taken over in %d parts. This is the first: bring them again for the next.", len(commands)))
	}
	p.Groups, p.Follows, p.Waits = web.ListGroups(says.Changes), says.Follows, says.Waits
	p.Notes = slices.Concat(says.LeftOut, says.Contradicted, official.Notes, taking.Notes)
	switch {
	case says.Repeat:
		p.Say, p.Command = append(p.Say, "The same waits already to be confirmed."), ""
	case len(says.Changes) == 0:
		p.Say, p.Command = append(p.Say, "Everything in it is known already. There is nothing to record."), ""
	}
	return p, nil
}

// tryList is what the command would do, and the preview that takes it over.
func (a *asked) tryList(c domain.Command) (*web.ListPreview, *domain.Trial, error) {
	b, err := json.Marshal(c)
	if err != nil {
		return nil, nil, err
	}
	name := domain.CommandName(c)
	kind, _ := domain.CommandNamed(name)
	trial, err := a.server.ledgers.Try(a.r.Context(), kind, &access.CommandInput{Group: a.r.PathValue("group"), JSONBody: operation.JSONBody{Bytes: b}})
	if err != nil {
		return nil, nil, err
	}
	return &web.ListPreview{Command: name, JSON: string(b), Next: trial.Basis.Next, Day: trial.Basis.Day.String()}, &trial, nil
}

// listBodies are the organisations that a table may name.
func (a *asked) listBodies() []lists.Body {
	var all []lists.Body
	for _, code := range domain.SortedNumbers(a.State().Organisations) {
		if o := a.State().Organisations[code]; o.OpenOn(a.At) {
			all = append(all, lists.Body{Code: code, Name: o.NameOn(a.At)})
		}
	}
	return all
}

func (a *asked) previewPeople(files []lists.File) (*web.ListPreview, error) {
	f, err := only(files)
	if err != nil {
		return nil, err
	}
	bodies := a.listBodies()
	table, err := lists.ReadPeople(f, bodies)
	if err != nil {
		return nil, err
	}
	known, err := a.knownPeople()
	if err != nil {
		return nil, err
	}
	c := lists.ComparePeople(table, known, bodies, strings.TrimSpace(a.r.FormValue("evidence")), a.At)
	return a.previewTable("What the table of people would change", f.Name, c)
}

// knownPeople are everybody whom the ledger knows, with what they do, and what is
// recorded of that and waits to be confirmed.
func (a *asked) knownPeople() ([]lists.Person, error) {
	s := a.State()
	var known []lists.Person
	for page := 1; page != 0; {
		all, err := a.server.ledgers.People(a.Question, &access.PeopleInput{Paging: access.Paging{Page: strconv.Itoa(page)}})
		if err != nil {
			return nil, err
		}
		for _, m := range all.People {
			p := lists.Person{ID: m.ID, Handle: m.Handle, Office: m.Office, Hidden: m.Personal == nil && len(m.Sealed) > 0}
			if m.Organisation != nil {
				p.Organisation = m.Organisation.Code
			}
			if m.Personal != nil {
				p.Personal = *m.Personal
			}
			p.Roles = rolesOf(s, m.ID, m.Handle)
			known = append(known, p)
		}
		page = all.Next
	}
	return known, nil
}

func rolesOf(s *domain.View, id, handle string) []lists.PersonRole {
	var roles []lists.PersonRole
	for code, seat := range s.Seats {
		for _, h := range seat.Holders {
			if h.Person == id {
				roles = append(roles, lists.PersonRole{Role: lists.Role(h.Role), Organisation: code, Span: h.Span})
			}
		}
	}
	for code, o := range s.Organisations {
		for _, t := range o.Spokespeople {
			if t.Person == id {
				roles = append(roles, lists.PersonRole{Role: lists.Spokesperson, Organisation: code, Span: t.Span})
			}
		}
	}
	for _, k := range s.Pending() {
		if n := k.Command.NameHolder; n != nil && (n.Person == id || n.Person == handle) {
			roles = append(roles, lists.PersonRole{Role: lists.Role(n.Role), Organisation: n.Seat, Span: n.Span})
		}
		if n := k.Command.RecordSpokesperson; n != nil && (n.Person == id || n.Person == handle) {
			roles = append(roles, lists.PersonRole{Role: lists.Spokesperson, Organisation: n.Organisation, Span: n.Span})
		}
	}
	return roles
}

func (a *asked) previewMandates(files []lists.File) (*web.ListPreview, error) {
	f, err := only(files)
	if err != nil {
		return nil, err
	}
	bodies := a.listBodies()
	table, err := lists.ReadMandates(f, bodies, a.State().Charter().Matters)
	if err != nil {
		return nil, err
	}
	return a.previewTable("What the table of mandates would change", f.Name, lists.CompareMandates(table, a.knownMandates(), bodies, a.At))
}

// knownMandates are those in force or recorded and waiting, what is asked for, and what was
// refused.
func (a *asked) knownMandates() []lists.KnownMandate {
	var known []lists.KnownMandate
	for _, m := range a.State().Mandates {
		if m.To == "" && !m.Withdrawal && m.Covers(max(a.At, m.From)) {
			known = append(known, lists.KnownMandate{Organisation: m.Organisation, Matters: m.Matters, Review: m.Review, Span: m.Span})
		}
	}
	for code, m := range a.Refusals(a.At) {
		known = append(known, lists.KnownMandate{Organisation: code, Refused: true, Matters: m.Matters})
	}
	for _, m := range a.State().Asked {
		known = append(known, lists.KnownMandate{Organisation: m.Organisation, Asked: true, Matters: m.Matters})
	}
	for _, k := range a.State().Pending() {
		if m := k.Command.GrantMandate; m != nil && m.To == "" {
			known = append(known, lists.KnownMandate{Organisation: m.Organisation, Matters: m.Matters, Review: m.Review, Span: m.Span})
		}
		if m := k.Command.WithdrawMandate; m != nil && m.From == "" {
			known = append(known, lists.KnownMandate{Organisation: m.Organisation, Refused: true, Matters: m.Matters})
		}
	}
	return known
}

// mostRefused is how many rows that the rules refuse are found at once.
const mostRefused = 50

// previewTable is what the table would change. Each row that the rules refuse is a fault,
// and all of them are found: whoever mends one does not meet the next.
func (a *asked) previewTable(heading, file string, c *lists.Comparison) (*web.ListPreview, error) {
	p := &web.ListPreview{Heading: heading, Say: []string{fmt.Sprintf("%d new, %d changed, %d the same.", c.Count(lists.New), c.Count(lists.Changed), c.Count(lists.Same))}}
	for _, f := range c.Findings {
		p.Findings = append(p.Findings, web.ListFinding{Row: f.Row, Verdict: string(f.Verdict), Who: f.Who, Says: domain.List(f.Says)})
	}
	if c.Command.Empty() {
		p.Say = append(p.Say, "There is nothing to record.")
		return p, nil
	}
	var faults lists.Faults
	for range mostRefused {
		tried, trial, err := a.tryList(&c.Command)
		var refused *domain.Refusal
		switch {
		case err == nil && faults == nil:
			says := projections.TrialOf(domain.CommandKind{Name: tried.Command}, trial)
			p.Command, p.JSON, p.Next, p.Day = tried.Command, tried.JSON, tried.Next, tried.Day
			p.Follows, p.Waits = slices.Concat(says.Follows, says.Waits), waitsFor(trial)
			return p, nil
		case err == nil:
			return nil, faults
		case !errors.As(err, &refused):
			return nil, err
		}
		row := c.RowOf(refused.Part)
		faults = append(faults, lists.Fault{File: file, Row: row, Say: refused.Say})
		if row == 0 || !c.Leave(refused.Part) {
			break
		}
	}
	return nil, faults
}

// waitsFor are those whose word what would be recorded waits for.
func waitsFor(t *domain.Trial) []string {
	var of []string
	for i := range t.Events {
		if k, waits := t.Events[i].Data.(*domain.RecordKept); waits {
			for _, one := range k.Of {
				if name := t.After.WordOfWhom(one); !slices.Contains(of, name) {
					of = append(of, name)
				}
			}
		}
	}
	return of
}

// listTemplates are the tables that people fill in, by the file's name.
var listTemplates = map[string]func() []byte{"people.csv": lists.PeopleTemplate, "mandates.csv": lists.MandatesTemplate}

// listTemplate answers with a table to be filled in.
func (s *Pages) listTemplate(w http.ResponseWriter, r *http.Request) {
	if err := s.belongs(r.Context(), r.PathValue("group")); err != nil {
		s.Fail(w, r, problem.Of(r.Context(), s.log, err))
		return
	}
	make, ok := listTemplates[r.PathValue("name")]
	if !ok {
		s.Fail(w, r, problem.New(http.StatusNotFound, "There is no such template."))
		return
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", "attachment; filename="+strconv.Quote(r.PathValue("name")))
	w.Write(make())
}

func (s *Pages) belongs(ctx context.Context, group string) error {
	_, err := s.ledgers.CallerIn(ctx, group)
	return err
}
