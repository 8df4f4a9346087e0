package projections

import (
	"cmp"
	"slices"
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
	Practice   Body              `json:"practice"`
	Top        PracticeTop       `json:"top"`
	Inside     bool              `json:"inside" doc:"it stands behind the group for at least one matter"`
	Via        *Body             `json:"via,omitempty" doc:"the PCN through which it does, if for nothing by itself"`
	Matters    []PracticeMatter  `json:"matters" doc:"matter by matter: every one that the charter lists, and those below it that fare otherwise"`
	Grants     []GrantLine       `json:"grants" doc:"mandates on which that rests"`
	Sizes      []domain.SizeList `json:"sizes" doc:"lists from which the numbers of patients are that coverage counts, that of most practices first"`
	SizeSay    string            `json:"sizeSay,omitempty" doc:"the same in a sentence; none where no numbers are known"`
	Notices    []PracticeNotice  `json:"notices" doc:"the newest first"`
	Questions  []QuestionLine    `json:"questions" doc:"of this practice"`
	Departures []DepartureLine   `json:"departures" doc:"of this practice and of its PCN"`
}

// PracticeTop is under 200 words in all.
type PracticeTop struct {
	Who    string `json:"who"`
	May    string `json:"may"`
	MayNot string `json:"mayNot"`
	SayNo  string `json:"sayNo"`
	Words  int    `json:"words"`
}

// A PracticeMatter is whether the group may agree on one matter in the practice's
// name, as its mandate stands on the day, by every route (rules M2, M3).
type PracticeMatter struct {
	Matter   string     `json:"matter"`
	MayAgree bool       `json:"mayAgree" doc:"the practice stands behind the group on it"`
	Ways     []WayLine  `json:"ways" doc:"on what: its own mandate, one through its PCN, or both"`
	Until    domain.Day `json:"until,omitzero" doc:"the last day by what is known; none: no end is known"`
	EndsSoon bool       `json:"endsSoon" doc:"that day is within 90 days"`
	Since    domain.Day `json:"since,omitzero" doc:"if it does not stand behind the group: since when, where that is known"`
	Why      string     `json:"why,omitempty" doc:"and why"`
	Again    domain.Day `json:"again,omitzero" doc:"and from which day it will again, by what is known"`
	Text     string     `json:"text"`
}

// A WayLine is one way in which a practice stands behind the group.
type WayLine struct {
	Via    *Body       `json:"via,omitempty" doc:"PCN, if it is through the PCN"`
	Grants []GrantLine `json:"grants" doc:"one, or the practice's and then the PCN's"`
	Until  domain.Day  `json:"until,omitzero" doc:"last day of these grants"`
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
	Updated      time.Time         `json:"updated" doc:"when it was recorded, or the day on which it ended, or on which whether it binds this practice changed"`
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
	st, matters := s.StandsOn(o, "", at), s.StandingsOn(o, at)
	p := PracticePage{
		Stamp: g.stamp(at), Practice: g.bodyOn(o.Code, at), Top: g.practiceTop(o, matters, at), Inside: len(st.Grants) > 0, Via: g.anybody(st.Via),
		Matters: []PracticeMatter{}, Grants: []GrantLine{}, Notices: []PracticeNotice{}, Questions: []QuestionLine{}, Departures: []DepartureLine{},
	}
	for i := range matters {
		p.Matters = append(p.Matters, g.practiceMatter(&matters[i], at))
	}
	p.Sizes = g.SizeListsOn(at)
	p.SizeSay = domain.SizeWords(p.Sizes)
	for _, grant := range grantsOf(matters) {
		p.Grants = append(p.Grants, g.grantLine(grant, at))
	}
	notices := s.NoticesOn(at)
	for i := range notices {
		n := &notices[len(notices)-1-i]
		p.Notices = append(p.Notices, PracticeNotice{
			n.Ref, n.Kind, n.On, g.noticeText(n, at), g.bindsPractice(n, o, at), s.SentTo(n.Ref, o.Code, at), s.AcknowledgedOn(n.Ref, o.Code, at), n.Recorded.UTC(),
			later(g.noticeUpdated(n, at), g.bindingChanged(n, o, at)), n.Index,
		})
	}
	for _, q := range g.Questions(at).Questions {
		if q.Practice.Code == o.Code {
			p.Questions = append(p.Questions, q)
		}
	}
	for _, x := range g.Departures(at).Departures {
		if x.Organisation.Code == o.Code || s.InPCN(o, x.Organisation.Code, at) {
			p.Departures = append(p.Departures, x)
		}
	}
	return p
}

// grantsOf are the grants on which the standings rest, in order of recording.
func grantsOf(matters []domain.MatterStanding) []*domain.MandateEntry {
	var grants []*domain.MandateEntry
	for i := range matters {
		for _, r := range matters[i].Routes {
			for _, m := range r.Grants {
				if !slices.Contains(grants, m) {
					grants = append(grants, m)
				}
			}
		}
	}
	slices.SortFunc(grants, func(a, b *domain.MandateEntry) int { return cmp.Compare(a.Index, b.Index) })
	return grants
}

// soon is within how many days an end is about to come (rule M5: the first reminder).
const soon = 90

func (g *Group) practiceMatter(m *domain.MatterStanding, at domain.Day) PracticeMatter {
	l := PracticeMatter{
		Matter: m.Matter, MayAgree: m.Stands(), Ways: []WayLine{}, Until: m.Until, EndsSoon: m.Until != 0 && m.Until < at.Add(soon),
		Since: m.Since, Why: m.Why, Again: m.Again,
	}
	for _, r := range m.Routes {
		way := WayLine{Via: g.anybody(r.Via), Grants: []GrantLine{}, Until: r.Until}
		for _, grant := range r.Grants {
			way.Grants = append(way.Grants, g.grantLine(grant, at))
		}
		l.Ways = append(l.Ways, way)
	}
	l.Text = g.practiceMatterText(m)
	return l
}

func (g *Group) practiceMatterText(m *domain.MatterStanding) string {
	if !m.Stands() {
		w := "No: " + yours(m.Since, m.Why)
		if m.Again != 0 {
			w += "; again from " + m.Again.Words()
		}
		return w + "."
	}
	w := "Yes"
	if m.Routes[0].Via != "" {
		w += ", through " + g.name(m.Routes[0].Via)
	} else if len(m.Routes) > 1 {
		w += ", by your own mandate and through " + g.name(m.Routes[1].Via)
	}
	return w + untilWords(m.Until) + "."
}

// yours says to the practice itself why it stands outside.
func yours(since domain.Day, why string) string {
	w := why
	if rest, its := strings.CutPrefix(why, "its "); its {
		w = "your " + rest
	} else if strings.HasPrefix(why, "has ") || strings.HasPrefix(why, "withdrew") || strings.HasPrefix(why, "left ") || strings.HasPrefix(why, "is ") {
		w = "your practice " + why
	}
	if since != 0 && !strings.Contains(why, " ended on ") {
		w += " (since " + since.Words() + ")"
	}
	return w
}

// bindsPractice says whether an agreement binds the practice (rules C14, M2).
func (g *asking) bindsPractice(n *domain.Notice, o *domain.Organisation, at domain.Day) string {
	const honour = "It does not change your contract."
	if n.Kind != domain.OfAgreement {
		return ""
	}
	if !g.state.AgreementHolds(n.Ref, at) {
		return "It binds nobody any longer."
	}
	p := g.state.Proposals[n.Ref]
	switch b := g.state.BindingOn(p, o, at); {
	case b.Away != nil:
		return "You go your own way on this (" + b.Away.Number + ")."
	case !b.Bound:
		return "It does not bind you: you do not stand behind " + g.state.ShortName + " on " + domain.MatterWords(p.Matter) + "."
	case b.Joined && b.Stands:
		return "It was agreed before you joined. It has bound you in honour since " + b.Since.Words() + ", unless you depart from it. " + honour
	case b.Joined:
		return "It was agreed before you joined on " + b.Since.Words() + ". Your mandate has ended since, and it still binds you in honour, unless you depart from it. " + honour
	case !b.Stands:
		return "It was agreed while your mandate stood, so it still binds you in honour, unless you depart from it. " + honour
	}
	return "It binds you in honour. " + honour
}

// bindingChanged is the beginning of the day on which what the page says of the
// agreement's binding the practice came to be so; the zero time if it is about
// something else.
func (g *Group) bindingChanged(n *domain.Notice, o *domain.Organisation, at domain.Day) time.Time {
	if n.Kind != domain.OfAgreement {
		return time.Time{}
	}
	b := g.state.BindingOn(g.state.Proposals[n.Ref], o, at)
	if b.Changed <= n.On {
		return time.Time{}
	}
	return b.Changed.Start().UTC()
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// mostAtTop is how many words the top of a practice's page has at most (rule T0).
const mostAtTop = 199

// practiceTop words the top of the page. Names come from the ledger and can be
// long, and mandates can be many: each is cut as far as it takes for the whole to
// stay under 200 words. Below, the page says all of it.
func (g *Group) practiceTop(o *domain.Organisation, matters []domain.MatterStanding, at domain.Day) PracticeTop {
	t := PracticeTop{Who: g.topWho(at), MayNot: g.topMayNot(at), SayNo: g.topSayNo(o, at)}
	for most := 12; ; most-- {
		t.May = g.topMay(o, matters, at, most)
		t.Words = len(strings.Fields(t.Who + " " + t.May + " " + t.MayNot + " " + t.SayNo))
		if t.Words <= mostAtTop || most == 1 {
			return t
		}
	}
}

func (g *Group) topWho(at domain.Day) string {
	s := g.state
	w := fewWords(s.Name, 6) + " is how the practices of " + fewWords(s.PlaceName, 3) + " agree things together. " +
		domain.Count(len(s.EntitledOn(at)), "organisation") + " sit at its table. It decides by consensus and never votes."
	for _, id := range s.ChairsOn(at) {
		w += " Chair: " + fewWords(g.office(id), 7) + "."
	}
	return w
}

// topMay says on what the group may agree in the practice's name, at most so many
// matters of a kind, and as many kinds of ends and of reasons.
func (g *Group) topMay(o *domain.Organisation, matters []domain.MatterStanding, at domain.Day, most int) string {
	s := g.state
	if s.FormsAgainOn(at) {
		return "It is forming again, since nobody holds any of its seats, and can agree nothing for now."
	}
	if !s.EstablishedOn(at) {
		return "It is still forming and can agree nothing yet."
	}
	in, out := endsOf(matters), reasonsOf(matters)
	if len(in) == 0 {
		st := s.StandsOn(o, "", at)
		return domain.FirstUpper(fewWords(yours(st.Since, st.Why), 20)) + ", so nothing is agreed in your name. You are told of everything all the same."
	}
	w := "Your practice gave it a mandate" + g.topVia(matters)
	if len(in) == 1 {
		w += untilWords(in[0].until)
	}
	w += ". So it may agree, in your name, on "
	var parts []string
	for i, end := range in {
		switch {
		case len(in) == 1:
			parts = append(parts, few(domain.MatterNames(end.matters), most))
		case i < most:
			parts = append(parts, few(domain.MatterNames(end.matters), most)+untilWords(end.until))
		case i == most:
			parts = append(parts, "more, as said below")
		}
	}
	w += strings.Join(parts, "; and on ") + "."
	for i, why := range out {
		if i < most && i < 3 {
			w += " Not on " + few(domain.MatterNames(why.matters), most) + ": " + fewWords(why.say, 14) + "."
		}
	}
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
		w += " " + domain.Count(speaking, "representative") + " can speak for you in system meetings."
	}
	return w
}

// topVia names the PCN through which the practice stands behind the group.
func (g *Group) topVia(matters []domain.MatterStanding) string {
	direct, via := false, ""
	for i := range matters {
		for _, r := range matters[i].Routes {
			direct, via = direct || r.Via == "", cmp.Or(r.Via, via)
		}
	}
	switch {
	case via == "":
		return ""
	case direct:
		return ", in part through " + fewWords(g.name(via), 5)
	}
	return ", through " + fewWords(g.name(via), 5)
}

// matterGroup are matters of which the same is to be said.
type matterGroup struct {
	matters []string
	until   domain.Day
	say     string
}

// endsOf are the matters for which the practice stands behind the group, by their last day.
func endsOf(matters []domain.MatterStanding) []matterGroup {
	return grouped(matters, true, func(m *domain.MatterStanding) matterGroup { return matterGroup{until: m.Until} })
}

// reasonsOf are those for which it does not, by why.
func reasonsOf(matters []domain.MatterStanding) []matterGroup {
	return grouped(matters, false, func(m *domain.MatterStanding) matterGroup {
		say := yours(m.Since, strings.TrimSuffix(m.Why, " for "+m.Matter))
		if m.Again != 0 {
			say += ", again from " + m.Again.Words()
		}
		return matterGroup{say: say}
	})
}

func grouped(matters []domain.MatterStanding, stands bool, of func(*domain.MatterStanding) matterGroup) []matterGroup {
	var groups []matterGroup
	for i := range matters {
		if matters[i].Stands() != stands {
			continue
		}
		one := of(&matters[i])
		at := slices.IndexFunc(groups, func(g matterGroup) bool { return g.until == one.until && g.say == one.say })
		if at < 0 {
			at, groups = len(groups), append(groups, one)
		}
		groups[at].matters = append(groups[at].matters, matters[i].Matter)
	}
	return groups
}

// acting says whether a delegation is in force.
func acting(s *domain.View, at domain.Day) bool {
	for _, d := range s.Delegations {
		if state, _ := s.DelegationOn(d, at); state == domain.InForce {
			return true
		}
	}
	return false
}

func (g *Group) topMayNot(at domain.Day) string {
	return "It can't change your contract, move your practice's money without your signature, or replace consulting the LMC. " +
		"What it agrees binds in honour only. It hands none of these on: " + few(append([]string{"charter", "membership", "delegation"}, domain.MatterNames(g.state.CharterOn(at).Charter.Reserved)...), 5) + "."
}

func (g *Group) topSayNo(o *domain.Organisation, at domain.Day) string {
	w := "To say no: "
	for _, pcn := range g.state.PCNsOn(at) {
		if seat := g.state.Seats[pcn.Code]; seat != nil && g.state.InPCN(o, pcn.Code, at) {
			w += "tell " + fewWords(pcn.Name, 5) + ", whose block stops any agreement; "
			break
		}
	}
	return w + "ask, or say that you disagree, and you get an answer that all can see; go your own way on an agreement, and say why; or withdraw your mandate, for " +
		"everything or some subjects, with " + domain.Count(g.state.CharterOn(at).Charter.Notice, "day") + "' notice. None of these can be refused."
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
		return domain.ListApart(items)
	}
	return domain.ListApart(append(items[:most:most], strconv.Itoa(len(items)-most)+" more"))
}
