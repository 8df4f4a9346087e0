package domain

import (
	"reflect"
	"slices"
	"strings"
)

// Words of the minutes' own (rule T3): around what is recorded of a meeting the minutes
// can have words, before it all, on an item and after it. They change nothing of what is
// recorded, and a later meeting approves the minutes with them.

// WordMinutes gives the minutes of a meeting words around what is recorded. What is given
// later takes the place of all of it.
type WordMinutes struct {
	On Day `json:"on" doc:"day of the meeting" rule:"T3" ask:"Of which day are the minutes?"`
	MinutesWords
	After uint64 `json:"after,omitzero" doc:"index of the event whose words these take the place of; none: there are none yet"`
}

// MinutesWords are the words of the minutes around what is recorded.
type MinutesWords struct {
	Opening string      `json:"opening,omitempty" doc:"before everything else" maxLength:"20000" rule:"T3" call:"the words at the beginning" ask:"At the beginning" hint:"Leave empty what needs no words."`
	Items   []ItemWords `json:"items,omitempty" doc:"on items of the agenda" maxItems:"100" one:"item" ask:"On each item"`
	Closing string      `json:"closing,omitempty" doc:"after everything else" maxLength:"20000" rule:"T3" call:"the words at the end" ask:"At the end"`
}

// ItemWords are the minutes' words on one item of the agenda.
type ItemWords struct {
	Item  int    `json:"item" doc:"its number on the agenda, from 1"`
	Words string `json:"words,omitempty" maxLength:"20000" rule:"T3" call:"the words" ask:"Words"`
}

func (c *WordMinutes) may(w *who) (Permission, *Refusal) { return w.mustSetAgenda() }

func (c *WordMinutes) decide(t *turn) *Refusal {
	b, r := t.meetingOfOurs(c.On)
	if r != nil {
		return r.at("on")
	}
	switch {
	case b.Held == 0:
		return notNow("T3", "The meeting of %s is not recorded yet: record it first.", c.On.Words()).at("on")
	case b.Approved != 0:
		return notNow("T3", "The minutes of %s were approved on %s, so their words stay.", c.On.Words(), b.Approved.Words())
	}
	words := MinutesWords{Opening: c.Opening, Closing: c.Closing}
	for i, item := range c.Items {
		if strings.TrimSpace(item.Words) == "" {
			continue
		}
		if r := b.checkItem(item.Item); r != nil {
			return r.at(nth("items", i))
		}
		if slices.ContainsFunc(words.Items, func(o ItemWords) bool { return o.Item == item.Item }) {
			return invalid("T3", "Item %d has words twice: put both into one.", item.Item).at("item").at(nth("items", i))
		}
		words.Items = append(words.Items, item)
	}
	switch was := b.Words; {
	case was == nil && c.After != 0:
		return invalid("T3", "The minutes of %s have no words of their own yet.", c.On.Words()).at("after")
	case was == nil && reflect.DeepEqual(words, MinutesWords{}):
		return invalid("T3", "Write what the minutes should say beside what is recorded.").at("opening")
	case was != nil && reflect.DeepEqual(was.MinutesWords, words):
		return t.saidBefore(was.Index)
	case was != nil && was.Index != c.After:
		return notNow("T3", "%s edited the minutes while you were writing. Read them, and put yours together with them.", FirstUpper(t.s.office(was.By)))
	}
	t.record(&MinutesWorded{On: c.On, MinutesWords: words})
	return nil
}

// MinutesWorded: the minutes of a meeting have words around what is recorded.
type MinutesWorded struct {
	On Day `json:"on"`
	MinutesWords
}

func (e *MinutesWorded) Subject() string { return GroupMeetingRef(e.On) }
func (e *MinutesWorded) apply(s *State, ev *Event) {
	s.groupMeetingOn(e.On).Words = &WordedMinutes{e.MinutesWords, actorID(ev), ev.Index}
}

// WordedMinutes are the words of minutes, and who gave them.
type WordedMinutes struct {
	MinutesWords
	By    string
	Index uint64
}

// On are the words on that item; "" for none.
func (w *WordedMinutes) On(item int) string {
	if w == nil {
		return ""
	}
	for _, i := range w.Items {
		if i.Item == item {
			return i.Words
		}
	}
	return ""
}
