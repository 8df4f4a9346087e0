package projections

import "goldenthread/domain"

// Approaches is what the system asked for, and what it was answered, as it
// stands on a day (rules A1–A4).
type Approaches struct {
	Stamp
	Gatekeepers []Who              `json:"gatekeepers" doc:"who takes the system's approaches"`
	Most        int                `json:"most" doc:"gatekeepers that the charter allows"`
	Approaches  []ApproachLine     `json:"approaches"`
	Side        []SideConversation `json:"sideConversations" doc:"outside of the gate, as reported"`
}

// An ApproachLine is one approach.
type ApproachLine struct {
	Ref          string               `json:"ref"`
	From         Body                 `json:"from"`
	What         string               `json:"what"`
	Matter       string               `json:"matter,omitempty"`
	Reached      Who                  `json:"reached"`
	How          string               `json:"how,omitempty"`
	On           domain.Day           `json:"on" doc:"day on which it came"`
	State        domain.ApproachState `json:"state" enum:"to be redirected,at the gate,disposed,answered"`
	Disposition  domain.Disposition   `json:"disposition,omitempty"`
	RedirectedTo *Who                 `json:"redirectedTo,omitempty"`
	Redirected   domain.Day           `json:"redirected,omitzero"`
	Dispositions []DispositionLine    `json:"dispositions" doc:"the newest counts"`
	Told         *domain.Saying       `json:"told,omitempty" doc:"there and then, by whoever it reached"`
	Answer       *ApproachAnswerLine  `json:"answer,omitempty" doc:"of record"`
	SameQuestion []string             `json:"sameQuestion" doc:"linked by people, directly or through others"`
	MayBeSame    []string             `json:"mayBeSame" doc:"alike in words and matter; a suggestion"`
	Inconsistent bool                 `json:"inconsistent" doc:"the system has different answers to this question"`
	Differs      string               `json:"differs,omitempty" doc:"who said what, where it differs"`
	Index        uint64               `json:"index"`
}

// A DispositionLine is what a gatekeeper said becomes of an approach.
type DispositionLine struct {
	Disposition domain.Disposition `json:"disposition" enum:"meeting,paper-round,message,more-work,representative,executive,decline"`
	Appointment string             `json:"appointment,omitempty"`
	Words       string             `json:"words,omitempty"`
	Text        string             `json:"text"`
	By          Who                `json:"by"`
	On          domain.Day         `json:"on"`
	Index       uint64             `json:"index"`
}

// An ApproachAnswerLine is the answer of record.
type ApproachAnswerLine struct {
	Reply domain.Reply `json:"reply" enum:"yes,no,in-part,later,through-group"`
	Words string       `json:"words"`
	By    Who          `json:"by"`
	On    domain.Day   `json:"on"`
	Index uint64       `json:"index"`
}

// A SideConversation is one outside of the gate.
type SideConversation struct {
	Ref          string         `json:"ref"`
	With         Body           `json:"with"`
	Who          Body           `json:"who"`
	What         string         `json:"what"`
	Matter       string         `json:"matter,omitempty"`
	On           domain.Day     `json:"on"`
	Told         *domain.Saying `json:"told,omitempty"`
	SameQuestion []string       `json:"sameQuestion"`
	MayBeSame    []string       `json:"mayBeSame"`
	Inconsistent bool           `json:"inconsistent"`
	Index        uint64         `json:"index"`
}

// Approaches answers for that day.
func (g *business) Approaches(at domain.Day) Approaches {
	s := g.state
	a := Approaches{Stamp: g.stamp(at), Gatekeepers: []Who{}, Approaches: []ApproachLine{}, Side: []SideConversation{}}
	if s.Next == 0 {
		return a
	}
	a.Most = s.CharterOn(at).Charter.Gatekeepers
	for _, d := range s.DutiesOn(at) {
		if d.Duty == domain.Gatekeeper {
			a.Gatekeepers = append(a.Gatekeepers, g.who(d.Person))
		}
	}
	for _, one := range byNumber(s.Approaches) {
		switch {
		case one.On > at:
		case one.Side != "":
			a.Side = append(a.Side, g.sideConversation(one, at))
		default:
			a.Approaches = append(a.Approaches, g.approachLine(one, at))
		}
	}
	return a
}

func (g *business) sideConversation(a *domain.Approach, at domain.Day) SideConversation {
	return SideConversation{
		Ref: a.Number, With: g.body(a.From), Who: g.body(a.Side), What: a.What, Matter: a.Matter, On: a.On, Told: a.Told,
		SameQuestion: g.sameQuestion(a, at), MayBeSame: domain.OrEmpty(g.state.Alike(a.Number)), Inconsistent: g.state.Inconsistent(a.Number, at), Index: a.Index,
	}
}

func (g *business) approachLine(a *domain.Approach, at domain.Day) ApproachLine {
	l := ApproachLine{
		Ref: a.Number, From: g.body(a.From), What: a.What, Matter: a.Matter, Reached: g.who(a.Reached), How: a.How, On: a.On,
		State: g.state.ApproachOn(a, at), Dispositions: []DispositionLine{}, Told: a.Told, SameQuestion: g.sameQuestion(a, at),
		MayBeSame: domain.OrEmpty(g.state.Alike(a.Number)), Inconsistent: g.state.Inconsistent(a.Number, at), Index: a.Index,
	}
	if a.RedirectedTo != "" && a.Redirected <= at {
		l.RedirectedTo, l.Redirected = g.anyone(a.RedirectedTo), a.Redirected
	}
	for _, d := range a.Dispositions {
		if d.On <= at {
			l.Disposition = d.Disposition
			text := dispositionWords(d.Disposition) + after(", ", d.Appointment) + after(": ", d.Words)
			l.Dispositions = append(l.Dispositions, DispositionLine{d.Disposition, d.Appointment, d.Words, text, g.who(d.By), d.On, d.Index})
		}
	}
	if o := a.Answer; o != nil && o.On <= at {
		l.Answer = &ApproachAnswerLine{o.Reply, o.Words, g.who(o.By), o.On, o.Index}
	}
	if l.Inconsistent {
		l.Differs = g.differs(a, at)
	}
	return l
}

// sameQuestion are the others that ask the same and had come by that day.
func (g *business) sameQuestion(a *domain.Approach, at domain.Day) []string {
	same := []string{}
	for _, n := range g.state.SameQuestion(a.Number)[1:] {
		if g.state.Approaches[n].On <= at {
			same = append(same, n)
		}
	}
	return same
}

// differs says what the system was told by whom.
func (g *business) differs(a *domain.Approach, at domain.Day) string {
	var told []string
	for _, n := range g.state.SameQuestion(a.Number) {
		o := g.state.Approaches[n]
		who := g.name(o.Side)
		if o.Side == "" {
			who = g.office(o.Reached)
		}
		if o.Told != nil && o.On <= at {
			told = append(told, who+" said "+replyWords(o.Told.Reply)+" ("+n+")")
		}
		if o.Answer != nil && o.Answer.On <= at {
			told = append(told, "the answer of record to "+n+" is "+replyWords(o.Answer.Reply))
		}
	}
	return domain.FirstUpper(domain.List(told)) + "."
}
