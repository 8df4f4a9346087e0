package witness

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// A Source is a log as far as witnesses need it.
type Source interface {
	// Checkpoint is the newest checkpoint, signed by the log.
	Checkpoint(ctx context.Context) ([]byte, error)
	// Consistency proves that the tree of the second size extends that of the first.
	Consistency(ctx context.Context, from, to int64) (tlog.TreeProof, error)
}

const (
	requestTimeout = 10 * time.Second
	mostAnswer     = 16 << 10 // bytes
	mostTries      = 3        // with which a witness to which other nodes push as well is caught up with at once
	firstPause     = time.Second
	longestPause   = 5 * time.Minute
)

// A Pusher shows a log's checkpoints to its witnesses and keeps their
// cosignatures. It runs beside the log: nobody who writes waits for it, and a
// witness that does not answer holds up no other.
type Pusher struct {
	dir    string
	source Source
	policy torchwood.Policy // log and quorum
	log    *slog.Logger
	client *http.Client
	pause  time.Duration // after the first failure

	// OnAhead is called, unless nil, with what *Ahead a try met. It is set before Run and Ask.
	OnAhead func(*Ahead)

	mu        sync.Mutex
	witnesses []*pushed
	quorum    []byte // newest checkpoint that enough witnesses cosigned
	size      int64  // its size
}

// pushed is one witness and how far it is.
type pushed struct {
	Witness
	path     string
	wake     chan struct{} // takes one
	cosigned []byte        // newest checkpoint that it cosigned, with the log's signature and its own
	size     int64         // of that
	behind   time.Time     // since when there is a larger one; zero: none is known
	newest   int64         // size of the largest checkpoint that it is to cosign
	trouble  error         // of the last try
}

// NewPusher takes up what was kept in the folder, which belongs to one log. The
// policy is the log's key and the quorum, as Policy writes it.
func NewPusher(dir string, source Source, witnesses []Witness, policy []byte, log *slog.Logger) (*Pusher, error) {
	parsed, err := ParsePolicy(policy)
	if err != nil {
		return nil, fmt.Errorf("the witness policy: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	p := &Pusher{dir: dir, source: source, policy: parsed, log: log, client: &http.Client{Timeout: requestTimeout, CheckRedirect: stays}, pause: firstPause}
	for _, w := range witnesses {
		kept := &pushed{Witness: w, path: filepath.Join(dir, fmt.Sprintf("%x.cosigned", sha256.Sum256([]byte(w.VKey())))), wake: make(chan struct{}, 1)}
		if err := p.takeUp(kept); err != nil {
			return nil, fmt.Errorf("what witness %s cosigned: %w", w.Name(), err)
		}
		p.witnesses = append(p.witnesses, kept)
	}
	return p, p.takeUpQuorum()
}

// stays goes nowhere that a witness points to: the operator named its address.
func stays(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// takeUp reads what the witness cosigned last.
func (p *Pusher) takeUp(w *pushed) error {
	saved, err := os.ReadFile(w.path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	c, err := checkpointOf(saved, w.verifier)
	w.cosigned, w.size = saved, c.N
	return err
}

func (p *Pusher) quorumPath() string { return filepath.Join(p.dir, "quorum.cosigned") }

func (p *Pusher) takeUpQuorum() error {
	saved, err := os.ReadFile(p.quorumPath())
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	// Under another policy than today's it may not be enough any more.
	if c, _, err := torchwood.VerifyCheckpoint(saved, p.policy); err == nil {
		p.quorum, p.size = saved, c.N
	}
	return nil
}

// checkpointOf is the checkpoint if it carries the verifier's signature.
func checkpointOf(signed []byte, v note.Verifier) (torchwood.Checkpoint, error) {
	n, err := note.Open(signed, note.VerifierList(v))
	if err != nil {
		return torchwood.Checkpoint{}, err
	}
	return torchwood.ParseCheckpoint(n.Text)
}

// Notify says that there is a new checkpoint. It never blocks.
func (p *Pusher) Notify() {
	for _, w := range p.witnesses {
		select {
		case w.wake <- struct{}{}:
		default:
		}
	}
}

// Run pushes until ctx ends.
func (p *Pusher) Run(ctx context.Context) {
	var wg sync.WaitGroup
	for _, w := range p.witnesses {
		wg.Go(func() { p.keepUp(ctx, w) })
	}
	p.Notify()
	wg.Wait()
}

// keepUp pushes to one witness: when there is something new, and, after a
// failure, again and again with longer pauses.
func (p *Pusher) keepUp(ctx context.Context, w *pushed) {
	pause := p.pause
	for {
		select {
		case <-w.wake:
		case <-ctx.Done():
			return
		}
		for err := p.try(ctx, w); err != nil && ctx.Err() == nil; err = p.try(ctx, w) {
			p.log.Warn("a witness did not cosign", "witness", w.Name(), "url", w.URL(), "error", err, "again", pause)
			select {
			case <-time.After(pause):
			case <-ctx.Done():
				return
			}
			pause = min(2*pause, longestPause)
		}
		pause = p.pause
	}
}

// Ask tries each witness once, all at the same time, and returns when they have answered,
// or ctx ends. OnAhead has then been called for each that is ahead.
func (p *Pusher) Ask(ctx context.Context) {
	var wg sync.WaitGroup
	for _, w := range p.witnesses {
		wg.Go(func() { p.try(ctx, w) })
	}
	wg.Wait()
}

// try is one attempt to catch up, and what became of it for all to see.
func (p *Pusher) try(ctx context.Context, w *pushed) error {
	err := p.catchUp(ctx, w)
	p.mu.Lock()
	w.trouble = err
	p.mu.Unlock()
	if ahead := new(Ahead); errors.As(err, &ahead) && p.OnAhead != nil {
		p.OnAhead(ahead)
	}
	return err
}

// Ahead says that a witness has cosigned more events than the log shows it, or events that
// the log does not continue.
type Ahead struct {
	Witness string
	Size    int64 // events that it has cosigned
	Shown   int64 // events of the checkpoint that it was shown
}

// Forked says whether the log does not continue what the witness has cosigned.
func (a *Ahead) Forked() bool { return a.Size <= a.Shown }

func (a *Ahead) Error() string {
	if a.Forked() {
		return fmt.Sprintf("it has cosigned a tree of size %d that this log's of size %d does not extend: there are two histories of this log", a.Size, a.Shown)
	}
	return fmt.Sprintf("it has cosigned a tree of size %d, and this log shows it one of size %d: another node is ahead, or this log has lost events that were shown", a.Size, a.Shown)
}

// A conflict is a witness's word that it has cosigned another size.
type conflict struct{ size int64 }

func (c *conflict) Error() string {
	return fmt.Sprintf("it has cosigned a tree of size %d", c.size)
}

// catchUp has the newest checkpoint cosigned, unless it is already.
func (p *Pusher) catchUp(ctx context.Context, w *pushed) error {
	checkpoint, err := p.source.Checkpoint(ctx)
	if err != nil {
		return fmt.Errorf("read the log's checkpoint: %w", err)
	}
	c, err := textOf(checkpoint)
	if err != nil {
		return err
	}
	if p.noteNewest(w, c) {
		return nil
	}
	from := w.size
	before, err := textOf(w.cosigned)
	shorter := err == nil && before.Origin == c.Origin && from > c.N
	if err != nil || before.Origin != c.Origin || shorter {
		from = 0 // another log than before, or a shorter one: what the witness has, it says
	}
	answer, err := p.push(ctx, w, from, c.N, checkpoint)
	var other *conflict
	for range mostTries { // other nodes push to it as well, and may do so in between
		if !errors.As(err, &other) || other.size == from || other.size > c.N {
			break
		}
		from = other.size
		answer, err = p.push(ctx, w, from, c.N, checkpoint)
	}
	switch {
	case errors.As(err, &other) && (other.size > c.N || other.size == from && from == c.N): // it has more, or another tree of this size
		return &Ahead{w.Name(), other.size, c.N}
	case err != nil && shorter:
		return fmt.Errorf("%w (%w)", &Ahead{w.Name(), w.size, c.N}, err)
	case err != nil:
		return err
	}
	return p.keep(w, c, checkpoint, answer)
}

// noteNewest notes what the witness is to cosign; true if it has.
func (p *Pusher) noteNewest(w *pushed, c torchwood.Checkpoint) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	w.newest = c.N
	done, err := textOf(w.cosigned)
	if err == nil && done.Tree == c.Tree {
		w.behind = time.Time{}
		return true
	}
	if w.behind.IsZero() {
		w.behind = time.Now()
	}
	return false
}

// textOf is the checkpoint that a note holds, its signatures not looked at.
func textOf(signed []byte) (torchwood.Checkpoint, error) {
	text, _, ok := bytes.Cut(signed, []byte("\n\n"))
	if !ok {
		return torchwood.Checkpoint{}, errors.New("this is not a signed checkpoint")
	}
	return torchwood.ParseCheckpoint(string(text) + "\n")
}

// push sends one request and returns the body of the answer.
func (p *Pusher) push(ctx context.Context, w *pushed, from, to int64, checkpoint []byte) ([]byte, error) {
	r := request{old: from, checkpoint: checkpoint}
	if from > 0 && from < to {
		var err error
		if r.proof, err = p.source.Consistency(ctx, from, to); err != nil {
			return nil, fmt.Errorf("prove that %d extends %d: %w", to, from, err)
		}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL()+"/add-checkpoint", bytes.NewReader(r.encode()))
	if err != nil {
		return nil, err
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, mostAnswer))
	if err != nil {
		return nil, err
	}
	switch resp.StatusCode {
	case http.StatusOK:
		return answer, nil
	case http.StatusConflict:
		if size, err := strconv.ParseInt(strings.TrimSuffix(string(answer), "\n"), 10, 64); err == nil && size >= 0 {
			return nil, &conflict{size}
		}
	case http.StatusUnprocessableEntity:
		if from > 0 { // it has cosigned that many events, and was given a proof that holds for those here
			return nil, fmt.Errorf("%w (it answered %s)", &Ahead{w.Name(), from, to}, resp.Status)
		}
	}
	return nil, fmt.Errorf("it answered %s: %q", resp.Status, bytes.TrimSpace(answer[:min(len(answer), 200)]))
}

// keep verifies the cosignature and keeps it, on disk before anybody sees it.
func (p *Pusher) keep(w *pushed, c torchwood.Checkpoint, checkpoint, answer []byte) error {
	all := append(bytes.Clone(checkpoint), answer...)
	n, err := note.Open(all, note.VerifierList(w.verifier))
	if err != nil {
		return fmt.Errorf("its answer does not hold its cosignature: %w", err)
	}
	cosigned := append(bytes.Clone(checkpoint), lineOf(n.Sigs[0])...)
	if err := writeSynced(w.path, cosigned); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	w.cosigned, w.size, w.behind = cosigned, c.N, time.Time{}
	return p.keepQuorum(c, checkpoint)
}

func lineOf(s note.Signature) string { return "— " + s.Name + " " + s.Base64 + "\n" }

// keepQuorum keeps the checkpoint if by now enough witnesses have cosigned it.
func (p *Pusher) keepQuorum(c torchwood.Checkpoint, checkpoint []byte) error {
	with := p.cosigned(checkpoint)
	if _, _, err := torchwood.VerifyCheckpoint(with, p.policy); err != nil || c.N < p.size {
		return nil
	}
	if err := writeSynced(p.quorumPath(), with); err != nil {
		return err
	}
	p.quorum, p.size = with, c.N
	return nil
}

// cosigned is the checkpoint with all cosignatures on it that are kept.
func (p *Pusher) cosigned(checkpoint []byte) []byte {
	with := bytes.Clone(checkpoint)
	text, _, _ := bytes.Cut(checkpoint, []byte("\n\n"))
	for _, w := range p.witnesses {
		if theirs, _, ok := bytes.Cut(w.cosigned, []byte("\n\n")); ok && bytes.Equal(theirs, text) {
			if n, err := note.Open(w.cosigned, note.VerifierList(w.verifier)); err == nil {
				with = append(with, lineOf(n.Sigs[0])...)
			}
		}
	}
	return with
}

// Cosigned is the log's checkpoint with the cosignatures that its witnesses have
// given so far: what the log serves.
func (p *Pusher) Cosigned(checkpoint []byte) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cosigned(checkpoint)
}

// Quorum is the newest checkpoint that the policy's quorum has cosigned; nil if
// there is none yet.
func (p *Pusher) Quorum() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.quorum
}

// A Lag says how far a witness is behind the log.
type Lag struct {
	Name     string    `json:"name"`
	URL      string    `json:"url"`
	Cosigned int64     `json:"cosigned" doc:"size of the tree that it cosigned last"`
	Size     int64     `json:"size" doc:"size of the newest tree that it was shown"`
	Since    time.Time `json:"since,omitzero" doc:"since when it is behind; none: it is not"`
	Trouble  string    `json:"trouble,omitempty" doc:"why the last try failed"`
}

// Lags says how far each witness is, in the order in which they were named.
func (p *Pusher) Lags() []Lag {
	p.mu.Lock()
	defer p.mu.Unlock()
	lags := make([]Lag, len(p.witnesses))
	for i, w := range p.witnesses {
		lags[i] = Lag{Name: w.Name(), URL: w.URL(), Cosigned: w.size, Size: max(w.newest, w.size), Since: w.behind}
		if w.trouble != nil {
			lags[i].Trouble = w.trouble.Error()
		}
	}
	return lags
}
