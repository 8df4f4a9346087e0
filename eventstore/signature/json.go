package signature

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// ErrForm says that something is not written in the form that GRAMMAR.md allows,
// so that nothing is proved by it. It may well be genuine.
var ErrForm = errors.New("not of the form that can be proved")

func malformed(format string, a ...any) error {
	return fmt.Errorf("%w: %s", ErrForm, fmt.Sprintf(format, a...))
}

// integer is a number as JSON may have one here: 18 digits at most, so that every
// program reads the same.
var integer = regexp.MustCompile(`^-?(0|[1-9][0-9]{0,17})$`)

// ReadJSON reads JSON as GRAMMAR.md allows it: at most so many bytes and so many
// arrays and objects in each other, no name twice in an object, whole numbers, and
// text that is Unicode. It gives a map[string]any, []any, string, int64, bool or nil.
// The error is an ErrForm.
func ReadJSON(b []byte, mostBytes, mostDepth int) (any, error) {
	if len(b) > mostBytes {
		return nil, malformed("JSON of %d bytes, and at most %d are allowed", len(b), mostBytes)
	}
	r := jsonReader{jsontext.NewDecoder(bytes.NewReader(b)), mostDepth}
	v, err := r.value()
	if err != nil {
		return nil, err
	}
	if _, err := r.from.ReadToken(); err != io.EOF {
		return nil, malformed("JSON with more behind it")
	}
	return v, nil
}

type jsonReader struct {
	from      *jsontext.Decoder
	mostDepth int
}

func (r *jsonReader) value() (any, error) {
	t, err := r.from.ReadToken()
	if err != nil {
		return nil, malformed("not JSON: %v", err)
	}
	if r.from.StackDepth() > r.mostDepth {
		return nil, malformed("JSON that is nested more than %d deep", r.mostDepth)
	}
	switch t.Kind() {
	case '{':
		return r.object()
	case '[':
		return r.array()
	case '"':
		return t.String(), nil
	case '0':
		if !integer.MatchString(t.String()) {
			return nil, malformed("a number in JSON that is not whole or has more than 18 digits")
		}
		n, err := strconv.ParseInt(t.String(), 10, 64)
		return n, err
	case 't', 'f':
		return t.Bool(), nil
	}
	return nil, nil
}

func (r *jsonReader) object() (any, error) {
	members := map[string]any{}
	for r.from.PeekKind() != '}' {
		name, err := r.value()
		if err != nil {
			return nil, err
		}
		if members[name.(string)], err = r.value(); err != nil {
			return nil, err
		}
	}
	_, err := r.from.ReadToken()
	return members, err
}

func (r *jsonReader) array() (any, error) {
	items := []any{}
	for r.from.PeekKind() != ']' {
		item, err := r.value()
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	_, err := r.from.ReadToken()
	return items, err
}
