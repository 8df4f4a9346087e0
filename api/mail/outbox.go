package mail

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"

	"goldenthread/domain"
)

const (
	bucketName   = "MAIL"
	mostTries    = 8
	abandoned    = 10 * sendTimeout // after which nobody can be sending it any more
	rememberDays = 400              // for which it is known that somebody was told of what is past
)

// waits are how long after each failure a letter is tried again; the last holds
// for all further ones.
var waits = []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 4 * time.Hour, 12 * time.Hour, 24 * time.Hour}

// State is how a letter stands.
type State string

const (
	Waiting  State = "waiting"  // to be sent, or to be tried again
	Sending  State = "sending"  // being handed over
	Sent     State = "sent"     // the mail server has taken it
	Refused  State = "refused"  // the mail server will not take it, or it was tried too often
	Unknown  State = "unknown"  // it may or may not have arrived, and is not sent again
	Unneeded State = "unneeded" // all that it was about was done before it went out
)

// A slip is what the outbox says about a letter: neither address nor words.
type slip struct {
	ID      uuid.UUID `json:"id"`
	Keys    []string  `json:"keys"` // of the errands
	State   State     `json:"state"`
	Why     string    `json:"why,omitempty"` // it has not been sent
	Tries   int       `json:"tries,omitzero"`
	Earlier bool      `json:"earlier,omitzero"` // it has gone to the person's earlier addresses, as far as it is for them
	Made    time.Time `json:"made"`
	Changed time.Time `json:"changed"`
	Next    time.Time `json:"next,omitzero"` // not tried before
}

// A drawer is the outbox of one person of a group.
type drawer struct {
	Told   map[string]domain.Day `json:"told"` // of which errands, and when
	Letter *slip                 `json:"letter,omitempty"`
	Key    string                `json:"key,omitempty"` // in the person's letters: with it they choose what they are mailed, and nothing else
	Choices

	Remind   []string              `json:"remind,omitempty"`   // of what, by reference, with the next letter
	Reminded map[string]domain.Day `json:"reminded,omitempty"` // of what, and when that was last asked for

	key      string
	revision uint64 // in the bucket; 0: it is not there yet
}

// An outbox is a bucket with a drawer for each person. A drawer is replaced only
// at the revision that was read: of two nodes one gets to send.
type outbox struct{ bucket jetstream.KeyValue }

func openOutbox(ctx context.Context, js jetstream.JetStream, replicas int) (*outbox, error) {
	bucket, err := js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{
		Bucket: bucketName, Description: "Golden Thread: who was told what by mail", History: 1, Storage: jetstream.FileStorage, Replicas: max(replicas, 1),
	})
	if err != nil {
		return nil, fmt.Errorf("open the outbox: %w", err)
	}
	return &outbox{bucket}, nil
}

func (o *outbox) drawer(ctx context.Context, group, person string) (*drawer, error) {
	d := &drawer{key: group + "." + person, Told: map[string]domain.Day{}}
	entry, err := o.bucket.Get(ctx, d.key)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return d, nil
	}
	if err == nil {
		d.revision = entry.Revision()
		err = json.Unmarshal(entry.Value(), d)
	}
	if err != nil {
		return nil, fmt.Errorf("read the outbox of %s: %w", d.key, err)
	}
	return d, nil
}

var errTaken = errors.New("another node has the letter")

// put writes the drawer, if nobody else has since it was read.
func (o *outbox) put(ctx context.Context, d *drawer) error {
	b, err := json.Marshal(d, json.Deterministic(true))
	if err != nil {
		return err
	}
	if d.revision == 0 {
		d.revision, err = o.bucket.Create(ctx, d.key, b)
	} else {
		var revision uint64
		if revision, err = o.bucket.Update(ctx, d.key, b, d.revision); err == nil {
			d.revision = revision
		}
	}
	if errors.Is(err, jetstream.ErrKeyExists) {
		return errTaken
	}
	return err
}

// forget empties the drawer of somebody who was erased (rule L7).
func (o *outbox) forget(ctx context.Context, d *drawer) error {
	if d.revision == 0 {
		return nil
	}
	return o.bucket.Purge(ctx, d.key)
}

// begin puts a new letter into the drawer.
func (d *drawer) begin(id uuid.UUID, keys []string, now time.Time, today domain.Day) {
	maps.DeleteFunc(d.Told, func(_ string, on domain.Day) bool { return on.Add(rememberDays) < today })
	for _, key := range keys {
		d.Told[key] = today
	}
	if d.Key == "" {
		d.Key = rand.Text()
	}
	d.Letter = &slip{ID: id, Keys: keys, State: Waiting, Made: now, Changed: now}
}

// came records what became of handing the letter over.
func (s *slip) came(out outcome, why string, now time.Time) {
	s.Changed, s.Why, s.Next = now, why, time.Time{}
	switch out {
	case delivered:
		s.State, s.Why = Sent, ""
	case unknown:
		s.State = Unknown
	case refused:
		s.State = Refused
	case later:
		if s.State = Waiting; s.Tries >= mostTries {
			s.State = Refused
			return
		}
		s.Next = now.Add(waits[min(s.Tries, len(waits))-1])
	}
}
