package projections

import (
	"strconv"
	"strings"
	"time"

	"goldenthread/domain"
)

// PracticePage is what a practice must know, as it stands on a day (rules T0–T2):
// at the top, in under 200 words, who the group is, what it may agree for the
// practice, what it can't, and how to say no.
type PracticePage struct {
	Stamp
	Practice   Body             `json:"practice"`
	Top        PracticeTop      `json:"top"`
	Inside     bool             `json:"inside" doc:"it stands behind the group"`
	Via        *Body            `json:"via,omitempty" doc:"the PCN through which it does"`
	Grants     []GrantLine      `json:"grants" doc:"mandates on which that rests"`
	Notices    []PracticeNotice `json:"notices" doc:"the newest first"`
	Questions  []QuestionLine   `json:"questions" doc:"of this practice"`
	Departures []DepartureLine  `json:"departures" doc:"of this practice and of its PCN"`
}

// PracticeTop is under 200 words in all.
type PracticeTop struct {
	Who    string `json:"who"`
	May    string `json:"may"`
	MayNot string `json:"mayNot"`
	SayNo  string `json:"sayNo"`
	Words  int    `json:"words"`
}

// A PracticeNotice is a notice as it stands for one practice.
type PracticeNotice struct {
	Ref          string            `json:"ref" doc:"what it is about"`
	Kind         domain.NoticeKind `json:"kind" enum:"agreement,delegation,appointment,commitment,departure"`
	On           domain.Day        `json:"on"`
	Text         string            `json:"text" doc:"in plain words"`
	Binds        string            `json:"binds,omitempty" doc:"of an agreement: whether it binds this practice"`
	Sent         int               `json:"sent" doc:"times that it went to this practice"`
	Acknowledged domain.Day        `json:"acknowledged,omitzero"`
	Published    time.Time         `json:"published" doc:"when it was recorded"`
	Updated      time.Time         `json:"updated" doc:"when it was recorded, or the day on which it ended"`
	Index        uint64            `json:"index"`
}

// Practice answers for that practice and day; it must be an open practice of
// the place (rule T0).
func (g *Group) Practice(code string, at domain.Day) (PracticePage, *domain.Refusal) {
	if o := g.practiceOn(code, at); o != nil {
		return g.practicePage(o, at), nil
	}
	return PracticePage{}, g.noPractice(code, at)
}

// practiceOn is the open practice of the place with that code; nil if there is none.
func (g *Group) practiceOn(code string, at domain.Day) *domain.Organisation {
	for _, o := range g.state.PracticesOn(at) {
		if o.Code == code {
			return o
		}
	}
	return nil
}

func (g *Group) noPractice(code string, at domain.Day) *domain.Refusal {
	return &domain.Refusal{Rule: "T0", Say: strconv.Quote(clip(code)) + " is not a practice of this place on " + at.Words() + ".", Class: domain.NotFound}
}

func (g *Group) practicePage(o *domain.Organisation, at domain.Day) PracticePage {
	s := g.state
	st := s.StandsOn(o, "", at)
	p := PracticePage{
		Stamp: g.stamp(at), Practice: g.body(o.Code), Top: g.practiceTop(o, &st, at), Inside: len(st.Grants) > 0, Via: g.anybody(st.Via),
		Grants: []GrantLine{}, Notices: []PracticeNotice{}, Questions: []QuestionLine{}, Departures: []DepartureLine{},
	}
	for _, grant := range st.Grants {
		p.Grants = append(p.Grants, g.grantLine(grant))
	}
	notices := s.NoticesOn(at)
	for i := range notices {
		n := &notices[len(notices)-1-i]
		p.Notices = append(p.Notices, PracticeNotice{
			n.Ref, n.Kind, n.On, g.noticeText(n, at), g.bindsPractice(n, o, at), s.SentTo(n.Ref, o.Code, at), s.AcknowledgedOn(n.Ref, o.Code, at), n.Recorded.UTC(), g.noticeUpdated(n, at), n.Index,
		})
	}
	for _, q := range g.Questions(at).Questions {
		if q.Practice.Code == o.Code {
			p.Questions = append(p.Questions, q)
		}
	}
	for _, x := range g.Departures(at).Departures {
		if x.Organisation.Code == o.Code || o.In(x.Organisation.Code, at) {
			p.Departures = append(p.Departures, x)
		}
	}
	return p
}

// bindsPractice says whether an agreement binds the practice (rule C14).
func (g *Group) bindsPractice(n *domain.Notice, o *domain.Organisation, at domain.Day) string {
	if n.Kind != domain.OfAgreement {
		return ""
	}
	p := g.state.Proposals[n.Ref]
	if !g.state.AgreementHolds(n.Ref, at) {
		return "It binds nobody any longer."
	}
	for _, away := range g.state.AlignmentOn(p, at).Away {
		if away.Organisation == o.Code {
			return "You go your own way on this (" + away.Number + ")."
		}
	}
	if len(g.state.StandsOn(o, p.Matter, at).Grants) == 0 {
		return "It does not bind you: you do not stand behind " + g.state.ShortName + " on " + p.Matter + "."
	}
	return "It binds you in honour. It does not change your contract."
}

// practiceTop words the top of the page. Names come from the ledger and can be
// long: each is cut to a few words, so that the whole stays under 200.
func (g *Group) practiceTop(o *domain.Organisation, st *domain.Standing, at domain.Day) PracticeTop {
	t := PracticeTop{Who: g.topWho(at), May: g.topMay(st, at), MayNot: g.topMayNot(at), SayNo: g.topSayNo(o, at)}
	t.Words = len(strings.Fields(t.Who + " " + t.May + " " + t.MayNot + " " + t.SayNo))
	return t
}

func (g *Group) topWho(at domain.Day) string {
	s := g.state
	w := fewWords(s.Name, 6) + " is how the practices of " + fewWords(s.PlaceName, 3) + " agree things together. " +
		count(len(s.EntitledOn(at)), "organisation") + " sit at its table. It decides by consensus and never votes."
	for _, d := range s.DutiesOn(at) {
		if d.Duty == domain.Chair {
			w += " Chair: " + fewWords(g.office(d.Person), 7) + "."
		}
	}
	return w
}

func (g *Group) topMay(st *domain.Standing, at domain.Day) string {
	s := g.state
	if !s.EstablishedOn(at) {
		return "It is still forming and can agree nothing yet."
	}
	if len(st.Grants) == 0 {
		return "Your practice has given no mandate that holds, so nothing is agreed in your name. You are told of everything all the same."
	}
	grant := st.Grants[0]
	w := "Your practice gave it a mandate"
	if st.Via != "" {
		w += ", through " + fewWords(g.name(st.Via), 5)
	}
	matters := grant.Matters
	if len(matters) == 0 {
		matters = s.CharterOn(at).Charter.Matters
	}
	w += untilWords(grant.Until) + ". So it may agree, in your name, on " + few(matters, 6) + "."
	if acting(s, at) {
		w += " Between meetings its executive may act, within limits that all agreed."
	}
	speaking := 0
	for _, a := range s.Appointments {
		if state, _ := s.AppointmentOn(a, at); state == domain.InForce {
			speaking++
		}
	}
	if speaking > 0 {
		w += " " + count(speaking, "representative") + " can speak for you in system meetings."
	}
	return w
}

// acting says whether a delegation is in force.
func acting(s *domain.State, at domain.Day) bool {
	for _, d := range s.Delegations {
		if state, _ := s.DelegationOn(d, at); state == domain.InForce {
			return true
		}
	}
	return false
}

func (g *Group) topMayNot(at domain.Day) string {
	return "It can't change your contract, move your practice's money without your signature, or replace consulting the LMC. " +
		"What it agrees binds in honour only. It hands on to nobody: " + few(append([]string{"charter", "membership", "delegation"}, g.state.CharterOn(at).Charter.Reserved...), 5) + "."
}

func (g *Group) topSayNo(o *domain.Organisation, at domain.Day) string {
	w := "To say no: "
	for _, pcn := range g.state.PCNsOn(at) {
		if seat := g.state.Seats[pcn.Code]; seat != nil && o.In(pcn.Code, at) {
			w += "tell " + fewWords(pcn.Name, 5) + ", whose block stops any agreement; "
			break
		}
	}
	return w + "ask, or say that you disagree, and you get an answer that all can see; go your own way on an agreement, and say why; or withdraw your mandate, for " +
		"everything or some matters, with " + count(g.state.CharterOn(at).Charter.Notice, "day") + "' notice. None of these can be refused."
}

// fewWords cuts a name to its first words.
func fewWords(name string, most int) string {
	if words := strings.Fields(name); len(words) > most {
		return strings.Join(words[:most], " ") + "…"
	}
	return name
}

// few writes "a, b and 4 more".
func few(items []string, most int) string {
	if len(items) <= most {
		return list(items)
	}
	return list(append(items[:most:most], strconv.Itoa(len(items)-most)+" more"))
}
