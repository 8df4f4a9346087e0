package model

import (
	"fmt"
	"maps"
	"slices"

	"goldenthread/domain"
)

// step does the next thing. Each line is how often, of all, and what.
func (g *generator) step() {
	steps := []struct {
		often int
		do    func()
	}{
		{10, g.changeMandate},
		{8, g.changeRegister},
		{10, g.grant},
		{8, g.changeDelegation},
		{10, g.appoint},
		{7, g.changeAppointment},
		{5, g.position},
		{3, g.changeCharter},
		{2, g.executive},
		{4, g.settleWaiting},
		{2, g.setAside},
		{7, g.suspend},
		{14, g.exercise},
		{5, g.callIn},
		{14, g.commitment},
		{3, g.interest},
		{2, g.leaveOffice},
		{8, g.discuss},
		{2, g.seat},
		{1, g.everybodyLeaves},
	}
	all := 0
	for _, s := range steps {
		all += s.often
	}
	n := g.IntN(all)
	for _, s := range steps {
		if n -= s.often; n < 0 {
			s.do()
			return
		}
	}
}

// instrument is put before the seats: mostly agreed at once, else left open.
func (g *generator) put(is ...domain.Instrument) {
	if g.chance(70) {
		g.agree(is...)
		return
	}
	number := g.raise(is...)
	if number == "" {
		return
	}
	for _, seat := range some(g, 2, 6, g.seats()) {
		g.consent(number, seat, g.chance(30))
	}
}

func (g *generator) changeMandate() {
	code := pick(g, append(slices.Clone(practices), pcns...)...)
	to := ""
	if slices.Contains(practices, code) && g.chance(50) {
		to = pick(g, pcns...)
		if o := g.state().Organisations[code]; o != nil && g.chance(75) {
			for _, m := range o.Memberships {
				if slices.Contains(pcns, m.In) {
					to = m.In
				}
			}
		}
	}
	var ms []string
	if g.chance(60) {
		ms = g.matters(1, 3)
	}
	if g.chance(50) {
		g.mandate(code, to, ms)
		return
	}
	c := &domain.WithdrawMandate{Organisation: code, From: to, Everything: len(ms) == 0, Matters: ms, Reason: "a reason", Evidence: "letter"}
	if g.chance(25) {
		c.Given = g.today().Add(-g.IntN(10))
	}
	if g.chance(25) {
		c.Effective = g.today().Add(g.IntN(20))
	}
	if !g.send(g.speaker(code), c) || !g.chance(20) {
		return
	}
	// A paper turns up that was signed before, or they think again.
	g.send("manager", &domain.GrantMandate{Organisation: code, To: to, Matters: ms, Evidence: "an older minute", Span: domain.Span{From: g.today().Add(3 - g.IntN(30))}, Review: g.today().Add(200)})
}

func (g *generator) changeRegister() {
	code := pick(g, practices...)
	row := g.row(code)
	day := g.today().Add(g.IntN(12) - 6)
	switch n := g.IntN(110); {
	case n >= 104: // a membership began on another day than was said
		if i := g.IntN(len(row.Parents)); row.Parents[i].Until == 0 {
			row.Parents[i].From = row.Parents[i].From.Add(g.IntN(7) - 3)
			g.send("manager", &domain.ImportOrganisations{Rows: []domain.OrganisationRow{row}, On: g.today()})
		}
	case n >= 100:
		g.send("manager", &domain.ChangeContractHolder{Practice: code, From: day, Evidence: "notice"})
	case n < 30:
		g.send("manager", &domain.ImportOrganisations{Rows: g.lists(day, some(g, 1, 3, practices))})
	case n < 50: // moves to another PCN, or leaves it
		for _, m := range row.Parents {
			if m.In != "VALE" && m.From >= day {
				return // it is about to move already
			}
		}
		for i := range row.Parents {
			if slices.Contains(pcns, row.Parents[i].In) && row.Parents[i].Until == 0 && row.Parents[i].From < day {
				row.Parents[i].Until = day.Add(-1)
			}
		}
		to := pick(g, pcns...)
		if g.chance(80) {
			row.Parents = append(row.Parents, domain.MembershipRow{In: to, Span: domain.Span{From: day}})
		}
		if g.chance(15) || g.state().Organisations[to].Closed != 0 {
			row.Parents = append(row.Parents, domain.MembershipRow{In: "VALE", Span: domain.Span{From: day}})
		}
		g.send("manager", &domain.ImportOrganisations{Rows: []domain.OrganisationRow{row}})
	case n < 75: // closes, or opens again
		if closed := slices.IndexFunc(practices, func(p string) bool { o := g.state().Organisations[p]; return o != nil && o.Closed != 0 }); closed >= 0 && g.chance(30) {
			row = g.row(practices[closed])
		}
		if row.Closed == 0 {
			row.Closed = day
		} else if g.chance(80) {
			row.Closed = 0
		}
		g.send("manager", &domain.ImportOrganisations{Rows: []domain.OrganisationRow{row}})
	case n < 90:
		g.send("manager", &domain.MergeOrganisation{Organisation: code, Into: pick(g, practices...), Last: day})
	case n < 95: // PCNs merge, and some of the one's practices move to the other
		from, into := pick(g, pcns...), pick(g, pcns...)
		for _, pcn := range pcns {
			if g.state().Organisations[pcn].Closed >= day {
				return // one that ended can't be merged into
			}
		}
		g.send("manager", &domain.MergeOrganisation{Organisation: from, Into: into, Last: day})
		var rows []domain.OrganisationRow
		for _, p := range practices {
			if o := g.state().Organisations[p]; o != nil && o.In(from, day) && g.chance(80) {
				moved := g.row(p)
				if slices.ContainsFunc(moved.Parents, func(m domain.MembershipRow) bool { return m.In != "VALE" && m.From > day }) {
					continue
				}
				for i := range moved.Parents {
					if moved.Parents[i].In == from && moved.Parents[i].Until == 0 {
						moved.Parents[i].Until = day
					}
				}
				moved.Parents = append(moved.Parents, domain.MembershipRow{In: into, Span: domain.Span{From: day.Add(1)}})
				rows = append(rows, moved)
			}
		}
		if len(rows) > 0 {
			g.send("manager", &domain.ImportOrganisations{Rows: rows})
		}
	case n < 97: // a PCN leaves the place
		row := g.row(pick(g, pcns...))
		for i := range row.Parents {
			if row.Parents[i].Until == 0 && row.Parents[i].From < day {
				row.Parents[i].Until = day
			} else if row.Parents[i].Until != 0 {
				row.Parents[i].Until = 0
			}
		}
		g.send("manager", &domain.ImportOrganisations{Rows: []domain.OrganisationRow{row}})
	default:
		g.closePCN(pick(g, pcns...), day)
	}
}

// closePCN closes a PCN or opens it again.
func (g *generator) closePCN(code string, day domain.Day) {
	row := g.row(code)
	if row.Closed != 0 {
		row.Closed = 0
	} else {
		row.Closed = day
	}
	g.send("manager", &domain.ImportOrganisations{Rows: []domain.OrganisationRow{row}})
}

func (g *generator) money(most int) domain.Pence { return domain.Pence(g.IntN(most+1)) * 100_00 }

func (g *generator) power() domain.Power {
	p := domain.Power{Matter: pick(g, matters[:9]...), May: pick(g, []string{domain.MayCommit}, []string{domain.MayDecide}, []string{domain.MayDecide, domain.MayCommit}, []string{domain.MayCommit})}
	if g.chance(75) {
		p.ItemLimit = g.money(10)
	}
	if g.chance(50) {
		p.YearLimit = p.ItemLimit + g.money(15)
	}
	if g.chance(40) {
		p.Months = 6 + g.IntN(3)*3
	}
	if g.chance(40) {
		p.Acting = 1 + g.IntN(3)
	}
	if g.chance(25) {
		p.Conditions = append(p.Conditions, domain.Condition{When: domain.Before, Body: pick(g, "LMC", "FED")})
	}
	if g.chance(10) {
		p.Conditions = append(p.Conditions, domain.Condition{When: domain.After, Body: pick(g, "LMC", domain.ToGroup), Days: 5})
	}
	return p
}

// powers are one to three, with tiers on one matter among them.
func (g *generator) powers() []domain.Power {
	ps := []domain.Power{g.power()}
	for g.chance(45) && len(ps) < 4 {
		p := g.power()
		if g.chance(60) {
			p.Matter = ps[0].Matter
		}
		ps = append(ps, p)
	}
	return ps
}

func (g *generator) review() domain.Day {
	if g.chance(30) {
		return 0
	}
	return g.today().Add(5 + g.IntN(55))
}

func (g *generator) grant() {
	d := &domain.GrantDelegation{To: domain.ToExecutive, Powers: g.powers(), Payer: "FED", Review: g.review(), Span: g.span(120)}
	if g.chance(30) {
		d.To = pick(g, people...)
	} else if len(g.state().ExecutiveOn(d.From)) == 0 {
		g.executive()
	}
	if g.chance(40) {
		d.Powers = append(d.Powers, domain.Power{Matter: "representation", May: []string{domain.MayDecide}, Acting: 1})
	}
	g.put(domain.Instrument{GrantDelegation: d})
}

func numbers[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }

// delegation is one, mostly a living one; nil if there is none.
func (g *generator) delegation() *domain.Delegation {
	all := numbers(g.state().Delegations)
	if len(all) == 0 {
		return nil
	}
	for range 6 {
		d := g.state().Delegations[pick(g, all...)]
		if state, _ := g.state().DelegationOn(d, g.today()); state == domain.InForce || g.chance(7) {
			return d
		}
	}
	return g.state().Delegations[pick(g, all...)]
}

func (g *generator) appointment() *domain.Appointment {
	all := numbers(g.state().Appointments)
	if len(all) == 0 {
		return nil
	}
	for range 6 {
		a := g.state().Appointments[pick(g, all...)]
		if state, _ := g.state().AppointmentOn(a, g.today()); state == domain.InForce || g.chance(10) {
			return a
		}
	}
	return g.state().Appointments[pick(g, all...)]
}

func (g *generator) changeDelegation() {
	d := g.delegation()
	if d == nil {
		return
	}
	v := d.Versions[len(d.Versions)-1]
	review := g.today().Add(5 + g.IntN(55))
	switch g.IntN(10) {
	case 0:
		g.put(domain.Instrument{EndDelegation: &domain.EndDelegation{Delegation: d.Number, Version: v.Number, Feedback: "thanks"}})
	case 1, 2, 3, 4:
		g.put(domain.Instrument{ConfirmDelegation: &domain.ConfirmDelegation{Delegation: d.Number, Version: v.Number, Review: review, Feedback: "good"}})
	default:
		powers := slices.Clone(v.Powers)
		if g.chance(50) {
			powers = g.powers()
		} else {
			i := g.IntN(len(powers))
			powers[i].ItemLimit, powers[i].YearLimit = g.money(10), 0
			if g.chance(60) {
				powers[i].YearLimit = powers[i].ItemLimit + g.money(15)
			}
		}
		c := &domain.VaryDelegation{Delegation: d.Number, Version: v.Number, Powers: powers, Review: review, Feedback: "on we go"}
		if g.chance(30) {
			c.Until = g.today().Add(g.IntN(60))
		}
		g.put(domain.Instrument{VaryDelegation: c})
	}
}

func (g *generator) lines() []domain.Line {
	var ls []domain.Line
	for _, m := range some(g, 0, 4, matters[:9]) {
		l := domain.Line{Matter: m, Stance: pick(g, domain.Discretion, domain.WithinLimits, domain.WithinLimits, domain.WithinLimits, domain.BringBack, domain.Not)}
		if l.Stance == domain.WithinLimits {
			if g.chance(85) {
				l.Limit = g.money(10)
				l.Yearly = g.chance(60)
			}
			if g.chance(50) || l.Limit == 0 {
				l.Months = 6 + g.IntN(3)*3
			}
		}
		ls = append(ls, l)
	}
	return ls
}

func (g *generator) newAppointment() *domain.Appoint {
	a := &domain.Appoint{Person: pick(g, people...), ByOffice: g.chance(25), Forum: pick(g, forums...), Lines: g.lines(), Payer: "FED", Review: g.review(), Span: g.span(120)}
	for range 8 { // somebody who isn't there already, if there is one
		if !g.chance(90) || !g.state().SpeaksAt(g.state().ByHandle(a.Person).ID, a.Forum, a.From) {
			break
		}
		a.Person, a.Forum = pick(g, people...), pick(g, forums...)
	}
	for _, s := range some(g, 0, 2, people) {
		if s != a.Person {
			a.Substitutes = append(a.Substitutes, s)
		}
	}
	return a
}

func (g *generator) appoint() {
	g.put(domain.Instrument{Appoint: g.newAppointment()})
}

func (g *generator) handles(ids []string) []string {
	var hs []string
	for _, id := range ids {
		if p := g.state().People[id]; p != nil {
			hs = append(hs, p.Handle)
		}
	}
	return hs
}

func (g *generator) changeAppointment() {
	a := g.appointment()
	if a == nil {
		return
	}
	v := a.Versions[len(a.Versions)-1]
	review := g.today().Add(5 + g.IntN(55))
	switch g.IntN(10) {
	case 0:
		g.put(domain.Instrument{EndAppointment: &domain.EndAppointment{Appointment: a.Number, Version: v.Number, Feedback: "thanks"}})
	case 1, 2, 3, 4:
		g.put(domain.Instrument{ConfirmAppointment: &domain.ConfirmAppointment{Appointment: a.Number, Version: v.Number, Review: review, Feedback: "good"}})
	default:
		c := &domain.VaryAppointment{Appointment: a.Number, Version: v.Number, Substitutes: g.handles(v.Substitutes), Lines: g.lines(), Review: review}
		if g.chance(30) {
			c.Substitutes = some(g, 0, 2, people)
		}
		if g.chance(30) {
			c.Until = g.today().Add(g.IntN(60))
		}
		g.put(domain.Instrument{VaryAppointment: c})
	}
}

func (g *generator) position() {
	if g.chance(10) { // end a suspension by name
		for i := len(g.events) - 1; i >= 0; i-- {
			if x, ok := g.events[i].Data.(*domain.PowerSuspended); ok {
				g.put(domain.Instrument{EndSuspension: &domain.EndSuspension{What: x.What, Event: g.events[i].Index}})
				return
			}
		}
	}
	p := &domain.AdoptPosition{Matter: pick(g, matters[:9]...), Words: fmt.Sprint("words ", g.IntN(1000)), RedLine: g.chance(65), Span: g.span(50)}
	for _, other := range g.state().Positions {
		if other.Matter == p.Matter && g.chance(80) && g.chance(80) == (g.state().AgreementHolds(other.Source, g.today())) {
			p.Replaces = append(p.Replaces, domain.PositionRef{Agreement: other.Source})
		}
	}
	g.put(domain.Instrument{AdoptPosition: p})
}

func (g *generator) changeCharter() {
	s := g.state()
	c := *s.Charter()
	switch g.IntN(5) {
	case 0, 1:
		c.Reserved = append(slices.Clone(c.Reserved), pick(g, "workforce/pay", "access/hours", "digital", "estates"))
	case 2:
		c.Reserved = []string{"contracts/core"}
	case 3:
		next := g.charter()
		next.Reserved, next.Matters = c.Reserved, c.Matters
		c = next
	default:
		c.Matters = slices.DeleteFunc(slices.Clone(c.Matters), func(m string) bool { return m == "digital" || m == "estates" })
		if g.chance(50) {
			c.Matters = append(c.Matters, pick(g, "estates", "digital", "digital/records"))
		}
	}
	g.put(domain.Instrument{ChangeCharter: &domain.ChangeCharter{Version: len(s.Charters), Charter: c}})
}

func (g *generator) executive() {
	g.put(domain.Instrument{FormExecutive: &domain.FormExecutive{Members: some(g, 2, 4, people[:7]), Span: g.span(150)}})
}

// settleWaiting ratifies or disavows something.
func (g *generator) settleWaiting() {
	all := append(numbers(g.state().Exercises), numbers(g.state().Commitments)...)
	if len(all) == 0 {
		return
	}
	what := pick(g, all...)
	for range 6 {
		x, k := g.state().Exercises[what], g.state().Commitments[what]
		if x != nil && (g.state().ExerciseOn(x, g.today()) == domain.XBeyond || g.state().ExerciseOn(x, g.today()) == domain.XCalledIn) ||
			k != nil && (g.state().CommitmentOn(k, g.today()) == domain.KAdReferendum || g.state().CommitmentOn(k, g.today()) == domain.KBeyond) {
			break
		}
		what = pick(g, all...)
	}
	if g.chance(60) {
		g.put(domain.Instrument{Ratify: &domain.Ratify{What: what}})
	} else {
		g.put(domain.Instrument{Disavow: &domain.Disavow{What: what}})
	}
}

func (g *generator) setAside() {
	var agreed []string
	for _, number := range numbers(g.state().Proposals) {
		if g.state().Proposals[number].Stage == domain.Agreed {
			agreed = append(agreed, number)
		}
	}
	if len(agreed) > 0 {
		g.settled = pick(g, agreed...)
		g.put(domain.Instrument{SetAside: &domain.SetAside{Agreement: g.settled}})
		g.settled = ""
	}
}

func (g *generator) suspend() {
	c := &domain.Suspend{Reason: fmt.Sprint("worry ", g.IntN(1000))}
	if g.chance(50) {
		if d := g.delegation(); d != nil {
			c.What = d.Number
		}
	} else if a := g.appointment(); a != nil {
		c.What = a.Number
	}
	if c.What == "" {
		return
	}
	c.Seat = pick(g, seatOrder...)
	if g.chance(70) {
		g.send(seats[c.Seat], c)
		return
	}
	g.crossed(c)
}

// crossed has a confirmation put before something is suspended, and agreed
// after that.
func (g *generator) crossed(c *domain.Suspend) {
	var confirm domain.Instrument
	review := g.today().Add(5 + g.IntN(55))
	if d := g.state().Delegations[c.What]; d != nil {
		confirm.ConfirmDelegation = &domain.ConfirmDelegation{Delegation: d.Number, Version: len(d.Versions), Review: review, Feedback: "good"}
	} else if a := g.state().Appointments[c.What]; a != nil {
		confirm.ConfirmAppointment = &domain.ConfirmAppointment{Appointment: a.Number, Version: len(a.Versions), Review: review, Feedback: "good"}
	}
	number := g.raise(confirm)
	g.send(seats[c.Seat], c)
	for _, seat := range g.seats() {
		if number != "" {
			g.consent(number, seat, !g.chance(5))
		}
	}
}

func (g *generator) exercise() {
	d := g.delegation()
	if d == nil {
		return
	}
	state, _ := g.state().DelegationOn(d, g.today())
	if state == domain.Expired && g.chance(80) {
		g.grant()
		return
	}
	v := d.Versions[len(d.Versions)-1]
	p := v.Powers[g.IntN(len(v.Powers))]
	x := &domain.RecordExercise{Delegation: d.Number, Matter: p.Matter, What: "we decided", Amount: g.money(5), Months: g.IntN(3) * 6, OpenEnded: g.chance(3), On: g.past(8)}
	if g.chance(15) {
		x.Matter = pick(g, matters...)
	}
	if g.chance(50) && p.ItemLimit > 0 {
		x.Amount = p.ItemLimit / 2
	} else if g.chance(30) && p.ItemLimit > 0 {
		x.Amount = p.ItemLimit + pick[domain.Pence](g, 0, 0, 1, -1)
	}
	if d.To == domain.ToExecutive {
		x.Acting = some(g, 1, 3, g.handles(g.state().ExecutiveOn(g.today())))
		if g.chance(80) {
			x.Acting = g.handles(g.state().ExecutiveOn(g.today()))
		}
	} else {
		x.Acting = g.handles([]string{d.To})
		if g.chance(20) {
			x.Acting = append(x.Acting, pick(g, people...))
		}
	}
	if len(x.Acting) == 0 {
		x.Acting = []string{"chair", "fed-lead"}
	}
	slices.Sort(x.Acting)
	x.Acting = slices.Compact(x.Acting)
	for _, c := range p.Conditions {
		if c.When == domain.Before && g.chance(80) {
			x.Consulted = append(x.Consulted, domain.Consultation{Body: c.Body, On: g.today().Add(-g.consulted()), How: "by telephone"})
		}
	}
	if slices.ContainsFunc(v.Powers, func(p domain.Power) bool { return p.Matter == "representation" }) && g.chance(55) {
		x.Matter, x.Amount, x.Months, x.OpenEnded = "representation", 0, 0, false
		x.Names = g.newAppointment()
		x.Names.Review, x.Names.Payer = 0, ""
		if g.chance(60) {
			x.Names.Lines = nil
			for _, p := range v.Powers {
				if p.Matter != "representation" {
					l := domain.Line{Matter: p.Matter, Stance: pick(g, domain.Discretion, domain.WithinLimits)}
					if l.Stance == domain.WithinLimits {
						l.Limit, l.Months = p.ItemLimit, p.Months
					}
					x.Names.Lines = append(x.Names.Lines, l)
				}
			}
		}
		if v.Until != 0 && (x.Names.Until == 0 || x.Names.Until > v.Until) {
			x.Names.Until = v.Until
		}
	}
	if slices.ContainsFunc(d.Suspensions, func(sus domain.Suspension) bool { return g.state().Suspends(d.Number, &sus, g.today()) }) { // so that its own day answers, not what came while it waited
		x.On = 0
	}
	if g.act(x) && x.Names == nil && x.Amount > 0 && g.chance(25) { // somebody calls it in, and they try the same again
		seat := pick(g, g.seats()...)
		if g.send(g.holder(seat), &domain.CallIn{Exercise: fmt.Sprint("E", len(g.state().Exercises)), Seat: seat, Reason: "too much"}) {
			g.act(x)
		}
	}
}

// act records the exercise, which the others confirm at once, or it is ended.
func (g *generator) act(x *domain.RecordExercise) bool {
	if !g.send(x.Acting[0], x) {
		return false
	}
	number := fmt.Sprint("E", len(g.state().Exercises))
	for _, who := range x.Acting[1:] {
		if g.recorder.send(g.now, who, &domain.ConfirmRecord{Records: []string{number}}) != nil {
			g.recorder.send(g.now, x.Acting[0], &domain.RefuseRecord{Records: []string{number}, Reason: "not all of us did"})
			return false
		}
	}
	return true
}

// consulted is how many days ago somebody was consulted: mostly lately, or about
// as long ago as it may be.
func (g *generator) consulted() int {
	if g.chance(25) {
		return 84 + g.IntN(12)
	}
	return g.IntN(12)
}

// past is today or, sometimes, a day of the last so many.
func (g *generator) past(most int) domain.Day {
	if g.chance(65) {
		return 0
	}
	return g.today().Add(-g.IntN(most))
}

func (g *generator) callIn() {
	all := numbers(g.state().Exercises)
	if len(all) == 0 {
		return
	}
	number := pick(g, all...)
	for range 8 {
		if x := g.state().Exercises[number]; g.state().ExerciseOn(x, g.today()) == domain.XWithin && g.today() <= x.Recorded.Add(3) {
			break
		}
		number = pick(g, all...)
	}
	if x := g.state().Exercises[number]; len(x.Consulted) > 0 && g.chance(40) {
		g.send("gp-2", &domain.DenyConsultation{Exercise: number, Body: "LMC", Words: "nobody asked us"})
		return
	}
	seat := pick(g, g.seats()...)
	g.send(g.holder(seat), &domain.CallIn{Exercise: number, Seat: seat, Reason: "too much"})
}

func (g *generator) commitment() {
	if all := numbers(g.state().Commitments); len(all) > 0 && g.chance(30) { // once more on the same
		last := g.state().Commitments[pick(g, all...)]
		if who := g.handles([]string{last.Person}); len(who) == 1 && last.Amount != nil {
			k := &domain.RecordCommitment{Person: who[0], Forum: last.Forum, Meeting: min(g.today(), last.Meeting.Add(g.IntN(9)-4)), Matter: last.Matter, Words: "again",
				Amount: last.Amount, Months: last.Months, Given: domain.Outright, Reason: "the offer closed"}
			g.speak(k)
			return
		}
	}
	k := &domain.RecordCommitment{Person: pick(g, people...), Forum: pick(g, forums...), Meeting: g.past(8), Matter: pick(g, matters...), Words: "we will",
		Given: pick(g, domain.Outright, domain.Outright, domain.Outright, domain.Outright, domain.Outright, domain.Subject, domain.OwnView), Reason: "the offer closed"}
	if k.Meeting == 0 {
		k.Meeting = g.today()
	}
	a := g.appointment()
	if a == nil && g.chance(90) {
		g.appoint()
		return
	}
	if a != nil && g.chance(93) {
		if state, _ := g.state().AppointmentOn(a, g.today()); state == domain.Expired && g.chance(80) {
			g.appoint()
			return
		}
		v := a.Versions[len(a.Versions)-1]
		k.Forum = a.Forum
		k.Person = pick(g, append(g.handles(v.Substitutes), g.handles([]string{a.Person, a.Person})...)...)
		if len(v.Lines) > 0 && g.chance(80) {
			g.onLine(k, v.Lines[g.IntN(len(v.Lines))])
		}
	}
	if k.Amount == nil && g.chance(20) {
		amount := g.money(8)
		k.Amount = &amount
	}
	if g.chance(40) {
		k.Consulted = some(g, 0, 2, []string{"LMC", "FED"})
	}
	k.OpenEnded = g.chance(2)
	g.speak(k)
}

// onLine makes the commitment one on the line: mostly within it.
func (g *generator) onLine(k *domain.RecordCommitment, l domain.Line) {
	k.Matter = l.Matter
	if l.Stance != domain.WithinLimits {
		return
	}
	if l.Limit > 0 && g.chance(90) {
		amount := pick(g, l.Limit, l.Limit/2, l.Limit/2, l.Limit/2+1, l.Limit+1)
		k.Amount = &amount
	}
	if g.chance(92) {
		months := pick(g, l.Months, l.Months, 6, 0)
		k.Months = &months
	}
}

// speak records the commitment, after the meeting if that isn't yet.
func (g *generator) speak(k *domain.RecordCommitment) {
	if g.state().Meeting(k.Forum, k.Meeting) == nil {
		g.send("manager", &domain.ScheduleMeeting{Forum: k.Forum, On: k.Meeting})
	}
	g.send(k.Person, k)
}

func (g *generator) interest() {
	if all := g.state().Interests; len(all) > 0 && g.chance(30) {
		i := all[g.IntN(len(all))]
		if who := g.handles([]string{i.Person}); len(who) == 1 {
			g.send(who[0], &domain.EndInterest{Interest: i.Number, Until: g.today().Add(g.IntN(6))})
			return
		}
	}
	g.send(pick(g, people...), &domain.DeclareInterest{Matters: g.matters(1, 2), Words: "my practice gains", Span: g.span(40)})
}

// everybodyLeaves has all holders leave their seats and, mostly, be named to them anew.
func (g *generator) everybodyLeaves() {
	if !g.chance(40) {
		return
	}
	s := g.state()
	holders := map[string]string{}
	for _, code := range s.EntitledOn(g.today()) {
		for _, h := range s.TenuresOn(s.Seats[code], g.today()) {
			if h.Role == domain.Holder {
				holders[code] = s.People[h.Person].Handle
			}
		}
	}
	until := g.today().Add(g.IntN(4))
	for _, code := range numbers(holders) {
		g.send(holders[code], &domain.LeaveSeat{Seat: code, Person: holders[code], Role: domain.Holder, Until: until})
	}
	g.now = g.now.AddDate(0, 0, 1+g.IntN(8))
	g.give(order{Time: g.now, Name: settle})
	if !g.chance(90) {
		return
	}
	for _, code := range numbers(holders) {
		g.send("manager", &domain.NameHolder{Seat: code, Person: holders[code], Role: domain.Holder, Evidence: "letter", Span: domain.Span{From: g.today()}})
		g.wait()
	}
	for _, code := range numbers(holders) {
		g.send(holders[code], &domain.ConsentToCharter{Seat: code})
	}
}

func (g *generator) leaveOffice() {
	g.send("manager", &domain.LeaveOffice{Person: pick(g, people[5:]...), Until: g.today().Add(g.IntN(5))})
}

func (g *generator) seat() {
	g.put(domain.Instrument{OpenSeat: &domain.OpenSeat{SeatEntry: domain.SeatEntry{Organisation: "P10009", Holder: "gp-3"}}})
}
