package setup

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	jsonv1 "github.com/go-json-experiment/json/v1"

	"goldenthread/api/access"
	"goldenthread/api/caller"
	"goldenthread/api/operation"
	"goldenthread/api/problem"
	"goldenthread/api/web"
	"goldenthread/domain"
)

// Mandates of all practices on one page. Many are asked for, or recorded from paper, at
// once: each by its own command, as on the practice's own page (rules M1, M5, O3).

func (s *Setup) mandatesPage(w http.ResponseWriter, r *http.Request) error {
	j, err := s.joining(r)
	if err != nil {
		return err
	}
	return s.drawMandates(w, r, http.StatusOK, j, nil, nil)
}

// drawMandates shows the page, with what became of what was sent and what is wrong in it.
func (s *Setup) drawMandates(w http.ResponseWriter, r *http.Request, status int, j *joins, filled *web.Filled, done []web.Outcome) error {
	j.frame.Path = "mandates"
	body := &web.AllMandates{Done: done}
	view := j.g.State()
	coverage := view.CoverageOn("", j.today)
	outside := map[string]domain.Outsider{}
	for _, o := range coverage.Outside {
		outside[o.ODS] = o
	}
	coverage.Outside = nil // each is named below
	body.Say = "Behind the group: " + coverage.Words() + "."
	person := ""
	if j.frame.Me != nil {
		person = j.frame.Me.ID
	}
	for _, o := range view.PracticesOn(j.today) {
		code := o.Code
		line := web.MandateOf{Code: code, Name: o.Name, State: "given"}
		if out, is := outside[code]; is {
			line.State, line.Why = mandateState(view, code, out.Why)
		}
		line.Paper = person != "" && view.Allows(person, &domain.GrantMandate{Organisation: code}, j.today)
		line.Ask = person != "" && line.State != "given" && view.Allows(person, &domain.AskMandate{Organisation: code}, j.today)
		body.Paper, body.Asks = body.Paper || line.Paper, body.Asks || line.Ask
		body.Practices = append(body.Practices, line)
	}
	slices.SortFunc(body.Practices, func(a, b web.MandateOf) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Code, b.Code))
	})
	if body.Paper || body.Asks {
		body.Ticked = map[string]bool{}
	}
	parts := mandateParts(body)
	if filled != nil {
		for i := range parts {
			parts[i].Values = filled.Values[parts[i].Name]
		}
		for _, code := range filled.Values["practice"] {
			body.Ticked[code] = true
		}
		filled.Place(parts)
	}
	body.Parts = parts
	return write(w, status, &web.Page{Frame: j.frame, Body: body, Filled: filled})
}

// mandateState says in an adjective where a practice stands that is not behind the group.
func mandateState(view *domain.View, code, why string) (state, because string) {
	for _, kept := range view.Pending() {
		if g := kept.Command.GrantMandate; g != nil && g.Organisation == code && kept.Waits() {
			return "on paper", "Recorded from paper, and waits for somebody to confirm it (" + kept.Number + ")."
		}
	}
	for _, asked := range slices.Backward(view.Asked) {
		if asked.Organisation == code {
			return "asked", "Asked on " + asked.On.Words() + " (" + asked.Number + "). " + domain.FirstUpper(why) + "."
		}
	}
	return "none", domain.FirstUpper(why) + "."
}

func mandateParts(body *web.AllMandates) []web.Piece {
	var do []web.Option
	if body.Paper {
		do = append(do, web.Option{Value: "paper", Words: "Record that they gave their mandate on paper"})
	}
	if body.Asks {
		do = append(do, web.Option{Value: "ask", Words: "Ask them for their mandate"})
	}
	if do == nil {
		return nil
	}
	parts := []web.Piece{{Type: "radios", Name: "do", Label: "What do you want to do for those that you ticked?", Options: do, Values: []string{do[0].Value}}}
	if body.Paper {
		parts = append(parts,
			web.Piece{Type: "words", Name: "evidence", Label: "If they gave it on paper: which minute or letter says so?", Hint: "Such as: partners’ minutes of 6 October 2026. Somebody else who speaks or sits for the practice confirms it."},
			web.Piece{Type: "date", Name: "until", Label: "Until when does the mandate last?", Hint: "Such as 31 December 2027. A mandate has an end or a review."},
			web.Piece{Type: "date", Name: "review", Label: "Or when is it to be looked at again?"})
	}
	if body.Asks {
		parts = append(parts, web.Piece{Type: "words", Name: "words", Label: "If you ask them: what do you ask?", Hint: "Such as: We ask you to stand behind the board for a year."})
	}
	return parts
}

// sendMandates records a command for each practice that was ticked, or says what is wrong
// before any is.
func (s *Setup) sendMandates(w http.ResponseWriter, r *http.Request) error {
	j, err := s.joining(r)
	if err != nil {
		return err
	}
	form, err := readForm(w, r)
	if err != nil {
		return err
	}
	commandFor, filled := readMandates(form)
	if filled.Faults != nil {
		return s.drawMandates(w, r, http.StatusUnprocessableEntity, j, filled, nil)
	}
	var done []web.Outcome
	for _, code := range form["practice"] {
		one := web.Outcome{Code: code, Name: code}
		if o := j.g.State().Organisations[code]; o != nil {
			one.Name = o.Name
		}
		command := commandFor(code)
		if err := s.recordFor(r.Context(), r.PathValue("group"), form.Get("key")+"-"+code, command); err != nil {
			p := problem.Of(r.Context(), s.log, err)
			if p.Status >= http.StatusInternalServerError {
				return err
			}
			caller.LogRefused(r.Context(), s.log, domain.CommandName(command), p)
			one.Refused = p.Detail
			filled.Faults = append(filled.Faults, web.Fault{Say: one.Name + ": " + p.Detail, Rule: p.Rule})
		}
		done = append(done, one)
	}
	if j, err = s.joining(r); err != nil { // as it is now
		return err
	}
	if filled.Faults != nil {
		return s.drawMandates(w, r, http.StatusUnprocessableEntity, j, filled, done)
	}
	return s.drawMandates(w, r, http.StatusOK, j, nil, done)
}

// readMandates reads the form: the command that it means for each practice, and all that is
// wrong with it.
func readMandates(form url.Values) (commandFor func(code string) domain.Command, filled *web.Filled) {
	filled = &web.Filled{Form: "mandates", Values: form}
	wrong := func(field, say string) {
		filled.Faults = append(filled.Faults, web.Fault{Part: field, Say: say, Bare: field != ""})
	}
	if len(form["practice"]) == 0 {
		wrong("", "Tick the practices that you mean.")
	}
	day := func(field string) domain.Day {
		said := strings.TrimSpace(form.Get(field))
		if said == "" {
			return 0
		}
		d, err := domain.ReadDay(said)
		if err != nil {
			wrong("/"+field, "Write a date, such as 31 December 2027.")
		}
		return d
	}
	switch form.Get("do") {
	case "paper":
		until, review := day("until"), day("review")
		commandFor = func(code string) domain.Command {
			return &domain.GrantMandate{Organisation: code, Evidence: strings.TrimSpace(form.Get("evidence")), Review: review, Span: domain.Span{Until: until}}
		}
	case "ask":
		commandFor = func(code string) domain.Command {
			return &domain.AskMandate{Organisation: code, Words: strings.TrimSpace(form.Get("words"))}
		}
	default:
		wrong("/do", "Choose one of them.")
	}
	return commandFor, filled
}

// recordFor has one command recorded as JSON would.
func (s *Setup) recordFor(ctx context.Context, group, key string, c domain.Command) error {
	body, err := json.Marshal(c, jsonv1.OmitEmptyWithLegacySemantics(true))
	if err != nil {
		return problem.New(http.StatusBadRequest, "The form could not be read.")
	}
	for _, kind := range domain.Commands {
		if kind.Name == domain.CommandName(c) {
			_, err := s.ledgers.Record(ctx, kind, &access.CommandInput{Group: group, Key: key, JSONBody: operation.JSONBody{Bytes: body}})
			return err
		}
	}
	return fmt.Errorf("there is no command %T", c)
}
