package web

import (
	"encoding/base64"
	"html/template"
	"net/url"
	"time"

	"rsc.io/qr"

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

	Corrections []Correction
}

// A Correction is a later word on an event.
type Correction struct {
	Words string
	Index uint64
}

func (e *Event) Title() string { return "Event " + domain.Thousands(int(e.Entry.Index)) }
func (*Event) file() string    { return "event" }

// Before and After are the events beside it.
func (e *Event) Before() uint64 { return e.Entry.Index - 1 }
func (e *Event) After() uint64  { return e.Entry.Index + 1 }

// People are those whom the ledger knows, with what their own key opens.
type People struct {
	People []Person
	Pager
}

// A Person is one of them.
type Person struct {
	projections.PersonLine
	Personal *domain.PersonalData
	Erases   bool // whoever looks can have it erased
	Leaves   bool // there is a page about what they leave open
}

func (*People) Title() string { return "People" }
func (*People) file() string  { return "people" }

// Register are the organisations and seats.
type Register struct {
	projections.Register
	Brings bool // whoever looks may bring a list
}

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
type Charter struct {
	projections.CharterInForce
	Before    []projections.ScheduleLine // what stood before, and comes in once the group is established
	BroughtIn []projections.ProposalLine // what stood before, and came in with the charter
	Awaits    []CharterConsent           // for which whoever looks has yet to consent
}

// A CharterConsent is a seat for which whoever looks has yet to consent to the charter.
type CharterConsent struct {
	Seat, Form string
	Says       []string // what would be recorded
	Refused    string   // why they can't consent now; "": they can
}

func (*Charter) Title() string { return "Charter" }
func (*Charter) file() string  { return "charter" }

// Card is what a representative takes along: for each appointment and each
// matter, what the check says. It holds everything that it shows.
type Card struct {
	Person       string
	Correct      time.Time // up to when nothing else had been recorded
	Appointments []CardAppointment
	Gatekeepers  string
	Coverage     string
	Back         OfflineAnswer // that the card doesn't go beyond once it is old
}

// CorrectAt is that moment for the page's script.
func (c *Card) CorrectAt() string { return c.Correct.Format(time.RFC3339) }

func (*Card) Title() string { return "My card" }
func (*Card) file() string  { return "card" }

// A CardAppointment is one forum on a card.
type CardAppointment struct {
	projections.AppointmentLine
	Answers []CardAnswer
	Proof   *CardProof // nil: not to be had
}

// A CardProof is the proof that an appointment is in the signed log, as a
// picture that stands on paper too.
type CardProof struct {
	Index   uint64       // of the event that is proved
	Picture template.URL // QR code of a c2sp.org/tlog-proof@v1
}

// NewCardProof is the picture of a proof; nil where the proof, with the
// cosignatures of many witnesses, is too long for one.
func NewCardProof(index uint64, proof []byte) *CardProof {
	picture := Picture(string(proof))
	if picture == "" {
		return nil
	}
	return &CardProof{index, picture}
}

// Picture is the text as a QR code, to be shown in a page; "" where it is too
// long for one.
func Picture(text string) template.URL {
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		return ""
	}
	code.Scale = 3 // dots a module
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(code.PNG()))
}

// A CardAnswer is what the check says on a matter if no sum is named.
type CardAnswer struct {
	Matter string
	Check
}
