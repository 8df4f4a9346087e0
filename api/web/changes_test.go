package web

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func drawn(cs []Change) string {
	var b strings.Builder
	for _, c := range cs {
		b.WriteString(map[string]string{"same": " ", "new": "+", "old": "-"}[c.Kind] + c.Words + "|")
	}
	return b.String()
}

func TestChanges(t *testing.T) {
	require.Equal(t, " up to|-£25,000|+£20,000| an item|", drawn(Changes("up to £25,000 an item", "up to £20,000 an item")))
	require.Equal(t, " one|+two| three|", drawn(Changes("one three", "one two three")))
	require.Equal(t, "-all|", drawn(Changes("all", "")))
	require.Empty(t, Changes("", ""))
	long := strings.Repeat("a b ", 2000)
	require.Equal(t, "-x|+y|", drawn(Changes("x", "y")))
	require.Len(t, Changes("x "+long+"y", "z "+strings.Repeat("c d ", 2000)+"w"), 2) // bounded
}

// What is left of the changes without what is new is the older text, and
// without what is old the newer one.
func TestChangesTellBothTexts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.SampledFrom([]string{"the", "board", "agrees", "£5", "not"}), 0, 12)
		older, newer := words.Draw(t, "older"), words.Draw(t, "newer")
		var had, has []string
		last := ""
		for _, c := range Changes(strings.Join(older, " "), strings.Join(newer, " ")) {
			require.NotEqual(t, last, c.Kind, "runs of a kind are one")
			last = c.Kind
			if c.Kind != "new" {
				had = append(had, strings.Fields(c.Words)...)
			}
			if c.Kind != "old" {
				has = append(has, strings.Fields(c.Words)...)
			}
		}
		require.Equal(t, strings.Join(older, " "), strings.Join(had, " "))
		require.Equal(t, strings.Join(newer, " "), strings.Join(has, " "))
	})
}
