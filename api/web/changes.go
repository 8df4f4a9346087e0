package web

import "strings"

// What changed between two versions of a text, word by word.

// A Change is a run of words that both texts have, or only one of them.
type Change struct {
	Kind  string // same, new or old
	Words string
}

// mostCells bounds what comparing two texts costs; beyond it what lies between
// the words that both begin and end with is shown as replaced.
const mostCells = 4_000_000

// Changes are what changed from the older text to the newer one.
func Changes(older, newer string) []Change {
	a, b := strings.Fields(older), strings.Fields(newer)
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	c := &comparison{}
	c.add("same", a[:head]...)
	c.compare(a[head:len(a)-tail], b[head:len(b)-tail])
	c.add("same", a[len(a)-tail:]...)
	return c.changes
}

type comparison struct{ changes []Change }

// add appends the words to the run that is of their kind, or begins a new one.
func (c *comparison) add(kind string, words ...string) {
	if len(words) == 0 {
		return
	}
	if n := len(c.changes); n > 0 && c.changes[n-1].Kind == kind {
		c.changes[n-1].Words += " " + strings.Join(words, " ")
		return
	}
	c.changes = append(c.changes, Change{kind, strings.Join(words, " ")})
}

// compare keeps the longest common subsequence of words. common[i][j] is its
// length from the i-th word of a and the j-th of b on.
func (c *comparison) compare(a, b []string) {
	if len(a)*len(b) > mostCells {
		c.add("old", a...)
		c.add("new", b...)
		return
	}
	common := make([][]int32, len(a)+1)
	for i := range common {
		common[i] = make([]int32, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		switch {
		case a[i] == b[j]:
			c.add("same", a[i])
			i, j = i+1, j+1
		case common[i+1][j] >= common[i][j+1]:
			c.add("old", a[i])
			i++
		default:
			c.add("new", b[j])
			j++
		}
	}
	c.add("old", a[i:]...)
	c.add("new", b[j:]...)
}
