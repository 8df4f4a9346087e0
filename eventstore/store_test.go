package eventstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
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
	"goldenthread/eventstore/keys"
	"goldenthread/eventstore/ledgers"
	"goldenthread/eventstore/storetest"
	"goldenthread/eventstore/stream"
)

// The tests use the real embedded server. A test's group is a forming one, in
// which its founder registers people: each command is one event.

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// testTimeout is how long is waited for what must come: only what hangs takes that long.
const testTimeout = 2 * time.Minute

func testContext(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), testTimeout)
	t.Cleanup(cancel)
	return ctx
}

func openTest(t testing.TB, o Options) *Store {
	t.Helper()
	if o.Log == nil {
		o.Log = quiet
	}
	s, err := Open(testContext(t), o)
	require.NoError(t, err)
	t.Cleanup(func() { s.Close(testContext(t)) })
	return s
}

// openWith opens a store as Open does, and lets the test change what it is made of
// once it is connected, before it reads or writes.
func openWith(t testing.TB, o Options, change func(*Store)) *Store {
	t.Helper()
	if o.Log == nil {
		o.Log = quiet
	}
	s, err := newStore(&o)
	require.NoError(t, err)
	last, err := s.connect(testContext(t), &o)
	if err != nil {
		s.stream.Close()
	}
	require.NoError(t, err)
	change(s)
	s, err = s.begin(testContext(t), &o, last)
	require.NoError(t, err)
	t.Cleanup(func() { s.Close(testContext(t)) })
	return s
}

// patient has the store wait for the answer to a forwarded command however busy this machine
// is. What was sent to a node as it closed has no answer: then it writes itself in time.
func patient(s *Store) { s.forwardWait = testTimeout / 4 }

// fromItsMark has even a small store go on from its mark.
func fromItsMark(s *Store) { s.readWhole = 1 }

// A publish sends a message and waits for the acknowledgement.
type publish = func(ctx context.Context, m *nats.Msg, after ...jetstream.PublishOpt) (*jetstream.PubAck, error)

// A lossy JetStream has every message go through publish.
type lossy struct {
	jetstream.JetStream
	publish publish
}

func (l *lossy) PublishMsg(ctx context.Context, m *nats.Msg, after ...jetstream.PublishOpt) (*jetstream.PubAck, error) {
	return l.publish(ctx, m, after...)
}

// losing has every commit of the store go through lose.
func losing(lose func(publish) publish) func(*Store) {
	return func(s *Store) { s.stream.JS = &lossy{s.stream.JS, lose(s.stream.JS.PublishMsg)} }
}

// log collects what a store's Follow is told.
type commitLog struct {
	mu      sync.Mutex
	commits []commit.Commit
	grown   chan struct{}
}

func (l *commitLog) add(c commit.Commit) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.commits = append(l.commits, c)
	if l.grown != nil {
		close(l.grown)
		l.grown = nil
	}
}

func (l *commitLog) all() []commit.Commit {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]commit.Commit(nil), l.commits...)
}

// reach waits until the stream's message of that sequence was followed.
func (l *commitLog) reach(t testing.TB, sequence uint64) {
	t.Helper()
	deadline := time.After(testTimeout)
	for {
		l.mu.Lock()
		if n := len(l.commits); n > 0 && l.commits[n-1].Sequence >= sequence {
			l.mu.Unlock()
			return
		}
		if l.grown == nil {
			l.grown = make(chan struct{})
		}
		grown := l.grown
		l.mu.Unlock()
		select {
		case <-grown:
		case <-deadline:
			t.Fatalf("message %d was not followed", sequence)
		}
	}
}

func mustExecute(t testing.TB, s *Store, req domain.Request) Result {
	t.Helper()
	r, err := s.Execute(testContext(t), req)
	require.NoError(t, err)
	return r
}

// executeUntilKnown sends the request again under its id, as people are told to, until it is
// known what became of it.
func executeUntilKnown(t testing.TB, s *Store, req domain.Request) error {
	t.Helper()
	for {
		_, err := s.Execute(testContext(t), req)
		if !errors.As(err, new(*Unsettled)) {
			return err
		}
	}
}

// publishRaw puts a message into the stream that no writer made.
func publishRaw(t testing.TB, s *Store, runs string, lines ...[]byte) uint64 {
	t.Helper()
	js, err := jetstream.New(s.stream.Conn)
	require.NoError(t, err)
	m := nats.NewMsg(commit.Subject)
	m.Header.Set(commit.HeaderWriter, "somebody")
	m.Header.Set(commit.HeaderCommit, uuid.NewString())
	m.Header.Set(commit.HeaderLines, runs)
	for _, l := range lines {
		m.Data = append(append(m.Data, l...), '\n')
	}
	ack, err := js.PublishMsg(testContext(t), m)
	require.NoError(t, err)
	return ack.Sequence
}

func TestFoundingAndReadingBack(t *testing.T) {
	s := openTest(t, Options{Dir: t.TempDir()})
	ctx := testContext(t)
	require.NoError(t, s.Ready())
	require.Empty(t, s.Groups())

	r := mustExecute(t, s, storetest.Found("trafford"))
	require.Zero(t, r.First)
	require.Equal(t, r.Last+1, r.Next)
	require.Equal(t, r.Next, s.Next("trafford"))
	require.Equal(t, []string{"trafford"}, s.Groups())

	n := uint64(0)
	for e, err := range s.Entries(ctx, "trafford", 0, r.Next) {
		require.NoError(t, err)
		require.Equal(t, n, e.Event.Index)
		line, err := s.Line(ctx, "trafford", n)
		require.NoError(t, err)
		require.Equal(t, string(line), string(e.Line))
		require.EqualValues(t, 7, e.Event.ID.Version())
		sec, _ := e.Event.ID.Time().UnixTime()
		require.Equal(t, e.Event.Time.Unix(), sec)
		n++
	}
	require.Equal(t, r.Next, n)
	_, err := s.Line(ctx, "trafford", n)
	require.ErrorIs(t, err, commit.ErrNoEvent)
	_, err = s.Line(ctx, "nowhere", 0)
	require.ErrorIs(t, err, commit.ErrNoEvent)
}

func TestGroupsAreFoundedOnlyWithProperNames(t *testing.T) {
	s := openTest(t, Options{Dir: t.TempDir()})
	for _, name := range []string{"", "Trafford", "a/b", "..", "x y", strings.Repeat("x", 61)} {
		_, err := s.Execute(testContext(t), storetest.Found(name))
		var refused *Refused
		require.ErrorAs(t, err, &refused, name)
	}
	_, err := s.Execute(testContext(t), storetest.Register("nowhere", "x"))
	var refused *Refused
	require.ErrorAs(t, err, &refused)
	require.Empty(t, s.Groups())
}

func indexAt(t testing.TB, s *Store, at time.Time) uint64 {
	t.Helper()
	n, err := s.IndexAt("trafford", at)
	require.NoError(t, err)
	return n
}

func TestKnownAtATime(t *testing.T) {
	now := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	s := openTest(t, Options{Dir: t.TempDir(), Clock: func() time.Time { return now }})
	founded := mustExecute(t, s, storetest.Found("trafford")).Next
	now = now.Add(time.Hour)
	mustExecute(t, s, storetest.Register("trafford", "second"))

	require.Zero(t, indexAt(t, s, now.Add(-2*time.Hour)))
	require.Equal(t, founded, indexAt(t, s, now.Add(-time.Hour)))
	require.Equal(t, founded, indexAt(t, s, now.Add(-time.Millisecond)))
	require.Equal(t, founded+1, indexAt(t, s, now))

	before, err := s.AsKnown(testContext(t), "trafford", founded)
	require.NoError(t, err)
	require.Nil(t, before.ByHandle("second"))
	after, err := s.AsKnown(testContext(t), "trafford", founded+1)
	require.NoError(t, err)
	require.NotNil(t, after.ByHandle("second"))
	again, err := s.AsKnown(testContext(t), "trafford", founded)
	require.NoError(t, err)
	require.Same(t, before, again)
	_, err = s.AsKnown(testContext(t), "trafford", founded+2)
	require.ErrorIs(t, err, commit.ErrNoEvent)
}

func TestManyGroupsArePackedOneCommandOfEach(t *testing.T) {
	const groups, each = 64, 4
	var log commitLog
	s := openTest(t, Options{Dir: t.TempDir(), Follow: []func(commit.Commit){log.add}})
	var wg sync.WaitGroup
	for g := range groups {
		name := fmt.Sprintf("group-%d", g)
		mustExecute(t, s, storetest.Found(name))
		for i := range each {
			wg.Go(func() { mustExecute(t, s, storetest.Register(name, fmt.Sprintf("person-%d", i))) })
		}
	}
	wg.Wait()
	commits := log.all()
	require.Less(t, len(commits), groups+groups*each)
	for i, c := range commits {
		require.EqualValues(t, i+1, c.Sequence)
		commands := map[string]uuid.UUID{}
		for _, e := range c.Entries {
			if seen, ok := commands[e.Event.Group]; ok {
				require.Equal(t, seen, e.Event.Command, "two commands of %s in one commit", e.Event.Group)
			}
			commands[e.Event.Group] = e.Event.Command
		}
	}
	require.Len(t, s.Groups(), groups)
}

func TestARefusalDisturbsNobody(t *testing.T) {
	var log commitLog
	s := openTest(t, Options{Dir: t.TempDir(), Follow: []func(commit.Commit){log.add}})
	mustExecute(t, s, storetest.Found("good"))
	mustExecute(t, s, storetest.Found("bad"))
	next, commits := s.Next("bad"), len(log.all())
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() { mustExecute(t, s, storetest.Register("good", fmt.Sprintf("p%d", i))) })
		wg.Go(func() {
			_, err := s.Execute(testContext(t), storetest.Register("bad", "founder"))
			var refused *Refused
			if !errors.As(err, &refused) || refused.Index != next || refused.Rule != "L7" {
				t.Errorf("not refused at %d: %v", next, err)
			}
		})
	}
	wg.Wait()
	require.Equal(t, next, s.Next("bad"))
	for _, c := range log.all()[commits:] {
		require.NotEmpty(t, c.Entries)
		require.Equal(t, "good", c.Entries[0].Event.Group)
	}
}

func TestARepeatGetsTheFirstAnswer(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, Options{Dir: dir})
	mustExecute(t, s, storetest.Found("trafford"))
	req := storetest.Register("trafford", "second")
	first := mustExecute(t, s, req)
	require.False(t, first.Repeat)
	mustExecute(t, s, storetest.Register("trafford", "third"))

	check := func(s *Store) {
		again := mustExecute(t, s, req)
		require.True(t, again.Repeat)
		require.Equal(t, first.First, again.First)
		require.Equal(t, first.Last, again.Last)
		other := req
		other.Hash[0] ^= 1
		_, err := s.Execute(testContext(t), other)
		var refused *Refused
		require.ErrorAs(t, err, &refused)
		require.Equal(t, "L5", refused.Rule)
	}
	check(s)
	next := s.Next("trafford")
	require.NoError(t, s.Close(testContext(t)))
	s = openTest(t, Options{Dir: dir})
	check(s)
	require.Equal(t, next, s.Next("trafford"))
}

// A bomb is a command whose decision panics.
type bomb struct{ domain.Command }

func TestAPanicStopsOneGroup(t *testing.T) {
	s := openTest(t, Options{Dir: t.TempDir()})
	mustExecute(t, s, storetest.Found("good"))
	mustExecute(t, s, storetest.Found("bad"))
	var wg sync.WaitGroup
	wg.Go(func() {
		_, err := s.Execute(testContext(t), storetest.Request("bad", "founder", bomb{}))
		var stopped *commit.Stopped
		if !errors.As(err, &stopped) || stopped.Group != "bad" || stopped.At != s.Next("bad") {
			t.Errorf("not stopped: %v", err)
		}
	})
	for i := range 10 {
		wg.Go(func() { mustExecute(t, s, storetest.Register("good", fmt.Sprintf("p%d", i))) })
	}
	wg.Wait()
	var stopped *commit.Stopped
	require.ErrorAs(t, s.Stopped("bad"), &stopped)
	_, err := s.Execute(testContext(t), storetest.Register("bad", "x"))
	require.ErrorAs(t, err, &stopped)
	require.NoError(t, s.Stopped("good"))
	require.NoError(t, s.Ready())
}

// What people are told of an event that can't be applied is a sentence; the
// stack is for the log.
func TestAPanicIsASentence(t *testing.T) {
	var p *ledgers.Panicked
	err := ledgers.Apply(nil, &domain.Event{})
	require.ErrorAs(t, err, &p)
	require.NotContains(t, err.Error(), "goroutine")
	require.Contains(t, p.Stack, "ledgers.Apply")
}

// TestDamageStopsOneGroup puts messages into the stream that no writer would
// have written.
func TestDamageStopsOneGroup(t *testing.T) {
	next := func(s *Store) domain.Event {
		for e, err := range s.Entries(testContext(t), "bad", s.Next("bad")-1, s.Next("bad")) {
			require.NoError(t, err)
			e.Event.Index++
			e.Event.Cause = e.Event.Index
			e.Event.Data = &domain.PersonRegistered{Person: uuid.NewString(), Handle: "late", Office: "late"}
			return e.Event
		}
		panic("no events")
	}
	encode := func(e domain.Event) []byte {
		line, err := commit.Encode(&e)
		require.NoError(t, err)
		return line
	}
	for name, damage := range map[string]func(e domain.Event) (uint64, []byte){
		"a gap":         func(e domain.Event) (uint64, []byte) { e.Index += 2; e.Cause = e.Index; return e.Index, encode(e) },
		"a double":      func(e domain.Event) (uint64, []byte) { e.Index--; e.Cause = e.Index; return e.Index, encode(e) },
		"back in time":  func(e domain.Event) (uint64, []byte) { e.Time = e.Time.Add(-time.Hour); return e.Index, encode(e) },
		"another group": func(e domain.Event) (uint64, []byte) { e.Group = "good"; return e.Index, encode(e) },
		"a flipped bit": func(e domain.Event) (uint64, []byte) { l := encode(e); l[len(l)/2] ^= 4; return e.Index, l },
		"an impossible type": func(e domain.Event) (uint64, []byte) {
			return e.Index, bytes.Replace(encode(e), []byte("goldenthread.person.registered.v1"), []byte("g0ldenthread.person.registered.v1"), 1)
		},
		"a newer version's type": func(e domain.Event) (uint64, []byte) {
			return e.Index, bytes.Replace(encode(e), []byte("person.registered.v1"), []byte("person.registered.v9"), 1)
		},
		"a newer version's member of the data": func(e domain.Event) (uint64, []byte) {
			return e.Index, bytes.Replace(encode(e), []byte(`"handle"`), []byte(`"colour":"red","handle"`), 1)
		},
		"a newer version's member": func(e domain.Event) (uint64, []byte) {
			return e.Index, bytes.Replace(encode(e), []byte(`,"actor"`), []byte(`,"device":"x","actor"`), 1)
		},
		"an event that can't follow": func(e domain.Event) (uint64, []byte) {
			e.Data = &domain.PersonUpdated{Person: uuid.NewString()}
			return e.Index, encode(e)
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			var log commitLog
			s := openTest(t, Options{Dir: dir, Follow: []func(commit.Commit){log.add}})
			mustExecute(t, s, storetest.Found("good"))
			mustExecute(t, s, storetest.Found("bad"))
			at := s.Next("bad")
			index, line := damage(next(s))
			log.reach(t, publishRaw(t, s, fmt.Sprintf("bad %d 1", index), line))
			check := func(s *Store) {
				var stopped *commit.Stopped
				require.ErrorAs(t, s.Stopped("bad"), &stopped)
				require.Equal(t, at, stopped.At)
				require.Equal(t, strings.HasPrefix(name, "a newer version's"), errors.As(stopped, new(*commit.Newer)))
				require.Equal(t, at, s.Next("bad"))
				_, err := s.Execute(testContext(t), storetest.Register("bad", "x"))
				require.ErrorAs(t, err, &stopped)
				_, err = s.Line(testContext(t), "bad", at)
				require.ErrorAs(t, err, &stopped)
				_, err = s.Line(testContext(t), "bad", at-1)
				require.NoError(t, err)
				require.NoError(t, s.Ready())
				mustExecute(t, s, storetest.Register("good", "p"+uuid.NewString()[:8]))
			}
			check(s)
			require.NoError(t, s.Close(testContext(t)))
			check(openTest(t, Options{Dir: dir}))
		})
	}
}

func TestACommitThatCantBeReadStopsWriting(t *testing.T) {
	var log commitLog
	s := openTest(t, Options{Dir: t.TempDir(), Follow: []func(commit.Commit){log.add}})
	mustExecute(t, s, storetest.Found("trafford"))
	log.reach(t, publishRaw(t, s, "trafford 9 2", []byte("{}")))
	require.ErrorIs(t, s.Ready(), commit.ErrNotReady)
	_, err := s.Execute(testContext(t), storetest.Register("trafford", "x"))
	require.ErrorIs(t, err, commit.ErrNotReady)
	_, err = s.Line(testContext(t), "trafford", 0)
	require.NoError(t, err)
}

func TestPersonalDataIsNeverStoredInTheClear(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, Options{Dir: dir})
	req := storetest.Found("trafford")
	mustExecute(t, s, req)
	require.Empty(t, req.Personals()[0].Data)
	state, err := s.AsKnown(testContext(t), "trafford", s.Next("trafford"))
	require.NoError(t, err)
	p := state.ByHandle("founder")
	data, err := s.OpenPersonal(p.ID, p.Sealed)
	require.NoError(t, err)
	require.Equal(t, domain.PersonalData{Name: storetest.SecretName, Email: storetest.SecretMail}, data)

	_, err = s.OpenPersonal(uuid.NewString(), p.Sealed)
	require.ErrorAs(t, err, new(*keys.Unreadable), "nobody erased them")
	broken := bytes.Clone(p.Sealed)
	broken[len(broken)-1] ^= 1
	_, err = s.OpenPersonal(p.ID, broken)
	require.Error(t, err)

	require.NoError(t, s.Close(testContext(t)))
	require.NoError(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NotContains(t, string(data), "Wintergreen", path)
		require.NotContains(t, string(data), "wintergreen", path)
		return nil
	}))
	info, err := os.Stat(filepath.Join(dir, "wrapping.key"))
	require.NoError(t, err)
	require.EqualValues(t, 0o600, info.Mode().Perm())

	require.NoError(t, os.WriteFile(filepath.Join(dir, "wrapping.key"), make([]byte, 32), 0o600))
	_, err = Open(testContext(t), Options{Dir: dir, Log: quiet})
	require.ErrorContains(t, err, "is not the key")
	require.NoError(t, os.Remove(filepath.Join(dir, "wrapping.key")))
	_, err = Open(testContext(t), Options{Dir: dir, Log: quiet})
	require.ErrorContains(t, err, "is missing")
}

func TestTheDataFolderIsLocked(t *testing.T) {
	dir := t.TempDir()
	openTest(t, Options{Dir: dir})
	_, err := Open(testContext(t), Options{Dir: dir, Log: quiet})
	require.ErrorContains(t, err, "in use by another process")
}

// Whoever takes the file lock away lets nobody in, and the one who had it writes no more:
// a release before this one might have started meanwhile.
func TestNothingIsWrittenOnceTheLockIsAnother(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, Options{Dir: dir})
	r := mustExecute(t, s, storetest.Found("trafford"))
	require.NoError(t, os.Remove(filepath.Join(dir, "lock")))
	_, err := Open(testContext(t), Options{Dir: dir, Log: quiet})
	require.ErrorContains(t, err, "in use by another process")
	_, err = s.Execute(testContext(t), storetest.Register("trafford", "a"))
	require.ErrorIs(t, err, commit.ErrNotReady)
	require.ErrorContains(t, <-s.Failed(), "taken away or replaced")
	require.NoError(t, s.Close(testContext(t)))
	require.Equal(t, r.Next, openTest(t, Options{Dir: dir}).Next("trafford"), "nothing was lost, and nothing was added")
}

// What is written to files that were deleted is lost: nothing is acknowledged any more.
func TestNothingIsWrittenOnceTheStreamIsTakenAway(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, Options{Dir: dir})
	r := mustExecute(t, s, storetest.Found("trafford"))
	requireLogged(t, s, "trafford")
	streams := filepath.Join(dir, stream.Folder)
	require.NoError(t, os.Rename(streams, streams+".aside"))
	_, err := s.Execute(testContext(t), storetest.Register("trafford", "a"))
	require.ErrorIs(t, err, commit.ErrNotReady)
	require.ErrorContains(t, <-s.Failed(), "taken away or replaced")
	s.Close(testContext(t)) // its files are elsewhere
	require.NoError(t, os.RemoveAll(streams))
	require.NoError(t, os.Rename(streams+".aside", streams))
	require.Equal(t, r.Next, openTest(t, Options{Dir: dir}).Next("trafford"), "nothing was lost, and nothing was added")
}

func TestReopeningReplaysToTheSameState(t *testing.T) {
	dir := t.TempDir()
	var log, replayed commitLog
	s := openTest(t, Options{Dir: dir, Follow: []func(commit.Commit){log.add}})
	for g := range 3 {
		name := fmt.Sprintf("group-%d", g)
		mustExecute(t, s, storetest.Found(name))
		for i := range 10 {
			mustExecute(t, s, storetest.Register(name, fmt.Sprintf("p%d", i)))
		}
	}
	require.NoError(t, s.Close(testContext(t)))
	_, err := s.Execute(testContext(t), storetest.Register("group-0", "late"))
	require.ErrorIs(t, err, commit.ErrClosed)

	s = openTest(t, Options{Dir: dir, Whole: true, Follow: []func(commit.Commit){replayed.add}})
	require.Equal(t, log.all(), replayed.all())
	for _, name := range s.Groups() {
		state, err := s.AsKnown(testContext(t), name, s.Next(name))
		require.NoError(t, err)
		folded := domain.NewState(name)
		for _, c := range log.all() {
			for _, e := range c.Entries {
				if e.Event.Group == name {
					folded.Apply(&e.Event)
				}
			}
		}
		require.Equal(t, folded, state)
	}
}

func TestTooMuchForOneCommand(t *testing.T) {
	s := openTest(t, Options{Dir: t.TempDir()})
	mustExecute(t, s, storetest.Found("trafford"))
	var rows []domain.OrganisationRow
	for i := range 500 {
		rows = append(rows, domain.OrganisationRow{Code: fmt.Sprintf("P%05d", i), Kind: domain.Practice, Name: strings.Repeat("x", 200), Source: strings.Repeat("s", 200)})
	}
	r := mustExecute(t, s, storetest.Request("trafford", "founder", &domain.ImportOrganisations{Rows: rows}))
	require.Greater(t, r.Last-r.First, uint64(commit.MostEvents), "one command alone may be larger than a packed commit")
	for i := range rows {
		rows[i].Code, rows[i].Name, rows[i].Source = fmt.Sprintf("Q%05d", i), strings.Repeat("ж", 200), strings.Repeat("ж", 200)
		for j := range 2 {
			rows[i].Parents = append(rows[i].Parents, domain.MembershipRow{In: "TRAF", Span: domain.Span{From: domain.NewDay(2020+2*j, 1, 1), Until: domain.NewDay(2021+2*j, 1, 1)}})
		}
	}
	_, err := s.Execute(testContext(t), storetest.Request("trafford", "founder", &domain.ImportOrganisations{Rows: rows}))
	var refused *Refused
	require.ErrorAs(t, err, &refused)
	require.Equal(t, "L2", refused.Rule, refused.Say)
	require.Equal(t, r.Next, s.Next("trafford"))
}

func TestAClockThatIsBehindStopsWriting(t *testing.T) {
	now := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	s := openTest(t, Options{Dir: t.TempDir(), Clock: func() time.Time { return now }})
	mustExecute(t, s, storetest.Found("trafford"))
	now = now.Add(-59 * time.Second)
	mustExecute(t, s, storetest.Register("trafford", "a"))
	require.NoError(t, s.Ready())
	now = now.Add(-2 * time.Second)
	require.ErrorIs(t, s.Ready(), commit.ErrNotReady)
	require.NoError(t, s.Writable())
	_, err := s.Execute(testContext(t), storetest.Register("trafford", "b"))
	require.ErrorIs(t, err, commit.ErrNotReady)
	require.ErrorContains(t, err, "set the clock right")
}

// One event that was recorded a year ahead would keep everything from being recorded for a
// year. So the first one after more than a month waits for the operator's word.
func TestAClockThatIsFarAheadRecordsNothing(t *testing.T) {
	dir := t.TempDir()
	var ahead atomic.Int64 // ns
	clock := func(s *Store) {
		s.clock = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	}
	s := openWith(t, Options{Dir: dir}, clock)
	mustExecute(t, s, storetest.Found("trafford"))
	ahead.Store(int64(ClockAhead + time.Hour))
	require.ErrorContains(t, s.Ready(), "30 days after the newest event")
	next := s.Next("trafford")
	_, err := s.Execute(testContext(t), storetest.Register("trafford", "a"))
	require.ErrorIs(t, err, commit.ErrNotReady)
	require.ErrorContains(t, err, "--clock-is-right")
	require.Equal(t, next, s.Next("trafford"), "nothing that became due is recorded either")

	read := func(at time.Time) {
		s.times.mu.Lock()
		defer s.times.mu.Unlock()
		s.times.since = at
	}
	read(time.Now().Add(-2 * time.Hour)) // this process has run for two hours since the event
	require.NoError(t, s.Ready(), "so the clock is no further ahead than it may be")
	read(time.Now())
	ahead.Store(0)
	require.NoError(t, s.Ready())
	require.NoError(t, s.Close(testContext(t)))

	ahead.Store(int64(ClockAhead + time.Hour))
	s = openWith(t, Options{Dir: dir, ClockConfirmed: true}, clock)
	mustExecute(t, s, storetest.Register("trafford", "a"))
	require.NoError(t, s.Close(testContext(t)))
	s = openWith(t, Options{Dir: dir}, clock)
	mustExecute(t, s, storetest.Register("trafford", "b"))
}

func TestAStreamKeptWrongIsRefused(t *testing.T) {
	url := loopbackServer(t)
	nc, err := nats.Connect(url)
	require.NoError(t, err)
	defer nc.Close()
	js, err := jetstream.New(nc)
	require.NoError(t, err)
	c := stream.Config(1)
	c.DenyDelete = false
	_, err = js.CreateStream(testContext(t), c)
	require.NoError(t, err)
	_, err = Open(testContext(t), Options{Dir: t.TempDir(), NATS: url, Log: quiet})
	require.ErrorContains(t, err, "must deny deleting")
}

// loopbackServer is a NATS server that several stores can share.
func loopbackServer(t testing.TB) string {
	t.Helper()
	srv, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: t.TempDir(), SyncAlways: true, NoSigs: true, NoLog: true})
	require.NoError(t, err)
	srv.Start()
	require.True(t, srv.ReadyForConnections(testTimeout))
	t.Cleanup(func() { srv.Shutdown(); srv.WaitForShutdown() })
	return srv.ClientURL()
}
