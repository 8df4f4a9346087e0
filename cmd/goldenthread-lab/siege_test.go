package main

import (
	"context"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"goldenthread/api/identity"
	"goldenthread/cmd/internal/folder"
	"goldenthread/domain"
	"goldenthread/eventstore"
)

const (
	askOne = `{"practice":"A81001","words":"What was agreed about Saturdays?","evidence":"Letter of 3 March"}`
	askers = 16
)

// A siege is a folder with groups, and people who ask them something again and
// again: what each was told, by the id of the command.
type siege struct {
	t       *testing.T
	dir     string
	options eventstore.Options // where the ledgers are
	groups  []string
	askers  []asker
	manager asker // of the first group

	mu           sync.Mutex
	acknowledged map[string]bool
	open         map[string]asker // sent and not answered: by whom, by id
	told         sync.Map         // what was said instead, by id
}

// An asker is somebody who speaks for the practice in a group.
type asker struct{ group, token string }

func newSiege(t *testing.T, dir string) *siege {
	return newSiegeOn(t, eventstore.Options{Dir: dir})
}

func newSiegeOn(t *testing.T, o eventstore.Options) *siege {
	s := &siege{t: t, dir: o.Dir, options: o, acknowledged: map[string]bool{}, open: map[string]asker{}}
	o.Log = slog.New(slog.DiscardHandler)
	store, err := eventstore.Open(t.Context(), o)
	require.NoError(t, err)
	tokens, err := identity.OpenTokens(t.Context(), store)
	require.NoError(t, err)
	for i := range 4 {
		group := "group-" + strconv.Itoa(i)
		s.groups = append(s.groups, group)
		_, err := store.Execute(t.Context(), benchGroup(group))
		require.NoError(t, err)
	}
	for i := range askers {
		group, who := s.groups[i%len(s.groups)], "partner-"+strconv.Itoa(i)
		for _, c := range []domain.Command{
			&domain.RegisterPerson{PersonEntry: domain.PersonEntry{Handle: who, Office: "Partner", Organisation: "A81001"}},
			&domain.RecordSpokesperson{Organisation: "A81001", Person: who, Evidence: "Letter of the partners"},
		} {
			_, err := store.Execute(t.Context(), benchRequest(group, c))
			require.NoError(t, err)
		}
		token, err := tokens.Issue(group, who)
		require.NoError(t, err)
		s.askers = append(s.askers, asker{group, token})
	}
	token, err := tokens.Issue(s.groups[0], manager)
	require.NoError(t, err)
	s.manager = asker{s.groups[0], token}
	require.NoError(t, folder.Close(store))
	return s
}

// ask sends one question under the id; false if there was no answer, or one
// that says to ask again.
func (s *siege) ask(client *http.Client, server string, by asker, id string) bool {
	s.mu.Lock()
	s.open[id] = by
	s.mu.Unlock()
	req, err := http.NewRequest(http.MethodPost, server+"/v1/groups/"+by.group+"/commands/ask-group", strings.NewReader(askOne))
	require.NoError(s.t, err)
	req.Header.Set("Authorization", "Bearer "+by.token)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", id)
	res, err := client.Do(req)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode >= 500 {
		s.told.Store(id, string(body))
		return false
	}
	if res.StatusCode == http.StatusTooManyRequests {
		time.Sleep(20 * time.Millisecond)
		return s.ask(client, server, by, id)
	}
	require.Less(s.t, res.StatusCode, 300, "%s", body)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.acknowledged[id] = true
	delete(s.open, id)
	return true
}

// storm asks until the server answers nobody any more, or ctx ends.
func (s *siege) storm(ctx context.Context, server string) {
	var wg sync.WaitGroup
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: askers}, Timeout: patience} // the server answers earlier
	defer client.CloseIdleConnections()
	for _, by := range s.askers {
		wg.Go(func() {
			for ctx.Err() == nil && s.ask(client, server, by, uuid.NewString()) {
			}
		})
	}
	wg.Wait()
}

// answers waits until so many are acknowledged, while people ask.
func (s *siege) answers(t *testing.T, n int) {
	t.Helper()
	require.Eventually(t, func() bool { s.mu.Lock(); defer s.mu.Unlock(); return len(s.acknowledged) >= n }, patience, 10*time.Millisecond)
}

// again sends what was not answered once more, under the same ids, until it is.
func (s *siege) again(server string) {
	s.mu.Lock()
	open := maps.Clone(s.open)
	s.mu.Unlock()
	for id, by := range open {
		s.insist(server, by, id)
	}
}

// insist sends one question until it is acknowledged, as those do who are told to ask again.
func (s *siege) insist(server string, by asker, id string) {
	for until := time.Now().Add(patience); !s.ask(http.DefaultClient, server, by, id); time.Sleep(20 * time.Millisecond) {
		said, _ := s.told.Load(id)
		require.True(s.t, time.Now().Before(until), "%s is not answered, but: %v", id, said)
	}
}

// openAgain opens the ledgers, once nobody else does in that folder.
func (s *siege) openAgain() *eventstore.Store {
	o := s.options
	o.Log = slog.New(slog.DiscardHandler)
	store, err := eventstore.Open(s.t.Context(), o)
	require.NoError(s.t, err)
	return store
}

// count holds what people were told against what the folder holds.
func (s *siege) count() (lost, doubled int) {
	store := s.openAgain()
	defer folder.Close(store)
	recorded := map[string]int{}
	for _, group := range s.groups {
		require.NoError(s.t, store.Stopped(group))
		for e, err := range store.Entries(s.t.Context(), group, 0, store.Next(group)) {
			require.NoError(s.t, err)
			recorded[e.Event.Command.String()]++
			if _, asked := e.Event.Data.(*domain.QuestionAsked); asked && recorded[e.Event.Command.String()] > 1 {
				doubled++
			}
		}
	}
	for id := range s.acknowledged {
		if recorded[id] == 0 {
			lost++
		}
	}
	return lost, doubled
}
