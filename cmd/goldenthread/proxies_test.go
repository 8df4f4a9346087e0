package main

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"goldenthread/cmd/internal/programtest"
)

// The program behind nginx and Caddy as Debian has them, with the examples of the README:
// make proxies. Without it the test is skipped.

const proxiesEnv = "GOLDENTHREAD_PROXIES"

// client is an address of this machine that is neither the proxy's nor the server's.
const clientAddress = "127.0.0.2"

// A proxied is the program behind a proxy, and a browser's part in front of it.
type proxied struct {
	*program
	at     string // people's address
	client *http.Client
}

func TestProxies(t *testing.T) {
	if os.Getenv(proxiesEnv) == "" {
		t.Skip("set " + proxiesEnv + "=1, or run make proxies")
	}
	for name, begin := range map[string]func(t *testing.T, dir, example, secure, plain string) *exec.Cmd{"nginx": beginNginx, "caddy": beginCaddy} {
		t.Run(name, func(t *testing.T) {
			secure, plain := freePort(t), freePort(t)
			at := "https://localhost:" + secure
			p := start(t, filepath.Join(t.TempDir(), "data"), "--example", "trafford", "--behind-proxy", "--origin", at, "--access-log", "--client-addresses")
			dir := t.TempDir()
			cmd := begin(t, dir, proxyExample(t, name, p.URL), secure, plain)
			var said strings.Builder
			cmd.Stdout, cmd.Stderr = &said, &said
			require.NoError(t, cmd.Start())
			t.Cleanup(func() {
				programtest.StopProcess(cmd)
				if t.Failed() {
					t.Log(said.String())
				}
			})
			jar, err := cookiejar.New(nil)
			require.NoError(t, err)
			from := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(clientAddress)}}
			b := &proxied{p, at, &http.Client{Jar: jar, Transport: &http.Transport{
				DialContext: func(ctx context.Context, _, address string) (net.Conn, error) {
					return from.DialContext(ctx, "tcp4", strings.Replace(address, "localhost", "127.0.0.1", 1))
				},
				TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true,
			}}}
			require.Eventually(t, func() bool {
				res, err := b.client.Get(at + "/healthz")
				return err == nil && res.Body.Close() == nil && res.StatusCode == 200
			}, 20*time.Second, 50*time.Millisecond)
			b.signsIn(plain)
			b.livePagesArriveAtOnce()
			b.largeUploadsArrive()
			b.clientAddresses()
		})
	}
}

// proxyExample is the example for that proxy in the README, which leads to the program.
func proxyExample(t *testing.T, name, url string) string {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	blocks := regexp.MustCompile("(?s)\n```\n(.*?)\n```\n").FindAllStringSubmatch(string(readme), -1)
	for _, block := range blocks {
		if strings.HasPrefix(block[1], map[string]string{"nginx": "server {", "caddy": "thread.example.org {"}[name]) {
			require.Contains(t, block[1], "127.0.0.1:8080")
			return strings.NewReplacer("thread.example.org", "localhost", "127.0.0.1:8080", strings.TrimPrefix(url, "http://")).Replace(block[1])
		}
	}
	t.Fatalf("the README has no example for %s", name)
	return ""
}

// beginNginx has Debian's nginx.conf take in the example alone; what differs is where its files
// lie, and the ports.
func beginNginx(t *testing.T, dir, example, secure, plain string) *exec.Cmd {
	certify(t, dir)
	example = strings.NewReplacer("listen 443", "listen 127.0.0.1:"+secure, "listen 80", "listen 127.0.0.1:"+plain, "/etc/ssl/", dir+"/", "https://$host$", "https://$host:"+secure+"$").Replace(example)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "site"), []byte(example), 0o600))
	debian, err := os.ReadFile("/etc/nginx/nginx.conf")
	require.NoError(t, err, "apt-get install nginx-light")
	conf := strings.NewReplacer("/run/nginx.pid", dir+"/pid", "/var/log/nginx/", dir+"/", "/etc/nginx/sites-enabled/*", dir+"/site", "/etc/nginx/conf.d/*.conf", dir+"/none*").Replace(string(debian))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "nginx.conf"), []byte(conf), 0o600))
	return exec.Command("nginx", "-c", filepath.Join(dir, "nginx.conf"), "-g", "daemon off;")
}

// beginCaddy has Caddy take the example; before it stand its ports, and that its certificate is
// of its own making, for here nobody else gives one.
func beginCaddy(t *testing.T, dir, example, secure, plain string) *exec.Cmd {
	options := fmt.Sprintf("{\n\thttps_port %s\n\thttp_port %s\n\tadmin off\n\tskip_install_trust\n\tlocal_certs\n\tstorage file_system %s\n}\n", secure, plain, dir)
	file := filepath.Join(dir, "Caddyfile")
	require.NoError(t, os.WriteFile(file, []byte(options+example+"\n"), 0o600))
	cmd := exec.Command("caddy", "run", "--config", file, "--adapter", "caddyfile")
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_CONFIG_HOME="+dir, "XDG_DATA_HOME="+dir)
	return cmd
}

// signsIn comes in plain, is sent on to TLS, and signs in with a token as the form does.
func (b *proxied) signsIn(plain string) {
	stay := *b.client
	stay.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := stay.Get("http://localhost:" + plain + "/sign-in")
	require.NoError(b.T, err)
	res.Body.Close()
	require.Regexp(b.T, `^https://localhost(:\d+)?/sign-in$`, res.Header.Get("Location"))
	res, err = b.client.Get(b.at + "/sign-in")
	require.NoError(b.T, err)
	res.Body.Close()
	require.Equal(b.T, 200, res.StatusCode)
	require.NotEmpty(b.T, res.Header.Get("Strict-Transport-Security"))
	for origin, status := range map[string]int{"https://elsewhere.example": 403, b.at: 200} {
		req, err := http.NewRequest("POST", b.at+"/sign-in/token", strings.NewReader(url.Values{"token": {b.Tokens["cd-altrincham"]}}.Encode()))
		require.NoError(b.T, err)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", origin)
		res, err := b.client.Do(req)
		require.NoError(b.T, err)
		res.Body.Close()
		require.Equal(b.T, status, res.StatusCode, origin)
	}
	at, err := url.Parse(b.at)
	require.NoError(b.T, err)
	for _, c := range b.client.Jar.Cookies(at) {
		if c.Name == "__Host-goldenthread" {
			return
		}
	}
	b.T.Fatal("there is no cookie that a browser keeps for this host alone")
}

// livePagesArriveAtOnce listens as a page does; what others record is heard while it is answered.
func (b *proxied) livePagesArriveAtOnce() {
	ctx, cancel := context.WithTimeout(b.T.Context(), 20*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "GET", b.at+"/g/trafford/live", nil)
	require.NoError(b.T, err)
	res, err := b.client.Do(req)
	require.NoError(b.T, err)
	defer res.Body.Close()
	require.Equal(b.T, 200, res.StatusCode)
	lines := bufio.NewReader(res.Body)
	first, err := lines.ReadString('\n')
	require.NoError(b.T, err, "nothing arrives")
	require.Equal(b.T, ": listening\n", first)
	began := time.Now()
	status, body := b.Send("cd-altrincham", "POST", "/v1/groups/trafford/commands/raise-proposal", `{"title":"Live","text":"It arrives.","matter":"access","draft":true}`)
	require.Equal(b.T, 201, status, "%s", body)
	for {
		line, err := lines.ReadString('\n')
		require.NoError(b.T, err)
		if strings.HasPrefix(line, "data: ") {
			break
		}
	}
	require.Less(b.T, time.Since(began), 2*time.Second)
}

// largeUploadsArrive sends more than a proxy takes by itself: it is the program that answers.
func (b *proxied) largeUploadsArrive() {
	res, err := b.client.Post(b.at+"/v1/groups/trafford/commands/raise-proposal", "application/json", io.LimitReader(zeros{}, 3<<20))
	require.NoError(b.T, err)
	defer res.Body.Close()
	require.Equal(b.T, "application/problem+json", res.Header.Get("Content-Type"), res.Status)
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// clientAddresses: the log has the address that a request came to the proxy from, whatever the
// request itself says.
func (b *proxied) clientAddresses() {
	req, err := http.NewRequest("GET", b.at+"/rules?kestrel=1", nil)
	require.NoError(b.T, err)
	for _, name := range []string{"X-Forwarded-For", "X-Real-Ip", "Forwarded"} {
		req.Header.Set(name, "203.0.113.9")
	}
	res, err := b.client.Do(req)
	require.NoError(b.T, err)
	res.Body.Close()
	logged := regexp.MustCompile(`msg=request method=GET route=/rules status=\d+ bytes=\d+ ms=[0-9.]+ client=` + regexp.QuoteMeta(clientAddress) + ` `)
	require.Eventually(b.T, func() bool { return logged.MatchString(b.Log.String()) }, 10*time.Second, 20*time.Millisecond)
	require.NotContains(b.T, b.Log.String(), "203.0.113.9")
	require.NotContains(b.T, b.Log.String(), "kestrel")
}

// certify writes a certificate for localhost and its key, as the example names them.
func certify(t *testing.T, dir string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	is := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, is, is, key.Public(), key)
	require.NoError(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	for name, block := range map[string]*pem.Block{"thread.pem": {Type: "CERTIFICATE", Bytes: der}, "thread.key": {Type: "PRIVATE KEY", Bytes: secret}} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600))
	}
}

// freePort is a port of this machine at which nobody listens.
func freePort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	return port
}
