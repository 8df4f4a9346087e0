package logs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strconv"
	"strings"

	"filippo.io/torchwood"
	"github.com/nats-io/nats.go/jetstream"

	"goldenthread/eventstore/stream"
	"goldenthread/eventstore/tilelog"
)

// The checkpoint that a group's log was signed for last lies in the log and in a
// bucket, one key a group, written by revision. The bucket comes first: it is
// where nodes agree, and it outlives the folder of the logs.

const (
	Bucket          = "CHECKPOINTS" // the bucket
	bucketSubject   = "$KV." + Bucket + "."
	BucketStream    = "KV_" + Bucket  // the stream under it
	installationKey = "_installation" // no group can be called that
)

// Signers are the keys that sign the logs, the oldest first.
type signers []tilelog.Key

// A kept is what the bucket keeps under a key.
type kept struct {
	value    []byte
	revision uint64
}

// A bucket has the checkpoint that was signed last for each group's log.
type bucket struct {
	jetstream.KeyValue
	stream *stream.Stream
}

// openBucket opens the bucket and reads all that is in it. Where nobody else
// writes to it, a damaged one, which the server may neither read nor write any
// more, is made anew with what could be read: the logs have the same checkpoints.
func openBucket(ctx context.Context, s *stream.Stream, replicas int, log *slog.Logger) (*bucket, map[string]kept, error) {
	config := jetstream.KeyValueConfig{
		Bucket: Bucket, Description: "Golden Thread: the checkpoints signed last", History: 1, Storage: jetstream.FileStorage, Replicas: replicas,
	}
	kv, err := s.Js.CreateOrUpdateKeyValue(ctx, config)
	if err != nil {
		return nil, nil, fmt.Errorf("open the bucket of the checkpoints: %w", err)
	}
	b := &bucket{kv, s}
	there, err := b.readAll(ctx)
	if err == nil {
		return b, there, nil
	}
	if !s.Alone || ctx.Err() != nil {
		return nil, nil, fmt.Errorf("read the bucket of the checkpoints: %w", err)
	}
	log.Error("the bucket of the checkpoints is damaged and is made anew", "error", err)
	if err := b.makeAnew(ctx, config, there); err != nil {
		return nil, nil, fmt.Errorf("make the bucket of the checkpoints anew: %w", err)
	}
	return b, there, nil
}

// makeAnew makes the bucket with what could be read, under new revisions.
func (b *bucket) makeAnew(ctx context.Context, config jetstream.KeyValueConfig, there map[string]kept) (err error) {
	if err := b.stream.Js.DeleteKeyValue(ctx, Bucket); err != nil {
		return err
	}
	if b.KeyValue, err = b.stream.Js.CreateKeyValue(ctx, config); err != nil {
		return err
	}
	for name, k := range there {
		if k.revision, err = b.Put(ctx, name, k.value); err != nil {
			return err
		}
		there[name] = k
	}
	return nil
}

// readAll reads the keys that the bucket's stream says it has, one by one: a
// damaged one is said not to be there, or not answered at all.
func (b *bucket) readAll(ctx context.Context) (map[string]kept, error) {
	st, err := b.stream.Js.Stream(ctx, BucketStream)
	if err != nil {
		return nil, err
	}
	info, err := st.Info(ctx, jetstream.WithSubjectFilter(bucketSubject+">"))
	if err != nil {
		return nil, err
	}
	there := map[string]kept{}
	for subject := range info.State.Subjects {
		name := strings.TrimPrefix(subject, bucketSubject)
		entry, unread := b.read(ctx, name)
		if unread == nil {
			there[name] = kept{entry.Value(), entry.Revision()}
			continue
		}
		err = fmt.Errorf("%s: %w", name, unread)
		if !errors.Is(unread, jetstream.ErrKeyNotFound) {
			break // it does not answer any more
		}
	}
	if err == nil && len(info.State.Subjects) != int(info.State.Msgs) {
		err = errors.New("it does not say what it keeps")
	}
	return there, err
}

// read reads a key of the bucket.
func (b *bucket) read(ctx context.Context, key string) (jetstream.KeyValueEntry, error) {
	ctx, cancel := context.WithTimeout(ctx, stream.RequestTimeout)
	defer cancel()
	return b.Get(ctx, key)
}

// openSigners reads the signing keys, or makes the first where nothing was ever
// signed. Whoever comes first puts their name into the bucket, so that two nodes
// never sign under two names.
func (l *Logs) openSigners(ctx context.Context, installation string, there map[string]kept, signed bool) (err error) {
	if l.signers, err = openSigning(l.stream.Dir, installation, signed); err != nil {
		return err
	}
	name := l.signers[0].Name()
	installed, ok := there[installationKey]
	if !ok {
		put, cancel := context.WithTimeout(ctx, stream.RequestTimeout)
		defer cancel()
		if _, err = l.bucket.Create(put, installationKey, []byte(name)); err == nil {
			return nil
		}
		entry, err2 := l.bucket.read(ctx, installationKey)
		if err2 != nil {
			return fmt.Errorf("use the bucket of the checkpoints: %w", errors.Join(err, err2))
		}
		installed.value = entry.Value()
	}
	if there := string(installed.value); there != name {
		return fmt.Errorf("%s is for logs signed as %s, and those here are signed as %s: copy it from another node or from its backup", SigningFile, name, there)
	}
	return nil
}

// base is the origin of the group's first log.
func (k signers) base(group string) string { return tilelog.Origin(k, group) }

// reopen opens a log at the later of the two checkpoints that the folder and
// the bucket have, if they are signed as they must be. If neither is, what
// there may be can't be relied on: the log is stuck, and with it the group.
func (l *Logs) reopen(name string, there kept) error {
	g := &groupLog{name: name, revision: there.revision}
	l.groups[name] = g
	here, err := l.folder.Checkpoint(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read the checkpoint of %s: %w", name, err)
	}
	signed, err := l.signers.later(l.log, name, here, there.value)
	if err != nil {
		g.stuck = err
		signed = nil
	}
	if g.log, err = tilelog.Open(l.folder, name, l.signers.originOf(name, signed), l.signers, signed); err != nil {
		return err
	}
	g.from, g.handed = uint64(g.log.Tree().N), uint64(g.log.Tree().N)
	g.continues(there.value)
	return nil
}

// continues sees to it that of two checkpoints the later continues the earlier.
func (g *groupLog) continues(signed []byte) {
	c, err := tilelog.OpenCheckpoint(signed, g.log.Origin(), g.log.VKeys())
	if err != nil || c.N == 0 {
		return // none, or not to be relied on
	}
	if err := g.log.Extends(c); errors.Is(err, tilelog.ErrForked) {
		g.stuck = err
	}
}

// originOf is the origin that the checkpoint bears, if a log of the group can
// have it; that of the first log otherwise.
func (k signers) originOf(name string, signed []byte) string {
	base, origin := k.base(name), tilelog.OriginOf(signed)
	if origin == base || strings.HasPrefix(origin, base+"/") {
		return origin
	}
	return base
}

// nextOrigin is the origin of the log that follows the one of this origin.
func nextOrigin(base, origin string) string {
	n, err := strconv.Atoi(strings.TrimPrefix(origin, base+"/"))
	if err != nil {
		n = 1
	}
	return base + "/" + strconv.Itoa(n+1)
}

// follows says whether, of two origins of one group's logs, a is the later: base,
// base/2, … base/10.
func follows(a, b string) bool { return len(a) > len(b) || len(a) == len(b) && a > b }

// later is the checkpoint of the two that was signed last; nil if both are nil.
func (k signers) later(log *slog.Logger, name string, a, b []byte) ([]byte, error) {
	var best []byte
	var of torchwood.Checkpoint
	var bad error
	for _, signed := range [][]byte{a, b} {
		if signed == nil {
			continue
		}
		origin := k.originOf(name, signed)
		c, err := tilelog.OpenCheckpoint(signed, origin, tilelog.VKeys(k, origin))
		if err != nil {
			log.Error("a checkpoint is not signed as it must be", "group", name, "error", err)
			bad = fmt.Errorf("neither of its checkpoints is signed as it must be: %w", err)
			continue
		}
		if best == nil || follows(c.Origin, of.Origin) || c.Origin == of.Origin && c.N > of.N {
			best, of = signed, c
		}
	}
	if best == nil {
		return nil, bad
	}
	return best, nil
}

// inBucket is the group's checkpoint in the bucket; the empty one if there is none.
func (l *Logs) inBucket(ctx context.Context, g *groupLog) (torchwood.Checkpoint, []byte, error) {
	entry, err := l.bucket.read(ctx, g.name)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		g.revision = 0
		return torchwood.Checkpoint{}, nil, nil
	}
	if err != nil {
		return torchwood.Checkpoint{}, nil, fmt.Errorf("read the bucket of the checkpoints: %w", err)
	}
	g.revision = entry.Revision()
	switch origin := l.signers.originOf(g.name, entry.Value()); {
	case follows(origin, g.log.Origin()):
		return torchwood.Checkpoint{}, nil, fmt.Errorf("another node began a new log, %s; start this node again", origin)
	case follows(g.log.Origin(), origin):
		return torchwood.Checkpoint{}, nil, nil // of the log before this one
	}
	c, err := tilelog.OpenCheckpoint(entry.Value(), g.log.Origin(), g.log.VKeys())
	if err != nil {
		return torchwood.Checkpoint{}, nil, fmt.Errorf("the checkpoint in the bucket: %w", err)
	}
	return c, entry.Value(), nil
}
