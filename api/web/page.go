package web

import (
	"bytes"
	"cmp"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"maps"
	"net/url"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"

	"goldenthread/domain"
	"goldenthread/projections"
)

// A Page is everything that one page shows.
type Page struct {
	Frame
	Body   Body
	Filled *Filled           // a form that was refused, to be shown again
	Unsent []Entered         // what was typed into a form that the page does not offer any more
	Sheets map[string]*Sheet // the forms that the page offers, by id
}

// A Body is what a page is about.
type Body interface {
	Title() string // of the page, in its tab and its first heading
	file() string  // name of its template
}

// A Frame is what all pages of a group share. The zero Frame is that of a page
// about no group.
type Frame struct {
	Example   bool   // all that is here is the example, and every page says so
	Group     string // name in addresses
	Name      string
	ShortName string
	Within    string                  // the entry of the navigation that the page belongs to; "": its own, if it has one
	Me        *projections.PersonLine // who looks; nil for the operator
	SignedIn  bool                    // in this browser, so that they can sign out
	NewKeys   []NewKey                // of whoever looks, and which they have not said they know of
	Origin    string                  // of this server, as whoever looks knows it
	Path      string                  // of this page below the group: "proposals/P1"; "" is the group's home
	Query     url.Values              // what this page was asked beside At and Known
	At        domain.Day
	Known     time.Time // up to which the answer knows
	AskedAt   string    // as it stands in the address; "" is today
	AskedKnow string    // as it stands in the address; "" is now
	Today     domain.Day
	Live      bool           // as known now
	Next      uint64         // number of events that were known
	Recorded  string         // what has just been recorded, in words
	Proves    bool           // whoever looks may have the evidence
	Raises    bool           // whoever looks can raise a proposal
	Attached  map[string]int // how many documents are attached, by what they are about
	Sent      bool           // shown in answer to a form: asked for again it is another page
	Notice    string         // said above the page
	Until     time.Time      // when the session of whoever looks ends, if they do nothing more
	Left      time.Duration  // until then
	Key       string         // with which a form is sent: sent twice, it is recorded once
}

// A NewKey is a way in that was added to the account of whoever looks.
type NewKey struct {
	Name  string // with its kind
	On    time.Time
	By    string // who let its owner make it
	Waits string // last day on which it only reads; "": it acts
}

// UntilWords say when the session ends: "11:45am", with its day if that is not today.
func (f *Frame) UntilWords() string {
	words := moment(f.Until)
	return strings.TrimSuffix(words, " on "+f.Today.Words())
}

// Seconds are those that are left of the session.
func (f *Frame) Seconds() int { return int(f.Left.Seconds()) }

// Now says whether the page is about today, as known now. Only then can anything be done.
func (f *Frame) Now() bool { return f.Live && f.At == f.Today }

// Link is the address of a page of the group, about the same day and as known
// at the same time.
func (f *Frame) Link(to string) string { return f.asked(pagesAt, to) }

// Evidence is the address of the file that proves an answer of the group, by
// its number or, as the check's, by its question; about the same day and as
// known at the same time.
func (f *Frame) Evidence(of string) string { return f.asked(answersAt, of) }

// What is below a group's name in addresses: its pages, and its answers to programs.
const (
	pagesAt   = "/g/"
	answersAt = "/v1/groups/"
)

func (f *Frame) asked(below, to string) string {
	to, fragment, _ := strings.Cut(to, "#")
	to, asked, _ := strings.Cut(to, "?")
	q, _ := url.ParseQuery(asked) // written by a template
	if f.AskedAt != "" {
		q.Set("at", f.AskedAt)
	}
	if f.AskedKnow != "" {
		q.Set("known", f.AskedKnow)
	}
	return f.address(below, to, q, fragment)
}

// A Pager leads to the other pages of a list; to none where there is one.
type Pager struct {
	This, Pages int
	After       int // 0: this is the last
}

// Before is the page before; 0: this is the first.
func (p *Pager) Before() int { return p.This - 1 }

// PageLink is the address of another page of the list that is shown.
func (f *Frame) PageLink(n int) string {
	q := url.Values{}
	maps.Copy(q, f.Query)
	q.Set("page", strconv.Itoa(n))
	return f.asked(pagesAt, f.Path+"?"+q.Encode())
}

// Here is the address of this very page, as of today and as known now.
func (f *Frame) Here() string { return f.address(pagesAt, f.Path, f.Query, "") }

func (f *Frame) address(below, to string, q url.Values, fragment string) string {
	if to != "" {
		to = "/" + to
	}
	a := below + f.Group + to
	if len(q) > 0 {
		a += "?" + q.Encode()
	}
	if fragment != "" {
		a += "#" + fragment
	}
	return a
}

// KnownUntil says up to when the page knows: "the end of 31 March 2026", or a
// moment; "event 12", where it was asked by index.
func (f *Frame) KnownUntil() string {
	if d, err := domain.ParseDay(f.AskedKnow); err == nil {
		return "the end of " + d.Words()
	}
	if f.Next > 0 && !strings.ContainsAny(f.AskedKnow, "-:") {
		return fmt.Sprintf("event %d, recorded at %s", f.Next-1, moment(f.Known))
	}
	return moment(f.Known)
}

// KnownDay is the day up to whose end the page knows, for the date picker.
func (f *Frame) KnownDay() string {
	if f.Live || f.AskedKnow == "" {
		return ""
	}
	return domain.DayOf(f.Known).String()
}

// Events are how many were known, in words.
func (f *Frame) Events() string { return domain.Count(int(f.Next), "event") }

// Section says which entry of the navigation the page belongs to.
func (f *Frame) Section() string {
	first, _, _ := strings.Cut(f.Path, "/")
	return cmp.Or(f.Within, first)
}

//go:embed templates
var files embed.FS

// pages are the templates, each parsed when it is first shown: a start, and the command
// line, need none.
var pages = namePages()

var layout = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("layout.html").Funcs(words).ParseFS(files, "templates/layout.html", "templates/parts.html"))
})

// namePages makes a template of each file, with the layout and the parts.
func namePages() map[string]func() *template.Template {
	all, err := fs.Glob(files, "templates/*.html")
	if err != nil {
		panic(err)
	}
	made := map[string]func() *template.Template{}
	for _, name := range all {
		switch base := path.Base(name); base {
		case "layout.html", "parts.html":
		default:
			made[strings.TrimSuffix(base, ".html")] = sync.OnceValue(func() *template.Template {
				return template.Must(template.Must(layout().Clone()).ParseFS(files, name))
			})
		}
	}
	return made
}

// Render writes the page.
func (p *Page) Render() ([]byte, error) {
	parsed := pages[p.Body.file()]
	if parsed == nil {
		return nil, fmt.Errorf("there is no page %q", p.Body.file())
	}
	var b bytes.Buffer
	if err := parsed().Execute(&b, p); err != nil {
		return nil, fmt.Errorf("write the page %q: %w", p.Body.file(), err)
	}
	return inOrder(b.Bytes()), nil
}

// inOrder shows a sign in place of each character that would turn the order of the
// page's text: an old ledger can hold titles with such characters.
func inOrder(page []byte) []byte {
	if !bytes.ContainsFunc(page, domain.Reorders) {
		return page
	}
	return bytes.Map(func(r rune) rune {
		if domain.Reorders(r) {
			return '\uFFFD'
		}
		return r
	}, page)
}

// Lean says whether the page begins with an answer that is looked for in a hurry: what
// is around it takes less room then.
func (p *Page) Lean() bool {
	l, ok := p.Body.(interface{ lean() bool })
	return ok && l.lean()
}

// Assets are the addresses of the stylesheets and scripts that every page links.
func (p *Page) Assets() *Links { return &links }
