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

// Rounds are made by one goroutine. In a round each log that grew is appended to: first
// events that are read from the stream, if their lines were dropped, then the lines that
// wait. Then all logs are synced at once, signed and published.
type rounds struct {
	*Logs
	asked  chan func()   // functions to be called between rounds
	ended  chan struct{} // closed after the last round
	marked time.Time     // when the mark was made last
}

// A growth is what is appended to one log in a round.
type growth struct {
	*groupLog
	backlog         [][]byte // lines that the log lacks before them, read from the stream
	from            uint64   // index of the first of lines
	lines           [][]byte
	to              uint64 // the index up to which the log may grow
	otherCheckpoint []byte // the checkpoint of another node to grow up to; nil to sign here
	leftToOther     bool   // another node signs
}

// written is the index of the next event, once the backlog is appended.
func (g *growth) written() uint64 { return uint64(g.log.Written()) + uint64(len(g.backlog)) }

// behind says whether the log lacks events before those whose lines wait.
func (g *growth) behind() bool { return g.written() < min(g.from, g.to) }

// makeRound brings the logs up to date, and writes a mark if it is time or the last
// round. It returns true if some logs need another round: what must be read from the
// stream is read and signed for in parts.
func (r *rounds) makeRound(ctx context.Context, last bool) (behind bool) {
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
		if err := r.limitGrowth(ctx, g); err != nil {
			r.noteFailure(ctx, g, err)
		} else {
			growing = append(growing, g)
		}
	}
	r.readBacklog(ctx, growing)
	for _, g := range growing {
		start := time.Now()
		err := r.appendLines(ctx, g)
		if r.pauseAfterLog(ctx, start, len(growing), last); err != nil {
			r.noteFailure(ctx, g, err)
			continue
		}
		ready = append(ready, g)
		if g.behind() {
			behind = true
			r.includeNextRound(g.groupLog)
		}
	}
	if err := r.folder.Sync(); err != nil {
		for _, g := range ready {
			r.noteFailure(ctx, g, fmt.Errorf("sync the logs: %w", err))
		}
		return false
	}
	for _, g := range ready {
		start := time.Now()
		if err := r.sign(ctx, g); err != nil {
			r.noteFailure(ctx, g, err)
		}
		r.pauseAfterLog(ctx, start, len(ready), last)
	}
	r.mu.Lock()
	close(r.signed)
	r.signed = make(chan struct{})
	r.mu.Unlock()
	if m != nil && !behind {
		r.writeMark(ctx, m)
	}
	return behind
}

// Between has f called between two rounds, by the goroutine that makes them.
func (l *Logs) Between(f func()) { l.rounds.asked <- f }

// MakeRound makes a round, within the function given to Between. It returns true if some
// logs need another one.
func (l *Logs) MakeRound(ctx context.Context) (behind bool) { return l.rounds.makeRound(ctx, false) }

// pauseAfterLog pauses between one log and the next of so many, so that a command never
// waits for a whole round.
func (r *rounds) pauseAfterLog(ctx context.Context, since time.Time, logs int, last bool) {
	if !last && logs > 1 {
		stream.Pause(ctx, min(logRest*time.Since(since), logRests/time.Duration(logs)))
	}
}

// noteFailure leaves the log for a later round, which reads the events from the stream. If
// another history was signed for, it stops the group: somebody may have seen that one.
func (r *rounds) noteFailure(ctx context.Context, g *growth, err error) {
	r.log.Error("a log could not be brought up to date", "group", g.name, "error", err)
	if errors.Is(err, tilelog.ErrForked) {
		r.mu.Lock()
		g.stuck = err
		r.mu.Unlock()
		r.stream.Positions.Stop(&commit.Stopped{Group: g.name, At: r.stream.Next(g.name), Why: err})
		return
	}
	if g.isDamaged() {
		r.mendLog(ctx, g.groupLog)
	}
	r.includeNextRound(g.groupLog)
}

// isDamaged says whether the log can't go on from its checkpoint. That its files can't be
// opened now, since too many are open, is no damage.
func (g *groupLog) isDamaged() bool {
	err := g.log.Intact()
	return err != nil && !tilelog.OutOfFiles(err)
}

// mendAll mends the logs that can't go on from their checkpoints.
func (r *rounds) mendAll(ctx context.Context) {
	for _, name := range r.Names() {
		if g := r.groupLog(name); g.stuck == nil && g.log.Tree().N > 0 && g.isDamaged() {
			r.mendLog(ctx, g)
		}
	}
}

// mendLog rebuilds damaged files of a log from the stream, if the stream's events have the
// signed root, and returns their names. What could not be mended is tried again: soon if the
// stream does not answer or the files can't be written just now, otherwise later.
func (r *rounds) mendLog(ctx context.Context, g *groupLog) ([]string, error) {
	mended, err := g.log.Rebuild(r.stream.Lines(ctx, g.name, 0, uint64(g.log.Tree().N)))
	if len(mended) > 0 || err != nil {
		r.log.Warn("a log was missing or damaged here, and is rebuilt from the stream", "group", g.name, "files", mended, "error", err)
	}
	switch {
	case err == nil || ctx.Err() != nil:
	case isLost(err):
		r.mendAt(g.name, time.Now().Add(logMendLost))
	default:
		r.mendAt(g.name, time.Now().Add(logMend))
	}
	return mended, err
}

// includeNextRound has the next round look at the log.
func (r *rounds) includeNextRound(g *groupLog) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.grown[g.name] = g
	r.wakeRounds()
}

// readBacklog reads what all these logs lack from the stream, in one pass, since a message
// has lines of many groups.
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
			return // appendLines meets the error again, and returns it
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

// appendLines appends to one log: its backlog, or a part of that, then the lines that
// wait.
func (r *rounds) appendLines(ctx context.Context, g *growth) (err error) {
	if g.behind() && len(g.backlog) == 0 {
		from := g.written()
		if g.backlog, err = r.stream.ReadLines(ctx, g.name, from, min(g.from, g.to, from+logChunk)); err != nil {
			return err
		}
	}
	if g.behind() && g.otherCheckpoint != nil {
		g.otherCheckpoint, g.leftToOther = nil, true // this log is not that far yet
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

// limitGrowth sets how far the log may grow.
func (r *rounds) limitGrowth(ctx context.Context, g *growth) (err error) {
	if !r.stream.Alone {
		g.to, err = r.limitAmongNodes(ctx, g, g.to)
	}
	return err
}

// limitAmongNodes is how far the log may grow where several nodes sign. If the checkpoint
// in the bucket is for more events, up to that one. Otherwise to, if this node signs.
// The log must continue the checkpoint in the bucket (tilelog.ErrForked).
func (r *rounds) limitAmongNodes(ctx context.Context, g *growth, to uint64) (uint64, error) {
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
		g.otherCheckpoint, limit = signed, uint64(c.N)
	case c.N <= written && r.signsHere(g.groupLog):
		return to, nil
	default:
		g.leftToOther = true
	}
	if limit < to || g.leftToOther && written > published {
		r.includeNextRound(g.groupLog)
	}
	return limit, nil
}

// signsHere says whether this node signs: it wrote last, or the node that did has not
// signed for a second.
func (r *rounds) signsHere(g *groupLog) bool {
	switch {
	case r.stream.OtherWriter() == "", !g.since.IsZero() && time.Since(g.since) > logLongest:
		g.since = time.Time{}
		return true
	case g.since.IsZero():
		g.since = time.Now()
	}
	return false
}

// sign signs a checkpoint for what was appended and synced, and publishes it.
func (r *rounds) sign(ctx context.Context, g *growth) error {
	switch {
	case g.leftToOther, g.log.Written() == g.log.Tree().N:
		return nil
	case g.otherCheckpoint != nil:
		g.since = time.Time{}
		return g.log.Publish(g.otherCheckpoint)
	}
	signed, err := g.log.Sign()
	if err != nil {
		return err
	}
	put, cancel := context.WithTimeout(ctx, stream.RequestTimeout)
	defer cancel()
	revision, err := r.bucket.Update(put, g.name, signed, g.revision)
	if err != nil {
		return r.followBucket(ctx, g, err)
	}
	g.revision = revision
	return g.log.Publish(signed)
}

// followBucket reads the other checkpoint that is in the bucket, which this log must
// continue. The next round goes on from it.
func (r *rounds) followBucket(ctx context.Context, g *growth, why error) error {
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
