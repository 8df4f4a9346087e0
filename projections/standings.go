package projections

import (
	"cmp"
	"slices"
	"strings"

	"goldenthread/domain"
)

// A MandateState says in an adjective where a practice stands with its mandate.
type MandateState string

// The states. Of a practice outside it is its newest word or, if it said nothing, what was
// asked of it.
const (
	MandateGiven     MandateState = "given"
	MandateOnPaper   MandateState = "on paper" // recorded by a keeper, and waits to be confirmed (rule M1)
	MandateAnswered  MandateState = "answered" // with the code of its letter, and the registrar has still to record it
	MandateAsked     MandateState = "asked"
	MandateRefused   MandateState = "refused"
	MandateWithdrawn MandateState = "withdrawn"
	MandateNone      MandateState = "none"
)

// A PracticeStanding is where one practice stands with its mandate on a day.
type PracticeStanding struct {
	Practice Body
	State    MandateState
	Says     []string // what it gave and until when, or why it stands outside, in sentences
}

// PracticeStandings are where all open practices of the place stand on that day, by name.
func (g *backing) PracticeStandings(at domain.Day) []PracticeStanding {
	coverage := g.state.CoverageOn("", at)
	words := g.mandateWords(at)
	var all []PracticeStanding
	for _, st := range coverage.Inside() {
		line := PracticeStanding{Practice: g.body(st.Practice.Code), State: MandateGiven}
		for _, grant := range st.Grants {
			line.Says = append(line.Says, g.grantTextOn(grant, at))
		}
		if w := words[st.Practice.Code]; w.waits && w.state == MandateRefused {
			line.Says = append(line.Says, w.say)
		}
		all = append(all, line)
	}
	for _, o := range coverage.Outside {
		line := PracticeStanding{Practice: g.body(o.ODS), State: MandateNone, Says: []string{domain.FirstUpper(o.Why)}}
		if w, said := words[o.ODS]; said {
			line.State, line.Says = w.state, append(line.Says, w.say)
		}
		all = append(all, line)
	}
	slices.SortFunc(all, func(a, b PracticeStanding) int {
		return cmp.Or(strings.Compare(a.Practice.Name, b.Practice.Name), strings.Compare(a.Practice.Code, b.Practice.Code))
	})
	return all
}

// A mandateWord is what was said last about an organisation's mandate, but for what holds.
type mandateWord struct {
	state MandateState
	say   string
	index uint64
	waits bool // to be confirmed
}

// mandateWords are the newest word about each organisation's mandate, by code: what waits
// first, then what it said itself or was asked.
func (g *backing) mandateWords(at domain.Day) map[string]mandateWord {
	words := map[string]mandateWord{}
	say := func(code string, w mandateWord) {
		if had, ok := words[code]; !ok || w.waits && !had.waits || w.waits == had.waits && w.index > had.index {
			words[code] = w
		}
	}
	for _, a := range g.state.Asked {
		say(a.Organisation, mandateWord{MandateAsked, "Asked on " + a.On.Words() + " (" + a.Number + "): " + a.Words, a.Index, false})
	}
	for code, m := range g.Refusals(at) {
		state := MandateRefused
		if g.state.TookBack(m) {
			state = MandateWithdrawn
		}
		say(code, mandateWord{state, g.withdrawalText(m), m.Index, false})
	}
	for _, l := range g.state.AnswersWaiting() {
		say(l.Organisation, mandateWord{MandateAnswered, "Answered its letter (" + l.Number + ") on " + l.Answer.On.Words() + ": " + l.Answer.Said.Answered() + ". The registrar has still to record it", l.Answer.Index, false})
	}
	for _, k := range g.state.Records {
		if code, w := keptMandate(k); code != "" {
			say(code, w)
		}
	}
	return words
}

// Refusals are the withdrawals from the group, and the words that there is no mandate, that
// stand on that day: the newest of each organisation, by code, that no later grant followed.
func (g *backing) Refusals(at domain.Day) map[string]*domain.MandateEntry {
	no := map[string]*domain.MandateEntry{}
	for _, m := range g.state.Mandates {
		switch {
		case m.To != "":
		case m.Withdrawal:
			no[m.Organisation] = m
		case m.Covers(max(at, m.From)):
			delete(no, m.Organisation)
		}
	}
	return no
}

// keptMandate is what a keeper's record says about an organisation's mandate, while it
// waits or once the organisation has refused it; "" if it says nothing of one.
func keptMandate(k *domain.Kept) (code string, w mandateWord) {
	w = mandateWord{index: k.Index, waits: k.Waits()}
	switch {
	case k.Command.GrantMandate != nil:
		code, w.state = k.Command.GrantMandate.Organisation, MandateOnPaper
		w.say = "Recorded from paper on " + k.On.Words() + ", and waits to be confirmed (" + k.Number + ")"
	case k.Command.WithdrawMandate != nil:
		code, w.state = k.Command.WithdrawMandate.Organisation, MandateRefused
		w.say = "That it says no was recorded on " + k.On.Words() + ", and waits (" + k.Number + ")"
	}
	if w.waits || code == "" {
		return code, w
	}
	i := slices.IndexFunc(k.Parts, func(p domain.KeptPart) bool { return p.Of == code && p.Stage == domain.KeptRefused })
	if i < 0 || w.state != MandateOnPaper {
		return "", w
	}
	w.state, w.say = MandateRefused, "What was recorded from paper was refused on "+k.Parts[i].Said.Words()+": "+k.Parts[i].Reason
	return code, w
}
