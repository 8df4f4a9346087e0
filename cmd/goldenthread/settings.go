package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// configFlag names the file of settings.
const configFlag = "config"

// secretFiles are the flags that name a file with a secret in it. The secret itself is never a
// setting: other programs can read the environment and the command line.
var secretFiles = []string{"oidc-secret-file", "mail-credentials", "nats-credentials", "webhooks"}

// oidcSecretVariable held a secret itself until release 0.1.0.
const oidcSecretVariable = "GOLDENTHREAD_OIDC_SECRET"

// takesSettings has what a command's flags say be said by the environment and by a file too.
// A flag on the command line goes first, then the environment, then the file.
func takesSettings(cmd *cobra.Command) {
	cmd.Flags().String(configFlag, "", "file of settings: lines such as listen = 127.0.0.1:8080, each named like a flag. Flags go before the environment (GOLDENTHREAD_LISTEN), and that before the file")
	cmd.PreRunE = func(cmd *cobra.Command, _ []string) error { return readSettings(cmd.Flags()) }
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
			if slices.Contains(secretFiles, f.Name) && !isThere(s.value) { // it may be the secret: it is not said again
				err = usagef("%s names no file; put the secret into one that only the server can read, and name that", s.where)
			} else if why := flags.Set(f.Name, s.value); why != nil {
				err = usagef("%s: %v", s.where, why)
			}
		}
	})
	return err
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
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("the file of settings: %w", err)
	}
	said := map[string][]settingLine{}
	number := 0
	for line := range strings.Lines(string(text)) {
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
			return nil, usagef("%s: there is no setting %s; --help lists them", where, key)
		case value == "":
			return nil, usagef("%s: %s has no value; give it one, or take the line out", where, key)
		case value[0] == '"' || value[0] == '\'':
			return nil, usagef("%s: write the value of %s without quotes", where, key)
		}
		if _, many := f.Value.(pflag.SliceValue); !many && said[key] != nil {
			return nil, usagef("%s: %s was said before, in %s", where, key, said[key][0].where)
		}
		said[key] = append(said[key], settingLine{value, where})
	}
	return said, nil
}
