package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"goldenthread/api"
	"goldenthread/api/guard"
	"goldenthread/api/identity"
	"goldenthread/api/web"
	"goldenthread/cmd/internal/folder"
	"goldenthread/domain"
	"goldenthread/eventstore"
	"goldenthread/projections"
)

// examplePlace is the place that is shown to whoever looks at the example.
const examplePlace = "trafford"

// An exampleServer shows the example place from a folder of its own, to browsers on this
// machine. Cookies do not tell ports apart: it is reached by number, where the server
// beside it is reached as localhost.
type exampleServer struct {
	dir    string
	log    *slog.Logger
	mu     sync.Mutex // of what follows, and of the folder
	shown  *web.Example
	finish func() error // ends it
}

// Shown is where it answers, and who can sign in there; nil where it does not.
func (e *exampleServer) Shown() *web.Example {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.shown
}

// Show loads the example, where it is not whole in its folder, and answers for it.
func (e *exampleServer) Show(ctx context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.shown != nil {
		return nil
	}
	ctx = context.WithoutCancel(ctx) // it goes on when whoever asked is answered
	if _, err := os.Stat(filepath.Join(e.dir, exampleTokens)); err != nil || checkWhole(e.dir) != nil {
		if err := os.RemoveAll(e.dir); err != nil {
			return err
		}
		if err := loadExample(ctx, e.dir, examplePlace, time.Now(), e.log); err != nil {
			return err
		}
	}
	return e.start(ctx)
}

// start answers for the example, from what is in its folder.
func (e *exampleServer) start(ctx context.Context) (err error) {
	store, groups, err := folder.Open(ctx, eventstore.Options{Dir: e.dir, ClockConfirmed: true, Folded: leastMemory * eventsPerMB, Log: e.log})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return errors.Join(err, folder.Close(store))
	}
	address := "http://" + listener.Addr().String()
	options := api.Options{Store: store, Groups: groups, Reach: guard.Reach{Origin: address}, OnRecord: true, ShowsExample: true, Log: e.log}
	ctx, stop := context.WithCancel(ctx)
	shown, err := e.open(ctx, &options, groups)
	if err != nil {
		stop()
		return errors.Join(err, listener.Close(), folder.Close(store))
	}
	shown.Address = address
	ended := make(chan error, 1)
	go func() { ended <- serveUntil(ctx, api.New(options), listener, store.Failed()) }()
	e.shown, e.finish = shown, func() error {
		stop()
		return errors.Join(<-ended, folder.Close(store))
	}
	e.log.Info("the example is shown", "at", address, "folder", e.dir)
	return nil
}

// open opens what belongs to the example's people, and says who they are.
func (e *exampleServer) open(ctx context.Context, o *api.Options, groups *projections.Groups) (shown *web.Example, err error) {
	if o.Tokens, err = identity.OpenTokens(ctx, o.Store); err != nil {
		return nil, err
	}
	if o.Feeds, err = identity.OpenFeedKeys(ctx, o.Store); err != nil {
		return nil, err
	}
	if o.SignIn, err = identity.OpenSignIn(ctx, o.Store); err != nil {
		return nil, err
	}
	b, err := os.ReadFile(filepath.Join(e.dir, exampleTokens))
	if err != nil {
		return nil, err
	}
	tokens := map[string]string{}
	if err := json.Unmarshal(b, &tokens); err != nil {
		return nil, fmt.Errorf("the example's tokens: %w", err)
	}
	shown = &web.Example{}
	for _, name := range groups.Names() {
		g, err := groups.Now(ctx, name, nil)
		if err != nil {
			return nil, err
		}
		for _, p := range g.People(domain.DayOf(time.Now())).People {
			if token := tokens[p.Handle]; token != "" {
				shown.People = append(shown.People, web.ExamplePerson{Office: p.Office, Group: g.State().Name, Token: token})
			}
		}
	}
	slices.SortFunc(shown.People, func(a, b web.ExamplePerson) int {
		return cmp.Or(strings.Compare(b.Group, a.Group), strings.Compare(a.Office, b.Office))
	})
	return shown, nil
}

// TakeAway ends the example, and deletes its folder.
func (e *exampleServer) TakeAway() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.close(); err != nil {
		return err
	}
	return os.RemoveAll(e.dir)
}

// Close ends the example; its folder stays, and is shown again by Show.
func (e *exampleServer) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.close()
}

func (e *exampleServer) close() error {
	if e.shown == nil {
		return nil
	}
	err := e.finish()
	e.shown, e.finish = nil, nil
	return err
}
