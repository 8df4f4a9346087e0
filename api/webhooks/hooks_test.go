package webhooks

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"
	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"goldenthread/domain"
	"goldenthread/eventstore"
	"goldenthread/eventstore/storetest"
	"goldenthread/projections"
)

const secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

// A channel takes messages, and answers as told.
type channel struct {
	*httptest.Server
	mu     sync.Mutex
	answer int
	got    []taken
}

type taken struct {
	header http.Header
	body   []byte
}

func newChannel(t *testing.T) *channel {
	c := &channel{answer: 202}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.got = append(c.got, taken{r.Header, b})
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(c.answer)
	}))
	t.Cleanup(c.Close)
	return c
}

// take gives what came since it was asked last.
func (c *channel) take() []taken {
	c.mu.Lock()
	defer c.mu.Unlock()
	got := c.got
	c.got = nil
	return got
}

func (c *channel) answers(status int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answer = status
}

// A world is a real store with an established group, and a channel.
type world struct {
	t       *testing.T
	store   *eventstore.Store
	groups  *projections.Groups
	channel *channel
	mu      sync.Mutex
	now     time.Time
	hooks   *Hooks
	log     strings.Builder
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) later(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func newWorld(t *testing.T, format Format) *world {
	w := &world{t: t, channel: newChannel(t), now: time.Now()}
	var err error
	w.store, err = eventstore.Open(t.Context(), eventstore.Options{Dir: t.TempDir(), Clock: w.clock, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		w.store.Close(ctx)
	})
	w.groups = projections.NewGroups(w.store)
	var found domain.Found
	require.NoError(t, json.Unmarshal([]byte(foundBody), &found))
	_, err = w.store.Execute(t.Context(), storetest.Request("g", "north", &found))
	require.NoError(t, err)
	w.hooks = w.open(format)
	w.caughtUp()
	return w
}

// open are the hooks of a process that has just started.
func (w *world) open(format Format) *Hooks {
	js, err := jetstream.New(w.store.Conn())
	require.NoError(w.t, err)
	d := Destination{Group: "g", Name: "Board channel", URL: w.channel.URL + "/key-that-lets-in", Secret: secret, Format: format}
	require.NoError(w.t, d.check())
	h, err := Open(w.t.Context(), Options{
		Destinations: []Destination{d}, Link: "https://board.example.org", Store: w.store, Groups: w.groups, Stream: js, Clock: w.clock, Log: slog.New(slog.NewTextHandler(&w.log, nil)),
	})
	require.NoError(w.t, err)
	return h
}

func (w *world) caughtUp() {
	newest := w.store.Next("g") - 1
	_, err := w.groups.Now(w.t.Context(), "g", &newest)
	require.NoError(w.t, err)
}

func (w *world) do(person string, c domain.Command) {
	w.t.Helper()
	id, err := uuid.NewV7()
	require.NoError(w.t, err)
	_, err = w.store.Execute(w.t.Context(), domain.Request{Group: "g", ID: id, Actor: person, Command: c})
	require.NoError(w.t, err)
	w.caughtUp()
}

func (w *world) round() []taken {
	w.hooks.Round(w.t.Context())
	return w.channel.take()
}

func (w *world) status() Status {
	all, err := w.hooks.Status(w.t.Context())
	require.NoError(w.t, err)
	require.Len(w.t, all, 1)
	return all[0]
}

const foundBody = `{"name":"The GP Board","shortName":"the board","place":"G","placeName":"Gee","founder":"north",
"charter":{"text":"We decide by consensus.","quorum":2,"defaultStance":"bring-back","matters":["access"]},
"organisations":[{"code":"G","kind":"place","name":"Gee"},
 {"code":"U66368","kind":"pcn","name":"North","memberships":[{"in":"G","from":"2020-01-01"}]},{"code":"U42898","kind":"pcn","name":"South","memberships":[{"in":"G","from":"2020-01-01"}]},
 {"code":"LMC","kind":"lmc","name":"The LMC"}],
"people":[{"handle":"north","office":"Director, North","organisation":"U66368"},{"handle":"south","office":"Director, South","organisation":"U42898"},{"handle":"lmc","office":"Chair, LMC","organisation":"LMC"}],
"seats":[{"organisation":"U66368","holder":"north"},{"organisation":"U42898","holder":"south"},{"organisation":"LMC","holder":"lmc"}],
"duties":[{"duty":"chair","person":"lmc"},{"duty":"registrar","person":"lmc"},{"duty":"manager","person":"lmc"}]}`

// established has the charter consented to, so that there is a group.
func (w *world) established() *world {
	for _, person := range []string{"north", "south", "lmc"} {
		w.do(person, &domain.ConsentToCharter{})
	}
	g, err := w.groups.Now(w.t.Context(), "g", nil)
	require.NoError(w.t, err)
	require.NotZero(w.t, g.State().Established)
	return w
}

// A message goes out once, signed as Standard Webhooks' own library checks it; the past is
// told to nobody. What is not taken is tried again, the same each time, and given up at last.
func TestDelivery(t *testing.T) {
	w := newWorld(t, Teams).established()
	require.Empty(t, w.round())
	const me = "north"
	w.do(me, &domain.RaiseProposal{Title: "Close the Elm Street branch", Text: "Dr Quill agrees.", Matter: "access"})
	w.channel.answers(503)
	first := w.round()
	require.Len(t, first, 1)
	require.Equal(t, Waiting, w.status().State)
	require.Equal(t, "It answered 503.", w.status().Why)
	require.Empty(t, w.round(), "not before its time")
	w.later(waits[0])
	w.do(me, &domain.RaiseProposal{Title: "Another", Text: "x", Matter: "access"})
	again := w.round()
	require.Len(t, again, 1)
	require.Equal(t, first[0].body, again[0].body, "what came later waits for its turn")
	require.Equal(t, first[0].header.Get("webhook-id"), again[0].header.Get("webhook-id"))

	w.later(waits[1])
	w.channel.answers(202)
	w.hooks = w.open(Teams) // after a start
	taken := w.round()
	require.Len(t, taken, 1)
	verifier, err := standard.NewWebhook(secret)
	require.NoError(t, err)
	require.NoError(t, verifier.VerifyIgnoringTimestamp(taken[0].body, taken[0].header))
	require.Error(t, verifier.VerifyIgnoringTimestamp(append(taken[0].body, ' '), taken[0].header))
	require.Contains(t, string(taken[0].body), "[P1 is open for responses.](https://board.example.org/g/g/proposals/P1)")
	require.Equal(t, Ready, w.status().State)
	require.Equal(t, "127.0.0.1", w.status().Host)
	next := w.round()
	require.Len(t, next, 1)
	require.Contains(t, string(next[0].body), "P2 is open")
	require.Empty(t, w.round())

	w.do(me, &domain.RaiseProposal{Title: "A third", Text: "x", Matter: "access"})
	w.channel.answers(302)
	for range mostTries {
		got := w.round()
		require.Len(t, got, 1, "and no redirect is followed")
		w.later(25 * time.Hour)
	}
	require.Equal(t, GaveUp, w.status().State)
	require.Empty(t, w.round())
	w.channel.answers(200)
	w.do(me, &domain.RaiseProposal{Title: "A fourth", Text: "x", Matter: "access"})
	require.Contains(t, string(w.round()[0].body), "P4 is open")
	require.Equal(t, Ready, w.status().State)
	require.NotContains(t, w.log.String(), "key-that-lets-in")
}

// Of no kind of event do a title, words, a sum, a name or an office leave, whatever they
// say; nothing does of a kind that is not on the list, of what the charter keeps to members,
// or of a group that is not established.
func TestWhatLeaves(t *testing.T) {
	state := domain.NewState("g")
	state.Established, state.Name = 1, "The board"
	charter := func(keeps ...string) {
		state.Charters = []domain.CharterVersion{{Charter: domain.Charter{MembersOnly: keeps}}}
	}
	charter()
	allowed := 0
	for _, k := range domain.Kinds {
		e := storetest.Sample(k, 7)
		l, leaves := lineOf(&e, state, "https://board.example.org")
		s, listed := said[strings.TrimPrefix(k.Name, "goldenthread.")]
		require.False(t, leaves && !listed, k.Name)
		if !listed {
			continue
		}
		allowed++
		if leaves { // samples of texts are no numbers: but for the fixed words nothing may be left
			require.Equal(t, s.say, l.Say, "%s: a sample's reference is no number", k.Name)
		}
		charter(s.thing)
		_, kept := lineOf(&e, state, "")
		require.False(t, kept, k.Name)
		charter()
	}
	require.Equal(t, len(said), allowed, "each is a kind of event")

	e := domain.Event{Index: 7, Group: "g", Data: &domain.AgreementReached{Proposal: "P3"}}
	l, leaves := lineOf(&e, state, "https://board.example.org")
	require.True(t, leaves)
	require.Equal(t, line{"P3 is agreed.", "https://board.example.org/g/g/proposals/P3"}, l)
	e.Data = &domain.AgreementReached{Proposal: "P3](https://evil.example)"}
	_, leaves = lineOf(&e, state, "")
	require.False(t, leaves)
	e.Data = &domain.AgreementReached{Proposal: "P3"}
	state.Established = 0
	_, leaves = lineOf(&e, state, "")
	require.False(t, leaves)
	require.Equal(t, []string{"Say", "Link"}, []string{reflect.TypeFor[line]().Field(0).Name, reflect.TypeFor[line]().Field(1).Name})
}

// A program gets JSON with the same lines.
func TestPlain(t *testing.T) {
	w := newWorld(t, Plain).established()
	require.Empty(t, w.round())
	w.do("north", &domain.RaiseProposal{Title: "A title", Text: "Words.", Matter: "access"})
	var m struct {
		Type string
		Data struct {
			Group, Name string
			Lines       []line
		}
	}
	got := w.round()
	require.Len(t, got, 1)
	require.NoError(t, json.Unmarshal(got[0].body, &m))
	require.Equal(t, "goldenthread.recorded", m.Type)
	require.Equal(t, []line{{"P1 is open for responses.", "https://board.example.org/g/g/proposals/P1"}}, m.Data.Lines)
	for _, word := range []string{"title", "Words", "access"} {
		require.NotContains(t, string(got[0].body), word)
	}
}

func TestDestinations(t *testing.T) {
	file := filepath.Join(t.TempDir(), "webhooks.json")
	read := func(text string) error {
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		_, err := ReadDestinations(file)
		return err
	}
	const right = `{"group":"g","name":"Board","url":"https://hooks.example.org/x?sig=abc","secret":"` + secret + `","format":"teams"}`
	require.NoError(t, read("["+right+"]"))
	for what, text := range map[string]string{
		"address already":  "[" + right + "," + right + "]",
		"begins with http": "[" + strings.Replace(right, "https://hooks.example.org", "http://hooks.example.org", 1) + "]",
		"can't be used":    "[" + strings.Replace(right, "https://", "https://user:pass@", 1) + "]",
		"teams or json":    "[" + strings.Replace(right, `"teams"`, `"html"`, 1) + "]",
		"its secret is":    "[" + strings.Replace(right, secret, "whsec_YWJj", 1) + "]",
		"a group and":      "[" + strings.Replace(right, `"g"`, `""`, 1) + "]",
		"is no list":       "[" + strings.Replace(right, `"name"`, `"nam"`, 1) + "]",
	} {
		err := read(text)
		require.ErrorContains(t, err, what)
		require.NotContains(t, err.Error(), "sig=abc")
		require.NotContains(t, err.Error(), secret)
	}
	require.NoError(t, os.Chmod(file, 0o644))
	_, err := ReadDestinations(file)
	require.ErrorContains(t, err, "can be read by everybody")
}
