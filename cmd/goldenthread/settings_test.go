package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"

	"goldenthread/cmd/internal/programtest"
)

// told is what serve was told on the command line, with what it reads beside.
func told(t *testing.T, args ...string) (*serving, error) {
	var o serving
	cmd := &cobra.Command{}
	o.flags(cmd)
	require.NoError(t, cmd.ParseFlags(args))
	return &o, readSettings(cmd.Flags())
}

func settingsFile(t *testing.T, text string) string {
	file := filepath.Join(t.TempDir(), "goldenthread.conf")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

func TestFlagGoesBeforeTheEnvironmentAndThatBeforeTheFile(t *testing.T) {
	file := settingsFile(t, "# ours\n\nlisten = 127.0.0.1:1\r\norigin=https://file.example.org\n data = in-the-file \nidle = 30m\nbehind-proxy = true\nwitness = https://a,k=1\nwitness = https://b,k2\n")
	t.Setenv("GOLDENTHREAD_CONFIG", file)
	t.Setenv("GOLDENTHREAD_LISTEN", "127.0.0.1:2")
	t.Setenv("GOLDENTHREAD_ORIGIN", "https://environment.example.org")
	t.Setenv("GOLDENTHREAD_MEMORY", "")
	o, err := told(t, "--listen", "127.0.0.1:3")
	require.NoError(t, err)
	require.Equal(t, []string{"127.0.0.1:3", "https://environment.example.org", "in-the-file"}, []string{o.listen, o.origin, o.dir})
	require.Equal(t, 30*time.Minute, o.idle)
	require.True(t, o.behindProxy)
	require.Equal(t, []string{"https://a,k=1", "https://b,k2"}, o.witnesses)
	require.Equal(t, 2048, o.memory, "what is empty in the environment is not said")

	t.Setenv("GOLDENTHREAD_WITNESS", "https://c,k3 https://d,k4")
	o, err = told(t, "--config", settingsFile(t, "listen = 127.0.0.1:4\nwitness = https://a,k\n"))
	require.NoError(t, err)
	require.Equal(t, []string{"https://c,k3", "https://d,k4"}, o.witnesses)
	require.Equal(t, "data", o.dir, "the file on the command line is the only one")
	o, err = told(t, "--witness", "https://e,k5")
	require.NoError(t, err)
	require.Equal(t, []string{"https://e,k5"}, o.witnesses)
}

func TestSettingsThatCantBeUnderstoodAreRefusedWithTheirLine(t *testing.T) {
	for text, why := range map[string]string{
		"listen = :1\nlistn = :2\n":      `line 2: there is no setting "listn"`,
		"\n\njust words\n":               "line 3: write it like",
		"origin =\n":                     "line 1: origin has no value",
		"origin = \"https://a.example\"": "line 1: write the value of origin without quotes",
		"data = a\n# and\ndata = b\n":    "line 3: data was said before, in ",
		"config = other.conf":            `line 1: there is no setting "config"`,
		"memory = much":                  `line 1: "much" is no value of memory: write a whole number`,
		"behind-proxy = yes":             `line 1: "yes" is no value of behind-proxy: write true or false`,
		"oidc-secret = s3cret":           `line 1: there is no setting "oidc-secret";`,
		"listen = 127.0.0.1:1 # here":    "line 1: put what stands after # on a line of its own",
		"\xff\xfel\x00":                  "is not plain text",
		"tls-key = s3cret":               "line 1: there is no file of the name that tls-key gives",
		"\nquorum = 1":                   "line 2: quorum is of no use without witness: give both, or neither",
	} {
		_, err := told(t, "--config", settingsFile(t, text))
		require.ErrorContains(t, err, why)
		require.Equal(t, exitUsage, exitCodeOf(err))
		require.NotContains(t, err.Error(), "s3cret")
	}
	_, err := told(t, "--config", filepath.Join(t.TempDir(), "none.conf"))
	require.ErrorIs(t, err, os.ErrNotExist)
	t.Setenv("GOLDENTHREAD_IDLE", "soon")
	_, err = told(t)
	require.ErrorContains(t, err, `GOLDENTHREAD_IDLE: "soon" is no value of idle: write a number with its unit`)
}

// A setting that does nothing without another is refused, wherever it was said; one that says what
// holds anyway is not.
func TestSettingsThatAreOfNoUseAreRefused(t *testing.T) {
	for name, others := range needs {
		flags := serveCommand().Flags()
		require.NotNil(t, flags.Lookup(name), name)
		for _, other := range others {
			require.NotNil(t, flags.Lookup(other), other)
		}
		value := map[string]string{"bool": "true", "int": "7", "duration": "7m"}[flags.Lookup(name).Value.Type()]
		if value == "" {
			value = settingsFile(t, "") // a file that is there
		}
		_, err := told(t, "--"+name, value)
		require.ErrorContains(t, err, "--"+name+": "+name+" is of no use without "+others[0])
		require.Equal(t, exitUsage, exitCodeOf(err))
		_, err = told(t, "--config", settingsFile(t, name+" = "+value))
		require.ErrorContains(t, err, "line 1: "+name+" is of no use without "+others[0])
		if usual := flags.Lookup(name).DefValue; usual != "" {
			_, err = told(t, "--"+name+"="+usual)
			require.NoError(t, err, name)
		}
	}
}

// What is refused later than it is read is still said with where it stands, and a variable that
// is named like a setting and is none does not go without a word.
func TestWhereASettingWasSaid(t *testing.T) {
	p := &program{&programtest.Program{T: t, File: os.Args[0]}}
	file := settingsFile(t, "\ufefflog-level = loud\r\n")
	_, errs, code := p.Run("", "serve", "--data", t.TempDir(), "--config", file)
	require.Equal(t, exitUsage, code)
	require.Contains(t, errs, "--log-level is debug, info, warn or error (log-level is said in "+file+", line 1)")
	t.Setenv("GOLDENTHREAD_LISTN", "127.0.0.1:1")
	t.Setenv("GOLDENTHREAD_CONTACT", "me@example.org")
	_, errs, code = p.Run("", "serve", "--data", t.TempDir())
	require.Equal(t, exitUsage, code)
	require.Contains(t, errs, "GOLDENTHREAD_LISTN")
	require.NotContains(t, errs, "[GOLDENTHREAD_CONTACT")
	require.Contains(t, errs, "(contact is said in GOLDENTHREAD_CONTACT)")
}

// Secrets are in files alone: where they were in the environment, that is said.
func TestSecretsAreInFilesAlone(t *testing.T) {
	for name, why := range map[string]string{oidcSecretVariable: "--oidc-secret-file", "GOLDENTHREAD_MAIL_CREDENTIALS": "there is no file", "GOLDENTHREAD_NATS_CREDENTIALS": "there is no file"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, "me:s3cret")
			_, err := told(t)
			require.ErrorContains(t, err, why)
			require.NotContains(t, err.Error(), "s3cret")
		})
	}
	for _, name := range secretFiles {
		_, err := told(t, "--"+name, "s3cret")
		require.ErrorContains(t, err, "--"+name+": there is no file")
		require.NotContains(t, err.Error(), "s3cret")
	}
	_, err := (&natsAccess{url: "nats://me:s3cret@nats.example.org"}).options()
	require.ErrorContains(t, err, "--nats-credentials")
	require.NotContains(t, err.Error(), "s3cret")
}

// Each flag of serve and of witness can be said by the environment and by a file.
func TestEveryFlagIsASetting(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("seven", nil, 0o600)) // files with secrets are there
	for _, cmd := range []*cobra.Command{serveCommand(), witnessCommand()} {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if f.Name == configFlag {
				return
			}
			value := map[string]string{"bool": "true", "int": "7", "duration": "7m"}[f.Value.Type()]
			if value == "" {
				value = "seven"
			}
			t.Setenv(variable(f.Name), value)
			again := &pflag.FlagSet{}
			again.String(configFlag, "", "")
			again.AddFlag(f)
			require.NoError(t, readSettings(again), f.Name)
			require.True(t, f.Changed, f.Name)
			f.Changed = false
			t.Setenv(variable(f.Name), "")
			require.NoError(t, again.Set(configFlag, settingsFile(t, fmt.Sprintf("%s = %s\n", f.Name, value))))
			require.NoError(t, readSettings(again), f.Name)
			require.True(t, f.Changed, f.Name)
		})
	}
}
