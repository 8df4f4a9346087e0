package projections

import (
	"cmp"
	"slices"

	"goldenthread/domain"
)

// Powers is what the executive and named people may decide for the group on a
// day, and what they did with it (rules D1–D9).
type Powers struct {
	Stamp
	Say         string           `json:"say" doc:"how many decisions there were, how they stand, and what is used, in a sentence"`
	From        domain.Day       `json:"from,omitzero" doc:"decisions from this day on are shown; none: all"`
	To          domain.Day       `json:"to,omitzero" doc:"decisions up to this day are shown; none: all"`
	Executive   ExecutiveLine    `json:"executive"`
	Delegations []DelegationLine `json:"delegations"`
}

// An ExecutiveLine is the executive on a day; no members: there is none.
type ExecutiveLine struct {
	Members []Who      `json:"members"`
	From    domain.Day `json:"from,omitzero"`
	Until   domain.Day `json:"until,omitzero"`
	Source  string     `json:"source,omitempty" doc:"the proposal that formed it"`
	Index   uint64     `json:"index,omitzero"`
}

// A DelegationLine is powers given by an agreement, as they stand on a day.
type DelegationLine struct {
	Ref         string              `json:"ref"`
	To          string              `json:"to" doc:"executive, or a handle"`
	Person      *Who                `json:"person,omitempty" doc:"where it goes to a named person"`
	State       domain.PowerState   `json:"state" enum:"in force,not yet in force,expired,ended,suspended,paused"`
	Why         string              `json:"why,omitempty" doc:"where it is not in force"`
	Source      string              `json:"source" doc:"the proposal by which it was agreed"`
	From        domain.Day          `json:"from"`
	Until       domain.Day          `json:"until,omitzero"`
	Review      domain.Day          `json:"review"`
	Overdue     bool                `json:"overdue" doc:"review missed"`
	Version     int                 `json:"version"`
	Payer       *Body               `json:"payer,omitempty" doc:"organisation that pays"`
	Say         string              `json:"say" doc:"its decisions, and how they stand"`
	Powers      []DelegatedPower    `json:"powers"`
	Running     []RunningTotal      `json:"running" doc:"of each power that has a limit for a year: how its total came to be"`
	History     []DelegationHistory `json:"history" doc:"versions, in order: how trust grew"`
	EndedOn     domain.Day          `json:"endedOn,omitzero" doc:"first day on which it no longer holds"`
	EndedBy     string              `json:"endedBy,omitempty"`
	EndFeedback string              `json:"endFeedback,omitempty"`
	Suspensions []SuspensionLine    `json:"suspensions"`
	Exercises   []ExerciseLine      `json:"exercises" doc:"what was decided under it up to that day"`
	Feedback    []FeedbackLine      `json:"feedback"`
	Chain       []domain.Link       `json:"chain" doc:"charter, agreement with its roll, executive, delegation"`
	Index       uint64              `json:"index"`
}

// A DelegatedPower is a power with what has been used of it.
type DelegatedPower struct {
	Matter     string          `json:"matter"`
	May        []string        `json:"may" doc:"decide, commit"`
	ItemLimit  domain.Pence    `json:"itemLimitPence,omitempty" doc:"most for one item"`
	YearLimit  domain.Pence    `json:"yearLimitPence,omitempty" doc:"most in a year of the delegation"`
	Months     int             `json:"months,omitempty" doc:"longest term"`
	Acting     int             `json:"acting" doc:"how many must act together"`
	Conditions []ConditionLine `json:"conditions"`
	Say        string          `json:"say"`
	PausedFor  []string        `json:"pausedFor,omitempty" doc:"reserved matters on that day for which the power is paused: the matter itself, or parts of it"`
	Used       domain.Pence    `json:"usedPence" doc:"in the year: within, and called in"`
	Left       *domain.Pence   `json:"leftPence,omitempty" doc:"of the year's limit"`
	Year       domain.Span     `json:"year" doc:"the delegation's year"`
}

// A ConditionLine is something to do before or after.
type ConditionLine struct {
	When string `json:"when" enum:"before,after"`
	Body Body   `json:"body" doc:"whom to consult or tell; the code group is the group itself"`
	Days int    `json:"days,omitempty" doc:"after: within so many days"`
	Say  string `json:"say"`
}

// A DelegationHistory is one version of a delegation.
type DelegationHistory struct {
	Version  int        `json:"version"`
	Powers   []string   `json:"powers" doc:"in sentences"`
	Review   domain.Day `json:"review"`
	Source   string     `json:"source"`
	Feedback string     `json:"feedback,omitempty"`
	Back     int        `json:"back,omitempty" doc:"version to which it went back, the agreement that changed it having been set aside"`
	Index    uint64     `json:"index"`
	domain.Span
}

// A SuspensionLine is a seat's stop of a power.
type SuspensionLine struct {
	Seat   Body   `json:"seat"`
	Reason string `json:"reason"`
	Now    bool   `json:"now" doc:"it still stops the power on that day"`
	Index  uint64 `json:"index"`
	domain.Span
}

// A FeedbackLine is somebody else's word on how it went (rules D9, R6).
type FeedbackLine struct {
	On         string     `json:"on" doc:"reference"`
	By         Who        `json:"by"`
	Worked     string     `json:"worked,omitempty"`
	Overstep   string     `json:"overstep,omitempty" doc:"where a line was overstepped"`
	ThinReport string     `json:"thinReport,omitempty" doc:"where the report was thin"`
	Day        domain.Day `json:"day"`
	Index      uint64     `json:"index"`
}

// An ExerciseLine is something decided under a delegation, as it stands on a day.
type ExerciseLine struct {
	Ref         string                `json:"ref"`
	Delegation  string                `json:"delegation"`
	Matter      string                `json:"matter"`
	What        string                `json:"what"`
	Amount      domain.Pence          `json:"amountPence"`
	Months      int                   `json:"months,omitempty"`
	OpenEnded   bool                  `json:"openEnded,omitempty"`
	Acting      []Who                 `json:"acting"`
	Payer       *Body                 `json:"payer,omitempty" doc:"organisation that pays: the one named, else the one that pays under the delegation"`
	On          domain.Day            `json:"on"`
	Recorded    domain.Day            `json:"recorded"`
	Standing    domain.ExerciseStatus `json:"standing" enum:"within,called in,beyond,ratified,disavowed,lapsed,fallen,not confirmed,refused"`
	Beyond      []domain.Reason       `json:"beyond" doc:"why it is beyond; none: within, or not confirmed"`
	ToConfirm   []Who                 `json:"toConfirm,omitempty" doc:"those who acted and have not confirmed it"`
	ConfirmBy   domain.Day            `json:"confirmBy,omitzero" doc:"last day for them to confirm it"`
	Confirmed   []ConfirmedLine       `json:"confirmed,omitempty" doc:"who confirmed it, beside whoever recorded it"`
	Refused     *DeniedLine           `json:"refused,omitempty" doc:"who said that they did not decide it"`
	Names       string                `json:"names,omitempty" doc:"whom it names as a representative once it is confirmed or, being beyond, ratified, in a sentence"`
	Text        string                `json:"text" doc:"the standing in a sentence"`
	RatifyBy    domain.Day            `json:"ratifyBy,omitzero" doc:"beyond: last day to ratify it"`
	CallInBy    domain.Day            `json:"callInBy,omitzero" doc:"within or not confirmed: last day to call it in, as things stand"`
	CalledIn    *CallInLine           `json:"calledIn,omitempty"`
	Consulted   []ConsultedLine       `json:"consulted"`
	TellBy      domain.Day            `json:"tellBy,omitzero" doc:"last day to tell the body"`
	TellBody    *Body                 `json:"tellBody,omitempty"`
	ToldOn      domain.Day            `json:"toldOn,omitzero"`
	TellOverdue bool                  `json:"tellOverdue" doc:"not told by that day, or told too late"`
	Told        []ToldLine            `json:"told"`
	Outcome     *OutcomeLine          `json:"outcome,omitempty" doc:"the group's word on it"`
	Feedback    []FeedbackLine        `json:"feedback"`
	Chain       []domain.Link         `json:"chain" doc:"charter, agreement with its roll, executive, delegation, decision"`
	Index       uint64                `json:"index"`
}

// A CallInLine is a call-in of an exercise.
type CallInLine struct {
	By       Body       `json:"by" doc:"seat, or the body that says it was not consulted"`
	On       domain.Day `json:"on"`
	Reason   string     `json:"reason"`
	SettleBy domain.Day `json:"settleBy" doc:"unless settled it falls after that day"`
}

// A ConfirmedLine is somebody's word that a record is right.
type ConfirmedLine struct {
	By    Who        `json:"by"`
	On    domain.Day `json:"on"`
	Index uint64     `json:"index"`
}

// A DeniedLine is somebody's word that a record about themself is not so.
type DeniedLine struct {
	By    Who        `json:"by"`
	On    domain.Day `json:"on"`
	Words string     `json:"words,omitempty"`
	Index uint64     `json:"index"`
}

func (g *authority) deniedOn(d *domain.Denial, at domain.Day) *DeniedLine {
	if d == nil || d.On > at {
		return nil
	}
	return &DeniedLine{g.who(d.Person), d.On, d.Words, d.Index}
}

// A ConsultedLine is a body that was consulted before.
type ConsultedLine struct {
	Body Body       `json:"body"`
	On   domain.Day `json:"on"`
	How  string     `json:"how"`
}

// A ToldLine is a body that was told after.
type ToldLine struct {
	Body  Body       `json:"body"`
	On    domain.Day `json:"on"`
	How   string     `json:"how"`
	Index uint64     `json:"index"`
}

// An OutcomeLine is the group's word on what waited for it.
type OutcomeLine struct {
	What     string     `json:"what" enum:"ratified,disavowed"`
	Source   string     `json:"source" doc:"the proposal"`
	On       domain.Day `json:"on"`
	Feedback string     `json:"feedback,omitempty"`
	Index    uint64     `json:"index"`
}

// Powers answers for that day.
func (g *authority) Powers(at domain.Day) Powers { return g.PowersBetween(0, 0, at) }

// PowersBetween is Powers with the decisions from the first day, if it is not 0, to the
// last, if that is not.
func (g *authority) PowersBetween(from, to, at domain.Day) Powers {
	p := Powers{Stamp: g.stamp(at), From: from, To: to, Executive: g.executiveLine(at), Delegations: []DelegationLine{}}
	for _, d := range byNumber(g.state.Delegations) {
		p.Delegations = append(p.Delegations, g.delegationLine(d, from, to, at))
	}
	p.account()
	return p
}

func (g *authority) executiveLine(at domain.Day) ExecutiveLine {
	members := g.state.ExecutiveOn(at)
	l := ExecutiveLine{Members: g.allActing(members, at)}
	for _, e := range g.state.Executive {
		if len(members) > 0 && e.From <= at {
			l.From, l.Until, l.Source, l.Index = e.From, e.Until, e.Source, e.Index
		}
	}
	return l
}

func (g *authority) delegationLine(d *domain.Delegation, from, to, at domain.Day) DelegationLine {
	v := d.VersionOn(at)
	if v == nil {
		v = &d.Versions[0]
	}
	state, why := g.state.DelegationOn(d, at)
	l := DelegationLine{
		Ref: d.Number, To: d.To, State: state, Why: why, Source: d.Source, From: d.From(), Until: v.Until, Review: v.Review,
		Overdue: overdue(state, v.Review, at), Version: v.Number, Payer: g.anybody(v.Payer),
		Powers: []DelegatedPower{}, Running: g.runningTotals(d, from, to, at), History: []DelegationHistory{}, Suspensions: g.suspensionLines(d.Number, d.Suspensions, at),
		EndedOn: d.Ended, EndedBy: d.EndedBy, EndFeedback: d.Feedback,
		Exercises: []ExerciseLine{}, Feedback: g.feedbackOn(d.Number, at), Chain: g.delegationChain(d, at), Index: d.Index,
	}
	if d.To != domain.ToExecutive {
		l.Person = new(g.acting(d.To, at))
		l.To = l.Person.Handle
	}
	for i := range v.Powers {
		l.Powers = append(l.Powers, g.delegatedPower(d, v, &v.Powers[i], at))
	}
	for i := range d.Versions {
		l.History = append(l.History, g.delegationHistory(&d.Versions[i]))
	}
	for _, x := range byNumber(g.state.Exercises) {
		if x.Delegation == d.Number && x.On <= at && from <= x.On && (to == 0 || x.On <= to) {
			l.Exercises = append(l.Exercises, g.exerciseLine(x, at))
		}
	}
	return l
}

// overdue says whether a power that has not come to its end missed its review.
func overdue(state domain.PowerState, review, at domain.Day) bool {
	over := state == domain.Ended || state == domain.Expired || state == domain.NotYet
	return !over && review != 0 && at > review
}

func (g *authority) delegatedPower(d *domain.Delegation, v *domain.DelegationVersion, p *domain.Power, at domain.Day) DelegatedPower {
	on := at
	if v.Until != 0 && on > v.Until {
		on = v.Until
	}
	l := DelegatedPower{
		Matter: p.Matter, May: domain.OrEmpty(p.May), ItemLimit: p.ItemLimit, YearLimit: p.YearLimit, Months: p.Months, Acting: p.Acting,
		Conditions: []ConditionLine{}, Say: domain.FirstUpper(p.Words(g.state.State)) + ".", Used: g.state.UsedOf(d, v, p, on, at), Year: yearOf(d, on),
	}
	if l.PausedFor = g.state.PausedParts(p.Matter, at); len(l.PausedFor) > 0 {
		l.Say += " Paused for " + domain.List(l.PausedFor) + ", which " + isOrAre(len(l.PausedFor)) + " reserved."
	}
	for _, c := range p.Conditions {
		l.Conditions = append(l.Conditions, ConditionLine{c.When, g.body(c.Body), c.Days, c.Words(g.state.State)})
	}
	if p.YearLimit != 0 {
		left := max(p.YearLimit-l.Used, 0)
		l.Left = &left
	}
	return l
}

// yearOf is the delegation's year in which the day falls: from its first day
// and each anniversary (rule D4).
func yearOf(d *domain.Delegation, day domain.Day) domain.Span {
	from := d.From()
	for n := 0; ; n++ {
		if y := (domain.Span{From: from.AddYears(n), Until: from.AddYears(n+1) - 1}); day <= y.Until {
			return y
		}
	}
}

func (g *authority) delegationHistory(v *domain.DelegationVersion) DelegationHistory {
	return DelegationHistory{v.Number, g.powersWords(v.Powers), v.Review, v.By(), v.Feedback, v.Back, v.Index, v.Span}
}

func (g *terms) powersWords(powers []domain.Power) []string {
	words := make([]string, 0, len(powers))
	for i := range powers {
		words = append(words, powers[i].Words(g.state.State))
	}
	return words
}

// namesWords say whom an exercise beyond its power names.
func (g *terms) namesWords(names *domain.Appoint) string {
	if names == nil {
		return ""
	}
	return g.office(names.Person) + " at " + g.forum(names.Forum) + names.Span.Words() + after(": ", remitWords(names.Lines))
}

func (g *authority) suspensionLines(what string, ss []domain.Suspension, at domain.Day) []SuspensionLine {
	lines := []SuspensionLine{}
	for i := range ss {
		if s := &ss[i]; s.From <= at {
			lines = append(lines, SuspensionLine{g.body(s.Seat), s.Reason, g.state.Suspends(what, s, at), s.Index, s.Span})
		}
	}
	return lines
}

func (g *authority) feedbackOn(what string, at domain.Day) []FeedbackLine {
	lines := []FeedbackLine{}
	for _, r := range g.state.Reviews {
		if r.On == what && r.Day <= at {
			lines = append(lines, FeedbackLine{r.On, g.who(r.By), r.Worked, r.Overstep, r.ThinReport, r.Day, r.Index})
		}
	}
	return lines
}

// delegationChain is the charter and then the delegation's own chain, each
// event once.
func (g *authority) delegationChain(d *domain.Delegation, at domain.Day) []domain.Link {
	chain := []domain.Link{g.state.CharterLink(at)}
	for _, l := range g.state.DelegationChain(d, at) {
		if !slices.ContainsFunc(chain, func(have domain.Link) bool { return have.Index == l.Index }) {
			chain = append(chain, l)
		}
	}
	return chain
}

func (g *authority) exerciseLine(x *domain.Exercise, at domain.Day) ExerciseLine {
	s := g.state
	standing := s.ExerciseOn(x, at)
	l := ExerciseLine{
		Ref: x.Number, Delegation: x.Delegation, Matter: x.Matter, What: x.What, Amount: x.Amount, Months: x.Months, OpenEnded: x.OpenEnded,
		Acting: g.allActing(x.Acting, x.On), Payer: g.anybody(g.payerOf(x)), On: x.On, Recorded: x.Recorded, Standing: standing, Beyond: domain.OrEmpty(x.Beyond), Names: g.namesWords(x.Names),
		Consulted: []ConsultedLine{}, Told: []ToldLine{}, Feedback: g.feedbackOn(x.Number, at), Outcome: outcomeOn(x.Outcome, at), Chain: domain.OrEmpty(s.StepsOf(x.Number, at)), Index: x.Index,
	}
	l.confirming(g, x, at)
	if x.CalledIn != 0 && x.CalledIn <= at {
		l.CalledIn = &CallInLine{g.body(x.CalledBy), x.CalledIn, x.CallReason, x.CalledIn.Add(s.CharterOn(x.CalledIn).Charter.SettleWithin)}
	}
	for _, c := range x.Consulted {
		l.Consulted = append(l.Consulted, ConsultedLine{g.body(c.Body), c.On, c.How})
	}
	for _, t := range x.Told {
		if t.On <= at {
			l.Told = append(l.Told, ToldLine{g.body(t.Body), t.On, t.How, t.Index})
		}
	}
	if by, body, told := s.TellBy(x, at); by != 0 {
		l.TellBy, l.TellBody, l.ToldOn = by, g.anybody(body), told
		l.TellOverdue = told > by || (told == 0 && at > by)
	}
	l.Text = g.exerciseText(&l)
	return l
}

// confirming says who has confirmed the exercise, and what it has come to by that.
func (l *ExerciseLine) confirming(g *authority, x *domain.Exercise, at domain.Day) {
	unconfirmed := x.StillToConfirm(at)
	for _, c := range x.Confirmed {
		if c.On <= at {
			l.Confirmed = append(l.Confirmed, ConfirmedLine{g.acting(c.Person, c.On), c.On, c.Index})
		}
	}
	if l.Refused = g.deniedOn(x.Refused, at); len(unconfirmed) > 0 {
		l.ToConfirm, l.ConfirmBy, l.Beyond = g.everyone(unconfirmed), g.state.ConfirmBy(x), []domain.Reason{}
	}
	switch {
	case l.Refused != nil:
	case len(l.Beyond) > 0:
		l.RatifyBy = g.state.RatifyBy(x)
	default:
		l.CallInBy = g.state.CallInBy(x, at)
	}
}

func officesOf(people []Who) string {
	offices := make([]string, 0, len(people))
	for _, w := range people {
		offices = append(offices, w.Office)
	}
	return domain.List(offices)
}

// payerOf is who pays for an exercise: the one it names, else the one that the
// delegation names on that day.
func (g *authority) payerOf(x *domain.Exercise) string {
	if v := g.state.Delegations[x.Delegation].VersionOn(x.On); x.Payer == "" && v != nil {
		return v.Payer
	}
	return x.Payer
}

func outcomeOn(o *domain.Outcome, at domain.Day) *OutcomeLine {
	if o == nil || o.On > at {
		return nil
	}
	what := "disavowed"
	if o.Ratified {
		what = "ratified"
	}
	return &OutcomeLine{what, o.Source, o.On, o.Feedback, o.Index}
}

// exerciseText says how an exercise stands: "beyond, over the item limit of
// £20,000 by £2,000; lapsed after 30 March 2026".
func (g *authority) exerciseText(l *ExerciseLine) string {
	text := "within"
	switch {
	case l.Refused != nil:
		text = "refused by " + l.Refused.By.Office + " on " + l.Refused.On.Words() + after(": ", l.Refused.Words)
	case len(l.ToConfirm) > 0:
		text = "not confirmed by " + officesOf(l.ToConfirm)
	case len(l.Beyond) > 0:
		text = "beyond, " + reasonsWords(l.Beyond)
	}
	if l.CalledIn != nil {
		text += "; called in by " + l.CalledIn.By.Name + " on " + l.CalledIn.On.Words() + after(": ", l.CalledIn.Reason)
	}
	switch l.Standing {
	case domain.XWithin, domain.XRefused:
	case domain.XUnconfirmed:
		text += "; binds nobody, and lapses after " + l.ConfirmBy.Words() + " unless they confirm it"
	case domain.XBeyond:
		text += "; lapses after " + l.RatifyBy.Words() + " unless ratified"
	case domain.XLapsed:
		text += "; lapsed after " + cmp.Or(l.ConfirmBy, l.RatifyBy).Words()
	case domain.XCalledIn:
		text += "; falls after " + l.CalledIn.SettleBy.Words() + " unless settled"
	case domain.XFallen:
		text += "; fell after " + l.CalledIn.SettleBy.Words()
	case domain.XRatified, domain.XDisavowed:
		text += "; " + l.Outcome.words()
	}
	return text
}

func (o *OutcomeLine) words() string { return o.What + " by " + o.Source + " on " + o.On.Words() }

func reasonsWords(rs []domain.Reason) string {
	texts := make([]string, 0, len(rs))
	for _, r := range rs {
		texts = append(texts, domain.Clause(r.Text))
	}
	return domain.List(texts)
}
