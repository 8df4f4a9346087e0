package web

import (
	"net/url"
	"slices"
	"time"
)

// Pages of the operator, who is nobody of a group: what the server is, and how a group is set up.

// A ServerCheck is something about the server that was looked at, and what to do about it.
type ServerCheck struct {
	Name  string
	State string // good, warning or bad
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
