package web

import (
	"time"

	"github.com/go-json-experiment/json"

	"goldenthread/domain"
)

// Offline is the page of what is kept on a device, and of the check there.
type Offline struct {
	Keys    []string // with which the answers are signed, as c2sp.org/signed-note writes them
	Speaks  bool     // whoever looks has answers to take along
	Forums  []Option // in which they speak
	Matters []Option
	Asked   CheckAsked // the first meeting; the device fills in the rest
}

// KeysJSON are the keys, for the page's script.
func (o *Offline) KeysJSON() (string, error) {
	b, err := json.Marshal(o.Keys)
	return string(b), err
}

// AnswersHead follows the log's origin in the first line of a signed note with answers.
const AnswersHead = " answers of the check to take along, version 1\n"

func (*Offline) Title() string { return "Without signal" }
func (*Offline) file() string  { return "offline" }
func (*Offline) lean() bool    { return true }

// OfflineAnswers are the check's answers that somebody takes along (rule R3), in the words of
// the check's page. Of each day, meeting and subject they hold a table of cases; what is
// the same stands once.
type OfflineAnswers struct {
	Group   string          `json:"group"`
	Person  string          `json:"person"`
	Known   time.Time       `json:"known"` // what was recorded until then was taken into account
	Index   uint64          `json:"index"`
	Numbers []string        `json:"numbers"` // that people write as words, by their value
	Most    int64           `json:"mostPence"`
	Longest int             `json:"mostMonths"`
	Back    OfflineAnswer   `json:"back"` // that nothing goes beyond once the answers are old
	Forums  []OfflineForum  `json:"forums"`
	Matters []OfflineMatter `json:"matters"`
	Days    []OfflineDay    `json:"days"`
	Tables  [][]OfflineCase `json:"tables"`
	Answers []OfflineAnswer `json:"answers"`
}

// An OfflineForum is a meeting; without a handle it is the executive's powers.
type OfflineForum struct {
	Forum string `json:"forum"`
	Name  string `json:"name"`
}

// An OfflineMatter is a subject with its name.
type OfflineMatter struct {
	Matter string `json:"matter"`
	Name   string `json:"name"`
}

// An OfflineDay has, for each meeting, the number of each subject's table.
type OfflineDay struct {
	Day    domain.Day `json:"day"`
	Tables [][]int    `json:"tables"`
}

// An OfflineCase is the number of the answer that holds up to a sum and a term.
type OfflineCase struct {
	Amount    *domain.Pence `json:"amountPence,omitempty"`
	Months    *int          `json:"months,omitempty"`
	OpenEnded bool          `json:"openEnded,omitzero"`
	Consulted string        `json:"consulted,omitempty"`
	Answer    int           `json:"answer"`
}

// An OfflineAnswer is an answer as its page shows it.
type OfflineAnswer struct {
	Kind       string          `json:"kind"` // "yes", "back", "no" or "view"
	Shape      string          `json:"shape"`
	Words      string          `json:"words"`
	Say        string          `json:"say"`
	Reasons    []string        `json:"reasons,omitempty"`
	Remedies   []OfflineRemedy `json:"remedies,omitempty"`
	Conditions []string        `json:"conditions,omitempty"`
	Limits     []string        `json:"limits,omitempty"`
	Behalf     string          `json:"behalf,omitempty"`
	WhoCould   []string        `json:"whoCould,omitempty"`
	Position   string          `json:"position,omitempty"`
	LastSaid   string          `json:"lastSaid,omitempty"`
	Notes      []string        `json:"notes,omitempty"`
}

// An OfflineRemedy is what would make it a yes, and where that is asked, below the
// group; "" where something has to happen first, or somebody else asks.
type OfflineRemedy struct {
	Text string `json:"text"`
	Asks string `json:"asks,omitempty"`
}

// Offline is the answer as its page shows it, without what only the server has.
func (c *Check) Offline() OfflineAnswer {
	a := c.Answer
	o := OfflineAnswer{
		Kind: c.Kind(), Shape: verdictShape(a.Verdict), Words: c.Verdict(), Say: a.Say, Conditions: a.Conditions, Behalf: c.Behalf(),
		Position: a.Position, LastSaid: plainWords(a.LastSaid), Notes: a.Notes,
	}
	for _, r := range a.Reasons {
		o.Reasons = append(o.Reasons, r.Text)
	}
	for _, r := range a.Remedies {
		remedy := OfflineRemedy{Text: r.Text}
		if len(r.Reviews) == 0 && r.Ask.Person == a.On.Person && r.Ask.Consulted == nil {
			remedy.Asks = c.Asks(r.Ask)
		}
		o.Remedies = append(o.Remedies, remedy)
	}
	for _, l := range a.Limits {
		o.Limits = append(o.Limits, l.Of+": "+l.Text)
	}
	for _, w := range a.WhoCould {
		name := w.Name
		if w.Kind == domain.CouldByPower {
			name += ", in the executive"
		}
		o.WhoCould = append(o.WhoCould, name)
	}
	return o
}

// TakenBack is the answer that answers taken along don't go beyond once they are old:
// what to say, and what the group is called in a sentence.
func TakenBack(say, group string) OfflineAnswer {
	back := Check{Answer: &domain.CheckAnswer{Verdict: domain.AdReferendum}, Group: group}
	return OfflineAnswer{Kind: back.Kind(), Shape: verdictShape(domain.AdReferendum), Words: back.Verdict(), Say: say}
}
