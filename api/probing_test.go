package api

import (
	"cmp"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"goldenthread/api/guard"
)

// TestProbingTakesTheSameTime sends GOLDENTHREAD_PROBES requests of each kind (2,000 if
// nothing is said) and holds that nobody could tell from how long each took of which kind
// it is. Every round asks once of each kind, in an order of its own, so that whatever else
// the machine does falls on all alike. Each kind is compared with the first, which is
// there twice, by the test of Mann and Whitney and by that of Kolmogorov and Smirnov: if
// there is no difference, each of them fails once in a million comparisons. That they
// would find one is held by a request with more to read.
func TestProbingTakesTheSameTime(t *testing.T) {
	if testing.Short() {
		t.Skip("it measures")
	}
	rounds, err := strconv.Atoi(cmp.Or(os.Getenv("GOLDENTHREAD_PROBES"), "2000"))
	require.NoError(t, err)
	w := probedWorld(t)
	w.server.guard.Writes = guard.NewLimits(rate.Inf, 1) // as if they came over years, and from many
	for _, kinds := range w.probes() {
		longer := kinds[0]
		longer.kind, longer.body = "more to read", longer.body+strings.Repeat(" ", 50_000)
		kinds = append(kinds, longer)
		took := make([][]time.Duration, len(kinds))
		for range rounds {
			for _, k := range rand.Perm(len(kinds)) {
				began := time.Now()
				r := w.in(kinds[k].group, kinds[k].person, "consent", kinds[k].body)
				took[k] = append(took[k], time.Since(began))
				require.Equal(t, 409, r.StatusCode, "%s: %s", kinds[k].kind, r.body)
			}
		}
		for k := range kinds {
			slices.Sort(took[k])
		}
		longerBound, apartBound := bounds(rounds)
		for k := range kinds {
			longer, apart := compareTimes(took[k], took[0])
			t.Logf("%-24s median %8v; takes longer than %q in %.2f%% of pairs (50 ± %.2f); distributions apart by %.4f (at most %.4f)",
				kinds[k].kind, took[k][rounds/2].Round(100*time.Nanosecond), kinds[0].kind, 100*longer, 100*longerBound, apart, apartBound)
			if k == len(kinds)-1 {
				require.Greater(t, math.Abs(longer-0.5), longerBound, "what takes another time is found")
				continue
			}
			require.Less(t, math.Abs(longer-0.5), longerBound, kinds[k].kind)
			require.Less(t, apart, apartBound, kinds[k].kind)
		}
	}
}

// bounds are what the two statistics exceed once in a million times for two samples of so
// many of the same distribution: by the normal approximation of the one, 4.89 times its
// standard deviation, and by the limit of the other.
func bounds(n int) (longer, apart float64) {
	many := float64(n)
	return 4.89 * math.Sqrt((2*many+1)/(12*many*many)), math.Sqrt(-math.Log(0.5e-6)/2) * math.Sqrt(2/many)
}

// compareTimes compares two sorted samples: the share of pairs in which the one took
// longer than the other (Mann and Whitney), a tie counting half, and the greatest
// difference of their distributions (Kolmogorov and Smirnov).
func compareTimes(a, b []time.Duration) (longer, apart float64) {
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		this := min(a[i], b[j])
		fromA, fromB := i, j
		for i < len(a) && a[i] == this {
			i++
		}
		for j < len(b) && b[j] == this {
			j++
		}
		longer += float64(i-fromA) * (float64(fromB) + float64(j-fromB)/2)
		apart = max(apart, math.Abs(float64(i)/float64(len(a))-float64(j)/float64(len(b))))
	}
	longer += float64(len(a)-i) * float64(len(b))
	return longer / float64(len(a)) / float64(len(b)), apart
}
