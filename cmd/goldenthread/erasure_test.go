package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// traces are words that lead to the person of the test: name, address, telephone number
// and devices. None of them is in the program or in the example.
var traces = []string{"Quillfeather", "Zebrinaworth", "quill.zebrina@surgeryxample.example", "07700 900461", "900461", "Zebrina's pocket telephone", "PocketBrowser/77.31", "Zebrina's tablet"}

// TestErasedMeansErased: of a person who was erased there is no name, address, telephone
// number or device anywhere in the data folder, in a backup made afterwards, or, a minute
// later, in the memory of the process (rule L7).
func TestErasedMeansErased(t *testing.T) {
	if testing.Short() {
		t.Skip("it measures")
	}
	dir := filepath.Join(t.TempDir(), "data")
	p := start(t, dir, "--example", "trafford")
	id := p.introduce(t)
	p.Stop()
	plantDevices(t, dir, id)
	require.NotEmpty(t, inFolder(t, dir), "the test must see what is there")
	p = start(t, dir)
	p.Tokens["zebrina"] = p.tokenOf(t, "zebrina", "Zebrina's tablet")
	p.useAs(t, "zebrina")
	require.Empty(t, inFolder(t, dir), "it was taken in, and is sealed")
	require.NotEmpty(t, inMemory(t, p.Cmd.Process.Pid), "the test must see what is there")

	status, body := p.Send("zebrina", "POST", "/v1/groups/trafford/commands/erase-person", `{"person":"`+id+`"}`)
	require.Equal(t, http.StatusCreated, status, "%s", body)
	status, body = p.Send("zebrina", "GET", "/v1/groups/trafford/powers", "")
	require.Equal(t, http.StatusUnauthorized, status)
	require.Contains(t, string(body), "This token is not known here.")
	require.Empty(t, inFolder(t, dir))
	backup := filepath.Join(t.TempDir(), "backup.tar")
	_, errs, code := p.Run("operator", "backup", "--to", backup)
	require.Zero(t, code, "%s", errs)
	b, err := os.ReadFile(backup)
	require.NoError(t, err)
	require.Empty(t, among(b))
	require.Empty(t, among([]byte(p.Log.String())))

	var left []string
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		if left = inMemory(t, p.Cmd.Process.Pid); len(left) == 0 {
			return
		}
	}
	t.Fatalf("a minute later the memory still has %q", left)
}

// introduce registers the person of the test, and reads their data back.
func (p *program) introduce(t *testing.T) (id string) {
	status, body := p.Send("manager", "POST", "/v1/groups/trafford/commands/register-person", `{"handle":"zebrina","office":"Visitor","organisation":"P91623",`+
		`"personal":{"name":"Dr Quillfeather Zebrinaworth","email":"quill.zebrina@surgeryxample.example","phone":"07700 900461"}}`)
	require.Equal(t, http.StatusCreated, status, "%s", body)
	status, body = p.Send("cd-altrincham", "GET", "/v1/groups/trafford/people", "")
	require.Equal(t, http.StatusOK, status, "%s", body)
	_, rest, found := bytes.Cut(body, []byte(`"handle":"zebrina"`))
	require.True(t, found)
	require.Contains(t, string(rest), "Quillfeather", "its own key opens it")
	for _, part := range bytes.Split(body, []byte(`{"id":"`)) {
		if bytes.Contains(part, []byte(`"handle":"zebrina"`)) {
			id = string(part[:36])
		}
	}
	require.NoError(t, uuid.Validate(id), "%s", body)
	return id
}

// plantDevices writes what a sign-in with a passkey, which takes a device, would have
// written: an account, and lines of the sign-in log.
func plantDevices(t *testing.T, dir, id string) {
	account := `[{"group":"trafford","person":"` + id + `","handle":"AAAA","passkeys":[{"id":"11111111","name":"Zebrina's pocket telephone","registered":"2026-01-01T00:00:00Z","credential":{"id":"AAAA"}}]}]`
	require.NoError(t, os.WriteFile(filepath.Join(dir, "passkeys.json"), []byte(account), 0o600))
	line := `{"time":"2026-01-01T00:00:00Z","group":"trafford","person":"` + id + `","by":"operator","what":"passkey Zebrina's pocket telephone added"}` + "\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "sign-in.log"), []byte(line), 0o600))
}

// tokenOf makes a token for the person, under the name of a device.
func (p *program) tokenOf(t *testing.T, person, device string) string {
	out, errs, code := p.Run("operator", "token", "new", "--person", person, "--name", device)
	require.Zero(t, code, "%s", errs)
	return strings.TrimSpace(out)
}

// useAs signs the person in with their token, in a browser with a name, and has pages with
// everybody's names and with their devices shown.
func (p *program) useAs(t *testing.T, person string) {
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	ask := func(method, path, body string, cookies ...*http.Cookie) *http.Response {
		req, err := http.NewRequest(method, p.URL+path, strings.NewReader(body))
		require.NoError(t, err)
		req.Host = strings.Replace(strings.TrimPrefix(p.URL, "http://"), "127.0.0.1", "localhost", 1)
		req.Header.Set("User-Agent", "PocketBrowser/77.31")
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", "http://"+req.Host)
		for _, c := range cookies {
			req.AddCookie(c)
		}
		res, err := client.Do(req)
		require.NoError(t, err)
		defer res.Body.Close()
		var read bytes.Buffer
		_, err = read.ReadFrom(res.Body)
		require.NoError(t, err)
		require.Less(t, res.StatusCode, 400, "%s", read.String())
		return res
	}
	in := ask("POST", "/sign-in/token", "token="+p.Tokens[person])
	require.NotEmpty(t, in.Cookies())
	for range 20 {
		ask("GET", "/account", "", in.Cookies()...)
		status, _ := p.Send("cd-altrincham", "GET", "/v1/groups/trafford/people", "")
		require.Equal(t, http.StatusOK, status)
	}
}

// among are the traces that the bytes have.
func among(b []byte) (found []string) {
	for _, trace := range traces {
		if bytes.Contains(b, []byte(trace)) {
			found = append(found, trace)
		}
	}
	return found
}

// inFolder are the traces in any file of the folder.
func inFolder(t *testing.T, dir string) (found []string) {
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		for _, trace := range among(b) {
			found = append(found, d.Name()+": "+trace)
		}
		return err
	}))
	return found
}

// inMemory are the traces in the memory of a process that this one started: what a core
// dump of it would hold.
func inMemory(t *testing.T, pid int) (found []string) {
	maps, err := os.Open(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		t.Skip("the memory of a process can be read on Linux alone")
	}
	defer maps.Close()
	mem, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	require.NoError(t, err)
	defer mem.Close()
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		var from, to uint64
		var may string
		_, err := fmt.Sscanf(lines.Text(), "%x-%x %s", &from, &to, &may)
		require.NoError(t, err)
		if !strings.HasPrefix(may, "rw") {
			continue
		}
		const portion = 4 << 20
		for at := from; at < to; at += portion {
			b := make([]byte, min(portion+64, to-at)) // 64: so that a word across two portions is seen
			n, _ := mem.ReadAt(b, int64(at))
			for _, trace := range among(b[:n]) {
				where := bytes.Index(b, []byte(trace))
				around := b[max(0, where-400):min(where+300, n)]
				found = append(found, fmt.Sprintf("%x of %s: %s, in %q", at+uint64(where), lines.Text(), trace, around))
			}
		}
	}
	return found
}
