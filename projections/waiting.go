package projections

import (
	"cmp"
	"slices"

	"goldenthread/domain"
)

// Waiting is what waits for one person on a day: what only they, or another
// who acts for the same seat or duty, can do.
type Waiting struct {
	Stamp
	Items []WaitingItem `json:"items" doc:"soonest first; those without a day last"`
}

// WaitingKind is what somebody can do about a thing that waits for them.
type WaitingKind string

const (
	WaitsCharter    WaitingKind = "charter"    // consent to it
	WaitsPosition   WaitingKind = "position"   // say what the seat says
	WaitsConfirm    WaitingKind = "confirm"    // confirm what was recorded for the seat
	WaitsBlock      WaitingKind = "block"      // resolve or let go an objection
	WaitsPutOff     WaitingKind = "put-off"    // agree to put the closing off
	WaitsPay        WaitingKind = "pay"        // agree that one's organisation pays
	WaitsFacilitate WaitingKind = "facilitate" // bring the parties together
	WaitsCallIn     WaitingKind = "call-in"    // call a decision in
	WaitsReport     WaitingKind = "report"     // report a meeting
	WaitsTell       WaitingKind = "tell"       // tell a body of a decision
	WaitsRecord     WaitingKind = "record"     // confirm or refuse what somebody recorded
	WaitsWay        WaitingKind = "way"        // confirm that a new way in is its owner's
)

// A WaitingItem is one thing that waits.
type WaitingItem struct {
	Ref  string      `json:"ref" doc:"such as P1, E3 or locality-board/2026-03-09"`
	Kind WaitingKind `json:"kind" doc:"also a kind of the work list"`
	By   domain.Day  `json:"by,omitzero" doc:"last day, where there is one"`
	Text string      `json:"text"`
}

// ToConfirm says whether it is a record that the person can confirm or refuse by its
// reference: a kept record, a new way in, a decision or a commitment (rules O3, L11, D5, R4).
func (w *WaitingItem) ToConfirm() bool {
	return w.Kind == WaitsRecord || w.Kind == WaitsWay || w.Kind == WaitsConfirm && (w.Ref[0] == 'E' || w.Ref[0] == 'K')
}

// WaitsDeny and WaitsNotices are asked of whoever speaks for an organisation.
const (
	WaitsDeny    WaitingKind = "deny"    // say that it was not consulted
	WaitsNotices WaitingKind = "notices" // say that its practice has seen them
)

// ToDo is everything that the person is asked to do on that day, by handle or id: what
// waits for them, what is due and theirs to see to, as a kind of the work list, what they
// can deny, and what their practices have not marked as seen. For somebody unknown there
// is nothing.
func (g *asking) ToDo(person string, at domain.Day) Waiting {
	w, p := g.Waiting(person, at), g.state.Person(person)
	if p == nil {
		return w
	}
	for _, due := range g.state.WorkListOn(at) {
		if slices.Contains(g.state.DueFor(&due, at), p.ID) {
			w.add(due.What, WaitingKind(due.Kind), due.On, due.Text)
		}
	}
	w.consultationsWait(g, p, at)
	w.noticesWait(g, p, at)
	w.sort()
	return w
}

// Waiting answers for that person, by handle or id; for somebody unknown
// nothing waits.
func (g *asking) Waiting(person string, at domain.Day) Waiting {
	w := Waiting{g.stamp(at), []WaitingItem{}}
	p := g.state.Person(person)
	if p == nil {
		return w
	}
	w.charterWaits(g, p, at)
	w.positionsWait(g, p, at)
	w.disputesWait(g, p, at)
	w.confirmingWaits(g, p, at)
	w.callInsWait(g, p, at)
	w.reportsWait(g, p, at)
	w.tellingWaits(g, p, at)
	w.recordsWait(g, p, at)
	w.waysWait(g, p, at)
	w.sort()
	return w
}

func (w *Waiting) sort() {
	slices.SortStableFunc(w.Items, func(a, b WaitingItem) int {
		return cmp.Or(cmp.Compare(uint32(a.By-1), uint32(b.By-1)), cmp.Compare(a.Ref, b.Ref)) // no day wraps round to the end
	})
}

func (w *Waiting) add(ref string, kind WaitingKind, by domain.Day, text string) {
	w.Items = append(w.Items, WaitingItem{ref, kind, by, text})
}

func (w *Waiting) charterWaits(g *asking, p *domain.Person, at domain.Day) {
	for _, seat := range g.state.EntitledOn(at) {
		if g.state.AwaitsConsent(seat, p.ID, at) {
			w.add("charter", WaitsCharter, 0, g.name(seat)+" has not yet consented to the charter.")
		}
	}
}

// positionsWait adds open proposals on which a seat has not been heard, still
// blocks, or has to confirm what the manager recorded for it, and those for which an
// organisation is still to agree that it pays.
func (w *Waiting) positionsWait(g *asking, person *domain.Person, at domain.Day) {
	for _, known := range byNumber(g.state.Proposals) {
		s, p := g.proposalOn(known, at)
		if p == nil || p.Stage != domain.Open {
			continue
		}
		title := p.Number + ", " + p.Title()
		answers := map[string]bool{} // by their consent these seats agree to pay too
		for _, e := range s.RollOn(p, at) {
			if !s.Allows(person.ID, &domain.GiveConsent{Proposal: p.Number, Seat: e.Seat}, at) {
				continue
			}
			switch e.Position {
			case domain.RollConsents, domain.RollStandsAside:
			case domain.RollBlocks:
				w.add(p.Number, WaitsBlock, p.Closes, e.Name+" blocks "+title+": only you can accept what would resolve it.")
			case domain.RollUnconfirmed:
				w.add(p.Number, WaitsConfirm, p.Closes, "The manager heard that "+e.Name+" "+StandWords(p.ToConfirm(e.Seat).Stand)+" "+title+" ("+clause(e.Heard)+"). It counts once you confirm it.")
			case domain.RollToAnswer:
				w.add(p.Number, WaitsPosition, p.Closes, "The manager heard that "+e.Name+" objects to "+title+" ("+clause(e.Heard)+"). If that is so, raise the objection; if not, say what you say.")
			case domain.RollNotHeard, domain.RollVacant:
				w.add(p.Number, WaitsPosition, p.Closes, e.Name+" has not been heard on "+title+".")
			}
			answers[e.Seat] = e.Position != domain.RollStandsAside && e.Position != domain.RollBlocks
		}
		for _, code := range s.UnpaidOn(p, at) {
			if !answers[code] && s.Allows(person.ID, &domain.AgreeToPay{Proposal: p.Number, Organisation: code}, at) {
				w.add(p.Number, WaitsPay, p.Closes, g.name(code)+" is named as paying in "+title+", and has not agreed to it.")
			}
		}
	}
}

// StandWords say what a seat says, before the words that it says it to.
func StandWords(stand domain.Stand) string {
	if stand == domain.StandAside {
		return "stands aside from"
	}
	return "consents to"
}

// disputesWait adds open proposals that a block stops, for their facilitator, and
// for a seat that was asked to put the closing day off (rule C15).
func (w *Waiting) disputesWait(g *asking, person *domain.Person, at domain.Day) {
	for _, known := range byNumber(g.state.Proposals) {
		s, p := g.proposalOn(known, at)
		if p == nil || p.Stage != domain.Open || p.Working == nil || len(s.PartiesOn(p, at)) == 0 {
			continue
		}
		title := p.Number + ", " + p.Title()
		if f := p.Facilitator(); f != nil && f.Person == person.ID {
			w.add(p.Number, WaitsFacilitate, p.Closes, "You were named as facilitator for "+title+": talk with "+g.names(s.PartiesOn(p, at))+", and record each conversation.")
		}
		for _, seat := range s.PutOffWaitsFor(p, at) {
			if s.Allows(person.ID, &domain.AgreePutOff{Proposal: p.Number, Seat: seat}, at) {
				r := p.PutOffAsked()
				w.add(p.Number, WaitsPutOff, p.Closes, g.name(r.Agreed[0].Seat)+" asks "+g.name(seat)+" to agree that "+title+" closes on "+r.Closes.Words()+" and not on "+p.Closes.Words()+".")
			}
		}
	}
}

// confirmingWaits adds what somebody recorded that the person decided with others, or
// said in a meeting, and that binds nobody until they confirm it (rules D5, R4).
func (w *Waiting) confirmingWaits(g *asking, p *domain.Person, at domain.Day) {
	for _, x := range byNumber(g.state.Exercises) {
		st := g.state.ExerciseOn(x, at)
		if x.Recorded <= at && (st == domain.XUnconfirmed || st == domain.XCalledIn) && slices.Contains(x.StillToConfirm(at), p.ID) {
			by := g.state.ConfirmBy(x)
			w.add(x.Number, WaitsConfirm, by, "It was recorded that you decided "+x.Number+" with others: "+clause(x.What)+termsWords(x.Amount, x.Months, x.OpenEnded)+". It counts once you confirm it, and lapses after "+by.Words()+".")
		}
	}
	for _, k := range byNumber(g.state.Commitments) {
		if k.Recorded <= at && k.Person == p.ID && g.state.CommitmentOn(k, at) == domain.KReported {
			by := g.state.ConfirmCommitmentBy(k)
			w.add(k.Number, WaitsConfirm, by, "It was recorded that you said "+k.Number+" in "+g.forum(k.Forum)+" on "+k.Meeting.Words()+": "+ended(k.Words)+" It binds nobody until you confirm it, and is beyond after "+by.Words()+".")
		}
	}
}

// ToConfirm is what was decided or said, and how it was recorded and what follows, in
// sentences, for those who are asked to confirm the exercise or commitment; "" for
// anything else.
func (g *asking) ToConfirm(ref string, at domain.Day) (what string, notes []string) {
	if x := g.state.Exercises[ref]; x != nil {
		return clause(x.What) + termsWords(x.Amount, x.Months, x.OpenEnded), []string{
			"Recorded on " + x.Recorded.Words() + ": decided on " + x.On.Words() + " under " + x.Delegation + ", by " + g.offices(x.Acting) + ".",
			"It counts once it is confirmed by " + g.offices(x.StillToConfirm(at)) + ", and lapses after " + g.state.ConfirmBy(x).Words() + ".",
		}
	}
	if k := g.state.Commitments[ref]; k != nil {
		return clause(k.Words) + saidTerms(k.Amount, k.Months, false), []string{
			"Recorded on " + k.Recorded.Words() + ": said in " + g.forum(k.Forum) + " on " + k.Meeting.Words() + ", " + g.givenWords(k.Given) + ".",
			"It binds nobody until you confirm it, and is beyond after " + g.state.ConfirmCommitmentBy(k).Words() + ".",
		}
	}
	return "", nil
}

func (w *Waiting) callInsWait(g *asking, p *domain.Person, at domain.Day) {
	if !g.state.Allows(p.ID, &domain.CallIn{}, at) {
		return
	}
	for _, x := range byNumber(g.state.Exercises) {
		last, st := g.callableUntil(x, at), g.state.ExerciseOn(x, at)
		if last == 0 {
			continue
		}
		what := "The executive decided " + x.Number + ": " + ended(x.What)
		if st == domain.XWithin {
			w.add(x.Number, WaitsCallIn, last, what+" It can be called in until "+last.Words()+".")
		} else if st == domain.XUnconfirmed {
			w.add(x.Number, WaitsCallIn, last, what+" It is not confirmed by "+g.offices(x.StillToConfirm(at))+" yet. It can be called in now, and for "+
				domain.Count(g.state.CharterOn(at).Charter.CallInWithin, "day")+" once it is.")
		}
	}
}

// callableUntil is the last day on which the decision can be called in, or a body can say
// that it was not consulted, as things stand on that day; 0 if it can't be (rules D6, D7).
func (g *asking) callableUntil(x *domain.Exercise, at domain.Day) domain.Day {
	st, last := g.state.ExerciseOn(x, at), g.state.CallInBy(x, at)
	if x.Recorded > at || at > last || x.CalledIn != 0 && x.CalledIn <= at || st != domain.XWithin && st != domain.XUnconfirmed {
		return 0
	}
	return last
}

// reportsWait adds meetings, up to that day, that a representative has to report.
func (w *Waiting) reportsWait(g *asking, p *domain.Person, at domain.Day) {
	for _, m := range g.state.Meetings {
		if m.Cancelled != 0 || m.On > at || (m.Reported != 0 && m.Reported <= at) || !g.state.Represents(p.ID, m.Forum, m.On) {
			continue
		}
		by := g.state.ReportBy(m)
		w.add(m.Forum+"/"+m.On.String(), WaitsReport, by, "The meeting of "+g.forum(m.Forum)+" on "+m.On.Words()+" is to be reported.")
	}
}

// tellingWaits adds exercises of which somebody is still to be told by those who acted.
func (w *Waiting) tellingWaits(g *asking, p *domain.Person, at domain.Day) {
	for _, x := range byNumber(g.state.Exercises) {
		if by, body, told := g.state.TellBy(x, at); by != 0 && told == 0 && x.On <= at && slices.Contains(x.Acting, p.ID) {
			w.add(x.Number, WaitsTell, by, domain.FirstUpper(g.name(body))+" is to be told of "+x.Number+": "+ended(x.What))
		}
	}
}

// consultationsWait adds decisions that are said to have been made after consulting a body
// for which the person speaks or sits, while that can be denied (rule D6).
func (w *Waiting) consultationsWait(g *asking, p *domain.Person, at domain.Day) {
	for _, x := range byNumber(g.state.Exercises) {
		last := g.callableUntil(x, at)
		if last == 0 {
			continue
		}
		for _, code := range g.state.ConsultedOn(x.Number, at) {
			if g.state.Allows(p.ID, &domain.DenyConsultation{Exercise: x.Number, Body: code}, at) {
				w.add(x.Number, WaitsDeny, last, g.consultedText(x, code, last))
			}
		}
	}
}

// noticesWait adds, for each practice for which the person speaks, that it has not marked
// notices as seen (rule T2).
func (w *Waiting) noticesWait(g *asking, p *domain.Person, at domain.Day) {
	notices := g.state.NoticesOn(at)
	for _, o := range g.state.PracticesOn(at) {
		if !slices.Contains(g.state.SpokespeopleOn(o.Code, at), p.ID) {
			continue
		}
		unseen := 0
		for i := range notices {
			if g.state.AcknowledgedOn(notices[i].Ref, o.Code, at) == 0 {
				unseen++
			}
		}
		if unseen > 0 {
			w.add("practice/"+o.Code, WaitsNotices, 0, o.Name+" has not marked "+domain.Count(unseen, "notice")+" as seen.")
		}
	}
}
