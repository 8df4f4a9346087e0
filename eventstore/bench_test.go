package eventstore

import (
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"goldenthread/domain"
	"goldenthread/eventstore/commit"
	"goldenthread/eventstore/logs"
	"goldenthread/eventstore/storetest"
)

// BenchmarkExecute measures recorded commands, each caller in a group of its
// own, with and without logs that follow, beside a bare append and fsync of the
// same bytes in the same portions.
func BenchmarkExecute(b *testing.B) {
	for _, callers := range []int{1, 64} {
		for _, unlogged := range []bool{true, false} {
			b.Run(fmt.Sprintf("callers=%d/logs=%t", callers, !unlogged), func(b *testing.B) {
				var log commitLog
				dir := b.TempDir()
				s := openWith(b, Options{Dir: dir, Follow: []func(commit.Commit){log.add}}, withoutLogs(unlogged))
				for c := range callers {
					mustExecute(b, s, storetest.Found(fmt.Sprintf("group-%d", c)))
				}
				founded := len(log.all())
				b.ResetTimer()
				executeMany(b, s, callers)
				b.StopTimer()
				spent := b.Elapsed()
				commits := log.all()[founded:]
				bare := appendBare(b, filepath.Join(dir, "bare"), commits)
				b.ReportMetric(float64(b.N)/spent.Seconds(), "commands/s")
				b.ReportMetric(float64(b.N)/bare.Seconds(), "bare/s")
				b.ReportMetric(spent.Seconds()/bare.Seconds(), "×bare")
				b.ReportMetric(float64(b.N)/float64(len(commits)), "commands/commit")
			})
		}
	}
}

func executeMany(b *testing.B, s *Store, callers int) {
	ctx := b.Context()
	var n atomic.Int64
	var wg sync.WaitGroup
	for c := range callers {
		group := fmt.Sprintf("group-%d", c)
		wg.Go(func() {
			for i := n.Add(1); i <= int64(b.N); i = n.Add(1) {
				if _, err := s.Execute(ctx, storetest.Register(group, fmt.Sprintf("p%d", i))); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// appendBare is how long appending and syncing the commits' bytes takes.
func appendBare(b *testing.B, path string, commits []commit.Commit) time.Duration {
	f, err := os.Create(path)
	require.NoError(b, err)
	defer f.Close()
	bodies := make([][]byte, len(commits))
	for i, c := range commits {
		bodies[i] = commit.Body(c.Entries)
	}
	start := time.Now()
	for _, body := range bodies {
		_, err := f.Write(body)
		require.NoError(b, err)
		require.NoError(b, f.Sync())
	}
	return time.Since(start)
}

// BenchmarkOpen measures starting on a stream of 20,000 events, with and without
// holding each against its log.
func BenchmarkOpen(b *testing.B) {
	const events = 20_000
	dir := b.TempDir()
	s := openTest(b, Options{Dir: dir})
	var wg sync.WaitGroup
	for c := range 64 {
		group := fmt.Sprintf("group-%d", c)
		wg.Go(func() {
			mustExecute(b, s, storetest.Found(group))
			for i := range events / 64 {
				mustExecute(b, s, storetest.Register(group, fmt.Sprintf("p%d", i)))
			}
		})
	}
	wg.Wait()
	require.NoError(b, s.Close(testContext(b)))
	for _, unlogged := range []bool{true, false} {
		b.Run(fmt.Sprintf("logs=%t", !unlogged), func(b *testing.B) {
			for b.Loop() {
				s := openWith(b, Options{Dir: dir}, withoutLogs(unlogged))
				require.NoError(b, s.Close(testContext(b)))
			}
			b.ReportMetric(events*float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// BenchmarkAsKnown answers for an earlier state of a group of 100,000 events,
// from its tile log and, for comparison, from the stream.
func BenchmarkAsKnown(b *testing.B) {
	const events = 100_000
	s := openTest(b, Options{Dir: b.TempDir()})
	mustExecute(b, s, storetest.Found("one"))
	for i := 0; s.Next("one") < events; i++ {
		req := several("one")
		rows := req.Command.(*domain.ImportOrganisations).Rows
		for len(rows) < 200 {
			rows = append(rows, several("one").Command.(*domain.ImportOrganisations).Rows...)
		}
		req.Command.(*domain.ImportOrganisations).Rows = rows
		mustExecute(b, s, req)
	}
	_, err := s.AwaitSigned(b.Context(), "one", s.Next("one"))
	require.NoError(b, err)
	for name, read := range map[string]func() iter.Seq2[commit.Entry, error]{
		"log":    func() iter.Seq2[commit.Entry, error] { return s.Entries(b.Context(), "one", 0, events-1000) },
		"stream": func() iter.Seq2[commit.Entry, error] { return s.stream.Entries(b.Context(), "one", 0, events-1000) },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				state := domain.NewState("one")
				for e, err := range read() {
					require.NoError(b, err)
					state.Apply(&e.Event)
				}
			}
			b.ReportMetric((events-1000)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// withoutLogs has the store keep no logs.
func withoutLogs(is bool) func(*Store) {
	return func(s *Store) {
		if is {
			s.logs = logs.None(s.stream, s.keys, &logs.Config{Log: s.log})
		}
	}
}
