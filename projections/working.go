package projections

import (
	"slices"

	"goldenthread/domain"
)

// Working is what was tried to work objections to a proposal through, as it
// stands on a day (rule C15).
type Working struct {
	Parties       []Body             `json:"parties" doc:"the seats in the dispute while a block stands: the one that raised the proposal, and those that block it"`
	Facilitators  []FacilitatorLine  `json:"facilitators" doc:"in order; the last is the facilitator"`
	Conversations []ConversationLine `json:"conversations" doc:"by the day on which they were"`
	Asked         *PutOffAskedLine   `json:"asked,omitempty" doc:"newest request to put the closing day off, that was not agreed to by all yet"`
	PutOff        *PutOffLine        `json:"putOff,omitempty" doc:"the closing day was put off"`
}

// A FacilitatorLine is somebody who was named to help the seats in a dispute.
type FacilitatorLine struct {
	Person Who        `json:"person"`
	From   *Body      `json:"from,omitempty" doc:"system body from which they come"`
	Words  string     `json:"words,omitempty" doc:"why them"`
	By     Who        `json:"by"`
	For    string     `json:"for" doc:"for whom they were named, in words"`
	On     domain.Day `json:"on"`
	Index  uint64     `json:"index"`
}

// A ConversationLine is a conversation about a block.
type ConversationLine struct {
	On     domain.Day `json:"on"`
	With   []Who      `json:"with"`
	Learnt string     `json:"learnt"`
	By     Who        `json:"by" doc:"who recorded it"`
	Index  uint64     `json:"index"`
}

// A PutOffAskedLine is a request to put the closing day off.
type PutOffAskedLine struct {
	Closes   domain.Day `json:"closes"`
	Words    string     `json:"words,omitempty"`
	By       Body       `json:"by" doc:"seat that asked"`
	Agreed   []Body     `json:"agreed" doc:"seats that agreed, the one that asked among them"`
	WaitsFor []Body     `json:"waitsFor" doc:"seats in the dispute that have not agreed"`
	On       domain.Day `json:"on"`
	Index    uint64     `json:"index"`
}

// A PutOffLine is the closing day having been put off.
type PutOffLine struct {
	From   domain.Day `json:"from" doc:"closing day before"`
	Closes domain.Day `json:"closes"`
	Seats  []Body     `json:"seats" doc:"that agreed; the first one asked"`
	On     domain.Day `json:"on"`
	Index  uint64     `json:"index"`
}

// workingOn is what had been tried by that day. Acts at the table count when they
// are recorded (rule F8).
func workingOn(w *domain.WorkingThrough, at domain.Day) *domain.WorkingThrough {
	if w == nil {
		return nil
	}
	past := domain.WorkingThrough{PutOff: w.PutOff}
	past.Facilitators = slices.DeleteFunc(slices.Clone(w.Facilitators), func(f domain.Facilitator) bool { return f.On > at })
	past.Conversations = slices.DeleteFunc(slices.Clone(w.Conversations), func(c domain.Conversation) bool { return c.Recorded > at })
	for _, r := range w.Requests {
		r.Agreed = slices.DeleteFunc(slices.Clone(r.Agreed), func(a domain.PutOffAgreement) bool { return a.On > at })
		if len(r.Agreed) > 0 {
			past.Requests = append(past.Requests, r)
		}
	}
	if w.PutOff != nil && w.PutOff.On > at {
		past.PutOff = nil
	}
	return &past
}

func (g *authority) working(s *domain.View, p *domain.Proposal, at domain.Day) Working {
	l := Working{Parties: []Body{}, Facilitators: []FacilitatorLine{}, Conversations: []ConversationLine{}}
	if p.Stage == domain.Open {
		l.Parties = g.bodies(s.PartiesOn(p, at))
	}
	w := p.Working
	if w == nil {
		return l
	}
	for _, f := range w.Facilitators {
		l.Facilitators = append(l.Facilitators, FacilitatorLine{g.who(f.Person), g.anybody(s.SystemBodyOf(f.Person, f.On)), f.Words, g.who(f.By), g.ForWhom(f.For), f.On, f.Index})
	}
	for _, c := range w.Conversations {
		l.Conversations = append(l.Conversations, ConversationLine{c.On, g.everyone(c.With), c.Learnt, g.who(c.By), c.Index})
	}
	slices.SortStableFunc(l.Conversations, func(a, b ConversationLine) int { return int(a.On - b.On) })
	if o := w.PutOff; o != nil {
		l.PutOff = &PutOffLine{o.From, o.Closes, g.bodies(o.Seats), o.On, o.Index}
	} else if r := p.PutOffAsked(); r != nil {
		asked := &r.Agreed[0]
		l.Asked = &PutOffAskedLine{r.Closes, r.Words, g.body(asked.Seat), g.bodies(r.Seats()), g.bodies(s.PutOffWaitsFor(p, at)), asked.On, asked.Index}
	}
	return l
}
