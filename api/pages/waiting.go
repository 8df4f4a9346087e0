package pages

import (
	"slices"
	"strconv"
	"strings"

	"goldenthread/api/web"
	"goldenthread/domain"
	"goldenthread/projections"
)

// What waits for a second person (rules O3, O1, M1, D5, R4): everything about one
// organisation is confirmed at once, and each record can be refused.

const (
	endedEach    = 50 // on one page
	mostTogether = 50 // are confirmed by one press
)

func waitingPage(a *asked) (web.Body, error) {
	body := &web.Waiting{}
	a.ownWaits(body)
	all := a.WaitingRecords(a.At)
	var groups []web.WaitingGroup
	for _, r := range all.Waits {
		a.offerRefusal(&r)
		row := recordRow(&r)
		if !a.may(&domain.ConfirmRecord{Records: []string{r.Ref}}) {
			body.Others = append(body.Others, row)
			continue
		}
		of := a.groupOf(&r)
		groups = join(groups, of, row)
	}
	for _, own := range []bool{true, false} {
		for _, g := range groups {
			if g.Own == own {
				body.Yours = append(body.Yours, a.named(g, all.Waits))
			}
		}
	}
	ended, pager, err := part(a, all.Ended, endedEach)
	for _, r := range ended {
		body.Ended = append(body.Ended, recordRow(&r))
	}
	body.Pager = pager
	return body, err
}

// join adds the row to the group of that organisation, or begins one where there is none
// or it is full.
func join(groups []web.WaitingGroup, of web.WaitingGroup, row web.WaitingRow) []web.WaitingGroup {
	full := 0
	for i := range groups {
		if groups[i].Of != of.Of {
			continue
		}
		if len(groups[i].Rows) < mostTogether {
			groups[i].Rows = append(groups[i].Rows, row)
			return groups
		}
		full++
	}
	if of.ID = of.Of; full > 0 {
		of.ID += "-" + strconv.Itoa(full+1)
	}
	of.Rows = []web.WaitingRow{row}
	return append(groups, of)
}

// named offers to confirm the group under its name: that of the only organisation that
// its records are about, if it is one.
func (a *asked) named(g web.WaitingGroup, records []projections.RecordLine) web.WaitingGroup {
	if name := onlyName(records, g.Rows); name != "" {
		g.Name = name
	}
	a.offerConfirming(&g, "This is correct for "+g.Name, "All "+strconv.Itoa(len(g.Rows))+" are correct for "+g.Name)
	g.Name = domain.FirstUpper(g.Name)
	return g
}

// ownWaits adds what the person is said to have decided or said, which they alone can
// answer, and others' new ways in (rule L11).
func (a *asked) ownWaits(body *web.Waiting) {
	if a.me == nil || !a.today() {
		return
	}
	decided := web.WaitingGroup{ID: "decided", Name: "What you decided with others"}
	said := web.WaitingGroup{ID: "said", Name: "What you said in a meeting"}
	for _, w := range a.Waiting(a.me.Handle, a.At).Items {
		switch {
		case w.Kind == projections.WaitsWay:
			group := web.WaitingGroup{ID: w.Ref, Name: "A new way in", Rows: []web.WaitingRow{{Ref: w.Ref, Text: strings.Replace(w.Text, " ("+w.Ref+")", "", 1)}}}
			a.offerConfirming(&group, "They told me that it is theirs", "") // each by itself: somebody was asked about each
			body.Yours = append(body.Yours, group)
			continue
		case w.Kind != projections.WaitsConfirm:
			continue
		case !w.ToConfirm():
			body.Heard = append(body.Heard, w)
			continue
		}
		group, refusal := &decided, exerciseRefusal
		if a.State().Commitments[w.Ref] != nil {
			group, refusal = &said, commitmentRefusal
		}
		a.offerRefusing(w.Ref, refusal)
		what, notes := a.ToConfirm(w.Ref, a.At)
		group.Rows = append(group.Rows, web.WaitingRow{Ref: w.Ref, Text: what, Place: web.PlaceOf(w.Ref), Notes: notes})
	}
	a.offerConfirming(&decided, "Yes, we decided this", "Yes, we decided all "+strconv.Itoa(len(decided.Rows)))
	a.offerConfirming(&said, "Yes, I said this", "Yes, I said all "+strconv.Itoa(len(said.Rows)))
	for _, g := range []web.WaitingGroup{decided, said} {
		if len(g.Rows) > 0 {
			body.Yours = append(body.Yours, g)
		}
	}
}

// offerConfirming offers to confirm everything in the group by one press and, if there
// are several, each by itself.
func (a *offering) offerConfirming(g *web.WaitingGroup, one, all string) {
	var refs []string
	for _, row := range g.Rows {
		refs = append(refs, row.Ref)
	}
	button := one
	if len(refs) > 1 {
		button = all
		for _, ref := range refs {
			a.offer(offered{id: "only-" + ref, command: &domain.ConfirmRecord{Records: []string{ref}}, given: []string{"records"}, Sheet: web.Sheet{Button: "Confirm only " + ref, Class: "secondary"}})
		}
	}
	if len(refs) > 0 {
		a.offer(offered{id: "confirm-" + g.ID, command: &domain.ConfirmRecord{Records: refs}, given: []string{"records"}, Sheet: web.Sheet{Button: button}})
	}
}

// offerRefusal offers to say that the record is wrong or, to whoever made it, to take it back.
func (a *offering) offerRefusal(r *projections.RecordLine) {
	words := refusalWords{"This is wrong: ", "It does not take effect, and whoever recorded it reads why.", "Refuse it"}
	if a.me != nil && r.By.Handle == a.me.Handle {
		words = refusalWords{"Take this back: ", "You recorded it. It does not take effect then.", "Take it back"}
	}
	a.offerRefusing(r.Ref, words)
}

// groupOf is what the record is confirmed with by one press.
func (a *asked) groupOf(r *projections.RecordLine) web.WaitingGroup {
	s := a.State()
	of, own := s.ConfirmedTogether(s.Records[r.Ref], a.me.ID, a.At)
	name := "the register"
	if of != domain.AllSeats {
		name = s.WordOfWhom(of)
	}
	return web.WaitingGroup{Of: of, Name: name, Own: own}
}

// onlyName is the name of the organisation that all the rows are about; "" if they are
// about several.
func onlyName(records []projections.RecordLine, rows []web.WaitingRow) string {
	name := ""
	for _, row := range rows {
		i := slices.IndexFunc(records, func(r projections.RecordLine) bool { return r.Ref == row.Ref })
		if of := records[i].Parts[0].Name; records[i].Parts[0].Of == domain.AllSeats {
			return ""
		} else if name == "" {
			name = of
		} else if name != of {
			return ""
		}
	}
	return name
}

func recordRow(r *projections.RecordLine) web.WaitingRow {
	recorded := "Recorded by " + r.By.Office + " on " + r.On.Words()
	if r.Evidence != "" {
		recorded += ", on this evidence: " + domain.Clause(r.Evidence)
	}
	row := web.WaitingRow{Ref: r.Ref, Text: r.Text, Notes: []string{recorded + "."}}
	for _, p := range r.Parts {
		row.Notes = append(row.Notes, domain.Sentence(p.Say))
	}
	row.Follows = r.Touches
	if r.Silent {
		row.Notes = append(row.Notes, "If nobody objects, it takes effect on "+r.Window.Words()+".")
	}
	return row
}
