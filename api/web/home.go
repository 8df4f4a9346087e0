package web

import (
	"fmt"
	"net/url"
	"strings"

	"goldenthread/domain"
	"goldenthread/projections"
)

// Front are the groups of a server, for its operator.
type Front struct{ Groups []Option }

func (Front) Title() string { return "Groups" }
func (Front) file() string  { return "front" }

// Problem says that something could not be done, and where to go on.
type Problem struct {
	Heading string
	Say     string
	Rule    string    // number of the rule that says no; "": none does
	SignIn  string    // address
	Draft   string    // the form that could not be taken, which the page keeps; "": there is none
	Next    string    // address to which it was sent
	Typed   []Entered // what was typed into a form whose page can't be shown any more
	Group   string
	Name    string
}

func (p Problem) Title() string { return p.Heading }
func (Problem) file() string    { return "problem" }

// Home is a group's own page: who it is, and what waits for whoever looks.
type Home struct {
	Register projections.Register
	Mandate  projections.Mandate
	ToDo     FirstDue
	Open     []projections.ProposalLine
	Agreed   []projections.ProposalLine // newest first
	Practice *projections.Body          // of whoever looks
	Consents bool                       // the charter awaits the consent of whoever looks
	Outside  bool                       // looked at by somebody who may not see what waits
}

func (Home) Title() string { return "Home" }
func (Home) file() string  { return "home" }

// Duties are the people with a duty, by duty.
func (h Home) Duties(duty string) string {
	var offices []string
	for _, d := range h.Register.Duties {
		if string(d.Duty) == duty {
			words := d.Person.Office
			if d.EmployedBySystem {
				words += " (employed by " + d.Employer.Name + ")"
			}
			offices = append(offices, words)
		}
	}
	return domain.List(offices)
}

// PlaceOf is where a reference is shown, below the group.
func PlaceOf(ref string) string {
	if ref == "" {
		return ""
	}
	switch {
	case strings.Contains(ref, "/"):
		return placeOfPath(ref)
	case ref == "executive":
		return "powers"
	case ref == "charter":
		return "charter"
	case len(ref) > 1 && ref[1] >= '0' && ref[1] <= '9':
		switch ref[0] {
		case 'P':
			return "proposals/" + ref
		case 'D', 'E':
			return "powers#" + ref
		case 'R', 'I':
			return "representation#" + ref
		case 'K':
			return "commitments#" + ref
		case 'M':
			return "mandate?entry=" + ref + "#" + ref
		case 'A', 'S':
			return "approaches#" + ref
		case 'Y', 'W':
			return "priorities#" + ref
		case 'T':
			return "actions#" + ref
		case 'X':
			return "departures#" + ref
		case 'N', 'V':
			return "waiting#" + ref
		case 'Q':
			return "questions#" + ref
		}
	}
	return ""
}

// WaitingPlace is where what waits for somebody is answered.
func WaitingPlace(w projections.WaitingItem) string {
	practice, ofPractice := strings.CutPrefix(w.Ref, "practice/")
	switch {
	case w.ToConfirm():
		return strings.TrimSuffix("waiting#"+w.Ref, "#") // of several there is no one reference
	case ofPractice:
		return "practices/" + practice + "#notices"
	}
	return DuePlace(domain.Due{What: w.Ref, Kind: domain.DueKind(w.Kind)})
}

// leftPlace is where it is seen to that somebody left this open: what is handed over is on a
// page of each person's.
func leftPlace(ref string) string {
	if kind, _, _ := strings.Cut(ref, "/"); kind == "seat" || kind == "organisation" {
		return "people"
	}
	return PlaceOf(ref)
}

// SubjectPlace is where what an event is about is shown: "proposal/P1".
func SubjectPlace(subject string) string {
	kind, of, _ := strings.Cut(subject, "/")
	switch kind {
	case "proposal", "delegation", "exercise", "appointment", "commitment", "meeting", "executive",
		"approach", "side-conversation", "priority", "priorities", "action", "departure", "question", "record":
		if of == "" {
			of = kind
		}
		return PlaceOf(of)
	case "notice":
		return noticePlace(of)
	case "agenda":
		return placeOfPath(subject)
	case "charter", "group":
		return "charter"
	case "organisation", "seat", "duty":
		return "register"
	case "joining":
		return "register#wider"
	case "document":
		return "documents"
	case "person", "access":
		return "people"
	case "forum", "matter", "interest":
		return "representation"
	}
	return ""
}

// noticePlace is where the notice about something is shown.
func noticePlace(ref string) string {
	return "notices?about=" + url.QueryEscape(ref) + "#notice-" + ref
}

// DuePlace is where something on the work list is to be done.
func DuePlace(d domain.Due) string {
	switch d.Kind {
	case domain.DueCommunicate:
		return noticePlace(d.What)
	case domain.DueLeft:
		return leftPlace(d.What)
	case domain.DueLetter:
		return "mandates"
	default:
		return PlaceOf(d.What)
	}
}

func placeOfPath(ref string) string {
	kind, of, _ := strings.Cut(ref, "/")
	switch kind {
	case "charter":
		return "charter"
	case "schedule":
		return "charter#before-" + of
	case "duty", "seat", "organisation":
		return "register"
	case "joining":
		return "register#wider"
	case "matter":
		return "representation#positions"
	case "agenda":
		return "agenda/" + of
	}
	if _, err := domain.ParseDay(of); err == nil {
		return "meetings/" + kind + "/" + of
	}
	return ""
}

// recordedWords say what was done by a form.
var recordedWords = map[string]string{
	"confirm-record":         "What you confirmed is recorded",
	"refuse-record":          "Your refusal is recorded",
	"consent-to-charter":     "Your consent to the charter is recorded",
	"raise-proposal":         "Your proposal is recorded",
	"put-proposal":           "The proposal is open",
	"amend-proposal":         "The new version is recorded; everybody is asked again",
	"offer-words":            "Your words are recorded",
	"withdraw-proposal":      "The proposal is withdrawn",
	"agree-to-pay":           "Your organisation's agreement to pay is recorded",
	"consent":                "Your consent is recorded",
	"stand-aside":            "You stand aside: that is recorded",
	"confirm-position":       "Your confirmation is recorded",
	"report-position":        "What you heard is recorded",
	"object":                 "Your objection is recorded",
	"resolve-objection":      "The objection is let go",
	"name-facilitator":       "The facilitator is named",
	"record-conversation":    "The conversation is recorded",
	"ask-put-off":            "Your request to put the closing day off is recorded",
	"agree-put-off":          "Your agreement to the later closing day is recorded",
	"record-exercise":        "The decision is recorded",
	"attach-document":        "The document is attached",
	"correct":                "The correction is recorded, beside what it corrects",
	"erase-person":           "It is recorded",
	"list":                   "The list is taken over",
	"merge-organisation":     "The merger is recorded",
	"split-organisation":     "The division is recorded",
	"change-contract-holder": "The new contract holder is recorded",
	"document-brought":       "The file is here again",
	"call-in":                "It is called in",
	"tell-exercise":          "That it was told is recorded",
	"suspend":                "It is suspended",
	"record-commitment":      "What was said is recorded",
	"schedule-meeting":       "The meeting is recorded",
	"move-meeting":           "The meeting is moved",
	"cancel-meeting":         "The meeting is cancelled",
	"brief-meeting":          "The brief is recorded",
	"report-meeting":         "Your report is recorded",
	"give-feedback":          "Your feedback is recorded",
	"declare-interest":       "Your interest is recorded",
	"renew-interest":         "Your interest is declared again",
	"end-interest":           "The last day of your interest is recorded",
	"declare-employer":       "Who employs you is recorded",
	"withdraw-mandate":       "The withdrawal is recorded",
	"grant-mandate":          "The mandate is recorded",
	"ask-mandate":            "The group's request is recorded",
	"register-forum":         "The meeting body is recorded",
	"record-spokesperson":    "Who speaks is recorded",
	"end-spokesperson":       "That they no longer speak is recorded",
	"name-holder":            "Who sits is recorded",
	"leave-seat":             "The last day is recorded",
	"invite":                 "The invitation is recorded",
	"register-person":        "They are known here from now on",
	"update-person":          "Your details are saved",
	"leave-office":           "The last day in the office is recorded",
	"deny-consultation":      "It is called in, since you were not consulted",

	"acknowledge":              "That it was seen is recorded",
	"ask-group":                "It is recorded, and waits for an answer that all can see",
	"answer-question":          "Your answer is recorded",
	"communicate":              "That it was told is recorded",
	"depart":                   "The departure is recorded",
	"answer-departure":         "Your answer is recorded",
	"resolve-departure":        "How the departure came to rest is recorded",
	"record-approach":          "The approach is recorded",
	"redirect-approach":        "That it was passed on is recorded",
	"dispose-of-approach":      "What becomes of it is recorded",
	"answer-approach":          "The answer of record is recorded",
	"link-approaches":          "It is recorded",
	"report-side-conversation": "The side conversation is recorded",
	"list-priority":            "It is on the long list",
	"ask-practices":            "Every practice is asked",
	"answer-priorities":        "The practice's answer is recorded",
	"progress-action":          "How far it has come is recorded",
	"end-action":               "The action's end is recorded",
	"set-agenda":               "The agenda is set",
	"record-group-meeting":     "The meeting is recorded",
	"minute-item":              "The item is recorded",
	"approve-minutes":          "That the minutes were approved is recorded",
	"word-minutes":             "The minutes are edited",
	"reminded":                 "A reminder goes with the next letter to those who are asked",
	"import-organisations":     "It is recorded",
	"record-together":          "All of it is recorded",
	"record-answers":           "The answers are recorded, and wait to be confirmed",
}

// RecordedWords say what was recorded, and as which event.
func RecordedWords(command, index string) string {
	words := recordedWords[command]
	if words == "" {
		return ""
	}
	if index != "" && strings.Trim(index, "0123456789") == "" {
		words += fmt.Sprintf(" (up to event %s)", index)
	}
	return words + "."
}
