package pages

import (
	"fmt"
	"reflect"
	"slices"

	"goldenthread/api/web"
	"goldenthread/domain"
	"goldenthread/projections"
)

// Where all practices stand with their mandates, on one page. Whoever keeps the register
// records for many at once what they said on paper, or asks them (rules M1, M2, M5, L2).

// What can be recorded for those that are ticked.
const (
	onPaper = "paper"
	saidNo  = "no"
	askThem = "ask"
)

func allMandatesPage(a *asked) (web.Body, error) {
	coverage := a.State().CoverageOn("", a.At)
	coverage.Outside = nil // each is named below
	body := &web.AllMandates{Say: domain.FirstUpper(a.State().ShortName) + " speaks for " + coverage.Words() + ". " + domain.SizeWords(a.State().SizeListsOn(a.At)), Brings: a.may(&domain.RecordTogether{})}
	var can []string
	due := a.mandatesDue(body)
	standings, err := a.standingsAsked(body, due)
	if err != nil {
		return nil, err
	}
	for _, s := range standings {
		line := web.MandateOf{PracticeStanding: s}
		if body.Brings {
			code := s.Practice.Code
			for _, one := range []struct {
				do      string
				command domain.Command
			}{{onPaper, &domain.GrantMandate{Organisation: code}}, {saidNo, &domain.WithdrawMandate{Organisation: code}}, {askThem, &domain.AskMandate{Organisation: code}}} {
				if a.may(one.command) {
					line.Tick = true
					if !slices.Contains(can, one.do) {
						can = append(can, one.do)
					}
				}
			}
		}
		line.Ticked = slices.Contains(due, s.Practice.Code)
		if a.form != nil {
			line.Ticked = slices.Contains(a.form["practice"], s.Practice.Code)
		}
		body.Practices = append(body.Practices, line)
	}
	if can != nil {
		o := offered{id: "mandates", command: &domain.RecordTogether{}, filtered: true, Sheet: web.Sheet{Button: "Check it"}}
		o.more = func(f *filling) []web.Piece { return a.mandateParts(can, f) }
		if a.check != nil {
			o.entered = []web.Entered{{Label: "Practices", Words: body.Ticked()}}
		}
		a.offer(o)
	}
	a.offerAnswers()
	return body, nil
}

// mandatesEach is how many practices the page of all mandates shows at a time.
const mandatesEach = 100

// standingsAsked are the practices that the address asks for: all whose mandate is due on its
// day, or a page of those in its state. Those that were ticked are among them.
func (a *asked) standingsAsked(body *web.AllMandates, due []string) (standings []projections.PracticeStanding, err error) {
	state := a.r.URL.Query().Get("state")
	for _, s := range a.PracticeStandings(a.At) {
		if n := slices.IndexFunc(body.States, func(o web.StateCount) bool { return o.State == s.State }); n >= 0 {
			body.States[n].Count++
		} else {
			body.States = append(body.States, web.StateCount{State: s.State, Count: 1})
		}
		wanted := state == "" || state == string(s.State)
		if body.Due != 0 {
			wanted = slices.Contains(due, s.Practice.Code)
		}
		if wanted || slices.Contains(a.form["practice"], s.Practice.Code) {
			standings = append(standings, s)
		}
	}
	if body.State = state; body.Due != 0 || a.form != nil {
		return standings, nil
	}
	standings, body.Pager, err = part(a, standings, mandatesEach)
	return standings, err
}

// offerAnswers offers to record what practices answered with the codes of their letters.
func (a *offering) offerAnswers() {
	var answers []web.Option
	for _, l := range a.State().AnswersWaiting() {
		answers = append(answers, web.Option{Value: l.Number, Words: a.State().Organisations[l.Organisation].Name + " (" + l.Organisation + ", " + l.Number + "): " + l.Answer.Said.Answered() + ". Said by: " + l.Answer.Said.Office + "; " + l.Answer.Said.Evidence})
	}
	if answers == nil {
		return
	}
	var all []string
	for _, o := range answers {
		all = append(all, o.Value)
	}
	a.offer(offered{
		id: "answers", command: &domain.RecordAnswers{Letters: all}, options: map[string][]web.Option{"letters": answers},
		Sheet: web.Sheet{Button: "Check them", Say: []string{"Anybody who had a letter could have typed its answer, so it gives no mandate yet. Record those of which you believe that they come from the practice. Somebody else who speaks for the practice or holds a seat, and did not write the letter, then confirms each."}},
	})
}

// mandatesDue are the practices whose mandate ends, or is to be reviewed, on the day for
// which the address asks.
func (a *offering) mandatesDue(body *web.AllMandates) []string {
	on, err := domain.ParseDay(a.r.URL.Query().Get("due"))
	if err != nil {
		return nil
	}
	body.Due = on
	var practices []string
	for _, d := range a.State().WorkListOn(a.At) {
		if d.Kind != domain.DueMandate || d.On != on {
			continue
		}
		for _, m := range a.State().Mandates {
			if m.Number == d.What {
				practices = append(practices, m.Organisation)
			}
		}
	}
	return practices
}

// lettersPage is a letter to each practice that is not behind the group, to print. The
// registrar can have them carry codes, by which they are answered.
func lettersPage(a *asked) (web.Body, error) {
	body := &web.MandateLetters{MandateLetters: a.Group.MandateLetters(a.At)}
	if len(body.To) > 0 && a.may(&domain.WriteLetters{}) {
		a.sheets = map[string]*web.Sheet{"write": web.LettersSheet(a.At.Add(60).Words())}
	}
	return body, nil
}

// mandateParts are the fields that are asked for all practices that were ticked.
func (a *offering) mandateParts(can []string, f *filling) []web.Piece {
	words := map[string]string{
		onPaper: "Record that they gave their mandate on paper", saidNo: "Record that they said no, or took their mandate back, on paper", askThem: "Ask them for their mandate",
	}
	do := web.Piece{Type: "radios", Name: "do", Label: "What do you want to do for those that you ticked?", Values: f.values["do"]}
	for _, one := range can {
		do.Options = append(do.Options, web.Option{Value: one, Words: words[one]})
	}
	parts := []web.Piece{do}
	o := &offered{ask: map[string]string{
		"evidence": "If it was on paper: which minute or letter says so?", "until": "If they gave it: until when?", "review": "Or when is it to be looked at again?",
		"from": "If they gave it: from when?", "reason": "If they said no: why, if they said?", "words": "If you ask them: what do you ask?",
	}, hint: map[string]string{
		"matters":  "Tick none for everything. Each takes in what lies below it.",
		"evidence": "Such as: partners’ minutes of 6 October 2026. Somebody else who speaks or sits for the practice confirms it.",
		"until":    "Such as 31 December 2027. A mandate has an end or a review.", "words": "Such as: We ask you to stand behind the board for a year.",
	}, options: map[string][]web.Option{"matters": a.charterMatters()}, choices: a.choicesOf}
	for _, of := range []struct {
		command domain.Command
		names   []string
		do      string
	}{
		{&domain.GrantMandate{}, []string{"matters"}, ""}, {&domain.WithdrawMandate{}, []string{"evidence"}, saidNo},
		{&domain.GrantMandate{}, []string{"from", "until", "review"}, onPaper}, {&domain.WithdrawMandate{}, []string{"reason"}, saidNo}, {&domain.AskMandate{}, []string{"words"}, askThem},
	} {
		if of.do != "" && !slices.Contains(can, of.do) {
			continue
		}
		form := domain.Describe(of.command)
		for i := range form.Fields {
			if field := &form.Fields[i]; slices.Contains(of.names, field.Name) {
				if p, ok := o.piece(field, field.Name, f, false); ok {
					parts = append(parts, p)
				}
			}
		}
	}
	return parts
}

// together reads the form of allMandatesPage into the command, a record for each practice
// that was ticked. What is wrong in one of these is wrong in the field that all share.
func (f *filling) together(c *domain.RecordTogether) {
	practices := f.values["practice"]
	if len(practices) == 0 {
		f.wrong("", "Tick the practices that you mean.")
	}
	list := ""
	switch f.values.Get("do") {
	case onPaper:
		list = "mandates"
		each := read[domain.GrantMandate](f)
		for _, each.Organisation = range practices {
			c.Mandates = append(c.Mandates, each)
		}
	case saidNo:
		list = "withdrawals"
		each := read[domain.WithdrawMandate](f)
		each.Everything = len(each.Matters) == 0
		for _, each.Organisation = range practices {
			c.Withdrawals = append(c.Withdrawals, each)
		}
	case askThem:
		list = "asked"
		each := read[domain.AskMandate](f)
		for _, each.Organisation = range practices {
			c.Asked = append(c.Asked, each)
		}
	default:
		f.wrong("/do", "Choose one of them.")
	}
	f.came = map[string]string{}
	for i := range practices {
		f.came[fmt.Sprintf("%s-%d-", list, i)] = ""
	}
}

// read is what was filled in, as a record that all those ticked share.
func read[T any](f *filling) (each T) {
	f.fill(domain.Describe(&each), reflect.ValueOf(&each).Elem(), "")
	return each
}
