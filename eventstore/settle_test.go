package eventstore

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"goldenthread/domain"
	"goldenthread/eventstore/commit"
	"goldenthread/eventstore/logs"
	"goldenthread/eventstore/storetest"
	"goldenthread/eventstore/stream"
)

// ripening opens a store with an established group in which proposal P1 has
// all consents and waits for its window of 7 days.
func ripening(t *testing.T, clock *atomic.Int64, log *commitLog) *Store {
	t.Helper()
	clock.Store(time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC).UnixMilli())
	s := openTest(t, Options{Dir: t.TempDir(), Follow: []func(commit.Commit){log.add}, Clock: func() time.Time { return time.UnixMilli(clock.Load()) }})
	ripe(t, s, "one")
	return s
}

// ripe makes that group.
func ripe(t *testing.T, s *Store, group string) {
	t.Helper()
	req := storetest.Found(group)
	c := req.Command.(*domain.Found)
	c.Organisations = append(c.Organisations, domain.OrganisationRow{Code: "U42898", Kind: domain.PCN, Name: "South Trafford"})
	c.People = append(c.People, domain.PersonEntry{Handle: "director", Office: "Clinical director"})
	c.Seats = append(c.Seats, domain.SeatEntry{Organisation: "U42898", Holder: "director"})
	mustExecute(t, s, req)
	mustExecute(t, s, storetest.Request(group, "founder", &domain.ConsentToCharter{}))
	mustExecute(t, s, storetest.Request(group, "director", &domain.ConsentToCharter{}))
	mustExecute(t, s, storetest.Request(group, "founder", &domain.RaiseProposal{Title: "Saturdays", Text: "We open on Saturdays.", Matter: "access"}))
	mustExecute(t, s, storetest.Request(group, "founder", &domain.GiveConsent{Proposal: "P1", Version: 1}))
	mustExecute(t, s, storetest.Request(group, "director", &domain.GiveConsent{Proposal: "P1", Version: 1}))
}

func lastEvent(t *testing.T, s *Store, group string) domain.Event {
	t.Helper()
	for e, err := range s.Entries(testContext(t), group, s.Next(group)-1, s.Next(group)) {
		require.NoError(t, err)
		return e.Event
	}
	panic("no event")
}

func TestWhatIsDueIsSettledByItself(t *testing.T) {
	var clock atomic.Int64
	var log commitLog
	s := ripening(t, &clock, &log)
	commits := log.all()
	clock.Add(8 * 24 * time.Hour.Milliseconds())
	log.reach(t, commits[len(commits)-1].Sequence+1)
	e := lastEvent(t, s, "one")
	require.IsType(t, &domain.AgreementReached{}, e.Data)
	require.Equal(t, domain.System, e.Actor)
}

func TestSettleRecordsWhatIsDue(t *testing.T) {
	var clock atomic.Int64
	var log commitLog
	s := ripening(t, &clock, &log)
	next := s.Next("one")
	require.NoError(t, s.Settle(testContext(t), "one"))
	require.Equal(t, next, s.Next("one"))
	clock.Add(8 * 24 * time.Hour.Milliseconds())
	require.NoError(t, s.Settle(testContext(t), "one"))
	require.IsType(t, &domain.AgreementReached{}, lastEvent(t, s, "one").Data)
	require.NoError(t, s.Settle(testContext(t), "nowhere"))
	require.Equal(t, []string{"one"}, s.Groups())
}

// A refused command still lets what was due before it be recorded.
func TestARefusalAfterWhatWasDue(t *testing.T) {
	var clock atomic.Int64
	var log commitLog
	s := ripening(t, &clock, &log)
	next := s.Next("one")
	clock.Add(8 * 24 * time.Hour.Milliseconds())
	_, err := s.Execute(testContext(t), storetest.Request("one", "founder", &domain.GiveConsent{Proposal: "P1", Version: 1}))
	var refused *Refused
	require.ErrorAs(t, err, &refused)
	require.Greater(t, refused.Index, next)
	require.Equal(t, s.Next("one"), refused.Index)
	require.IsType(t, &domain.AgreementReached{}, lastEvent(t, s, "one").Data)
}

func TestAStoppedServerIsSaid(t *testing.T) {
	s := openTest(t, Options{Dir: t.TempDir()})
	mustExecute(t, s, storetest.Found("one"))
	require.NoError(t, s.stream.Server.DisableJetStream())
	req := storetest.Register("one", "p")
	_, err := s.Execute(testContext(t), req)
	require.Error(t, err)
	select {
	case err := <-s.Failed():
		require.ErrorContains(t, err, "stopped itself")
	case <-time.After(testTimeout):
		t.Fatal("not said")
	}
	require.ErrorIs(t, s.Ready(), commit.ErrNotReady)
	_, err = s.Execute(testContext(t), req)
	require.ErrorIs(t, err, commit.ErrNotReady)
}

func TestClocksThatDifferStopTheStore(t *testing.T) {
	h := newHealth(quiet)
	w := &writer{health: h, ownCommits: map[uint64]interval{}}
	now := time.Now()
	w.ownCommits[1], w.ownCommits[2] = interval{now, now.Add(time.Second)}, interval{now, now.Add(time.Second)}
	w.compareClocks(&stream.Message{Sequence: 1, Stored: now.Add(2900 * time.Millisecond)})
	require.NoError(t, h.writeError())
	w.compareClocks(&stream.Message{Sequence: 7, Stored: now.Add(time.Hour)})
	require.NoError(t, h.writeError(), "not written here")
	w.compareClocks(&stream.Message{Sequence: 2, Stored: now.Add(-2100 * time.Millisecond)})
	require.ErrorIs(t, h.writeError(), commit.ErrNotReady)
	require.ErrorContains(t, <-h.failed, "clock")
	require.Empty(t, w.ownCommits)
}

// TestAHoleInTheStreamStopsWriting: whether a missing message held more than was
// signed for can't be known, so nothing is decided until it is repaired. What
// was signed for is read from the log.
func TestAHoleInTheStreamStopsWriting(t *testing.T) {
	for name, gone := range map[string]uint64{"at the start": 1, "in the middle": 2, "at the end": 3} {
		t.Run(name, func(t *testing.T) {
			url, dir := loopbackServer(t), t.TempDir()
			nc, err := nats.Connect(url)
			require.NoError(t, err)
			defer nc.Close()
			js, err := jetstream.New(nc)
			require.NoError(t, err)
			s := openTest(t, Options{Dir: dir, NATS: url})
			lines := map[string][][]byte{}
			groups := []string{"one", "two", "three"}
			for _, group := range groups {
				mustExecute(t, s, storetest.Found(group))
				requireLogged(t, s, group)
				lines[group], err = s.stream.ReadLines(testContext(t), group, 0, s.Next(group))
				require.NoError(t, err)
			}
			require.NoError(t, s.Close(testContext(t)))
			damageStream(t, js, gone)

			s = openTest(t, Options{Dir: dir, NATS: url})
			require.Len(t, s.Groups(), 3)
			for i, group := range groups {
				require.Equal(t, lines[group], linesOf(t, s, group))
				var mendable *logs.Mendable
				require.Equal(t, uint64(i+1) == gone, errors.As(s.Stopped(group), &mendable), group)
			}
			require.ErrorIs(t, s.Ready(), commit.ErrNotReady)
			_, err = s.Execute(testContext(t), storetest.Register(s.Groups()[0], "p"))
			require.ErrorContains(t, err, "missing")
		})
	}
}

// linesOf are all lines of the group, one by one, which Entries must have too.
func linesOf(t *testing.T, s *Store, group string) [][]byte {
	t.Helper()
	var lines [][]byte
	for e, err := range s.Entries(testContext(t), group, 0, s.Next(group)) {
		require.NoError(t, err)
		line, err := s.Line(testContext(t), group, e.Event.Index)
		require.NoError(t, err)
		require.Equal(t, string(line), string(e.Line))
		lines = append(lines, line)
	}
	return lines
}

// damageStream deletes a message, by putting a copy of the stream that lacks it
// in its place.
func damageStream(t *testing.T, js jetstream.JetStream, gone uint64) {
	t.Helper()
	st := rewriteStream(t, js, func(uint64, []byte) {})
	require.NoError(t, st.DeleteMsg(testContext(t), gone))
	_, err := js.UpdateStream(testContext(t), stream.Config(1))
	require.NoError(t, err)
}

// rewriteStream puts a copy of the stream of three messages in its place, whose
// bodies are changed, and from which messages can be deleted.
func rewriteStream(t *testing.T, js jetstream.JetStream, change func(sequence uint64, body []byte)) jetstream.Stream {
	t.Helper()
	ctx := testContext(t)
	old, err := js.Stream(ctx, stream.Name)
	require.NoError(t, err)
	var messages []*jetstream.RawStreamMsg
	for sequence := range uint64(3) {
		m, err := old.GetMsg(ctx, sequence+1)
		require.NoError(t, err)
		change(m.Sequence, m.Data)
		messages = append(messages, m)
	}
	require.NoError(t, js.DeleteStream(ctx, stream.Name))
	c := stream.Config(1)
	c.DenyDelete = false
	st, err := js.CreateStream(ctx, c)
	require.NoError(t, err)
	for _, m := range messages {
		_, err := js.PublishMsg(ctx, &nats.Msg{Subject: m.Subject, Header: nats.Header{commit.HeaderWriter: m.Header[commit.HeaderWriter], commit.HeaderCommit: m.Header[commit.HeaderCommit], commit.HeaderLines: m.Header[commit.HeaderLines]}, Data: m.Data})
		require.NoError(t, err)
	}
	return st
}
