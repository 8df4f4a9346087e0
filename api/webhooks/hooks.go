package webhooks

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go/jetstream"

	"goldenthread/eventstore"
	"goldenthread/projections"
)

const (
	bucketName    = "WEBHOOKS"
	between       = 15 * time.Second // rounds
	sendTimeout   = 20 * time.Second
	recordTimeout = 10 * time.Second
	claimed       = 5 * sendTimeout // for which another node leaves a message alone that one is sending
	mostTries     = 10
	mostRead      = 500 // events that are looked at for one message
	mostLines     = 20  // in one message
)

// waits are how long after each failure a message is tried again; the last holds for all
// further ones.
var waits = []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 4 * time.Hour, 12 * time.Hour, 24 * time.Hour}

// State is how a destination stands.
type State string

const (
	Ready   State = "ready"   // nothing waits
	Waiting State = "waiting" // a message is to be tried again
	GaveUp  State = "gave up" // the newest message was tried too often, and is lost there
)

// A record is how far a destination has been told. It holds neither address nor secret.
type record struct {
	Next  uint64    `json:"next"`          // index of the first event that it has not been told of
	UpTo  uint64    `json:"upTo,omitzero"` // of a message that waits: index after its last event
	State State     `json:"state"`
	Why   string    `json:"why,omitempty"` // the last try failed
	Tries int       `json:"tries,omitzero"`
	At    time.Time `json:"at,omitzero"`    // of the message that waits, by which it is the same each time
	Again time.Time `json:"again,omitzero"` // not tried before
	Sent  time.Time `json:"sent,omitzero"`  // when a message was taken last

	revision uint64
}

// Options are what Hooks work with.
type Options struct {
	Destinations []Destination
	Link         string // address of the pages, for the messages; may be empty
	Store        *eventstore.Store
	Groups       *projections.Groups
	Stream       jetstream.JetStream
	Replicas     int
	Clock        func() time.Time // nil is time.Now
	Log          *slog.Logger
	Transport    http.RoundTripper // nil is a usual one
}

// Hooks send messages to all destinations. Several, on several nodes, share one bucket.
type Hooks struct {
	o      Options
	bucket jetstream.KeyValue
	client http.Client
}

// Open are hooks that are ready to send.
func Open(ctx context.Context, o Options) (*Hooks, error) {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	bucket, err := o.Stream.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{
		Bucket: bucketName, Description: "Golden Thread: how far each webhook was told", History: 1, Storage: jetstream.FileStorage, Replicas: max(o.Replicas, 1),
	})
	if err != nil {
		return nil, fmt.Errorf("open the bucket of webhooks: %w", err)
	}
	client := http.Client{Timeout: sendTimeout, Transport: o.Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }} // it goes where the operator said, and nowhere else
	return &Hooks{o, bucket, client}, nil
}

// Run goes round until ctx ends.
func (h *Hooks) Run(ctx context.Context) {
	tick := time.NewTicker(between)
	defer tick.Stop()
	for {
		h.Round(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// Round tells each destination what is new, one message each at most.
func (h *Hooks) Round(ctx context.Context) {
	for i := range h.o.Destinations {
		d := &h.o.Destinations[i]
		if err := h.serve(ctx, d); err != nil && ctx.Err() == nil {
			h.o.Log.Warn("a webhook is held up", "group", d.Group, "webhook", d.Name, "error", err)
		}
	}
}

// key names the destination in the bucket, with nothing of its address to be read.
func (d *Destination) key() string {
	sum := sha256.Sum256([]byte(d.Group + "\x00" + d.URL))
	return hex.EncodeToString(sum[:16])
}

var errTaken = errors.New("another node sends it")

func (h *Hooks) read(ctx context.Context, d *Destination) (*record, error) {
	entry, err := h.bucket.Get(ctx, d.key())
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	r := &record{revision: entry.Revision()}
	return r, json.Unmarshal(entry.Value(), r)
}

func (h *Hooks) put(ctx context.Context, d *Destination, r *record) (err error) {
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if r.revision == 0 {
		r.revision, err = h.bucket.Create(ctx, d.key(), b)
	} else {
		r.revision, err = h.bucket.Update(ctx, d.key(), b, r.revision)
	}
	if errors.Is(err, jetstream.ErrKeyExists) {
		return errTaken
	}
	return err
}

// serve tells the destination what is new. The first time it only notes where the ledger
// is: what is past is told to nobody.
func (h *Hooks) serve(ctx context.Context, d *Destination) error {
	now := h.o.Clock()
	r, err := h.read(ctx, d)
	if err != nil {
		return err
	}
	end := h.o.Store.Next(d.Group)
	switch {
	case end == 0: // there is no such group yet
		return nil
	case r == nil:
		return ignoreTaken(h.put(ctx, d, &record{Next: end, State: Ready}))
	case r.Next > end || r.UpTo > end: // the ledger was set back, by a backup
		return ignoreTaken(h.put(ctx, d, &record{Next: end, State: Ready, Sent: r.Sent, revision: r.revision}))
	}
	if now.Before(r.Again) || r.UpTo == 0 && r.Next >= end {
		return nil
	}
	lines, name, upTo, err := h.lines(ctx, d.Group, r, end)
	if err != nil {
		return err
	}
	if len(lines) == 0 {
		r.Next, r.UpTo, r.Tries, r.Again, r.At = upTo, 0, 0, time.Time{}, time.Time{}
		if r.State == Waiting { // it may not leave any more
			r.State, r.Why = Ready, ""
		}
		return ignoreTaken(h.put(ctx, d, r))
	}
	if r.UpTo == 0 {
		r.UpTo, r.At, r.Tries = upTo, now.UTC().Truncate(time.Second), 0
	}
	r.Tries++
	r.Again = now.Add(claimed)
	if err := h.put(ctx, d, r); err != nil { // first, so that no other node sends it too
		return ignoreTaken(err)
	}
	m := message{Type: "goldenthread.recorded", Timestamp: r.At}
	m.Data.Group, m.Data.Name, m.Data.Lines = d.Group, name, lines
	r.came(h.send(ctx, d, fmt.Sprintf("%s-%d-%d", d.Group, r.Next, r.UpTo), &m), h.o.Clock())
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	return h.put(ctx, d, r)
}

func ignoreTaken(err error) error {
	if errors.Is(err, errTaken) {
		return nil
	}
	return err
}

// came records what became of a try; why it failed, or "".
func (r *record) came(why string, now time.Time) {
	r.Why = why
	switch {
	case why == "":
		r.State, r.Sent = Ready, now.UTC()
	case r.Tries < mostTries:
		r.State, r.Again = Waiting, now.Add(waits[min(r.Tries, len(waits))-1])
		return
	default:
		r.State = GaveUp
	}
	r.Next, r.UpTo, r.Tries, r.At, r.Again = r.UpTo, 0, 0, time.Time{}, time.Time{}
}

// lines are what leaves of the events that the destination was not told of: of those of
// the message that waits, if one does, by the charter as it is now.
func (h *Hooks) lines(ctx context.Context, group string, r *record, end uint64) (lines []line, name string, upTo uint64, err error) {
	upTo = min(end, r.Next+mostRead)
	if r.UpTo != 0 {
		upTo = r.UpTo
	}
	g, err := h.o.Groups.Now(ctx, group, nil)
	if err != nil {
		return nil, "", 0, err
	}
	for entry, err := range h.o.Store.Entries(ctx, group, r.Next, upTo) {
		if err != nil {
			return nil, "", 0, err
		}
		if l, leaves := lineOf(&entry.Event, g.State().State, h.o.Link); leaves {
			lines = append(lines, l)
		}
		if len(lines) == mostLines {
			upTo = entry.Event.Index + 1
			break
		}
	}
	return lines, g.State().Name, upTo, nil
}

// send sends the message, and says in words why it was not taken; "" if it was.
func (h *Hooks) send(ctx context.Context, d *Destination, id string, m *message) (why string) {
	b, err := body(d.Format, m)
	if err != nil {
		return "The message can't be written."
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, d.URL, bytes.NewReader(b))
	if err != nil {
		return "Its address can't be used."
	}
	at := strconv.FormatInt(h.o.Clock().Unix(), 10)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "goldenthread")
	r.Header.Set("webhook-id", id)
	r.Header.Set("webhook-timestamp", at)
	r.Header.Set("webhook-signature", "v1,"+d.sign(id+"."+at+"."+string(b)))
	answer, err := h.client.Do(r)
	if err != nil {
		return "It can't be reached." // an error has the address in it
	}
	defer answer.Body.Close()
	io.Copy(io.Discard, io.LimitReader(answer.Body, 4<<10)) // so that the connection can be used again
	if answer.StatusCode/100 != 2 {
		return fmt.Sprintf("It answered %d.", answer.StatusCode)
	}
	return ""
}

// sign is the signature of what is sent (Standard Webhooks: HMAC with SHA-256).
func (d *Destination) sign(text string) string {
	secret, _ := d.secret() // it was checked when it was read
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// A Status is how a destination stands.
type Status struct {
	Name, Group, Host string
	State             State
	Why               string
	Sent              time.Time // when a message was taken last; zero: none was
}

// Status is how each destination stands.
func (h *Hooks) Status(ctx context.Context) ([]Status, error) {
	var all []Status
	for i := range h.o.Destinations {
		d := &h.o.Destinations[i]
		s := Status{Name: d.Name, Group: d.Group, Host: d.Host(), State: Ready}
		r, err := h.read(ctx, d)
		if err != nil {
			return nil, err
		}
		if r != nil {
			s.State, s.Why, s.Sent = r.State, r.Why, r.Sent
		}
		all = append(all, s)
	}
	return all, nil
}
