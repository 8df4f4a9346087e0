package simulation

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

// A teller does the same to a server, real or not, and says in words what came of it.
type teller struct {
	t  *testing.T
	js jetstream.JetStream
	kv jetstream.KeyValue
}

// tellerOf makes the streams that a store makes, and a bucket.
func tellerOf(t *testing.T, from nats.InProcessConnProvider) *teller {
	nc, err := nats.Connect("nats://simulated", nats.InProcessServer(from))
	require.NoError(t, err)
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	require.NoError(t, err)
	ctx := t.Context()
	for _, c := range []jetstream.StreamConfig{
		{Name: "STRICT", Subjects: []string{"strict"}, Discard: jetstream.DiscardNew, DenyDelete: true, DenyPurge: true, MaxMsgSize: -1},
		{Name: "LOOSE", Subjects: []string{"loose.>"}, Discard: jetstream.DiscardNew},
	} {
		_, err := js.CreateStream(ctx, c)
		require.NoError(t, err)
	}
	kv, err := js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{Bucket: "B", History: 1})
	require.NoError(t, err)
	return &teller{t, js, kv}
}

// errorOf is an error by its number, or in words.
func errorOf(err error) string {
	var api *jetstream.APIError
	if errors.As(err, &api) {
		return fmt.Sprint("refused with ", api.ErrorCode)
	}
	return err.Error()
}

// An act is something done to a server, and what to call it.
type act struct {
	say string
	do  func(context.Context, *teller) string
}

func publish(subject, body string, opts ...jetstream.PublishOpt) func(context.Context, *teller) string {
	return func(ctx context.Context, x *teller) string {
		ack, err := x.js.Publish(ctx, subject, []byte(body), opts...)
		if err != nil {
			return errorOf(err)
		}
		return fmt.Sprint("stored at ", ack.Sequence, " of ", ack.Stream, ", again: ", ack.Duplicate)
	}
}

func said(m *jetstream.RawStreamMsg, err error) string {
	if err != nil {
		return errorOf(err)
	}
	return fmt.Sprint(m.Sequence, " ", m.Subject, " ", string(m.Data), " ", m.Header.Get("X"))
}

func entry(e jetstream.KeyValueEntry, err error) string {
	if err != nil {
		return errorOf(err)
	}
	return fmt.Sprint(e.Key(), "=", string(e.Value()), " at ", e.Revision())
}

func revision(n uint64, err error) string {
	if err != nil {
		return errorOf(err)
	}
	return fmt.Sprint("at ", n)
}

// on does something with one of the streams.
func on(name string, do func(context.Context, jetstream.Stream) string) func(context.Context, *teller) string {
	return func(ctx context.Context, x *teller) string {
		st, err := x.js.Stream(ctx, name)
		if err != nil {
			return errorOf(err)
		}
		return do(ctx, st)
	}
}

func state(ctx context.Context, st jetstream.Stream) string {
	info, err := st.Info(ctx, jetstream.WithDeletedDetails(true))
	if err != nil {
		return errorOf(err)
	}
	s := info.State
	if s.Msgs == 0 { // where it begins, the real server says as it came to be empty
		return fmt.Sprint("none up to ", s.LastSeq)
	}
	return fmt.Sprint(s.Msgs, " from ", s.FirstSeq, " to ", s.LastSeq, " without ", s.Deleted)
}

// follow reads the stream from a sequence on, as a store does.
func follow(name string, from uint64) func(context.Context, *teller) string {
	return func(ctx context.Context, x *teller) string {
		st, err := x.js.Stream(ctx, name)
		require.NoError(x.t, err)
		info, err := st.Info(ctx, jetstream.WithDeletedDetails(true))
		require.NoError(x.t, err)
		gone := slices.DeleteFunc(info.State.Deleted, func(seq uint64) bool { return seq < from })
		if left := max(from, info.State.FirstSeq) + uint64(len(gone)); left > info.State.LastSeq {
			return "nothing"
		}
		c, err := x.js.OrderedConsumer(ctx, name, jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: from})
		require.NoError(x.t, err)
		messages, err := c.Messages(jetstream.PullMaxMessages(4))
		require.NoError(x.t, err)
		defer messages.Stop()
		var all []string
		for silences := 0; ; {
			// nats.go may leave out a pull: where it has sent one and has not noted that yet, it
			// sends no other, and looks again at the next call (fetchInProgress in its pull.go).
			m, err := messages.Next(jetstream.NextMaxWait(time.Second))
			if errors.Is(err, nats.ErrTimeout) && silences < 30 {
				silences++
				continue
			}
			if err != nil {
				return fmt.Sprint(all, " and then ", err)
			}
			meta, err := m.Metadata()
			require.NoError(x.t, err)
			all = append(all, fmt.Sprint(meta.Sequence.Stream, " ", string(m.Data())))
			if meta.NumPending == 0 {
				return fmt.Sprint(all)
			}
		}
	}
}

// acts are the acts of a seed: what a store does to its streams, right and wrong.
func acts(seed uint64, n int) (all []act) {
	r := rand.New(rand.NewPCG(seed, 1))
	last, lastLoose := uint64(0), uint64(0) // about
	for i := range n {
		body := fmt.Sprint("body ", i)
		after := last
		if r.IntN(3) == 0 {
			after = uint64(r.IntN(int(last) + 3))
		}
		id := fmt.Sprint("id-", r.IntN(6))
		at := uint64(r.IntN(int(lastLoose)+3)) + 1
		key := string(rune('a' + r.IntN(3)))
		subject := "loose." + key
		add := func(say string, do func(context.Context, *teller) string) { all = append(all, act{say, do}) }
		switch r.IntN(16) {
		case 0, 1, 2:
			add(fmt.Sprint("append after ", after), publish("strict", body, jetstream.WithExpectStream("STRICT"), jetstream.WithExpectLastSequence(after)))
			if after == last {
				last++
			}
		case 3:
			add(fmt.Sprint("append by id ", id), publish("strict", body, jetstream.WithMsgID(id)))
			last++
		case 4:
			add("append to another stream", publish("strict", body, jetstream.WithExpectStream("LOOSE")))
		case 5, 6:
			add(fmt.Sprint("append ", subject, " after its ", at), publish(subject, body, jetstream.WithExpectLastSequencePerSubject(at)))
		case 7:
			add("append "+subject, publish(subject, body))
			lastLoose++
		case 8:
			add(fmt.Sprint("get ", at), on("LOOSE", func(ctx context.Context, st jetstream.Stream) string { return said(st.GetMsg(ctx, at)) }))
		case 9:
			add("get the last of "+subject, on("LOOSE", func(ctx context.Context, st jetstream.Stream) string {
				return said(st.GetLastMsgForSubject(ctx, subject))
			}))
		case 10:
			add(fmt.Sprint("get the next from ", at), on("LOOSE", func(ctx context.Context, st jetstream.Stream) string {
				return said(st.GetMsg(ctx, at, jetstream.WithGetMsgSubject("loose.>")))
			}))
		case 11:
			add(fmt.Sprint("delete ", at), on("LOOSE", func(ctx context.Context, st jetstream.Stream) string {
				return fmt.Sprint(st.SecureDeleteMsg(ctx, at) == nil)
			}))
		case 12:
			if r.IntN(4) == 0 {
				add(fmt.Sprint("purge before ", at), on("LOOSE", func(ctx context.Context, st jetstream.Stream) string {
					return fmt.Sprint(st.Purge(ctx, jetstream.WithPurgeSequence(at)))
				}))
			} else {
				add("purge or delete what is kept", on("STRICT", func(ctx context.Context, st jetstream.Stream) string {
					return errorOf(st.Purge(ctx)) + " " + errorOf(st.DeleteMsg(ctx, 1))
				}))
			}
		case 13:
			name := []string{"STRICT", "LOOSE"}[r.IntN(2)]
			add("state of "+name, on(name, state))
			add(fmt.Sprint("follow ", name, " from ", at), follow(name, at))
		case 14:
			add("update "+key, func(ctx context.Context, x *teller) string { return revision(x.kv.Update(ctx, key, []byte(body), at)) })
			add("get "+key, func(ctx context.Context, x *teller) string { return entry(x.kv.Get(ctx, key)) })
		case 15:
			if r.IntN(2) == 0 {
				add("create "+key, func(ctx context.Context, x *teller) string { return revision(x.kv.Create(ctx, key, []byte(body))) })
			} else {
				add("put "+key, func(ctx context.Context, x *teller) string { return revision(x.kv.Put(ctx, key, []byte(body))) })
			}
			add("keys", on("KV_B", func(ctx context.Context, st jetstream.Stream) string {
				info, err := st.Info(ctx, jetstream.WithSubjectFilter("$KV.B.>"))
				require.NoError(nil, err)
				return fmt.Sprint(info.State.Subjects, info.State.Msgs)
			}))
		}
	}
	return all
}

// TestTheFakeAnswersAsTheServer gives the same acts to the server in memory and to the
// real one: appends with a right and a wrong expectation, doubles by id, fences of a
// subject, reading, following, deleting and purging.
func TestTheFakeAnswersAsTheServer(t *testing.T) {
	seeds := uint64(100)
	if testing.Short() {
		seeds = 12
	}
	for seed := range seeds {
		real, err := natsserver.NewServer(&natsserver.Options{DontListen: true, NoSigs: true, JetStream: true, StoreDir: scratch(t), SyncAlways: true})
		require.NoError(t, err)
		real.Start()
		require.True(t, real.ReadyForConnections(2*time.Minute))
		theirs, ours := tellerOf(t, real), tellerOf(t, newServer().plug("test"))
		var before []string
		for _, a := range acts(seed, 100) {
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			want, got := a.do(ctx, theirs), a.do(ctx, ours)
			cancel()
			before = append(before, fmt.Sprint(a.say, ": ", want))
			require.Equal(t, want, got, "seed %d, after\n%s", seed, strings.Join(before[max(0, len(before)-12):], "\n"))
		}
		require.True(t, slices.ContainsFunc(before, func(s string) bool { return strings.Contains(s, "refused with 10071") }))
		real.Shutdown()
		real.WaitForShutdown()
	}
}
