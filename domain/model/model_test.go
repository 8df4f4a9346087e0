package model

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"goldenthread/domain"
)

// steps is how many things happen in a history, beside its founding.
const steps = 60

// TestAgainstTheProgram asks the program and the model the same questions about
// random histories. GOLDENTHREAD_MODEL_QUESTIONS asks for so many questions,
// many about each history; else there are 2,000 histories.
func TestAgainstTheProgram(t *testing.T) {
	histories, each := 2000, 8
	if wanted := os.Getenv("GOLDENTHREAD_MODEL_QUESTIONS"); wanted != "" {
		n, err := strconv.Atoi(wanted)
		if err != nil {
			t.Fatal(err)
		}
		each = 100
		histories = (n + each - 1) / each
	}
	var asked, differ atomic.Int64
	kinds := map[string]int{}
	var mu sync.Mutex
	inParallel(histories, func(seed uint64) {
		r := generate(seed, steps)
		if r.failed != nil {
			t.Errorf("history %d: %v", seed, r.failed)
			return
		}
		qs := ask(r, rand.New(rand.NewPCG(seed, 9)), each)
		found := differences(r, qs, none)
		asked.Add(int64(len(qs)))
		mu.Lock()
		defer mu.Unlock()
		for _, q := range qs {
			kinds[q.kind]++
		}
		for _, d := range found {
			if n := differ.Add(1); n <= 5 {
				r2, d2 := shrunk(r, d, none)
				t.Error(d2.tell(r2))
			}
		}
	})
	t.Logf("%d histories, %d questions %v, %d differences", histories, asked.Load(), kinds, differ.Load())
}

// inParallel does each history on as many processors as there are.
func inParallel(histories int, do func(seed uint64)) {
	var next atomic.Uint64
	var all sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for {
				seed := next.Add(1)
				if seed > uint64(histories) {
					return
				}
				do(seed)
			}
		})
	}
	all.Wait()
}

// TestMistakesAreFound turns one rule of the model round at a time. The same
// histories and questions must show each.
func TestMistakesAreFound(t *testing.T) {
	missing := slices.Sorted(maps.Keys(planted))
	if len(missing) < 20 {
		t.Fatalf("only %d mistakes are planted", len(missing))
	}
	for seed := uint64(1); seed <= 1000 && len(missing) > 0; seed++ {
		r := generate(seed, steps)
		var settled, other []question
		for _, q := range ask(r, rand.New(rand.NewPCG(seed, 9)), 30) {
			if q.kind == "settlement" {
				settled = append(settled, q)
			} else {
				other = append(other, q)
			}
		}
		if len(differences(r, slices.Concat(other, settled), none)) > 0 {
			continue // that is for TestAgainstTheProgram to tell
		}
		missing = slices.DeleteFunc(missing, func(wrong mistake) bool {
			qs := other
			if slices.Contains(ofSettlement, wrong) {
				qs = settled
			}
			if len(differences(r, qs, wrong)) == 0 {
				return false
			}
			t.Logf("history %4d shows: %s", seed, planted[wrong])
			return true
		})
	}
	for _, wrong := range missing {
		t.Errorf("not found: %s", planted[wrong])
	}
}

// wanted are the kinds of event that must occur in the histories, each so often
// in a hundred of them.
var wanted = map[string]int{
	"agreement.reached": 500, "agreement.set-aside": 10, "appointment.ended": 3, "appointment.varied": 30, "charter.adopted": 30,
	"commitment.recorded": 300, "delegation.ended": 3, "delegation.granted": 100, "delegation.varied": 30, "executive.formed": 100,
	"group.forming-again": 5, "exercise.called-in": 5, "exercise.recorded": 150, "group.established": 100, "interest.declared": 50, "list-size.recorded": 500,
	"mandate.granted": 800, "mandate.withdrawn": 100, "membership.ended": 30, "membership.started": 1000, "objection.raised": 20,
	"office.left": 30, "organisation.closed": 80, "organisation.reopened": 3, "position.adopted": 50,
	"position.taken": 3000, "power.suspended": 80, "proposal.amended": 10, "proposal.lapsed": 200,
	"representative.appointed": 100, "settled.disavowed": 5, "settled.ratified": 5,
}

// TestHistoriesHaveEverything: most commands are recorded, and everything that
// the rules speak of happens often enough to be asked about. With -v it prints
// how often.
func TestHistoriesHaveEverything(t *testing.T) {
	events, recorded, refused := map[string]int{}, map[string]int{}, map[string]int{}
	all, accepted := 0, 0
	for seed := uint64(1); seed <= 100; seed++ {
		r := generate(seed, steps)
		for _, e := range r.events {
			name := strings.TrimPrefix(e.Kind(), "goldenthread.")
			events[name[:strings.LastIndex(name, ".")]]++
		}
		for _, o := range r.orders {
			if o.Name == settle {
				continue
			}
			all++
			if o.Refused == "" {
				recorded[o.Name]++
				accepted++
			} else {
				refused[o.Name]++
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(recorded)) {
		t.Logf("%-22s %5d recorded %5d refused", name, recorded[name], refused[name])
	}
	for _, name := range slices.Sorted(maps.Keys(events)) {
		t.Logf("%-30s %5d", name, events[name])
	}
	for name, least := range wanted {
		if events[name] < least {
			t.Errorf("%s happens %d times in 100 histories, wanted %d", name, events[name], least)
		}
	}
	if accepted*100 < all*80 {
		t.Errorf("only %d of %d commands are recorded", accepted, all)
	}
}

// TestSeedsAreRepeatable: a seed makes the same history again, event by event,
// and so does giving its orders to a new ledger.
func TestSeedsAreRepeatable(t *testing.T) {
	for seed := uint64(1); seed <= 20; seed++ {
		first, again := generate(seed, steps), generate(seed, steps)
		given := first.replay(first.orders)
		for _, other := range []*recorder{again, given} {
			if len(first.events) != len(other.events) {
				t.Fatalf("history %d has %d events, then %d", seed, len(first.events), len(other.events))
			}
			for i := range first.events {
				if !reflect.DeepEqual(first.events[i], other.events[i]) {
					t.Fatalf("history %d: event %d is %+v, then %+v", seed, i, first.events[i].Data, other.events[i].Data)
				}
			}
		}
	}
}

// TestDifferencesShrink: a difference is told with few orders, and they show it.
func TestDifferencesShrink(t *testing.T) {
	wrong := ownWithdrawalLeavesRoute
	for seed := uint64(1); seed <= 1000; seed++ {
		r := generate(seed, steps)
		for _, q := range ask(r, rand.New(rand.NewPCG(seed, 9)), 30) {
			if q.kind != "coverage" || len(differences(r, []question{q}, none)) > 0 {
				continue
			}
			found := differences(r, []question{q}, wrong)
			if len(found) == 0 {
				continue
			}
			r2, d := shrunk(r, found[0], wrong)
			if d.theirs == d.ours || len(r2.orders) > 8 || !strings.Contains(d.tell(r2), "withdraw-mandate") {
				t.Errorf("not shrunk:\n%s", d.tell(r2))
			}
			t.Log(d.tell(r2))
			return
		}
	}
	t.Error("no difference was found")
}

// TestDays: the model's own calendar, against dates that can be looked up.
func TestDays(t *testing.T) {
	for date, want := range map[[3]int]day{{2000, 1, 1}: 730120, {2000, 2, 29}: 730179, {2026, 3, 29}: 739704, {2028, 3, 1}: 740407} {
		if got := dayOfDate(date[0], date[1], date[2]); got != want {
			t.Errorf("%v is day %d, not %d", date, got, want)
		}
		if y, m, d := dateOf(want); [3]int{y, m, d} != date {
			t.Errorf("day %d is %d-%d-%d, not %v", want, y, m, d, date)
		}
	}
	for moment, want := range map[string]string{
		"2026-03-28T23:59:59Z": "2026-03-28", "2026-03-29T22:59:59Z": "2026-03-29", "2026-03-29T23:00:00Z": "2026-03-30",
		"2026-10-24T22:59:59Z": "2026-10-24", "2026-10-24T23:00:00Z": "2026-10-25", "2026-10-25T23:30:00Z": "2026-10-25", "2026-10-26T00:00:00Z": "2026-10-26",
	} {
		at, err := time.Parse(time.RFC3339, moment)
		if err != nil {
			t.Fatal(err)
		}
		y, m, d := dateOf(londonDay(at))
		if got := fmt.Sprintf("%04d-%02d-%02d", y, m, d); got != want {
			t.Errorf("%s falls on %s in London, not %s", moment, got, want)
		}
	}
	rng := rand.New(rand.NewPCG(1, 1))
	for range 20000 {
		at := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rng.Int64N(int64(6 * 365 * 24 * time.Hour))))
		if londonDay(at) != domain.DayOf(at) {
			t.Fatalf("%s falls on day %d, the program says %s", at, londonDay(at), domain.DayOf(at))
		}
	}
	if got := yearsLater(dayOfDate(2028, 2, 29), 1); got != dayOfDate(2029, 3, 1) {
		t.Errorf("a year after 29 February 2028 is day %d", got)
	}
}
