package api

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/stretchr/testify/require"

	"goldenthread/api/operation"
	"goldenthread/domain"
)

// The description of the API under tools that others wrote: `make interfaces` installs
// them. Without them these tests are skipped, but for the validating proxy.

const interfacesEnv = "GOLDENTHREAD_INTERFACES"

// describedIn writes the descriptions into a folder beside the tools' settings.
func describedIn(t *testing.T, w *world) (dir, tools string) {
	tools = os.Getenv(interfacesEnv)
	if tools == "" {
		t.Skip("make interfaces installs what this needs, and says where in " + interfacesEnv)
	}
	dir = t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS("interfaces")))
	for _, name := range []string{"openapi.json", "openapi-3.0.json"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), w.must(200, w.send(w.request("", "GET", "/"+name, ""))).body, 0o600))
	}
	return dir, tools
}

// run runs a tool in the folder and gives what it said; env is added to its environment.
func runIn(t *testing.T, dir string, env []string, name string, args ...string) string {
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	said, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s %s\n%s", name, strings.Join(args, " "), said)
	return string(said)
}

// A validating is a proxy that holds every call and its answer against the description.
type validating struct {
	t     *testing.T
	to    http.Handler
	v     validator.Validator
	calls atomic.Int64
}

func newValidating(t *testing.T, w *world) *validating {
	doc, err := libopenapi.NewDocument(w.send(w.request("", "GET", "/openapi.json", "")).body)
	require.NoError(t, err)
	v, errs := validator.NewValidator(doc)
	require.Empty(t, errs)
	return &validating{t: t, to: w.server, v: v}
}

func (p *validating) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.calls.Add(1)
	body, _ := io.ReadAll(r.Body)
	r.Body = readCloser(body)
	if ok, faults := p.v.ValidateHttpRequest(r); !ok {
		for _, f := range faults {
			p.t.Errorf("%s %s is not asked as described: %s %s", r.Method, r.URL, f.Message, f.Reason)
		}
	}
	r.Body = readCloser(body)
	h := httptest.NewRecorder()
	p.to.ServeHTTP(h, r)
	answered := h.Result()
	answered.Body = readCloser(h.Body.Bytes())
	if ok, faults := p.v.ValidateHttpResponse(r, answered); !ok {
		for _, f := range faults {
			for _, s := range f.SchemaValidationErrors {
				p.t.Errorf("%s: %s: %s", r.URL, s.FieldPath, s.Reason)
			}
			p.t.Errorf("%s %s is not answered as described: %s\n%s", r.Method, r.URL, f.Message, h.Body)
		}
	}
	for name, values := range h.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(h.Code)
	io.Copy(w, bytes.NewReader(h.Body.Bytes()))
}

// A hundred calls, asked and answered as described: each question as its example asks it,
// and each command, whether it is recorded or refused.
func TestInterfacesThroughAValidatingProxy(t *testing.T) {
	if testing.Short() {
		t.Skip("it does one thing after the other, for long")
	}
	w := newWorld(t).established()
	w.on("2026-03-09")
	proxy := newValidating(t, w)
	w.web.Config.Handler = proxy
	for _, q := range questions {
		w.must(200, w.ask("cd-north", q))
	}
	kept, err := operation.Examples()
	require.NoError(t, err)
	for _, kind := range domain.Commands {
		if is := kept[kind.Name].Request; is != nil {
			b, err := operation.Encode(is)
			require.NoError(t, err)
			r := w.command("cd-north", kind.Name, string(b))
			require.Less(t, r.StatusCode, 500, "%s: %s", kind.Name, r.body)
		}
	}
	require.GreaterOrEqual(t, proxy.calls.Load(), int64(100))
}

func TestInterfacesAreClean(t *testing.T) {
	dir, _ := describedIn(t, newWorld(t))
	said := runIn(t, dir, nil, "npx", "redocly", "lint", "--config", "redocly.yaml", "--max-problems", "10000", "openapi.json")
	require.Contains(t, said, "Your API description is valid")
	require.NotContains(t, said, "You have", "warnings")
	said = runIn(t, dir, nil, "npx", "spectral", "lint", "--ruleset", "spectral.yaml", "--fail-severity", "hint", "openapi.json")
	t.Log(said)
}

// Clients that were made of the description, in two languages, ask, have something recorded and
// read a code, through the validating proxy.
func TestInterfacesClients(t *testing.T) {
	w := newWorld(t).established()
	w.on("2026-03-09")
	dir, tools := describedIn(t, w)
	proxy := newValidating(t, w)
	w.web.Config.Handler = proxy
	env := []string{"BASE=" + w.web.URL, "TOKEN=" + w.keys["cd-north"]}

	runIn(t, dir, nil, "npx", "openapi-typescript", "openapi.json", "-o", "schema.d.ts")
	runIn(t, dir, nil, "npx", "tsc", "-p", ".")
	t.Log(runIn(t, dir, env, "node", "client.js"))

	module := filepath.Join(dir, "use")
	require.NoError(t, os.MkdirAll(filepath.Join(module, "client"), 0o700))
	runIn(t, dir, nil, filepath.Join(tools, "oapi-codegen"), "-generate", "types,client", "-package", "client", "-o", "use/client/client.go", "openapi-3.0.json")
	b, err := os.ReadFile(filepath.Join(dir, "client.go.txt"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(module, "main.go"), b, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(module, "go.mod"), []byte(fmt.Sprintf("module example.org/use\n\ngo 1.26\n\nrequire %s\n", runtimeOfClients)), 0o600))
	runIn(t, module, []string{"GOFLAGS=-mod=mod"}, "go", "mod", "tidy")
	runIn(t, module, nil, "go", "build", "-o", "use", ".")
	t.Log(runIn(t, module, env, filepath.Join(module, "use")))
	require.Equal(t, int64(8), proxy.calls.Load())
}

// runtimeOfClients is the module that clients in Go stand on.
const runtimeOfClients = "github.com/oapi-codegen/runtime v1.9.0"

// ical.js reads the calendar as it was written.
func TestInterfacesCalendar(t *testing.T) {
	w := newWorld(t).established()
	dir, _ := describedIn(t, w)
	calendar := w.must(200, w.ask("cd-north", "/calendar.ics")).body
	require.NoError(t, os.WriteFile(filepath.Join(dir, "calendar.ics"), calendar, 0o600))
	require.Equal(t, fmt.Sprintln(len(w.readCalendar(calendar).Events())), runIn(t, dir, nil, "node", "calendar.mjs", "calendar.ics"))
}
