package web

// About is a page that says something about the service itself, the same to everybody.
type About struct {
	Name    string // of its template: help, accessibility or privacy
	Heading string
	Contact string // whom to tell; "": the operator has named nobody
}

func (a *About) Title() string { return a.Heading }
func (a *About) file() string  { return a.Name }
