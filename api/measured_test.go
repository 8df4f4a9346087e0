package api

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"
)

// measuredEnv is where `make measured` has its tools; they take minutes, so nothing else
// sets it.
const measuredEnv = "GOLDENTHREAD_MEASURED"

// A measuredPage is one that measured/measure.mjs looks at.
type measuredPage struct {
	Name  string `json:"name"`
	Path  string `json:"path"`
	Token string `json:"token"`
	Phone bool   `json:"phone"`          // Lighthouse looks at it too
	HTML  string `json:"html,omitempty"` // where somebody filled something in: html-validate alone looks at it
}

// onPhones are the views that Lighthouse looks at: what people open first, and what is longest.
var onPhones = []string{"home", "check", "check-may", "offline", "proposals", "proposal-agreed", "powers", "mandate", "card", "worklist", "audit", "practice-own", "sign-in-first", "rules"}

// Every page of the gallery under tools that others wrote: pa11y and html-validate find
// nothing, and Lighthouse gives 100 for accessibility and 95 for speed on a phone at least.
func TestMeasured(t *testing.T) {
	if os.Getenv(measuredEnv) == "" {
		t.Skip("make measured installs what this needs, and sets " + measuredEnv)
	}
	e := newExample(t)
	in := struct {
		At    string         `json:"at"`
		Pages []measuredPage `json:"pages"`
	}{At: e.at}
	b := newBrowser(t, e.at)
	for _, v := range views {
		if v.act != nil {
			e.show(b, &v)
			in.Pages = append(in.Pages, measuredPage{Name: v.name, HTML: b.source()})
			continue
		}
		path, _, _ := strings.Cut(strings.ReplaceAll(v.path, " ", "+"), "#")
		phone := false
		for _, name := range onPhones {
			phone = phone || name == v.name
		}
		in.Pages = append(in.Pages, measuredPage{v.name, path, e.tokens[v.who], phone, ""})
	}
	text, err := json.Marshal(in)
	require.NoError(t, err)
	chromium, err := exec.LookPath("chromium")
	require.NoError(t, err)
	cmd := exec.Command("node", "measure.mjs")
	cmd.Dir, cmd.Stdin, cmd.Env = "measured", strings.NewReader(string(text)), append(os.Environ(), "CHROME_PATH="+chromium)
	said, err := cmd.CombinedOutput()
	t.Log(string(said))
	require.NoError(t, err)
}
