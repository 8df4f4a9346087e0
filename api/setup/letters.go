package setup

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"goldenthread/api/caller"
	"goldenthread/api/identity"
	"goldenthread/api/paper"
	"goldenthread/api/problem"
	"goldenthread/api/web"
	"goldenthread/domain"
	"goldenthread/projections"
)

// Letters to practices (rule M1): the registrar has them printed with a code each, behind
// which somebody at the practice answers without an account. Behind a code is that letter
// and what was answered to it, and nothing else of the group.

// writeLetters makes a code for each letter that is to be printed, and shows them this once.
// Before that it shows what would be recorded, and which codes would end.
func (s *Setup) writeLetters(w http.ResponseWriter, r *http.Request) error {
	group := r.PathValue("group")
	j, err := s.joining(r)
	if err != nil {
		return err
	}
	if j.frame.Group == "" {
		return identity.ErrOperatorOnly
	}
	form, err := readForm(w, r)
	if err != nil {
		return err
	}
	j.frame.Path = "mandates/letters"
	body := &web.MandateLetters{MandateLetters: j.g.MandateLetters(j.today)}
	until, err := domain.ReadDay(form.Get("until"))
	if err != nil {
		return s.refuseLetters(w, j, form, body, web.Fault{Part: "/until", Say: "Write a date, such as 31 January 2027.", Bare: true}, http.StatusUnprocessableEntity)
	}
	var practices []string
	for _, to := range body.To {
		practices = append(practices, to.Practice.Code)
	}
	if form.Get("then") == "back" {
		return write(w, http.StatusOK, &web.Page{Frame: j.frame, Body: body, Sheets: map[string]*web.Sheet{"write": web.LettersSheet(form.Get("until"))}})
	}
	check := checkLetters(j, body, form.Get("until"), until)
	codes, err := s.identity.WriteLetters(r.Context(), group, practices, until, form.Get("checked") != check.Fingerprint)
	if err == nil && codes == nil {
		check.Changed = form.Has("checked")
		return write(w, http.StatusOK, &web.Page{Frame: j.frame, Body: check})
	}
	if err != nil {
		p := problem.Of(r.Context(), s.log, err)
		if p.Status != http.StatusUnprocessableEntity {
			return err
		}
		return s.refuseLetters(w, j, form, body, web.Fault{Part: "/until", Say: p.Detail, Rule: p.Rule}, p.Status)
	}
	body.Until = until
	for i := range body.To {
		to := &body.To[i]
		to.Code = codes[to.Practice.Code]
		to.Link = linkOf(r, to.Code)
	}
	return write(w, http.StatusOK, &web.Page{Frame: j.frame, Body: body})
}

func linkOf(r *http.Request, code string) string {
	return caller.Origin(r.Context()) + identity.LetterPages + code
}

// lettersPDF are the letters with the codes that were sent, in one PDF. What is not the
// code of a letter that can be answered is refused.
func (s *Setup) lettersPDF(w http.ResponseWriter, r *http.Request) error {
	form, err := readForm(w, r)
	if err != nil {
		return err
	}
	var all []projections.MandateLetter
	of := map[string]*projections.MandateLetters{} // by group, and the last day of the codes
	for _, code := range form["code"] {
		l, state, err := s.identity.LetterWithCode(r.Context(), code)
		if err != nil {
			return err
		}
		if l == nil {
			return problem.NotFound("M1", "No letter has this code. Look at it again, or ask the group that sent the letter for a new one.")
		}
		if over := state.LetterOver(l, s.ledgers.Today()); over != nil {
			return over
		}
		from := state.Group + "/" + l.Until.String()
		if of[from] == nil {
			if of[from], err = s.lettersOf(r, state); err != nil {
				return err
			}
			of[from].Until = l.Until
		}
		one := of[from].Letter(projections.Body{Code: l.Organisation, Name: state.Organisations[l.Organisation].Name})
		one.Code, one.Link = code, linkOf(r, code)
		all = append(all, one)
	}
	pdf, err := paper.Letters(all)
	if err != nil {
		return err
	}
	name := "letters.pdf"
	if len(all) == 1 {
		name = "letter-" + all[0].Practice.Code + ".pdf"
	}
	w.Header().Set("Content-Type", paper.PDFType)
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	w.Header().Set("Cache-Control", "no-store")
	_, err = w.Write(pdf)
	return err
}

// lettersOf are the letters of the group today, as of the state.
func (s *Setup) lettersOf(r *http.Request, state *domain.State) (*projections.MandateLetters, error) {
	next := state.Next - 1
	g, err := s.ledgers.Groups.Now(r.Context(), state.Group, &next)
	if err != nil {
		return nil, err
	}
	return g.MandateLetters(s.ledgers.Today()), nil
}

// checkLetters is the page before the letters are written.
func checkLetters(j *joins, body *web.MandateLetters, typed string, until domain.Day) *web.Checking {
	state := j.g.State()
	check := &web.Checking{
		Of: body, ID: "write", Command: "write-letters", About: "Write letters with codes", Button: "Write letters with codes",
		Entered: []web.Entered{{Label: "Until when can they answer with the code?", Words: []string{until.Words()}}}, Carried: []web.Carried{{Name: "until", Value: typed}},
		Says: projections.Trial{On: j.today},
	}
	for _, to := range body.To {
		check.Says.Says = append(check.Says.Says, "A letter is written to "+to.Practice.Name+", with a code that is good until "+until.Words())
		for _, number := range slices.Sorted(maps.Keys(state.Letters)) {
			if l := state.Letters[number]; l.Organisation == to.Practice.Code && state.LetterOver(l, j.today) == nil {
				check.Says.Ends = append(check.Says.Ends, to.Practice.Name+" can answer the letter of "+l.On.Words()+" ("+l.Number+") with its code.")
			}
		}
	}
	sum := sha256.Sum256([]byte(strings.Join(slices.Concat(check.Says.Says, check.Says.Ends), "\n")))
	check.Fingerprint = hex.EncodeToString(sum[:16])
	return check
}

func (s *Setup) refuseLetters(w http.ResponseWriter, j *joins, form url.Values, body web.Body, fault web.Fault, status int) error {
	sheet := web.LettersSheet(form.Get("until"))
	filled := &web.Filled{Form: "write", Values: form, Faults: []web.Fault{fault}}
	filled.Place(sheet.Parts)
	sheet.Refused = filled
	return write(w, status, &web.Page{Frame: j.frame, Body: body, Filled: filled, Sheets: map[string]*web.Sheet{"write": sheet}})
}

// letterCodePage is where a code is typed that can't be pointed at with a phone.
func (s *Setup) letterCodePage(w http.ResponseWriter, r *http.Request) error {
	return s.show(w, r, http.StatusOK, web.LetterCode{}, nil, nil)
}

func (s *Setup) takeLetterCode(w http.ResponseWriter, r *http.Request) error {
	form, err := readForm(w, r)
	if err != nil {
		return err
	}
	http.Redirect(w, r, identity.LetterPages+url.PathEscape(strings.TrimSpace(form.Get("code"))), http.StatusSeeOther)
	return nil
}

// openLetter is the letter of the address and its page; nil where no letter has that code,
// which is then said.
func (s *Setup) openLetter(w http.ResponseWriter, r *http.Request) (*domain.Letter, *domain.State, *web.LetterPage, error) {
	l, state, err := s.identity.LetterWithCode(r.Context(), r.PathValue("code"))
	if err != nil {
		return nil, nil, nil, err
	}
	if l != nil {
		page, err := s.letterPageOf(r, l, state)
		return l, state, page, err
	}
	s.log.InfoContext(r.Context(), "the code of a letter was refused")
	filled := &web.Filled{Form: "code", Faults: []web.Fault{{Field: "code", Say: "No letter has this code. Look at it again, or ask the group that sent the letter for a new one."}}}
	return nil, nil, nil, s.show(w, r, http.StatusNotFound, web.LetterCode{}, filled, nil)
}

func (s *Setup) letterPageOf(r *http.Request, l *domain.Letter, state *domain.State) (*web.LetterPage, error) {
	of, err := s.lettersOf(r, state)
	if err != nil {
		return nil, err
	}
	letter := of.Letter(projections.Body{Code: l.Organisation, Name: state.Organisations[l.Organisation].Name})
	page := &web.LetterPage{Letter: letter, Code: r.PathValue("code")}
	if over := state.LetterOver(l, s.ledgers.Today()); over != nil {
		page.Over = over.Say
	}
	if l.Answer != nil {
		page.Said, page.Recorded = l.Answer.Said.Answered(), l.Recorded != 0
	}
	for _, number := range l.Questions {
		page.Questions = append(page.Questions, state.Questions[number])
	}
	return page, nil
}

func (s *Setup) letterPage(w http.ResponseWriter, r *http.Request) error {
	l, state, page, err := s.openLetter(w, r)
	if err != nil || l == nil {
		return err
	}
	return s.drawLetter(w, r, http.StatusOK, state, page, nil, nil)
}

// drawLetter shows the letter with its form, as it was filled in, unless it is over or what
// is about to be said is looked at.
func (s *Setup) drawLetter(w http.ResponseWriter, r *http.Request, status int, state *domain.State, page *web.LetterPage, form url.Values, faults []web.Fault) error {
	if page.Over != "" || page.Entered != nil {
		return s.show(w, r, status, page, nil, nil)
	}
	sheet := &web.Sheet{Form: web.Form{ID: "answer"}, Button: "Look at it before you send it", Parts: answerParts(state, form, s.ledgers.Today())}
	var filled *web.Filled
	if faults != nil {
		filled = &web.Filled{Form: "answer", Values: form, Faults: faults}
		filled.Place(sheet.Parts)
		sheet.Refused = filled
	}
	return s.show(w, r, status, page, filled, map[string]*web.Sheet{"answer": sheet})
}

// answerLetter shows what is about to be said and, sent from there, records it.
func (s *Setup) answerLetter(w http.ResponseWriter, r *http.Request) error {
	l, state, page, err := s.openLetter(w, r)
	if err != nil || l == nil {
		return err
	}
	form, err := readForm(w, r)
	if err != nil {
		return err
	}
	then := form.Get("then")
	for _, not := range []string{"command", "form", "key", "then"} {
		form.Del(not)
	}
	if page.Over != "" || then == "back" {
		return s.drawLetter(w, r, http.StatusOK, state, page, form, nil)
	}
	answer, faults := readAnswer(form)
	if faults == nil {
		if err := s.identity.AnswerLetter(r.Context(), l, state.Group, answer, then != "send"); err != nil {
			p := problem.Of(r.Context(), s.log, err)
			if p.Status >= http.StatusInternalServerError {
				return err
			}
			fault := web.Fault{Say: p.Detail, Rule: p.Rule}
			if len(p.Where) > 0 {
				fault.Part = p.Where[0]
			}
			faults = []web.Fault{fault}
		}
	}
	switch {
	case faults != nil:
		return s.drawLetter(w, r, http.StatusUnprocessableEntity, state, page, form, faults)
	case then == "send":
		http.Redirect(w, r, r.URL.Path, http.StatusSeeOther)
		return nil
	}
	page.Entered, page.Question = entered(answer, answerParts(state, form, s.ledgers.Today())), answer.Says == domain.SaidQuestion
	for _, name := range slices.Sorted(maps.Keys(form)) {
		for _, value := range form[name] {
			page.Carried = append(page.Carried, web.Carried{Name: name, Value: value})
		}
	}
	return s.drawLetter(w, r, http.StatusOK, state, page, form, nil)
}

// answerParts are the fields of the command that answers a letter, as they were filled in.
func answerParts(state *domain.State, form url.Values, today domain.Day) []web.Piece {
	types := map[domain.FieldKind]string{
		domain.TextField: "text", domain.WordsField: "words", domain.DateField: "date", domain.ChoiceField: "radios", domain.RefsField: "ticks",
	}
	var parts []web.Piece
	for _, f := range domain.Describe(&domain.AnswerLetter{}).Fields {
		p := web.Piece{Type: types[f.Kind], Name: f.Name, Label: f.Ask, Hint: f.Hint, Values: form[f.Name]}
		for _, c := range f.Choices {
			p.Options = append(p.Options, web.Option{Value: c.Value, Words: c.Words})
		}
		if f.Name == "matters" {
			for _, matter := range state.CharterOn(today).Charter.Matters {
				p.Options = append(p.Options, web.Option{Value: matter, Words: domain.MatterWords(matter)})
			}
		}
		parts = append(parts, p)
	}
	return parts
}

// readAnswer reads the form, and finds all that can't be read and what is missing.
func readAnswer(form url.Values) (*domain.AnswerLetter, []web.Fault) {
	said := func(name string) string { return strings.TrimSpace(form.Get(name)) }
	answer := &domain.AnswerLetter{
		Says: domain.LetterSays(said("says")), Matters: form["matters"], Conditions: said("conditions"), Words: said("words"), Office: said("office"), Evidence: said("evidence"),
	}
	var faults []web.Fault
	for name, day := range map[string]*domain.Day{"until": &answer.Until, "review": &answer.Review} {
		var err error
		if said(name) == "" {
			continue
		}
		if *day, err = domain.ReadDay(said(name)); err != nil {
			faults = append(faults, web.Fault{Part: "/" + name, Say: "Write a date, such as 31 December 2027.", Bare: true})
		}
	}
	for _, refusal := range domain.Describe(answer).Check(answer) {
		faults = append(faults, web.Fault{Part: refusal.Part, Say: refusal.Say, Rule: refusal.Rule})
	}
	return answer, faults
}

// entered is what was filled in and counts for that answer, to be looked at.
func entered(answer *domain.AnswerLetter, parts []web.Piece) []web.Entered {
	var all []web.Entered
	for _, p := range parts {
		words := p.Values
		if p.Options != nil {
			words = p.Chosen()
		}
		words = slices.DeleteFunc(slices.Clone(words), func(w string) bool { return strings.TrimSpace(w) == "" })
		ofYes := slices.Contains([]string{"matters", "until", "review", "conditions"}, p.Name)
		switch {
		case ofYes && answer.Says != domain.SaidYes, p.Name == "words" && answer.Says == domain.SaidYes, p.Name == "evidence" && answer.Says == domain.SaidQuestion:
			continue // says nothing with this answer
		case p.Name == "matters" && len(words) == 0:
			words = []string{"Everything"}
		}
		if len(words) > 0 {
			all = append(all, web.Entered{Label: p.Label, Words: words})
		}
	}
	return all
}
