package main

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"goldenthread/cmd/internal/programtest"
)

// upgradeFrom is the commit of the release before, from which TestRollingUpgrade builds
// that release's program; "" skips it (eventstore's TestNodesOfTwoReleases tries the same
// without programs).
const upgradeFrom = "GOLDENTHREAD_UPGRADE_FROM"

// added is the kind of event that the later program of these tests has added.
const added = "goldenthread.interest.declared.v1"

// TestRollingUpgrade takes two nodes from one release to the next, one after the other, under
// load, and back, and again. No command is lost or doubled, nothing that is read is
// stale, and what the next release added is recorded only once both nodes run it. The first
// release is the one before, built from its commit. Of the second and the third, which
// differ in one kind of event, this checkout is built twice.
func TestRollingUpgrade(t *testing.T) {
	commit := os.Getenv(upgradeFrom)
	if commit == "" {
		t.Skip("make cluster-test upgrades programs")
	}
	before := buildOf(t, commit)
	older, err := programtest.Build(t.TempDir(), "-ldflags=-X goldenthread/domain.laterKind=!"+added)
	require.NoError(t, err)
	later, err := programtest.Build(t.TempDir(), "-ldflags=-X goldenthread/domain.laterKind="+added)
	require.NoError(t, err)
	p, r := startPairOf(t, before), &retrying{}
	ctx, cancel := context.WithCancel(t.Context())
	loaded := make(chan struct{})
	go func() { p.load(ctx, r); close(loaded) }()
	var stale staleness
	go stale.watch(ctx, p)

	for _, step := range []struct {
		node int
		file string
	}{{0, older}, {0, before}, {0, older}, {1, older}, {0, later}, {0, older}, {1, later}} {
		p.more(100)
		p.nodes[step.node].Stop()
		p.more(100)
		p.startAs(step.node, step.file)
		p.more(100)
	}
	p.declares(1, http.StatusConflict, "node") // the other node is older
	p.nodes[0].Stop()                          // and is not forgotten while it is down
	p.declares(1, http.StatusConflict, "node")
	p.startAs(0, later)
	for i := range p.nodes { // now both know it
		p.declares(i, http.StatusCreated, `"index"`)
	}
	p.more(100)

	cancel()
	<-loaded
	p.nodes[0].Stop() // the release before would not be able to read it, and says so
	said, err := exec.Command(older, append([]string{"serve", "--data", p.dirs[0], "--listen", p.listen[0]}, p.cluster.flags()...)...).CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(said), "may hold events of a newer release")
	p.stop()
	lost, doubled := p.count()
	t.Logf("two nodes upgraded one after the other, back and again, over three releases: %d commands, %d attempts repeated, %d failed, %d lost, %d doubled; %d reads at the other node, %d stale", r.sent.Load(), r.again.Load(), r.failed.Load(), lost, doubled, stale.reads.Load(), stale.stale.Load())
	require.Zero(t, r.failed.Load())
	require.Zero(t, lost)
	require.Zero(t, doubled)
	require.Zero(t, stale.stale.Load())
	require.NotZero(t, stale.reads.Load())
	require.Len(t, p.acknowledged, int(r.sent.Load()))
}

// buildOf builds the program of a commit of this repository.
func buildOf(t *testing.T, commit string) string {
	archive := exec.Command("git", "archive", "--format=tar", commit)
	archive.Dir = "../.."
	out, err := archive.Output()
	require.NoError(t, err)
	dir := t.TempDir()
	for in := tar.NewReader(bytes.NewReader(out)); ; {
		h, err := in.Next()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		path := filepath.Join(dir, h.Name)
		switch h.Typeflag {
		case tar.TypeDir:
			require.NoError(t, os.MkdirAll(path, 0o700))
		case tar.TypeReg:
			b, err := io.ReadAll(in)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(path, b, 0o600))
		}
	}
	file := filepath.Join(t.TempDir(), "goldenthread")
	build := exec.Command("go", "build", "-o", file, "./cmd/goldenthread")
	build.Dir = dir
	said, err := build.CombinedOutput()
	require.NoError(t, err, "%s", said)
	return file
}

// declares has somebody record, at that node, what the later release added.
func (p *pair) declares(node, status int, says string) {
	code, body := p.send(p.askers[0], node, http.MethodPost, "/commands/declare-interest", `{"matters":["access"],"words":"I own a pharmacy."}`)
	require.Equal(p.t, status, code, "%s", body)
	require.Contains(p.t, body, says)
}

// send sends something about their group to the node.
func (p *pair) send(by asker, node int, method, path, body string) (status int, answer string) {
	req, err := http.NewRequest(method, "http://"+p.listen[node]+"/v1/groups/"+by.group+path, strings.NewReader(body))
	require.NoError(p.t, err)
	req.Header.Set("Authorization", "Bearer "+by.token)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", uuid.NewString())
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, err.Error()
	}
	return res.StatusCode, string(b)
}

// A staleness counts reads of what was just recorded, at the other node.
type staleness struct{ reads, stale atomic.Int64 }

// watch has something recorded at one node, and the other asked for an answer that knows it,
// until ctx ends. A node that is down, or says that it can't tell, answers nothing stale.
func (s *staleness) watch(ctx context.Context, p *pair) {
	for i := 0; ctx.Err() == nil; i = 1 - i {
		var recorded struct {
			Index *uint64 `json:"index"`
		}
		status, body := p.send(p.askers[0], i, http.MethodPost, "/commands/ask-group", askOne)
		if status != http.StatusCreated || json.Unmarshal([]byte(body), &recorded) != nil || recorded.Index == nil {
			time.Sleep(20 * time.Millisecond)
			continue
		}
		at := strconv.FormatUint(*recorded.Index, 10)
		if status, _ = p.send(p.manager, 1-i, http.MethodGet, "/people?atLeast="+at, ""); status != http.StatusOK {
			continue
		}
		status, body = p.send(p.manager, 1-i, http.MethodGet, "/events/"+at, "")
		if status == 0 {
			continue
		}
		s.reads.Add(1)
		if status != http.StatusOK || !strings.Contains(body, `"index":`+at) {
			s.stale.Add(1)
		}
	}
}
