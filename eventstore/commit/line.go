package commit

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"goldenthread/domain"
)

// A line is one event as it is stored: a CloudEvents 1.0 JSON object in one
// canonical form. Its exact bytes are the leaf of the Merkle tree, so one event
// has one line and a line that Encode would not have written is damaged.

// MaxLine is the longest line in bytes; a tile log's entries hold no more (C2SP
// tlog-tiles).
const MaxLine = 65_535

// TimeLayout is how a time is written, in UTC, to the millisecond.
const TimeLayout = "2006-01-02T15:04:05.000Z"

const sourceRoot = "/groups/"

// ErrTooLong says that an event makes a line of more than MaxLine bytes.
var ErrTooLong = errors.New("the event is too long for a line")

// Encode writes the event as its line, without a line break.
func Encode(e *domain.Event) ([]byte, error) {
	line, err := encode(e)
	if err != nil {
		return nil, err
	}
	return line, checkLine(line)
}

func encode(e *domain.Event) ([]byte, error) {
	if !ValidGroup(e.Group) {
		return nil, fmt.Errorf("%q can't be the name of a group", e.Group)
	}
	data, err := json.Marshal(e.Data, json.Deterministic(true))
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", e.Kind(), err)
	}
	line, err := appendEnvelope(make([]byte, 0, len(data)+640), e)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", e.Kind(), err)
	}
	return append(append(append(line, `,"data":`...), data...), '}'), nil
}

// appendEnvelope appends what stands before the data.
func appendEnvelope(b []byte, e *domain.Event) ([]byte, error) {
	var bad error
	text := func(name, value string) {
		b = append(append(b, name...), ':')
		var err error
		if b, err = jsontext.AppendQuote(b, value); err != nil {
			bad = err
		}
	}
	text(`{"specversion"`, "1.0")
	text(`,"id"`, e.ID.String())
	text(`,"source"`, sourceRoot+e.Group)
	text(`,"type"`, e.Kind())
	text(`,"subject"`, e.Data.Subject())
	text(`,"time"`, e.Time.UTC().Format(TimeLayout))
	b = strconv.AppendUint(append(b, `,"index":`...), e.Index, 10)
	text(`,"command"`, e.Command.String())
	text(`,"commandhash"`, hex.EncodeToString(e.Hash[:]))
	text(`,"actor"`, e.Actor)
	if e.Way != "" {
		text(`,"way"`, string(e.Way))
	}
	text(`,"onbehalfof"`, e.OnBehalfOf)
	text(`,"effective"`, e.Effective.String())
	if e.Cause != e.Index {
		b = strconv.AppendUint(append(b, `,"cause":`...), e.Cause, 10)
	}
	if e.Trace != "" { // CloudEvents distributed tracing extension
		text(`,"traceparent"`, string(e.Trace))
	}
	return b, bad
}

type envelope struct {
	SpecVersion string         `json:"specversion"`
	ID          string         `json:"id"`
	Source      string         `json:"source"`
	Type        string         `json:"type"`
	Subject     string         `json:"subject"`
	Time        string         `json:"time"`
	Index       uint64         `json:"index"`
	Command     string         `json:"command"`
	CommandHash string         `json:"commandhash"`
	Actor       string         `json:"actor"`
	Way         domain.Way     `json:"way"`
	OnBehalfOf  string         `json:"onbehalfof"`
	Effective   string         `json:"effective"`
	Cause       *uint64        `json:"cause"`
	TraceParent domain.Trace   `json:"traceparent"`
	Data        jsontext.Value `json:"data"`
}

// Strict is how JSON is read: unknown members, members that come twice and text that is
// not UTF-8 are errors.
var Strict = json.JoinOptions(json.RejectUnknownMembers(true), jsontext.AllowDuplicateNames(false), jsontext.AllowInvalidUTF8(false))

// Decode reads a line. It fails on anything that Encode would not have written
// byte for byte: unknown types and members, missing ones, other spellings.
func Decode(line []byte) (domain.Event, error) { return decodeAfter(line, &domain.Event{}) }

// decodeAfter is Decode after an event that may share texts with this one.
func decodeAfter(line []byte, like *domain.Event) (domain.Event, error) {
	if err := checkLine(line); err != nil {
		return domain.Event{}, err
	}
	if e, data, ok := scanEvent(line, like); ok {
		if again, err := json.Marshal(e.Data, json.Deterministic(true)); err == nil && bytes.Equal(again, data) {
			return e, nil
		}
	}
	return decodeSlowly(line)
}

// decodeSlowly reads a line by way of JSON, writes it again, and says what is
// wrong with it.
func decodeSlowly(line []byte) (domain.Event, error) {
	e, err := decodeJSON(line)
	if err != nil {
		return domain.Event{}, err
	}
	again, err := encode(&e)
	if err != nil {
		return domain.Event{}, err
	}
	if !bytes.Equal(again, line) {
		return domain.Event{}, fmt.Errorf("%s %d of %s is not written as it should be, from byte %d on", e.Kind(), e.Index, e.Group, firstDifference(again, line))
	}
	return e, nil
}

// DecodeProved reads a line that is proved to be the one that Decode accepted
// when it was applied: that it is written as it should be need not be looked at
// again, which is most of the work. It shares texts with the event like.
func DecodeProved(line []byte, like *domain.Event) (domain.Event, error) {
	if e, _, ok := scanEvent(line, like); ok {
		return e, nil
	}
	return decodeJSON(line)
}

// Newer says that an event is of a type, or has a member, that this version does not know,
// and is well written otherwise.
type Newer struct{ What error }

func (n *Newer) Error() string {
	return fmt.Sprintf("%v: this was written by a newer version of Golden Thread; upgrade this one (if it is the newest, the line is damaged)", n.What)
}

// Unwrap gives out what is not known.
func (n *Newer) Unwrap() error { return n.What }

// kindName is what the type of an event looks like.
var kindName = regexp.MustCompile(`^goldenthread(\.[a-z-]+)+\.v[1-9][0-9]*$`)

func newerIf(is bool, what error) error {
	if is {
		return &Newer{what}
	}
	return what
}

func decodeJSON(line []byte) (domain.Event, error) {
	var v envelope
	if err := json.Unmarshal(line, &v, Strict); err != nil {
		return domain.Event{}, newerIf(errors.Is(err, json.ErrUnknownName), fmt.Errorf("not an event: %w", err))
	}
	return v.event()
}

func (v *envelope) event() (e domain.Event, err error) {
	payload, ok := domain.NewPayload(v.Type)
	if !ok {
		return e, newerIf(kindName.MatchString(v.Type), fmt.Errorf("unknown type of event %q", v.Type))
	}
	if err := json.Unmarshal(v.Data, payload, Strict); err != nil {
		return e, newerIf(errors.Is(err, json.ErrUnknownName), fmt.Errorf("data of %s: %w", v.Type, err))
	}
	e = domain.Event{Group: strings.TrimPrefix(v.Source, sourceRoot), Index: v.Index, Cause: v.Index, Actor: v.Actor, Way: v.Way, OnBehalfOf: v.OnBehalfOf, Trace: v.TraceParent, Data: payload}
	if v.Cause != nil {
		e.Cause = *v.Cause
	}
	var bad [7]error
	e.ID, bad[0] = uuid.Parse(v.ID)
	e.Command, bad[1] = uuid.Parse(v.Command)
	e.Time, bad[2] = time.Parse(TimeLayout, v.Time)
	bad[3] = e.Effective.UnmarshalText([]byte(v.Effective))
	if hash, err := hex.DecodeString(v.CommandHash); err != nil || copy(e.Hash[:], hash) != len(e.Hash) {
		bad[4] = errors.New("commandhash is not a SHA-256")
	}
	if e.Trace != "" && !e.Trace.Valid() {
		bad[5] = errors.New("traceparent is not one of W3C Trace Context, written as it should be")
	}
	if e.Way != "" && !e.Way.Valid() {
		bad[6] = errors.New("way does not say how the actor was known")
	}
	if err := errors.Join(bad[:]...); err != nil {
		return e, fmt.Errorf("%s: %w", v.Type, err)
	}
	return e, nil
}

// checkLine refuses lines that are too long and control characters, raw or
// escaped, other than line breaks and tabs that are escaped.
func checkLine(line []byte) error {
	if len(line) > MaxLine {
		return fmt.Errorf("%w: %d bytes, and %d fit", ErrTooLong, len(line), MaxLine)
	}
	for i := 0; i < len(line); i++ {
		if plain[line[i]] {
			continue
		}
		var next byte
		if i+1 < len(line) {
			next = line[i+1]
		}
		switch c := line[i]; {
		case c == '\\' && next != 'b' && next != 'f' && next != 'u':
			i++
		case c == 0xc2 && next >= 0xa0:
		default:
			return fmt.Errorf("control character at byte %d", i)
		}
	}
	return nil
}

// plain are the bytes that begin neither a control character nor an escape.
var plain = func() (p [256]bool) {
	for c := range p {
		p[c] = c >= 0x20 && c != 0x7f && c != '\\' && c != 0xc2
	}
	return p
}()

// firstDifference is the first place at which the two differ.
func firstDifference(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// ValidGroup says whether a group may have that name: it stands in addresses
// and file names. It is made of up to 60 small letters, digits and hyphens, with
// no hyphen at either end.
func ValidGroup(name string) bool {
	if name == "" || len(name) > 60 || name[0] == '-' || name[len(name)-1] == '-' {
		return false
	}
	for i := range len(name) {
		if c := name[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}
