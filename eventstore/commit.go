package eventstore

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go"

	"goldenthread/domain"
)

// A Commit is one message of the stream: the events of one or more commands,
// each command's whole.
type Commit struct {
	Sequence uint64 // place in the stream, from 1
	Entries  []Entry
}

// An Entry is one event and its line, the exact bytes that are stored.
type Entry struct {
	Event domain.Event
	Line  []byte
}

// Headers of a commit. headerLines says whose the lines are, in runs
// "<group> <first index> <count>", so that a damaged line stops the right group.
const (
	headerWriter = "Goldenthread-Writer"
	headerCommit = "Goldenthread-Commit"
	headerLines  = "Goldenthread-Lines"
)

// commitMessage is the commit as it is sent: its lines, each ended by a line break.
func commitMessage(c *Commit, node, id string, body []byte) *nats.Msg {
	m := nats.NewMsg(subject)
	m.Header.Set(headerWriter, node)
	m.Header.Set(headerCommit, id)
	m.Header.Set(headerLines, runsOf(c.Entries))
	m.Data = body
	return m
}

func bodyOf(entries []Entry) []byte {
	b := make([]byte, 0, sizeOf(entries))
	for i := range entries {
		b = append(append(b, entries[i].Line...), '\n')
	}
	return b
}

func runsOf(entries []Entry) string {
	var b strings.Builder
	for i := 0; i < len(entries); {
		first := &entries[i].Event
		n := 1
		for i+n < len(entries) && entries[i+n].Event.Group == first.Group {
			n++
		}
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s %d %d", first.Group, first.Index, n)
		i += n
	}
	return b.String()
}

// A piece is one line of a commit as it was read, which may be damaged.
type piece struct {
	group  string
	index  uint64
	offset int  // of the line in the message
	log    bool // the line comes from the group's log, not from the stream
	entry  Entry
	err    error // the line can't be used
}

// readCommit takes a commit's message apart and decodes its lines. An error
// means that not even whose lines these are can be said.
func readCommit(header nats.Header, body []byte) ([]piece, error) {
	pieces, err := cutCommit(header, body)
	like := &domain.Event{}
	for i := range pieces {
		p := &pieces[i]
		p.entry.Event, p.err = decodeLike(p.entry.Line, like)
		like = &p.entry.Event
		if e := &p.entry.Event; p.err == nil && (e.Group != p.group || e.Index != p.index) {
			p.err = fmt.Errorf("the line says that it is %s %d", e.Group, e.Index)
		}
	}
	return pieces, err
}

// cutCommit takes a commit's message apart and leaves its lines as they are.
func cutCommit(header nats.Header, body []byte) ([]piece, error) {
	lines := bytes.Count(body, []byte{'\n'})
	pieces, err := readRuns(header.Get(headerLines), lines)
	if err != nil {
		return nil, err
	}
	if lines != len(pieces) || !bytes.HasSuffix(body, []byte{'\n'}) {
		return nil, fmt.Errorf("%d lines where %d were announced", lines, len(pieces))
	}
	offset := 0
	for i := range pieces {
		p := &pieces[i]
		end := offset + bytes.IndexByte(body[offset:], '\n')
		p.offset, p.entry.Line = offset, body[offset:end:end]
		offset = end + 1
	}
	return pieces, nil
}

// readRuns is whose the lines of a commit are, which has at most that many.
func readRuns(header string, most int) ([]piece, error) {
	pieces := make([]piece, 0, min(most, packedEvents))
	for run := range strings.SplitSeq(header, ", ") {
		fields := strings.Split(run, " ")
		if len(fields) != 3 || !validGroup(fields[0]) {
			return nil, fmt.Errorf("%q in its header is not a run of lines", run)
		}
		first, err1 := strconv.ParseUint(fields[1], 10, 64)
		n, err2 := strconv.Atoi(fields[2])
		if err1 != nil || err2 != nil || n < 1 || n > most-len(pieces) {
			return nil, fmt.Errorf("%q in its header is not a run of lines", run)
		}
		for i := range n {
			pieces = append(pieces, piece{group: fields[0], index: first + uint64(i)})
		}
	}
	return pieces, nil
}
