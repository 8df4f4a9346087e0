package model

import (
	"fmt"
	"slices"

	"goldenthread/domain"
)

// Settlement (C5, C6, C13, F5, F7): which proposals are agreed or lapse, and on
// which day.

// A version of a proposal that was put: its window, and when it lapses.
type put struct {
	version int
	index   int
	on      day
	window  int
	closes  day
}

// openVersion is the newest version, if it is open; false if the proposal is a
// draft or has come to its end.
func (m model) openVersion(proposal string) (put, bool) {
	var p put
	newest, open := 0, false
	for i, e := range m.events {
		switch x := e.Data.(type) {
		case *domain.ProposalRaised:
			if x.Proposal == proposal {
				newest = 1
			}
		case *domain.ProposalAmended:
			if x.Proposal == proposal {
				newest, open = x.Version, false
			}
		case *domain.ProposalPut:
			if x.Proposal == proposal {
				p, open = put{x.Version, i, londonDay(e.Time), x.Window, x.Closes}, x.Version == newest
			}
		case *domain.ProposalWithdrawn:
			open = open && x.Proposal != proposal
		case *domain.ProposalLapsed:
			open = open && x.Proposal != proposal
		case *domain.AgreementReached:
			open = open && x.Proposal != proposal
		default:
		}
	}
	return p, open
}

func (m model) instruments(proposal string) []domain.Instrument {
	var is []domain.Instrument
	for _, e := range m.events {
		switch x := e.Data.(type) {
		case *domain.ProposalRaised:
			if x.Proposal == proposal {
				is = x.Instruments
			}
		case *domain.ProposalAmended:
			if x.Proposal == proposal {
				is = x.Instruments
			}
		default:
		}
	}
	return is
}

// seatsOn are the seats in force on the day (F5, C6): since when, and at which
// index each was opened.
func (m model) seatsOn(d day) map[string]int {
	seats := map[string]int{}
	for i, e := range m.events {
		if x, ok := e.Data.(*domain.SeatOpened); ok && e.Effective <= d && m.agreedHolds(x.Source, d) && m.open(x.Seat, d) && !m.withoutPractice(x.Seat, d) {
			seats[x.Seat] = i
		}
	}
	return seats
}

// withoutPractice says whether it is a PCN to which no open practice belongs.
func (m model) withoutPractice(code string, d day) bool {
	if !has(m.codes(domain.PCN), code) {
		return false
	}
	for _, p := range m.codes(domain.Practice) {
		if m.open(p, d) && m.inPCN(p, code, d) {
			return false
		}
	}
	return true
}

// position is what counts for the seat on the version: the holder's newest
// word, else the deputy's. What the manager heard may count only once confirmed.
func (m model) position(proposal string, version int, seat string) *domain.PositionTaken {
	var counts *domain.PositionTaken
	for i, e := range m.events {
		x, ok := e.Data.(*domain.PositionTaken)
		if !ok || x.Proposal != proposal || x.Version != version || x.Seat != seat {
			continue
		}
		if x.Unconfirmed && !m.confirmed(i, x) {
			continue
		}
		if counts != nil && counts.Role == domain.Holder && x.Role == domain.Deputy {
			continue
		}
		counts = x
	}
	return counts
}

func (m model) confirmed(i int, heard *domain.PositionTaken) bool {
	for _, e := range m.events[i:] {
		if x, ok := e.Data.(*domain.PositionConfirmed); ok && x.Proposal == heard.Proposal && x.Version == heard.Version && x.Seat == heard.Seat {
			return true
		}
	}
	return false
}

// blocked says whether a block is open, whatever became of its seat (F11).
func (m model) blocked(proposal string) bool {
	for i, e := range m.events {
		x, ok := e.Data.(*domain.ObjectionRaised)
		if ok && x.Proposal == proposal && x.Grade == domain.Block && !m.letGo(i, x.Objection) && m.wrong != blocksIgnored {
			return true
		}
	}
	return false
}

func (m model) letGo(i int, objection string) bool {
	for _, e := range m.events[i:] {
		if x, ok := e.Data.(*domain.ObjectionResolved); ok && x.Objection == objection {
			return true
		}
	}
	return false
}

func (m model) goesOnFor(seat, ended string, d day) bool {
	for other := range m.merged(seat, d) {
		if other == ended || m.goesOnFor(other, ended, d) {
			return true
		}
	}
	return false
}

// ripe says whether the proposal's open version can be agreed on the day (C5).
func (m model) ripe(proposal string, v put, d day) bool {
	if !m.established(d) {
		return false
	}
	charter, _ := m.charterOn(d)
	seats := m.asked(v, d)
	quorum := min(charter.Quorum, len(seats))
	if m.said(proposal, v.version) < max(1, quorum) && m.wrong != silenceIsConsent {
		return false // too few have said anything
	}
	if m.blocked(proposal) || !m.paid(proposal, v, d) {
		return false
	}
	consents, people, wait, ends := map[string]bool{}, map[string]bool{}, false, v.on+day(v.window)
	for seat, opened := range seats {
		p := m.position(proposal, v.version, seat)
		wait = wait || !m.held(seat, d)
		if opened > v.index && m.wrong != lateSeatsDontWait {
			ends = max(ends, m.events[opened].Effective+day(v.window))
		}
		if p == nil {
			if m.wrong == silenceIsConsent {
				continue
			}
			if !m.vacant(v, seat, d) {
				return false
			}
			continue
		}
		if p.Stand == domain.Consent || m.wrong == standingAsideCounts {
			consents[seat], people[m.consenter(p)] = true, true
		}
		wait = wait || p.Stand != domain.Consent || !p.NeedNotWait
	}
	if m.wrong == windowADayShort {
		ends--
	}
	if wait && d < ends || len(consents) < quorum || len(people) < m.people(charter, v) {
		return false
	}
	for _, code := range charter.QuorumOf {
		met, asked := false, false
		for seat := range seats {
			if seat == code || m.goesOnFor(seat, code, d) {
				met, asked = met || consents[seat], true
			}
		}
		if asked && !met {
			return false
		}
	}
	return true
}

// said is how many positions were taken on the version.
func (m model) said(proposal string, version int) int {
	n := 0
	for _, e := range m.events {
		if x, ok := e.Data.(*domain.PositionTaken); ok && x.Proposal == proposal && x.Version == version {
			n++
		}
	}
	return n
}

// paid says whether whoever is named to pay agreed to the version, by a word of
// its own or by its seat's consent (C1).
func (m model) paid(proposal string, v put, d day) bool {
	for _, payer := range m.payers(m.instruments(proposal)) {
		agreed := false
		for _, e := range m.events {
			if x, ok := e.Data.(*domain.PaymentAgreed); ok && x.Proposal == proposal && x.Version == v.version && x.Organisation == payer {
				agreed = true
			}
		}
		if p := m.position(proposal, v.version, payer); p != nil && p.Stand == domain.Consent {
			agreed = true
		}
		if !agreed {
			return false
		}
	}
	return true
}

// payers are the organisations that would pay. Whoever paid before pays what is
// varied, unless it says otherwise.
func (m model) payers(is []domain.Instrument) []string {
	var all []string
	for _, i := range is {
		switch {
		case i.GrantDelegation != nil:
			all = append(all, i.GrantDelegation.Payer)
		case i.Appoint != nil:
			all = append(all, i.Appoint.Payer)
		case i.VaryDelegation != nil && i.VaryDelegation.Payer != "":
			all = append(all, i.VaryDelegation.Payer)
		case i.VaryDelegation != nil && carryMoney(i.VaryDelegation.Powers):
			if d := m.delegation(i.VaryDelegation.Delegation); d != nil {
				all = append(all, d.Payer)
			}
		}
	}
	return slices.DeleteFunc(all, func(code string) bool { return code == "" })
}

func carryMoney(powers []domain.Power) bool {
	for _, p := range powers {
		if p.ItemLimit > 0 || p.YearLimit > 0 {
			return true
		}
	}
	return false
}

// settlement tells of each proposal how it ended, and on which day: as it was
// recorded, and as the rules say from what was recorded before.
func settlement(m model) (theirs, ours string) {
	var proposals []string
	recorded := map[string]string{}
	for _, e := range m.events {
		switch x := e.Data.(type) {
		case *domain.ProposalRaised:
			proposals = append(proposals, x.Proposal)
		case *domain.AgreementReached:
			recorded[x.Proposal] = fmt.Sprint("agreed on ", e.Effective)
		case *domain.ProposalLapsed:
			recorded[x.Proposal] = fmt.Sprint("lapsed on ", e.Effective)
		default:
		}
	}
	for _, p := range proposals {
		if ended := m.ended(p, recorded[p]); ended != recorded[p] {
			theirs += fmt.Sprintf("%s %s; ", p, recorded[p])
			ours += fmt.Sprintf("%s %s; ", p, ended)
		}
	}
	return theirs, ours
}

// ended is how the proposal ended. Before each thing that was recorded, every
// day since the one before it is looked at.
func (m model) ended(proposal, recorded string) string {
	raised := false
	for i := 1; i < len(m.events); i++ {
		if x, ok := m.events[i-1].Data.(*domain.ProposalRaised); ok && x.Proposal == proposal {
			raised = true
		}
		other, to := m.settles(i)
		if !raised || other == "" && m.events[i-1].Command == m.events[i].Command {
			continue
		}
		then := m.known(i)
		v, open := then.openVersion(proposal)
		if !open {
			continue
		}
		for d := then.settledUpTo(); d <= to; d++ {
			if d == to && other != "" && other != proposal {
				continue // that one's turn comes first
			}
			if agreed := fmt.Sprint("agreed on ", d); then.ripe(proposal, v, d) && (agreed == recorded || then.enactable(proposal, d)) {
				return agreed
			}
			if d >= v.closes {
				return fmt.Sprint("lapsed on ", d)
			}
		}
	}
	return ""
}

// settles is which proposal the i-th event settles, and for which day; of other
// events it is "" and the day on which it was recorded.
func (m model) settles(i int) (proposal string, on day) {
	switch x := m.events[i].Data.(type) {
	case *domain.AgreementReached:
		return x.Proposal, m.events[i].Effective
	case *domain.ProposalLapsed:
		return x.Proposal, m.events[i].Effective
	default:
	}
	return "", londonDay(m.events[i].Time)
}

// settledUpTo is the day up to which all has been settled: the day of the
// newest event or, while the ledger settles, that of what it settled last.
func (m model) settledUpTo() day {
	newest := len(m.events) - 1
	for i := newest; i >= 0 && m.events[i].Command == m.events[newest].Command; i-- {
		if proposal, on := m.settles(i); proposal != "" {
			return on
		}
	}
	return londonDay(m.events[newest].Time)
}

// enactable asks the production code whether what the proposal would do could
// be done on the day: what each instrument needs (C9, D2) is not the model's. It
// is asked only about what was ripe and not agreed.
func (m model) enactable(proposal string, d day) bool {
	s := domain.NewState("any").View()
	for _, e := range m.events {
		s.Apply(e)
	}
	return s.Unenactable(s.Proposals[proposal], d) == nil
}
