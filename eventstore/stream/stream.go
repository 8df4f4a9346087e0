package stream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"goldenthread/eventstore/commit"
)

const (
	// Name is the name of the stream that has all ledgers.
	Name = "LEDGER"

	PublishTimeout = 5 * time.Second // for the acknowledgement of a message, before it is sent again
	RequestTimeout = 5 * time.Second // for any other answer of the server

	proposedTimeout = 100 * time.Millisecond
)

// Config is how the stream of the ledgers is kept: on disk, for ever,
// nothing deleted. AllowDirect is off so that reading asks the leader. Async
// persistence is never on: it silently overrides SyncAlways.
func Config(replicas int) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: Name, Subjects: []string{commit.Subject}, Description: "Golden Thread: the ledgers",
		Retention: jetstream.LimitsPolicy, Storage: jetstream.FileStorage, Replicas: replicas,
		Discard: jetstream.DiscardNew, DenyDelete: true, DenyPurge: true,
		MaxConsumers: -1, MaxMsgs: -1, MaxBytes: -1, MaxMsgsPerSubject: -1, MaxMsgSize: -1,
		Compression: jetstream.NoCompression, PersistMode: jetstream.DefaultPersistMode,
	}
}

// OpenStream makes the stream, or checks that the one there is kept as it must be.
func OpenStream(ctx context.Context, js jetstream.JetStream, want jetstream.StreamConfig) (jetstream.Stream, error) {
	st, err := js.Stream(ctx, want.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		st, err = js.CreateStream(ctx, want)
		if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
			st, err = js.Stream(ctx, want.Name) // another process was quicker
		}
	}
	if err != nil {
		return nil, fmt.Errorf("open the stream %s: %w", want.Name, err)
	}
	return st, checkConfig(st.CachedInfo().Config, want)
}

// checkConfig refuses to run on a stream that could lose or change what was
// acknowledged.
func checkConfig(got, want jetstream.StreamConfig) error {
	subjects := len(got.Subjects) == 1 && got.Subjects[0] == want.Subjects[0]
	unlimited := got.MaxMsgs <= 0 && got.MaxBytes <= 0 && got.MaxAge == 0 && max(got.MaxMsgsPerSubject, 0) == max(want.MaxMsgsPerSubject, 0)
	wrong := ""
	switch {
	case !subjects || got.SubjectTransform != nil || got.Mirror != nil || len(got.Sources) > 0:
		wrong = "it must take messages on " + want.Subjects[0] + " and from nowhere else"
	case got.Storage != jetstream.FileStorage:
		wrong = "it must be stored in files"
	case got.PersistMode != jetstream.DefaultPersistMode:
		wrong = "it must not be persisted asynchronously"
	case got.Retention != jetstream.LimitsPolicy || !unlimited || got.Discard != jetstream.DiscardNew:
		wrong = "it must keep everything: no limits by age, count or size, and discard new"
	case got.MaxMsgSize > 0 && got.MaxMsgSize < leastPayload:
		wrong = fmt.Sprintf("it must take messages of %d bytes", leastPayload)
	case want.DenyDelete && (!got.DenyDelete || !got.DenyPurge || got.AllowRollup || got.AllowMsgTTL):
		wrong = "it must deny deleting, purging and rolling up"
	case got.AllowDirect || got.MirrorDirect:
		wrong = "it must be read from its leader: direct access off"
	case want.AllowMsgTTL && !got.AllowMsgTTL:
		wrong = "it must let messages end by themselves"
	case got.NoAck || got.Sealed:
		wrong = "it must acknowledge what it is sent"
	case got.Compression != jetstream.NoCompression:
		wrong = "it must not be compressed"
	case got.Replicas < want.Replicas:
		wrong = fmt.Sprintf("it has %d replicas and %d are asked for", got.Replicas, want.Replicas)
	}
	if wrong != "" {
		return fmt.Errorf("the stream %s is not kept as it must be: %s", want.Name, wrong)
	}
	return nil
}

// A Stream is the stream of all ledgers, with the data folder, the server in it, the
// connection, and the positions of events. It is safe for concurrent use.
type Stream struct {
	Dir    string // the data folder
	Node   string // this process's name
	Alone  bool   // nobody else can write to this stream
	lock   *Lock
	Server *server.Server // nil when an existing NATS is used
	Conn   *nats.Conn
	JS     jetstream.JetStream
	ledger jetstream.Stream
	log    *slog.Logger

	Positions  Positions              // where each event lies
	copying    sync.Mutex             // a backup is being made
	Applied    atomic.Uint64          // sequence of the last message that is applied
	lastWriter atomic.Pointer[string] // the node that wrote last
	currency   Currency               // of the ledgers
	end        atomic.Pointer[brokenEnd]
}

// A brokenEnd is that of a stream whose last messages are missing.
type brokenEnd struct{ readable, stated uint64 } // sequences of the last message that is there, and of the last one that should be

// New is the stream of a data folder that is locked; Open opens it.
func New(lock *Lock, dir, node string, log *slog.Logger) *Stream {
	return &Stream{lock: lock, Dir: dir, Node: node, log: log, Positions: Positions{groups: map[string]*positionsOf{}}}
}

// Open starts the server in the data folder, or connects to the one at the URL, for which it
// waits.
func (s *Stream) Open(ctx context.Context, url string, access []nats.Option) (err error) {
	if s.Alone = url == ""; s.Alone {
		if err := CheckReadable(s.Dir); err != nil {
			return err
		}
		if err := mendMeta(s.Dir, s.log); err != nil {
			return err
		}
		if err := mendSequences(s.Dir, s.log); err != nil {
			return err
		}
		if s.Server, err = startServer(filepath.Join(s.Dir, Folder), s.Node, s.log); err != nil {
			return err
		}
	} else {
		s.log.Info("whether an acknowledged write survives a power cut is that NATS server's setting: sync_interval must be \"always\"", "nats", url)
	}
	err = WhileSilent(ctx, s.log, func() (err error) { // the server in this process answers at once
		s.Conn, err = connect(s.Server, url, s.Node, s.log, access...)
		return err
	})
	if err != nil {
		return err
	}
	s.JS, err = jetstream.New(s.Conn)
	return err
}

// OpenLedger opens the stream of the ledgers, which is made where there is none.
func (s *Stream) OpenLedger(ctx context.Context, replicas int) (err error) {
	s.ledger, err = OpenStream(ctx, s.JS, Config(replicas))
	if err == nil && s.Alone {
		err = s.lock.Use(messagesFolder(s.Dir, Name))
	}
	return err
}

// Close ends the connection and the server, and unlocks the folder. It does nothing
// on nil.
func (s *Stream) Close() error {
	if s == nil {
		return nil
	}
	if s.Conn != nil {
		s.Conn.Close()
	}
	if s.Server != nil {
		s.Server.Shutdown()
		s.Server.WaitForShutdown()
	}
	return s.lock.Unlock()
}

// CheckLock returns an error if another process may be in the data folder, or the ledgers' stream
// was taken away from it.
func (s *Stream) CheckLock() error { return s.lock.Check() }

// Follow delivers the stream from the message on; up to the last one it reads those
// of this node as well.
func (s *Stream) Follow(next, last uint64) *Follower {
	f := &Follower{js: s.JS, next: next, node: s.Node, last: last, Out: make(chan *Message, followAhead), log: s.log}
	if !s.Alone {
		f.newest, f.patience = s.Last, followQuiet
	}
	return f
}

// ErrOvertaken says that another node's commit took the sequence of this one. Nothing of
// this one was written.
var ErrOvertaken = errors.New("another commit came first")

// Append writes the commit at the place after+1 and returns once it is synced.
// An unknown outcome is settled by sending the same bytes with the same
// expectation until that place is taken: by this commit, or by another, which
// is ErrOvertaken. Reading the end of the stream would not do: the message may still be
// on its way. Any other error is the context's, and leaves the outcome unknown.
func (s *Stream) Append(ctx context.Context, c *commit.Commit, id string, body []byte, after uint64) error {
	for try := 0; ; try++ {
		err := s.publishOnce(ctx, commit.Message(c, s.Node, id, body), after)
		if err == nil {
			return nil
		}
		if IsWrongLast(err) {
			switch taken, err := s.commitIDAt(ctx, after+1); {
			case err == nil && taken == id:
				return nil
			case err == nil:
				return ErrOvertaken
			}
			// The place was proposed and is not committed yet, or can't be
			// read just now. Ask again soon.
			if try%50 == 49 {
				s.log.Warn("a place of the stream is taken, and by whom can't be read", "sequence", after+1)
			}
			if err := Pause(ctx, proposedTimeout); err != nil {
				return err
			}
			continue
		}
		s.log.Warn("append not acknowledged, sending it again", "commit", id, "sequence", after+1, "error", err)
		if err := Pause(ctx, min(time.Second, 50*time.Millisecond<<min(try, 5))); err != nil {
			return err
		}
	}
}

func (s *Stream) publishOnce(ctx context.Context, m *nats.Msg, after uint64) error {
	ctx, cancel := context.WithTimeout(ctx, PublishTimeout)
	defer cancel()
	ack, err := s.JS.PublishMsg(ctx, m, jetstream.WithExpectStream(Name), jetstream.WithExpectLastSequence(after), jetstream.WithRetryAttempts(0))
	if err == nil && ack.Sequence != after+1 {
		return fmt.Errorf("acknowledged at %d instead of %d", ack.Sequence, after+1)
	}
	return err
}

// commitIDAt is the id of the commit at that place.
func (s *Stream) commitIDAt(ctx context.Context, sequence uint64) (string, error) {
	m, err := s.At(ctx, sequence)
	if err != nil {
		return "", err
	}
	return m.Header.Get(commit.HeaderCommit), nil
}

// At is the commit at that place, asked of the leader.
func (s *Stream) At(ctx context.Context, sequence uint64) (*Message, error) {
	ctx, cancel := context.WithTimeout(ctx, RequestTimeout)
	defer cancel()
	m, err := s.ledger.GetMsg(ctx, sequence)
	if err != nil {
		return nil, err
	}
	return &Message{Sequence: m.Sequence, Stored: m.Time, Header: m.Header, Body: m.Data}, nil
}

// Last is the stream's last sequence, asked of the leader. Messages that were missing at its
// end when this node started never come: then it is the last one before them.
func (s *Stream) Last(ctx context.Context) (uint64, error) {
	last, err := LastOf(ctx, s.ledger)
	if end := s.end.Load(); err == nil && end != nil && last <= end.stated {
		return end.readable, nil
	}
	return last, err
}

// heardWithin is how recently a leader must have heard from most replicas. It is
// less than the four seconds without a word from it after which they elect
// another at the earliest.
const heardWithin = 3 * time.Second

// errNoLeader says that whoever leads the stream did not answer.
var errNoLeader = errors.New("nobody answers who surely leads the stream")

// checkLeads returns an error if the server that answered may not be the stream's leader.
// A leader that is cut off goes on answering for ten seconds, and without a leader any
// replica answers. It can be wrong for a second at most: while a leader reaches some
// replicas and has not heard that the others follow another.
func checkLeads(c *jetstream.ClusterInfo) error {
	if c == nil {
		return nil // there is one server
	}
	if c.Leader == "" {
		return fmt.Errorf("%w: none leads it", errNoLeader)
	}
	heard := 1 // by itself
	for _, r := range c.Replicas {
		if r.Name == c.Leader {
			return fmt.Errorf("%w: a replica answered in place of %s", errNoLeader, c.Leader)
		}
		if r.Active > 0 && r.Active < heardWithin {
			heard++
		}
	}
	if heard <= (len(c.Replicas)+1)/2 {
		return fmt.Errorf("%w: %d of %d servers hear from each other", errNoLeader, heard, len(c.Replicas)+1)
	}
	return nil
}

// IsWrongLast says whether the server refused the message because another one has, or is
// about to have, its sequence.
func IsWrongLast(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && (api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence || api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant)
}

// Pause waits that long; ctx's error if it ends first.
func Pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// OtherWriter is the node that wrote last; "" if that is this node, or none is known.
func (s *Stream) OtherWriter() string {
	if node := s.lastWriter.Load(); node != nil && *node != s.Node {
		return *node
	}
	return ""
}

// LargestCommit is how many bytes of lines one commit may have.
func (s *Stream) LargestCommit() int { return int(s.Conn.MaxPayload() / 4 * 3) }

// ServerStopped says whether the embedded server stopped itself.
func (s *Stream) ServerStopped() bool { return !s.Server.JetStreamEnabled() }

// DiskFull says whether the data folder has no space for a commit: it writes as much
// as one may take, and removes it.
func (s *Stream) DiskFull() bool {
	f, err := os.CreateTemp(s.Dir, "space-")
	if err == nil {
		_, err = f.Write(make([]byte, leastPayload))
		err = errors.Join(err, f.Sync(), f.Close(), os.Remove(f.Name()))
	}
	return errors.Is(err, syscall.ENOSPC)
}

// Created is when the stream was made.
func (s *Stream) Created() time.Time { return s.ledger.CachedInfo().Created }

// NoteWriter sets the node that wrote last.
func (s *Stream) NoteWriter(node string) { s.lastWriter.Store(&node) }

// TakeOver sets this node as the one that wrote last, if until now it was that other node.
func (s *Stream) TakeOver(from string) {
	if wrote := s.lastWriter.Load(); wrote != nil && *wrote == from {
		s.lastWriter.CompareAndSwap(wrote, &s.Node)
	}
}
