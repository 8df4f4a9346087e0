package simulation

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"goldenthread/eventstore"
	"goldenthread/eventstore/tilelog"
	"goldenthread/eventstore/witness"
)

// A watcher is a witness of the groups' logs, with its folder. The nodes reach it through
// http.DefaultTransport, which it is while its world is simulated.
type watcher struct {
	world *world
	dir   string
	known witness.Witness // as the nodes know it

	mu       sync.Mutex
	server   *witness.Server // nil while it is down
	logs     []witness.Log   // that it cosigns
	fates    []fate          // of the next requests
	cosigned map[string]tlog.Tree
}

func newWatcher(w *world) (*watcher, error) {
	v := &watcher{world: w, dir: filepath.Join(w.root, "witness"), cosigned: map[string]tlog.Tree{}}
	server, err := v.open(nil)
	if err != nil {
		return nil, err
	}
	defer server.Close()
	v.known, err = witness.ParseWitness("http://witness.simulated," + server.VKey())
	return v, err
}

func (v *watcher) open(logs []witness.Log) (*witness.Server, error) {
	signer, err := witness.OpenKey(v.dir+".pem", "lmc.simulated/witness")
	if err != nil {
		return nil, err
	}
	return witness.Open(v.dir, signer, logs, slog.New(slog.NewTextHandler(io.Discard, nil)))
}

// watch starts the witness on the logs of a node.
func (v *watcher) watch(n *node) {
	s := n.live()
	if v == nil || s == nil {
		return
	}
	for g := range groups {
		log, err := s.Log(groupName(g))
		if err != nil {
			v.world.fail("%s has no log of %s: %v", n.name, groupName(g), err)
			return
		}
		v.logs = append(v.logs, witness.Log{Origin: log.Origin(), VKeys: log.VKeys()})
	}
	v.start()
}

func (v *watcher) start() {
	if v == nil {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.server != nil || v.logs == nil {
		return
	}
	server, err := v.open(v.logs)
	if err != nil {
		v.world.fail("the witness does not start: %v", err)
		return
	}
	for _, l := range v.logs {
		if tree, _ := server.Cosigned(l.Origin); tree != v.cosigned[l.Origin] {
			v.world.fail("the witness had cosigned %d events of %s, and knows of %d after it was started again", v.cosigned[l.Origin].N, l.Origin, tree.N)
		}
	}
	v.server = server
}

func (v *watcher) stop() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.server != nil {
		v.server.Close()
		v.server = nil
	}
}

func (v *watcher) meet(f fate) { v.mu.Lock(); v.fates = append(v.fates, f); v.mu.Unlock() }

// RoundTrip takes a node's request to the witness, and its answer back.
func (v *watcher) RoundTrip(r *http.Request) (*http.Response, error) {
	v.mu.Lock()
	var f fate
	if len(v.fates) > 0 {
		f, v.fates = v.fates[0], v.fates[1:]
	}
	v.mu.Unlock()
	if f.late > 0 {
		select {
		case <-time.After(f.late):
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if f.drop || v.server == nil {
		return nil, errNoNetwork
	}
	answer := httptest.NewRecorder()
	v.server.ServeHTTP(answer, r)
	v.check(answer)
	if f.mute {
		return nil, errNoNetwork
	}
	return answer.Result(), nil
}

// check holds what the witness has cosigned against what was acknowledged: it is the one
// history, and only ever more of it. The mutex is held.
func (v *watcher) check(answer *httptest.ResponseRecorder) {
	switch answer.Code {
	case http.StatusOK, http.StatusConflict:
	default:
		v.world.fail("the witness answers %d: %s", answer.Code, answer.Body)
	}
	for _, l := range v.logs {
		tree, _ := v.server.Cosigned(l.Origin)
		before := v.cosigned[l.Origin]
		if tree == before {
			continue
		}
		if tree.N < before.N {
			v.world.fail("the witness has cosigned %d events of %s after %d", tree.N, l.Origin, before.N)
		}
		group := l.Origin[strings.LastIndexByte(l.Origin, '/')+1:]
		if err := v.world.truth.has(group, tree); err != nil {
			v.world.fail("the witness has cosigned %d events of %s: %v", tree.N, l.Origin, err)
		}
		v.cosigned[l.Origin] = tree
	}
}

// settledOn checks, after all faults have ended, that the witness has cosigned all of the
// group's events, and that the node knows it.
func (v *watcher) settledOn(n *node, s *eventstore.Store, group string, events int64) {
	if v == nil {
		return
	}
	for range 120 {
		lags := s.Witnesses(group)
		if len(lags) == 1 && lags[0].Cosigned == events && s.Witnessed(group) != nil {
			break
		}
		time.Sleep(time.Second)
	}
	if lags := s.Witnesses(group); len(lags) != 1 || lags[0].Cosigned != events || !lags[0].Since.IsZero() {
		v.world.fail("%s: the witness has not cosigned the %d events of %s, though all faults have ended: %+v", n.name, events, group, lags)
		return
	}
	signed, origin := s.Witnessed(group), ""
	if signed != nil {
		origin = tilelog.OriginOf(signed)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if tree := v.cosigned[origin]; tree.N != events {
		v.world.fail("%s: the checkpoint of %s that it shows as witnessed is not the one of %d events that the witness cosigned", n.name, group, events)
	}
}

// playWitness does what the step says to the witness.
func (v *watcher) play(one *step) {
	if v == nil {
		return
	}
	switch one.N % 4 {
	case 0:
		v.meet(fate{drop: true})
	case 1:
		v.meet(fate{mute: true})
	case 2:
		v.meet(fate{late: one.For})
	default:
		v.stop()
		v.world.people.Go(func() {
			v.world.pause(one.For)
			v.start()
		})
	}
}

// options are what a node needs to know of the witness.
func (v *watcher) options(o *eventstore.Options) {
	if v != nil {
		o.Witnesses, o.Quorum = []witness.Witness{v.known}, 1
	}
}

// use has all requests go to the witness, until the function is called that it returns.
func (v *watcher) use() (end func()) {
	if v == nil {
		return func() {}
	}
	before := http.DefaultTransport
	http.DefaultTransport = v
	return func() {
		v.stop()
		http.DefaultTransport = before
	}
}

// has returns an error unless that is the tree of the group's first events.
func (t *truth) has(group string, tree tlog.Tree) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.of(group).has(tree)
}
