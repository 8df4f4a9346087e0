package web

import "goldenthread/projections"

// Erasing is the page on which somebody's name, email and phone are erased for good.
type Erasing struct {
	Office  string
	Handle  string
	Own     bool                 // whoever looks is that person
	Window  int                  // days that they have to object, if somebody else records it
	Not     string               // why it can't be done yet; "": nothing is in the way
	Waiting string               // what was recorded and waits, such as N3; "": nothing does
	Erased  string               // the day on which they were erased, in words; "": they were not
	KeyLeft bool                 // their key is not known to be destroyed yet
	Todo    []string             // once they are erased: for whoever runs the server
	Remains *projections.Remains // what the ledger goes on saying; nil: whoever looks may not read it all
}

// Title says whose data it is about.
func (e *Erasing) Title() string { return "Erase the personal data of " + e.Office }
func (*Erasing) file() string    { return "erasing" }
