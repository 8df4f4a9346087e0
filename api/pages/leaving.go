package pages

import (
	"strconv"
	"strings"

	"goldenthread/api/access"
	"goldenthread/api/problem"
	"goldenthread/api/web"
	"goldenthread/domain"
)

// Somebody leaves, and others go on with what they leave open (rule F5). What a record can
// hand over is handed over here with one press; for the rest it is said who does what.

func leavingPage(a *asked) (web.Body, error) {
	p := a.State().Person(a.r.PathValue("person"))
	if p == nil {
		return nil, problem.NotFound("L5", "There is nobody of that name here.")
	}
	body := &web.Leaving{Office: p.Office, Handle: p.Handle, Left: p.Left}
	if !a.sees(access.Everything) {
		return body, nil
	}
	var hands []web.Option
	together := a.may(&domain.RecordTogether{}) // others name a successor on the page of seats and speakers
	for _, l := range a.LeftOpen(p.ID, a.At) {
		words, hand := handWords(a, l.Hand)
		switch {
		case hand != "" && together && a.may(l.Hand):
			hands = append(hands, web.Option{Value: hand, Words: words})
			body.Hands = append(body.Hands, l)
		default:
			body.Others = append(body.Others, l)
		}
	}
	if hands != nil {
		a.offer(offered{id: "hand", command: &domain.RecordTogether{}, more: func(f *filling) []web.Piece { return a.handParts(p, hands, f) }, Sheet: web.Sheet{Button: "Hand it over"}})
	}
	if p.Left == 0 {
		a.offer(offered{
			id: "left", command: &domain.LeaveOffice{Person: p.Handle}, given: []string{"person"},
			Sheet: web.Sheet{Button: "Check what ends", Class: "warning", Say: []string{"All that they hold here ends with that day. The page that follows lists it, and what is left open, before anything is recorded."}},
		})
	}
	return body, nil
}

// handWords are what a record would hand over, in words, and as a form names it; "" for what
// is not handed over together with others.
func handWords(a *asked, c domain.Command) (words, value string) {
	switch c := c.(type) {
	case *domain.NameHolder:
		if c.Role == domain.Deputy {
			return "Deputising for " + a.State().Organisations[c.Seat].Name, "deputy/" + c.Seat
		}
		return "The seat of " + a.State().Organisations[c.Seat].Name, "holder/" + c.Seat
	case *domain.RecordSpokesperson:
		return "Speaking for " + a.State().Organisations[c.Organisation].Name, "speaks/" + c.Organisation
	}
	return "", ""
}

// handParts are the fields that say who takes over what, from when, and how that is known.
func (a *offering) handParts(p *domain.Person, hands []web.Option, f *filling) []web.Piece {
	what := web.Piece{Type: "ticks", Name: "hand", Label: "What do they take over?", Options: hands, Values: f.values["hand"]}
	if a.form == nil {
		for _, o := range hands {
			what.Values = append(what.Values, o.Value)
		}
	}
	from := web.Piece{Type: "date", Name: "from", Label: "From when?", Hint: "Leave it empty to begin at once.", Values: f.values["from"]}
	if a.form == nil && p.Left >= a.At {
		from.Values = []string{(p.Left + 1).Words()}
	}
	return []web.Piece{
		{Type: "choice", Name: "successor", Label: "Who takes over?", Hint: "Somebody new is introduced on the page of people first.", Options: append([]web.Option{{Words: "Choose"}}, a.people()...), Values: f.values["successor"]},
		what, from,
		{Type: "text", Name: "evidence", Label: "How is this known?", Hint: "Such as: the PCN’s letter of 5 May. Somebody else of the organisation confirms it.", Values: f.values["evidence"]},
	}
}

// handOver reads who takes over what into the command.
func (f *filling) handOver(c *domain.RecordTogether) {
	who, evidence := f.words("successor"), f.words("evidence")
	if who == "" {
		f.wrong("/successor", "Choose one of them.")
	}
	var from domain.Day
	if s := f.words("from"); s != "" {
		var err error
		if from, err = domain.ReadDay(s); err != nil {
			f.wrong("/from", "Write a date, such as 9 March 2026.")
		}
	}
	for _, one := range f.values["hand"] {
		switch as, of, _ := strings.Cut(one, "/"); as {
		case "holder", "deputy":
			c.Holders = append(c.Holders, domain.NameHolder{Seat: of, Person: who, Role: domain.SeatRole(as), Evidence: evidence, Span: domain.Span{From: from}})
		case "speaks":
			c.Spokespeople = append(c.Spokespeople, domain.RecordSpokesperson{Organisation: of, Person: who, Evidence: evidence, Span: domain.Span{From: from}})
		}
	}
	if c.Empty() {
		f.wrong("/hand", "Tick what they take over.")
	}
	f.came = map[string]string{}
	for list, n := range map[string]int{"holders": len(c.Holders), "spokespeople": len(c.Spokespeople)} {
		for i := range n {
			f.came[list+"-"+strconv.Itoa(i)+"-"] = ""
		}
	}
}
