package operation

import (
	"context"
	"fmt"
	"hash/maphash"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/go-json-experiment/json"

	"goldenthread/api/caller"
	"goldenthread/api/problem"
	"goldenthread/api/web"
)

// WriteTimeout is how long an answer, or one piece of a stream, may take to be written.
const WriteTimeout = 30 * time.Second

// An API is where operations are registered and described.
type API struct {
	huma.API
	Mux       *Mux
	Described func() *huma.OpenAPI // the description of what is registered, filled in; after Offer
	log       *slog.Logger
}

// A Mux is net/http's, and lists what is registered in it.
type Mux struct {
	http.ServeMux
	Patterns []string
}

// HandleFunc registers the handler, as net/http's does.
func (m *Mux) HandleFunc(pattern string, handler func(http.ResponseWriter, *http.Request)) {
	m.Patterns = append(m.Patterns, pattern)
	m.ServeMux.HandleFunc(pattern, handler)
}

// New is an API with nothing registered yet.
func New(log *slog.Logger) *API {
	mux := &Mux{}
	return &API{API: humago.New(mux, humaConfig()), Mux: mux, log: log}
}

// Schemas are those that describe what operations take and answer.
func (api *API) Schemas() huma.Registry { return api.OpenAPI().Components.Schemas }

// Register registers a handler, whose errors become problems.
func Register[I, O any](api *API, op huma.Operation, handler func(context.Context, *I) (*O, error)) *huma.Operation {
	op.Errors = append(op.Errors, http.StatusInternalServerError, http.StatusServiceUnavailable)
	if strings.HasPrefix(op.Path, "/access/") {
		op.Security = []map[string][]string{{"bearer": {}}}
	}
	if strings.HasPrefix(op.Path, "/v1/") {
		op.Security = []map[string][]string{{"bearer": {}}, {"session": {}}}
		op.Errors = append(op.Errors, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusUnprocessableEntity)
	}
	if op.Method == http.MethodPost {
		op.Errors = append(op.Errors, http.StatusTooManyRequests)
	}
	op.RejectUnknownQueryParameters = true
	huma.Register(api, op, func(ctx context.Context, in *I) (*O, error) {
		if c := caller.AskerOf(ctx).Caller; c != nil && !c.Scope.Allows(scopeFor(&op)) {
			p := c.OutOfScope()
			caller.LogRefused(ctx, api.log, op.OperationID, p)
			return nil, p
		}
		out, err := handler(ctx, in)
		if err != nil {
			p := problem.Of(ctx, api.log, err)
			caller.LogRefused(ctx, api.log, op.OperationID, p)
			return nil, p
		}
		return out, nil
	})
	item := api.OpenAPI().Paths[op.Path]
	if op.Method == http.MethodPost {
		return item.Post
	}
	return item.Get
}

// scopeFor is the least scope with which somebody may do the operation.
func scopeFor(op *huma.Operation) caller.Scope {
	switch {
	case op.OperationID == "check", strings.HasPrefix(op.Path, "/access/"):
		return caller.ScopeCheck
	case op.Method == http.MethodPost:
		return caller.ScopeAct
	}
	return caller.ScopeRead
}

func humaConfig() huma.Config {
	format := huma.Format{
		Marshal:   func(w io.Writer, v any) error { return json.MarshalWrite(w, v, json.Deterministic(true)) },
		Unmarshal: func(b []byte, v any) error { return json.Unmarshal(b, v) },
	}
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title: "Golden Thread", Version: "1",
				Description: "A decision and mandate ledger for organisations that decide together without a hierarchy. " +
					"Everything is recorded by commands and read by questions. Every question takes at (the day that is asked about) " +
					"and known (what was known by then). Money is in integer pence; days are London days. What each rule's number " +
					"in an answer stands for is in the rule book, at " + web.RulesAt + "; this page for people is at " + web.DocsAt + ".",
				Contact: &huma.Contact{Name: "Whoever runs this server: see /help"},
			},
			Servers: []*huma.Server{{URL: "/"}},
			Tags: []*huma.Tag{
				{Name: "commands", Description: "Ask for something to be recorded. The same Idempotency-Key again gets the same answer again."},
				{Name: "questions", Description: "Read what the ledger says."},
				{Name: "check", Description: "The check for other systems: AuthZEN Authorization API 1.0, of the OpenID Foundation."},
				{Name: "events", Description: "The ledger itself, as it is stored."},
				{Name: "log", Description: "The signed log of a ledger, to be checked with anybody's software."},
				{Name: "server", Description: "About this server."},
			},
			Components: &huma.Components{
				Schemas: newRegistry("#/components/schemas/"),
				SecuritySchemes: map[string]*huma.SecurityScheme{
					"bearer":  {Type: "http", Scheme: "bearer"},
					"session": {Type: "apiKey", In: "cookie", Name: caller.SessionCookie, Description: "of people who signed in at /sign-in; over TLS it is called " + caller.CookieName(caller.SessionCookie, true)},
				},
			},
		},
		Formats:       map[string]huma.Format{"application/json": format, "json": format},
		DefaultFormat: "application/json",
	}
}

// Offer describes, last of all, what has been registered: as OpenAPI 3.1 and, for tools that
// do not read that, 3.0.
func (api *API) Offer() {
	api.Described = sync.OnceValue(func() *huma.OpenAPI {
		doc := api.OpenAPI()
		if err := describe(doc); err != nil {
			panic(fmt.Sprintf("api: describe the operations: %v", err))
		}
		return doc
	})
	api.offerDescription("/openapi.json", func(doc *huma.OpenAPI) ([]byte, error) { return doc.MarshalJSON() })
	api.offerDescription("/openapi-3.0.json", func(doc *huma.OpenAPI) ([]byte, error) { return doc.Downgrade() })
}

// offerDescription serves the description in one version of OpenAPI. It is written once
// somebody asks for it.
func (api *API) offerDescription(at string, write func(*huma.OpenAPI) ([]byte, error)) {
	written := sync.OnceValues(func() ([]byte, string) {
		b, err := write(api.Described())
		if err != nil {
			panic(fmt.Sprintf("api: describe the operations: %v", err))
		}
		return b, tagOf(b)
	})
	api.Mux.HandleFunc("GET "+at, func(w http.ResponseWriter, r *http.Request) {
		b, tag := written()
		w.Header().Set("ETag", tag)
		w.Header().Set("Cache-Control", "no-cache")
		w.Header().Set("Content-Type", "application/openapi+json")
		if Matches(r.Header.Get("If-None-Match"), tag) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Write(b)
	})
}

var tagSeed = maphash.MakeSeed()

// tagOf is the strong entity tag of these bytes, keyed by this process: another
// one has others, and sends everything once more.
func tagOf(b []byte) string { return `"` + strconv.FormatUint(maphash.Bytes(tagSeed, b), 16) + `"` }

// Matches says whether an If-None-Match header names the tag (RFC 9110, weak comparison).
func Matches(header, tag string) bool {
	for item := range strings.SplitSeq(header, ",") {
		item = strings.TrimSpace(item)
		if item == "*" || item != "" && strings.TrimPrefix(item, "W/") == strings.TrimPrefix(tag, "W/") {
			return true
		}
	}
	return false
}
