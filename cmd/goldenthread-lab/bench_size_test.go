package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"goldenthread/cmd/internal/folder"
	"goldenthread/domain"
	"goldenthread/eventstore"
	"goldenthread/eventstore/commit"
	"goldenthread/eventstore/logs"
)

// The bench's rows about size: what a start takes, and what an event.

// starts starts the real program on the generated folder, after a clean stop and
// after a kill, and asks how much memory it has taken a while after.
func (b *bench) starts() {
	events := b.events()
	for _, after := range []string{"a clean stop", "kill -9"} {
		began := time.Now()
		p := start(b.T, b.generated, "--clock-is-right")
		ready := time.Since(began)
		time.Sleep(settles)
		b.row(fmt.Sprintf("start after %s, %d events", after, events), fmt.Sprintf("%.2f s; at most %d MB of memory until %s later", ready.Seconds(), peakMemory(p.Cmd.Process.Pid)>>20, settles),
			"aim: ten years of England, 10 s, 20 s after a kill, 2 GiB", ready.Seconds()/10)
		group := "bench-" + uuid.NewString()[:8] // what was written last is what a start after a kill has to look for
		body, err := json.Marshal(benchGroup(group).Command)
		require.NoError(b, err)
		status, said := p.Send("operator", "POST", "/v1/groups/"+group+"/commands/found", string(body))
		require.Equal(b, 201, status, string(said))
		require.NoError(b, p.Cmd.Process.Kill())
		p.Cmd.Wait()
	}
	start(b.T, b.generated, "--clock-is-right").Stop()
}

// settles is how long a server that has just started is left to read ledgers up.
const settles = 30 * time.Second

var highWater = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)

// peakMemory is the most memory that the process has had, in bytes, where there
// is /proc.
func peakMemory(pid int) int {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if m := highWater.FindSubmatch(status); m != nil {
		kb, _ := strconv.Atoi(string(m[1]))
		return kb << 10
	}
	return 0
}

func (b *bench) events() (n uint64) {
	store, err := eventstore.Open(b.Context(), eventstore.Options{Dir: b.generated, Log: b.log()})
	require.NoError(b, err)
	defer folder.Close(store)
	for _, group := range store.Groups() {
		n += store.Next(group)
	}
	return n
}

// rebuild folds everything anew, from the stream and from the tile logs, beside
// hashing and decoding the same bytes.
func (b *bench) rebuild() {
	lines, opened := b.fromStream()
	store, err := eventstore.Open(b.Context(), eventstore.Options{Dir: b.generated, Folded: 1, Log: b.log()})
	require.NoError(b, err)
	defer folder.Close(store)
	require.NoError(b, store.CheckCopies(b.Context(), func(logs.CopyReport) error { return nil })) // which a start does beside
	folded, hashing, decoding := time.Hour, time.Hour, time.Hour
	for range turnsEach { // the best of several turns
		began := time.Now()
		b.foldLogs(store)
		folded = min(folded, time.Since(began))
	}
	defer beyondAServer()()
	logs := b.readLogs(store)
	for range turnsEach {
		hashing = min(hashing, b.onAllCores(logs, func(_ string, line []byte) { sha256.Sum256(line) }))
		decoding = min(decoding, b.onAllCores(logs, func(_ string, line []byte) { var v any; json.Unmarshal(line, &v) }))
	}
	b.row("rebuild from the stream (a start that reads it all)", perSecond(lines, opened), "encoding/json into maps, all cores "+perSecond(lines, decoding), rate(lines, opened)/rate(lines, decoding))
	b.row("rebuild from the tile logs", perSecond(lines, folded), "encoding/json into maps, all cores "+perSecond(lines, decoding), rate(lines, folded)/rate(lines, decoding))
	b.row("rebuild from the tile logs", perSecond(lines, folded), "SHA-256 of the lines, all cores "+perSecond(lines, hashing), rate(lines, folded)/rate(lines, hashing))
}

// fromStream opens the store as a start does that reads everything and keeps it,
// says how many lines there are, of how many bytes, and has rows on what they take.
func (b *bench) fromStream() (lines int, took time.Duration) {
	defer beyondAServer()()
	size := 0
	count := func(c commit.Commit) {
		for i := range c.Entries {
			lines, size = lines+1, size+len(c.Entries[i].Line)
		}
	}
	began := time.Now()
	store, err := eventstore.Open(b.Context(), eventstore.Options{Dir: b.generated, Whole: true, Folded: math.MaxUint64, Follow: []func(commit.Commit){count}, Log: b.log()})
	require.NoError(b, err)
	took = time.Since(began)
	require.NoError(b, store.CheckCopies(b.Context(), func(logs.CopyReport) error { return nil }))
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	require.NoError(b, folder.Close(store))
	b.row(fmt.Sprintf("memory at %d events, all ledgers kept", lines), fmt.Sprintf("%d B/event, %d MB in all", int(m.HeapAlloc)/lines, m.HeapAlloc>>20), fmt.Sprintf("its line: %d B", size/lines), float64(m.HeapAlloc)/float64(size))
	disk := folderSize(b.generated)
	b.row(fmt.Sprintf("disk at %d events", lines), fmt.Sprintf("%d B/event", disk/lines), fmt.Sprintf("its line: %d B", size/lines), float64(disk)/float64(size))
	return lines, took
}

// beyondAServer lets what is measured take more memory than a server would, until
// the function that it gives is called.
func beyondAServer() func() {
	debug.SetMemoryLimit(16 << 30)
	return func() { folder.UseMemory(folder.UsualMemory) }
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

// crowded asks all groups in turn, evenly, how they stand, while their ledgers do not fit into
// memory together, beside the same where they do.
func (b *bench) crowded() {
	const callers, each = 8, 100
	events := b.events()
	ask := func(folded uint64) (groups int, spent time.Duration, times []time.Duration) {
		store, err := eventstore.Open(b.Context(), eventstore.Options{Dir: b.generated, Folded: folded, Log: b.log()})
		require.NoError(b, err)
		defer folder.Close(store)
		names := store.Groups()
		spent, times = b.together(callers, each, func(caller, i int) error {
			_, err := store.State(b.Context(), names[(caller*each+i)%len(names)])
			return err
		})
		return len(names), spent, times
	}
	groups, spent, times := ask(max(events/4, 1))
	_, fits, timesFitting := ask(math.MaxUint64)
	b.row(fmt.Sprintf("%d groups asked evenly, a quarter of %d events in memory", groups, events), fmt.Sprintf("%s, p50 %s, p99 %s", perSecond(len(times), spent), us(percentile(times, 50)), us(percentile(times, 99))),
		fmt.Sprintf("all in memory: %s, p50 %s, p99 %s", perSecond(len(timesFitting), fits), us(percentile(timesFitting, 50)), us(percentile(timesFitting, 99))), rate(len(times), spent)/rate(len(timesFitting), fits))
}

// largeGroup raises proposals in a group that has had 5,400, withdraws each and reads it from
// the projections, beside the same in a group that has had few.
func (b *bench) largeGroup() {
	const proposals, callers, turns = 5400, 45, 200 // a seat has at most 50 open proposals
	r := b.open(b.TempDir())
	raise := func(group string, read bool) error {
		id := uuid.NewString()
		done, err := r.Execute(b.Context(), benchRequest(group, &domain.RaiseProposal{Title: "Proposal " + id, Text: "We agree on " + id + ".", Matter: "access"}))
		if err == nil {
			done, err = r.Execute(b.Context(), benchRequest(group, &domain.WithdrawProposal{Proposal: done.Refs[0], Reason: "It was tried."}))
		}
		if err == nil && read {
			_, err = r.groups.Now(b.Context(), group, &done.Last)
		}
		return err
	}
	for _, group := range []string{"large", "small"} {
		found, consents := benchGroup(group), []domain.Request{benchRequest(group, &domain.ConsentToCharter{}), benchRequest(group, &domain.ConsentToCharter{})}
		c := found.Command.(*domain.Found) // with the second seat that a group needs to be established
		c.Organisations = append(c.Organisations, domain.OrganisationRow{Code: "U10001", Kind: domain.PCN, Name: "A network", Parents: []domain.MembershipRow{{In: c.Place, Span: domain.Span{From: 730_000}}}})
		c.Organisations[2].Parents[0].In = "U10001"
		c.People = append(c.People, domain.PersonEntry{Handle: "director", Office: "Director", Organisation: "U10001"})
		c.Seats = append(c.Seats, domain.SeatEntry{Organisation: "U10001", Holder: "director"})
		consents[1].Actor = "director"
		for _, req := range append([]domain.Request{found}, consents...) {
			_, err := r.Execute(b.Context(), req)
			require.NoError(b, err)
		}
	}
	b.together(callers, proposals/callers, func(int, int) error { return raise("large", false) })
	for _, read := range []bool{false, true} {
		what := "two commands in a group of 5,400 proposals"
		if read {
			what += ", and reading it"
		}
		large := b.timed(turns, func(int) error { return raise("large", read) })
		small := b.timed(turns, func(int) error { return raise("small", read) })
		b.row(what, fmt.Sprintf("p50 %s, p99 %s", us(percentile(large, 50)), us(percentile(large, 99))),
			fmt.Sprintf("in a group of few: p50 %s, p99 %s", us(percentile(small, 50)), us(percentile(small, 99))), ratio(percentile(large, 50), percentile(small, 50)))
	}
}
