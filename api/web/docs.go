package web

// DocsAt is the address of the pages that describe the API to people, and what is below it.
const DocsAt = "/docs"

// Docs lists all operations of the API, by what they are for.
type Docs struct {
	About  string
	Parts  []DocsPart
	Errors []DocsError
	Origin string // of this server, as whoever reads it knows it
}

func (*Docs) Title() string { return "The API" }
func (*Docs) file() string  { return "docs" }

// A DocsPart is some operations that belong together.
type DocsPart struct {
	ID, Say    string
	Operations []DocsLine
}

// A DocsLine names an operation.
type DocsLine struct{ ID, Method, Path, Summary string }

// A DocsError is a kind of problem.
type DocsError struct {
	Code   string
	Status int
	Means  string
	Do     string
}

// DocsOperation describes one operation.
type DocsOperation struct {
	DocsLine
	About      string
	Token      bool        // it asks for a token or a session
	Parameters []DocsField // in the address and in headers
	Body       *DocsType   // what is sent; nil: nothing
	Call       string      // with curl
	Answer     string      // an example; "": none is shown
	AnswerType string      // media type
	Answers    []DocsAnswer
	Types      []DocsType // what the answer, and the body, are made of
}

func (o *DocsOperation) Title() string { return o.Summary }
func (*DocsOperation) file() string    { return "operation" }

// A DocsField is a parameter or a member.
type DocsField struct {
	Name, In, Type string
	TypeLink       string // id of the type on the page; "": none
	Needed         bool
	Say, Example   string
}

// A DocsAnswer is an answer by its status.
type DocsAnswer struct{ Status, Say string }

// A DocsType is an object with its members.
type DocsType struct {
	Name    string
	Members []DocsField
}
