package domain

import (
	"bytes"
	"cmp"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
)

// Charter (rules F6, F7): the terms of reference, with their settings.

// Stances of a remit's line, and of the charter for matters without a line (rule R2).
type Stance string

const (
	Discretion   Stance = "discretion"    // agree, then report; carries no money
	WithinLimits Stance = "within-limits" // up to a sum and a term
	BringBack    Stance = "bring-back"    // bring the question back to the group
	Not          Stance = "not"           // a red line
)

// Sight is what of the group's work invited system bodies see (rule F3).
type Sight string

const (
	SeesReleased Sight = "released" // what was released to them, and nothing else
	SeesWork     Sight = "work"     // everything that the charter does not keep to members
)

// Sight is what invited system bodies see. A charter from before this was asked says nothing: it
// kept what it names to members, and nothing else.
func (c *Charter) Sight() Sight { return cmp.Or(c.SystemSees, SeesWork) }

// A Charter is one version of a group's terms of reference. In what is asked for, a
// number of 0 takes the default that Settings explains, unless Zero names it.
type Charter struct {
	Text              string   `json:"text" maxLength:"20000" rule:"F1" call:"the charter's text" ask:"The charter's text"`
	Quorum            int      `json:"quorum" doc:"seats that must consent explicitly" rule:"F6" ask:"How many seats must consent explicitly?" hint:"The others stand aside or consent too: nobody is outvoted." unit:"seats"`
	QuorumOf          []string `json:"quorumOf,omitempty" doc:"organisations that must be among them, by code" of:"entitled" ask:"Who must be among them?"`
	People            int      `json:"quorumPeople,omitzero" doc:"different people from whom the explicit consents must come" unit:"people"`
	Window            int      `json:"windowDays,omitempty" doc:"days for objections" unit:"days"`
	ReviewWithin      int      `json:"reviewDays,omitempty" doc:"longest time between reviews, days" unit:"days"`
	Grace             int      `json:"graceDays,omitempty" doc:"days after a missed review before a power is paused" unit:"days"`
	ReportWithin      int      `json:"reportDays,omitempty" doc:"days to report back from a meeting" unit:"days"`
	RatifyWithin      int      `json:"ratifyDays,omitempty" doc:"days to ratify what waits" unit:"days"`
	CallInWithin      int      `json:"callInDays,omitempty" doc:"days to call in an executive decision" unit:"days"`
	ConfirmWithin     int      `json:"confirmDays,omitzero" doc:"days for those who acted together to confirm an executive decision" unit:"days"`
	SettleWithin      int      `json:"settleDays,omitempty" doc:"days to settle what was called in or suspended" unit:"days"`
	ConsultWithin     int      `json:"consultDays,omitzero" doc:"days for which a consultation counts" unit:"days"`
	CloseWithin       int      `json:"closeDays,omitempty" doc:"days after which a proposal without consensus lapses" unit:"days"`
	Gatekeepers       int      `json:"gatekeepers,omitempty" doc:"most gatekeepers: 1 or 2" unit:"people"`
	Communications    int      `json:"communications,omitempty" doc:"times that each agreement is communicated" unit:"times"`
	Notice            int      `json:"noticeDays,omitempty" doc:"notice for withdrawing a mandate, days" unit:"days"`
	DefaultStance     Stance   `json:"defaultStance" enum:"discretion,bring-back" doc:"where a remit says nothing" else:"Say whether representatives, where their remit says nothing, have discretion or bring the question back." ask:"Where a remit says nothing, a representative…"`
	LeastCoverage     int      `json:"leastCoverage,omitempty" doc:"per cent of practices, and of patients, that must be exceeded" unit:"of every 100"`
	Reserved          []string `json:"reserved,omitempty" doc:"matters that can't be delegated, beside charter, membership and delegation" ask:"What can never be delegated" hint:"One subject on a line. The charter, membership and delegation itself always are."`
	MembersOnly       []string `json:"membersOnly,omitempty" doc:"what only members see: proposals, objections, powers, commitments, audit, approaches, priorities, departures, actions, agenda" any:"proposals,objections,powers,commitments,audit,approaches,priorities,departures,actions,agenda" ask:"What do only members see?"`
	SystemSees        Sight    `json:"systemSees,omitzero" enum:"released,work" doc:"what invited system bodies see: released, or work; released if nothing is said" ask:"What do system bodies see that we invite?" hint:"What is released to them, unless you say otherwise: no objections, positions, limits, briefs or work." none:"What is released to them"`
	Matters           []string `json:"matters" doc:"what the group may be asked about" ask:"What the group may be asked about" hint:"One subject on a line, as a short path such as access/extended-hours. Each takes in all below it."`
	OtherCareSeated   bool     `json:"otherPrimaryCare,omitempty" doc:"other primary care may hold seats" ask:"Other primary care may hold seats"`
	RequireSignatures bool     `json:"requireSignatures,omitzero" doc:"what a seat says to a proposal is signed with a passkey" ask:"What a seat says to a proposal is signed with a passkey"`
	Zero              []string `json:"zero,omitempty" doc:"settings that are to be 0, by name, such as noticeDays; a setting that is given as 0 is the same" maxItems:"20"`
}

// A Setting explains one setting of the charter and what it is if nothing is said.
type Setting struct {
	Name    string `json:"name"`
	Called  string `json:"called" doc:"in plain words"`
	Default int    `json:"default"`
	Say     string `json:"say"`
	field   func(*Charter) *int
	least   int
	most    int
}

// Settings are the charter's numbers, each with its default (rule F6).
var Settings = []Setting{
	{"windowDays", "Open for objections", 7, "A proposal stays open for objections for a week, so that everybody has had it in front of them.", func(c *Charter) *int { return &c.Window }, 1, 90},
	{"reviewDays", "Longest time between reviews", 365, "Every power and appointment is looked at again at least once a year.", func(c *Charter) *int { return &c.ReviewWithin }, 7, 1100},
	{"graceDays", "Grace after a missed review", 30, "A missed review is overdue for a month before the power is paused.", func(c *Charter) *int { return &c.Grace }, 1, 180},
	{"reportDays", "Report back within", 5, "Whoever went to a meeting reports back within five days.", func(c *Charter) *int { return &c.ReportWithin }, 1, 90},
	{"ratifyDays", "Ratify within", 35, "What waits for the group's word lapses after five weeks.", func(c *Charter) *int { return &c.RatifyWithin }, 1, 180},
	{"callInDays", "Call in within", 7, "Any seat has a week to call in what the executive decided.", func(c *Charter) *int { return &c.CallInWithin }, 1, 90},
	{"confirmDays", "Confirm within", 7, "Those who decided something together each confirm it within a week of its being recorded, or it lapses.", func(c *Charter) *int { return &c.ConfirmWithin }, 1, 90},
	{"settleDays", "Settle within", 28, "What was called in or suspended is settled within four weeks.", func(c *Charter) *int { return &c.SettleWithin }, 1, 180},
	{"consultDays", "A consultation counts for", 90, "Whoever must be consulted before a decision was consulted at most three months before it.", func(c *Charter) *int { return &c.ConsultWithin }, 1, 365},
	{"closeDays", "A proposal lapses after", 60, "A proposal without consensus lapses after two months.", func(c *Charter) *int { return &c.CloseWithin }, 7, 400},
	{"gatekeepers", "Gatekeepers, at most", 2, "One or two named people take the system's approaches.", func(c *Charter) *int { return &c.Gatekeepers }, 1, 2},
	{"communications", "Each agreement is told", 2, "Each agreement is told to the practices twice.", func(c *Charter) *int { return &c.Communications }, 1, 10},
	{"noticeDays", "Notice for withdrawing a mandate", 28, "A practice withdraws its mandate with four weeks' notice.", func(c *Charter) *int { return &c.Notice }, 0, 180},
	{"leastCoverage", "Least coverage, of practices and of patients", 50, "Nobody commits unless over half of the practices, and of their patients, stand behind the group.", func(c *Charter) *int { return &c.LeastCoverage }, 1, 99},
	{"quorumPeople", "Different people who must consent", 3, "The consents come from at least three different people, or as many as the quorum has seats if that is fewer: one person who holds several seats counts once.", func(c *Charter) *int { return &c.People }, 2, 50},
}

// A YesOrNo is a setting of the charter that holds or doesn't. It is false in a
// charter that was stored before there was such a setting.
type YesOrNo struct {
	Name   string
	Called string // what holds where it is true, in plain words
	field  func(*Charter) *bool
	wider  bool   // the value that lets people do more, see widerThan
	lets   string // what that lets them do more
}

// Holds says whether it is so in that charter.
func (y *YesOrNo) Holds(c *Charter) bool { return *y.field(c) }

// YesOrNos are the charter's settings that hold or don't (rule F6).
var YesOrNos = []YesOrNo{
	{"otherPrimaryCare", "Other primary care may hold seats", func(c *Charter) *bool { return &c.OtherCareSeated }, true, "seats for other primary care"},
	{"requireSignatures", "What a seat says to a proposal is signed with a passkey of whoever says it", func(c *Charter) *bool { return &c.RequireSignatures }, false, "positions without a signature"},
}

var membersOnlyThings = []string{"proposals", "objections", "powers", "commitments", "audit", "approaches", "priorities", "departures", "actions", "agenda"}

// settled is the charter with defaults in place of what was not said. What was said
// to be zero is zero, or is refused (rule F6).
func (c Charter) settled() Charter {
	if !slices.Contains(c.Zero, "quorumPeople") {
		c.People = c.people()
	}
	for _, s := range Settings {
		if v := s.field(&c); *v == 0 && !slices.Contains(c.Zero, s.Name) {
			*v = s.Default
		}
	}
	c.SystemSees = cmp.Or(c.SystemSees, SeesReleased)
	return c
}

// people is from how many different people consents must come, at least: what the
// charter says or, where it says nothing, the smaller of three and the quorum, and
// never less than two (rule F10).
func (c *Charter) people() int {
	if c.People != 0 {
		return c.People
	}
	return max(2, min(3, c.Quorum))
}

// Settled is the charter with defaults in place of what it does not say.
func (c *Charter) Settled() Charter { return c.settled() }

// NoteZeros marks, in what was read of that JSON, the charter settings that it
// gives as 0: nothing else tells them from those that it leaves out (rule F6). Into
// is a pointer to a command or a part of one. JSON that can't be read marks nothing.
func NoteZeros(into any, body []byte) {
	_, own := into.(*Charter)
	if own || bytes.Contains(body, []byte("harter")) { // there is none in most commands
		noteZeros(reflect.ValueOf(into).Elem(), body)
	}
}

func noteZeros(v reflect.Value, raw json.RawMessage) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			noteZeros(v.Elem(), raw)
		}
	case reflect.Slice:
		var items []json.RawMessage
		if v.Type().Elem().Kind() == reflect.Struct && json.Unmarshal(raw, &items) == nil && len(items) == v.Len() {
			for i := range items {
				noteZeros(v.Index(i), items[i])
			}
		}
	case reflect.Struct:
		var said map[string]json.RawMessage
		if json.Unmarshal(raw, &said) != nil {
			return
		}
		if c, ok := v.Addr().Interface().(*Charter); ok {
			c.noteZeros(said)
			return
		}
		for i := range v.NumField() {
			name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			if member, ok := said[name]; ok && v.Type().Field(i).IsExported() {
				noteZeros(v.Field(i), member)
			}
		}
	}
}

func (c *Charter) noteZeros(said map[string]json.RawMessage) {
	for _, set := range Settings {
		if raw, ok := said[set.Name]; ok && *set.field(c) == 0 && string(raw) != "null" {
			c.Zero = appendNew(c.Zero, set.Name)
		}
	}
}

// settledInstruments are the instruments with every number of a charter said: what
// the seats consent to does not change with the defaults.
func settledInstruments(is []Instrument) []Instrument {
	for i := range is {
		if is[i].ChangeCharter != nil {
			settled := *is[i].ChangeCharter
			settled.Charter = settled.Charter.settled()
			is = slices.Clone(is)
			is[i].ChangeCharter = &settled
		}
	}
	return is
}

// check refuses a charter that could not work with those seats.
func (c *Charter) check(s *State, seats []string) *Refusal {
	for _, name := range c.Zero {
		i := slices.IndexFunc(Settings, func(set Setting) bool { return set.Name == name })
		if i < 0 {
			return invalid("F6", "%q is not a setting of the charter.", Clip(name)).at("zero")
		}
		if v := *Settings[i].field(c); v != 0 {
			return invalid("F6", "%s can't be 0 and %d at once.", name, v).at(name)
		}
	}
	for _, set := range Settings {
		if v := *set.field(c); v < set.least || v > set.most {
			return invalid("F6", "%s is a number between %d and %d. %s", set.Name, set.least, set.most, set.Say).at(set.Name)
		}
	}
	if c.Quorum < 1 || c.Quorum > len(seats) {
		return invalid("F6", "The quorum is a number of seats between 1 and %d.", len(seats)).at("quorum")
	}
	for _, code := range c.QuorumOf {
		if !slices.Contains(seats, code) {
			return invalid("F6", "%s is named in the quorum but has no seat.", Clip(code)).at("quorumOf")
		}
	}
	if len(c.QuorumOf) > c.Quorum {
		return invalid("F6", "The quorum names more organisations than it has seats.").at("quorumOf")
	}
	if len(c.Matters) == 0 || len(c.Matters) > 200 || len(c.Reserved) > 200 {
		return invalid("F6", "Name the matters that the group may be asked about, at most 200.").at("matters")
	}
	for _, m := range c.Matters {
		if r := checkMatter("F6", m); r != nil {
			return r.at("matters")
		}
	}
	for _, m := range c.Reserved {
		if r := checkMatter("F6", m); r != nil {
			return r.at("reserved")
		}
	}
	if c.Sight() != SeesReleased && c.Sight() != SeesWork {
		return invalid("F6", "Invited system bodies see what was released to them, or the group's work: released or work.").at("systemSees")
	}
	for _, m := range c.MembersOnly {
		if !slices.Contains(membersOnlyThings, m) {
			return invalid("F6", "What is for members only can be: %s.", strings.Join(membersOnlyThings, ", ")).at("membersOnly")
		}
	}
	return nil
}

// Founding is the source of what came with the founding, where other things
// name the proposal by which they were agreed.
const Founding = "founding"

// A CharterVersion is a charter in force from a day.
type CharterVersion struct {
	Version int
	Charter Charter
	From    Day
	Source  string // Founding, or the proposal whose words it is
	Index   uint64
	Back    int    // version to which it went back; 0: it is new
	BackBy  string // the agreement that set the other aside
}

// By is the agreement by which the version came into force.
func (v *CharterVersion) By() string { return cmp.Or(v.BackBy, v.Source) }

// A CharterConsent is a seat's consent to the first charter or, while the group forms
// again, to the charter as it stands (rule F1).
type CharterConsent struct {
	Seat   string `json:"seat"`
	Person string `json:"person"`
	On     Day    `json:"on"`
	Index  uint64 `json:"index"`

	way Way // under which it was given
}

// CharterOn is the charter in force on that day; before the first one, the first.
func (s *founding) CharterOn(d Day) *CharterVersion {
	for i := len(s.Charters) - 1; i > 0; i-- {
		if s.Charters[i].From <= d {
			return &s.Charters[i]
		}
	}
	return &s.Charters[0]
}

// Charter is the newest charter.
func (s *founding) Charter() *Charter { return &s.Charters[len(s.Charters)-1].Charter }

// CharterAdopted: an agreement changed the charter (rule F7).
type CharterAdopted struct {
	Version int     `json:"version"`
	Charter Charter `json:"charter"`
	Source  string  `json:"source"`
	Back    int     `json:"back,omitzero" doc:"version to which it goes back, the agreement that changed it having been set aside"`
}

func (e *CharterAdopted) Subject() string { return "charter" }
func (e *CharterAdopted) apply(s *State, ev *Event) {
	v := CharterVersion{Version: e.Version, Charter: e.Charter, From: ev.Effective, Source: e.Source, Index: ev.Index}
	if e.Back != 0 {
		v.Source, v.Back, v.BackBy = s.Charters[e.Back-1].Source, e.Back, e.Source
	}
	s.Charters = append(s.Charters, v)
}
