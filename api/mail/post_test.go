package mail

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/google/uuid"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"goldenthread/domain"
	"goldenthread/eventstore"
	"goldenthread/projections"
)

// A mailbox is a real mail server that keeps what it takes, and fails as told.
type mailbox struct {
	t    *testing.T
	addr string
	mu   sync.Mutex
	got  []received
	fail func(stage, to string) error // stage: mail, rcpt, data (after all was read)

	server      *smtp.Server
	certificate []byte // its own, in PEM
	password    string // of its one user; "": it asks for none
}

type received struct {
	to, id, subject, text string
	header                mail.Header
}

func newMailbox(t *testing.T) *mailbox {
	m := &mailbox{t: t, fail: func(string, string) error { return nil }}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	m.addr = l.Addr().String()
	s := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &session{m: m, conn: c.Conn()}, nil }))
	s.Domain, s.ReadTimeout, s.WriteTimeout = "localhost", 5*time.Second, 5*time.Second
	s.ErrorLog = silent{}
	var own tls.Certificate
	own, m.certificate = ownCertificate(t)
	s.TLSConfig, m.server = &tls.Config{Certificates: []tls.Certificate{own}}, s
	go s.Serve(l)
	t.Cleanup(func() { s.Close() })
	return m
}

type silent struct{}

func (silent) Printf(string, ...any) {}
func (silent) Println(...any)        {}

func (m *mailbox) failing(f func(stage, to string) error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail = f
}

func (m *mailbox) fails(stage, to string) error {
	m.mu.Lock()
	f := m.fail
	m.mu.Unlock()
	return f(stage, to)
}

func (m *mailbox) letters() []received {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]received{}, m.got...)
}

type session struct {
	m    *mailbox
	conn net.Conn
	to   string
	in   bool // who has said the password
}

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }
func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, _, password string) error {
		if s.in = password == s.m.password; !s.in {
			return smtp.ErrAuthFailed
		}
		return nil
	}), nil
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }
func (s *session) Mail(string, *smtp.MailOptions) error {
	if s.m.password != "" && !s.in {
		return smtp.ErrAuthRequired
	}
	return s.m.fails("mail", "")
}
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = to
	return s.m.fails("rcpt", to)
}

var errCut = errors.New("cut")

// Data takes the letter before it fails, if the connection is to be cut: then
// the letter has arrived, and its sender can't know.
func (s *session) Data(r io.Reader) error {
	msg, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(msg.Body)
	if err != nil {
		return err
	}
	err = s.m.fails("data", s.to)
	if err == nil || errors.Is(err, errCut) {
		s.m.mu.Lock()
		text := strings.ReplaceAll(strings.ReplaceAll(string(body), "=\r\n", ""), "\r\n", "\n")
		s.m.got = append(s.m.got, received{s.to, msg.Header.Get("Message-ID"), msg.Header.Get("Subject"), text, msg.Header})
		s.m.mu.Unlock()
	}
	if errors.Is(err, errCut) {
		s.conn.Close()
	}
	return err
}

// A world is a real store in which Trafford's board has an open proposal, a mail
// server, and a post.
type world struct {
	t      *testing.T
	store  *eventstore.Store
	groups *projections.Groups
	mail   *mailbox
	nats   *server.Server
	post   *Post
	mu     sync.Mutex
	now    time.Time
	log    *strings.Builder
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) at(date, clock string) {
	d, err := domain.ParseDay(date)
	require.NoError(w.t, err)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = d.At(clock).UTC()
}

func (w *world) later(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, mail: newMailbox(t), log: &strings.Builder{}}
	w.at("2026-01-05", "12:00")
	var err error
	w.store, err = eventstore.Open(t.Context(), eventstore.Options{Dir: t.TempDir(), Clock: w.clock, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	w.groups = projections.NewGroups(w.store)
	w.nats, err = server.NewServer(&server.Options{JetStream: true, StoreDir: t.TempDir(), DontListen: true})
	require.NoError(t, err)
	w.nats.Start()
	t.Cleanup(func() {
		w.nats.Shutdown()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		w.store.Close(ctx)
	})
	w.do("lmc-chair", "found", foundBody)
	for _, person := range []string{"cd-north", "cd-south", "lmc-chair"} {
		w.do(person, "consent-to-charter", `{}`)
	}
	w.do("cd-south", "raise-proposal", `{"title":"Saturdays","text":"We open on Saturdays.","matter":"access"}`)
	w.post, _ = w.newPost()
	return w
}

// newPost is the post of a process that has just started.
func (w *world) newPost() (*Post, *nats.Conn) {
	conn, err := nats.Connect("", nats.InProcessServer(w.nats))
	require.NoError(w.t, err)
	w.t.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	require.NoError(w.t, err)
	p, err := Open(w.t.Context(), Options{
		Server: Server{Address: w.mail.addr, From: "board@example.org", TLS: "none"}, Link: "https://board.example.org/",
		Groups: w.groups, Personal: w.store.OpenPersonal, Stream: js, Clock: w.clock, Log: slog.New(slog.NewTextHandler(w.log, nil)),
	})
	require.NoError(w.t, err)
	return p, conn
}

func (w *world) do(person, name, body string) {
	w.t.Helper()
	command, ok := domain.NewCommand(name)
	require.True(w.t, ok, name)
	require.NoError(w.t, json.Unmarshal([]byte(body), command))
	id, err := uuid.NewV7()
	require.NoError(w.t, err)
	_, err = w.store.Execute(w.t.Context(), domain.Request{Group: "trafford", ID: id, Actor: person, Command: command})
	require.NoError(w.t, err)
	w.caughtUp()
}

// caughtUp waits until the projections have what was recorded.
func (w *world) caughtUp() {
	w.t.Helper()
	newest := w.store.Next("trafford") - 1
	_, err := w.groups.Now(w.t.Context(), "trafford", &newest)
	require.NoError(w.t, err)
}

// round goes round once, and gives what arrived meanwhile.
func (w *world) round() []received {
	before := len(w.mail.letters())
	w.post.Round(w.t.Context())
	return w.mail.letters()[before:]
}

func (w *world) letter(handle string) Letter {
	g, err := w.groups.Now(w.t.Context(), "trafford", nil)
	require.NoError(w.t, err)
	id := g.State().ByHandle(handle).ID
	letters, err := w.post.Letters(w.t.Context(), "trafford")
	require.NoError(w.t, err)
	for _, l := range letters {
		if l.Person == id {
			return l
		}
	}
	return Letter{}
}

const foundBody = `{
"name":"Trafford GP Board","shortName":"the board","place":"TRAFFORD","placeName":"Trafford","founder":"lmc-chair",
"charter":{"text":"We decide by consensus.","quorum":2,"defaultStance":"bring-back","matters":["access","workforce","representation"]},
"organisations":[
 {"code":"TRAFFORD","kind":"place","name":"Trafford"},
 {"code":"U66368","kind":"pcn","name":"North Trafford","memberships":[{"in":"TRAFFORD","from":"2020-01-01"}]},
 {"code":"U42898","kind":"pcn","name":"South Trafford","memberships":[{"in":"TRAFFORD","from":"2020-01-01"}]},
 {"code":"LMC","kind":"lmc","name":"Trafford LMC"},
 {"code":"P91018","kind":"practice","name":"A Surgery","memberships":[{"in":"TRAFFORD","from":"2020-01-01"},{"in":"U66368","from":"2020-01-01"}]}],
"people":[
 {"handle":"cd-north","office":"Clinical Director, North Trafford","organisation":"U66368","personal":{"name":"Nora North","email":"nora@example.org"}},
 {"handle":"cd-south","office":"Clinical Director, South Trafford","organisation":"U42898"},
 {"handle":"lmc-chair","office":"Chair, Trafford LMC","organisation":"LMC"},
 {"handle":"pm-a","office":"Practice Manager, A Surgery","organisation":"P91018","personal":{"name":"Pat","email":"pat@example.org"}},
 {"handle":"manager","office":"Manager","organisation":"LMC"}],
"seats":[{"organisation":"U66368","holder":"cd-north"},{"organisation":"U42898","holder":"cd-south"},{"organisation":"LMC","holder":"lmc-chair"}],
"duties":[{"duty":"chair","person":"lmc-chair","from":"2026-01-05"},{"duty":"manager","person":"manager","from":"2026-01-05"},{"duty":"registrar","person":"manager","from":"2026-01-05"}]}`

func TestOneMailForOneThing(t *testing.T) {
	w := newWorld(t)
	w.at("2026-01-05", "06:30")
	require.Empty(t, w.round(), "not at night")
	w.at("2026-01-05", "12:00")
	got := w.round()
	require.Len(t, got, 1, "nobody else has an address")
	require.Equal(t, "nora@example.org", got[0].to)
	require.Equal(t, "Trafford GP Board: Respond to P1, Saturdays, by 6 March 2026", got[0].subject)
	require.Contains(t, got[0].text, "Dear Nora North")
	require.Contains(t, got[0].text, "North Trafford has not been heard on P1, Saturdays. Silence is never consent.")
	require.Contains(t, got[0].text, "https://board.example.org/")
	require.Regexp(t, `^<[0-9a-f-]{36}@example\.org>$`, got[0].id)
	require.Equal(t, Sent, w.letter("cd-north").State)

	for _, day := range []string{"2026-01-05", "2026-01-06", "2026-01-12"} {
		w.at(day, "13:00")
		require.Empty(t, w.round(), "told once: %s", day)
	}
	w.post, _ = w.newPost()
	require.Empty(t, w.round(), "nor after a start")

	w.do("cd-south", "amend-proposal", `{"proposal":"P1","version":1,"title":"Saturdays","text":"We open on some Saturdays."}`)
	got = w.round()
	require.Len(t, got, 1)
	require.Contains(t, got[0].text, "P1, Saturdays", "other words are another thing")
	w.do("cd-north", "consent", `{"proposal":"P1","version":2}`)
	w.at("2026-02-20", "12:00")
	require.Empty(t, w.round(), "nobody is reminded of what they have done")
}

// TestReminded: who is reminded of what they owe is told of it once more, with the next
// day's letter; once a day at most, and not of what they do not owe.
func TestReminded(t *testing.T) {
	w := newWorld(t)
	first := w.round()
	require.Len(t, first, 1)
	g, err := w.groups.Now(t.Context(), "trafford", nil)
	require.NoError(t, err)
	remind := func(handle, about string) error {
		return w.post.Remind(t.Context(), "trafford", g.State().ByHandle(handle).ID, about)
	}
	require.ErrorIs(t, remind("cd-north", "P9"), ErrNothing)
	require.ErrorIs(t, remind("lmc-chair", "P1"), ErrNoAddress)
	require.NoError(t, remind("cd-north", "P1"))
	require.ErrorIs(t, remind("cd-north", "P1"), ErrReminded)
	require.Empty(t, w.round(), "one letter a day")
	w.later(24 * time.Hour)
	again := w.round()
	require.Len(t, again, 1)
	require.Contains(t, again[0].text, "P1, Saturdays")
	require.NotEqual(t, first[0].id, again[0].id)
	w.later(24 * time.Hour)
	require.Empty(t, w.round(), "once for each time that it is asked for")
	require.NoError(t, remind("cd-north", "P1"))
	w.do("cd-north", "consent", `{"proposal":"P1","version":1}`)
	require.Empty(t, w.round(), "nobody is reminded of what they have done")
}

// TestHeardPositions: what the manager recorded for a seat is told to its holder
// (C10).
func TestHeardPositions(t *testing.T) {
	w := newWorld(t)
	w.do("manager", "report-position", `{"proposal":"P1","version":1,"seat":"U66368","stand":"consent","from":"cd-north","how":"by telephone"}`)
	got := w.round()
	require.Len(t, got, 1)
	require.Contains(t, got[0].text, "The manager heard that North Trafford consents to P1, Saturdays (by telephone). It counts once you confirm it.")
	require.NotContains(t, got[0].text, "has not been heard")
}

// TestOnePressFromTheMail: what waits to be confirmed is told with the address at which
// it is confirmed or refused.
func TestOnePressFromTheMail(t *testing.T) {
	w := newWorld(t)
	w.do("manager", "record-spokesperson", `{"organisation":"P91018","person":"pm-a","evidence":"A letter."}`)
	got := w.round()
	require.Len(t, got, 1)
	require.Contains(t, got[0].text, "Manager recorded that Practice Manager, A Surgery speaks for A Surgery (N1). Is that right?")
	require.Equal(t, "Trafford GP Board: Say whether this record is right: N1, by 12 January 2026, and 1 more", got[0].subject)
	require.Contains(t, got[0].text, "\nhttps://board.example.org/g/trafford/waiting#N1\n")
	require.Contains(t, got[0].text, "\nhttps://board.example.org/g/trafford/proposals/P1\n")
	w.do("cd-south", "confirm-record", `{"records":["N1"]}`)
	w.at("2026-01-11", "12:00")
	for _, l := range w.round() {
		require.NotContains(t, l.text, "N1")
	}
}

func TestRemindersComeNearer(t *testing.T) {
	w := newWorld(t)
	require.Len(t, w.round(), 1)
	var days []string
	for d := domain.NewDay(2026, 1, 6); d <= domain.NewDay(2026, 3, 6); d++ { // it closes on 6 March
		w.at(d.String(), "12:00")
		if len(w.round()) > 0 {
			days = append(days, d.String())
		}
	}
	require.Equal(t, []string{"2026-02-04", "2026-02-27"}, days, "30 and 7 days before")
}

func TestPracticesAreTold(t *testing.T) {
	w := newWorld(t)
	w.do("manager", "record-spokesperson", `{"organisation":"P91018","person":"pm-a","evidence":"A letter.","from":"2026-01-05"}`)
	w.do("cd-north", "confirm-record", `{"records":["N1"]}`)
	for _, person := range []string{"cd-north", "cd-south", "lmc-chair"} {
		w.do(person, "consent", `{"proposal":"P1","version":1,"needNotWait":true}`)
	}
	got := w.round()
	require.Len(t, got, 1)
	require.Equal(t, "pat@example.org", got[0].to)
	require.Contains(t, got[0].text, "For A Surgery: The board agreed: Saturdays.")

	w.at("2026-01-11", "12:00")
	require.Empty(t, w.round())
	w.at("2026-01-12", "12:00")
	require.Len(t, w.round(), 1, "twice, says the charter")
	w.at("2026-01-19", "12:00")
	require.Empty(t, w.round(), "and not more often")
	w.do("pm-a", "ask-group", `{"practice":"P91018","words":"All Saturdays?"}`)
	w.do("lmc-chair", "answer-question", `{"question":"Q1","words":"The first of the month."}`)
	got = w.round()
	require.Len(t, got, 1)
	require.Contains(t, got[0].text, "Q1 of A Surgery was answered on 19 January 2026: The first of the month.")
}

func TestAcknowledgedIsNotRepeated(t *testing.T) {
	w := newWorld(t)
	w.do("manager", "record-spokesperson", `{"organisation":"P91018","person":"pm-a","evidence":"A letter.","from":"2026-01-05"}`)
	w.do("cd-north", "confirm-record", `{"records":["N1"]}`)
	for _, person := range []string{"cd-north", "cd-south", "lmc-chair"} {
		w.do(person, "consent", `{"proposal":"P1","version":1,"needNotWait":true}`)
	}
	require.Len(t, w.round(), 1)
	w.do("pm-a", "acknowledge", `{"about":"P1","practices":["P91018"]}`)
	w.at("2026-01-12", "12:00")
	require.Empty(t, w.round())
}

func TestTryingAgain(t *testing.T) {
	w := newWorld(t)
	w.mail.failing(func(stage, _ string) error {
		if stage == "data" {
			return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "nora@example.org later"}
		}
		return nil
	})
	require.Empty(t, w.round())
	l := w.letter("cd-north")
	require.Equal(t, Waiting, l.State)
	require.Equal(t, "The mail server asks to try again later (451).", l.Why)
	require.Equal(t, w.clock().Add(time.Minute), l.Next)
	require.Empty(t, w.round(), "not before its time")
	require.Equal(t, 1, w.letter("cd-north").Tries)

	w.mail.failing(func(string, string) error { return nil })
	w.later(time.Minute)
	require.Len(t, w.round(), 1)
	require.Equal(t, Sent, w.letter("cd-north").State)
	require.NotContains(t, w.log.String(), "example.org", "no address in the log")
}

func TestTriedTooOften(t *testing.T) {
	w := newWorld(t)
	w.mail.failing(func(stage, _ string) error {
		return &smtp.SMTPError{Code: 421, Message: "no"}
	})
	for range mostTries + 2 {
		require.Empty(t, w.round())
		w.later(25 * time.Hour)
	}
	l := w.letter("cd-north")
	require.Equal(t, Refused, l.State)
	require.Equal(t, mostTries, l.Tries)
}

func TestNoServer(t *testing.T) {
	w := newWorld(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l.Close()
	w.post.o.Server.Address = l.Addr().String()
	require.Empty(t, w.round())
	require.Equal(t, Waiting, w.letter("cd-north").State)
	require.Equal(t, "The mail server can't be reached, or does not let this server in.", w.letter("cd-north").Why)
	w.post.o.Server.Address = w.mail.addr
	w.later(time.Minute)
	require.Len(t, w.round(), 1)
}

func TestRefusedAddress(t *testing.T) {
	w := newWorld(t)
	w.do("manager", "record-spokesperson", `{"organisation":"P91018","person":"pm-a","evidence":"A letter.","from":"2026-01-05"}`)
	w.do("cd-north", "confirm-record", `{"records":["N1"]}`)
	w.do("pm-a", "ask-group", `{"practice":"P91018","words":"All Saturdays?"}`)
	w.do("lmc-chair", "answer-question", `{"question":"Q1","words":"The first of the month."}`)
	w.mail.failing(func(stage, to string) error {
		if stage == "rcpt" && to == "nora@example.org" {
			return &smtp.SMTPError{Code: 550, Message: "no nora@example.org here"}
		}
		return nil
	})
	require.Len(t, w.round(), 1, "nobody else's letter is held up")
	l := w.letter("cd-north")
	require.Equal(t, Refused, l.State)
	require.Equal(t, "The mail server refuses it (550).", l.Why)
	w.later(48 * time.Hour)
	require.Empty(t, w.round(), "it is not tried again by itself")

	w.mail.failing(func(string, string) error { return nil })
	require.NoError(t, w.post.Again(t.Context(), "trafford", l.Person))
	require.Len(t, w.round(), 1)
	require.ErrorIs(t, w.post.Again(t.Context(), "trafford", l.Person), ErrNoLetter)
}

func TestCutAfterData(t *testing.T) {
	w := newWorld(t)
	w.mail.failing(func(stage, _ string) error {
		if stage == "data" {
			return errCut
		}
		return nil
	})
	require.Len(t, w.round(), 1, "the server has it")
	l := w.letter("cd-north")
	require.Equal(t, Unknown, l.State)
	require.Contains(t, l.Why, "may or may not")
	w.mail.failing(func(string, string) error { return nil })
	w.later(24 * time.Hour)
	require.Empty(t, w.round(), "none is sent twice")
}

// TestCrashAfterHandingOver ends the process between the mail server's word and
// the record of it.
func TestCrashAfterHandingOver(t *testing.T) {
	w := newWorld(t)
	post, conn := w.newPost()
	w.post = post
	w.mail.failing(func(stage, _ string) error {
		if stage == "data" {
			conn.Close() // nothing more is recorded by this process
		}
		return nil
	})
	require.Len(t, w.round(), 1)
	w.mail.failing(func(string, string) error { return nil })

	w.post, _ = w.newPost()
	require.Equal(t, Sending, w.letter("cd-north").State)
	require.Empty(t, w.round(), "another node may be at it")
	require.Equal(t, Sending, w.letter("cd-north").State)
	w.later(abandoned)
	require.Empty(t, w.round())
	require.Equal(t, Unknown, w.letter("cd-north").State)
	w.later(24 * time.Hour)
	require.Empty(t, w.round(), "none is sent twice")
}

// TestCrashBeforeHandingOver ends the process before the mail server heard of
// the letter: it is not sent either, since nobody can know.
func TestCrashBeforeHandingOver(t *testing.T) {
	w := newWorld(t)
	post, conn := w.newPost()
	w.post = post
	w.mail.failing(func(stage, _ string) error {
		conn.Close()
		return &smtp.SMTPError{Code: 421, Message: "gone"}
	})
	require.Empty(t, w.round())
	w.mail.failing(func(string, string) error { return nil })
	w.post, _ = w.newPost()
	w.later(abandoned)
	require.Empty(t, w.round())
	require.Equal(t, Unknown, w.letter("cd-north").State)
	require.NoError(t, w.post.Again(t.Context(), "trafford", w.letter("cd-north").Person))
	require.Len(t, w.round(), 1, "a person may decide that it goes out")
}

// TestTwoNodes: of two posts that go round at once, one sends.
func TestTwoNodes(t *testing.T) {
	w := newWorld(t)
	other, _ := w.newPost()
	var both sync.WaitGroup
	for _, p := range []*Post{w.post, other} {
		both.Go(func() { p.Round(t.Context()) })
	}
	both.Wait()
	require.Len(t, w.mail.letters(), 1)
}

func TestDoneMeanwhile(t *testing.T) {
	w := newWorld(t)
	w.mail.failing(func(stage, _ string) error { return &smtp.SMTPError{Code: 421, Message: "later"} })
	require.Empty(t, w.round())
	w.mail.failing(func(string, string) error { return nil })
	w.do("cd-north", "consent", `{"proposal":"P1","version":1}`)
	w.later(time.Hour)
	require.Empty(t, w.round(), "nobody is reminded of what they have done")
	require.Equal(t, Unneeded, w.letter("cd-north").State)
}

// TestErased: who is erased gets no mail, and the outbox never knew the address.
func TestErased(t *testing.T) {
	w := newWorld(t)
	require.Len(t, w.round(), 1)
	entries, err := w.post.outbox.bucket.ListKeys(t.Context())
	require.NoError(t, err)
	for key := range entries.Keys() {
		entry, err := w.post.outbox.bucket.Get(t.Context(), key)
		require.NoError(t, err)
		require.NotContains(t, string(entry.Value()), "example.org")
		require.NotContains(t, string(entry.Value()), "Nora")
	}
	w.do("cd-north", "leave-office", `{"person":"cd-north","until":"`+domain.DayOf(w.clock()).String()+`"}`)
	w.later(24 * time.Hour)
	w.do("cd-north", "erase-person", `{"person":"`+w.letter("cd-north").Person+`"}`)
	w.at("2026-02-04", "12:00")
	require.Empty(t, w.round())
	require.Empty(t, w.letter("cd-north"), "nor does it know any more that there was a letter")
}

// TestNewWayIn: somebody who has a new way in is told of it at once, even at night. Where
// their address was changed or taken away, the earlier one is told for 30 days (rule L11).
func TestNewWayIn(t *testing.T) {
	w := newWorld(t)
	operator := func(c domain.Command) {
		t.Helper()
		_, err := w.store.Execute(t.Context(), domain.Request{Group: "trafford", ID: uuid.New(), Hash: domain.HashOf(c), Actor: domain.Operator, Way: domain.ByOperator, Command: c})
		require.NoError(t, err)
		w.caughtUp()
	}
	token := func(of string) {
		t.Helper()
		operator(&domain.MakeWay{Person: "cd-north", Way: domain.WayOf(domain.TokenWay, sha256.Sum256([]byte(of))), Scope: domain.MayAct})
	}
	operator(&domain.BeginAccess{})
	require.Len(t, w.round(), 1)

	w.at("2026-01-05", "23:30")
	token("first")
	got := w.round()
	require.Len(t, got, 1)
	require.Equal(t, "Trafford GP Board: Look at a new way in to your account", got[0].subject)
	require.Contains(t, got[0].text, "You have a new way in: a token, made on 5 January 2026 by the operator of this server.")
	require.Empty(t, w.round(), "once")

	w.at("2026-01-06", "09:00")
	id := w.letter("cd-north").Person
	w.do("cd-north", "update-person", `{"person":"`+id+`","personal":{"name":"Nora North","email":"thief@example.org"}}`)
	w.do("cd-south", "raise-proposal", `{"title":"Sundays","text":"We open on Sundays.","matter":"access"}`)
	token("second")
	got = w.round()
	require.Len(t, got, 2)
	require.Equal(t, []string{"nora@example.org", "thief@example.org"}, []string{got[0].to, got[1].to})
	require.Contains(t, got[0].text, "it can only read, unless somebody who holds a seat confirms it (V1)")
	require.NotContains(t, got[0].text, "Sundays", "nothing else goes to an earlier address")
	require.Contains(t, got[1].text, "Sundays")

	w.do("cd-north", "update-person", `{"person":"`+id+`","personal":{"name":"Nora North"}}`)
	w.at("2026-02-05", "03:00")
	token("third")
	got = w.round()
	require.Len(t, got, 2)
	require.ElementsMatch(t, []string{"nora@example.org", "thief@example.org"}, []string{got[0].to, got[1].to}, "it was changed 30 days ago")
	require.Equal(t, Sent, w.letter("cd-north").State)
	w.at("2026-02-06", "12:00")
	token("fourth")
	require.Empty(t, w.round(), "31 days ago")
}

func TestConfiguration(t *testing.T) {
	w := newWorld(t)
	for why, s := range map[string]Server{
		"is not a mail server":        {Address: "smtp.example.org", From: "a@example.org"},
		"unencrypted to this machine": {Address: "smtp.example.org:25", From: "a@example.org", TLS: "none"},
		"starttls, tls or none":       {Address: "smtp.example.org:25", From: "a@example.org", TLS: "ssl"},
		"mail can come from":          {Address: "smtp.example.org:25", From: "board"},
	} {
		o := w.post.o
		o.Server = s
		_, err := Open(t.Context(), o)
		require.ErrorContains(t, err, why)
	}
	file := filepath.Join(t.TempDir(), "credentials")
	require.NoError(t, os.WriteFile(file, []byte("me:pass:word\n"), 0o600))
	var s Server
	require.NoError(t, s.ReadCredentials(file))
	require.Equal(t, []string{"me", "pass:word"}, []string{s.User, s.Password})
	require.NoError(t, os.Chmod(file, 0o644))
	require.ErrorContains(t, s.ReadCredentials(file), "chmod 600")
	nameless := filepath.Join(t.TempDir(), "nameless")
	require.NoError(t, os.WriteFile(nameless, []byte("me\n"), 0o600))
	require.ErrorContains(t, s.ReadCredentials(nameless), "user:password")
	require.NoError(t, (&Server{}).ReadCredentials(""))
}

// TestNothingInTheClear: where encryption is asked for and the server has none,
// or nobody vouches for it, it hears of nobody.
func TestNothingInTheClear(t *testing.T) {
	w := newWorld(t)
	w.mail.failing(func(stage, to string) error {
		t.Errorf("the server heard of %q at %s", to, stage)
		return nil
	})
	w.post.o.Server.TLS = "starttls"
	require.Empty(t, w.round(), "its certificate is its own")
	require.Equal(t, "The mail server can't be reached, or does not let this server in.", w.letter("cd-north").Why)
	w.mail.server.TLSConfig = nil
	w.later(time.Hour)
	require.Empty(t, w.round(), "it offers no encryption")
	l := w.letter("cd-north")
	require.Equal(t, Waiting, l.State)
	require.Equal(t, 2, l.Tries)
}

// TestPutBackIsTriedOn: a letter that was put back by a person, and fails again,
// is not forgotten.
func TestPutBackIsTriedOn(t *testing.T) {
	w := newWorld(t)
	code := 550
	w.mail.failing(func(stage, _ string) error {
		if stage == "rcpt" {
			return &smtp.SMTPError{Code: code, Message: "no"}
		}
		return nil
	})
	require.Empty(t, w.round())
	require.Empty(t, w.round())
	code = 450
	require.NoError(t, w.post.Again(t.Context(), "trafford", w.letter("cd-north").Person))
	require.Empty(t, w.round())
	require.Equal(t, Waiting, w.letter("cd-north").State)
	w.mail.failing(func(string, string) error { return nil })
	w.later(time.Minute)
	require.Len(t, w.round(), 1)
}

func TestCredentials(t *testing.T) {
	w := newWorld(t)
	file := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(file, w.mail.certificate, 0o600))
	w.post.o.Server.TLS = "starttls"
	require.NoError(t, w.post.o.Server.ReadRoots(file))
	w.mail.password = "secret"
	require.Empty(t, w.round(), "who does not say who they are")
	require.Equal(t, "The mail server takes no mail from this server (502).", w.letter("cd-north").Why)
	w.later(time.Minute)
	w.post.o.Server.User, w.post.o.Server.Password = "board", "wrong"
	require.Empty(t, w.round())
	require.Contains(t, w.letter("cd-north").Why, "does not let this server in")
	w.post.o.Server.Password = "secret"
	w.later(time.Hour)
	require.Len(t, w.round(), 1)
	require.NotContains(t, w.log.String(), "secret")
}

// ownCertificate is a certificate that nobody but itself vouches for.
func ownCertificate(t *testing.T) (tls.Certificate, []byte) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}
