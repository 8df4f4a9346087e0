package identity

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"goldenthread/eventstore"
	"goldenthread/eventstore/shared"
)

func openStore(t *testing.T, dir string) *eventstore.Store {
	s, err := eventstore.Open(t.Context(), eventstore.Options{Dir: dir, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(func() { s.Close(t.Context()) })
	return s
}

func asKey(s *string) string { return *s }

// What was kept is there again; what was refused, or could not be written, is
// as if it had never been asked.
func TestKept(t *testing.T) {
	dir := t.TempDir()
	store := openStore(t, dir)
	records, err := store.Shared(t.Context())
	require.NoError(t, err)
	k := openKept(records, "list.json", asKey, nil)
	dropped := 0
	k.dropped = func() { dropped++ }
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			if err := k.Add(fmt.Sprint(i)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	require.NoError(t, k.drop(func(s *string) bool { return *s == "7" }))
	require.Equal(t, 1, dropped)
	no := errors.New("no")
	require.ErrorIs(t, k.change(func(all []string) ([]string, error) { all[0] = "changed"; return all, no }), no)
	require.NotContains(t, k.All, "changed")
	require.Len(t, k.All, 19)
	for i, s := range k.All {
		require.Equal(t, i, k.by[s])
	}

	require.NoError(t, store.Close(t.Context()))
	require.Error(t, k.Add("lost"))
	require.NotContains(t, k.All, "lost")
	records, err = openStore(t, dir).Shared(t.Context())
	require.NoError(t, err)
	require.Equal(t, k.All, openKept(records, "list.json", asKey, nil).All)
}

// What ends by itself is gone from the stream.
func TestKeptForAWhile(t *testing.T) {
	dir := t.TempDir()
	store := openStore(t, dir)
	records, err := store.Shared(t.Context())
	require.NoError(t, err)
	lasts := func(s *string) time.Duration {
		return map[string]time.Duration{"soon": time.Second, "later": time.Hour}[*s]
	}
	k := openKept(records, "list", asKey, lasts)
	require.NoError(t, k.Add("soon"))
	require.NoError(t, k.Add("later"))
	js, err := jetstream.New(store.Conn())
	require.NoError(t, err)
	messages := func() uint64 {
		st, err := js.Stream(t.Context(), shared.StreamName)
		require.NoError(t, err)
		return st.CachedInfo().State.Msgs
	}
	require.Equal(t, uint64(2), messages())
	require.Eventually(t, func() bool { return messages() == 1 }, 10*time.Second, 50*time.Millisecond)
	require.NoError(t, store.Close(t.Context()))
	records, err = openStore(t, dir).Shared(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"later"}, openKept(records, "list", asKey, lasts).All)
}

// The files of an earlier version, or of a backup, are taken in once: what is there already
// stays, and a person's passkeys of two nodes are one account's.
func TestFilesAreTakenIn(t *testing.T) {
	dir := t.TempDir()
	store := openStore(t, dir)
	account := func(handle, key string) string {
		return `[{"group":"g","person":"p","handle":"` + handle + `","passkeys":[{"id":"` + key + `","name":"n","registered":"2026-01-01T00:00:00Z","credential":{"id":"` + key + `"}}]}]`
	}
	now := time.Now().UTC().Truncate(time.Second)
	session := func(hash string, began time.Time) string {
		return `{"hash":"` + hash + `","id":"i","group":"g","person":"p","passkey":"k","agent":"a","began":"` + began.Format(time.RFC3339) + `","seen":"` + began.Format(time.RFC3339) + `"}`
	}
	bring := func(files map[string]string) *SignIn {
		for name, b := range files {
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(b), 0o600))
		}
		in, err := OpenSignIn(t.Context(), store)
		require.NoError(t, err)
		for _, name := range Files()[1:] {
			require.NoFileExists(t, filepath.Join(dir, name))
		}
		return in
	}
	bring(map[string]string{
		passkeysFile: account("AAAA", "AAAA"),
		sessionsFile: "[" + session("s1", now) + "," + session("s0", now.Add(-13*time.Hour)) + "]",
		journalFile:  `{"time":"2026-01-01T00:00:00Z","group":"g","person":"p","by":"operator","what":"invited"}` + "\n" + `{"time":"20`,
	})
	in := bring(map[string]string{ // of another node
		passkeysFile: account("BBBB", "BBBB"),
		sessionsFile: "[" + session("s1", now.Add(-time.Hour)) + "," + session("s2", now) + "]",
	})
	require.Len(t, in.Passkeys.Accounts.All, 1)
	for _, handle := range [][]byte{{0, 0, 0}, {4, 16, 65}} {
		a, err := in.Passkeys.owner(nil, handle)
		require.NoError(t, err)
		require.Equal(t, handle, a.WebAuthnID())
		require.Len(t, a.WebAuthnCredentials(), 2)
	}
	_, err := in.Passkeys.owner(nil, nil)
	require.Error(t, err)
	require.Len(t, in.Sessions.Kept.All, 2, "the one that is over is left out")
	require.Equal(t, now, in.Sessions.Kept.All[0].Began, "what is there stays")
	require.Len(t, in.journal.All, 1, "the line that broke off is left out")

	require.NoError(t, os.WriteFile(filepath.Join(dir, passkeysFile), []byte(`[{"half`), 0o600))
	_, err = OpenSignIn(t.Context(), store)
	require.ErrorContains(t, err, filepath.Join(dir, passkeysFile))
}
