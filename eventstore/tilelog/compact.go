package tilelog

import (
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// A Compact hashes entries one by one and keeps of the tree what its root needs:
// a hash for each bit that is set in its size. The zero Compact is the empty tree.
type Compact struct {
	n      int64
	hashes []tlog.Hash // of whole subtrees, the largest first
}

// Add adds the hash of the next entry.
func (c *Compact) Add(entry tlog.Hash) {
	for range bits.TrailingZeros64(^uint64(c.n)) {
		last := len(c.hashes) - 1
		entry = tlog.NodeHash(c.hashes[last], entry)
		c.hashes = c.hashes[:last]
	}
	c.hashes = append(c.hashes, entry)
	c.n++
}

// CompactAt is the Compact of the log's first n entries, as the checkpoint proves
// it; ErrNotInLog if it does not cover them.
func (l *Log) CompactAt(n int64) (c Compact, err error) {
	tree := l.Tree()
	if n < 0 || n > tree.N {
		return c, ErrNotInLog
	}
	var indexes []int64
	for at := int64(0); at < n; {
		level := bits.Len64(uint64(n-at)) - 1
		indexes = append(indexes, tlog.StoredHashIndex(level, at>>level))
		at += 1 << level
	}
	c.n = n
	c.hashes, err = l.hashes(tree).ReadHashes(indexes)
	return c, err
}

// Tree is the size and root of what was added.
func (c *Compact) Tree() tlog.Tree {
	if c.n == 0 {
		empty, _ := tlog.TreeHash(0, nil)
		return tlog.Tree{Hash: empty}
	}
	root := c.hashes[len(c.hashes)-1]
	for i := len(c.hashes) - 2; i >= 0; i-- {
		root = tlog.NodeHash(c.hashes[i], root)
	}
	return tlog.Tree{N: c.n, Hash: root}
}
