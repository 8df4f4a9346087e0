package guard

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math/big"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"goldenthread/api/problem"
)

// Whoever never comes back is forgotten, and nobody who did too much.
func TestLimitsForget(t *testing.T) {
	l, now := NewLimits(1, 2), time.Now()
	for range 2 {
		require.Nil(t, l.Check("greedy", now))
	}
	for i := range mostLimited - 1 {
		require.Nil(t, l.Check(fmt.Sprint(i), now.Add(-time.Hour)))
	}
	require.Nil(t, l.Check("new", now))
	require.Len(t, l.of, 2)
	require.NotNil(t, l.Check("greedy", now))
}

// Two nodes count together who tries to sign in; who reads, each counts for itself.
func TestNodesCountSignInsTogether(t *testing.T) {
	srv, err := server.NewServer(&server.Options{DontListen: true, NoSigs: true, NoLog: true})
	require.NoError(t, err)
	srv.Start()
	t.Cleanup(func() { srv.Shutdown(); srv.WaitForShutdown() })
	var nodes [2]*Guard
	for i := range nodes {
		conn, err := nats.Connect("", nats.InProcessServer(srv))
		require.NoError(t, err)
		t.Cleanup(conn.Close)
		nodes[i] = New(Reach{}, 0)
		nodes[i].SignIns, nodes[i].Reads = NewLimits(rate.Every(time.Hour), 10), NewLimits(rate.Every(time.Hour), 10)
		require.NoError(t, nodes[i].ShareSignIns(conn, slog.New(slog.DiscardHandler)))
		require.NoError(t, conn.Flush())
	}
	tries := func(g *Guard, method, path string) *problem.Problem {
		r := httptest.NewRequest(method, path, nil)
		r.RemoteAddr = "192.0.2.7:4711"
		return g.CheckPace(r, nil)
	}
	left := func(g *Guard) float64 {
		g.SignIns.mu.Lock()
		defer g.SignIns.mu.Unlock()
		one := g.SignIns.of["192.0.2.7"]
		if one == nil {
			return 10
		}
		return one.TokensAt(time.Now())
	}
	for i := range 10 {
		require.Nil(t, tries(nodes[i%2], "POST", "/invitation/code"))
		require.Eventually(t, func() bool { return left(nodes[0]) < float64(10-i) && left(nodes[1]) < float64(10-i) }, 5*time.Second, time.Millisecond)
	}
	for _, g := range nodes {
		require.NotNil(t, tries(g, "POST", "/sign-in/token"))
		for range 10 {
			require.Nil(t, tries(g, "GET", "/sign-in"))
		}
		require.NotNil(t, tries(g, "GET", "/sign-in"))
	}
}

func TestReach(t *testing.T) {
	for _, good := range []string{"", "https://thread.example.org", "https://thread.example.org:8443", "http://localhost:8080"} {
		require.NoError(t, (&Reach{Origin: good}).Check(), good)
	}
	for _, bad := range []string{"thread.example.org", "https://thread.example.org/", "http://thread.example.org", "https://10.0.0.5", "https://", "ftp://x", "https://user@x.example"} {
		require.Error(t, (&Reach{Origin: bad}).Check(), bad)
	}
	require.NoError(t, CheckListen("127.0.0.1:8080", false, false))
	require.NoError(t, CheckListen("localhost:0", false, false))
	require.NoError(t, CheckListen("[::1]:8080", false, false))
	require.NoError(t, CheckListen("0.0.0.0:443", true, false))
	require.NoError(t, CheckListen(":8080", false, true))
	for _, open := range []string{":8080", "0.0.0.0:8080", "10.0.0.5:8080", "thread.example.org:8080", "[::]:8080"} {
		require.ErrorContains(t, CheckListen(open, false, false), "other machines", open)
	}
	require.ErrorContains(t, CheckListen("8080", true, true), "not an address")
}

// TestWhatIsAskedMustBeClear: nothing in an address is dropped silently.
func TestWhatIsAskedMustBeClear(t *testing.T) {
	many := make([]string, 0, mostParameters)
	for i := range mostParameters {
		many = append(many, "p"+strconv.Itoa(i)+"=1")
	}
	for query, says := range map[string]string{
		"": "", "at=2026-03-09": "", "at=2026-03-09&": "", "=x&&": "", "a&b=&c=1=2": "", "a=x%20y&b=%C3%A9&c=+": "", strings.Join(many, "&"): "",
		"at=1&at=2": `"at" is given twice`, "at=1&a%74=2": `"at" is given twice`, "a&a": `"a" is given twice`,
		"at=%zz": "can't be read", "%=1": "can't be read", "a;b=1": "can't be read", "a=\x00": "can't be read",
		"a=%00": `"a" in the address is not plain text`, "%0a=1": "in the address is not plain text", "a=%ff": `"a" in the address is not plain text`,
		strings.Join(many, "&") + "&more=1": "too much",
	} {
		err := checkQuery(query)
		if says == "" {
			require.NoError(t, err, query)
		} else {
			require.ErrorContains(t, err, says, query)
		}
	}
}

// BenchmarkPace is what holding reads to a pace adds to each.
func BenchmarkPace(b *testing.B) {
	l, now := ReadLimits(1<<30), time.Now()
	for b.Loop() {
		l.Check("\x001f0c33aa", now)
	}
}

// A renewed certificate serves without a restart; while it can't be read, the old one does.
func TestRenewedCertificateServes(t *testing.T) {
	certificate, key := certify(t, t.TempDir(), 1)
	files := &certificateFiles{certificate: certificate, key: key}
	require.NoError(t, files.read())
	first := files.now.Leaf.SerialNumber
	certify(t, filepath.Dir(certificate), 3)
	require.NoError(t, os.Chtimes(key, time.Now(), time.Now().Add(time.Minute)))
	now, err := files.get(nil)
	require.NoError(t, err)
	require.NotEqual(t, first, now.Leaf.SerialNumber)
	require.NoError(t, os.WriteFile(key, []byte("half"), 0o600))
	files.looked = time.Time{}
	still, err := files.get(nil)
	require.NoError(t, err)
	require.Equal(t, now, still)
}

func TestReadsWhereNothingIsSaid(t *testing.T) {
	require.Equal(t, 2000, ReadLimits(0).burst)
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
