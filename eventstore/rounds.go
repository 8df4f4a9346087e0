package eventstore

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"goldenthread/eventstore/tilelog"
)

// The rounds in which logs grow (see logs). What waits is appended, after what
// was not held and is read from the stream again; all of it is synced once,
// signed, and published.

// A growth is what one log grows by in a round.
type growth struct {
	*groupLog
	backlog [][]byte // lines that the log goes on with, read from the stream
	from    uint64   // index of the first of lines
	lines   [][]byte
	to      uint64 // it may grow up to there
	by      []byte // the checkpoint of another node to grow up to; nil to sign here
	left    bool   // to another node to sign
}

// written is the index that the log goes on with, once the backlog is appended.
func (g *growth) written() uint64 { return uint64(g.log.Written()) + uint64(len(g.backlog)) }

// behind says whether the log lacks lines from before those that wait.
func (g *growth) behind() bool { return g.written() < min(g.from, g.to) }

// round brings the logs up to date with what was handed over, and makes a mark if
// it is time, or the last round. It says whether some are behind even so: what
// was not held is read from the stream a part at a time, and that part signed for.
func (l *Logs) round(ctx context.Context, last bool) (behind bool) {
	l.mu.Lock()
	m := l.noteMark(last)
	var all []*growth
	for _, g := range l.grown {
		all = append(all, &growth{groupLog: g, from: g.from, lines: g.lines, to: g.from + uint64(len(g.lines))})
		g.from, g.lines = g.from+uint64(len(g.lines)), nil
	}
	clear(l.grown)
	l.held = 0
	l.mu.Unlock()
	var growing, ready []*growth
	for _, g := range all {
		if g.stuck != nil {
			continue
		}
		if err := l.limit(ctx, g); err != nil {
			l.failed(ctx, g, err)
		} else {
			growing = append(growing, g)
		}
	}
	l.readBacklog(ctx, growing)
	for _, g := range growing {
		start := time.Now()
		err := l.extend(ctx, g)
		if l.rest(ctx, start, len(growing), last); err != nil {
			l.failed(ctx, g, err)
			continue
		}
		ready = append(ready, g)
		if g.behind() {
			behind = true
			l.again(g.groupLog)
		}
	}
	if err := l.folder.Sync(); err != nil {
		for _, g := range ready {
			l.failed(ctx, g, fmt.Errorf("sync the logs: %w", err))
		}
		return false
	}
	for _, g := range ready {
		start := time.Now()
		if err := l.sign(ctx, g); err != nil {
			l.failed(ctx, g, err)
		}
		l.rest(ctx, start, len(ready), last)
	}
	l.mu.Lock()
	close(l.signed)
	l.signed = make(chan struct{})
	l.mu.Unlock()
	if m != nil && !behind {
		l.mark(ctx, m)
	}
	return behind
}

// rest leaves the processor and the disk to the writer, between one of so many
// logs and the next: whoever waits for a command waits for no whole round.
func (l *Logs) rest(ctx context.Context, since time.Time, logs int, last bool) {
	if !last && logs > 1 {
		pause(ctx, min(logRest*time.Since(since), logRests/time.Duration(logs)))
	}
}

// failed leaves the log for a later round. What was handed over is in the
// stream. A group whose log was signed with another history stops: whoever
// writes on would only part further from what somebody has seen signed.
func (l *Logs) failed(ctx context.Context, g *growth, err error) {
	l.log.Error("a log could not be brought up to date", "group", g.name, "error", err)
	if errors.Is(err, tilelog.ErrForked) {
		l.mu.Lock()
		g.stuck = err
		l.mu.Unlock()
		l.stream.positions.stop(&Stopped{g.name, l.stream.Next(g.name), err})
		return
	}
	if g.log.Intact() != nil {
		l.mend(ctx, g.groupLog)
	}
	l.again(g.groupLog)
}

// mendAll mends the logs that can't go on from their checkpoints.
func (l *Logs) mendAll(ctx context.Context) {
	for _, name := range l.names() {
		if g := l.group(name); g.stuck == nil && g.log.Tree().N > 0 && g.log.Intact() != nil {
			l.mend(ctx, g)
		}
	}
}

// mend rebuilds what is damaged of a log from the stream, once the root proves
// that right, and names the files.
func (l *Logs) mend(ctx context.Context, g *groupLog) ([]string, error) {
	mended, err := g.log.Rebuild(l.stream.linesFrom(ctx, g.name, 0, uint64(g.log.Tree().N)))
	if len(mended) > 0 || err != nil {
		l.log.Warn("a log was damaged and is rebuilt from the stream", "group", g.name, "files", mended, "error", err)
	}
	return mended, err
}

// again has the log looked at in the next round.
func (l *Logs) again(g *groupLog) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.grown[g.name] = g
	l.nudge()
}

// readBacklog reads what logs lack from the stream, for all of them in one go: a
// message has lines of many groups.
func (l *Logs) readBacklog(ctx context.Context, growing []*growth) {
	lacking, first := map[string]*growth{}, uint64(math.MaxUint64)
	for _, g := range growing {
		if !g.behind() {
			continue
		}
		if at, err := l.stream.positions.find(g.name, g.written()); err == nil && at.sequence > 0 {
			lacking[g.name], first = g, min(first, at.sequence)
		}
	}
	if len(lacking) == 0 {
		return
	}
	size := 0
	for m, err := range l.stream.streamed(ctx, first, l.stream.applied.Load()) {
		if err != nil {
			return // whose log lacks lines even so is told why as it is extended
		}
		pieces, err := cutCommit(m.header, m.body)
		if err != nil {
			return
		}
		for i := range pieces {
			p := &pieces[i]
			g := lacking[p.group]
			if g == nil || p.index < g.written() {
				continue
			}
			if p.index == g.written() {
				g.backlog = append(g.backlog, p.entry.Line)
				size += len(p.entry.Line)
			}
			if p.index >= g.written() || !g.behind() { // the stream has a gap, or this is all
				delete(lacking, p.group)
			}
		}
		if len(lacking) == 0 || size > l.backlog {
			return
		}
	}
}

// extend appends to one log: what it lacked, or a part of that, and then the
// lines that were handed over.
func (l *Logs) extend(ctx context.Context, g *growth) (err error) {
	if g.behind() && len(g.backlog) == 0 {
		from := g.written()
		if g.backlog, err = l.stream.streamLines(ctx, g.name, from, min(g.from, g.to, from+logChunk)); err != nil {
			return err
		}
	}
	if g.behind() && g.by != nil {
		g.by, g.left = nil, true // it is not as far yet
	}
	lines := g.backlog
	if !g.behind() && g.written() < g.to {
		lines = append(lines, g.lines[g.written()-g.from:g.to-g.from]...)
	}
	if g.backlog = nil; len(lines) == 0 {
		return nil
	}
	return g.log.Append(lines)
}

// limit says how far the log may grow.
func (l *Logs) limit(ctx context.Context, g *growth) (err error) {
	if !l.stream.alone {
		g.to, err = l.agreed(ctx, g, g.to)
	}
	return err
}

// agreed is how far the log may grow where several nodes sign: up to the
// checkpoint in the bucket, which it must continue, if that is for more; else as
// far as there is, if this node wrote last, or the one that did has not signed
// for a while.
func (l *Logs) agreed(ctx context.Context, g *growth, to uint64) (uint64, error) {
	c, signed, err := l.inBucket(ctx, g.groupLog)
	if err != nil {
		return 0, err
	}
	written, published := g.log.Written(), g.log.Tree().N
	if c.N > 0 && c.N <= written {
		if err := g.log.Extends(c); err != nil {
			return 0, err
		}
	}
	limit := uint64(written)
	switch {
	case c.N > published && c.N >= written && uint64(c.N) <= to:
		g.by, limit = signed, uint64(c.N)
	case c.N <= written && l.mine(g.groupLog):
		return to, nil
	default:
		g.left = true
	}
	if limit < to || g.left && written > published {
		l.again(g.groupLog)
	}
	return limit, nil
}

// mine says whether this node signs: it wrote last, or the one that did has left
// the group's log behind.
func (l *Logs) mine(g *groupLog) bool {
	switch {
	case l.stream.elsewhere() == "", !g.since.IsZero() && time.Since(g.since) > logLongest:
		g.since = time.Time{}
		return true
	case g.since.IsZero():
		g.since = time.Now()
	}
	return false
}

// sign signs for what was appended and synced, and publishes that.
func (l *Logs) sign(ctx context.Context, g *growth) error {
	switch {
	case g.left, g.log.Written() == g.log.Tree().N:
		return nil
	case g.by != nil:
		g.since = time.Time{}
		return g.log.Publish(g.by)
	}
	signed, err := g.log.Sign()
	if err != nil {
		return err
	}
	put, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	revision, err := l.bucket.Update(put, g.name, signed, g.revision)
	if err != nil {
		return l.overtaken(ctx, g, err)
	}
	g.revision = revision
	return g.log.Publish(signed)
}

// overtaken looks at what stands in the bucket instead: this log must continue
// it. The next round then goes on from there.
func (l *Logs) overtaken(ctx context.Context, g *growth, why error) error {
	c, signed, err := l.inBucket(ctx, g.groupLog)
	if err != nil {
		return errors.Join(why, err)
	}
	if c.N > g.log.Written() {
		return why
	}
	if c.N > 0 {
		if err := g.log.Extends(c); err != nil {
			return err
		}
	}
	if c.N == g.log.Written() {
		return g.log.Publish(signed)
	}
	return why
}
