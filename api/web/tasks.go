package web

import (
	"fmt"
	"net/url"
	"slices"

	"goldenthread/domain"
	"goldenthread/projections"
)

// A DueLine is a line of a list of what is to be done: one thing, or several of a kind that are
// due on one day.
type DueLine struct {
	Ref    string
	Kind   projections.WaitingKind
	On     domain.Day // last day; 0: there is none
	Text   string
	To     string   // where it is done, below the group
	With   []string // offices of those who are asked, where the list is the group's
	Paused bool     // for want of it
	Many   int      // how many there are; 0: it is one
}

// fewAlone is how many of a kind that are due on one day are still listed one by one.
const fewAlone = 3

// Together puts what is of one kind and due on one day into one line, where the first of it
// was. The line leads to where they are seen to together or, within the list of that
// address, to them one by one.
func Together(tasks []DueLine, list string, asked projections.TaskFilter) []DueLine {
	type alike struct {
		kind projections.WaitingKind
		on   domain.Day
	}
	count := map[alike]int{}
	for _, t := range tasks {
		count[alike{t.Kind, t.On}]++
	}
	var lines []DueLine
	for _, t := range tasks {
		of := alike{t.Kind, t.On}
		switch n := count[of]; {
		case n == 0: // they are in a line before
		case n <= fewAlone || t.On == 0 || asked.On != 0:
			lines = append(lines, t)
		default:
			lines = append(lines, manyAs(tasks, t, n, list, asked))
			count[of] = 0
		}
	}
	return lines
}

// manyAs is the line of the n tasks that are of the kind and the day of that one.
func manyAs(tasks []DueLine, one DueLine, n int, list string, asked projections.TaskFilter) DueLine {
	t := DueLine{Ref: one.Ref, Kind: one.Kind, On: one.On, Many: n}
	for _, other := range tasks {
		if other.Kind != t.Kind || other.On != t.On {
			continue
		}
		t.Paused = t.Paused || other.Paused
		for _, office := range other.With {
			if !slices.Contains(t.With, office) {
				t.With = append(t.With, office)
			}
		}
	}
	if len(t.With) > fewAlone {
		t.With = []string{domain.Thousands(len(t.With)) + " people"}
	}
	switch t.Kind {
	case projections.WaitingKind(domain.DueMandate):
		t.Text = fmt.Sprintf("%s end or are to be reviewed by %s: renew them together", domain.Count(n, "mandate"), t.On.Words())
		t.To = "mandates?due=" + t.On.String()
	case projections.WaitsRecord:
		t.Text, t.To = domain.Count(n, "record")+" wait to be confirmed or refused", "waiting"
	default:
		q := url.Values{"kind": {string(t.Kind)}, "on": {t.On.String()}}
		if asked.Person != "" {
			q.Set("person", asked.Person)
		}
		t.Text, t.To = projections.KindsOf(t.Kind, n), list+"?"+q.Encode()
	}
	return t
}

// A DueStretch is what is due within the same stretch of days.
type DueStretch struct {
	Heading string
	Tasks   []DueLine
}

// Stretches are the tasks by when they are due, seen from that day.
func DueDays(tasks []DueLine, at domain.Day) []DueStretch {
	var all []DueStretch
	for _, t := range tasks {
		heading := "Later than in 30 days"
		switch {
		case t.On == 0:
			heading = "On no particular day"
		case t.On < at:
			heading = "Overdue"
		case t.On <= at+7:
			heading = "Within 7 days"
		case t.On <= at+30:
			heading = "Within 30 days"
		}
		if n := len(all); n == 0 || all[n-1].Heading != heading {
			all = append(all, DueStretch{Heading: heading})
		}
		last := &all[len(all)-1]
		last.Tasks = append(last.Tasks, t)
	}
	return all
}

// FirstDue are what comes first of what somebody is asked to do, on a page about other
// things too.
type FirstDue struct {
	First []DueLine
	All   int  // how many things they are asked to do
	More  bool // there are more lines than First
}

// A DueList is a page of what is to be done, by when.
type DueList struct {
	Asked     projections.TaskFilter
	Kinds     []projections.KindCount
	People    []projections.Who // who can be asked for; nil: the list is of one person
	Stretches []DueStretch
	Pager
}

// Filtered says whether not all is wanted.
func (l *DueList) Filtered() bool { return l.Asked != projections.TaskFilter{} }

// ToDo is all that the reader is asked to do.
type ToDo struct{ DueList }

func (*ToDo) Title() string { return "For you to do" }
func (*ToDo) file() string  { return "todo" }

// WorkList is what is due, overdue or paused in the group.
type WorkList struct {
	DueList
	Reminds bool // whoever looks can have those who are asked reminded by mail
}

func (*WorkList) Title() string { return "Work list" }
func (*WorkList) file() string  { return "worklist" }

// When says how far off the day is, seen from the other.
func When(on, at domain.Day) string {
	switch left := int(on - at); {
	case left == 0:
		return "Today"
	case left == 1:
		return "Tomorrow"
	case left > 0:
		return "In " + domain.Count(left, "day")
	default:
		return "Overdue by " + domain.Count(-left, "day")
	}
}
