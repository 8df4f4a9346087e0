package domain

import (
	"slices"
	"strings"
)

// Several records about people, seats, speaking and mandates in one command, as a table
// brings them (rule L2).

// RecordTogether records everything that it lists, or nothing. Each of its records is
// judged as if it were sent by itself after those before it: by who may, by whom it
// waits for (rule O3), and by what is said already, which is recorded once.
type RecordTogether struct {
	People       []PersonEntry        `json:"people,omitempty" doc:"to be introduced" maxItems:"300" rule:"L2"`
	Details      []UpdatePerson       `json:"details,omitempty" doc:"whose name, email or phone is another" maxItems:"300"`
	Holders      []NameHolder         `json:"holders,omitempty" doc:"who holds seats or deputises" maxItems:"300"`
	Spokespeople []RecordSpokesperson `json:"spokespeople,omitempty" doc:"who speaks for organisations" maxItems:"300"`
	Mandates     []GrantMandate       `json:"mandates,omitempty" maxItems:"300"`
	Asked        []AskMandate         `json:"asked,omitempty" doc:"who is asked for a mandate" maxItems:"300"`
	Withdrawals  []WithdrawMandate    `json:"withdrawals,omitempty" doc:"who takes a mandate back, or says that they give none" maxItems:"300"`
}

func (c *RecordTogether) personals(r *Request) []Personal {
	var ps []Personal
	for i := range c.People {
		ps = append(ps, c.People[i].personal(r)...)
	}
	for i := range c.Details {
		ps = append(ps, c.Details[i].personals(r)...)
	}
	return ps
}

// may is the permission of whoever keeps the register. Whether they may record each of
// what it lists is asked when it is decided, when those before it are known.
func (c *RecordTogether) may(w *who) (Permission, *Refusal) { return w.mustKeepRegister("L2") }

func (c *RecordTogether) decide(t *turn) *Refusal {
	whole := t.permission
	defer func() { t.permission, t.as = whole, whole.OnBehalfOf }()
	t.ownState()
	first := len(t.out)
	for _, list := range c.lists() {
		for i, one := range list.commands {
			if r := t.oneOf(one).at(nth(list.name, i)); r != nil {
				return r
			}
		}
	}
	if len(t.out) > first {
		t.before = nil // something is new, whatever else was said before
	}
	return nil
}

// togetherList is one list of a RecordTogether, by its name in JSON.
type togetherList struct {
	name     string
	commands []Command
}

// lists are what it lists, in the order in which it is decided.
func (c *RecordTogether) lists() []togetherList {
	people := togetherList{name: "people"}
	for i := range c.People {
		people.commands = append(people.commands, &RegisterPerson{c.People[i]})
	}
	return []togetherList{
		people, {"details", asCommands[*UpdatePerson](c.Details)}, {"holders", asCommands[*NameHolder](c.Holders)},
		{"spokespeople", asCommands[*RecordSpokesperson](c.Spokespeople)}, {"mandates", asCommands[*GrantMandate](c.Mandates)}, {"asked", asCommands[*AskMandate](c.Asked)},
		{"withdrawals", asCommands[*WithdrawMandate](c.Withdrawals)},
	}
}

func asCommands[P interface {
	*T
	Command
}, T any](list []T) []Command {
	all := make([]Command, len(list))
	for i := range list {
		all[i] = P(&list[i])
	}
	return all
}

// oneOf has one command of several decided, as by itself.
func (t *turn) oneOf(c Command) *Refusal {
	yes, r := t.s.May(t.actor.ID, c, t.day)
	if r != nil {
		return r
	}
	t.permission, t.as = yes, yes.OnBehalfOf
	if k, ok := c.(keepable); ok && t.mustWait(k) {
		return t.keep(k)
	}
	return c.decide(t)
}

// PathOf is where a list of the command begins, and the place in it, in a refusal's Part
// such as /holders/3/person; false for another part.
func (c *RecordTogether) PathOf(part string) (list string, i int, ok bool) {
	for _, l := range c.lists() {
		for i := range l.commands {
			if strings.HasPrefix(part+"/", "/"+nth(l.name, i)+"/") {
				return l.name, i, true
			}
		}
	}
	return "", 0, false
}

// Empty says whether it lists nothing.
func (c *RecordTogether) Empty() bool {
	return !slices.ContainsFunc(c.lists(), func(l togetherList) bool { return len(l.commands) > 0 })
}
