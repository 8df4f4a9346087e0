package web

import (
	"net/url"
	"slices"
	"strings"
)

// Filled is a form that was sent and refused. It is shown again as it was
// filled in, so that nothing has to be typed twice, with what is wrong at the
// fields that are meant.
type Filled struct {
	Form   string // which of the page's forms
	Values url.Values
	Faults []Fault
}

// A Fault is one thing that is wrong.
type Fault struct {
	Part  string // of the command, as a JSON pointer; "": none in particular
	Say   string
	Rule  string // number of the rule that says no; "": none does
	Bare  bool   // the sentence does not say what it is about: the field's label comes first
	Field string // found on the page; "": it stands above the form
}

// Place finds the field of each fault among the form's. What is at none of them
// stands above the form.
func (f *Filled) Place(parts []Piece) {
	for i := range f.Faults {
		fault := &f.Faults[i]
		name := strings.ReplaceAll(strings.TrimPrefix(fault.Part, "/"), "/", "-")
		for ; name != ""; name = cutLast(name) {
			if label, at := labelOf(parts, name, ""); at != "" {
				fault.Field = at
				if fault.Bare {
					fault.Say = labelled(label, fault.Say)
				}
				break
			}
		}
	}
	f.Faults = slices.CompactFunc(f.Faults, func(x, y Fault) bool { return x.Field == y.Field && x.Say == y.Say })
}

// cutLast takes the last part off a name: "" for the last of them.
func cutLast(name string) string {
	i := strings.LastIndex(name, "-")
	return name[:max(i, 0)]
}

// labelOf is what the field of that name is called, with its row in front, and the
// name that it has on the page: one field can stand for several; "" if there is none.
func labelOf(parts []Piece, name, row string) (label, at string) {
	for _, p := range parts {
		if p.Type != "hidden" && slices.Contains(strings.Split(p.Name, "+"), name) && p.Rows == nil {
			if row != "" {
				return row + ", " + strings.ToLower(p.Label[:1]) + p.Label[1:], p.Name
			}
			return p.Label, p.Name
		}
		for _, r := range p.Rows {
			if label, at := labelOf(r.Parts, name, r.Heading); at != "" {
				return label, at
			}
		}
	}
	return "", ""
}

// labelled puts the field's label in front of the sentence.
func labelled(label, say string) string {
	if strings.HasSuffix(label, "?") {
		return label + " " + say
	}
	return label + ": " + say
}

// Ref is where on the page the fault is to be mended.
func (f *Filled) Ref(fault Fault) string {
	if fault.Field == "" {
		return f.Form
	}
	return f.Form + "-" + fault.Field
}

// at is what is wrong with the field; "" stands for the form as a whole.
func (f *Filled) at(field string) string {
	if f == nil {
		return ""
	}
	var says []string
	for _, fault := range f.Faults {
		if fault.Field == field {
			says = append(says, fault.Say)
		}
	}
	return strings.Join(says, " ")
}
