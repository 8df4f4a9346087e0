package api

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"path/filepath"
	"slices"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/go-json-experiment/json"

	"goldenthread/api/web"
)

const (
	sessionsFile    = "sessions.json"
	sessionCookie   = "goldenthread"
	sessionLifetime = 12 * time.Hour // a working day; then it is one touch of the passkey again
	// sessionIdle is after how long unused a session ends. People are doctors, who
	// look at this between patients and on shared machines, and touch a passkey to
	// come back. An hour is what NIST SP 800-63B-4 (section 2.2.3) has for AAL2;
	// serve --idle 30m is ASVS 4.0.3, 3.3.2.
	sessionIdle = time.Hour
	seenWritten = 12 // in this many parts of it a session's last use is written down
)

// cookieName is the name under which a browser keeps a cookie. Over TLS it says
// that the cookie is this very host's, sent over TLS alone: a neighbour can't
// plant one (RFC 6265bis, section 4.1.3.2). Over plain HTTP, on this machine,
// browsers refuse such names.
func cookieName(name string, secure bool) string {
	if secure {
		return "__Host-" + name
	}
	return name
}

// sessions are who is signed in. They lie in a file that has only hashes of
// what the browsers hold, so that a restart signs nobody out and whoever reads
// the file can't sign in with it.
type sessions struct {
	manager *scs.SessionManager
	store   *sessionStore
}

// A Session is one browser that is signed in.
type Session struct {
	ID      string // to end it by
	Group   string
	Person  string // id
	Passkey string // id of the passkey that signed in, or of what else did
	Agent   string // what the browser calls itself
	Began   time.Time
	News    []web.NewKey // passkeys that were added, until somebody says that they saw it
}

func openSessions(dir string) (*sessions, error) {
	k, err := openKept(filepath.Join(dir, sessionsFile), func(is *savedSession) string { return is.Token })
	if err != nil {
		return nil, err
	}
	m := scs.New()
	store := &sessionStore{k, sessionIdle, time.Now}
	m.Lifetime, m.HashTokenInStore, m.Codec, m.Store = sessionLifetime, true, jsonCodec{}, store
	return &sessions{m, store}, nil
}

// begin signs the browser in, under a new secret.
func (s *sessions) begin(w http.ResponseWriter, r *http.Request, secure bool, is Session) error {
	ctx, err := s.manager.Load(r.Context(), "")
	if err != nil {
		return err
	}
	var id [8]byte
	rand.Read(id[:])
	is.ID, is.Agent, is.Began = hex.EncodeToString(id[:]), clipTo(r.UserAgent(), 200), time.Now().UTC().Truncate(time.Second)
	news, err := json.Marshal(is.News)
	if err != nil {
		return err
	}
	for name, v := range map[string]string{
		"news": string(news),
		"id":   is.ID, "group": is.Group, "person": is.Person, "passkey": is.Passkey, "agent": is.Agent, "began": is.Began.Format(time.RFC3339),
	} {
		s.manager.Put(ctx, name, v)
	}
	token, ends, err := s.manager.Commit(ctx)
	if err != nil {
		return err
	}
	http.SetCookie(w, &http.Cookie{
		Name: cookieName(sessionCookie, secure), Value: token, Path: "/", Expires: ends, HttpOnly: true, Secure: secure,
		SameSite: http.SameSiteLaxMode, // Strict would sign people out who follow a link in a message
	})
	return nil
}

// of is the session of the browser that asks.
func (s *sessions) of(r *http.Request, secure bool) (Session, bool) {
	c, err := r.Cookie(cookieName(sessionCookie, secure))
	if err != nil || c.Value == "" {
		return Session{}, false
	}
	ctx, err := s.manager.Load(r.Context(), c.Value)
	if err != nil {
		return Session{}, false
	}
	is := s.read(ctx)
	return is, is.ID != ""
}

func (s *sessions) read(ctx context.Context) Session {
	get := func(name string) string { return s.manager.GetString(ctx, name) }
	began, _ := time.Parse(time.RFC3339, get("began"))
	is := Session{get("id"), get("group"), get("person"), get("passkey"), get("agent"), began, nil}
	json.Unmarshal([]byte(get("news")), &is.News) // of a session from before there were any
	return is
}

// told takes the news out of the session that asks.
func (s *sessions) told(r *http.Request, secure bool) error {
	c, err := r.Cookie(cookieName(sessionCookie, secure))
	if err != nil {
		return err
	}
	ctx, err := s.manager.Load(r.Context(), c.Value)
	if err != nil {
		return err
	}
	s.manager.Put(ctx, "news", "[]")
	_, _, err = s.manager.Commit(ctx)
	return err
}

// use notes that the session of that id was used. It is written down now and
// then only, so it may end that much earlier than it could.
func (s *sessions) use(id string) error {
	now := s.store.now()
	meant := func(is *savedSession) bool { return is.ID == id && now.Sub(is.Seen) >= s.store.idle/seenWritten }
	if _, due := s.store.kept.find(meant); !due {
		return nil
	}
	return s.store.kept.change(func(all []savedSession) ([]savedSession, error) {
		for i := range all {
			if meant(&all[i]) {
				all[i].Seen = now.UTC()
			}
		}
		return all, nil
	})
}

// list are the sessions of the person, newest first.
func (s *sessions) list(ctx context.Context, group, person string) ([]Session, error) {
	var list []Session
	err := s.manager.Iterate(ctx, func(ctx context.Context) error {
		if is := s.read(ctx); is.Group == group && is.Person == person {
			list = append(list, is)
		}
		return nil
	})
	slices.SortFunc(list, func(a, b Session) int { return cmp.Or(b.Began.Compare(a.Began), cmp.Compare(a.ID, b.ID)) })
	return list, err
}

// end ends those that fit.
func (s *sessions) end(ctx context.Context, fits func(*Session) bool) error {
	return s.manager.Iterate(ctx, func(ctx context.Context) error {
		if is := s.read(ctx); fits(&is) {
			return s.store.Delete(s.manager.Token(ctx)) // Destroy would take this, a hash already, for the secret
		}
		return nil
	})
}

// forget takes the cookie back.
func forget(w http.ResponseWriter, secure bool) {
	http.SetCookie(w, &http.Cookie{Name: cookieName(sessionCookie, secure), Path: "/", MaxAge: -1, HttpOnly: true, Secure: secure, SameSite: http.SameSiteLaxMode})
}

// A sessionStore keeps sessions for scs.
type sessionStore struct {
	kept *kept[savedSession]
	idle time.Duration    // unused for so long, a session ends
	now  func() time.Time // which tests move
}

// A savedSession is a line of the file. One from before sessions ended unused
// has no last use, and has ended.
type savedSession struct {
	Token   string    `json:"token"` // hash of what the browser holds
	ID      string    `json:"id"`
	Expires time.Time `json:"expires"`
	Seen    time.Time `json:"seen"` // last used
	Data    string    `json:"data"`
}

func (s *sessionStore) lives(is *savedSession) bool {
	now := s.now()
	return now.Before(is.Expires) && now.Before(is.Seen.Add(s.idle))
}

func (s *sessionStore) Find(token string) ([]byte, bool, error) {
	is, ok := s.kept.get(token)
	if !ok || !s.lives(&is) {
		return nil, false, nil
	}
	return []byte(is.Data), true, nil
}

// Commit keeps the session, and drops those that have ended.
func (s *sessionStore) Commit(token string, b []byte, expires time.Time) error {
	_, values, err := jsonCodec{}.Decode(b)
	if err != nil {
		return err
	}
	id, _ := values["id"].(string)
	return s.kept.change(func(all []savedSession) ([]savedSession, error) {
		all = slices.DeleteFunc(all, func(is savedSession) bool { return is.Token == token || !s.lives(&is) })
		return append(all, savedSession{token, id, expires.UTC(), s.now().UTC(), string(b)}), nil
	})
}

func (s *sessionStore) Delete(token string) error {
	return s.kept.drop(func(is *savedSession) bool { return is.Token == token })
}

func (s *sessionStore) All() (map[string][]byte, error) {
	all := map[string][]byte{}
	for _, is := range s.kept.those(s.lives) {
		all[is.Token] = []byte(is.Data)
	}
	return all, nil
}

// A jsonCodec writes sessions so that the file can be read.
type jsonCodec struct{}

type encodedSession struct {
	Deadline time.Time         `json:"deadline"`
	Values   map[string]string `json:"values"`
}

func (jsonCodec) Encode(deadline time.Time, values map[string]any) ([]byte, error) {
	e := encodedSession{deadline, map[string]string{}}
	for name, v := range values {
		e.Values[name] = v.(string) // begin puts nothing else
	}
	return json.Marshal(e, json.Deterministic(true))
}

func (jsonCodec) Decode(b []byte) (time.Time, map[string]any, error) {
	var e encodedSession
	err := json.Unmarshal(b, &e)
	values := map[string]any{}
	for name, v := range e.Values {
		values[name] = v
	}
	return e.Deadline, values, err
}
