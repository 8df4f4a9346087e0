package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"
	"github.com/stretchr/testify/require"
)

const recordsPassword, otherPassword = "records-records-records", "another-another-another"

// Programs on this machine ask the check over NATS as api/rest/README.md says, see what the
// micro protocol says of it, and reach nothing else.
func TestProgramsAskOverNATS(t *testing.T) {
	credentials := filepath.Join(t.TempDir(), "credentials")
	require.NoError(t, os.WriteFile(credentials, []byte("records:"+recordsPassword+"\nother:"+otherPassword+"\n"), 0o600))
	p := start(t, filepath.Join(t.TempDir(), "data"), "--example", "trafford", "--nats-listen", "127.0.0.1:0", "--nats-listen-credentials", credentials)
	at := regexp.MustCompile(`over NATS" at=(\S+) users=2`).FindStringSubmatch(p.Log.String())
	require.NotEmpty(t, at, p.Log.String())

	for _, who := range []nats.Option{nats.UserInfo("records", otherPassword), nats.UserInfo("nobody", ""), nats.UserInfo("", ""), nats.Token(recordsPassword), nats.Name("nobody")} {
		_, err := nats.Connect(at[1], who)
		require.ErrorIs(t, err, nats.ErrAuthorization)
	}
	refused := make(chan error, 10)
	connect := func(user, password string) *nats.Conn {
		nc, err := nats.Connect(at[1], nats.UserInfo(user, password), nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { refused <- err }))
		require.NoError(t, err)
		t.Cleanup(nc.Close)
		return nc
	}
	records, other := connect("records", recordsPassword), connect("other", otherPassword)
	heard, err := other.SubscribeSync("_INBOX.>")
	require.NoError(t, err)
	require.NoError(t, other.Flush())

	asksAsTheReadmeSays(t, records, p.Tokens["cd-altrincham"])
	require.NoError(t, other.Flush())
	pending, _, err := heard.Pending()
	require.NoError(t, err)
	require.Zero(t, pending, "a program heard the answer to another")

	for _, subject := range []string{"$JS.API.INFO", "$JS.API.STREAM.INFO.LEDGER", "ledger.commits", "keys.1", "goldenthread.write.trafford", "$SYS.REQ.USER.INFO", "$KV.MAIL.x"} {
		require.NoError(t, records.PublishRequest(subject, "_INBOX.x", nil))
		require.ErrorContains(t, <-refused, "Permissions Violation", subject)
	}
	for _, subject := range []string{">", "goldenthread.check", "$SRV.>", "ledger.>"} {
		_, err := records.SubscribeSync(subject)
		require.NoError(t, err)
		require.ErrorContains(t, <-refused, "Permissions Violation", subject)
	}
}

// asksAsTheReadmeSays sends the question of the README, holds the answers against those there,
// and the statistics of the service against what was asked.
func asksAsTheReadmeSays(t *testing.T, nc *nats.Conn, token string) {
	text, err := os.ReadFile("../../api/rest/README.md")
	require.NoError(t, err)
	examples := regexp.MustCompile("(?s)```json\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	require.GreaterOrEqual(t, len(examples), 3)
	for question, answer := range map[string]string{strings.Replace(examples[0][1], "gt_…", token, 1): examples[1][1], examples[0][1]: examples[2][1]} {
		m, err := nc.Request("goldenthread.check", []byte(question), 10*time.Second)
		require.NoError(t, err)
		var want, got map[string]any
		require.NoError(t, json.Unmarshal([]byte(answer), &want), answer)
		require.NoError(t, json.Unmarshal(m.Data, &got), "%s", m.Data)
		for name := range want {
			require.Equal(t, want[name], got[name], name)
		}
		if want["status"] != nil {
			require.Equal(t, []string{"401", "Unauthorized"}, []string{m.Header.Get(micro.ErrorCodeHeader), m.Header.Get(micro.ErrorHeader)})
		}
	}
	require.Eventually(t, func() bool { return slices.Equal([]int{2, 1}, countsOf(t, nc)) }, 10*time.Second, 20*time.Millisecond, "an answer is counted after it was sent")
	for _, said := range gatherReplies(t, nc, "$SRV.INFO", 4) {
		require.Contains(t, string(said), `"description":"May this person sign up to this, here, now?"`)
	}
}

// countsOf is how many requests and errors the statistics of the service have.
func countsOf(t *testing.T, nc *nats.Conn) []int {
	counts := make([]int, 2)
	for _, said := range gatherReplies(t, nc, "$SRV.STATS.goldenthread", 4) {
		var stats micro.Stats
		require.NoError(t, json.Unmarshal(said, &stats))
		require.Len(t, stats.Endpoints, 1)
		is := stats.Endpoints[0]
		require.Equal(t, []string{"check", "goldenthread.check"}, []string{is.Name, is.Subject})
		require.Equal(t, is.NumRequests > 0, is.ProcessingTime > 0)
		if is.NumErrors > 0 {
			require.Equal(t, "401:Unauthorized", is.LastError, "nothing of what was asked")
		}
		counts[0], counts[1] = counts[0]+is.NumRequests, counts[1]+is.NumErrors
	}
	return counts
}

// gatherReplies asks on the subject and waits for as many replies.
func gatherReplies(t *testing.T, nc *nats.Conn, subject string, replies int) (all [][]byte) {
	inbox := nc.NewInbox()
	sub, err := nc.SubscribeSync(inbox)
	require.NoError(t, err)
	defer sub.Unsubscribe()
	require.NoError(t, nc.PublishRequest(subject, inbox, nil))
	for range replies {
		m, err := sub.NextMsg(10 * time.Second)
		require.NoError(t, err)
		all = append(all, m.Data)
	}
	return all
}

// Beyond this machine, without credentials or with weak ones it does not listen.
func TestNATSListensForWhomItMay(t *testing.T) {
	file := filepath.Join(t.TempDir(), "credentials")
	write := func(text string, mode os.FileMode) {
		require.NoError(t, os.WriteFile(file, []byte(text), mode))
		require.NoError(t, os.Chmod(file, mode))
	}
	write("records:"+recordsPassword+"\n", 0o600)
	for _, beyond := range []string{"0.0.0.0:4222", ":4222", "10.0.0.5:4222", "localhost:4222", "[::]:4222", "4222", "thread.example.org:4222"} {
		require.ErrorContains(t, (&asking{beyond, file}).check(), "this machine alone", beyond)
	}
	for _, here := range []string{"127.0.0.1:4222", "[::1]:4222"} {
		require.NoError(t, (&asking{here, file}).check(), here)
	}
	here := &asking{"127.0.0.1:4222", file}
	write("records:"+recordsPassword, 0o644)
	require.ErrorContains(t, here.check(), "can be read by everybody")
	for text, why := range map[string]string{
		"": "line 1", "records": "line 1", "records:short": "line 1", ":" + recordsPassword: "line 1",
		"a:" + recordsPassword + "\n\nb:" + recordsPassword: "line 2", "a:" + recordsPassword + "\na:" + otherPassword: "names a twice",
	} {
		write(text, 0o600)
		require.ErrorContains(t, here.check(), why, text)
	}
	require.Error(t, (&asking{"127.0.0.1:4222", file + "-gone"}).check())
	cmd := serveCommand()
	cmd.SetArgs([]string{"--nats-listen", "127.0.0.1:4222"})
	cmd.SetErr(&strings.Builder{})
	require.ErrorContains(t, cmd.Execute(), "nats-listen-credentials")
}
