package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
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
