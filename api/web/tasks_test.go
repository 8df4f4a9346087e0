package web

import (
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/domain"
	"goldenthread/projections"
)

// Many of a kind that are due on one day are one line, which leads to them; few are not, and
// nothing is left out.
func TestManyTasksTogether(t *testing.T) {
	const end, other = domain.Day(20000), domain.Day(20001)
	due := func(kind domain.DueKind, ref string, on domain.Day) DueLine {
		return DueLine{Ref: ref, Kind: projections.WaitingKind(kind), On: on, Text: ref, With: []string{"Partner, " + ref}}
	}
	tasks := []DueLine{due("mandate", "M1", end), due("mandate", "M2", end), due("position", "P1", end), due("mandate", "M3", end), due("mandate", "M4", end), due("mandate", "M5", other)}
	for _, ref := range []string{"T1", "T2", "T3", "T4"} {
		tasks = append(tasks, due("action", ref, other))
	}
	tasks = append(tasks, due("notices", "practice/P1", 0), due("notices", "practice/P2", 0), due("notices", "practice/P3", 0), due("notices", "practice/P4", 0))
	lines := Together(tasks, "worklist", projections.TaskFilter{Person: "manager"})
	var texts []string
	for _, l := range lines {
		texts = append(texts, l.Text)
	}
	require.Equal(t, []string{"4 mandates end or are to be reviewed by " + end.Words() + ": renew them together", "P1", "M5", "4 actions", "practice/P1", "practice/P2", "practice/P3", "practice/P4"}, texts)
	require.Equal(t, "mandates?due="+end.String(), lines[0].To)
	require.Equal(t, []string{"4 people"}, lines[0].With)
	require.Equal(t, "worklist?kind=action&on="+other.String()+"&person=manager", lines[3].To)
	require.Len(t, Together(tasks, "worklist", projections.TaskFilter{On: other}), len(tasks), "whoever asks for a day sees each")

	var headings []string
	for _, s := range DueDays(lines, end-20) {
		headings = append(headings, s.Heading)
	}
	require.Equal(t, []string{"Within 30 days", "On no particular day"}, headings)
}
