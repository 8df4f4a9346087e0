package api

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/stretchr/testify/require"
)

func TestMetrics(t *testing.T) {
	w := newWorld(t).established()
	scrape := func(person string) reply { return w.send(w.request(person, "GET", "/metrics", "")) }
	w.refused(401, "", scrape(""))
	w.refused(403, "", scrape("cd-north")) // it names other people's groups

	w.refused(404, "C5", w.command("cd-north", "consent", `{"proposal":"P9","version":1}`))
	events := w.store.Next("trafford")
	require.Eventually(t, func() bool {
		log, err := w.store.Log("trafford")
		return err == nil && uint64(log.Tree().N) == events
	}, 5*time.Second, 10*time.Millisecond)
	body := string(w.must(200, scrape("operator")).body)
	for _, line := range []string{
		`goldenthread_command_seconds_count{outcome="refused"} 1`, `goldenthread_command_seconds_count{outcome="unsettled"} 0`,
		`goldenthread_ready 1`, `goldenthread_queue_commands 0`, `goldenthread_feed_clients 0`,
		`goldenthread_log_unsigned_events{group="trafford"} 0`, `goldenthread_group_stopped{group="trafford"} 0`, `goldenthread_keys_missing{group="trafford"} 0`, "process_resident_memory_bytes ",
	} {
		require.Contains(t, body, line)
	}
	require.NotContains(t, body, "unwitnessed_events{") // there are no witnesses
	problems, err := promlint.New(strings.NewReader(body)).Lint()
	require.NoError(t, err)
	require.Empty(t, problems)
}
