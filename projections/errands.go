package projections

import (
	"slices"
	"strconv"
	"strings"

	"goldenthread/domain"
)

// An Errand is something that somebody is to be told of or reminded of on a
// day, and has not done or seen yet.
type Errand struct {
	Kind  ErrandKind
	Item  WaitingItem // what it is about, and its last day
	About string      // reference, such as P4
	Do    string      // what the person is asked to do, to them: "Respond to P4, Saturdays"
	Text  string      // in plain words

	key    string // the same whenever it is worked out
	nearer bool   // it is told again when its day comes nearer
}

// ErrandKind is what an errand is to the person; they can ask not to be mailed of each
// but the last.
type ErrandKind string

const (
	ErrandAsked ErrandKind = "asked" // they alone, or few, can do it
	ErrandDue   ErrandKind = "due"   // it is theirs to see to, by their duty or office
	ErrandTold  ErrandKind = "told"  // their practice is told of it
	ErrandWay   ErrandKind = "way"   // it is about a way in that they have, and can't wait (rule L11)
)

// Usual days before the last one on which somebody is reminded.
const (
	remindFirst = 30
	remindLast  = 7
)

// Key says what the person was told: whoever was told of it is not told again. One that
// has come nearer is a new one: so many days before its last, or 30 and 7 days before if
// ahead is 0, and when it is overdue. With less than 0 nobody is reminded.
func (e *Errand) Key(at domain.Day, ahead int) string {
	left := int(e.Item.By - at)
	last, first := ahead, ahead
	if ahead == 0 {
		last, first = remindLast, remindFirst
	}
	switch {
	case !e.nearer:
		return e.key
	case e.Item.By == 0 || left > first || ahead < 0:
		return e.key + "/first"
	case left > last:
		return e.key + "/" + strconv.Itoa(first)
	case left >= 0:
		return e.key + "/" + strconv.Itoa(last)
	}
	return e.key + "/overdue"
}

// An errandList is what everybody is to be told, by person's id.
type errandList map[string][]Errand

func (l errandList) add(persons []string, e Errand) {
	for _, id := range persons {
		l[id] = append(l[id], e)
	}
}

// Errands are what each person is to be told of on that day, by the person's id
// (rules C2, C10, D6, R5, T1, T2).
func (g *asking) Errands(at domain.Day) map[string][]Errand {
	errands := errandList{}
	if g.state.Next == 0 {
		return errands
	}
	for _, due := range g.state.WorkListOn(at) {
		item := WaitingItem{due.What, WaitingKind(due.Kind), due.On, due.Text}
		errands.add(g.state.DueFor(&due, at), g.nearing(ErrandDue, item, dueWords[due.Kind], at))
	}
	for id := range g.state.People {
		for _, w := range g.Waiting(id, at).Items {
			if w.Kind == WaitsPosition {
				w.Text += " Silence is never consent."
			}
			errands.add([]string{id}, g.nearing(ErrandAsked, w, askedWords[w.Kind], at))
		}
	}
	g.consultedErrands(errands, at)
	g.practiceErrands(errands, at)
	g.wayErrands(errands, at)
	return errands
}

// askedWords are what somebody is asked to do by what waits for them, before what it is
// about.
var askedWords = map[WaitingKind]string{
	WaitsCharter: "Say whether you consent to", WaitsPosition: "Respond to", WaitsConfirm: "Say whether this is right:", WaitsPay: "Say whether your organisation pays:", WaitsBlock: "Look again at your objection to",
	WaitsPutOff: "Say whether the closing day may be put off:", WaitsFacilitate: "Bring people together about", WaitsCallIn: "See whether you call in", WaitsReport: "Report",
	WaitsTell: "Tell those who are to know of", WaitsRecord: "Say whether this record is right:", WaitsWay: "Say whether a new way in is its owner’s:", WaitsDeny: "Say so if you were not consulted:",
}

// dueWords are the same of what is due.
var dueWords = map[domain.DueKind]string{
	domain.DueReview: "Review", domain.DueEnd: "See to the end of", domain.DueRatify: "Ratify or disavow", domain.DueCallIn: "Settle", domain.DueMandate: "Renew",
	domain.DueApproach: "Deal with", domain.DuePriorities: "Ask for the practices’ answers:", domain.DueAction: "Do", domain.DueDeparture: "Talk through",
	domain.DueCommunicate: "Tell the practices of", domain.DueQuestion: "Answer", domain.DueInterest: "Declare your interest anew:", domain.DueCharter: "See to",
	domain.DueJoining: "Put a proposal about", domain.DueSeat: "Say who holds", domain.DueVacant: "See that somebody holds",
}

// nearing is an errand that is told again when its day comes nearer. Its key names what is
// to be done and, of a proposal, the version: consents to other words have fallen (rule C2).
func (g *asking) nearing(kind ErrandKind, w WaitingItem, words string, at domain.Day) Errand {
	e := Errand{Kind: kind, Item: w, About: w.Ref, Do: words + " " + g.called(w.Ref), Text: overdueWords(w.Text, w.By, at), nearer: true}
	e.key = string(w.Kind) + "/" + w.Ref + "/" + w.By.String()
	if p := g.state.Proposals[w.Ref]; p != nil && p.Stage == domain.Open {
		e.key += "/v" + strconv.Itoa(p.Version().Number)
	}
	return e
}

// called is what people call that: a proposal with its title, a meeting with its forum.
func (g *asking) called(ref string) string {
	of, day, _ := strings.Cut(ref, "/")
	switch {
	case g.state.Proposals[ref] != nil:
		return ref + ", " + g.state.Proposals[ref].Title()
	case g.state.Exercises[ref] != nil:
		return ref + ", " + clause(g.state.Exercises[ref].What)
	case g.state.Actions[ref] != nil:
		return ref + ", " + clause(g.state.Actions[ref].What)
	case ref == "charter":
		return "the charter"
	case of == "seat":
		return "the seat of " + g.name(day)
	case of == "joining":
		return "joining " + day
	}
	if on, err := domain.ParseDay(day); err == nil && g.state.Forums[of] != nil {
		return "the meeting of " + g.forum(of) + " on " + on.Words()
	}
	return ref
}

func overdueWords(text string, by, at domain.Day) string {
	if by == 0 || at <= by {
		return text
	}
	return text + " It was due by " + by.Words() + "."
}

// consultedErrands tell bodies that are said to have been consulted, while they
// can deny it (rule D6).
func (g *asking) consultedErrands(errands errandList, at domain.Day) {
	for _, x := range byNumber(g.state.Exercises) {
		last := g.callableUntil(x, at)
		if last == 0 {
			continue
		}
		for _, code := range g.state.ConsultedOn(x.Number, at) {
			item := WaitingItem{x.Number, WaitsDeny, last, g.consultedText(x, code, last)}
			errands.add(g.speakers(code, at), Errand{Kind: ErrandAsked, Item: item, About: x.Number, Do: askedWords[WaitsDeny] + " " + g.called(x.Number), Text: item.Text, key: "consulted/" + x.Number + "/" + code})
		}
	}
}

// consultedText says to a body, or what it went on as, that it is said to have been consulted.
func (g *asking) consultedText(x *domain.Exercise, code string, last domain.Day) string {
	c := x.Consulted[0]
	for _, k := range x.Consulted {
		if k.Body == code {
			c = k
		}
	}
	return x.Number + " says that " + g.name(c.Body) + " was consulted on " + c.On.Words() + " (" + clause(c.How) + "): " + ended(x.What) + " If that is not so, it can be denied until " + last.Words() + "."
}

// speakers may speak for the organisation, or hold its seat.
func (g *asking) speakers(code string, at domain.Day) []string {
	if g.state.Organisations[code] == nil {
		return nil
	}
	ids := g.state.SpokespeopleOn(code, at)
	if seat := g.state.Seats[code]; seat != nil {
		for _, h := range g.state.TenuresOn(seat, at) {
			if !slices.Contains(ids, h.Person) {
				ids = append(ids, h.Person)
			}
		}
	}
	return ids
}

// practiceErrands tell those who speak for a practice of notices that it has
// not acknowledged, and of answers to what it asked.
func (g *asking) practiceErrands(errands errandList, at domain.Day) {
	notices := g.state.NoticesOn(at)
	for _, o := range g.state.PracticesOn(at) {
		speakers := g.state.SpokespeopleOn(o.Code, at)
		if len(speakers) == 0 {
			continue
		}
		for i := range notices {
			if round := g.noticeRound(&notices[i], o.Code, at); round > 0 {
				n := &notices[i]
				errands.add(speakers, Errand{
					Kind: ErrandTold, Item: WaitingItem{Ref: "practice/" + o.Code, Kind: WaitsNotices}, About: n.Ref, Do: "Say that " + o.Name + " has seen " + g.called(n.Ref),
					Text: "For " + o.Name + ": " + g.noticeText(n, at) + " " + g.bindsPractice(n, o, at) + " Please say that you have seen it.",
					key:  "notice/" + n.Ref + "/" + o.Code + "/" + strconv.Itoa(round),
				})
			}
		}
		for _, q := range byNumber(g.state.Questions) {
			if q.Practice == o.Code && q.Answered != 0 && q.Answered <= at {
				errands.add(speakers, Errand{Kind: ErrandTold, Item: WaitingItem{Ref: q.Number}, About: q.Number, Do: "Read the answer to " + q.Number, key: "answered/" + q.Number, Text: q.Number + " of " + o.Name + " was answered on " + q.Answered.Words() + ": " + clip(q.Answer)})
			}
		}
	}
}

// noticeRound returns which telling of the notice is due to the practice on that day
// (1, 2, …), one window after another, until it has had it as often as the charter
// says; 0 if none is, or if it has acknowledged it (rule T1).
func (g *asking) noticeRound(n *domain.Notice, practice string, at domain.Day) int {
	if g.state.AcknowledgedOn(n.Ref, practice, at) != 0 {
		return 0
	}
	charter := &g.state.CharterOn(n.On).Charter
	times := 1
	if n.Kind == domain.OfAgreement {
		times = charter.Communications
	}
	return min(1+int(at-n.On)/max(charter.Window, 1), max(times-g.state.SentTo(n.Ref, practice, at), 0))
}
