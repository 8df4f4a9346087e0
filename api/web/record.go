package web

import (
	"net/url"
	"time"

	"goldenthread/domain"
	"goldenthread/projections"
)

// Audit is a page of the audit trail, and the filter that chose it.
type Audit struct {
	projections.AuditPage
	Asked  url.Values
	People []Option
	Kinds  []Option
}

func (*Audit) Title() string { return "Audit trail" }
func (*Audit) file() string  { return "audit" }

// Get is what was asked for.
func (a *Audit) Get(name string) string { return a.Asked.Get(name) }

// Filter is what the downloads and the next page ask for too.
func (a *Audit) Filter(path, cursor string) string {
	q := url.Values{}
	for name, values := range a.Asked {
		if name != "cursor" && values[0] != "" {
			q.Set(name, values[0])
		}
	}
	if cursor != "" {
		q.Set("cursor", cursor)
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// Event is one event: its sentence, and the line as it is stored.
type Event struct {
	Entry   projections.AuditEntry
	ForWhom string
	Line    string
	Place   string // where what it is about is shown
	Last    bool
}

func (e *Event) Title() string { return "Event " + thousands(int(e.Entry.Index)) }
func (*Event) file() string    { return "event" }

// Before and After are the events beside it.
func (e *Event) Before() uint64 { return e.Entry.Index - 1 }
func (e *Event) After() uint64  { return e.Entry.Index + 1 }

// People are those whom the ledger knows, with what their own key opens.
type People struct{ People []Person }

// A Person is one of them.
type Person struct {
	projections.PersonLine
	Personal *domain.PersonalData
}

func (*People) Title() string { return "People" }
func (*People) file() string  { return "people" }

// Register are the organisations and seats.
type Register struct{ projections.Register }

func (*Register) Title() string { return "Organisations and seats" }
func (*Register) file() string  { return "register" }

// Kinds of organisation are shown in this order.
var kinds = []struct {
	kind  domain.OrganisationKind
	words string
}{
	{domain.PlaceKind, "Place"}, {domain.LMC, "Local medical committee"}, {domain.Federation, "Federation"}, {domain.PCN, "Primary care networks"},
	{domain.Practice, "Practices"}, {domain.PrimaryCare, "Other primary care"}, {domain.Provider, "Providers"}, {domain.SystemBody, "System bodies"},
}

// A Kind is the organisations of one kind.
type Kind struct {
	Words         string
	Organisations []projections.OrganisationLine
}

// Kinds are the organisations, kind by kind.
func (r *Register) Kinds() []Kind {
	var ks []Kind
	for _, k := range kinds {
		of := Kind{Words: k.words}
		for _, o := range r.Organisations {
			if o.Kind == k.kind {
				of.Organisations = append(of.Organisations, o)
			}
		}
		if len(of.Organisations) > 0 {
			ks = append(ks, of)
		}
	}
	return ks
}

// Charter is the charter in force.
type Charter struct{ projections.CharterInForce }

func (*Charter) Title() string { return "Charter" }
func (*Charter) file() string  { return "charter" }

// SettingValue is a setting's value in plain words.
func SettingValue(s projections.SettingLine) string {
	switch s.Name {
	case "leastCoverage":
		if s.Value == 50 {
			return "over half"
		}
		return "over " + thousands(s.Value) + " of every 100"
	case "gatekeepers":
		return thousands(s.Value)
	case "communications":
		return count(s.Value, "time")
	}
	return count(s.Value, "day")
}

// SettingName is a setting's name in plain words.
func SettingName(s projections.SettingLine) string {
	return map[string]string{
		"windowDays": "Open for objections", "reviewDays": "Longest time between reviews", "graceDays": "Grace after a missed review", "reportDays": "Report back within",
		"ratifyDays": "Ratify within", "callInDays": "Call in within", "settleDays": "Settle within", "closeDays": "A proposal lapses after", "gatekeepers": "Gatekeepers, at most",
		"communications": "Each agreement is told", "noticeDays": "Notice for withdrawing a mandate", "leastCoverage": "Least coverage, of practices and of patients",
	}[s.Name]
}

// Practice is one practice's own page: what was agreed in its name.
type Practice struct {
	Practice projections.OrganisationLine
	PCN      *projections.Body
	Standing *projections.StandingLine // nil: outside
	Outside  *domain.Outsider
	Agreed   []projections.ProposalLine // newest first
	Ask      string                     // whom to ask: office
	Notice   int                        // days for withdrawing
	May      []string                   // what the group may agree for it
	MayNot   []string
	Speaks   bool // whoever looks may record for it
	Matters  []Option
}

func (p *Practice) Title() string { return p.Practice.Name }
func (*Practice) file() string    { return "practice" }

// Card is what a representative takes along: for each appointment and each
// matter, what the check says. It holds everything that it shows.
type Card struct {
	Person       string
	Correct      time.Time // up to when nothing else had been recorded
	Appointments []CardAppointment
	Gatekeepers  string
	Coverage     string
}

func (*Card) Title() string { return "My card" }
func (*Card) file() string  { return "card" }

// A CardAppointment is one forum on a card.
type CardAppointment struct {
	projections.AppointmentLine
	Answers []CardAnswer
}

// A CardAnswer is what the check says on a matter if no sum is named.
type CardAnswer struct {
	Matter string
	Check
}
