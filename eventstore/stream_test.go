package eventstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"goldenthread/domain"
	"goldenthread/eventstore/commit"
	"goldenthread/eventstore/storetest"
	"goldenthread/eventstore/stream"
	"goldenthread/eventstore/trace"
)

// openTwo opens two stores on one stream, as two processes would.
func openTwo(t *testing.T, first, second Options, changeFirst ...func(*Store)) (*Store, *Store) {
	t.Helper()
	url := loopbackServer(t)
	first.Dir, second.Dir = t.TempDir(), t.TempDir()
	first.NATS, second.NATS = url, url
	a := openWith(t, first, func(s *Store) {
		patient(s)
		for _, change := range changeFirst {
			change(s)
		}
	})
	_, err := Open(testContext(t), Options{Dir: t.TempDir(), NATS: url, Log: quiet})
	require.ErrorContains(t, err, "wrapping.key is missing")
	key, err := os.ReadFile(filepath.Join(first.Dir, "wrapping.key"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(second.Dir, "wrapping.key"), key, 0o600))
	return a, openWith(t, second, patient)
}

// TestTwoWritersOnOneStream: commands sent to both at once are each recorded
// once, in one order, and both see the same (rule L2).
func TestTwoWritersOnOneStream(t *testing.T) {
	for name, execute := range map[string]func(*Store, context.Context, domain.Request) (Result, error){
		"forwarding": (*Store).Execute, "freely": (*Store).execute,
	} {
		t.Run(name, func(t *testing.T) { twoWriters(t, execute) })
	}
}

func twoWriters(t *testing.T, execute func(*Store, context.Context, domain.Request) (Result, error)) {
	const callers, each = 6, 5
	var logs [2]commitLog
	a, b := openTwo(t, Options{Node: "a", Follow: []func(commit.Commit){logs[0].add}}, Options{Node: "b", Follow: []func(commit.Commit){logs[1].add}})
	stores := []*Store{a, b}
	mustExecute(t, a, storetest.Found("one"))
	mustExecute(t, b, storetest.Found("two"))
	var mu sync.Mutex
	recorded := map[uuid.UUID]uint64{}
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			for i := range each {
				req := storetest.Register([]string{"one", "two"}[i%2], fmt.Sprintf("p%d-%d", c, i))
				r, err := execute(stores[c%2], testContext(t), req)
				req.Trace = storetest.SampleTrace // sent again, with another trace, it is the same request (rule L5)
				again, err2 := execute(stores[(c+1)%2], testContext(t), req)
				if err != nil || err2 != nil || r.Repeat || !again.Repeat || again.First != r.First {
					t.Errorf("%v %v, and from the other store %v %v", r, err, again, err2)
				}
				mu.Lock()
				recorded[req.ID] = r.First
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	last, err := a.stream.Last(testContext(t))
	require.NoError(t, err)
	for i := range logs {
		logs[i].reach(t, last)
	}
	require.Equal(t, logs[0].all(), logs[1].all())
	for _, c := range logs[0].all() {
		for _, e := range c.Entries {
			if first, ok := recorded[e.Event.Command]; ok {
				require.Equal(t, first, e.Event.Index)
				delete(recorded, e.Event.Command)
			}
		}
	}
	require.Empty(t, recorded, "recorded for the caller, and not in the stream")
	require.Equal(t, a.Next("one"), b.Next("one"))
}

// TestCommandsAreForwarded: the node that did not write last has the other one
// write, personal data sealed on the way; when that one is gone, it writes.
func TestCommandsAreForwarded(t *testing.T) {
	var log commitLog
	var heard syncedBuffer
	a, b := openTwo(t, Options{Node: "a", Log: slog.New(slog.NewTextHandler(&heard, nil))}, Options{Node: "b", Follow: []func(commit.Commit){log.add}})
	overheard, err := a.stream.Conn.SubscribeSync(forwardSubject + ">")
	require.NoError(t, err)
	first := mustExecute(t, a, storetest.Found("one"))
	last, err := a.stream.Last(testContext(t))
	require.NoError(t, err)
	log.reach(t, last)
	require.Equal(t, "a", b.stream.OtherWriter())

	req := storetest.Register("one", "p")
	req.Command.(*domain.RegisterPerson).Personal = &domain.PersonalData{Name: storetest.SecretName, Phone: "0161 496 0000"}
	req.Trace = storetest.SampleTrace
	r, err := b.Execute(trace.From(testContext(t), []string{string(storetest.SampleTrace)}), req)
	require.NoError(t, err)
	require.Equal(t, first.Next, r.First)
	require.Equal(t, "a", b.stream.OtherWriter(), "a wrote it")
	m, err := overheard.NextMsg(testTimeout)
	require.NoError(t, err)
	require.NotContains(t, string(m.Data), "Wintergreen")
	require.Equal(t, string(storetest.SampleTrace), m.Header.Get(trace.Header))
	require.Contains(t, heard.String(), "a forwarded command was executed\" group=one command="+req.ID.String())
	require.Contains(t, heard.String(), "trace="+storetest.SampleTrace.ID())
	last, err = a.stream.Last(testContext(t))
	require.NoError(t, err)
	log.reach(t, last) // b may not have seen yet what a wrote for it
	for _, s := range []*Store{a, b} {
		line, err := s.Line(testContext(t), "one", r.First)
		require.NoError(t, err)
		require.Contains(t, string(line), `,"traceparent":"`+string(storetest.SampleTrace)+`","data":`)
	}
	state, err := a.AsKnown(testContext(t), "one", r.Next)
	require.NoError(t, err)
	data, err := b.OpenPersonal(state.ByHandle("p").ID, state.ByHandle("p").Sealed)
	require.NoError(t, err)
	require.Equal(t, domain.PersonalData{Name: storetest.SecretName, Phone: "0161 496 0000"}, data)

	_, err = b.Execute(testContext(t), storetest.Register("one", "p"))
	var refused *Refused
	require.ErrorAs(t, err, &refused)
	require.Equal(t, "L7", refused.Rule)
	require.Equal(t, domain.NotNow, refused.Class)
	require.Equal(t, r.Next, refused.Index)

	require.NoError(t, a.Close(testContext(t)))
	r = mustExecute(t, b, storetest.Register("one", "q"))
	require.Equal(t, refused.Index, r.First)
	require.Empty(t, b.stream.OtherWriter())
}

// A refusal is judged on what the stream holds, though this store has not
// seen it yet.
func TestARefusalIsCurrent(t *testing.T) {
	a, b := openTwo(t, Options{}, Options{})
	mustExecute(t, a, storetest.Found("one"))
	for i := range 20 {
		handle := fmt.Sprintf("p%d", i)
		r := mustExecute(t, a, storetest.Register("one", handle))
		_, err := b.execute(testContext(t), storetest.Register("one", handle))
		var refused *Refused
		require.ErrorAs(t, err, &refused)
		require.Equal(t, r.Next, refused.Index)
	}
}

// loseAcks loses the acknowledgement of every other publish; before says
// whether the message itself is lost as well.
func loseAcks(before bool, lost *atomic.Int32) func(publish) publish {
	return func(next publish) publish {
		n := 0
		return func(ctx context.Context, m *nats.Msg, after ...jetstream.PublishOpt) (*jetstream.PubAck, error) {
			if n++; n%2 == 0 {
				return next(ctx, m, after...)
			}
			lost.Add(1)
			if !before {
				next(ctx, m, after...)
			}
			return nil, nats.ErrTimeout
		}
	}
}

// TestAnUnknownOutcomeIsSettled: each append fails at first, with and without
// having been persisted; every command is recorded once all the same.
func TestAnUnknownOutcomeIsSettled(t *testing.T) {
	for name, before := range map[string]bool{"failed": true, "failed but persisted": false} {
		t.Run(name, func(t *testing.T) {
			var lost atomic.Int32
			var log commitLog
			s := openWith(t, Options{Dir: t.TempDir(), Follow: []func(commit.Commit){log.add}}, losing(loseAcks(before, &lost)))
			r := mustExecute(t, s, storetest.Found("one"))
			for i := range 5 {
				next := mustExecute(t, s, storetest.Register("one", fmt.Sprintf("p%d", i)))
				require.Equal(t, r.Next, next.First)
				r = next
			}
			require.Len(t, log.all(), 6)
			require.EqualValues(t, 6, lost.Load())
			last, err := s.stream.Last(testContext(t))
			require.NoError(t, err)
			require.EqualValues(t, 6, last)
		})
	}
}

// Whoever gives up while the outcome is unknown is told so; a repeat then gets
// the first answer.
func TestGivingUpLeavesACommandUnsettled(t *testing.T) {
	hold, held := make(chan struct{}), make(chan struct{}, 1)
	var holding atomic.Bool
	s := openWith(t, Options{Dir: t.TempDir()}, losing(func(next publish) publish {
		return func(ctx context.Context, m *nats.Msg, after ...jetstream.PublishOpt) (*jetstream.PubAck, error) {
			ack, err := next(ctx, m, after...)
			if holding.Load() {
				held <- struct{}{}
				<-hold
				return nil, nats.ErrTimeout
			}
			return ack, err
		}
	}))
	founded := mustExecute(t, s, storetest.Found("one"))
	holding.Store(true)
	req, queued := storetest.Register("one", "p"), storetest.Register("one", "q")
	ctx, giveUp := context.WithCancel(testContext(t))
	go func() {
		<-held
		giveUp()
	}()
	_, err := s.Execute(ctx, req)
	var unsettled *Unsettled
	require.ErrorAs(t, err, &unsettled)
	require.Equal(t, req.ID, unsettled.Command)
	_, err = s.Execute(ctx, queued)
	require.ErrorIs(t, err, context.Canceled, "what had only queued was not recorded")

	holding.Store(false)
	close(hold)
	r := mustExecute(t, s, req)
	require.True(t, r.Repeat)
	require.Equal(t, founded.Next, r.First)
	require.False(t, mustExecute(t, s, queued).Repeat)
}

// Another's commit that takes the place while this one's outcome is unknown
// means that nothing of this one was written: it is decided again.
func TestOvertakenWhileUnknown(t *testing.T) {
	var b *Store
	var meddle atomic.Bool
	handle, overtook := "contested", uint64(0)
	lose := func(next publish) publish {
		return func(ctx context.Context, m *nats.Msg, after ...jetstream.PublishOpt) (*jetstream.PubAck, error) {
			if meddle.CompareAndSwap(true, false) {
				r, err := b.execute(ctx, storetest.Register("one", handle))
				overtook = r.Next
				return nil, errors.Join(nats.ErrTimeout, err)
			}
			return next(ctx, m, after...)
		}
	}
	a, other := openTwo(t, Options{}, Options{}, losing(lose))
	b = other
	mustExecute(t, a, storetest.Found("one"))
	meddle.Store(true)
	_, err := a.execute(testContext(t), storetest.Register("one", handle))
	var refused *Refused
	require.ErrorAs(t, err, &refused)
	require.Equal(t, overtook, refused.Index)
	meddle.Store(true)
	handle = "another"
	r, err := a.execute(testContext(t), storetest.Register("one", "mine"))
	require.NoError(t, err)
	require.Equal(t, overtook, r.First)
}

func TestWhatIsQueuedIsAnsweredBeforeTheStoreCloses(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, Options{Dir: dir})
	for g := range 8 {
		mustExecute(t, s, storetest.Found(fmt.Sprintf("group-%d", g)))
	}
	var mu sync.Mutex
	var told []string
	var wg sync.WaitGroup
	started := make(chan struct{}, 100)
	for i := range 100 {
		wg.Go(func() {
			group, handle := fmt.Sprintf("group-%d", i%8), fmt.Sprintf("p%d", i)
			started <- struct{}{}
			_, err := s.Execute(testContext(t), storetest.Register(group, handle))
			switch {
			case err == nil:
				mu.Lock()
				told = append(told, group+" "+handle)
				mu.Unlock()
			case !errors.Is(err, commit.ErrClosed):
				t.Errorf("while closing: %v", err)
			}
		})
	}
	for range 50 {
		<-started
	}
	require.NoError(t, s.Close(testContext(t)))
	wg.Wait()
	s = openTest(t, Options{Dir: dir})
	for _, what := range told {
		var group, handle string
		fmt.Sscan(what, &group, &handle)
		state, err := s.AsKnown(testContext(t), group, s.Next(group))
		require.NoError(t, err)
		require.NotNil(t, state.ByHandle(handle), what)
	}
}

// A node to which the stream delivers nothing, since its consumer can't be made,
// fetches what others wrote, and goes on (rule L2).
func TestWhatIsNotDeliveredIsFetched(t *testing.T) {
	deaf := &server.Permissions{Publish: &server.SubjectPermission{Deny: []string{"$JS.API.CONSUMER.CREATE." + stream.Name + ".>"}}}
	srv, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: t.TempDir(), SyncAlways: true, NoSigs: true, NoLog: true,
		Users: []*server.User{{Username: "all", Password: "all"}, {Username: "deaf", Password: "deaf", Permissions: deaf}},
	})
	require.NoError(t, err)
	srv.Start()
	require.True(t, srv.ReadyForConnections(testTimeout))
	t.Cleanup(func() { srv.Shutdown(); srv.WaitForShutdown() })
	dir := t.TempDir()
	a := openTest(t, Options{Dir: dir, NATS: srv.ClientURL(), Node: "a", Access: []nats.Option{nats.UserInfo("all", "all")}})
	key, err := os.ReadFile(filepath.Join(dir, "wrapping.key"))
	require.NoError(t, err)
	b := openTest(t, Options{Dir: copyKey(t, key), NATS: srv.ClientURL(), Node: "b", Access: []nats.Option{nats.UserInfo("deaf", "deaf")}})
	mustExecute(t, a, storetest.Found("one"))
	mustExecute(t, a, storetest.Register("one", "ann"))
	mustExecute(t, b, storetest.Register("one", "bob"))
	_, err = b.Execute(testContext(t), storetest.Register("one", "ann"))
	require.ErrorAs(t, err, new(*Refused))
	require.Eventually(t, func() bool { return a.Next("one") == b.Next("one") }, testTimeout, 10*time.Millisecond)
}
