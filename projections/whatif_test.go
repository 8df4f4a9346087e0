package projections

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// What would change if somebody withdrew, in words and figures (rules M2–M4).
func TestWhatIf(t *testing.T) {
	b := sit(t).found().mandates().delegate().represent()
	g := b.fold()
	before := b.ledger.State().Next

	w, r := g.WhatIf("U00002", "workforce", day("2026-03-01"))
	require.Nil(t, r)
	require.Equal(t, []int{3, 2, 4}, []int{w.Before.Practices, w.After.Practices, w.After.OfPractices})
	require.True(t, w.Before.Above)
	require.False(t, w.After.Above, "two of four are not over half")
	require.Equal(t, []Body{{"P00003", "Canal Practice"}}, w.Leaving)
	require.Equal(t, "If North PCN withdrew for workforce, the board would speak on workforce for 2 of 4 practices, 18,000 of 28,000 registered patients. Now it speaks for 3. One power would be lost.", w.Say)
	require.Len(t, w.Powers, 1)
	require.Equal(t, []string{"R1", "appointment", "workforce", "workforce"}, []string{w.Powers[0].Ref, w.Powers[0].Kind, w.Powers[0].Matter, w.Powers[0].On})
	require.Contains(t, w.Powers[0].Text, "could no longer commit on workforce at Trafford Locality Board: 2 of 4 practices would stand behind it")
	require.Contains(t, w.Notes[0], "Practices of North PCN that gave the board a mandate themselves would still stand behind it.")
	require.Contains(t, w.Notes[1], "given on 1 March 2026, it would take effect on 29 March 2026")
	require.Equal(t, day("2026-03-29"), w.Earliest)

	w, r = g.WhatIf("P00001", "", day("2026-03-01"))
	require.Nil(t, r)
	require.Contains(t, w.Say, "If Park Medical Practice withdrew for everything, the board would speak for 2 of 4 practices")
	refs := map[string]bool{}
	for _, p := range w.Powers {
		refs[p.Ref] = true
	}
	require.True(t, refs["D1"] && refs["R1"])

	w, r = g.WhatIf("P00004", "access", day("2026-03-01"))
	require.Nil(t, r)
	require.Contains(t, w.Say, "nothing would change")
	require.Empty(t, w.Leaving)
	require.Equal(t, before, b.ledger.State().Next, "nothing is recorded")

	for _, bad := range []struct{ organisation, matter, rule string }{{"", "access", "O1"}, {"P99999", "access", "O1"}, {"LMC", "access", "M1"}, {"P00001", "dentistry", "F6"}, {"P00001", "Work Force", "F6"}} {
		_, r := g.WhatIf(bad.organisation, bad.matter, day("2026-03-01"))
		require.NotNil(t, r, bad)
		require.Equal(t, bad.rule, r.Rule, bad)
	}
	_, r = New("nowhere").WhatIf("P00001", "", day("2026-03-01"))
	require.Equal(t, "L1", r.Rule)
}
