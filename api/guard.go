package api

import (
	"crypto/tls"
	"maps"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

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

func (s *Server) guardHeaders(h http.Header, r *http.Request) {
	maps.Copy(h, guarding)
	if s.encrypted(r) {
		h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
	}
}

func safe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

// checkOrigin refuses what another site had a browser send with our cookie. A
// bearer token is never sent by itself; forms are not for programs.
func (s *Server) checkOrigin(r *http.Request) *Problem {
	if (r.Header.Get("Authorization") == "" || isPage(r.URL.Path)) && s.crossOrigin.Check(r) != nil {
		return newProblem(http.StatusForbidden, "This came from another site and was not done.")
	}
	return nil
}

// How much somebody may ask for: generous to people, whole practices behind one
// address among them, and slow for whoever guesses.
const (
	writesEach, writesBurst   = rate.Limit(50), 500 // a second, of one caller
	signInsEach, signInsBurst = rate.Limit(1), 60   // a second, from one address
	mostLimited               = 10_000
)

// limits count what each does.
type limits struct {
	each  rate.Limit
	burst int
	mu    sync.Mutex
	of    map[string]*rate.Limiter
}

func newLimits(each rate.Limit, burst int) *limits {
	return &limits{each: each, burst: burst, of: map[string]*rate.Limiter{}}
}

// check refuses whoever did too much, and says when to come again.
func (l *limits) check(who string, now time.Time) *Problem {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.of) >= mostLimited {
		for who, one := range l.of {
			if one.TokensAt(now) >= float64(l.burst) {
				delete(l.of, who) // as if they had never come
			}
		}
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
	return newProblem(http.StatusTooManyRequests, "That was a lot at once. Please wait a moment and try again.").
		with("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
}

// checkPace holds writes to a pace, by caller, and signing in, by address.
func (s *Server) checkPace(r *http.Request) *Problem {
	c, known := r.Context().Value(callerKey{}).(Caller)
	switch {
	case safe(r.Method) && !strings.HasPrefix(r.URL.Path, "/invitation/") && !strings.HasPrefix(r.URL.Path, "/sign-in/oidc"):
		return nil
	case known && (strings.HasPrefix(r.URL.Path, "/v1/") || isPage(r.URL.Path)):
		return s.writes.check(c.Group+"\x00"+c.Person, time.Now())
	}
	return s.signIns.check(s.client(r), time.Now())
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
