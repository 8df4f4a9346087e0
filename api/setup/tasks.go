package setup

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	jsonv1 "github.com/go-json-experiment/json/v1"
	"github.com/google/uuid"

	"goldenthread/api/access"
	"goldenthread/api/identity"
	"goldenthread/api/operation"
	"goldenthread/api/problem"
	"goldenthread/api/web"
	"goldenthread/domain"
	"goldenthread/projections"
)

// draftsAt is where groups are that are being set up.
const draftsAt = identity.OperatorPages + "/setup"

func (d *Draft) at() string { return draftsAt + "/" + d.ID }

func (s *Setup) beginDraft(w http.ResponseWriter, r *http.Request) error {
	d, err := s.drafts.begin(r.Context())
	if err != nil {
		return err
	}
	http.Redirect(w, r, d.at()+"/"+pages[0].name, http.StatusSeeOther)
	return nil
}

func (s *Setup) giveUp(w http.ResponseWriter, r *http.Request) error {
	if _, err := s.drafts.read(r.Context(), r.PathValue("id")); err != nil {
		return err
	}
	if err := s.drafts.drop(r.Context(), r.PathValue("id")); err != nil {
		return err
	}
	http.Redirect(w, r, identity.OperatorPages, http.StatusSeeOther)
	return nil
}

func (s *Setup) taskList(w http.ResponseWriter, r *http.Request) error {
	d, err := s.drafts.read(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	_, faults := s.read(d)
	body := &web.TaskList{Name: d.Name(), At: d.at(), Changed: d.Changed}
	for _, p := range pages {
		t := web.Task{Title: p.title, At: d.at() + "/" + p.name, Optional: p.need == optional, Suggested: p.need == suggested}
		if _, t.Saved = d.Typed[p.name]; t.Saved {
			t.Faults = len(of(p.name, faults))
		}
		body.Tasks = append(body.Tasks, t)
	}
	return s.show(w, r, http.StatusOK, body, nil, nil)
}

// read reads the whole draft, and finds all that is wrong with it by itself.
func (s *Setup) read(d *Draft) (*domain.Found, []fault) {
	reading := &reading{draft: d, today: s.ledgers.Today()}
	c := d.found(reading)
	for _, r := range domain.Describe(c).Check(c) {
		reading.refuse(r, r.Part)
	}
	return c, reading.faults
}

// of are the faults of that page.
func of(page string, all []fault) []web.Fault {
	var found []web.Fault
	for _, f := range all {
		if f.page == page {
			found = append(found, f.Fault)
		}
	}
	return found
}

func (s *Setup) draftPage(w http.ResponseWriter, r *http.Request) error {
	d, err := s.drafts.read(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	p, n, known := pageOf(r.PathValue("page"))
	if !known {
		return problem.New(http.StatusNotFound, "There is no such page.")
	}
	var faults []web.Fault
	if _, saved := d.Typed[p.name]; saved && r.URL.Query().Get("then") == "" {
		_, all := s.read(d)
		faults = of(p.name, all)
	}
	return s.drawDraftPage(w, r, http.StatusOK, d, p, n, faults)
}

// drawDraftPage shows the page as it was filled in, with what is wrong on it.
func (s *Setup) drawDraftPage(w http.ResponseWriter, r *http.Request, status int, d *Draft, p page, n int, faults []web.Fault) error {
	parts := p.parts(d)
	d.fill(p.name, parts)
	sheet := &web.Sheet{Form: web.Form{ID: "draft"}, Parts: parts, Button: "Save and continue"}
	var filled *web.Filled
	if len(faults) > 0 {
		filled = &web.Filled{Form: "draft", Values: d.Typed[p.name], Faults: faults}
		filled.Place(parts)
		sheet.Refused = filled
	}
	body := &web.DraftPage{Heading: p.title, Say: p.say, Back: d.at(), Step: p.step()}
	switch p.name {
	case practicesPage:
		body.Listed, sheet.Multipart = d.listedWords(), true
	case "words":
		if d.said("words", "text") != "" {
			body.Words = strings.Split(d.template(), "\n\n")
		}
	case "people":
		body.Table, body.Example = d.at()+"/table", draftsAt+"/people.csv"
	case beforePage:
		body.Table, body.Example = d.at()+"/before/table", draftsAt+"/before.csv"
		body.Files, body.Evidence, body.Endings = d.at()+"/evidence", d.Evidence, access.DocumentEndings()
	}
	body.Taken = d.Table[p.name]
	return s.show(w, r, status, body, filled, map[string]*web.Sheet{"draft": sheet})
}

// after names the page that follows: the next that is needed or, where something else was
// saved before than is suggested, that one; from others one goes back to check the answers.
func (d *Draft) after(n int) string {
	if pages[n].need == needed {
		for _, p := range pages[n+1:] {
			if _, saved := d.Typed[p.name]; p.need == needed || p.need == suggested && saved {
				return p.name
			}
		}
	}
	return "check"
}

// listedWords says what was taken of official lists; "" if nothing was.
func (d *Draft) listedWords() string {
	counts := map[domain.OrganisationKind]int{}
	for _, row := range d.Listed {
		counts[row.Kind]++
	}
	if len(d.Listed) == 0 {
		return ""
	}
	return fmt.Sprintf("%s in %s were taken from the lists. Read the files again to choose others.", domain.Count(counts[domain.Practice], "practice"), domain.Count(counts[domain.PCN], "network"))
}

// saveDraftPage keeps what was typed, whatever is wrong with it, and goes on if nothing is.
func (s *Setup) saveDraftPage(w http.ResponseWriter, r *http.Request) error {
	p, n, known := pageOf(r.PathValue("page"))
	if !known {
		return problem.New(http.StatusNotFound, "There is no such page.")
	}
	form, files, err := readDraftForm(w, r)
	if err != nil {
		return err
	}
	then, at := form.Get("then"), ""
	for _, not := range []string{"command", "form", "key", "then", "file"} {
		form.Del(not)
	}
	d, err := s.drafts.change(r.Context(), r.PathValue("id"), func(d *Draft) {
		if grid, more := strings.CutPrefix(then, "row "); more {
			row := rowsIn(form, grid)
			form.Set(rowField(grid, row, "more"), "")
			at = fmt.Sprintf("#draft-%s-%d", grid, row)
		}
		d.Typed[p.name] = form
		delete(d.Table, p.name)
		if p.name == "words" && d.said("words", "text") == d.template() {
			form.Set("text", "") // nobody changed it
		}
	})
	if err != nil {
		return err
	}
	if then != "" {
		http.Redirect(w, r, d.at()+"/"+p.name+"?then=more"+at, http.StatusSeeOther)
		return nil
	}
	if len(files) > 0 {
		return s.readLists(w, r, d, files)
	}
	return s.goOn(w, r, d, n)
}

// goOn leads to the page that follows, if nothing is wrong on this one.
func (s *Setup) goOn(w http.ResponseWriter, r *http.Request, d *Draft, n int) error {
	_, all := s.read(d)
	if faults := of(pages[n].name, all); len(faults) > 0 {
		return s.drawDraftPage(w, r, http.StatusUnprocessableEntity, d, pages[n], n, faults)
	}
	http.Redirect(w, r, d.at()+"/"+d.after(n), http.StatusSeeOther)
	return nil
}

// checkAnswers shows all answers, all that is wrong, and what it takes after founding.
func (s *Setup) checkAnswers(w http.ResponseWriter, r *http.Request) error {
	d, err := s.drafts.read(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return s.drawAnswers(w, r, http.StatusOK, d, nil)
}

func (s *Setup) drawAnswers(w http.ResponseWriter, r *http.Request, status int, d *Draft, refused error) error {
	c, faults := s.read(d)
	body := &web.Answers{Name: d.Name(), Back: d.at()}
	var before []projections.ScheduleLine
	for _, p := range pages {
		if !d.answered(p) {
			body.Mends = append(body.Mends, web.Mend{Say: "Fill in the page: " + p.title + ".", At: d.at() + "/" + p.name})
		}
	}
	if len(faults) == 0 && body.Mends == nil {
		trial, is := s.try(r, d, c)
		if is != nil {
			reading := &reading{draft: d, today: s.ledgers.Today()}
			d.found(reading)
			reading.refuse(is, is.Part)
			faults = reading.faults
		} else {
			before = projections.ScheduleOf(trial)
			body.Incomplete, body.Then = trial.Incomplete(s.ledgers.Today()), trial.MissingToEstablish(s.ledgers.Today())
		}
	}
	body.Answers = d.answers(c, before)
	for _, f := range faults {
		body.Mends = append(body.Mends, d.mend(f))
	}
	if refused != nil {
		p := problem.Of(r.Context(), s.log, refused)
		body.Mends = append(body.Mends, web.Mend{Say: p.Detail, Rule: p.Rule, At: d.at()})
	}
	sheet := &web.Sheet{Form: web.Form{ID: "found"}, Button: "Found the group"}
	return s.show(w, r, status, body, nil, map[string]*web.Sheet{"found": sheet})
}

// mend is where on which page the fault is to be mended.
func (d *Draft) mend(f fault) web.Mend {
	at, title := d.at(), ""
	if p, _, known := pageOf(f.page); known {
		at, title = d.at()+"/"+p.name, p.title+": "
		filled := &web.Filled{Form: "draft", Faults: []web.Fault{f.Fault}}
		filled.Place(p.parts(d))
		f.Fault = filled.Faults[0]
		at += "#" + filled.Ref(f.Fault)
	}
	return web.Mend{Say: title + f.Say, Rule: f.Rule, At: at}
}

// answered says whether the page was saved, or need not be.
func (d *Draft) answered(p page) bool {
	_, saved := d.Typed[p.name]
	return saved || p.need != needed
}

// try is what the group would be, or why it can't be founded. Nothing is recorded.
func (s *Setup) try(r *http.Request, d *Draft, c *domain.Found) (*domain.View, *domain.Refusal) {
	state, err := s.store.State(r.Context(), d.address())
	if err != nil {
		return nil, problem.NotNow("F1", "The group %q can’t be read: choose another short name in addresses.", domain.Clip(d.address()))
	}
	req := &domain.Request{Group: d.address(), ID: uuid.MustParse(d.ID), Hash: domain.HashOf(c), Actor: c.Founder, Way: domain.ByOperator, Command: c}
	trial, refusal := state.View().Try(req, s.ledgers.Clock())
	if refusal != nil {
		return nil, refusal
	}
	after := state.Copy()
	for i := range trial.Events {
		after.Apply(&trial.Events[i])
	}
	return after.View(), nil
}

// foundGroup founds the group by the command that JSON sends, and then forgets the draft.
func (s *Setup) foundGroup(w http.ResponseWriter, r *http.Request) error {
	d, err := s.drafts.read(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	c, faults := s.read(d)
	if len(faults) > 0 || slices.ContainsFunc(pages, func(p page) bool { return !d.answered(p) }) {
		return s.drawAnswers(w, r, http.StatusUnprocessableEntity, d, nil)
	}
	if err := s.bringEvidence(r.Context(), d, c); err != nil {
		return s.drawAnswers(w, r, http.StatusUnprocessableEntity, d, err)
	}
	body, err := json.Marshal(c, jsonv1.OmitEmptyWithLegacySemantics(true)) // which leaves out a number that was not given
	if err != nil {
		return err
	}
	kind := domain.CommandKind{Name: "found", New: func() domain.Command { return &domain.Found{} }}
	if _, err := s.ledgers.Record(r.Context(), kind, &access.CommandInput{Group: d.address(), Key: d.ID, JSONBody: operation.JSONBody{Bytes: body}}); err != nil {
		return s.drawAnswers(w, r, http.StatusUnprocessableEntity, d, err)
	}
	if err := s.drafts.drop(r.Context(), d.ID); err != nil {
		s.log.WarnContext(r.Context(), "the draft of a founded group could not be deleted", "draft", d.ID, "error", err)
	}
	http.Redirect(w, r, groupsAt+"/"+url.PathEscape(d.address()), http.StatusSeeOther)
	return nil
}
