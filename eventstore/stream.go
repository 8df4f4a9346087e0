package eventstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// StreamName is the stream that holds all ledgers: the one truth.
	StreamName = "LEDGER"
	subject    = "ledger.commits"
	keysName   = "KEYS"

	publishTimeout  = 5 * time.Second
	requestTimeout  = 5 * time.Second
	proposedTimeout = 100 * time.Millisecond
)

// ledgerConfig is how the stream of the ledgers is kept: on disk, for ever,
// nothing deleted. AllowDirect is off so that reading asks the leader. Async
// persistence is never on: it silently overrides SyncAlways.
func ledgerConfig(replicas int) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: StreamName, Subjects: []string{subject}, Description: "Golden Thread: the ledgers",
		Retention: jetstream.LimitsPolicy, Storage: jetstream.FileStorage, Replicas: replicas,
		Discard: jetstream.DiscardNew, DenyDelete: true, DenyPurge: true,
		MaxConsumers: -1, MaxMsgs: -1, MaxBytes: -1, MaxMsgsPerSubject: -1, MaxMsgSize: -1,
		Compression: jetstream.NoCompression, PersistMode: jetstream.DefaultPersistMode,
	}
}

// keysConfig is how the stream of the sealed keys is kept. Its entries can be
// deleted: erasing a person means erasing their key (rule L7).
func keysConfig(replicas int) jetstream.StreamConfig {
	c := ledgerConfig(replicas)
	c.Name, c.Subjects, c.Description = keysName, []string{keySubject(">")}, "Golden Thread: sealed keys of personal data"
	c.DenyDelete, c.DenyPurge = false, false
	return c
}

// openStream makes the stream, or checks that the one there is kept as it must be.
func openStream(ctx context.Context, js jetstream.JetStream, want jetstream.StreamConfig) (jetstream.Stream, error) {
	st, err := js.Stream(ctx, want.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		st, err = js.CreateStream(ctx, want)
		if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
			st, err = js.Stream(ctx, want.Name) // another process was quicker
		}
	}
	if err != nil {
		return nil, fmt.Errorf("open the stream %s: %w", want.Name, err)
	}
	return st, checkConfig(st.CachedInfo().Config, want)
}

// checkConfig refuses to run on a stream that could lose or change what was
// acknowledged.
func checkConfig(got, want jetstream.StreamConfig) error {
	subjects := len(got.Subjects) == 1 && got.Subjects[0] == want.Subjects[0]
	unlimited := got.MaxMsgs <= 0 && got.MaxBytes <= 0 && got.MaxAge == 0 && got.MaxMsgsPerSubject <= 0
	wrong := ""
	switch {
	case !subjects || got.SubjectTransform != nil || got.Mirror != nil || len(got.Sources) > 0:
		wrong = "it must take messages on " + want.Subjects[0] + " and from nowhere else"
	case got.Storage != jetstream.FileStorage:
		wrong = "it must be stored in files"
	case got.PersistMode != jetstream.DefaultPersistMode:
		wrong = "it must not be persisted asynchronously"
	case got.Retention != jetstream.LimitsPolicy || !unlimited || got.Discard != jetstream.DiscardNew:
		wrong = "it must keep everything: no limits by age, count or size, and discard new"
	case got.MaxMsgSize > 0 && got.MaxMsgSize < leastPayload:
		wrong = fmt.Sprintf("it must take messages of %d bytes", leastPayload)
	case want.DenyDelete && (!got.DenyDelete || !got.DenyPurge || got.AllowRollup || got.AllowMsgTTL):
		wrong = "it must deny deleting, purging and rolling up"
	case got.AllowDirect || got.MirrorDirect:
		wrong = "it must be read from its leader: direct access off"
	case got.NoAck || got.Sealed:
		wrong = "it must acknowledge what it is sent"
	case got.Compression != jetstream.NoCompression:
		wrong = "it must not be compressed"
	case got.Replicas < want.Replicas:
		wrong = fmt.Sprintf("it has %d replicas and %d are asked for", got.Replicas, want.Replicas)
	}
	if wrong != "" {
		return fmt.Errorf("the stream %s is not kept as it must be: %s", want.Name, wrong)
	}
	return nil
}

// errOvertaken says that somebody else's commit took the place of this one:
// nothing of this one was written.
var errOvertaken = errors.New("another commit came first")

// publish sends a message once and waits for the acknowledgement. It is a
// variable of the appender so that tests can lose acknowledgements.
type publish func(ctx context.Context, m *nats.Msg, after uint64) (*jetstream.PubAck, error)

func publishTo(js jetstream.JetStream) publish {
	return func(ctx context.Context, m *nats.Msg, after uint64) (*jetstream.PubAck, error) {
		return js.PublishMsg(ctx, m, jetstream.WithExpectStream(StreamName), jetstream.WithExpectLastSequence(after), jetstream.WithRetryAttempts(0))
	}
}

// An appender puts commits at the end of the stream.
type appender struct {
	ledger  jetstream.Stream
	publish publish
	node    string
	log     *slog.Logger
}

// append writes the commit at the place after+1 and returns once it is synced.
// An unknown outcome is settled by sending the same bytes with the same
// expectation until that place is taken: by this commit, or by another, which
// is errOvertaken. Reading the tail would not do: the message may still be on
// its way. Any other error is the context's, and leaves the outcome unknown.
func (a *appender) append(ctx context.Context, c *Commit, id string, body []byte, after uint64) error {
	for try := 0; ; try++ {
		err := a.try(ctx, commitMessage(c, a.node, id, body), after)
		if err == nil {
			return nil
		}
		if wrongLast(err) {
			switch taken, err := a.whose(ctx, after+1); {
			case err == nil && taken == id:
				return nil
			case err == nil:
				return errOvertaken
			}
			// The place was proposed and is not committed yet, or can't be
			// read just now. Ask again soon.
			if try%50 == 49 {
				a.log.Warn("a place of the stream is taken, and by whom can't be read", "sequence", after+1)
			}
			if err := pause(ctx, proposedTimeout); err != nil {
				return err
			}
			continue
		}
		a.log.Warn("append not acknowledged, sending it again", "commit", id, "sequence", after+1, "error", err)
		if err := pause(ctx, min(time.Second, 50*time.Millisecond<<min(try, 5))); err != nil {
			return err
		}
	}
}

func (a *appender) try(ctx context.Context, m *nats.Msg, after uint64) error {
	ctx, cancel := context.WithTimeout(ctx, publishTimeout)
	defer cancel()
	ack, err := a.publish(ctx, m, after)
	if err == nil && ack.Sequence != after+1 {
		return fmt.Errorf("acknowledged at %d instead of %d", ack.Sequence, after+1)
	}
	return err
}

// whose is the id of the commit at that place.
func (a *appender) whose(ctx context.Context, sequence uint64) (string, error) {
	m, err := a.at(ctx, sequence)
	if err != nil {
		return "", err
	}
	return m.header.Get(headerCommit), nil
}

// at is the commit at that place, asked of the leader.
func (a *appender) at(ctx context.Context, sequence uint64) (*message, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	m, err := a.ledger.GetMsg(ctx, sequence)
	if err != nil {
		return nil, err
	}
	return &message{sequence: m.Sequence, stored: m.Time, header: m.Header, body: m.Data}, nil
}

// last is the stream's last sequence, asked of the leader.
func (a *appender) last(ctx context.Context) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	info, err := a.ledger.Info(ctx)
	if err == nil {
		err = leads(info.Cluster)
	}
	if err != nil {
		return 0, err
	}
	return info.State.LastSeq, nil
}

// heardWithin is how recently a leader must have heard from most replicas. It is
// less than the four seconds without a word from it after which they elect
// another at the earliest.
const heardWithin = 3 * time.Second

// leads says why who answered may not lead the stream: one that was cut off goes
// on answering for ten seconds, and while nobody leads any replica answers. What
// is left is the second, at most, in which a leader that still reaches some
// replicas, while they follow another already, has not heard so.
func leads(c *jetstream.ClusterInfo) error {
	if c == nil {
		return nil // there is one server
	}
	heard := 1 // by itself
	for _, r := range c.Replicas {
		if r.Name == c.Leader {
			return fmt.Errorf("a replica answered in place of %s, which leads the stream", c.Leader)
		}
		if r.Active > 0 && r.Active < heardWithin {
			heard++
		}
	}
	if c.Leader == "" || heard <= (len(c.Replicas)+1)/2 {
		return errors.New("nobody leads the stream who hears from most of its replicas")
	}
	return nil
}

// wrongLast says whether the fence held: the place was taken or proposed.
func wrongLast(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && (api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence || api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant)
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
