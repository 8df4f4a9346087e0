package guard

import (
	"cmp"
	"crypto/tls"
	"maps"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"goldenthread/api/caller"
	"goldenthread/api/problem"

	"golang.org/x/time/rate"
)

// What keeps strangers out before anything is asked: headers, cross-origin
// protection, limits, TLS.

// contentPolicy lets a page load from this server only: no script or style in
// the page itself, nothing from elsewhere, in nobody's frame.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
	"manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// guarding headers are on every answer. They are shared, and replaced where an
// answer wants others.
var guarding = http.Header{
	"Cache-Control":                {"no-store"},
	"X-Content-Type-Options":       {"nosniff"},
	"Vary":                         {"Authorization, Cookie"},
	"Content-Security-Policy":      {contentPolicy},
	"Referrer-Policy":              {"no-referrer"}, // an invitation's code is in its address
	"Cross-Origin-Opener-Policy":   {"same-origin"},
	"Cross-Origin-Resource-Policy": {"same-origin"},
	"Permissions-Policy":           {"camera=(), geolocation=(), microphone=()"},
}

// Headers sets what every answer tells browsers.
func (s *Guard) Headers(h http.Header, r *http.Request) {
	maps.Copy(h, guarding)
	if s.Encrypted(r) {
		h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
	}
}

// CheckOrigin refuses what another site had a browser send with our cookie. A
// bearer token is never sent by itself; forms are not for programs.
func (s *Guard) CheckOrigin(r *http.Request) *problem.Problem {
	if (r.Header.Get("Authorization") == "" || IsPage(r.URL.Path)) && !s.fromOurPages(r) {
		return problem.New(http.StatusForbidden, "This came from another site and was not done.")
	}
	return nil
}

// fromOurPages says whether both Sec-Fetch-Site and Origin, where they are sent, name
// this server: the one is no reason to believe the other. For a form on a page that
// sends no referrer, as ours do, browsers say "null": that names nobody, so it is for
// Sec-Fetch-Site to say.
func (s *Guard) fromOurPages(r *http.Request) bool {
	if s.crossOrigin.Check(r) != nil {
		return false
	}
	origin := r.Header.Get("Origin")
	byOrigin := *r
	byOrigin.Header = http.Header{"Origin": {origin}}
	return origin == "" || origin == "null" || s.crossOrigin.Check(&byOrigin) == nil
}

// How much somebody may ask for: generous to people, whole practices behind one
// address among them, and slow for whoever guesses.
const (
	writesEach, writesBurst   = rate.Limit(50), 500 // a second, of one caller
	signInsEach, signInsBurst = rate.Limit(1), 60   // a second, from one address; of IPv6, from one /64
	readsEach                 = 200                 // a second, of one session, token or, of strangers, address or /64
	readsBurst                = 10                  // seconds' worth
	mostLimited               = 10_000
)

// ReadLimits are so many reads a second of each; none is 200, less is no limit.
func ReadLimits(each int) *limits {
	if each < 0 {
		return NewLimits(rate.Inf, 1)
	}
	each = cmp.Or(each, readsEach)
	return NewLimits(rate.Limit(each), each*readsBurst)
}

// limits count what each does.
type limits struct {
	each  rate.Limit
	burst int
	mu    sync.Mutex
	of    map[string]*rate.Limiter
	full  int // when as many have come, those are forgotten who could do all again
}

// NewLimits let each do so many a second, and a burst at once.
func NewLimits(each rate.Limit, burst int) *limits {
	return &limits{each: each, burst: burst, of: map[string]*rate.Limiter{}, full: mostLimited}
}

// Check refuses whoever did too much, and says when to come again.
func (l *limits) Check(who string, now time.Time) *problem.Problem {
	if l.each == rate.Inf {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.of) >= l.full {
		for who, one := range l.of {
			if one.TokensAt(now) >= float64(l.burst) {
				delete(l.of, who) // as if they had never come
			}
		}
		l.full = max(mostLimited, 2*len(l.of)) // so that looking through them all stays rare
	}
	one := l.of[who]
	if one == nil {
		one = rate.NewLimiter(l.each, l.burst)
		l.of[who] = one
	}
	r := one.ReserveN(now, 1)
	wait := r.DelayFrom(now)
	if wait == 0 {
		return nil
	}
	r.CancelAt(now)
	return problem.New(http.StatusTooManyRequests, "That was a lot at once. Please wait a moment and try again.").
		With("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
}

// CheckPace holds writes to a pace, by person; reads, by session or token; and
// signing in, by address. An evaluation is a read, though it is sent with a body.
func (s *Guard) CheckPace(r *http.Request, c *caller.Caller) *problem.Problem {
	switch {
	case c != nil && strings.HasPrefix(r.URL.Path, "/access/"), caller.Safe(r.Method) && !strings.HasPrefix(r.URL.Path, "/invitation/") && !strings.HasPrefix(r.URL.Path, "/letter/") && !strings.HasPrefix(r.URL.Path, "/first-run/") && !strings.HasPrefix(r.URL.Path, "/sign-in/oidc"):
		who := s.Client(r)
		if c != nil {
			who = "\x00" + cmp.Or(c.Session, c.Token, c.Group+"\x00"+c.Person)
		}
		return s.Reads.Check(who, time.Now())
	case c != nil && (strings.HasPrefix(r.URL.Path, "/v1/") || IsPage(r.URL.Path) || c.Operator && IsOperatorPage(r.URL.Path)):
		return s.Writes.Check(c.Group+"\x00"+c.Person, time.Now())
	}
	return s.trySignIn(s.Client(r))
}

// CheckStranger holds whoever is not known to a pace, by address.
func (s *Guard) CheckStranger(r *http.Request) *problem.Problem {
	return s.Reads.Check(s.Client(r), time.Now())
}

// TLS is how to serve with a certificate and its key, from files in PEM. They
// are read again at a handshake when they have changed, so that a renewed
// certificate needs no restart; while the new ones can't be read, the old serve.
func TLS(certificate, key string) (*tls.Config, error) {
	files := &certificateFiles{certificate: certificate, key: key}
	if err := files.read(); err != nil {
		return nil, err
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: files.get, NextProtos: []string{"h2", "http/1.1"}}, nil
}
