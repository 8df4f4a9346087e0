package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// bends are put in place of each part of a command.
var bends = []any{
	"", "a\x01b", "\u0085x", "x\u2028y", "9999-99-99", "2026-13-01", strings.Repeat("x", 300), strings.Repeat("y", 70_000), "P999", "-1", "😀😀",
	nil, 0, -5, 100_000_000_000, 10_000_000_000_000, int64(1) << 62, true, []any{}, map[string]any{}, []any{"a"}, "2200-12-31", "1900-01-01", "/", "a/b", "system", "group",
}

// TestBentStory sends each kind of command of the story again, with each of its
// parts bent in every way. Each is recorded or refused in words; none is an
// error of the server, and it answers as before afterwards.
func TestBentStory(t *testing.T) {
	if testing.Short() {
		t.Skip("it does one thing after the other, for long")
	}
	p := start(t, filepath.Join(t.TempDir(), "data"), "--example", "trafford")
	story, err := examples.ReadFile("example/trafford/story.txt")
	require.NoError(t, err)
	statuses, seen, sent, in := map[int]int{}, map[string]bool{}, 0, "trafford"
	for line := range strings.SplitSeq(strings.ReplaceAll(string(story), "\\\n", ""), "\n") {
		if group, ok := strings.CutPrefix(line, "in "); ok {
			in = group
		}
		act := actLine.FindStringSubmatch(agreementMark.ReplaceAllString(line, "0"))
		if act == nil || act[2] == "import-ods" {
			continue
		}
		person, group := act[1], in
		if act[2] == "found" {
			person = "operator"
		}
		var whole any
		require.NoError(t, json.Unmarshal([]byte(act[3]), &whole))
		parts := partsOf(whole, nil)
		if shape := act[2] + fmt.Sprint(parts); seen[shape] {
			continue
		} else {
			seen[shape] = true
		}
		for _, part := range parts {
			for _, bend := range bends {
				var bent any
				require.NoError(t, json.Unmarshal([]byte(act[3]), &bent))
				body, err := json.Marshal(put(bent, part, bend))
				require.NoError(t, err)
				if sent++; act[2] == "found" {
					group = fmt.Sprintf("bent-%d", sent)
				}
				status, answer := p.Send(person, "POST", "/v1/groups/"+group+"/commands/"+act[2], string(body))
				require.Less(t, status, 500, "%s %s: %s", act[2], body, answer)
				require.NotContains(t, string(answer), "\x01")
				statuses[status]++
			}
		}
	}
	require.Greater(t, statuses[422], 1000, "%v", statuses)
	for _, question := range []string{"", "/powers", "/proposals", "/commitments", "/representation", "/worklist", "/mandate", "/people", "/charter", "/audit"} {
		for _, day := range []string{"2026-01-01", "2026-07-08", "2200-12-31"} {
			status, answer := p.Send("manager", "GET", "/v1/groups/trafford"+at(question, day), "")
			require.Equal(t, 200, status, "%s", answer)
		}
	}
	t.Logf("%d kinds of commands; answers by status: %v", len(seen), statuses)
}

// partsOf are the paths of everything in a JSON value that is not an object.
func partsOf(v any, at []any) [][]any {
	var parts [][]any
	switch v := v.(type) {
	case map[string]any:
		for name, below := range v {
			parts = append(parts, partsOf(below, append(slices.Clip(at), name))...)
		}
	case []any:
		for i, below := range v {
			parts = append(parts, partsOf(below, append(slices.Clip(at), i))...)
		}
		parts = append(parts, at)
	default:
		parts = append(parts, at)
	}
	slices.SortFunc(parts, func(a, b []any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return parts
}

// put puts the value in that place.
func put(v any, at []any, value any) any {
	if len(at) == 0 {
		return value
	}
	switch in := v.(type) {
	case map[string]any:
		in[at[0].(string)] = put(in[at[0].(string)], at[1:], value)
	case []any:
		in[at[0].(int)] = put(in[at[0].(int)], at[1:], value)
	}
	return v
}
