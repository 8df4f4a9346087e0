package web

import (
	"html/template"
	"net/url"
	"slices"
	"strings"
	"time"

	"goldenthread/domain"
)

// Pages of the operator, who is nobody of a group: what the server is, and how a group is set up.

// A ServerCheck is something about the server that was looked at, and what to do about it.
type ServerCheck struct {
	Name  string
	State string // good, unknown, warning or bad
	Say   string
	Do    string // "": nothing
}

// Tag is the state as an adjective.
func (c ServerCheck) Tag() Tag {
	switch c.State {
	case "good":
		return green("working")
	case "warning":
		return yellow("to look at")
	case "unknown":
		return grey("not looked at")
	}
	return red("not working")
}

// A Device is a passkey of the operator's.
type Device struct {
	ID, Name string
	Used     time.Time // none: not yet
}

// Server is what this server is, for whoever runs it.
type Server struct {
	Checks   []ServerCheck
	Passkeys []Device
	Groups   bool // there are some
	Example  bool // it can be looked at from here
}

func (Server) Title() string { return "This server" }
func (Server) file() string  { return "server" }

// An OperatorGroup is a group as its server's operator knows it.
type OperatorGroup struct {
	Group, Name, Standing string
	Events                int
}

// A DraftLine is a group that is being set up.
type DraftLine struct {
	ID, Name string
	Changed  time.Time
}

// Operator is the first page of whoever runs the server.
type Operator struct {
	Checks   []ServerCheck // that need looking at
	Passkeys []Device
	Groups   []OperatorGroup
	Drafts   []DraftLine
	Backups  *Backups // that this server makes by itself; nil: it makes none
	Version  string
	Built    string // of what and for what
}

// Backups are those that a server makes by itself.
type Backups struct {
	Folder, File string // of the newest; "": there is none yet
	Made         time.Time
	Every        time.Duration
	Wrong        string // why they can't be listed; "": they can
}

// Often says how often one is made.
func (b *Backups) Often() string {
	if b.Every%(24*time.Hour) == 0 {
		return domain.Count(int(b.Every/(24*time.Hour)), "day")
	}
	return domain.Count(int(b.Every/time.Hour), "hour")
}

func (Operator) Title() string { return "Operator of this server" }
func (Operator) file() string  { return "operator" }

// SignedOut is what somebody typed whose session has ended.
type SignedOut struct {
	At    string // address to which it is sent again
	Typed url.Values
}

func (SignedOut) Title() string { return "You have been signed out" }
func (SignedOut) file() string  { return "signedout" }

// Fields are what was typed, each field once for each of its values.
func (s *SignedOut) Fields() (all []Piece) {
	names := make([]string, 0, len(s.Typed))
	for name := range s.Typed {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, value := range s.Typed[name] {
			all = append(all, Piece{Name: name, Values: []string{value}})
		}
	}
	return all
}

// A Task is one of the pages on which a group is set up.
type Task struct {
	Title, At string
	Saved     bool
	Optional  bool
	Suggested bool // what is suggested counts until it is saved
	Faults    int
}

// Tag says how far the task is.
func (t Task) Tag() Tag {
	switch {
	case t.Faults > 0:
		return red("to correct")
	case t.Saved:
		return green("done")
	case t.Optional:
		return grey("if there is any")
	case t.Suggested:
		return grey("suggested")
	}
	return blue("to do")
}

// TaskList is what there is to do to set a group up.
type TaskList struct {
	Name    string
	At      string // address of the draft
	Changed time.Time
	Tasks   []Task
}

func (t TaskList) Title() string { return "Set up: " + t.Name }
func (TaskList) file() string    { return "tasklist" }

// DraftPage is one page on which a group is set up. Its form has the id draft.
type DraftPage struct {
	Heading string
	Say     []string
	Back    string   // address of the task list
	Step    string   // such as: Step 2 of 8
	Table   string   // address to which a table is sent; "": the page takes none
	Example string   // address of an example of such a table
	Files   string   // address to which files are sent that are evidence; "": the page takes none
	Listed  string   // what was taken of official lists, in a sentence; "": nothing
	Words   []string // the charter as the answers would have it, where it was changed; nil: it was not
	Taken   []string // what was taken of a table, in sentences

	Evidence []domain.ProofFile // that was brought
	Endings  []string           // of the names of files that can be
}

func (p DraftPage) Title() string { return p.Heading }
func (DraftPage) file() string    { return "draftpage" }

// Accept is what a field for a file that is evidence takes.
func (p DraftPage) Accept() string { return strings.Join(p.Endings, ",") }

// A Mend is something that is wrong in the draft, and where it is to be mended.
type Mend struct{ Say, Rule, At string }

// An Answered is what was answered on a page, in sentences.
type Answered struct {
	Title, At string
	Lines     []string
	Suggested bool // from the other answers
}

// Answers are all answers before a group is founded. Its form has the id found.
type Answers struct {
	Name       string
	Back       string // address of the task list
	Mends      []Mend
	Answers    []Answered
	Incomplete string   // what least membership lacks; "": nothing
	Then       []string // what it takes, after founding, to be established
}

func (Answers) Title() string { return "Check your answers" }
func (Answers) file() string  { return "answers" }

// Joining is how far a new group is, and who has come.
type Joining struct {
	Name, ShortName        string
	Established            domain.Day // 0: not yet
	Missing                []string   // what it lacks to be established
	Practices, OfPractices int        // that stand behind it
	Seats                  []JoiningSeat
	People                 []JoiningPerson
	Invites                bool // whoever looks may invite
	Mail                   bool // invitations can be mailed
}

func (j Joining) Title() string { return "How far " + j.Name + " is" }
func (Joining) file() string    { return "joining" }

// Consents are how many seats have consented.
func (j Joining) Consents() (n int) {
	for _, s := range j.Seats {
		if s.Consented {
			n++
		}
	}
	return n
}

// A JoiningSeat is a seat of a group that forms.
type JoiningSeat struct {
	Name, Holder string
	Consented    bool
}

// Tag says whether it has consented.
func (s JoiningSeat) Tag() Tag {
	if s.Consented {
		return green("consented")
	}
	return yellow("not yet")
}

// A JoiningPerson is somebody who is to come in.
type JoiningPerson struct {
	ID, Office string
	Index      uint64
	State      string     // not invited, invited or has come
	Ways       []string   // in, each with who let them in and when; of the operator's page alone
	Until      domain.Day // last day of the invitation
}

// Come says whether they have a way in.
func (p JoiningPerson) Come() bool { return p.State == "has come" }

// Tag says whether they have come.
func (p JoiningPerson) Tag() Tag {
	switch p.State {
	case "has come":
		return green(p.State)
	case "invited":
		return yellow(p.State)
	}
	return blue(p.State)
}

// Invitations have just been made, and are shown this once.
type Invitations struct {
	Back, Group string
	Mailed      []string // offices
	Sheets      []InvitationSheet
}

func (Invitations) Title() string { return "Invitations" }
func (Invitations) file() string  { return "invitations" }

// An InvitationSheet is for one person, to print or to read out.
type InvitationSheet struct {
	Office, Link, Code string
	Picture            template.URL // the link as a QR code
	Until              domain.Day
	Why                string // it was not mailed; "": it was not to be
}

// ListsPage is what official lists say, to choose from.
type ListsPage struct {
	Back      string   // address of the page of practices
	Faults    []string // in the files, each with its row
	Source    string
	On        domain.Day
	Notes     []string
	Places    []Option
	Place     string // that was chosen; "": it is asked for
	Practices []Option
}

func (p ListsPage) Title() string {
	switch {
	case p.Faults != nil:
		return "These files can’t be used"
	case p.Place == "":
		return "Which place is it?"
	}
	return "Which practices belong to it?"
}
func (ListsPage) file() string { return "lists" }
