package api

import (
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"

	"goldenthread/projections"
)

// What if: the same answer in JSON and on the mandate's page, by a form that works
// without script; powers only for those who may see them (rules M2–M4, F3).
func TestWhatIfByForm(t *testing.T) {
	w := newGatekept(t)
	open := func(person, below string) string {
		return string(w.must(200, w.send(w.request(person, "GET", "/g/trafford"+below, ""))).body)
	}
	before := open("manager", "/mandate?matter=workforce")
	require.Contains(t, before, `<form method="get" action="#what-if"`)
	require.Contains(t, before, "What would change if somebody withdrew")
	require.NotContains(t, before, "would speak")

	r := w.must(200, w.ask("manager", "/what-if?organisation=P91018&matter=workforce"))
	var a projections.WhatIf
	require.NoError(t, json.Unmarshal(r.body, &a))
	require.NotEmpty(t, a.Leaving)
	page := open("manager", "/mandate?matter=workforce&if=P91018")
	require.Contains(t, page, a.Say)
	for _, p := range a.Powers {
		require.Contains(t, page, p.Ref)
	}
	require.Contains(t, page, `<option value="P91018" selected`)

	w.must(404, w.ask("manager", "/what-if?organisation=P99999"))
	w.must(422, w.ask("manager", "/what-if?organisation=P91018&matter=dentistry"))
	w.must(422, w.ask("manager", "/what-if?organisation=QOP"))
	w.must(404, w.send(w.request("manager", "GET", "/g/trafford/mandate?if=P99999", "")))
}

// The page of a matter that nobody was asked about says so, and a practice's page
// says subject by subject what the group may agree (rules M3, F6, T0).
func TestMandatePages(t *testing.T) {
	w := newGatekept(t)
	open := func(person, below string) string {
		return string(w.must(200, w.send(w.request(person, "GET", "/g/trafford"+below, ""))).body)
	}
	require.Contains(t, open("manager", "/mandate?matter=dentistry"), "Nobody stands behind the board on dentistry: nobody has been asked about it.")
	w.formRecords("pm-a", "/practices/P91018", "withdraw-mandate", "what", "some", "matters", "workforce", "evidence", "Letter of 1 March")
	own := open("pm-a", "/practices/P91018")
	require.Contains(t, own, "What it may agree for you, subject by subject")
	require.Contains(t, own, "Ends soon.")
	require.Contains(t, own, "Withdrawn for workforce from")
}
