package identity

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"slices"
	"time"

	"goldenthread/api/caller"
	"goldenthread/domain"
	"goldenthread/eventstore/shared"
)

const (
	sessionsFile    = "sessions.json"
	sessionLifetime = 12 * time.Hour // a working day; then it is one touch of the passkey again
	// sessionIdle is after how long unused a session ends. People are doctors, who
	// look at this between patients and on shared machines, and touch a passkey to
	// come back. An hour is what NIST SP 800-63B-4 (section 2.2.3) has for AAL2;
	// serve --idle 30m is ASVS 4.0.3, 3.3.2.
	sessionIdle  = time.Hour
	mostSessions = 50 // of one person: with one more the first ends
	seenWritten  = 12 // in this many parts of it a session's last use is written down
)

// sessions are who is signed in, at whichever node. Only hashes of what the browsers hold
// are kept, so that a restart signs nobody out and whoever reads them can't sign in.
type sessions struct {
	Kept *kept[savedSession]
	Idle time.Duration // unused for so long, a session ends
	Now  func() time.Time
}

// A Session is one browser that is signed in.
type Session struct {
	ID      string    `json:"id"` // to end it by
	Group   string    `json:"group"`
	Person  string    `json:"person"`  // id
	Passkey string    `json:"passkey"` // id of the passkey that signed in, or of what else did
	Agent   string    `json:"agent"`   // what the browser calls itself
	Began   time.Time `json:"began"`
}

// A savedSession is one of the list. One that was written before November 2026
// says neither when it began nor whose it is, and has ended.
type savedSession struct {
	Hash string `json:"hash"` // of the secret in the browser's cookie
	Session
	Seen time.Time `json:"seen"` // last used
}

// openSessions reads the sessions.
func openSessions(r *shared.Records, dir string) (*sessions, error) {
	s := &sessions{Idle: sessionIdle, Now: time.Now}
	s.Kept = openKept(r, sessionsFile, func(is *savedSession) string { return is.Hash }, func(is *savedSession) time.Duration { return is.Began.Add(sessionLifetime).Sub(s.Now()) })
	return s, s.Kept.bring(dir, nil, nil)
}

// Begin signs the browser in, under a new secret.
func (s *sessions) Begin(w http.ResponseWriter, r *http.Request, secure bool, is Session) error {
	now, secret := s.Now().UTC(), rand.Text()
	var id [8]byte
	rand.Read(id[:])
	is.ID, is.Agent, is.Began = hex.EncodeToString(id[:]), domain.ClipTo(r.UserAgent(), 200), now.Truncate(time.Second)
	err := s.Kept.change(func(all []savedSession) ([]savedSession, error) {
		all = withoutFirst(all, is.Group, is.Person)
		return append(all, savedSession{HashOf(secret), is, now}), nil
	})
	if err != nil {
		return err
	}
	http.SetCookie(w, &http.Cookie{
		Name: caller.CookieName(caller.SessionCookie, secure), Value: secret, Path: "/", Expires: is.Began.Add(sessionLifetime), HttpOnly: true, Secure: secure,
		SameSite: http.SameSiteLaxMode, // Strict would sign people out who follow a link in a message
	})
	return nil
}

// withoutFirst are the sessions without the first of the person, if they have as many as they may.
func withoutFirst(all []savedSession, group, person string) []savedSession {
	theirs := func(o savedSession) bool { return o.Group == group && o.Person == person }
	has := 0
	for _, o := range all {
		if theirs(o) {
			has++
		}
	}
	if has < mostSessions {
		return all
	}
	first := slices.IndexFunc(all, theirs)
	return slices.Delete(all, first, first+1)
}

// Lives says whether the session has not ended yet.
func (s *sessions) Lives(is *savedSession) bool {
	now := s.Now()
	return now.Before(is.Began.Add(sessionLifetime)) && now.Before(is.Seen.Add(s.Idle))
}

// Of is the session of the browser that asks; false if there is none that lives.
func (s *sessions) Of(r *http.Request, secure bool) (Session, bool) {
	c, err := r.Cookie(caller.CookieName(caller.SessionCookie, secure))
	if err != nil || c.Value == "" {
		return Session{}, false
	}
	is, ok := s.Kept.get(HashOf(c.Value))
	if !ok || !s.Lives(&is) {
		return Session{}, false
	}
	return is.Session, true
}

// edit changes the session of that id.
func (s *sessions) edit(id string, f func(*savedSession)) error {
	return s.Kept.change(func(all []savedSession) ([]savedSession, error) {
		for i := range all {
			if all[i].ID == id {
				f(&all[i])
			}
		}
		return all, nil
	})
}

// use notes that the session of that id was used. It is written down now and
// then only, so it may end that much earlier than it could.
func (s *sessions) use(id string) error {
	now := s.Now()
	due := func(is *savedSession) bool { return is.ID == id && now.Sub(is.Seen) >= s.Idle/seenWritten }
	if _, any := s.Kept.find(due); !any {
		return nil
	}
	return s.edit(id, func(is *savedSession) { is.Seen = now.UTC() })
}

// until is when the session of that id ends if it is not used again, and how long that
// is; zero: there is none.
func (s *sessions) until(id string) (time.Time, time.Duration) {
	is, ok := s.Kept.find(func(is *savedSession) bool { return is.ID == id })
	if !ok {
		return time.Time{}, 0
	}
	ends := is.Began.Add(sessionLifetime)
	if unused := is.Seen.Add(s.Idle); unused.Before(ends) {
		ends = unused
	}
	return ends, ends.Sub(s.Now())
}

// List are the sessions of the person that have not ended, newest first.
func (s *sessions) List(group, person string) []Session {
	var list []Session
	for _, is := range s.Kept.those(func(is *savedSession) bool { return is.Group == group && is.Person == person && s.Lives(is) }) {
		list = append(list, is.Session)
	}
	slices.SortFunc(list, func(a, b Session) int { return cmp.Or(b.Began.Compare(a.Began), cmp.Compare(a.ID, b.ID)) })
	return list
}

// End ends those that fit.
func (s *sessions) End(fits func(*Session) bool) error {
	ending := func(is *savedSession) bool { return fits(&is.Session) }
	if _, any := s.Kept.find(ending); !any {
		return nil
	}
	return s.Kept.drop(ending)
}

// forget takes the cookie back.
func forget(w http.ResponseWriter, secure bool) {
	http.SetCookie(w, &http.Cookie{Name: caller.CookieName(caller.SessionCookie, secure), Path: "/", MaxAge: -1, HttpOnly: true, Secure: secure, SameSite: http.SameSiteLaxMode})
}
