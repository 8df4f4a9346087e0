package pages

import (
	"net/url"
	"slices"
	"strings"

	"goldenthread/api/web"
	"goldenthread/domain"
)

// The fields of forms, lent to pages that belong to no group yet.

// Pieces are the fields of what a part of a command takes, filled in. Their names begin
// with under, and choices gives what a field can name. Fields that are in without, by
// name, are left out.
func Pieces(part any, under string, values url.Values, choices func(of []string) []web.Option, without ...string) []web.Piece {
	o := &offered{choices: choices}
	for _, name := range without {
		o.without = append(o.without, under+name)
	}
	return o.pieces(domain.Describe(part), under, &filling{values: values}, true)
}

// Read reads what was filled in under names that begin with under into the part of a
// command, and says all that is wrong with it by itself, each at its field.
func Read(part any, under string, values url.Values) []web.Fault {
	f := &filling{values: url.Values{}}
	for name, of := range values {
		if rest, ok := strings.CutPrefix(name, under); ok {
			f.values[rest] = slices.Clone(of)
		}
	}
	f.read(part)
	for i := range f.faults {
		f.faults[i].Part = partOf(under) + strings.TrimPrefix(f.origin(f.faults[i].Part), "/")
	}
	return f.faults
}
