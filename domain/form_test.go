package domain

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// described are the commands and instruments, by name.
func described() map[string]*Form {
	all := map[string]*Form{}
	for _, k := range Commands {
		all[k.Name] = Describe(k.New())
	}
	for _, f := range Describe(new(Instrument)).Fields {
		all[f.Name] = f.Each
	}
	return all
}

func eachField(f *Form, at string, do func(at string, f *Field)) {
	for i := range f.Fields {
		field := &f.Fields[i]
		do(at+"/"+field.Name, field)
		if field.Each != nil {
			eachField(field.Each, at+"/"+field.Name, do)
		}
	}
}

func TestDescriptionsAreWhole(t *testing.T) {
	for name, form := range described() {
		require.NotEmpty(t, form.Fields, name)
		eachField(form, name, func(at string, f *Field) {
			for _, c := range f.Choices {
				if f.Ask != "" && c.Words == c.Value {
					assert.Equal(t, "membersOnly", f.Name, "%s: choice %q has no words", at, c.Value)
				}
			}
			if f.called != "" && f.Kind != CodeField {
				assert.NotZero(t, f.Most, "%s: words without a bound", at)
			}
			checked := slices.Contains([]FieldKind{MatterField, MoneyField, TimeField, CodeField}, f.Kind) || f.Unit == "months"
			if checked || f.called != "" || f.otherwise != "" {
				assert.Regexp(t, `^[A-Z][0-9]+$`, f.rule, "%s: a refusal without a rule", at)
			}
			if f.Kind == RowsField && f.Ask != "" && f.Of == nil {
				assert.NotEmpty(t, f.One, "%s: rows without a name", at)
			}
			assert.False(t, strings.HasPrefix(f.Ask, "-"), at)
		})
	}
}

func TestCheckFindsAllFaultsAtTheirFields(t *testing.T) {
	faults := Describe(new(RaiseObjection)).Check(&RaiseObjection{Proposal: "P1", Version: 1, WouldResolve: strings.Repeat("x", 2001)})
	require.Equal(t, []string{
		"/grade C3: Say whether this is a concern or a block.",
		"/why C3: Please give why.",
		"/wouldResolve C3: Please shorten what would resolve it: it has 2001 characters, and 2000 fit.",
	}, faultsSaid(faults))

	faults = Describe(new(RaiseProposal)).Check(&RaiseProposal{Title: "T", Text: "x", Matter: "Not a path", Instruments: []Instrument{
		{GrantDelegation: &GrantDelegation{Powers: []Power{
			{Matter: "access", May: []string{"decide"}, ItemLimit: -1, Months: 1201},
			{Matter: "access", May: []string{"spend"}, Conditions: []Condition{{When: "after"}}},
		}}},
		{Appoint: &Appoint{Lines: []Line{{Matter: "access"}}}},
	}})
	require.Equal(t, []string{
		`/matter F6: "Not a path" is not a matter; write it as a path such as access/extended-hours.`,
		"/instruments/0/grantDelegation/powers/0/itemLimitPence D4: An amount is a sum between nothing and £10,000,000,000.",
		"/instruments/0/grantDelegation/powers/0/months D4: A term is a number of months between none and 1,200.",
		"/instruments/0/grantDelegation/powers/1/may D1: Say whether the power is to decide, to commit or both.",
		"/instruments/1/appoint/lines/0/stance R2: A line says discretion, within limits, bring back or not.",
	}, faultsSaid(faults))

	require.Empty(t, Describe(new(RecordCommitment)).Check(&RecordCommitment{Matter: "access", Words: "x", Given: OwnView}), "sums and terms that are not said")
}

// A list is as long as the description says, and no longer, wherever it stands.
func TestListsAreBounded(t *testing.T) {
	lists := 0
	for name, form := range described() {
		eachField(form, name, func(at string, f *Field) {
			if !f.Many() || f.Most == 0 {
				return
			}
			lists++
			elem := reflect.TypeFor[string]()
			if f.Each != nil {
				elem = formTypes()[f.Each]
			}
			for _, n := range []int{f.Most, f.Most + 1} {
				r := f.fault(reflect.MakeSlice(reflect.SliceOf(elem), n, n))
				tooMany := r != nil && strings.Contains(r.Say, "at most "+Thousands(f.Most)+" fit")
				assert.Equal(t, n > f.Most, tooMany, "%s with %d: %v", at, n, r)
			}
		})
	}
	require.Greater(t, lists, 30)
}

// formTypes are the types that the descriptions are of.
func formTypes() map[*Form]reflect.Type {
	types := map[*Form]reflect.Type{}
	for t, f := range forms {
		types[f] = t
	}
	return types
}

func faultsSaid(faults []*Refusal) []string {
	var all []string
	for _, r := range faults {
		all = append(all, r.Part+" "+r.Error())
	}
	return all
}

// A choice that the description offers is one that the rules know, and the other
// way round.
func TestChoicesAreThoseOfTheRules(t *testing.T) {
	values := func(v any, name string) []string {
		form := Describe(v)
		i := slices.IndexFunc(form.Fields, func(f Field) bool { return f.Name == name })
		var all []string
		for _, c := range form.Fields[i].Choices {
			all = append(all, c.Value)
		}
		slices.Sort(all)
		return all
	}
	var duties []string
	for duty := range mostOf {
		duties = append(duties, string(duty))
	}
	slices.Sort(duties)
	require.Equal(t, duties, values(new(DutyEntry), "duty"))
	require.Equal(t, duties, values(new(EndDuty), "duty"))
	things := slices.Clone(membersOnlyThings)
	slices.Sort(things)
	require.Equal(t, things, values(new(Charter), "membersOnly"))
}
