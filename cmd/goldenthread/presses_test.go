package main

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/domain"
	"goldenthread/projections"
)

// answersWhatWaits are the events with which a command begins that nobody had to give
// before a second person was asked: each is somebody's answer to what waits.
var answersWhatWaits = []string{
	"record.confirmed", "record.refused", "exercise.confirmed", "exercise.refused", "commitment.confirmed", "commitment.disputed",
	"position.confirmed", "way-in.confirmed", "way-in.ended",
}

// presses counts, in both ledgers of the example's year, how many commands each person gave
// in all, and how many of them only answered what waits. That is at most twenty in all,
// and eight for anybody.
func presses(t *testing.T, p *program) {
	for _, kind := range answersWhatWaits {
		require.True(t, slices.ContainsFunc(domain.Kinds, func(k domain.Kind) bool { return strings.HasSuffix(k.Name, "."+kind+".v1") }), kind)
	}
	handles, all, answers := map[string]string{}, map[string]int{}, map[string]int{}
	for group, person := range map[string]string{"trafford": "manager", "greater-manchester": "gm-lead"} {
		status, body := p.Send(person, "GET", "/v1/groups/"+group+"/events", "")
		require.Equal(t, 200, status)
		given := map[string]bool{}
		for line := range strings.Lines(string(body)) {
			var e struct {
				Type, Actor, Command string
				Data                 struct{ Person, Handle string }
			}
			require.NoError(t, json.Unmarshal([]byte(line), &e))
			kind := strings.TrimSuffix(strings.TrimPrefix(e.Type, "goldenthread."), ".v1")
			if kind == "person.registered" {
				handles["person/"+e.Data.Person] = e.Data.Handle
			}
			if !strings.HasPrefix(e.Actor, "person/") || given[e.Command] {
				continue // what a command begins with says which it is
			}
			given[e.Command] = true
			all[e.Actor]++
			if slices.Contains(answersWhatWaits, kind) {
				answers[e.Actor]++
			}
		}
	}
	sum, added := 0, 0
	for _, person := range slices.SortedFunc(maps.Keys(all), func(a, b string) int { return strings.Compare(handles[a], handles[b]) }) {
		t.Logf("%-16s %3d presses, of which %2d answer what waits", handles[person], all[person], answers[person])
		require.LessOrEqual(t, answers[person], 8, handles[person])
		sum, added = sum+all[person], added+answers[person]
	}
	t.Logf("%-16s %3d presses, of which %2d answer what waits", "in all", sum, added)
	require.LessOrEqual(t, added, 20)
	require.Greater(t, added, 0, "the example confirms")
	require.Empty(t, ask[projections.Records](p, "/records").Waits, "nothing is left for somebody to press")
}
