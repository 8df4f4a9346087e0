package web

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
)

// designSystem reads the input-to-HTML fixtures that the design system ships
// for a component; npm brings them.
func designSystem(t *testing.T, component string) map[string][]string {
	b, err := os.ReadFile(filepath.Join("..", "node_modules", "nhsuk-frontend", "dist", "nhsuk", "components", component, "fixtures.json"))
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("the design system is not there, and CI needs it: npm ci in api/")
		}
		t.Skip("the design system is not there: npm ci in api/")
	}
	var file struct {
		Fixtures []struct{ Name, HTML string }
	}
	require.NoError(t, json.Unmarshal(b, &file))
	all := map[string][]string{}
	for _, f := range file.Fixtures {
		all[f.Name] = append(all[f.Name], f.HTML) // a name has one for each variant
	}
	return all
}

// shape is HTML without white space that says nothing, and without those
// attributes that are ours to choose.
func shape(t *testing.T, markup string) string {
	z := html.NewTokenizer(strings.NewReader(markup))
	var b strings.Builder
	for {
		switch z.Next() {
		case html.ErrorToken:
			return b.String()
		case html.TextToken:
			b.WriteString(strings.Join(strings.Fields(string(z.Text())), " "))
		case html.EndTagToken:
			b.WriteString("</" + z.Token().Data + ">\n")
		case html.StartTagToken, html.SelfClosingTagToken:
			token := z.Token()
			var attributes []string
			for _, a := range token.Attr {
				ours := slices.Contains([]string{"data-module", "name", "rows", "autofocus", "tabindex"}, a.Key) || a.Key == "value" && a.Val == ""
				if !ours {
					attributes = append(attributes, a.Key+"="+strings.Join(strings.Fields(a.Val), " "))
				}
			}
			slices.Sort(attributes)
			b.WriteString("<" + token.Data + " " + strings.Join(attributes, " ") + ">")
		case html.CommentToken, html.DoctypeToken:
			t.Fatal("neither comments nor doctypes are in partials")
		}
	}
}

// Partials are what the design system makes of the same, for the options that
// the pages use.
func TestDesignSystem(t *testing.T) {
	field := func(id, name, label, hint string) Field {
		return Field{Form: Form{ID: id}, Name: name, Label: label, Hint: hint}
	}
	contact := []Option{{"email", "Email"}, {"phone", "Phone"}, {"text", "Text message"}}
	for _, c := range []struct {
		component, fixture string
		variant            int
		partial            string
		data               any
	}{
		{"tag", "default", 2, "tag", Tag{"Inactive", "grey"}},
		{"error-summary", "default", 0, "summary", &Filled{Form: "example-day", Faults: []Fault{{Say: "Date of birth must be in the past"}}}},
		{"notification-banner", "with success variant", 0, "recorded", "Email sent to example@email.com"},
		{"textarea", "without heading", 0, "words", field("without", "heading", "Can you provide more detail?", "Do not include personal information like your name, date of birth or NHS number")},
		{"textarea", "with error message and hint, without heading", 0, "words", Field{
			Form: Form{ID: "with-hint", Refused: &Filled{Faults: []Fault{{Field: "error", Say: "You must provide an explanation"}}}}, Name: "error",
			Label: "Can you provide more detail?", Hint: "Do not include personal information like your name, date of birth or NHS number",
		}},
		{"radios", "legend", 0, "radios", Choice{field("custom", "size", "How do you want to be contacted about this?", ""), contact}},
		{"checkboxes", "legend", 0, "checkboxes", Choice{
			field("custom", "size", "How do you want to be contacted about this?", "Select all options that are relevant to you"),
			[]Option{{"email", "Email"}, {"phone", "Phone"}, {"text message", "Text message"}},
		}},
	} {
		t.Run(c.component, func(t *testing.T) {
			fixtures := designSystem(t, c.component)
			require.Greater(t, len(fixtures[c.fixture]), c.variant, "there is no such fixture")
			var ours strings.Builder
			require.NoError(t, pages["problem"]().ExecuteTemplate(&ours, c.partial, c.data))
			want := shape(t, fixtures[c.fixture][c.variant])
			require.Equal(t, want, shape(t, ours.String()))
		})
	}
}
