package api

import (
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"
)

type bodyInput struct {
	Group string `path:"group" example:"trafford"`
	jsonBody
}

type groupInput struct {
	Group string `path:"group" example:"trafford"`
}

type made[T any] struct{ Body T }

// The check is asked far more often than anything else, and its chain is long.
// Its answer is written by hand, the same bytes as package json writes; a test
// holds the two against each other.
//
// What this buys: a check over HTTP takes 11 to 15 % less time in the median with 64
// callers, and 11 to 14 % less with one (about 12 µs; November 2026, in turns with a
// build without it). To measure it again:
//
//	GOLDENTHREAD_BENCH_ROWS=http GOLDENTHREAD_BENCH_OTHER=<file of another build> make bench
//
// The writing alone: go test ./api -run '^$' -bench CheckJSON.

// appended is an answer that writes itself.
type appended interface {
	appendJSON([]byte) ([]byte, error)
}

// usualAnswer is about as long as an answer of the check is, in bytes.
const usualAnswer = 8 << 10

// encode is the answer in JSON.
func encode(v any) ([]byte, error) {
	if a, ok := v.(appended); ok {
		if b, err := a.appendJSON(make([]byte, 0, usualAnswer)); err == nil {
			return b, nil
		} // else package json says what can't be written
	}
	return json.Marshal(v, json.Deterministic(true))
}

type streamOutput struct {
	Status       int
	ContentType  string `header:"Content-Type"`
	ETag         string `header:"ETag"`
	CacheControl string `header:"Cache-Control"`
	Link         string `header:"Link" doc:"where it goes on"`
	Body         func(huma.Context)
}

func orAnswer(v any, ifNoneMatch string, err error) (*answer, error) {
	if err != nil {
		return nil, err
	}
	return answerWith(v, ifNoneMatch)
}

// An answer is bytes before any of it is sent: they have an entity tag.
type answer struct {
	ContentType  string `header:"Content-Type"`
	ETag         string `header:"ETag" doc:"send it back as If-None-Match"`
	CacheControl string `header:"Cache-Control"`
	Body         func(huma.Context)
}

// bytesAnswer is the answer with these bytes, or that the caller has it already.
func bytesAnswer(b []byte, contentType, caching, ifNoneMatch string) *answer {
	a := &answer{ContentType: contentType, ETag: tagOf(b), CacheControl: caching}
	has := matches(ifNoneMatch, a.ETag)
	if has {
		a.ContentType = ""
	}
	a.Body = func(hc huma.Context) {
		if has {
			hc.SetStatus(http.StatusNotModified)
			return
		}
		gather(hc, len(b))
		hc.SetHeader("Content-Length", strconv.Itoa(len(b)))
		hc.SetStatus(http.StatusOK)
		hc.BodyWriter().Write(b) // where that fails there is nobody left to tell
	}
	return a
}

// answerWith is the answer in JSON, or that the caller has it already.
func answerWith(v any, ifNoneMatch string) (*answer, error) {
	b, err := encode(v)
	if err != nil {
		return nil, err
	}
	return bytesAnswer(append(b, '\n'), "application/json", "private, no-cache", ifNoneMatch), nil
}
