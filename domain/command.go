package domain

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"reflect"
	"strings"
)

// A CommandKind is one line in the table of Commands.
type CommandKind struct {
	Name string // as in POST …/commands/{name}
	Say  string // what it does, in a sentence
	New  func() Command
	// Slight says why a form records it without showing first what would follow: it can
	// be said again otherwise, and changes nothing that anybody may do; "": it is shown.
	Slight string
	// Back says how what it records is taken back, as long as nothing is agreed by it; "":
	// it can't be undone.
	Back string
}

func (k CommandKind) slight(why string) CommandKind {
	k.Slight = why
	return k
}

func (k CommandKind) back(how string) CommandKind {
	k.Back = how
	return k
}

func command[T any, P interface {
	*T
	Command
}](name, say string) CommandKind {
	return CommandKind{Name: name, Say: say, New: func() Command { return P(new(T)) }}
}

// CommandNamed is the kind of command of that name; false if there is none.
func CommandNamed(name string) (CommandKind, bool) {
	for _, k := range Commands {
		if k.Name == name {
			return k, true
		}
	}
	return CommandKind{}, false
}

// NewCommand is an empty command of that name; false if there is none.
func NewCommand(name string) (Command, bool) {
	k, ok := CommandNamed(name)
	if !ok {
		return nil, false
	}
	return k.New(), true
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

// HashOf is the hash of what a command says (rule L2): of its name and of its
// members by name, whatever their order, spaces or escapes in JSON. A member that
// is left out is the same as one that says nothing; a sum of nothing is something
// said. A member that commands get later changes no hash of those that don't use it.
func HashOf(c Command) [sha256.Size]byte {
	b := append([]byte("goldenthread command v2\n"), CommandName(c)...)
	return sha256.Sum256(appendSaid(append(b, '\n'), reflect.ValueOf(c).Elem()))
}

// appendSaid appends the value so that no two values are written alike.
func appendSaid(b []byte, v reflect.Value) []byte {
	switch v.Kind() {
	case reflect.Bool:
		return fmt.Appendf(b, "%t;", v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return binary.BigEndian.AppendUint64(append(b, 'i'), uint64(v.Int()))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return binary.BigEndian.AppendUint64(append(b, 'u'), v.Uint())
	case reflect.String:
		b = binary.BigEndian.AppendUint64(append(b, 's'), uint64(v.Len()))
		return append(b, v.String()...)
	case reflect.Pointer:
		return appendSaid(append(b, '*'), v.Elem())
	case reflect.Slice, reflect.Array:
		b = binary.BigEndian.AppendUint64(append(b, '['), uint64(v.Len()))
		for i := range v.Len() {
			b = appendSaid(b, v.Index(i))
		}
		return b
	case reflect.Struct:
		return append(appendMembers(append(b, '{'), v), '}')
	}
	panic("domain: a command says something that can't be hashed: " + v.Type().String())
}

func appendMembers(b []byte, v reflect.Value) []byte {
	for i := range v.NumField() {
		f, m := v.Type().Field(i), v.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous:
			b = appendMembers(b, m)
		case name == "-" || m.IsZero() || m.Kind() == reflect.Slice && m.Len() == 0:
		default:
			b = appendSaid(append(append(b, name...), ':'), m)
		}
	}
	return b
}

// sameSaid says whether the two say the same, where what is left out is the same
// as what says nothing.
func sameSaid(a, b any) bool {
	return bytes.Equal(appendSaid(nil, reflect.ValueOf(a)), appendSaid(nil, reflect.ValueOf(b)))
}
