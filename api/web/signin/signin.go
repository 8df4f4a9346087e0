// Package signin are the pages on which people sign in, take up an invitation
// and look after their passkeys: HTML and one script, without a server.
package signin

import (
	"embed"
	"html/template"
	"io"
	"time"

	"goldenthread/api/web"
	"goldenthread/domain"
)

//go:embed *.html passkey.js
var files embed.FS

// Script does what only a browser can: it asks the device for a passkey.
var Script = must(files.ReadFile("passkey.js"))

// A Front is the page on which people sign in.
type Front struct {
	Next         string // path to go on to
	Draft        Draft  // what was typed there, to go on with
	Tokens       bool   // there is signing in with a token
	SingleSignOn bool   // there is signing in with the organisation's account
	Wrong        string // why signing in failed; "": it was not tried, or by a token
	WrongToken   string // why the token does not sign in; "": none was sent
}

// A Draft is a form that was sent to Next when nobody was signed in any more. It travels
// through the pages of signing in, and is shown there again.
type Draft string

// A Resume is the page of somebody who has signed in again, and goes on with a draft.
type Resume struct {
	Next  string
	Draft Draft
}

// An Invitation is the page on which somebody takes one up.
type Invitation struct {
	Code    string
	Office  string
	Group   string
	Replace bool
	Next    string       // where they go on
	Picture template.URL // its address as a QR code, for another device; none: too long for one
}

// A FirstRun is the page behind the link that a start on an empty folder prints; without a
// code the link is over.
type FirstRun struct{ Code string }

// An Account is a person's own page.
type Account struct {
	Office   string
	Group    string
	NewKeys  []web.NewKey
	Passkeys []Passkey
	Recorded []Recorded
	Sessions []Session
	Feeds    []Feed
	Journal  []Line
}

// A Passkey is a device that signs the person in.
type Passkey struct {
	ID, Name   string
	Registered time.Time
	Used       time.Time
}

// A Recorded is a way in as the ledger has it.
type Recorded struct {
	Way, Name     string
	Group         string
	By            string // who made it
	Began         time.Time
	Event         uint64
	Before        bool   // from before the ledger recorded ways in
	Ended         string // day; "": it was not ended
	EndedBy       uint64
	InForce       bool
	Waits, Number string // last day on which it only reads, and the number of what waits; none: it acts
}

// A Session is a browser in which the person is signed in.
type Session struct {
	ID, Agent string
	Began     time.Time
	This      bool // the one that asks
}

// A Feed is an address that a calendar or feed reader fetches by itself.
type Feed struct {
	ID, Address string
	Made, Ends  time.Time
	Soon        bool // it ends within a month
	Over        bool
}

// A Mail is the page on which somebody chooses what they are mailed.
type Mail struct {
	Office, Group string
	Path          string // of the page
	Kinds         []MailKind
	Ahead         []MailAhead
	Saved         bool
}

// A MailKind is one that they can stop.
type MailKind struct {
	Kind, Say string
	On        bool
}

// A MailAhead is how long before a last day they can be reminded.
type MailAhead struct {
	Days int
	Say  string
	On   bool
}

// A Line is what was done about the person's signing in, by whom.
type Line struct {
	Time     time.Time
	What, By string
}

// A Confirm is the page before something ends for good.
type Confirm struct {
	Title  string // the question
	Says   []string
	Action string // path to which the form is sent
	Fields map[string]string
	Button string
	Back   string // path to which it leads otherwise
}

// A Problem is why something was not done.
type Problem struct {
	Title, Detail string
	Rule          string // number of the rule that says no; "": none does
	RuleText      string // address of its text
}

// Pages, each with what it shows.
var (
	frontPage      = page("front.html")
	resumePage     = page("resume.html")
	codePage       = page("code.html")
	invitationPage = page("invitation.html")
	firstRunPage   = page("first.html")
	spentPage      = page("spent.html")
	accountPage    = page("account.html")
	feedPage       = page("feed.html")
	confirmPage    = page("confirm.html")
	problemPage    = page("problem.html")
	mailPage       = page("mail.html")
)

// Render writes the page. It fails only if writing does.
func (f Front) Render(w io.Writer) error      { return frontPage.Execute(w, f) }
func (f Resume) Render(w io.Writer) error     { return resumePage.Execute(w, f) }
func (i Invitation) Render(w io.Writer) error { return invitationPage.Execute(w, i) }
func (f FirstRun) Render(w io.Writer) error   { return firstRunPage.Execute(w, f) }
func (a Account) Render(w io.Writer) error    { return accountPage.Execute(w, a) }
func (c Confirm) Render(w io.Writer) error    { return confirmPage.Execute(w, c) }
func (f Feed) Render(w io.Writer) error       { return feedPage.Execute(w, f) }
func (m Mail) Render(w io.Writer) error       { return mailPage.Execute(w, m) }
func (p Problem) Render(w io.Writer) error    { return problemPage.Execute(w, p) }

// RenderCode writes the page on which a code is typed.
func RenderCode(w io.Writer) error { return codePage.Execute(w, nil) }

// RenderSpent writes that an invitation can't be used (any more).
func RenderSpent(w io.Writer) error { return spentPage.Execute(w, nil) }

// page is a page in the layout, which layout.html defines.
func page(name string) *template.Template {
	all := template.Must(template.New(name).Funcs(template.FuncMap{"day": day, "assets": web.Assets}).ParseFS(files, "layout.html", name))
	return all.Lookup("layout")
}

// day is a moment as people say it: 6 August 2018, 5:30pm.
func day(t time.Time) string {
	if t.IsZero() {
		return "not yet"
	}
	return t.In(domain.London()).Format("2 January 2006, 3:04pm")
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
