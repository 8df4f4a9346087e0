package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"goldenthread/domain"
	"goldenthread/eventstore"
	"goldenthread/projections"
)

// The bench is one table. Each row is measured in the same run as what it is
// held against: the bare work on the same bytes, or what somebody would take
// instead. Only the ratios say something on a machine that others use too.
const (
	benchEnv  = "GOLDENTHREAD_BENCH"      // 1: run it
	benchRows = "GOLDENTHREAD_BENCH_ROWS" // of one, many, rebuild, check and http, those to be run; else all
	benchData = "GOLDENTHREAD_BENCH_DATA" // a generated folder for the rows about size; else two places and a year
	callers   = 64
	perCaller = 100
	alone     = 500 // commands of one caller
	turnsEach = 4
)

func TestBench(t *testing.T) {
	if os.Getenv(benchEnv) == "" {
		t.Skip("set " + benchEnv + "=1, or run make bench")
	}
	useMemory() // as the server does
	b := &bench{T: t, rivals: openRivals(t)}
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
	}{{"one", b.oneCaller}, {"many", b.manyCallers}, {"rebuild", b.rebuild}, {"check", b.check}, {"http", b.overHTTP}} {
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
	keep := func(c eventstore.Commit) {
		var body []byte
		for i := range c.Entries {
			body = append(append(body, c.Entries[i].Line...), '\n')
		}
		r.mu.Lock()
		r.bodies = append(r.bodies, body)
		r.mu.Unlock()
	}
	var err error
	r.Store, r.groups, err = openLedgers(b.Context(), eventstore.Options{Dir: dir, Follow: []func(eventstore.Commit){keep}, Log: b.log()})
	require.NoError(b, err)
	b.Cleanup(func() { closeStore(r.Store) })
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
// bytes and a durable insert of them. They take turns, so that whatever else
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
	for _, rival := range b.rivals {
		turns = append(turns, func(i int) error {
			_, err := rival.db.ExecContext(b.Context(), rival.insert, "one", i, r.last())
			return err
		})
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
	b.row("one caller, p50", us(ours), "append + fsync of the same bytes "+us(percentile(times[1], 50)), ratio(ours, percentile(times[1], 50)))
	for j, rival := range b.rivals {
		theirs := percentile(times[j+2], 50)
		b.row("one caller, p50", us(ours), rival.name+", one insert "+us(theirs), ratio(ours, theirs))
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
		line, err := eventstore.Encode(&d.Events[i])
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

// rebuild folds everything anew, from the stream and from the tile logs, beside
// hashing and decoding the same bytes.
func (b *bench) rebuild() {
	lines, size := 0, 0
	count := func(c eventstore.Commit) {
		for i := range c.Entries {
			lines, size = lines+1, size+len(c.Entries[i].Line)
		}
	}
	start := time.Now()
	store, err := eventstore.Open(b.Context(), eventstore.Options{Dir: b.generated, Whole: true, Folded: math.MaxUint64, Follow: []func(eventstore.Commit){count}, Log: b.log()})
	require.NoError(b, err)
	opened := time.Since(start)
	defer closeStore(store)
	logs := b.readLogs(store)
	hashing, decoding, folded := time.Hour, time.Hour, time.Hour
	for range turnsEach { // the best of several turns
		hashing = min(hashing, b.onAllCores(logs, func(_ string, line []byte) { sha256.Sum256(line) }))
		decoding = min(decoding, b.onAllCores(logs, func(_ string, line []byte) { var v any; json.Unmarshal(line, &v) }))
		start = time.Now()
		b.foldLogs(store)
		folded = min(folded, time.Since(start))
	}
	b.row("rebuild from the stream (start)", perSecond(lines, opened), "encoding/json into maps, all cores "+perSecond(lines, decoding), rate(lines, opened)/rate(lines, decoding))
	b.row("rebuild from the tile logs", perSecond(lines, folded), "encoding/json into maps, all cores "+perSecond(lines, decoding), rate(lines, folded)/rate(lines, decoding))
	b.row("rebuild from the tile logs", perSecond(lines, folded), "SHA-256 of the lines, all cores "+perSecond(lines, hashing), rate(lines, folded)/rate(lines, hashing))
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.row(fmt.Sprintf("memory at %d events", lines), fmt.Sprintf("%d B/event, lines held for the row above left out", (int(m.HeapAlloc)-size)/lines), fmt.Sprintf("its line: %d B", size/lines), float64(int(m.HeapAlloc)-size)/float64(size))
	disk := folderSize(b.generated)
	b.row(fmt.Sprintf("disk at %d events", lines), fmt.Sprintf("%d B/event", disk/lines), fmt.Sprintf("its line: %d B", size/lines), float64(disk)/float64(size))
	runtime.KeepAlive(logs)
}

func folderSize(dir string) int {
	n := int64(0)
	filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if info, e := d.Info(); err == nil && e == nil && !d.IsDir() {
			n += info.Size()
		}
		return nil
	})
	return int(n)
}

func (b *bench) readLogs(store *eventstore.Store) map[string][][]byte {
	logs := map[string][][]byte{}
	for _, group := range store.Groups() {
		for line := range b.lines(store, group) {
			logs[group] = append(logs[group], line)
		}
	}
	return logs
}

// lines are the lines of a group's log, proved as they are read.
func (b *bench) lines(store *eventstore.Store, group string) func(func([]byte) bool) {
	return func(yield func([]byte) bool) {
		_, err := store.AwaitSigned(b.Context(), group, store.Next(group))
		require.NoError(b, err)
		log, err := store.Log(group)
		require.NoError(b, err)
		for line, err := range log.Entries(0, log.Tree().N) {
			require.NoError(b, err)
			if !yield(line) {
				return
			}
		}
	}
}

// onAllCores does f on every line, groups in parallel.
func (b *bench) onAllCores(logs map[string][][]byte, f func(group string, line []byte)) time.Duration {
	start := time.Now()
	eachGroup(slices.Collect(func(yield func(string) bool) {
		for group := range logs {
			if !yield(group) {
				return
			}
		}
	}), func(group string) {
		for _, line := range logs[group] {
			f(group, line)
		}
	})
	return time.Since(start)
}

func eachGroup(groups []string, f func(string)) {
	var wg sync.WaitGroup
	var next atomic.Int64
	for range runtime.NumCPU() {
		wg.Go(func() {
			for i := next.Add(1); i <= int64(len(groups)); i = next.Add(1) {
				f(groups[i-1])
			}
		})
	}
	wg.Wait()
}

func (b *bench) foldLogs(store *eventstore.Store) {
	eachGroup(store.Groups(), func(group string) {
		ledger := domain.NewLedger(group)
		for e, err := range store.Entries(b.Context(), group, 0, store.Next(group)) {
			require.NoError(b, err)
			require.NoError(b, ledger.Apply(&e.Event))
		}
	})
}
