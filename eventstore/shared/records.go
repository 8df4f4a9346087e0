// Package shared keeps what all nodes of a cluster must know and no ledger says: which
// secret a token or a browser has, which invitation is open. Each node has all of it in
// memory. Nobody gets in by it alone: which ways in are in force is in the ledgers (rule
// L10).
//
// It may import stream and keys. Start reading at Records.Write.
package shared

import (
	"cmp"
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"goldenthread/eventstore/keys"
	"goldenthread/eventstore/stream"
)

const (
	// StreamName is the name of the stream of the records. It is no KV bucket: what a bucket
	// is asked, any replica answers, also one that is behind.
	StreamName = "ACCESS"
	subjects   = "access."

	// goneLasts is how long the stream says that a record is gone. A node that could not
	// catch up for half of it reads all records anew.
	goneLasts = time.Hour

	writeTimeout  = 5 * time.Second
	onceTimeout   = 2 * time.Second // then the same is sent again
	writePause    = 20 * time.Millisecond
	sweptEvery    = time.Minute
	readersAtOnce = 8 // when there is much to be read
	muchToRead    = 64
)

// A Record is one of a list. Value is JSON; nil: it is gone.
type Record struct {
	Key   string // letters, digits, - and _
	Value []byte
	Lasts time.Duration // after which it is gone by itself; 0: never
}

// Records are lists of records that all nodes share, sealed in a stream of their own. Each
// is written with the sequence that it must follow, so that it is decided on all that was
// there. They are safe for concurrent use.
type Records struct {
	stream   *stream.Stream
	entries  jetstream.Stream
	key      []byte
	log      *slog.Logger
	currency stream.Currency

	mu      sync.Mutex // of what follows; it is held while the stream is read or written
	applied uint64     // sequence of the last message that is in the lists
	lists   map[string]*list
}

type list struct {
	records map[string]kept
	follow  []func([]Record)
}

// A kept record, with when it ends (zero: never) and where it is in the stream.
type kept struct {
	value    []byte
	ends     time.Time
	sequence uint64
}

func config(replicas int) jetstream.StreamConfig {
	c := stream.Config(replicas)
	c.Name, c.Subjects, c.Description = StreamName, []string{subjects + ">"}, "Golden Thread: who gets in by what, sealed"
	c.DenyDelete, c.DenyPurge = false, false
	c.MaxMsgsPerSubject, c.AllowMsgTTL = 1, true
	return c
}

// Open opens the records, which are sealed with the key, and reads them all.
func Open(ctx context.Context, s *stream.Stream, key []byte, replicas int, log *slog.Logger) (*Records, error) {
	entries, err := stream.OpenStream(ctx, s.JS, config(replicas))
	if err != nil {
		return nil, err
	}
	r := &Records{stream: s, entries: entries, key: key, log: log, lists: map[string]*list{}}
	if err := r.CatchUp(ctx); err != nil {
		return nil, fmt.Errorf("read who gets in by what: %w", err)
	}
	return r, nil
}

// Run keeps the records current until ctx ends.
func (r *Records) Run(ctx context.Context) {
	var both sync.WaitGroup
	both.Go(func() {
		for stream.Pause(ctx, sweptEvery) == nil {
			r.sweep(time.Now())
		}
	})
	if !r.stream.Alone {
		stream.KeepCurrent(ctx, r.log, "who gets in by what", r.CatchUp)
	}
	both.Wait()
}

// Derived is a key of 32 bytes for another purpose, the same at every node.
func (r *Records) Derived(purpose string) ([]byte, error) {
	return hkdf.Key(sha256.New, r.key, nil, "goldenthread shared "+purpose, 32)
}

// Check returns *stream.Silent unless the records are current here.
func (r *Records) Check() error { return r.stream.Check(&r.currency) }

// CatchUp reads all that was written before the call.
func (r *Records) CatchUp(ctx context.Context) error {
	came := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	if since, ever := r.currency.Since(); ever && since < time.Since(came) {
		return nil // somebody else asked meanwhile
	}
	return r.silent(r.catchUp(ctx))
}

func (r *Records) catchUp(ctx context.Context) error {
	asked := time.Now()
	last, err := stream.LastOf(ctx, r.entries)
	if err != nil {
		return err
	}
	since, ever := r.currency.Since()
	if last < r.applied || ever && !r.stream.Alone && since > goneLasts/2 {
		err = r.readAnew(ctx, last)
	} else {
		err = r.read(ctx, last)
	}
	if err == nil {
		r.currency.Note(asked)
	}
	return err
}

// readAnew reads all records, and notices which are gone.
func (r *Records) readAnew(ctx context.Context, last uint64) error {
	found, err := r.between(ctx, 1, last)
	if err != nil {
		return err
	}
	there := map[string]bool{}
	for _, m := range found {
		there[m.Subject] = true
	}
	for name, l := range r.lists {
		for key := range l.records {
			if !there[subjects+name+"."+key] {
				r.put(name, Record{Key: key}, kept{})
			}
		}
	}
	for _, m := range found {
		r.apply(m)
	}
	r.applied = last
	return nil
}

// read reads on up to the last message.
func (r *Records) read(ctx context.Context, last uint64) error {
	found, err := r.between(ctx, r.applied+1, last)
	if err != nil {
		return err
	}
	for _, m := range found {
		r.apply(m)
	}
	r.applied = max(r.applied, last)
	return nil
}

// between are the messages from the sequence up to the last, in order, asked of the leader.
func (r *Records) between(ctx context.Context, from, last uint64) ([]*jetstream.RawStreamMsg, error) {
	if last < from {
		return nil, nil
	}
	part := last - from + 1
	if part > muchToRead {
		part = part/readersAtOnce + 1
	}
	parts := make([][]*jetstream.RawStreamMsg, (last-from)/part+1)
	errs := make([]error, len(parts))
	var all sync.WaitGroup
	for i := range parts {
		first := from + uint64(i)*part
		all.Go(func() { parts[i], errs[i] = r.oneByOne(ctx, first, min(first+part-1, last)) })
	}
	all.Wait()
	return slices.Concat(parts...), errors.Join(errs...)
}

func (r *Records) oneByOne(ctx context.Context, from, to uint64) (found []*jetstream.RawStreamMsg, err error) {
	for from <= to {
		m, err := r.entries.GetMsg(ctx, from, jetstream.WithGetMsgSubject(subjects+">"))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return found, nil
		}
		if err != nil {
			return nil, err
		}
		if m.Sequence > to {
			return found, nil
		}
		found, from = append(found, m), m.Sequence+1
	}
	return found, nil
}

// apply takes a message into the lists. One that does not open lets nobody in.
func (r *Records) apply(m *jetstream.RawStreamMsg) {
	name, key, ok := strings.Cut(strings.TrimPrefix(m.Subject, subjects), ".")
	if !ok {
		return
	}
	is := Record{Key: key}
	k := kept{sequence: m.Sequence}
	if len(m.Data) > 0 {
		plain, err := keys.Unseal(r.key, name+"."+key, m.Data)
		if err != nil {
			r.log.Error("a record of who gets in by what can't be opened, and lets nobody in", "list", name, "error", err)
		}
		is.Value = plain
	}
	if lasts, err := time.ParseDuration(m.Header.Get(jetstream.MsgTTLHeader)); err == nil && is.Value != nil {
		is.Lasts, k.ends = lasts, m.Time.Add(lasts)
	}
	k.value = is.Value
	r.put(name, is, k)
}

// put puts a record into its list, or takes it away, and tells whoever follows the list.
func (r *Records) put(name string, is Record, k kept) {
	l := r.list(name)
	if _, was := l.records[is.Key]; !was && is.Value == nil {
		return
	}
	if is.Value == nil {
		delete(l.records, is.Key)
	} else {
		l.records[is.Key] = k
	}
	for _, f := range l.follow {
		f([]Record{is})
	}
}

func (r *Records) list(name string) *list {
	l := r.lists[name]
	if l == nil {
		l = &list{records: map[string]kept{}}
		r.lists[name] = l
	}
	return l
}

// sweep forgets what has ended by itself.
func (r *Records) sweep(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for name, l := range r.lists {
		for key, k := range l.records {
			if !k.ends.IsZero() && now.After(k.ends) {
				r.put(name, Record{Key: key}, kept{})
			}
		}
	}
}

// Follow has f told of all records of the list, in the order in which they were written,
// and then of each change. It must be quick, and must not call Records.
func (r *Records) Follow(name string, f func([]Record)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	l := r.list(name)
	var all []Record
	for key, k := range l.records {
		all = append(all, Record{Key: key, Value: k.value})
	}
	slices.SortFunc(all, func(a, b Record) int { return cmp.Compare(l.records[a.Key].sequence, l.records[b.Key].sequence) })
	f(all)
	l.follow = append(l.follow, f)
}

// Write writes to the list what decide says, acknowledged on disk. It is decided on all
// that was written before: if another node wrote meanwhile, decide is asked again. Its
// error is returned, once it rests on the newest; *stream.Silent says that the stream does
// not answer, and that it is not known whether something was written.
func (r *Records) Write(name string, decide func() ([]Record, error)) error {
	ctx, cancel := context.WithTimeout(context.Background(), writeTimeout)
	defer cancel()
	r.mu.Lock()
	defer r.mu.Unlock()
	for proved := r.stream.Alone; ; {
		records, err := decide()
		if err == nil {
			err = r.writeAll(ctx, name, records)
			if !errors.Is(err, stream.ErrOvertaken) {
				return r.silent(err)
			}
			err = stream.Pause(ctx, writePause)
		} else if proved {
			return err
		}
		if again := r.catchUp(ctx); again != nil {
			return r.silent(errors.Join(again, err))
		}
		proved = true
	}
}

func (r *Records) silent(err error) error {
	if stream.IsSilent(err) {
		return &stream.Silent{Read: r.stream.Applied.Load(), Why: err}
	}
	return err
}

func (r *Records) writeAll(ctx context.Context, name string, records []Record) error {
	for i := range records {
		if err := r.write(ctx, name, &records[i]); err != nil {
			return err
		}
	}
	return nil
}

// write appends one record. stream.ErrOvertaken says that another node wrote before, and
// that nothing of this one was written.
func (r *Records) write(ctx context.Context, name string, is *Record) error {
	m := nats.NewMsg(subjects + name + "." + is.Key)
	lasts := is.Lasts
	if is.Value == nil {
		lasts = goneLasts
	} else if sealed, err := keys.Seal(r.key, name+"."+is.Key, is.Value); err == nil {
		m.Data = sealed
	} else {
		return err
	}
	// Sent again under the same id, it is written once, and acknowledged all the same.
	options := []jetstream.PublishOpt{jetstream.WithExpectStream(StreamName), jetstream.WithExpectLastSequence(r.applied), jetstream.WithMsgID(uuid.NewString()), jetstream.WithRetryAttempts(0)}
	if lasts > 0 {
		lasts = max(lasts, time.Second).Round(time.Second)
		options = append(options, jetstream.WithMsgTTL(lasts))
	}
	for {
		once, cancel := context.WithTimeout(ctx, onceTimeout)
		ack, err := r.stream.JS.PublishMsg(once, m, options...)
		cancel()
		if err == nil {
			k := kept{value: is.Value, sequence: ack.Sequence}
			if is.Value != nil && lasts > 0 {
				k.ends = time.Now().Add(lasts)
			}
			r.applied = ack.Sequence
			r.put(name, *is, k)
			return nil
		}
		if stream.IsWrongLast(err) {
			return stream.ErrOvertaken
		}
		if stream.Pause(ctx, writePause) != nil {
			return err
		}
	}
}
