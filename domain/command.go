package domain

import "reflect"

// A CommandKind is one line in the table of Commands.
type CommandKind struct {
	Name string // as in POST …/commands/{name}
	Say  string // what it does, in a sentence
	New  func() Command
}

func command[T any, P interface {
	*T
	Command
}](name, say string) CommandKind {
	return CommandKind{name, say, func() Command { return P(new(T)) }}
}

// NewCommand is an empty command of that name; false if there is none.
func NewCommand(name string) (Command, bool) {
	for _, c := range Commands {
		if c.Name == name {
			return c.New(), true
		}
	}
	return nil, false
}

// CommandName is the name of the command in the table.
func CommandName(c Command) string {
	for _, k := range Commands {
		if reflect.TypeOf(k.New()) == reflect.TypeOf(c) {
			return k.Name
		}
	}
	panic("domain: command without a name: " + reflect.TypeOf(c).String())
}
