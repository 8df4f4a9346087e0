package api

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"goldenthread/api/guard"
	"goldenthread/api/operation"

	"github.com/stretchr/testify/require"
)

// Every page: a strict policy, and nothing in the page that it would stop.
func TestContentPolicy(t *testing.T) {
	w := newWorld(t)
	d := newDevice(w)
	w.must(200, d.accept(w.invited("cd-north"), ""))
	pages := []reply{
		d.send("GET", "/sign-in", ""), d.send("GET", "/invitation", ""), d.send("GET", "/invitation/"+w.invited("cd-south"), ""),
		d.send("GET", "/invitation/none", ""), d.send("GET", "/account", ""), d.send("POST", "/account/passkeys/none/remove", "", "Accept", "text/html"),
	}
	inline := regexp.MustCompile(`(?i)<style|\sstyle=|\son[a-z]+=|<script[^>]*>[^<]|javascript:`)
	for _, r := range pages {
		require.Contains(t, r.Header.Get("Content-Type"), "text/html", "%s", r.sent.URL)
		require.Contains(t, r.Header.Get("Content-Security-Policy"), "default-src 'none'; script-src 'self';")
		require.NotContains(t, r.Header.Get("Content-Security-Policy"), "unsafe")
		require.Contains(t, r.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'")
		require.Equal(t, "no-referrer", r.Header.Get("Referrer-Policy"))
		require.Equal(t, "nosniff", r.Header.Get("X-Content-Type-Options"))
		require.Equal(t, "no-store", r.Header.Get("Cache-Control"))
		require.NotRegexp(t, inline, string(r.body))
	}
}

// What another site has a browser send is not done, though the cookie comes with it.
func TestCrossOrigin(t *testing.T) {
	w := newWorld(t)
	d := newDevice(w)
	w.must(200, d.accept(w.invited("cd-north"), ""))
	next := w.store.Next("trafford")
	const command = "/v1/groups/trafford/commands/consent-to-charter"
	for _, path := range []string{command, "/sign-out", "/account/passkeys/begin", "/sign-in/begin", "/v1/groups/trafford/tokens"} {
		w.refused(403, "", d.send("POST", path, `{}`, "Sec-Fetch-Site", "cross-site"))
		w.refused(403, "", d.send("POST", path, `{}`, "Sec-Fetch-Site", "same-site"))
		w.refused(403, "", d.send("POST", path, `{}`, "Sec-Fetch-Site", "", "Origin", "https://evil.example"))
		w.refused(403, "", d.send("POST", path, `{}`, "Sec-Fetch-Site", "", "Origin", "null"))
		w.refused(403, "", d.send("POST", path, `{}`, "Sec-Fetch-Site", "same-origin", "Origin", "https://evil.example"))
		w.refused(403, "", d.send("POST", path, `{}`, "Sec-Fetch-Site", "none", "Origin", "http://localhost.evil.example"))
		w.refused(403, "", d.send("POST", path, `{}`, "Sec-Fetch-Site", "cross-site", "Origin", "null"))
	}
	require.Equal(t, next, w.store.Next("trafford"))
	w.must(200, d.send("GET", "/account", "", "Sec-Fetch-Site", "cross-site")) // a link in a message
	w.must(201, d.send("POST", command, `{}`))
	w.must(201, w.command("cd-south", "consent-to-charter", `{}`, "Sec-Fetch-Site", "cross-site")) // a token is no cookie
}

func TestPace(t *testing.T) {
	w := newWorld(t)
	w.server.guard.Writes, w.server.guard.SignIns = guard.NewLimits(0.5, 3), guard.NewLimits(0.5, 3)
	slow := func(r reply) {
		t.Helper()
		w.refused(429, "", r)
		require.Regexp(t, `^[12]$`, r.Header.Get("Retry-After"))
	}
	correct := func(person string) reply { return w.command(person, "correct", `{"index":1,"words":"Not so."}`) }
	for range 3 {
		w.must(201, correct("cd-north"))
	}
	slow(correct("cd-north"))
	w.must(200, w.ask("cd-north", "")) // asking has no pace
	w.must(201, correct("cd-south"))   // others keep theirs

	for range 3 {
		w.must(404, newDevice(w).send("GET", "/invitation/guess", ""))
	}
	slow(newDevice(w).send("GET", "/invitation/guess", ""))
	slow(newDevice(w).send("POST", "/sign-in/begin", "{}"))
	w.must(200, newDevice(w).send("GET", "/sign-in", ""))

	w.server.guard.Reach.BehindProxy = true
	from := func(via string) reply {
		return newDevice(w).send("POST", "/sign-in/begin", "{}", "X-Forwarded-For", via)
	}
	for range 3 {
		w.must(200, from("203.0.113.9"))
	}
	slow(from("203.0.113.9"))
	slow(from("198.51.100.1, 203.0.113.9")) // what was said before the proxy counts for nothing
	w.must(200, from("203.0.113.10"))
}

// Slow clients, long headers and large forms are cut off.
func TestSlowAndLarge(t *testing.T) {
	w := newWorld(t)
	srv := w.server.patient()
	require.Equal(t, readTimeout, srv.ReadHeaderTimeout)
	require.Equal(t, readTimeout, srv.ReadTimeout)
	require.Equal(t, operation.WriteTimeout, srv.WriteTimeout)
	require.Equal(t, idleTimeout, srv.IdleTimeout)
	srv.ReadHeaderTimeout, srv.ReadTimeout = 100*time.Millisecond, 200*time.Millisecond
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	go srv.Serve(l)
	t.Cleanup(func() { srv.Close() })
	for _, begun := range []string{
		"GET /healthz HTTP/1.1\r\nHost: x\r\n",
		"POST /invitation HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\ncode=",
	} {
		c, err := net.Dial("tcp", l.Addr().String())
		require.NoError(t, err)
		defer c.Close()
		_, err = io.WriteString(c, begun)
		require.NoError(t, err)
		c.SetReadDeadline(time.Now().Add(5 * time.Second))
		_, err = io.ReadAll(c) // until the server hangs up
		require.NoError(t, err, "the server waits for ever")
	}
	d := newDevice(w)
	w.must(303, d.send("POST", "/invitation", "code=x", "Content-Type", "application/x-www-form-urlencoded"))
	w.refused(400, "", d.send("POST", "/invitation", "code="+strings.Repeat("x", (4<<10)), "Content-Type", "application/x-www-form-urlencoded"))
	d.options("/sign-in/begin")
	w.refused(413, "", d.finish("/sign-in/finish", map[string]any{"name": strings.Repeat("x", operation.MostBody)}))
}

// certify writes a certificate for localhost and its key.
func certify(t testing.TB, dir string, serial int64) (certificate, key string) {
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	is := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, is, is, secret.Public(), secret)
	require.NoError(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(secret)
	require.NoError(t, err)
	certificate, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	require.NoError(t, os.WriteFile(certificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	require.NoError(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600))
	return certificate, key
}

// Served by TLS: not below 1.2, secure cookies, and a renewed certificate
// without a restart.
func TestTLS(t *testing.T) {
	w := newWorld(t)
	certificate, key := certify(t, t.TempDir(), 1)
	_, err := guard.TLS(certificate, certificate)
	require.Error(t, err)
	w.server.guard.Reach.TLS, err = guard.TLS(certificate, key)
	require.NoError(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.server.Serve(ctx, l) }()
	defer func() { stop(); require.NoError(t, <-ended) }()

	_, port, _ := net.SplitHostPort(l.Addr().String())
	ask := func(most uint16) (*http.Response, error) {
		roots := x509.NewCertPool()
		b, err := os.ReadFile(certificate)
		require.NoError(t, err)
		roots.AppendCertsFromPEM(b)
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS10, MaxVersion: most}, ForceAttemptHTTP2: true}
		defer transport.CloseIdleConnections()
		req, err := http.NewRequest("POST", "https://localhost:"+port+"/sign-in/begin", strings.NewReader("{}"))
		require.NoError(t, err)
		return (&http.Client{Transport: transport}).Do(req)
	}
	r, err := ask(0)
	require.NoError(t, err)
	r.Body.Close()
	require.Equal(t, 200, r.StatusCode)
	require.True(t, r.Cookies()[0].Secure)
	require.Equal(t, http.SameSiteStrictMode, r.Cookies()[0].SameSite)
	require.Contains(t, r.Header.Get("Strict-Transport-Security"), "max-age=")
	_, err = ask(tls.VersionTLS11)
	require.Error(t, err)
}

// Nothing that lets somebody in is ever in the log.
func TestNoSecretIsLogged(t *testing.T) {
	w := newWorld(t)
	d := newDevice(w)
	code := w.invited("cd-north")
	r := w.must(200, d.accept(code, ""))
	d.finish("/sign-in/finish", but(d.asserted(d.options("/sign-in/begin")), "signature", "AAAA"))
	w.server.api.Mux.HandleFunc("GET /boom", func(http.ResponseWriter, *http.Request) { panic("here") })
	d.send("GET", "/boom", "")
	w.send(w.request("cd-south", "GET", "/boom?x="+code, ""))
	require.Contains(t, w.log.String(), "a passkey was refused")
	require.Contains(t, w.log.String(), "here")
	for _, secret := range []string{code, strings.ReplaceAll(code, "-", ""), r.session(t).Value, w.keys["cd-south"], w.tokens.Operator(), encoded(d.id)} {
		require.NotContains(t, w.log.String(), secret)
	}
}
