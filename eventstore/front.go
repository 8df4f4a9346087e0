package eventstore

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"time"

	"github.com/nats-io/nats.go"
	"golang.org/x/mod/sumdb/tlog"

	"goldenthread/domain"
	"goldenthread/eventstore/archive"
	"goldenthread/eventstore/commit"
	"goldenthread/eventstore/evidence"
	"goldenthread/eventstore/keys"
	"goldenthread/eventstore/ledgers"
	"goldenthread/eventstore/logs"
	"goldenthread/eventstore/shared"
	"goldenthread/eventstore/stream"
	"goldenthread/eventstore/tilelog"
	"goldenthread/eventstore/witness"
)

// Parts are what a store is made of, and what they answer to others.
type parts struct {
	stream  *stream.Stream
	keys    *keys.Keyring
	logs    *logs.Logs
	ledgers *ledgers.Cache
}

// Conn is the store's connection to NATS, for other services on it. It is
// closed with the store.
func (s *parts) Conn() *nats.Conn { return s.stream.Conn }

// Dir is the data folder.
func (s *parts) Dir() string { return s.stream.Dir }

// Alone says whether no other node can write to the stream: it is in this process.
func (s *parts) Alone() bool { return s.stream.Alone }

// CheckCurrent returns *stream.Silent unless this node knows that what it has of the
// ledgers is the newest, or was less than a second ago.
func (s *parts) CheckCurrent() error { return s.stream.CheckCurrent() }

// CatchUp waits until all that was recorded before the call is applied here; *stream.Silent.
func (s *parts) CatchUp(ctx context.Context) error { return s.stream.CatchUp(ctx) }

// Shared are the records that all nodes share beside the ledgers. They are opened the first
// time that they are asked for.
func (s *Store) Shared(ctx context.Context) (*shared.Records, error) {
	s.sharing.Lock()
	defer s.sharing.Unlock()
	if s.shared != nil {
		return s.shared, nil
	}
	key, err := s.keys.SharedKey(ctx)
	if err != nil {
		return nil, fmt.Errorf("the key of what the nodes share: %w", err)
	}
	opened, err := shared.Open(ctx, s.stream, key, s.replicas, s.log)
	if err != nil {
		return nil, err
	}
	s.shared = opened
	s.helpers.Go(func() { opened.Run(s.health.life) })
	return opened, nil
}

// Groups names the groups that have a ledger, sorted.
func (s *parts) Groups() []string { return s.stream.Groups() }

// Next is the index that the group's next event will have; 0 for a group that
// has not been founded.
func (s *parts) Next(group string) uint64 { return s.stream.Next(group) }

// Stopped says why the group's ledger can't be used any more (*Stopped); nil
// for a group in order.
func (s *parts) Stopped(group string) error { return s.stream.Stopped(group) }

// State is the group's state as it stands, after every event that was
// acknowledged before the call; with no events it is the empty state. It never
// changes, and nobody may change it. Errors: *Stopped for a ledger of which nothing
// can be relied on, ErrClosed, the context's, or what reading it met.
func (s *parts) State(ctx context.Context, group string) (*domain.State, error) {
	return s.ledgers.State(ctx, group)
}

// Await is the group's state once the event with that index is applied; when ctx ends
// first, the state so far, with *ledgers.Behind (if there are no events, with ctx's
// error).
func (s *parts) Await(ctx context.Context, group string, index uint64) (*domain.State, error) {
	return s.ledgers.Await(ctx, group, index)
}

// AsKnown is the group's state as its events before the index next made it
// (rule L4). It is shared: nobody may change it.
func (s *parts) AsKnown(ctx context.Context, group string, next uint64) (*domain.State, error) {
	return s.ledgers.AsKnown(ctx, group, next)
}

// Watch wakes the channel after every commit of the group, and when it stops;
// several that come before the channel is read are one. Call cancel at the end.
func (s *parts) Watch(group string) (changed <-chan struct{}, cancel func()) {
	return s.ledgers.Watch(group)
}

// OnEvict has f called with the name of each group whose ledger is evicted from
// memory. It holds the writer up, so it must be quick.
func (s *parts) OnEvict(f func(group string)) { s.ledgers.OnEvict(f) }

// Line is the exact stored bytes of an event. ErrNoEvent says that there is
// none (yet), *Stopped that the ledger ends before it.
func (s *parts) Line(ctx context.Context, group string, index uint64) ([]byte, error) {
	return s.logs.Line(ctx, group, index)
}

// IndexAt is the number of the group's events that were recorded at or before
// t: the ledger as known at t holds the events before that index.
func (s *parts) IndexAt(group string, t time.Time) (uint64, error) { return s.logs.IndexAt(group, t) }

// Entries reads the group's events from the index from up to, not including, to.
// It ends at the first error.
func (s *parts) Entries(ctx context.Context, group string, from, to uint64) iter.Seq2[commit.Entry, error] {
	return s.logs.Entries(ctx, group, from, to)
}

// Log is the group's tile log, to be read; ErrNoLog if there is none.
func (s *parts) Log(group string) (*tilelog.Log, error) { return s.logs.Log(group) }

// AwaitSigned waits until the group's log is signed for that many events at
// least, which takes well under a second once they are recorded.
func (s *parts) AwaitSigned(ctx context.Context, group string, events uint64) (tlog.Tree, error) {
	return s.logs.AwaitSigned(ctx, group, events)
}

// Checkpoint is the group's checkpoint that was signed last, with the
// cosignatures that witnesses have given for it so far; ErrNoLog if there is no
// log, nil if nothing is signed.
func (s *parts) Checkpoint(group string) ([]byte, error) { return s.logs.Checkpoint(group) }

// Witnessed is the newest checkpoint that the quorum of witnesses has cosigned;
// nil while there is none, or where no quorum is asked for.
func (s *parts) Witnessed(group string) []byte { return s.logs.Witnessed(group) }

// Witnesses says how far each witness is with the group's log.
func (s *parts) Witnesses(group string) []witness.Lag { return s.logs.Witnesses(group) }

// Evidence gathers what proves the steps: see logs.
func (s *parts) Evidence(group, title string, steps []domain.Link) (*evidence.Bundle, error) {
	return s.logs.Evidence(group, title, steps)
}

// CheckCopies holds, for every group, the stream, the tile log and the last
// checkpoint against each other, and tells of each group as it is done.
func (s *parts) CheckCopies(ctx context.Context, progress func(logs.CopyReport) error) error {
	return s.logs.CheckCopies(ctx, progress)
}

// OpenPersonal opens what was sealed for the person. keys.ErrNoKey says that they are
// erased, *keys.Unreadable that their key can't be read here.
func (s *parts) OpenPersonal(person string, sealed []byte) (domain.PersonalData, error) {
	return s.keys.OpenPersonal(person, sealed)
}

// SealDraft seals what is in no ledger yet under a key of its own, by its UUID.
func (s *parts) SealDraft(ctx context.Context, id string, plain []byte) ([]byte, error) {
	return s.keys.SealDraft(ctx, id, plain)
}

// OpenDraft opens what SealDraft sealed.
func (s *parts) OpenDraft(ctx context.Context, id string, sealed []byte) ([]byte, error) {
	return s.keys.OpenDraft(ctx, id, sealed)
}

// DropDraft deletes the key of a draft: what SealDraft sealed can't be opened any more.
func (s *parts) DropDraft(ctx context.Context, id string) error { return s.keys.DropDraft(ctx, id) }

// IsErased says whether the ledger says that the person (by id) was erased.
func (s *parts) IsErased(person string) bool { return s.keys.IsErased(person) }

// OnErased has f called once now, soon after each erasure, and before memory is wiped:
// whoever keeps something about people elsewhere takes it out, and records nothing. It is
// given the groups in whose ledgers erasures were read since the start.
func (s *parts) OnErased(f func(groups []string)) { s.keys.OnErased(f) }

// ErasuresLeft are the persons (by id) of whom the ledger says that they are
// erased, and whose key is not known to be destroyed yet.
func (s *parts) ErasuresLeft() []string { return s.keys.ErasuresLeft() }

// WrappingKeys names the nodes at work that have the wrapping key in force, and those
// that do not, because somebody was erased elsewhere.
func (s *parts) WrappingKeys(ctx context.Context) (with, without []string, err error) {
	return s.keys.WrappingKeys(ctx)
}

// Backup writes an archive of the streams, and of credentials if it has a key (package
// archive). wrapping.key and signing.key are not in it: whoever has the archive alone can
// neither read what is sealed nor sign. It takes as much room again in the data folder
// while it lasts. The logs are not in it; they are made anew from the stream.
// One is made at a time (ErrNotReady).
func (s *Store) Backup(ctx context.Context, w io.Writer, key archive.Key, credentials map[string][]byte) error {
	if err := s.Writable(); err != nil {
		return err
	}
	c := archive.Contents{Made: s.clock(), Events: map[string]uint64{}, Key: key, Credentials: credentials}
	for _, group := range s.Groups() {
		c.Events[group] = s.Next(group)
	}
	// What is copied later is never behind what was copied before: a checkpoint is for
	// events that the stream has by then, and whoever an event names has had a key
	// before that event was recorded. What lets people in is among the credentials alone.
	return s.stream.Backup(ctx, func(streams fs.FS) error { return archive.Write(w, streams, c) }, []string{logs.BucketStream, stream.Name, keys.StreamName}, []string{shared.StreamName})
}
