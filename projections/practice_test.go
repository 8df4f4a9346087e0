package projections

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/domain"
)

// One answer everywhere: for every practice and every matter, after random grants,
// withdrawals and moves, the practice's page says what the mandate says, on days
// before and after, as known now and earlier (rules T0, M2, M3).
func TestPracticePageIsTheMandate(t *testing.T) {
	for seed := range uint64(25) {
		luck := rand.New(rand.NewPCG(seed, 11))
		b := sit(t).found().mandates().delegate()
		for range 30 {
			b.shuffle(luck)
		}
		now := domain.DayOf(b.now)
		for range 6 {
			at := now.Add(luck.IntN(500) - 200)
			checkPages(t, b.fold(), at, seed)
			checkPages(t, b.foldUntil(at.End()), at, seed)
		}
	}
}

// shuffle changes something of what stands behind the group.
func (b *table) shuffle(luck *rand.Rand) {
	oneOf := func(of ...string) string { return of[luck.IntN(len(of))] }
	practice, pcn := oneOf("P00001", "P00002", "P00003", "P00004"), oneOf("U00001", "U00002")
	org, to := practice, oneOf("", "", pcn)
	if luck.IntN(4) == 0 {
		org, to = pcn, ""
	}
	var matters []string
	for range luck.IntN(3) {
		matters = append(matters, oneOf("access", "access/extended-hours", "workforce", "workforce/pay", "estates", "contracts"))
	}
	if luck.IntN(3) > 0 {
		b.confirm()
	}
	b.now = b.now.AddDate(0, 0, luck.IntN(12))
	today := domain.DayOf(b.now)
	switch luck.IntN(7) {
	case 0, 1, 2:
		b.try("manager", &domain.GrantMandate{Organisation: org, To: to, Matters: matters, Evidence: fmt.Sprint("letter ", b.n), Span: domain.Span{From: today.Add(luck.IntN(60) - 30), Until: today.Add(40 + luck.IntN(200))}})
	case 3, 4, 5:
		b.try("manager", &domain.WithdrawMandate{Organisation: org, From: to, Matters: matters, Everything: len(matters) == 0, Evidence: "letter", Given: today.Add(-luck.IntN(30))})
	case 6:
		b.try("manager", &domain.ImportOrganisations{Rows: []domain.OrganisationRow{{
			Code: practice, Kind: domain.Practice, Name: "Practice " + practice,
			Parents: []domain.MembershipRow{{In: pcn, Span: domain.Span{From: day("2020-04-01"), Until: today.Add(luck.IntN(40))}}, {In: "TRAF", Span: from("2020-04-01")}},
		}}})
	}
}

func checkPages(t *testing.T, g *Group, at domain.Day, seed uint64) {
	t.Helper()
	if g.state.Next == 0 {
		return
	}
	inside := map[string]map[string]bool{}
	in := func(matter string) map[string]bool {
		if inside[matter] == nil {
			m, r := g.Mandate(matter, at)
			require.Nil(t, r)
			inside[matter] = map[string]bool{}
			for _, s := range m.Inside {
				inside[matter][s.ODS] = true
				require.True(t, s.Until == 0 || s.Until >= at, "%s ended before", s.ODS)
			}
		}
		return inside[matter]
	}
	same := func(said, is bool, why ...any) { // while something waits, what is said here is as strict or stricter
		t.Helper()
		require.True(t, said == is || is && len(g.state.Pending()) > 0, why...)
	}
	for _, o := range g.state.PracticesOn(at) {
		p, r := g.Practice(o.Code, at)
		require.Nil(t, r)
		why := fmt.Sprintf("seed %d, %s on %s", seed, o.Code, at)
		same(p.Inside, in("")[o.Code], why)
		require.LessOrEqual(t, p.Top.Words, mostAtTop, p.Top.May)
		said := map[string]bool{}
		for _, m := range p.Matters {
			said[m.Matter] = true
			same(m.MayAgree, in(m.Matter)[o.Code], "%s: %s", why, m.Matter)
			require.Equal(t, m.MayAgree, len(m.Ways) > 0, why)
			require.Equal(t, m.MayAgree, strings.HasPrefix(m.Text, "Yes"), m.Text)
			require.Equal(t, !m.MayAgree, m.Why != "", why)
		}
		agrees, _, _ := strings.Cut(p.Top.May, " Not on ")
		for _, m := range p.Matters { // a part of a subject is not the subject
			if strings.Contains(m.Matter, "/") {
				agrees = strings.ReplaceAll(agrees, domain.MatterWords(m.Matter), "")
			}
		}
		for _, matter := range g.Charter(at).Matters {
			require.True(t, said[matter], "%s: %s", why, matter)
			if g.state.EstablishedOn(at) && !strings.Contains(p.Top.May, " more") {
				words := strings.FieldsFunc(agrees, func(r rune) bool { return strings.ContainsRune(" ,.;", r) })
				same(slices.Contains(words, matter), in(matter)[o.Code], "%s: %s in %q", why, matter, p.Top.May)
			}
		}
	}
	grid := g.CoverageGrid(at)
	require.Equal(t, g.Charter(at).Matters, grid.Matters)
	require.Len(t, grid.Rows, len(g.state.PracticesOn(at)))
	for i, matter := range grid.Matters { // each field is what the mandate page of that subject says
		for _, row := range grid.Rows {
			require.Equal(t, in(matter)[row.Practice.Code], row.Stands[i], "seed %d, %s on %s: %s", seed, row.Practice.Code, at, matter)
		}
	}
}

// A practice that withdrew is told what still binds it; one that joined later, since when (rules C14, M2).
func TestWhatBindsAPractice(t *testing.T) {
	b := sit(t).found().mandates()
	b.on("2026-03-02").agree("Weekends", "access")
	b.on("2026-04-01").speaks("gp-park", "P00001")
	b.do("gp-park", &domain.WithdrawMandate{Organisation: "P00001", Everything: true})
	b.do("manager", &domain.GrantMandate{Organisation: "P00004", Evidence: "minute", Span: domain.Span{From: day("2026-05-01"), Until: day("2026-06-30")}})
	b.on("2026-05-04").agree("Evenings", "access")
	g := b.fold()
	binds := func(code, at, ref string) PracticeNotice {
		p, r := g.Practice(code, day(at))
		require.Nil(t, r)
		for _, n := range p.Notices {
			if n.Ref == ref {
				return n
			}
		}
		return PracticeNotice{}
	}
	require.Equal(t, "It binds you in honour. It does not change your contract.", binds("P00001", "2026-04-28", "P1").Binds)
	left := binds("P00001", "2026-05-04", "P1")
	require.Contains(t, left.Binds, "It was agreed while your mandate stood, so it still binds you in honour, unless you depart from it.")
	require.Equal(t, day("2026-04-29").Start().UTC(), left.Updated, "the feed's entry is new on the day on which its words changed")
	require.Contains(t, binds("P00001", "2026-05-04", "P2").Binds, "It does not bind you")
	require.Contains(t, binds("P00004", "2026-04-30", "P1").Binds, "It does not bind you", "what it was told before it joined stays")
	require.Contains(t, binds("P00004", "2026-05-01", "P1").Binds, "It was agreed before you joined. It has bound you in honour since 1 May 2026")
	require.Equal(t, "It binds you in honour. It does not change your contract.", binds("P00004", "2026-05-04", "P2").Binds)
	require.Contains(t, binds("P00004", "2026-07-01", "P1").Binds, "Your mandate has ended since, and it still binds you in honour")
	p1, r := g.Proposal("P1", day("2026-07-01"))
	require.Nil(t, r)
	require.Contains(t, p1.Binds, "It still binds those whose mandate has ended since")

	riddings, r := g.Practice("P00001", day("2026-05-04"))
	require.Nil(t, r)
	require.Contains(t, riddings.Top.May, "Your practice withdrew (since 29 April 2026), so nothing is agreed in your name.")
}

// Of an unknown matter the mandate says that nobody was asked (rules M3, F6); of
// patients that are not known, that they are not (M4).
func TestMandateOfWhatIsNotKnown(t *testing.T) {
	g := sit(t).found().mandates().fold()
	m, r := g.Mandate("dentistry", day("2026-02-01"))
	require.Nil(t, r)
	require.Equal(t, []int{0, 4}, []int{m.Practices, m.OfPractices})
	require.False(t, m.Known)
	require.False(t, m.Above)
	require.Len(t, m.Outside, 4)
	require.Empty(t, m.Inside)
	require.Equal(t, "Nobody stands behind the board on dentistry: nobody has been asked about it.", m.Say)
	h, r := g.MandateHistory("dentistry", day("2026-02-01"))
	require.Nil(t, r)
	for _, d := range h.Days {
		require.Zero(t, d.Practices)
	}

	for _, o := range g.state.Organisations {
		o.Lists = nil
	}
	m, r = g.Mandate("access", day("2026-02-01"))
	require.Nil(t, r)
	require.Equal(t, []int{3, 4, 0, 0, 4}, []int{m.Practices, m.OfPractices, m.Patients, m.OfPatients, m.NotCounted})
	require.True(t, m.Above, "by practices alone")
	require.Contains(t, m.Say, "patients are not known")
}

// Nobody who gave no mandate is said to have withdrawn one (rule M2).
func TestWithdrawalOfNothing(t *testing.T) {
	b := sit(t).found().mandates()
	b.on("2026-04-01").speaks("gp-riddings", "P00004")
	b.speaks("gp-canal", "P00003")
	b.do("gp-riddings", &domain.WithdrawMandate{Organisation: "P00004", Everything: true})
	b.do("gp-canal", &domain.WithdrawMandate{Organisation: "P00003", Matters: []string{"access"}})
	m, r := b.fold().Mandate("access", day("2026-05-01"))
	require.Nil(t, r)
	require.Equal(t, "Riddings Family Health Centre said that it gives no mandate, from 29 April 2026", m.Entries[4].Text)
	require.Equal(t, "Canal Practice withdrew its mandate for access from 29 April 2026", m.Entries[5].Text)
	require.Equal(t, "Canal Practice gave North PCN a mandate for everything except access until 31 December 2026", m.Entries[2].Text)
	require.Equal(t, []TakenBack{{"M6", m.Entries[5].Index, []string{"access"}, day("2026-04-29")}}, m.Entries[2].Withdrawn)
	require.Equal(t, "has never given a mandate", m.Outside[1].Why)
}
