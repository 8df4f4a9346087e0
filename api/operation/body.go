package operation

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"goldenthread/api/problem"
	"goldenthread/domain"
)

const (
	MostBody = 256 << 10 // bytes
	// MostForm is how long a form that says as much is at most, as browsers write it: three
	// bytes for each that is neither a letter nor a digit.
	MostForm = 3 * MostBody
)

// A JSONBody is the exact bytes of a request's body. Nothing is read before it is
// known who sends it: whoever handles the request loads it. It is not read by huma,
// which would take what the caller breaks off for a fault of its own.
type JSONBody struct {
	Bytes []byte
	read  func() error // nil: the bytes are there
}

// Resolve notes where the body comes from; it reads nothing.
func (b *JSONBody) Resolve(ctx huma.Context) []error {
	r, w := humago.Unwrap(ctx)
	b.read = func() error { return b.Read(w, r) }
	return nil
}

// Load reads the body, unless it is there already. Call it once it is settled that
// whoever asks may send one; the error is a problem.
func (b *JSONBody) Load() ([]byte, error) {
	if b.read != nil {
		if err := b.read(); err != nil {
			return nil, err
		}
		b.read = nil
	}
	return b.Bytes, nil
}

// LoadInto reads the body and decodes it strictly. Call it as Load.
func (b *JSONBody) LoadInto(v any) error {
	if _, err := b.Load(); err != nil {
		return err
	}
	return Decode(b.Bytes, v)
}

// Read reads the body at once, outside of an operation; a problem says what is wrong with it.
func (b *JSONBody) Read(w http.ResponseWriter, r *http.Request) error {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if charset := params["charset"]; err != nil || kind != "application/json" || charset != "" && !strings.EqualFold(charset, "utf-8") || r.Header.Get("Content-Encoding") != "" {
		return problem.New(http.StatusUnsupportedMediaType, "Please send the body as application/json.")
	}
	b.Bytes, err = io.ReadAll(http.MaxBytesReader(w, r.Body, MostBody))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return problem.New(http.StatusRequestEntityTooLarge, fmt.Sprintf("The body is too large: at most %d KB fit. Please split it.", MostBody>>10))
	case err != nil:
		return problem.New(http.StatusBadRequest, "The body broke off.")
	}
	return nil
}

// Strictly is how JSON is read that people sent: no unknown names, none twice, UTF-8.
var Strictly = json.JoinOptions(json.RejectUnknownMembers(true), jsontext.AllowDuplicateNames(false), jsontext.AllowInvalidUTF8(false))

// Decode reads a JSON object strictly. What is wrong is said without giving
// back more than a clip of what was sent.
func Decode(body []byte, into any) error {
	if start := bytes.TrimLeft(body, " \t\r\n"); len(start) == 0 || start[0] != '{' {
		return problem.New(http.StatusBadRequest, "The body must be a JSON object.")
	}
	err := json.Unmarshal(body, into, Strictly)
	var syntax *jsontext.SyntacticError
	var meaning *json.SemanticError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, jsontext.ErrDuplicateName):
		p := problem.New(http.StatusBadRequest, "The same name is given twice in the body.")
		if errors.As(err, &syntax) {
			p.Where = []string{domain.Clip(string(syntax.JSONPointer))}
		}
		return p
	case errors.As(err, &syntax):
		return problem.New(http.StatusBadRequest, fmt.Sprintf("The body is not JSON in UTF-8, at byte %d.", syntax.ByteOffset))
	case errors.As(err, &meaning):
		return misfit(meaning)
	}
	return problem.New(http.StatusBadRequest, "The body is not JSON, or breaks off.")
}

// misfit says which part of the body can't be what it is meant to be.
func misfit(e *json.SemanticError) error {
	p := problem.New(http.StatusUnprocessableEntity, "This part of the body has not the type that it must have.")
	p.Where = []string{domain.Clip(string(e.JSONPointer))}
	switch {
	case errors.Is(e.Err, json.ErrUnknownName):
		p.Detail = "This part of the body is not known here."
	case e.GoType == dayType:
		p.ByRule("L8")
		p.Detail = "This is not a date; write it like 2026-03-09."
		if errors.Is(e.Err, domain.ErrYear) {
			p.Detail = "This date can't be meant: " + domain.ErrYear.Error() + "."
		}
	}
	return p
}
