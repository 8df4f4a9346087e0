package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"goldenthread/cmd/internal/folder"
	"goldenthread/domain"
	"goldenthread/eventstore"
	"goldenthread/eventstore/commit"
	"goldenthread/projections"
)

// The bench is one table. Each row is measured in the same run as what it is
// held against: the bare work on the same bytes, or what somebody would take
// instead. Only the ratios say something on a machine that others use too.
const (
	benchEnv   = "GOLDENTHREAD_BENCH"       // 1: run it
	benchRows  = "GOLDENTHREAD_BENCH_ROWS"  // of one, many, behind, rebuild, start, memory, check, http, authzen, openfga, search, crowded and large, those to be run; else all
	benchData  = "GOLDENTHREAD_BENCH_DATA"  // a generated folder for the rows about size; else two places and a year
	benchOther = "GOLDENTHREAD_BENCH_OTHER" // files of other builds of the program, which are asked over HTTP in turns with this one
	callers    = 64
	perCaller  = 100
	alone      = 500 // commands of one caller
	turnsEach  = 4
)

func TestBench(t *testing.T) {
	if os.Getenv(benchEnv) == "" {
		t.Skip("set " + benchEnv + "=1, or run make bench")
	}
	folder.UseMemory(folder.UsualMemory) // as the server does
	b := &bench{T: t, rivals: openRivals(t), tokens: map[string]string{}}
	b.generated = os.Getenv(benchData)
	if b.generated == "" {
		b.generated = t.TempDir()
		_, err := generation(b.generated, 1).generate(t.Context(), b.log(), func(domain.Day, int64) {})
		require.NoError(t, err)
	}
	only := strings.Fields(os.Getenv(benchRows))
	for _, row := range []struct {
		name string
		do   func()
	}{{"one", b.oneCaller}, {"many", b.manyCallers}, {"behind", b.logBehind}, {"rebuild", b.rebuild}, {"memory", func() { b.fromStream() }}, {"check", b.check}, {"http", b.overHTTP}, {"authzen", b.authZEN}, {"openfga", b.besideOpenFGA}, {"search", b.search}, {"start", b.starts}, {"crowded", b.crowded}, {"large", b.largeGroup}} {
		if len(only) == 0 || slices.Contains(only, row.name) {
			row.do()
		}
	}
	b.print()
}

type bench struct {
	*testing.T
	rivals    []rival
	generated string
	tokens    map[string]string // by group and person; issued before any server has run on the folder: after that, only those that the ledger has let people in
	rows      [][4]string
}

func (b *bench) row(what, measured, against string, ratio float64) {
	r := ""
	if ratio != 0 {
		r = fmt.Sprintf("%.2f", ratio)
	}
	b.rows = append(b.rows, [4]string{what, measured, against, r})
}

func (b *bench) print() {
	w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintf(w, "row\tmeasured\tagainst\tratio\n")
	for _, r := range b.rows {
		fmt.Fprintln(w, strings.Join(r[:], "\t"))
	}
	w.Flush()
}

func (b *bench) log() *slog.Logger { return slog.New(slog.DiscardHandler) }

// A running store with its projections, and the lines that it wrote.
type running struct {
	*eventstore.Store
	groups *projections.Groups
	mu     sync.Mutex
	bodies [][]byte // of commits
}

func (b *bench) open(dir string) *running {
	r := &running{}
	keep := func(c commit.Commit) {
		var body []byte
		for i := range c.Entries {
			body = append(append(body, c.Entries[i].Line...), '\n')
		}
		r.mu.Lock()
		r.bodies = append(r.bodies, body)
		r.mu.Unlock()
	}
	var err error
	r.Store, r.groups, err = folder.Open(b.Context(), eventstore.Options{Dir: dir, ClockConfirmed: true, Follow: []func(commit.Commit){keep}, Log: b.log()})
	require.NoError(b, err)
	b.Cleanup(func() { folder.Close(r.Store) })
	return r
}

// benchGroup founds a small group.
func benchGroup(name string) domain.Request {
	place, span := "PLACE-"+strings.ToUpper(name), domain.Span{From: 730_000}
	c := &domain.Found{
		Name: name, Place: place, PlaceName: name, Founder: "manager",
		Charter: domain.Charter{Text: "We decide together.", Quorum: 1, DefaultStance: domain.BringBack, Matters: []string{"access"}},
		Organisations: []domain.OrganisationRow{
			{Code: place, Kind: domain.PlaceKind, Name: name}, {Code: "LMC", Kind: domain.LMC, Name: "LMC"},
			{Code: "A81001", Kind: domain.Practice, Name: "A practice", Parents: []domain.MembershipRow{{In: place, Span: span}}},
		},
		People: []domain.PersonEntry{{Handle: "manager", Office: "Manager", Organisation: "LMC"}},
		Seats:  []domain.SeatEntry{{Organisation: "LMC", Holder: "manager"}},
		Duties: []domain.DutyEntry{{Duty: domain.Manager, Person: "manager", Employer: "LMC"}, {Duty: domain.Registrar, Person: "manager"}, {Duty: domain.Chair, Person: "manager"}},
	}
	return benchRequest(name, c)
}

func benchRequest(group string, c domain.Command) domain.Request {
	id := uuid.New()
	return domain.Request{Group: group, ID: id, Hash: sha256.Sum256(id[:]), Actor: "manager", Command: c}
}

// benchCommand is a command of one event: a practice asks something.
func benchCommand(group string) domain.Request {
	return benchRequest(group, &domain.AskGroup{Practice: "A81001", Words: "What was agreed about Saturdays, and from when?", Evidence: "Letter of 3 March"})
}

// oneCaller is one caller after the other: a durable command through rules,
// writer, stream and projections, beside a bare append and fsync of the same
// bytes, a durable insert of them, and the same rules before such an insert. They take turns, so that whatever else
// the machine does falls on all of them alike.
func (b *bench) oneCaller() {
	r := b.open(b.TempDir())
	_, err := r.Execute(b.Context(), benchGroup("one"))
	require.NoError(b, err)
	bare, err := os.Create(filepath.Join(b.TempDir(), "bare"))
	require.NoError(b, err)
	defer bare.Close()
	turns := []func(int) error{
		func(int) error { _, err := r.Execute(b.Context(), benchCommand("one")); return err },
		func(int) error { _, err := bare.Write(r.last()); return errors.Join(err, bare.Sync()) },
	}
	against := []string{"", "append + fsync of the same bytes"}
	for _, rival := range b.rivals {
		group := "alone-" + strings.ToLower(rival.name)
		ledger, founds := domain.NewLedger(group), benchGroup(group)
		require.NoError(b, rival.decide(b.Context(), ledger, &founds))
		turns = append(turns, func(i int) error {
			_, err := rival.db.ExecContext(b.Context(), rival.insert, "one", i, r.last())
			return err
		}, func(int) error {
			req := benchCommand(group)
			return rival.decide(b.Context(), ledger, &req)
		})
		against = append(against, rival.name+", one insert", rival.name+", a transaction with the same rules")
	}
	times := make([][]time.Duration, len(turns))
	for i := range alone {
		for j, turn := range turns {
			times[j] = append(times[j], b.timed(1, func(int) error { return turn(i) })...)
		}
	}
	for j := range times {
		slices.Sort(times[j])
	}
	ours := percentile(times[0], 50)
	for j := range turns[1:] {
		theirs := percentile(times[j+1], 50)
		b.row("one caller, p50", us(ours), against[j+1]+" "+us(theirs), ratio(ours, theirs))
	}
}

// last is the newest commit's bytes.
func (r *running) last() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.bodies[len(r.bodies)-1]
}

// timed runs f so often, one after the other, and gives the sorted times.
func (b *bench) timed(n int, f func(int) error) []time.Duration {
	times := make([]time.Duration, n)
	for i := range times {
		start := time.Now()
		require.NoError(b, f(i))
		times[i] = time.Since(start)
	}
	slices.Sort(times)
	return times
}

func percentile(sorted []time.Duration, percent int) time.Duration {
	return sorted[min(len(sorted)*percent/100, len(sorted)-1)]
}

func us(d time.Duration) string               { return fmt.Sprintf("%.0f µs", float64(d.Nanoseconds())/1e3) }
func ratio(a, b time.Duration) float64        { return a.Seconds() / b.Seconds() }
func rate(n int, d time.Duration) float64     { return float64(n) / d.Seconds() }
func perSecond(n int, d time.Duration) string { return fmt.Sprintf("%.0f/s", rate(n, d)) }

// manyCallers are 64 callers, each in a group of its own; the rival's run the
// same rules before each insert.
func (b *bench) manyCallers() {
	r := b.open(b.TempDir())
	for c := range callers {
		_, err := r.Execute(b.Context(), benchGroup("group-"+strconv.Itoa(c)))
		require.NoError(b, err)
	}
	ours := func(c, _ int) error {
		_, err := r.Execute(b.Context(), benchCommand("group-"+strconv.Itoa(c)))
		return err
	}
	for _, rival := range b.rivals {
		if rival.name == "SQLite" {
			continue // one writer at a time
		}
		ledgers := make([]*domain.Ledger, callers)
		for c := range ledgers {
			ledgers[c] = domain.NewLedger("group-" + strconv.Itoa(c))
			req := benchGroup("group-" + strconv.Itoa(c))
			require.NoError(b, rival.decide(b.Context(), ledgers[c], &req))
		}
		theirs := func(c, _ int) error {
			req := benchCommand("group-" + strconv.Itoa(c))
			return rival.decide(b.Context(), ledgers[c], &req)
		}
		spent, times := b.inTurns(ours, theirs)
		n := callers * perCaller * turnsEach
		b.row("64 callers, 64 groups", fmt.Sprintf("%s, p99 %s", perSecond(n, spent[0]), us(percentile(times[0], 99))),
			fmt.Sprintf("%s, 64 connections, the same rules: %s, p99 %s", rival.name, perSecond(n, spent[1]), us(percentile(times[1], 99))), rate(n, spent[0])/rate(n, spent[1]))
	}
}

// logBehind has 64 callers write as fast as they can, and asks now and then when
// the log of a group will be signed for what its ledger has.
func (b *bench) logBehind() {
	r := b.open(b.TempDir())
	for c := range callers {
		_, err := r.Execute(b.Context(), benchGroup("group-"+strconv.Itoa(c)))
		require.NoError(b, err)
	}
	ctx, stop := context.WithCancel(b.Context())
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			for ctx.Err() == nil {
				_, err := r.Execute(b.Context(), benchCommand("group-"+strconv.Itoa(c)))
				if err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	behind := b.timed(12, func(i int) error {
		group := "group-" + strconv.Itoa(i)
		_, err := r.AwaitSigned(b.Context(), group, r.Next(group))
		return err
	})
	stop()
	wg.Wait()
	b.row("a log behind its ledger, 64 callers without a pause", fmt.Sprintf("p50 %s, longest %s", us(percentile(behind, 50)), us(behind[len(behind)-1])), "", 0)
}

// inTurns has all callers do the one and then the other, several times over.
func (b *bench) inTurns(ours, theirs func(caller, i int) error) (spent [2]time.Duration, times [2][]time.Duration) {
	for range turnsEach {
		for k, f := range []func(int, int) error{ours, theirs} {
			took, each := b.together(callers, perCaller, f)
			spent[k] += took
			times[k] = append(times[k], each...)
		}
	}
	slices.Sort(times[0])
	slices.Sort(times[1])
	return spent, times
}

// decide runs the rules and inserts the events in one transaction.
func (r *rival) decide(ctx context.Context, l *domain.Ledger, req *domain.Request) error {
	d := l.Decide(req, time.Now())
	if d.Refusal != nil {
		return d.Refusal
	}
	tx, err := r.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for i := range d.Events {
		d.Events[i].ID = uuid.New()
		line, err := commit.Encode(&d.Events[i])
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, r.insert, "many-"+req.Group, d.Events[i].Index, line); err != nil {
			return err
		}
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	for i := range d.Events {
		if err := l.Apply(&d.Events[i]); err != nil {
			return err
		}
	}
	return nil
}

// together has so many callers do f so often each.
func (b *bench) together(callers, each int, f func(caller, i int) error) (time.Duration, []time.Duration) {
	var wg sync.WaitGroup
	times := make([][]time.Duration, callers)
	start := time.Now()
	for c := range callers {
		wg.Go(func() { times[c] = b.timed(each, func(i int) error { return f(c, i) }) })
	}
	wg.Wait()
	spent := time.Since(start)
	all := slices.Concat(times...)
	slices.Sort(all)
	return spent, all
}
