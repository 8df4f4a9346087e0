package web

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMarkdown(t *testing.T) {
	m := &markdown{
		heading: func(level int, text string) string { return "<h" + string(rune('0'+level)) + ">" + text + "\n" },
		link:    func(to string) string { return "/at/" + to },
		words:   func(escaped string) string { return escaped },
	}
	for _, c := range []struct{ text, want string }{
		{"Two\nlines.\n\nAnother.", "<p>Two\nlines.</p>\n<p>Another.</p>\n"},
		{"## Part\nText", "<h2>Part\n<p>Text</p>\n"},
		{"a **bold** and *plain* `**code**` 2 * 3", "<p>a <strong>bold</strong> and <em>plain</em> <code>**code**</code> 2 * 3</p>\n"},
		{"[words](to.txt) [not a link]", "<p><a href=\"/at/to.txt\">words</a> [not a link]</p>\n"},
		{"<b> & `<i>` [<u>](\"x)", "<p>&lt;b&gt; &amp; <code>&lt;i&gt;</code> <a href=\"/at/&#34;x\">&lt;u&gt;</a></p>\n"},
		{"- one\n  goes on\n- two", "<ul class=\"nhsuk-list nhsuk-list--bullet\"><li>one\ngoes on</li><li>two</li></ul>\n"},
		{"1. one\n2. two", "<ol class=\"nhsuk-list nhsuk-list--number\"><li>one</li><li>two</li></ol>\n"},
	} {
		require.Equal(t, c.want, m.html(c.text), c.text)
	}
	table := m.html("| A | B |\n| --- | --- |\n| 1 | *2* |")
	require.Contains(t, table, `<th role="columnheader" class="nhsuk-table__header" scope="col">B</th>`)
	require.Contains(t, table, `<span class="nhsuk-table-responsive__heading">B: </span><em>2</em></td>`)
	require.NotContains(t, table, "---")
}
