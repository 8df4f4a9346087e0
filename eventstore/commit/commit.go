package commit

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
	Sequence uint64  // place in the stream, from 1
	Entries  []Entry // those of a group in the order of their indexes; only those that were applied
}

// An Entry is one event and its line, the exact bytes that are stored.
type Entry struct {
	Event domain.Event
	Line  []byte // without a line break
}

// Subject is the NATS subject of all commits.
const Subject = "ledger.commits"

// Headers of a commit.
const (
	HeaderWriter = "Goldenthread-Writer" // the node that wrote it
	HeaderCommit = "Goldenthread-Commit" // its id
	// HeaderLines says whose the lines are, in runs "<group> <first index> <count>", so
	// that a damaged line stops the right group.
	HeaderLines = "Goldenthread-Lines"
)

// Message is the commit as it is sent by that node, under that id; the body is Body of
// its entries.
func Message(c *Commit, node, id string, body []byte) *nats.Msg {
	m := nats.NewMsg(Subject)
	m.Header.Set(HeaderWriter, node)
	m.Header.Set(HeaderCommit, id)
	m.Header.Set(HeaderLines, runsOf(c.Entries))
	m.Data = body
	return m
}

// Body is the lines of the entries, each ended by a line break.
func Body(entries []Entry) []byte {
	b := make([]byte, 0, Size(entries))
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

// A Piece is one line of a commit as it was read, which may be damaged.
type Piece struct {
	Group   string // of the line, as the header says
	Index   uint64 // of the line, as the header says
	Offset  int    // of the line in the message
	FromLog bool   // the line comes from the group's log, not from the stream
	Entry   Entry  // its event is there only if Err is nil and the line was decoded
	Err     error  // the line can't be used
}

// Read takes a commit's message apart and decodes its lines. An error
// means that not even whose lines these are can be said.
func Read(header nats.Header, body []byte) ([]Piece, error) {
	pieces, err := Cut(header, body)
	like := &domain.Event{}
	for i := range pieces {
		p := &pieces[i]
		p.Entry.Event, p.Err = decodeAfter(p.Entry.Line, like)
		like = &p.Entry.Event
		if e := &p.Entry.Event; p.Err == nil && (e.Group != p.Group || e.Index != p.Index) {
			p.Err = fmt.Errorf("the line says that it is %s %d", e.Group, e.Index)
		}
	}
	return pieces, err
}

// Cut takes a commit's message apart and leaves its lines as they are.
func Cut(header nats.Header, body []byte) ([]Piece, error) {
	lines := bytes.Count(body, []byte{'\n'})
	pieces, err := readRuns(header.Get(HeaderLines), lines)
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
		p.Offset, p.Entry.Line = offset, body[offset:end:end]
		offset = end + 1
	}
	return pieces, nil
}

// readRuns is whose the lines of a commit are, which has at most that many.
func readRuns(header string, most int) ([]Piece, error) {
	pieces := make([]Piece, 0, min(most, MostEvents))
	for run := range strings.SplitSeq(header, ", ") {
		fields := strings.Split(run, " ")
		if len(fields) != 3 || !ValidGroup(fields[0]) {
			return nil, fmt.Errorf("%q in its header is not a run of lines", run)
		}
		first, err1 := strconv.ParseUint(fields[1], 10, 64)
		n, err2 := strconv.Atoi(fields[2])
		if err1 != nil || err2 != nil || n < 1 || n > most-len(pieces) {
			return nil, fmt.Errorf("%q in its header is not a run of lines", run)
		}
		for i := range n {
			pieces = append(pieces, Piece{Group: fields[0], Index: first + uint64(i)})
		}
	}
	return pieces, nil
}

// The limits of a commit of several commands. One command's events are never divided,
// and may be more.
const (
	MostEvents = 256
	MostBytes  = 256 << 10 // of lines
)

// Size is how many bytes the body of these entries has.
func Size(entries []Entry) int {
	n := 0
	for i := range entries {
		n += len(entries[i].Line) + 1
	}
	return n
}
