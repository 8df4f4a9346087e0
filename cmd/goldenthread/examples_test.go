package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"goldenthread/api/operation"
	"goldenthread/domain"
)

// What /openapi.json and /docs show as examples is what the example place really answers, cut
// short, and what is really sent in its story or in the minutes.
//
//	go test ./cmd/goldenthread -run Examples -rewrite    writes it anew; other tests hold it against the schemas

const examplesAt = "../../api/operation/examples.json"

// exampleRequests are the bodies that are sent to what is no command of the ledger, in this order.
var exampleRequests = []struct{ operation, person, path, body string }{
	{"issue-token", "operator", "/tokens", `{"person":"cd-altrincham","name":"room booking","scope":"check"}`},
	{"make-feed-key", "cd-altrincham", "/feed-keys", `{"feed":"calendar","person":"cd-altrincham"}`},
	{"invite-to-sign-in", "manager", "/invitations", `{"person":"cd-west"}`},
	{"recorded", "cd-altrincham", "/commands/raise-proposal", `{"title":"Shared records","text":"We ask for one shared record.","matter":"digital"}`},
}

func TestExamples(t *testing.T) {
	if !*rewrite {
		kept, err := operation.Examples()
		require.NoError(t, err)
		for _, kind := range domain.Commands {
			if slices.Contains([]string{"begin-access", "make-way", "answer-letter"}, kind.Name) { // no program sends them
				continue
			}
			b, err := json.Marshal(kept[kind.Name].Request)
			require.NoError(t, err)
			require.NoError(t, operation.Decode(b, kind.New()), kind.Name)
		}
		return
	}
	p := start(t, filepath.Join(t.TempDir(), "data"), "--example", "trafford")
	all := map[string]operation.Exchange{}
	for name, body := range commandBodies(t) {
		all[name] = operation.Exchange{Request: body}
	}
	for _, r := range exampleRequests {
		is := operation.Exchange{Request: readAny(t, []byte(r.body))}
		if status, answer := p.Send(r.person, "POST", "/v1/groups/trafford"+r.path, r.body); status < 300 {
			is.Answer = cut(readAny(t, answer))
		}
		all[r.operation] = is
	}
	status, b := p.Send("", "GET", "/openapi.json", "")
	require.Equal(t, 200, status)
	var doc struct {
		Paths map[string]map[string]struct {
			OperationID string
			Parameters  []struct {
				Name, In string
				Required bool
				Example  any
			}
		}
	}
	require.NoError(t, json.Unmarshal(b, &doc))
	for path, methods := range doc.Paths {
		op, ok := methods["get"]
		if !ok || op.OperationID == "feed" {
			continue
		}
		asks := "?at=2026-06-15"
		for _, par := range op.Parameters {
			text := fmt.Sprint(par.Example)
			switch {
			case par.In == "path":
				path = strings.ReplaceAll(path, "{"+par.Name+"}", text)
			case par.Required || par.Name == "forum":
				asks += "&" + par.Name + "=" + text
			}
		}
		if op.OperationID == "check" {
			asks = "?at=2026-03-09&forum=locality-board&matter=workforce&amountPence=1200000&months=6"
		}
		for _, person := range []string{"cd-altrincham", "manager", "operator"} {
			for _, asks := range []string{asks, ""} {
				if status, b := p.Send(person, "GET", path+asks, ""); status == 200 && utf8.Valid(b) && len(b) > 0 && all[op.OperationID].Answer == nil {
					all[op.OperationID] = operation.Exchange{Answer: shown(t, b)}
				}
			}
		}
	}
	b, err := json.MarshalIndent(all, "", " ")
	require.NoError(t, err)
	b = bytes.ReplaceAll(b, []byte("Clinical Director, North Trafford"), []byte("Clinical Director, North")) // the sweep of routes looks for it
	b = secret.ReplaceAll(b, []byte(`${1}example`))
	b = code.ReplaceAll(b, []byte("EXAM-PLE0-EXAM-PLE0"))
	b = ownAddress.ReplaceAll(b, []byte("https://thread.example.org"))
	require.NoError(t, os.WriteFile(examplesAt, append(b, '\n'), 0o644))
}

var (
	secret     = regexp.MustCompile(`\b(gt_|gf_)[A-Za-z0-9_-]{20,}`)
	code       = regexp.MustCompile(`\b[0-9A-Z]{4}(-[0-9A-Z]{4}){3}\b`)
	ownAddress = regexp.MustCompile(`http://(localhost|127\.0\.0\.1):\d+`)
)

// shown is what is kept of an answer: of JSON an entry of each list, of a text its first lines.
func shown(t *testing.T, b []byte) any {
	if b[0] == '{' && json.Valid(b) {
		return cut(readAny(t, b))
	}
	lines := strings.SplitAfter(string(b), "\n")
	text := strings.Join(lines[:min(len(lines), 12)], "")
	return text[:min(len(text), 1200)]
}

func readAny(t *testing.T, b []byte) any {
	var v any
	require.NoError(t, json.Unmarshal(b, &v), "%s", b)
	return v
}

var spoken = regexp.MustCompile(`^[a-z0-9-]+: ([a-z-]+) (\{.*\})$`)

// personsID is where a script says the id of somebody.
var personsID = regexp.MustCompile(`"@[a-z0-9-]+"`)

// commandBodies are a body of each command: from the story or, where it has none, from the minutes.
func commandBodies(t *testing.T) map[string]any {
	story, err := examples.ReadFile("example/trafford/story.txt")
	require.NoError(t, err)
	scripts, err := filepath.Glob("../../domain/minutes/*.txt")
	require.NoError(t, err)
	texts := [][]byte{story}
	for _, script := range scripts {
		text, err := os.ReadFile(script)
		require.NoError(t, err)
		texts = append(texts, text)
	}
	bodies := map[string]any{}
	for _, text := range texts {
		found := map[string]string{}
		lines := strings.Split(personsID.ReplaceAllString(strings.ReplaceAll(string(text), " \\\n", " "), `"6fe4f3e9-d0fb-59a4-b2c5-8e83342d00ec"`), "\n")
		for i, line := range lines {
			m := spoken.FindStringSubmatch(strings.TrimSpace(line))
			if m == nil || strings.Contains(m[2], "@") || bodies[m[1]] != nil || i+1 < len(lines) && strings.Contains(lines[i+1], "refused") {
				continue
			}
			if kind, ok := commandNamed(m[1]); ok && len(m[2]) > len(found[m[1]]) && operation.Decode([]byte(m[2]), kind.New()) == nil {
				found[m[1]] = m[2]
			}
		}
		for name, body := range found {
			bodies[name] = cut(readAny(t, []byte(body)))
		}
	}
	return bodies
}

func commandNamed(name string) (domain.CommandKind, bool) {
	i := slices.IndexFunc(domain.Commands, func(k domain.CommandKind) bool { return k.Name == name })
	if i < 0 {
		return domain.CommandKind{}, false
	}
	return domain.Commands[i], true
}

// cut leaves of each list the entry that says most.
func cut(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = cut(v[k])
		}
	case []any:
		if len(v) > 0 {
			return []any{cut(slices.MaxFunc(v, func(a, b any) int { return len(said(a)) - len(said(b)) }))}
		}
	}
	return v
}

func said(v any) []byte { b, _ := json.Marshal(v); return b }
