package guard

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"goldenthread/api/problem"
	"goldenthread/domain"
)

// GroupPages is where the pages of groups begin.
const GroupPages = "/g/"

// IsPage says whether the address is a page for people who are known, which is
// answered in HTML.
func IsPage(path string) bool { return path == "/" || strings.HasPrefix(path, GroupPages) }

// IsOperatorPage says whether the address is one of the pages for whoever runs this server.
func IsOperatorPage(path string) bool {
	return path == "/operator" || strings.HasPrefix(path, "/operator/")
}

// CheckAddress refuses an address that is not plain text.
func CheckAddress(u *url.URL) error {
	if !problem.Plain(u.Path) {
		return problem.New(http.StatusNotFound, "There is nothing at this address.")
	}
	return checkQuery(u.RawQuery)
}

const mostParameters = 50 // of one address

// checkQuery refuses what would otherwise be dropped silently: a question that
// is asked in another way than was meant must not be answered.
func checkQuery(raw string) error {
	refused := func(say string, args ...any) error {
		return problem.New(http.StatusUnprocessableEntity, fmt.Sprintf(say, args...))
	}
	seen := make([]string, 0, mostParameters)
	for part := range strings.SplitSeq(raw, "&") {
		before, after, _ := strings.Cut(part, "=")
		name, bad := url.QueryUnescape(before)
		value, worse := url.QueryUnescape(after)
		switch {
		case part == "":
			continue
		case bad != nil || worse != nil || strings.Contains(part, ";") || !problem.Plain(part):
			return refused("The part of the address after ? can't be read.")
		case !problem.Plain(name) || !problem.Plain(value):
			return refused("%q in the address is not plain text.", domain.Clip(name))
		case slices.Contains(seen, name):
			return refused("%q is given twice in the address.", domain.Clip(name))
		case len(seen) == mostParameters:
			return refused("There is too much in the address after ?.")
		}
		seen = append(seen, name)
	}
	return nil
}

// Unmatched turns what net/http would say in plain text into a problem.
func Unmatched(h http.Handler, r *http.Request) *problem.Problem {
	said := &discard{header: http.Header{}}
	h.ServeHTTP(said, r)
	if said.status == http.StatusMethodNotAllowed {
		return problem.New(said.status, "This address takes "+said.header.Get("Allow")+" only.").With("Allow", said.header.Get("Allow"))
	}
	return problem.New(http.StatusNotFound, "There is nothing at this address. What there is: /openapi.json.")
}

// discard keeps what a handler says but not what it writes.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
func (d *discard) WriteHeader(status int)      { d.status = status }
