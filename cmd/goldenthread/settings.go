package main

import (
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"goldenthread/eventstore/stream"
)

// configFlag names the file of settings.
const configFlag = "config"

// secretFiles are the flags that name a file with a secret in it. The secret itself is never a
// setting: other programs can read the environment and the command line.
var secretFiles = []string{"oidc-secret-file", "mail-credentials", "nats-credentials", "nats-key", "nats-listen-credentials", "tls-key", "webhooks"}

// needs names, of a setting that does nothing by itself, those without which it is of no use.
var needs = map[string][]string{
	"tls-cert": {"tls-key"}, "tls-key": {"tls-cert"},
	"oidc-issuer": {"oidc-client", "oidc-people"}, "oidc-client": {"oidc-issuer"}, "oidc-people": {"oidc-issuer"}, "oidc-secret-file": {"oidc-issuer"}, "oidc-max-age": {"oidc-issuer"},
	"mail-server": {"mail-from"}, "mail-from": {"mail-server"}, "mail-link": {"mail-server"}, "mail-credentials": {"mail-server"}, "mail-ca": {"mail-server"}, "mail-tls": {"mail-server"},
	"nats-ca": {"nats"}, "nats-cert": {"nats", "nats-key"}, "nats-key": {"nats-cert"}, "nats-credentials": {"nats"}, "replicas": {"nats"},
	"nats-listen": {"nats-listen-credentials"}, "nats-listen-credentials": {"nats-listen"},
	"backup-every": {"backup-to"}, "example-until": {"example"}, "quorum": {"witness"}, "client-addresses": {"access-log"},
}

// takes says what a value of that type of flag looks like.
var takes = map[string]string{"bool": "true or false", "int": "a whole number", "duration": "a number with its unit, such as 30m or 12h"}

// saidAt is the annotation of a flag that says where, if not on the command line.
const saidAt = "said at"

// oidcSecretVariable held a secret itself until release 0.1.0.
const oidcSecretVariable = "GOLDENTHREAD_OIDC_SECRET"

// takesSettings has what a command's flags say be said by the environment and by a file too.
// A flag on the command line goes first, then the environment, then the file.
func takesSettings(cmd *cobra.Command) {
	cmd.Flags().String(configFlag, "", "file of settings: lines such as listen = 127.0.0.1:8080, each named like a flag. Flags go before the environment (GOLDENTHREAD_LISTEN), and that before the file")
	cmd.PreRunE = func(cmd *cobra.Command, _ []string) error {
		if err := readSettings(cmd.Flags()); err != nil {
			return err
		}
		if err := cmd.ValidateRequiredFlags(); err != nil {
			return usageError(err.Error())
		}
		return nil
	}
}

// readSettings sets the flags that the command line does not, from the environment and the
// file. What names no flag in the file is refused, with its line.
func readSettings(flags *pflag.FlagSet) error {
	if os.Getenv(oidcSecretVariable) != "" {
		return usagef("%s is not read any more: put the secret into a file that only the server can read, and name that by --oidc-secret-file", oidcSecretVariable)
	}
	file := flags.Lookup(configFlag).Value.String()
	if file == "" {
		file = os.Getenv(variable(configFlag))
	}
	inFile, err := readSettingsFile(file, flags)
	if err != nil {
		return err
	}
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Changed || !isSetting(f) || err != nil {
			return
		}
		said := inEnvironment(f)
		if said == nil {
			said = inFile[f.Name]
		}
		for _, s := range said {
			must(flags.SetAnnotation(f.Name, saidAt, []string{s.where}))
			if why := flags.Set(f.Name, s.value); why != nil && err == nil {
				err = usagef("%s: %q is no value of %s: write %s", s.where, s.value, f.Name, takes[f.Value.Type()])
			}
		}
	})
	if err != nil {
		return err
	}
	return checkTogether(flags)
}

// checkTogether refuses a setting that is of no use without another, and a secret in place of
// the name of its file, which is not said again.
func checkTogether(flags *pflag.FlagSet) (err error) {
	isSet := func(f *pflag.Flag) bool { return f.Value.String() != f.DefValue }
	flags.VisitAll(func(f *pflag.Flag) {
		if err != nil || !isSet(f) {
			return
		}
		where := "--" + f.Name
		if said := f.Annotations[saidAt]; said != nil {
			where = said[0]
		}
		if slices.Contains(secretFiles, f.Name) && !isThere(f.Value.String()) {
			err = usagef("%s: there is no file of the name that %s gives; put the secret into one that only the server can read, and name that", where, f.Name)
			return
		}
		for _, other := range needs[f.Name] {
			if o := flags.Lookup(other); o != nil && !isSet(o) {
				err = usagef("%s: %s is of no use without %s: give both, or neither", where, f.Name, other)
				return
			}
		}
	})
	return err
}

// flagNames finds the names of flags in what an error says.
var flagNames = regexp.MustCompile(`--[a-z][a-z-]+`)

// saidElsewhere adds to an error that names flags where those were said that the command line does not have.
func saidElsewhere(flags *pflag.FlagSet, err error) error {
	if err == nil {
		return nil
	}
	for _, name := range flagNames.FindAllString(err.Error(), -1) {
		if f := flags.Lookup(name[2:]); f != nil && f.Annotations[saidAt] != nil {
			err = fmt.Errorf("%w (%s is said in %s)", err, f.Name, f.Annotations[saidAt][0])
		}
	}
	return err
}

// clientVariables are read by the commands that ask a server.
var clientVariables = []string{"GOLDENTHREAD_GROUP", "GOLDENTHREAD_SERVER", "GOLDENTHREAD_TOKEN"}

// warnOfUnread says which variables of the environment are named like a setting and are none: a
// mistyped one would change nothing, without a word.
func warnOfUnread(flags *pflag.FlagSet, log *slog.Logger) {
	var names []string
	for _, line := range os.Environ() {
		name, _, _ := strings.Cut(line, "=")
		rest, ours := strings.CutPrefix(name, variable(""))
		f := flags.Lookup(strings.ToLower(strings.ReplaceAll(rest, "_", "-")))
		if ours && (f == nil || variable(f.Name) != name) && !slices.Contains(clientVariables, name) {
			names = append(names, name)
		}
	}
	if names != nil {
		log.Warn("these variables are named like settings, and are none: they are not read", "variables", names)
	}
}

// inEnvironment is what the environment says for the flag; of a flag that may be given
// several times, each word. What is empty is not said.
func inEnvironment(f *pflag.Flag) (said []settingLine) {
	where := variable(f.Name)
	values := []string{os.Getenv(where)}
	if _, many := f.Value.(pflag.SliceValue); many {
		values = strings.Fields(values[0])
	}
	for _, value := range values {
		if value != "" {
			said = append(said, settingLine{value, where})
		}
	}
	return said
}

// variable is the name in the environment of what a flag says.
func variable(flag string) string {
	return "GOLDENTHREAD_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// isSetting says whether the flag can be said by the environment and by a file.
func isSetting(f *pflag.Flag) bool {
	return f.Name != configFlag && f.Name != "help" && f.Name != "json"
}

// A settingLine is a value, and where it was said.
type settingLine struct{ value, where string }

// readSettingsFile is what each line says, by the flag's name; nothing if no file is named.
func readSettingsFile(file string, flags *pflag.FlagSet) (map[string][]settingLine, error) {
	if file == "" {
		return nil, nil
	}
	text, err := stream.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("--%s: the file of settings: %w", configFlag, err)
	}
	if !utf8.Valid(text) {
		return nil, usagef("%s is not plain text: keep it as UTF-8", file)
	}
	said := map[string][]settingLine{}
	number := 0
	for line := range strings.Lines(strings.TrimPrefix(string(text), "\ufeff")) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		where := fmt.Sprintf("%s, line %d", file, number)
		key, value, ok := strings.Cut(line, "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		f := flags.Lookup(key)
		switch {
		case !ok:
			return nil, usagef("%s: write it like listen = 127.0.0.1:8080", where)
		case f == nil || !isSetting(f):
			return nil, usagef("%s: there is no setting %q; --help lists them", where, key)
		case value == "":
			return nil, usagef("%s: %s has no value; give it one, or take the line out", where, key)
		case value[0] == '"' || value[0] == '\'':
			return nil, usagef("%s: write the value of %s without quotes", where, key)
		case strings.Contains(value, " #"):
			return nil, usagef("%s: put what stands after # on a line of its own", where)
		}
		if _, many := f.Value.(pflag.SliceValue); !many && said[key] != nil {
			return nil, usagef("%s: %s was said before, in %s", where, key, said[key][0].where)
		}
		said[key] = append(said[key], settingLine{value, where})
	}
	return said, nil
}
