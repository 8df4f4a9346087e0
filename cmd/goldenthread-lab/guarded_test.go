package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"goldenthread/cmd/internal/programtest"
	"goldenthread/eventstore"
	"goldenthread/eventstore/stream"
)

// natsEnv makes the test binary a NATS server of that configuration, as
// nats-server itself is one.
const natsEnv = "RUN_NATS"

func runNATS(config string) {
	o, err := server.ProcessConfigFile(config)
	must(err)
	s, err := server.NewServer(o)
	must(err)
	s.ConfigureLogger()
	must(server.Run(s))
	s.WaitForShutdown()
}

// An authority gives out certificates.
type authority struct {
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	a := &authority{dir: t.TempDir(), key: key, cert: &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}}
	der, err := x509.CreateCertificate(rand.Reader, a.cert, a.cert, key.Public(), key)
	require.NoError(t, err)
	a.write(t, "ca.pem", "CERTIFICATE", der)
	return a
}

func (a *authority) path(name string) string { return filepath.Join(a.dir, name) }

func (a *authority) write(t *testing.T, name, kind string, der []byte) {
	require.NoError(t, os.WriteFile(a.path(name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
}

// issue makes name.pem and name.key, made out to the names in the network.
func (a *authority) issue(t *testing.T, name string, hosts ...string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, DNSNames: hosts, NotBefore: a.cert.NotBefore, NotAfter: a.cert.NotAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}, a.cert, key.Public(), a.key)
	require.NoError(t, err)
	a.write(t, name+".pem", "CERTIFICATE", der)
	der, err = x509.MarshalECPrivateKey(key)
	require.NoError(t, err)
	a.write(t, name+".key", "EC PRIVATE KEY", der)
}

// A guarded cluster is three servers, each a process, on the configuration that
// nats-config prints.
type guarded struct {
	t       *testing.T
	ca      *authority
	config  string
	env     []string
	clients [3]int
	routes  [3]int
	servers [3]*exec.Cmd
	log     programtest.Log
}

const (
	nodesPassword  = "the nodes' own"
	askersPassword = "somebody else's"
)

func startGuarded(t *testing.T) *guarded {
	g := &guarded{t: t, ca: newAuthority(t)}
	g.ca.issue(t, "server", "localhost")
	g.ca.issue(t, "node", "node.goldenthread")
	g.config = g.ca.path("nats.conf")
	config, err := exec.Command(programFile(t), "nats-config").Output()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(g.config, config, 0o600))
	require.NoError(t, os.WriteFile(g.ca.path("credentials"), []byte("goldenthread:"+nodesPassword+"\n"), 0o600))
	hash := func(password string) string {
		b, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
		require.NoError(t, err)
		return string(b)
	}
	g.env = append(os.Environ(), natsEnv+"="+g.config,
		"NATS_CERTIFICATE="+g.ca.path("server.pem"), "NATS_KEY="+g.ca.path("server.key"), "NATS_AUTHORITY="+g.ca.path("ca.pem"),
		"NATS_PASSWORD="+hash(nodesPassword), "NATS_ASKER_PASSWORD="+hash(askersPassword))
	for i := range g.servers {
		var err error
		g.clients[i], err = freePort()
		require.NoError(t, err)
		g.routes[i], err = freePort()
		require.NoError(t, err)
		g.env = append(g.env, fmt.Sprintf("NATS_ROUTE_%d=nats://localhost:%d", i+1, g.routes[i]))
	}
	for i := range g.servers {
		g.start(i)
	}
	g.await()
	return g
}

// start starts one of the three on what its folder holds.
func (g *guarded) start(i int) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(slices.Clone(g.env), fmt.Sprintf("NATS_NAME=stream-%d", i+1), fmt.Sprintf("NATS_CLIENTS=127.0.0.1:%d", g.clients[i]),
		fmt.Sprintf("NATS_ROUTES=127.0.0.1:%d", g.routes[i]), "NATS_FOLDER="+g.ca.path(fmt.Sprintf("stream-%d", i+1)))
	cmd.Stdout, cmd.Stderr = &g.log, &g.log
	require.NoError(g.t, cmd.Start())
	g.servers[i] = cmd
	g.t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
}

// await waits until the three answer as one.
func (g *guarded) await() {
	js := g.stream(g.connect(g.options()...))
	require.Eventually(g.t, func() bool {
		ctx, cancel := context.WithTimeout(g.t.Context(), time.Second)
		defer cancel()
		_, err := js.AccountInfo(ctx)
		return err == nil
	}, patience, 100*time.Millisecond, "%s", &g.log)
}

func (g *guarded) address() string {
	var urls []string
	for _, port := range g.clients {
		urls = append(urls, fmt.Sprintf("tls://localhost:%d", port))
	}
	return strings.Join(urls, ",")
}

// options are a node's, as a client of NATS.
func (g *guarded) options() []nats.Option {
	return []nats.Option{nats.RootCAs(g.ca.path("ca.pem")), nats.ClientCert(g.ca.path("node.pem"), g.ca.path("node.key")), nats.UserInfo("goldenthread", nodesPassword)}
}

// flags are those of serve.
func (g *guarded) flags() []string {
	return []string{"--replicas", "3", "--nats", g.address(), "--nats-ca", g.ca.path("ca.pem"),
		"--nats-cert", g.ca.path("node.pem"), "--nats-key", g.ca.path("node.key"), "--nats-credentials", g.ca.path("credentials")}
}

func (g *guarded) connect(options ...nats.Option) *nats.Conn {
	nc, err := nats.Connect(g.address(), append([]nats.Option{nats.MaxReconnects(-1), nats.RetryOnFailedConnect(true), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {})}, options...)...)
	require.NoError(g.t, err)
	g.t.Cleanup(nc.Close)
	return nc
}

func (g *guarded) stream(nc *nats.Conn) jetstream.JetStream {
	js, err := jetstream.New(nc)
	require.NoError(g.t, err)
	return js
}

// TestGuardedCluster runs the program on the configuration that nats-config
// prints: everything works, and the nodes' user can't take anything away. Nobody
// else sees anything.
func TestGuardedCluster(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts a cluster")
	}
	g := startGuarded(t)
	s := newSiegeOn(t, eventstore.Options{Dir: t.TempDir(), NATS: g.address(), Replicas: 3, Access: g.options()})
	p := start(t, s.dir, g.flags()...)
	second := secondNode(t, s.dir)
	q := start(t, second, g.flags()...)
	for i, by := range s.askers { // at both nodes, so that commands are forwarded too
		s.insist([]string{p.URL, q.URL}[i%2], by, uuid.NewString())
	}
	key, err := os.ReadFile(filepath.Join(s.dir, "wrapping.key"))
	require.NoError(t, err)
	p.erases(s)
	shareWrappingKey(t, key, s.dir, second)
	p.attaches(s)
	file := filepath.Join(t.TempDir(), "backup.tar")
	_, errs, code := p.Run("operator", "backup", "--to", file)
	require.Zero(t, code, "%s", errs)
	g.nothingDenied(p, q)

	g.keepsTheLedger()
	g.letsNobodyElseIn()
	q.Stop()
	p.Stop()
	lost, doubled := s.count()
	require.Zero(t, lost)
	require.Zero(t, doubled)

	restored := filepath.Join(t.TempDir(), "data")
	_, errs, code = p.Run("operator", "restore", "--data", restored, "--from", file, "--keys", s.dir)
	require.Zero(t, code, "%s", errs)
	again := &siege{t: t, dir: restored, options: eventstore.Options{Dir: restored}, groups: s.groups, acknowledged: s.acknowledged, open: map[string]asker{}}
	lost, doubled = again.count()
	require.Zero(t, lost)
	require.Zero(t, doubled)
}

// secondNode is a folder for another node: with the keys of the first.
func secondNode(t *testing.T, first string) string {
	dir := t.TempDir()
	require.NoError(t, copyKeys(first, dir))
	return dir
}

// shareWrappingKey copies the wrapping key of whichever node erased somebody to
// the other, as the README says.
func shareWrappingKey(t *testing.T, was []byte, nodes ...string) {
	var changed []byte
	for _, dir := range nodes {
		if b, err := os.ReadFile(filepath.Join(dir, "wrapping.key")); err == nil && !bytes.Equal(b, was) {
			changed = b
		}
	}
	require.NotNil(t, changed, "no node has a new wrapping key")
	for _, dir := range nodes {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "wrapping.key"), changed, 0o600))
	}
}

// does runs the command line as the manager of the first group.
func (p *program) does(s *siege, args ...string) string {
	p.Tokens["manager"] = s.manager.token
	out, errs, code := p.Run("manager", append(args, "--group", s.manager.group)...)
	require.Zero(p.T, code, "%v: %s%s", args, errs, p.Log)
	return out
}

// erases has a person registered by name and erased: their key is soon gone,
// whichever node it was that recorded it.
func (p *program) erases(s *siege) {
	p.does(s, "do", "register-person", "--handle", "leaver", "--office", "Partner", "--organisation", "LMC", "--personal", `{"name":"Dr Philippa Wintergreen"}`)
	p.does(s, "erase-person", "leaver", "--yes")
	require.Contains(p.T, p.does(s, "remains", "leaver"), "Erased on")
	require.Eventually(p.T, func() bool { return !strings.Contains(p.does(s, "remains", "leaver"), "not known to be destroyed") }, patience, 100*time.Millisecond, "%s", p.Log)
}

// attaches has a document kept and fetched again.
func (p *program) attaches(s *siege) {
	file := filepath.Join(p.T.TempDir(), "letter.txt")
	require.NoError(p.T, os.WriteFile(file, []byte("A letter of the partners."), 0o600))
	p.does(s, "do", "set-agenda", "--on", "2026-06-23", "--items", `[{"title":"Any other business"}]`)
	p.does(s, "attach", file, "--about", "agenda/2026-06-23")
	require.Contains(p.T, p.does(s, "documents"), "letter.txt")
}

// keepsTheLedger tries all that would take away from the ledgers, with the
// credentials of a node.
func (g *guarded) keepsTheLedger() {
	nc := g.connect(g.options()...)
	js := g.stream(nc)
	ctx, cancel := context.WithTimeout(g.t.Context(), patience)
	defer cancel()
	before, err := js.Stream(ctx, stream.Name)
	require.NoError(g.t, err)
	was := before.CachedInfo()
	config := was.Config
	config.MaxMsgs = 1
	bodies := map[string]any{"STREAM.UPDATE.LEDGER": config, "STREAM.MSG.DELETE.LEDGER": map[string]any{"seq": 1}}
	for _, subject := range []string{
		"STREAM.DELETE.LEDGER", "STREAM.PURGE.LEDGER", "STREAM.UPDATE.LEDGER", "STREAM.MSG.DELETE.LEDGER", "STREAM.RESTORE.LEDGER",
		"STREAM.DELETE.KEYS", "STREAM.UPDATE.KEYS", "STREAM.SNAPSHOT.LEDGER", "STREAM.LEADER.STEPDOWN.LEDGER", "STREAM.PEER.REMOVE.LEDGER",
		"STREAM.CREATE.OTHER", "STREAM.DELETE.KV_CHECKPOINTS", "STREAM.DELETE.ACCESS", "STREAM.PURGE.ACCESS", "STREAM.MSG.DELETE.ACCESS", "STREAM.UPDATE.ACCESS",
	} {
		body, err := json.Marshal(bodies[subject])
		require.NoError(g.t, err)
		require.NoError(g.t, nc.Publish("$JS.API."+subject, body))
		require.NoError(g.t, nc.Flush())
		denied := `Publish Violation - Subject "$JS.API.` + subject + `"`
		require.Eventually(g.t, func() bool { return strings.Contains(g.log.String(), denied) }, patience, 5*time.Millisecond, "%s was not denied", subject)
	}
	now, err := before.Info(ctx)
	require.NoError(g.t, err)
	now.State.Consumers = was.State.Consumers // they come and go as the nodes read
	require.Equal(g.t, was.State, now.State)
	require.Equal(g.t, was.Config, now.Config)
}

// letsNobodyElseIn tries to come in without what is needed, and to see or send
// something as another account's user.
func (g *guarded) letsNobodyElseIn() {
	who := nats.UserInfo("goldenthread", nodesPassword)
	roots, cert := nats.RootCAs(g.ca.path("ca.pem")), nats.ClientCert(g.ca.path("node.pem"), g.ca.path("node.key"))
	stranger := newAuthority(g.t)
	stranger.issue(g.t, "node", "node.goldenthread")
	for name, options := range map[string][]nats.Option{
		"no certificate":      {who, roots},
		"another authority's": {who, roots, nats.ClientCert(stranger.path("node.pem"), stranger.path("node.key"))},
		"no password":         {roots, cert},
		"a wrong password":    {roots, cert, nats.UserInfo("goldenthread", "guessed")},
		"no TLS":              {who, nats.Secure(&tls.Config{InsecureSkipVerify: true})},
	} {
		_, err := nats.Connect(g.address(), options...)
		require.Error(g.t, err, name)
	}
	other := g.connect(roots, cert, nats.UserInfo("asker", askersPassword), nats.PermissionErrOnSubscribe(true))
	for _, subject := range []string{"goldenthread.write.>", "ledger.>", "keys.>", "access.>", ">"} {
		sub, err := other.SubscribeSync(subject)
		require.NoError(g.t, err)
		require.NoError(g.t, other.Flush())
		_, err = sub.NextMsg(200 * time.Millisecond)
		require.ErrorIs(g.t, err, nats.ErrPermissionViolation, subject)
	}
	for _, subject := range []string{"goldenthread.write.node", "goldenthread.wrapping", "ledger.commits", "access.tokens.x", "$JS.API.STREAM.INFO.LEDGER", "$JS.API.STREAM.MSG.GET.ACCESS", "$JS.API.STREAM.NAMES"} {
		m, err := other.Request(subject, []byte("{}"), 200*time.Millisecond)
		require.Error(g.t, err, "%s was answered: %v", subject, m)
	}
	m, err := other.Request("goldenthread.check", []byte("{}"), patience)
	require.NoError(g.t, err, "the check is for others too")
	require.NotEmpty(g.t, m.Header.Get("Nats-Service-Error-Code"), "without a token it is refused")
	for _, about := range []string{"$SRV.INFO.goldenthread", "$SRV.STATS.goldenthread"} {
		m, err := other.Request(about, nil, patience)
		require.NoError(g.t, err, "%s: %s", about, g.log.String())
		require.Contains(g.t, string(m.Data), `"goldenthread.check"`)
	}
}

// nothingDenied says whether the nodes did all that they do without being
// denied anything.
func (g *guarded) nothingDenied(nodes ...*program) {
	for line := range strings.Lines(g.log.String()) {
		require.NotContains(g.t, line, "Violation")
	}
	for _, p := range nodes {
		require.NotContains(g.t, strings.ToLower(p.Log.String()), "permissions violation")
	}
}
