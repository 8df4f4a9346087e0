package stream

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/minio/highwayhash"
)

// A message lies in a block of the stream server (2.15.2) as a record: its length (4 bytes, of
// which the top bit says that it has headers), its sequence (8, of which the two top bits say
// that it is gone), its time (8), the length of its subject (2), the subject, the length of its
// headers where it has some (4), headers and body, and a checksum (8). With a bit turned in the
// upper bytes of a sequence the server sets aside memory for each of the messages that seem to
// be missing, up to 2^61, and never starts. So such sequences are changed before it starts: to
// what they were, where the checksum proves it, and otherwise to the place where the message
// lies. Its checksum is wrong then as before, and it is found like any other damage.

const (
	recordHead     = 22
	recordChecksum = 8
	recordGone     = 3 << 62 // bits of a sequence
	recordOfOther  = 1 << 62 // of those, the one that says that another message is gone
	recordHeaders  = 1 << 31 // bit of a length

	// mostMissing is how many messages may seem to be missing before one.
	mostMissing = 1 << 24
	// mostTried is how many sequences after the message before, and before the one after, are
	// tried for one that was turned.
	mostTried = 1 << 12
)

// mendSequences mends the sequences in the newest blocks of all streams in a data folder. The
// error is *Unreadable.
func mendSequences(dir string, log *slog.Logger) error {
	streams, err := os.ReadDir(streamsFolder(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, s := range streams {
		folder := messagesFolder(dir, s.Name())
		left := int64(mostRead)
		for number := newestBlock(folder); number > 0 && left > 0; number-- {
			path := filepath.Join(folder, fmt.Sprintf("%d.blk", number))
			length, inOrder, err := isInOrder(path, newBlock(s.Name(), number, nil))
			if errors.Is(err, fs.ErrNotExist) {
				continue // all its messages are gone
			}
			if err == nil && !inOrder {
				err = mendBlock(path, s.Name(), number, log)
			}
			if err != nil {
				return &Unreadable{path, bare(err)}
			}
			left -= length
		}
	}
	return err
}

// newestBlock is the number of the newest block in the folder; 0: there is none.
func newestBlock(folder string) (newest int) {
	entries, _ := os.ReadDir(folder) // CheckReadable has read it
	for _, e := range entries {
		if number, err := strconv.Atoi(strings.TrimSuffix(e.Name(), ".blk")); err == nil {
			newest = max(newest, number)
		}
	}
	return newest
}

// isInOrder says whether each sequence in the file of a block is the one after that before it,
// or has its checksum, and how long the file is. A start has no time for more: few have a gap
// before them.
func isInOrder(path string, b *block) (length int64, inOrder bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, false, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, false, err
	}
	in := bufio.NewReaderSize(f, 1<<16)
	next := uint64(1)
	for left := info.Size(); ; {
		head, err := in.Peek(recordHead)
		if err == io.EOF {
			return info.Size(), true, nil
		}
		if err != nil {
			return 0, false, err
		}
		r := record{0, lengthOf(head)}
		if b.data = head; int64(r.length) > left || !b.isWhole(r) {
			return info.Size(), true, nil // the server finds it
		}
		sequence := b.sequence(r)
		if sequence == next {
			_, err = in.Discard(r.length)
		} else {
			b.data = make([]byte, r.length)
			_, err = io.ReadFull(in, b.data)
		}
		if err != nil {
			return 0, false, err
		}
		if sequence != next && !b.fits(r) {
			return info.Size(), false, nil
		}
		next, left = sequence&^recordGone+1, left-int64(r.length)
	}
}

func mendBlock(path, stream string, number int, log *slog.Logger) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	b := newBlock(stream, number, data)
	mended, placed := b.mend()
	if mended+placed == 0 {
		return nil
	}
	log.Warn("sequences of messages were damaged; look at the disk: files don't change by themselves", "file", path, "put right", mended, "damaged otherwise too", placed)
	return WriteFile(path, b.data, 0o600)
}

// A block is a file of messages.
type block struct {
	data    []byte
	hash    hash.Hash
	records []record
}

// A record is where one message lies.
type record struct{ at, length int }

// newBlock is the block of that number in the stream, with the records up to the first whose
// lengths can't be right: the server finds those.
func newBlock(stream string, number int, data []byte) *block {
	key := sha256.Sum256(fmt.Appendf(nil, "%s-%d", stream, number))
	h, err := highwayhash.New64(key[:])
	if err != nil {
		panic("stream: the key has the length that it must have: " + err.Error())
	}
	b := &block{data: data, hash: h}
	for at := 0; at+recordHead+recordChecksum <= len(data); {
		r := record{at, lengthOf(data[at:])}
		if at+r.length > len(data) || !b.isWhole(r) {
			break
		}
		b.records = append(b.records, r)
		at += r.length
	}
	return b
}

// lengthOf is the length of a record, by its head.
func lengthOf(head []byte) int { return int(binary.LittleEndian.Uint32(head) &^ recordHeaders) }

// isWhole says whether the record is long enough for what it says is in it.
func (b *block) isWhole(r record) bool {
	return r.length >= recordHead+recordChecksum && b.bodyOf(r) <= r.at+r.length-recordChecksum
}

func (b *block) sequence(r record) uint64 { return binary.LittleEndian.Uint64(b.data[r.at+4:]) }

func (b *block) setSequence(r record, s uint64) { binary.LittleEndian.PutUint64(b.data[r.at+4:], s) }

// bodyOf is where what follows the subject begins, behind the length of the headers.
func (b *block) bodyOf(r record) int {
	at := r.at + recordHead + int(binary.LittleEndian.Uint16(b.data[r.at+20:]))
	if binary.LittleEndian.Uint32(b.data[r.at:])&recordHeaders != 0 {
		at += 4
	}
	return at
}

// fits says whether the record has its checksum.
func (b *block) fits(r record) bool {
	subject := r.at + recordHead
	b.hash.Reset()
	b.hash.Write(b.data[r.at+4 : r.at+20])
	b.hash.Write(b.data[subject : subject+int(binary.LittleEndian.Uint16(b.data[r.at+20:]))])
	b.hash.Write(b.data[b.bodyOf(r) : r.at+r.length-recordChecksum])
	return string(b.hash.Sum(nil)) == string(b.data[r.at+r.length-recordChecksum:r.at+r.length])
}

// mend puts right the sequences in the block, and gives a place to those that can't be put
// right and are too far from the ones beside them. It returns how many of each.
func (b *block) mend() (mended, placed int) {
	fit, inPlace := make([]bool, len(b.records)), make([]bool, len(b.records))
	for i, r := range b.records {
		fit[i] = b.fits(r)
		inPlace[i] = fit[i] && b.sequence(r)&recordOfOther == 0
	}
	before := uint64(0) // the sequence of the last message that is as it was
	for i, r := range b.records {
		if fit[i] {
			before = max(before, b.sequence(r)&^recordGone)
			continue
		}
		was, after := b.sequence(r), uint64(0)
		if next := slices.Index(inPlace[i+1:], true); next >= 0 {
			after = b.sequence(b.records[i+1+next]) &^ recordGone
		}
		switch {
		case was == before+1, before < was && was < after: // it is something else that is damaged
		case b.mendOne(r, before, after):
			before = b.sequence(r)
			mended++
		case was&recordGone == 0 && was > max(before, after)+mostMissing:
			if before++; after != 0 {
				before = min(before, after-1)
			}
			b.setSequence(r, before)
			placed++
		}
	}
	return mended, placed
}

// mendOne looks for the sequence with which the record has its checksum, and leaves it as it is
// if there is none.
func (b *block) mendOne(r record, before, after uint64) bool {
	was := b.sequence(r)
	for d := range uint64(mostTried) {
		for _, s := range []uint64{before + 1 + d, after - 1 - d} {
			b.setSequence(r, s)
			if b.fits(r) {
				return true
			}
		}
	}
	b.setSequence(r, was)
	return false
}
