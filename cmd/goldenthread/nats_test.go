package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

// The configuration is what the command prints, and every flag that it names is
// one of serve.
func TestNATSConfig(t *testing.T) {
	root := rootCommand()
	var out bytes.Buffer
	root.SetOut(&out)
	root.SetArgs([]string{"nats-config"})
	require.NoError(t, root.Execute())
	require.Equal(t, natsConfig, out.String())
	for line := range strings.Lines(natsConfig) {
		for _, word := range strings.Fields(line) {
			if name, ok := strings.CutPrefix(word, "--"); ok {
				require.NotNil(t, serveCommand().Flags().Lookup(name), word)
			}
		}
	}
}

// A node is not let in with an nkey that the file doesn't hold, and a file that
// everybody can read is refused.
func TestNATSCredentials(t *testing.T) {
	file := filepath.Join(t.TempDir(), "credentials")
	require.NoError(t, os.WriteFile(file, []byte("goldenthread:secret\n"), 0o604))
	_, err := (&natsAccess{url: "nats://x", credentials: file}).options()
	require.ErrorContains(t, err, "everybody")
	require.NoError(t, os.Chmod(file, 0o600))
	options, err := (&natsAccess{url: "nats://x", credentials: file}).options()
	require.NoError(t, err)
	var o nats.Options
	require.NoError(t, options[0](&o))
	require.Equal(t, []string{"goldenthread", "secret"}, []string{o.User, o.Password})

	require.NoError(t, os.WriteFile(file, []byte("SUAF7IQ7KMZ3GUATHJMIRPMNDPOBA4IDVL7V6MFEDC622X7EOKJCPB34GI\n"), 0o600))
	options, err = (&natsAccess{url: "nats://x", credentials: file}).options()
	require.NoError(t, err)
	o = nats.Options{}
	require.NoError(t, options[0](&o))
	require.Equal(t, "UCM4BOC33FKL7RWTV53375HAZWGGUQI7GXXVZUNOIVKSB4QL2LLDNFX4", o.Nkey)

	require.NoError(t, os.WriteFile(file, []byte("neither of the two"), 0o600))
	_, err = (&natsAccess{url: "nats://x", credentials: file}).options()
	require.Error(t, err)
	_, err = (&natsAccess{credentials: file}).options()
	require.ErrorContains(t, err, "--nats")
}

// A node of a cluster that is told to stop ends as every other server does. Whatever streams it
// made, the configuration lets the nodes make.
func TestANodeStops(t *testing.T) {
	srv, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: t.TempDir(), SyncAlways: true, NoSigs: true, NoLog: true})
	require.NoError(t, err)
	srv.Start()
	t.Cleanup(func() { srv.Shutdown(); srv.WaitForShutdown() })
	require.True(t, srv.ReadyForConnections(10*time.Second))
	hooks := filepath.Join(t.TempDir(), "webhooks.json")
	require.NoError(t, os.WriteFile(hooks, []byte(`[{"group":"g","name":"Board","url":"https://hooks.example.org/x","secret":"whsec_`+strings.Repeat("A", 43)+`=","format":"teams"}]`), 0o600))
	p := start(t, t.TempDir(), "--nats", srv.ClientURL(), "--webhooks", hooks, "--mail-server", "127.0.0.1:9", "--mail-tls", "none", "--mail-from", "a@example.org", "--origin", "https://thread.example.org")
	nc, err := nats.Connect(srv.ClientURL())
	require.NoError(t, err)
	defer nc.Close()
	js, err := jetstream.New(nc)
	require.NoError(t, err)
	names := js.StreamNames(t.Context())
	made := 0
	for name := range names.Name() {
		made++
		require.Contains(t, natsConfig, `"$JS.API.STREAM.CREATE.`+name+`"`)
	}
	require.NoError(t, names.Err())
	require.GreaterOrEqual(t, made, 6)
	p.Stop()
	require.Zero(t, p.Cmd.ProcessState.ExitCode(), "%s", p.Log)
}
