package domain

import "fmt"

// A Refusal is the rules' "no": it carries the number of the rule and a
// sentence that a GP understands. Nothing was written.
type Refusal struct {
	Rule  string       // number in the rule book, such as "C3"
	Say   string       // one or two plain sentences
	Class RefusalClass // what sort of no it is
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
	return &Refusal{rule, fmt.Sprintf(say, args...), Invalid}
}

func notFound(rule, say string, args ...any) *Refusal {
	return &Refusal{rule, fmt.Sprintf(say, args...), NotFound}
}

func notYours(rule, say string, args ...any) *Refusal {
	return &Refusal{rule, fmt.Sprintf(say, args...), NotYours}
}

func notNow(rule, say string, args ...any) *Refusal {
	return &Refusal{rule, fmt.Sprintf(say, args...), NotNow}
}

// firstRefusal is the first of them that is one.
func firstRefusal(rs ...*Refusal) *Refusal {
	for _, r := range rs {
		if r != nil {
			return r
		}
	}
	return nil
}
