package domain

import (
	"fmt"
	"strconv"
)

// A Refusal is the rules' "no": it carries the number of the rule and a
// sentence that a GP understands. Nothing was written.
type Refusal struct {
	Rule  string       // number in the rule book (RULES.md), such as "C3"
	Say   string       // one or two plain sentences
	Class RefusalClass // what sort of no it is
	Part  string       // of the command that is meant, as a JSON pointer: /instruments/0/appoint/until; "": none in particular
}

// RefusalClass sorts refusals by what the caller can do about them.
type RefusalClass int

const (
	Invalid  RefusalClass = iota // the words, numbers or dates are wrong: mend them
	NotFound                     // what was named does not exist
	NotYours                     // somebody else may do this, not this person
	NotNow                       // the state of things forbids it
)

func (r *Refusal) Error() string { return r.Rule + ": " + r.Say }

func invalid(rule, say string, args ...any) *Refusal {
	return &Refusal{Rule: rule, Say: fmt.Sprintf(say, args...), Class: Invalid}
}

func notFound(rule, say string, args ...any) *Refusal {
	return &Refusal{Rule: rule, Say: fmt.Sprintf(say, args...), Class: NotFound}
}

func notYours(rule, say string, args ...any) *Refusal {
	return &Refusal{Rule: rule, Say: fmt.Sprintf(say, args...), Class: NotYours}
}

func notNow(rule, say string, args ...any) *Refusal {
	return &Refusal{Rule: rule, Say: fmt.Sprintf(say, args...), Class: NotNow}
}

// at says which part of the command the refusal means, or of which part it is.
func (r *Refusal) at(part string) *Refusal {
	if r != nil {
		r.Part = "/" + part + r.Part
	}
	return r
}

// nth is the part of a list.
func nth(list string, i int) string { return list + "/" + strconv.Itoa(i) }

// firstRefusal is the first of them that is one.
func firstRefusal(rs ...*Refusal) *Refusal {
	for _, r := range rs {
		if r != nil {
			return r
		}
	}
	return nil
}
