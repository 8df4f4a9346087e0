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

// The newest checkpoint of each log is in the log's folder and in a bucket, one key for
// each group, replaced by revision. It is written to the bucket first: there the nodes
// agree.

const (
	Bucket          = "CHECKPOINTS" // of the checkpoints
	bucketSubject   = "$KV." + Bucket + "."
	BucketStream    = "KV_" + Bucket  // the bucket's stream
	installationKey = "_installation" // no group can be called that
)

// Signers are the keys that sign the logs, the oldest first.
type signers []tilelog.Key

// A bucketEntry is the value of one of the bucket's keys.
type bucketEntry struct {
	value    []byte
	revision uint64
}

// A bucket has the newest checkpoint of each log.
type bucket struct {
	jetstream.KeyValue
	stream *stream.Stream
}

// openBucket opens the bucket and reads all entries. A damaged bucket, which the server
// may neither read nor write, is made anew from what could be read, unless other nodes
// write to it: the logs have the same checkpoints.
func openBucket(ctx context.Context, s *stream.Stream, replicas int, log *slog.Logger) (*bucket, map[string]bucketEntry, error) {
	config := jetstream.KeyValueConfig{
		Bucket: Bucket, Description: "Golden Thread: the checkpoints signed last", History: 1, Storage: jetstream.FileStorage, Replicas: replicas,
	}
	kv, err := s.JS.CreateOrUpdateKeyValue(ctx, config)
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
func (b *bucket) makeAnew(ctx context.Context, config jetstream.KeyValueConfig, there map[string]bucketEntry) (err error) {
	if err := b.stream.JS.DeleteKeyValue(ctx, Bucket); err != nil {
		return err
	}
	if b.KeyValue, err = b.stream.JS.CreateKeyValue(ctx, config); err != nil {
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

// readAll reads the bucket's keys one by one: for a damaged one the server answers that
// there is no such key, or not at all.
func (b *bucket) readAll(ctx context.Context) (map[string]bucketEntry, error) {
	st, err := b.stream.JS.Stream(ctx, BucketStream)
	if err != nil {
		return nil, err
	}
	info, err := st.Info(ctx, jetstream.WithSubjectFilter(bucketSubject+">"))
	if err != nil {
		return nil, err
	}
	there := map[string]bucketEntry{}
	for subject := range info.State.Subjects {
		name := strings.TrimPrefix(subject, bucketSubject)
		entry, unread := b.read(ctx, name)
		if unread == nil {
			there[name] = bucketEntry{entry.Value(), entry.Revision()}
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

// openSigners reads the signing keys, or makes the first one if nothing was ever signed.
// The first node puts the installation's name into the bucket, so that all nodes sign
// under one name.
func (l *Logs) openSigners(ctx context.Context, installation string, there map[string]bucketEntry, signed bool) (err error) {
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

// reopenLog opens a log at the later of the checkpoints in the folder and in the bucket. If
// there are some and none is properly signed, the log is stuck.
func (l *Logs) reopenLog(name string, there bucketEntry) error {
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
	if err := l.openLog(g, l.signers.originOf(name, signed), signed); err != nil {
		return err
	}
	g.from, g.handed = uint64(g.log.Tree().N), uint64(g.log.Tree().N)
	g.checkContinues(there.value)
	return nil
}

// checkContinues makes the log stuck if that checkpoint is of another history.
func (g *groupLog) checkContinues(signed []byte) {
	c, err := tilelog.OpenCheckpoint(signed, g.log.Origin(), g.log.VKeys())
	if err != nil || c.N == 0 {
		return // none, or not to be relied on
	}
	if err := g.log.Extends(c); errors.Is(err, tilelog.ErrForked) {
		g.stuck = err
	}
}

// OriginOf is the checkpoint's origin, if a log of the group can have it under these keys; otherwise that
// of the group's first log.
func OriginOf(keys []tilelog.Key, group string, signed []byte) string {
	return signers(keys).originOf(group, signed)
}

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

// isLaterOrigin says whether, of two origins of one group's logs, a is the later: base,
// base/2, … base/10.
func isLaterOrigin(a, b string) bool { return len(a) > len(b) || len(a) == len(b) && a > b }

// later is the one of two checkpoints that was signed later; nil if both are nil. The
// error says that neither is properly signed.
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
		if best == nil || isLaterOrigin(c.Origin, of.Origin) || c.Origin == of.Origin && c.N > of.N {
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
	case isLaterOrigin(origin, g.log.Origin()):
		return torchwood.Checkpoint{}, nil, fmt.Errorf("another node began a new log, %s; start this node again", origin)
	case isLaterOrigin(g.log.Origin(), origin):
		return torchwood.Checkpoint{}, nil, nil // of the log before this one
	}
	c, err := tilelog.OpenCheckpoint(entry.Value(), g.log.Origin(), g.log.VKeys())
	if err != nil {
		return torchwood.Checkpoint{}, nil, fmt.Errorf("the checkpoint in the bucket: %w", err)
	}
	return c, entry.Value(), nil
}
