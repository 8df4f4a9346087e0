package commit

import (
	"bytes"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"goldenthread/domain"
)

// Decoding is what a rebuild costs. A line has one form, its members in one
// order, so its envelope is read from front to back. What the scan takes is
// written as it should be; what it does not take (escapes, letters beyond
// ASCII, damage) is left to the decoder, which knows all of JSON and says what
// is wrong.

// A scan is a line being read.
type scan struct {
	rest []byte
	bad  bool
}

// scanEvent reads a line as Encode writes it; false if that did not do. Whether
// the data, too, is written as Encode would is left to the caller. What it says as
// the event like does is not kept twice.
func scanEvent(line []byte, like *domain.Event) (e domain.Event, data []byte, ok bool) {
	s := scan{rest: line}
	s.skip(`{"specversion":"1.0","id":"`)
	e.ID = s.id()
	s.skip(`","source":"` + sourceRoot)
	e.Group = s.textLike(like.Group)
	s.skip(`","type":"`)
	kind := s.text()
	s.skip(`","subject":"`)
	subject := s.text()
	s.skip(`","time":"`)
	e.Time = s.timestamp()
	s.skip(`","index":`)
	e.Index = s.number()
	s.skip(`,"command":"`)
	e.Command = s.id()
	s.skip(`","commandhash":"`)
	s.hex(e.Hash[:])
	s.skip(`","actor":"`)
	e.Actor = s.textLike(like.Actor)
	if bytes.HasPrefix(s.rest, []byte(`","way":"`)) {
		s.skip(`","way":"`)
		e.Way = domain.Way(s.textLike(string(like.Way)))
		s.bad = s.bad || !e.Way.Valid()
	}
	s.skip(`","onbehalfof":"`)
	e.OnBehalfOf = s.textLike(like.OnBehalfOf)
	s.skip(`","effective":"`)
	e.Effective = s.day()
	s.skip(`"`)
	e.Cause = e.Index
	if bytes.HasPrefix(s.rest, []byte(`,"cause":`)) {
		s.skip(`,"cause":`)
		e.Cause = s.number()
		s.bad = s.bad || e.Cause == e.Index
	}
	if bytes.HasPrefix(s.rest, []byte(`,"traceparent":"`)) {
		s.skip(`,"traceparent":"`)
		e.Trace = domain.Trace(s.text())
		s.bad = s.bad || !e.Trace.Valid()
		s.skip(`"`)
	}
	s.skip(`,"data":`)
	if s.bad || !ValidGroup(e.Group) || !bytes.HasSuffix(s.rest, []byte("}")) {
		return e, nil, false
	}
	data = s.rest[:len(s.rest)-1]
	payload, ok := domain.NewPayload(string(kind))
	if !ok || json.Unmarshal(data, payload, Strict) != nil || payload.Subject() != string(subject) {
		return e, nil, false
	}
	e.Data = payload
	return e, data, true
}

func (s *scan) skip(text string) {
	if len(s.rest) < len(text) || string(s.rest[:len(text)]) != text {
		s.bad, s.rest = true, nil
		return
	}
	s.rest = s.rest[len(text):]
}

// takeBytes is the next n bytes.
func (s *scan) takeBytes(n int) []byte {
	if len(s.rest) < n {
		s.bad, s.rest = true, nil
		return make([]byte, n)
	}
	b := s.rest[:n]
	s.rest = s.rest[n:]
	return b
}

// text is what stands before the next quotation mark: plain ASCII.
func (s *scan) text() []byte {
	for i, c := range s.rest {
		switch {
		case c == '"':
			return s.takeBytes(i)
		case c >= 0x7f || !plain[c]:
			s.bad, s.rest = true, nil
			return nil
		}
	}
	s.bad = true
	return nil
}

// textLike is text, as a string: the one given, if they are the same.
func (s *scan) textLike(before string) string {
	if b := s.text(); string(b) != before {
		return string(b)
	}
	return before
}

// number is a decimal number without leading zeros.
func (s *scan) number() uint64 {
	n := 0
	for n < len(s.rest) && s.rest[n] >= '0' && s.rest[n] <= '9' {
		n++
	}
	digits := s.takeBytes(n)
	v, err := strconv.ParseUint(string(digits), 10, 64)
	s.bad = s.bad || err != nil || n > 1 && digits[0] == '0'
	return v
}

func (s *scan) id() (id uuid.UUID) {
	for i, part := range [...][]byte{id[:4], id[4:6], id[6:8], id[8:10], id[10:]} {
		if i > 0 {
			s.skip("-")
		}
		s.hex(part)
	}
	return id
}

// hex reads small hexadecimal digits until b is full.
func (s *scan) hex(b []byte) {
	digits := s.takeBytes(2 * len(b))
	for i := range b {
		high, low := nibble[digits[2*i]], nibble[digits[2*i+1]]
		s.bad = s.bad || high|low > 0xf
		b[i] = high<<4 | low
	}
}

// nibble is the value of a small hexadecimal digit; more than 0xf for others.
var nibble = func() (n [256]byte) {
	for c := range n {
		n[c] = 0xff
	}
	for i, c := range []byte("0123456789abcdef") {
		n[c] = byte(i)
	}
	return n
}()

// timestamp is a time as timeLayout writes it.
func (s *scan) timestamp() time.Time {
	b := s.takeBytes(len(TimeLayout))
	t, err := time.Parse(time.RFC3339Nano, string(b)) // which has a fast path; the layout's own is the same but for length
	s.bad = s.bad || err != nil || b[len("2006-01-02T15:04:05")] != '.' || b[len(b)-1] != 'Z'
	return t
}

// day is a date; none is the empty text.
func (s *scan) day() (d domain.Day) {
	text := s.text()
	s.bad = s.bad || d.UnmarshalText(text) != nil
	return d
}
