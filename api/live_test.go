package api

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"goldenthread/api/feeds"
	"goldenthread/api/identity"
)

// A stream to a page ends within a second of the token or the session of whoever
// listens, with no beat and no event, and says nothing more.
func TestStreamsEndWithTheirTokenOrSession(t *testing.T) {
	w := newWorld(t)
	byToken := func(*testing.T) (*http.Request, func() error) {
		secret, err := w.tokens.Issue("trafford", "cd-north")
		require.NoError(t, err)
		r := httptest.NewRequest("GET", "/g/trafford/live", nil)
		r.Header.Set("Authorization", "Bearer "+secret)
		return r, func() error {
			_, err := w.tokens.Revoke(func(k *identity.HeldToken) bool { return k.Hash == identity.HashOf(secret) })
			return err
		}
	}
	bySession := func(t *testing.T) (*http.Request, func() error) {
		begun := httptest.NewRecorder()
		person := idsOf(w).Replace("{cd-north}")
		require.NoError(t, w.server.identity.BeginSession(begun, httptest.NewRequest("POST", "/sign-in", nil), identity.Session{Group: "trafford", Person: person}))
		r := httptest.NewRequest("GET", "/g/trafford/live", nil)
		for _, c := range begun.Result().Cookies() {
			r.AddCookie(c)
		}
		return r, func() error {
			return w.options.SignIn.Sessions.End(func(is *identity.Session) bool { return is.Person == person })
		}
	}
	for name, signIn := range map[string]func(*testing.T) (*http.Request, func() error){"token": byToken, "session": bySession} {
		t.Run(name, func(t *testing.T) {
			r, end := signIn(t)
			beat, wrote, ended := make(chan time.Time), make(chan bool, 10), make(chan bool)
			out := httptest.NewRecorder()
			go func() {
				defer close(ended)
				w.server.feeds.Follow(out, r, &feeds.Stream{Group: "trafford", Beat: beat, May: w.server.ledgers.MayFollow, Write: func() (bool, error) { wrote <- true; return false, nil }})
			}()
			<-wrote
			beat <- time.Now()
			<-wrote // it goes on while the caller may listen
			require.NoError(t, end())
			select {
			case <-ended:
			case <-time.After(time.Second):
				t.Fatal("the stream goes on")
			}
			require.Empty(t, wrote, "nothing more was written")
			require.Equal(t, 1, bytes.Count(out.Body.Bytes(), []byte("still here")))
		})
	}
}

// A page's stream says how many events there are, each time that there are more.
func TestAPageIsToldOfWhatIsRecorded(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	res, err := http.DefaultClient.Do(w.request("cd-north", "GET", "/g/trafford/live", "").WithContext(ctx))
	require.NoError(t, err)
	defer res.Body.Close()
	heard := make([]byte, len(": listening\n\n"))
	_, err = res.Body.Read(heard)
	require.NoError(t, err)
	require.Equal(t, ": listening\n\n", string(heard))
	next := w.store.Next("trafford")
	w.must(201, w.command("cd-north", "consent-to-charter", `{}`))
	said := make([]byte, 100)
	n, err := res.Body.Read(said)
	require.NoError(t, err)
	require.Equal(t, "data: "+strconv.FormatUint(next+1, 10)+"\n\n", string(said[:n]))
}
