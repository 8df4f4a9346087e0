package main

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

// A line that can't be written to standard output is not blamed on the server, and the server is not asked again.
func TestLinesThatCantBePrinted(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("id: 7\ndata: {\"index\":7}\n\n")) }))
	defer srv.Close()
	c := &client{server: srv.URL, token: "gt_1"}
	err := (&feed{client: c, path: "/", out: fullDisk{}}).follow(t.Context(), func(...any) { t.Error("it is asked again") })
	require.EqualError(t, err, "no space left on device")
	_, err = c.copyLines(t.Context(), fullDisk{}, "/")
	require.EqualError(t, err, "no space left on device")
	require.Equal(t, exitFailed, exitCodeOf(err))

	for _, wrong := range []string{"ftp://127.0.0.1", "127.0.0.1:8080", "http://"} {
		_, err = (&client{server: wrong, token: "gt_1"}).get(t.Context(), "/", nil)
		require.Equal(t, exitUsage, exitCodeOf(err), wrong)
	}
}
