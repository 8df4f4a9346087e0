package logs

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"goldenthread/eventstore/commit"
	"goldenthread/eventstore/stream"
	"goldenthread/eventstore/tilelog"
)

// The rounds in which logs grow (see logs). What waits is appended, after what
// was not held and is read from the stream again; all of it is synced once,
// signed, and published.

// Rounds are made by one goroutine, in which all logs grow.
type rounds struct {
	*Logs
	asked  chan func()   // what else is to be done between rounds
	ended  chan struct{} // closed after the last round
	marked time.Time     // when the mark was made last
}

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
func (r *rounds) round(ctx context.Context, last bool) (behind bool) {
	r.mu.Lock()
	m := r.noteMark(last)
	var all []*growth
	for _, g := range r.grown {
		all = append(all, &growth{groupLog: g, from: g.from, lines: g.lines, to: g.from + uint64(len(g.lines))})
		g.from, g.lines = g.from+uint64(len(g.lines)), nil
	}
	clear(r.grown)
	r.held = 0
	r.mu.Unlock()
	var growing, ready []*growth
	for _, g := range all {
		if g.stuck != nil {
			continue
		}
		if err := r.limit(ctx, g); err != nil {
			r.failed(ctx, g, err)
		} else {
			growing = append(growing, g)
		}
	}
	r.readBacklog(ctx, growing)
	for _, g := range growing {
		start := time.Now()
		err := r.extend(ctx, g)
		if r.rest(ctx, start, len(growing), last); err != nil {
			r.failed(ctx, g, err)
			continue
		}
		ready = append(ready, g)
		if g.behind() {
			behind = true
			r.again(g.groupLog)
		}
	}
	if err := r.folder.Sync(); err != nil {
		for _, g := range ready {
			r.failed(ctx, g, fmt.Errorf("sync the logs: %w", err))
		}
		return false
	}
	for _, g := range ready {
		start := time.Now()
		if err := r.sign(ctx, g); err != nil {
			r.failed(ctx, g, err)
		}
		r.rest(ctx, start, len(ready), last)
	}
	r.mu.Lock()
	close(r.signed)
	r.signed = make(chan struct{})
	r.mu.Unlock()
	if m != nil && !behind {
		r.mark(ctx, m)
	}
	return behind
}

// Between has f called between two rounds, by the goroutine that makes them.
func (l *Logs) Between(f func()) { l.rounds.asked <- f }

// MakeRound makes a round. It is called by Between only. It says whether some logs
// are behind even so.
func (l *Logs) MakeRound(ctx context.Context) (behind bool) { return l.rounds.round(ctx, false) }

// rest leaves the processor and the disk to the writer, between one of so many
// logs and the next: whoever waits for a command waits for no whole round.
func (r *rounds) rest(ctx context.Context, since time.Time, logs int, last bool) {
	if !last && logs > 1 {
		stream.Pause(ctx, min(logRest*time.Since(since), logRests/time.Duration(logs)))
	}
}

// failed leaves the log for a later round. What was handed over is in the
// stream. A group whose log was signed with another history stops: whoever
// writes on would only part further from what somebody has seen signed.
func (r *rounds) failed(ctx context.Context, g *growth, err error) {
	r.log.Error("a log could not be brought up to date", "group", g.name, "error", err)
	if errors.Is(err, tilelog.ErrForked) {
		r.mu.Lock()
		g.stuck = err
		r.mu.Unlock()
		r.stream.Positions.Stop(&commit.Stopped{Group: g.name, At: r.stream.Next(g.name), Why: err})
		return
	}
	if g.log.Intact() != nil {
		r.mend(ctx, g.groupLog)
	}
	r.again(g.groupLog)
}

// mendAll mends the logs that can't go on from their checkpoints.
func (r *rounds) mendAll(ctx context.Context) {
	for _, name := range r.Names() {
		if g := r.group(name); g.stuck == nil && g.log.Tree().N > 0 && g.log.Intact() != nil {
			r.mend(ctx, g)
		}
	}
}

// mend rebuilds what is damaged of a log from the stream, once the root proves
// that right, and names the files.
func (r *rounds) mend(ctx context.Context, g *groupLog) ([]string, error) {
	mended, err := g.log.Rebuild(r.stream.Lines(ctx, g.name, 0, uint64(g.log.Tree().N)))
	if len(mended) > 0 || err != nil {
		r.log.Warn("a log was damaged and is rebuilt from the stream", "group", g.name, "files", mended, "error", err)
	}
	return mended, err
}

// again has the log looked at in the next round.
func (r *rounds) again(g *groupLog) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.grown[g.name] = g
	r.nudge()
}

// readBacklog reads what logs lack from the stream, for all of them in one go: a
// message has lines of many groups.
func (r *rounds) readBacklog(ctx context.Context, growing []*growth) {
	lacking, first := map[string]*growth{}, uint64(math.MaxUint64)
	for _, g := range growing {
		if !g.behind() {
			continue
		}
		if at, err := r.stream.Positions.Find(g.name, g.written()); err == nil && at.Sequence > 0 {
			lacking[g.name], first = g, min(first, at.Sequence)
		}
	}
	if len(lacking) == 0 {
		return
	}
	size := 0
	for m, err := range r.stream.Messages(ctx, first, r.stream.Applied.Load()) {
		if err != nil {
			return // whose log lacks lines even so is told why as it is extended
		}
		pieces, err := commit.Cut(m.Header, m.Body)
		if err != nil {
			return
		}
		for i := range pieces {
			p := &pieces[i]
			g := lacking[p.Group]
			if g == nil || p.Index < g.written() {
				continue
			}
			if p.Index == g.written() {
				g.backlog = append(g.backlog, p.Entry.Line)
				size += len(p.Entry.Line)
			}
			if p.Index >= g.written() || !g.behind() { // the stream has a gap, or this is all
				delete(lacking, p.Group)
			}
		}
		if len(lacking) == 0 || size > r.Limits.Backlog {
			return
		}
	}
}

// extend appends to one log: what it lacked, or a part of that, and then the
// lines that were handed over.
func (r *rounds) extend(ctx context.Context, g *growth) (err error) {
	if g.behind() && len(g.backlog) == 0 {
		from := g.written()
		if g.backlog, err = r.stream.ReadLines(ctx, g.name, from, min(g.from, g.to, from+logChunk)); err != nil {
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
func (r *rounds) limit(ctx context.Context, g *growth) (err error) {
	if !r.stream.Alone {
		g.to, err = r.agreed(ctx, g, g.to)
	}
	return err
}

// agreed is how far the log may grow where several nodes sign: up to the
// checkpoint in the bucket, which it must continue, if that is for more; else as
// far as there is, if this node wrote last, or the one that did has not signed
// for a while.
func (r *rounds) agreed(ctx context.Context, g *growth, to uint64) (uint64, error) {
	c, signed, err := r.inBucket(ctx, g.groupLog)
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
	case c.N <= written && r.mine(g.groupLog):
		return to, nil
	default:
		g.left = true
	}
	if limit < to || g.left && written > published {
		r.again(g.groupLog)
	}
	return limit, nil
}

// mine says whether this node signs: it wrote last, or the one that did has left
// the group's log behind.
func (r *rounds) mine(g *groupLog) bool {
	switch {
	case r.stream.OtherWriter() == "", !g.since.IsZero() && time.Since(g.since) > logLongest:
		g.since = time.Time{}
		return true
	case g.since.IsZero():
		g.since = time.Now()
	}
	return false
}

// sign signs for what was appended and synced, and publishes that.
func (r *rounds) sign(ctx context.Context, g *growth) error {
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
	put, cancel := context.WithTimeout(ctx, stream.RequestTimeout)
	defer cancel()
	revision, err := r.bucket.Update(put, g.name, signed, g.revision)
	if err != nil {
		return r.overtaken(ctx, g, err)
	}
	g.revision = revision
	return g.log.Publish(signed)
}

// overtaken looks at what stands in the bucket instead: this log must continue
// it. The next round then goes on from there.
func (r *rounds) overtaken(ctx context.Context, g *growth, why error) error {
	c, signed, err := r.inBucket(ctx, g.groupLog)
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
