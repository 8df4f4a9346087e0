package pages

import (
	"slices"
	"strconv"
	"strings"

	"goldenthread/api/access"
	"goldenthread/api/web"
	"goldenthread/domain"
	"goldenthread/projections"
)

// A kind is something that a proposal can do: an instrument, by its name in JSON.
type kind struct {
	web.Kinds
	group string
	which func(*asked) []web.Option                // of which it can be about; nil: about nothing that stands
	start func(a *asked, of string) map[string]any // what is filled in at first
	parts func(a *asked, of string) []part         // to fill in
}

// kinds are all that a proposal can do, in the order in which they are shown.
func kinds() []kind {
	return []kind{
		{web.Kinds{Name: "words", Words: "Nothing more: we agree on words", Say: "Such as a way of working. No power changes."}, "Words alone", nil, nil, nil},
		{web.Kinds{Name: "adoptPosition", Words: "Set a position on a matter", Say: "What representatives say on it from then on; it can be a red line."}, "Words alone", nil, nil, positionParts},
		{web.Kinds{Name: "grantDelegation", Words: "Give a power", Say: "To the executive, or to a named person: in which matters, up to what limits, until when."}, "Powers", nil, nil, grantParts},
		{web.Kinds{Name: "varyDelegation", Words: "Change a power", Say: "What was made within it before stands."}, "Powers", delegations, varyStart, varyParts},
		{web.Kinds{Name: "confirmDelegation", Words: "Review a power, and leave it as it is"}, "Powers", delegations, standing, confirmParts},
		{web.Kinds{Name: "endDelegation", Words: "End a power", Say: "What was made within it before stands."}, "Powers", delegations, standing, endParts},
		{web.Kinds{Name: "endSuspension", Words: "End a suspension", Say: "Of a power or an appointment, before its days are over. Nothing else about it changes."}, "Powers", suspensions, suspensionStart, suspensionParts},
		{web.Kinds{Name: "formExecutive", Words: "Name the executive", Say: "Two or more people."}, "Powers", nil, nil, executiveParts},
		{web.Kinds{Name: "appoint", Words: "Appoint a representative", Say: "Who speaks for us in which meeting, and what they may sign up to there."}, "Representation", nil, nil, appointParts},
		{web.Kinds{Name: "varyAppointment", Words: "Change a representative's remit"}, "Representation", appointments, remitStart, remitParts},
		{web.Kinds{Name: "confirmAppointment", Words: "Review an appointment, and leave it as it is"}, "Representation", appointments, standing, confirmParts},
		{web.Kinds{Name: "endAppointment", Words: "End an appointment"}, "Representation", appointments, standing, endParts},
		{web.Kinds{Name: "ratify", Words: "Ratify: it is the group's own", Say: "What went beyond a power or remit, or was given subject to the group."}, "What waits for the group's word", nil, nil, waitingParts},
		{web.Kinds{Name: "disavow", Words: "Disavow: it is not the group's"}, "What waits for the group's word", nil, nil, waitingParts},
		{web.Kinds{Name: "setAside", Words: "Set an earlier agreement aside", Say: "What it created ends, and what it changed goes back to the version before. What was made within it before stays."}, "What waits for the group's word", agreements, asideStart, asideParts},
		{web.Kinds{Name: "adoptPriorities", Words: "Adopt our priorities", Say: "The final list, each with what is done about it."}, "The group itself", nil, nil, prioritiesParts},
		{web.Kinds{Name: "createActions", Words: "Have something done", Say: "By whom, and by when."}, "The group itself", nil, nil, actionsParts},
		{web.Kinds{Name: "changeCharter", Words: "Change the charter"}, "The group itself", nil, charterStart, charterParts},
		{web.Kinds{Name: "assignDuty", Words: "Name the chair, the manager, a gatekeeper or another with a duty"}, "The group itself", nil, nil, dutyParts},
		{web.Kinds{Name: "endDuty", Words: "End somebody's duty"}, "The group itself", nil, nil, endDutyParts},
		{web.Kinds{Name: "openSeat", Words: "Give an organisation a seat"}, "The group itself", nil, nil, seatParts},
	}
}

func kindNamed(name string) kind {
	for _, k := range kinds() {
		if k.Name == name {
			return k
		}
	}
	return kind{}
}

// kindGroups are the kinds to choose from.
func kindGroups(b *web.Compose) []web.KindGroup {
	var groups []web.KindGroup
	for _, k := range kinds() {
		if k.Name == "words" && (b.Number != "" || len(b.Say) > 0) {
			continue
		}
		if n := len(groups); n == 0 || groups[n-1].Words != k.group {
			groups = append(groups, web.KindGroup{Words: k.group})
		}
		last := &groups[len(groups)-1]
		last.Kinds = append(last.Kinds, k.Kinds)
	}
	return groups
}

// Parts, by what they hold.

func field(kind, name, label, hint string) part {
	return part{Piece: web.Piece{Type: kind, Name: name, Label: label, Hint: hint}}
}

func choice(kind, name, label, hint string, of ...[]web.Option) part {
	p := field(kind, name, label, hint)
	p.Options = slices.Concat(of...)
	return p
}

func list(name, label, hint, one string, least int, of ...part) part {
	p := field("rows", name, label, hint)
	p.One, p.of, p.least = one, of, least
	return p
}

func hidden(name string) part { return field("hidden", name, "", "") }

func either(value, words string) []web.Option { return []web.Option{{Value: value, Words: words}} }

var none = either("", "Choose")

// group is the group itself, as a body to be told.
func (a *asked) group() []web.Option { return either(domain.ToGroup, a.State().Name) }

func spanParts() []part {
	return []part{
		field("date", "from", "From when?", "Such as 9 March 2026. Leave it empty to begin on the day it is agreed."),
		field("date", "until", "Until when?", "The last day. Leave it empty for no last day."),
	}
}

func (a *asked) reviewPart(otherwise string) part {
	within := a.State().CharterOn(a.At).Charter.ReviewWithin
	return field("date", "review", "Review it by when?", "By "+a.At.Add(within).Words()+" at the latest."+otherwise)
}

func feedbackPart() part {
	return field("words", "feedback", "What is said about how it went, if anything?", "It stays in its history.")
}

// latest is the last day on which a review may be.
func (a *asked) latest() string {
	return a.At.Add(a.State().CharterOn(a.At).Charter.ReviewWithin).String()
}

// Powers.

func (a *asked) powersPart() part {
	return list("powers", "What they may do", "", "power", 1,
		choice("matter", "matter", "In which matter?", "And in all below it. One of the charter's matters, or a path below one.", a.matters()),
		choice("ticks", "may", "What may they do?", "", either(domain.MayDecide, "Decide"), either(domain.MayCommit, "Commit: sign up, or spend")),
		field("pounds", "itemLimitPence", "Most for one item", "The whole cost over the whole term, with VAT that can't be recovered. Leave it empty if the power carries no money."),
		field("pounds", "yearLimitPence", "Most in a year, in all", "Years run from the first day of the power."),
		field("months", "months", "Longest term", "How long what they commit to may run."),
		part{Piece: web.Piece{Type: "number", Name: "acting", Label: "How many must act together?", Hint: "Two if you leave it empty; a named person acts alone.", Unit: "people"}},
		list("conditions", "", "", "condition", 0,
			choice("choice", "when", "What must they do?", "", none, either(domain.Before, "Consult somebody before"), either(domain.After, "Tell somebody afterwards")),
			choice("choice", "body", "Whom?", "", none, a.bodies(), a.group()),
			part{Piece: web.Piece{Type: "number", Name: "days", Label: "Afterwards: within how long?", Unit: "days"}},
		),
	)
}

func grantParts(a *asked, _ string) []part {
	return slices.Concat([]part{
		choice("choice", "to", "To whom?", "", either(domain.ToExecutive, "The executive"), a.people()),
		a.powersPart(),
		choice("choice", "payer", "Who pays?", "Needed where a power carries money. They have to agree to it too.", either("", "Nobody: it carries no money"), a.payers()),
	}, spanParts(), []part{a.reviewPart(" Leave it empty for that day.")})
}

func varyParts(a *asked, _ string) []part {
	return []part{
		hidden("delegation"), hidden("version"), a.powersPart(),
		choice("choice", "payer", "Who pays?", "", either("", "As before"), a.payers()),
		field("date", "until", "Until when?", "The last day. Leave it empty for as before."),
		a.reviewPart(""), feedbackPart(),
	}
}

func varyStart(a *asked, of string) map[string]any {
	start := standing(a, of)
	if d := a.State().Delegations[of]; d != nil {
		start["powers"] = objects(d.Versions[len(d.Versions)-1].Powers)
	}
	return start
}

func confirmParts(a *asked, of string) []part {
	return []part{hidden(standsAs(of)), hidden("version"), a.reviewPart(""), feedbackPart()}
}

func endParts(_ *asked, of string) []part {
	return []part{hidden(standsAs(of)), hidden("version"), feedbackPart()}
}

// standsAs is what D1, or R1, is called in an instrument.
func standsAs(of string) string {
	if strings.HasPrefix(of, "R") {
		return "appointment"
	}
	return "delegation"
}

// standing is the power or appointment as it is in force, to be reviewed as
// late as the charter allows.
func standing(a *asked, of string) map[string]any {
	version := 0
	if d := a.State().Delegations[of]; d != nil {
		version = len(d.Versions)
	} else if r := a.State().Appointments[of]; r != nil {
		version = len(r.Versions)
	}
	return map[string]any{standsAs(of): of, "version": float64(version), "review": a.latest()}
}

func executiveParts(a *asked, _ string) []part {
	return slices.Concat([]part{choice("ticks", "members", "Who is in it?", "Two or more people.", a.people())}, spanParts())
}

// delegations are the powers that an agreement can change or end.
func delegations(a *asked) []web.Option {
	var os []web.Option
	for _, d := range a.Powers(a.At).Delegations {
		if d.State != domain.Ended && d.State != domain.Expired {
			to := "the executive"
			if d.Person != nil {
				to = d.Person.Office
			}
			os = append(os, web.Option{Value: d.Ref, Words: d.Ref + ", delegated to " + to + " by " + d.Source})
		}
	}
	return os
}

// Representation.

func appointments(a *asked) []web.Option {
	var os []web.Option
	for _, r := range a.Representation(a.At).Appointments {
		if r.State != domain.Ended && r.State != domain.Expired {
			os = append(os, web.Option{Value: r.Ref, Words: r.Ref + ", " + r.Person.Office + " at " + r.ForumName})
		}
	}
	return os
}

func (a *asked) linesPart() part {
	return list("lines", "What they may sign up to", "The line that says most exactly what is asked is the one that holds. Where no line says anything, they "+a.otherwise()+".", "line", 1,
		choice("matter", "matter", "In which matter?", "And in all below it.", a.matters()),
		choice("choice", "stance", "What may they do there?", "", none,
			either(string(domain.Discretion), "Agree, then report; no money"), either(string(domain.WithinLimits), "Agree within a limit"),
			either(string(domain.BringBack), "Bring it back to us"), either(string(domain.Not), "Say no: a red line")),
		field("pounds", "limitPence", "Within a limit: most for each commitment", ""),
		field("tick", "yearly", "That sum is for a year in all, not for each commitment", ""),
		field("months", "months", "Within a limit: longest term", ""),
		field("words", "words", "Our position, in words", "What they say there. Leave it empty if there is none."),
		field("words", "outcome", "The outcome that we want", ""),
	)
}

// otherwise is what representatives do where their remit says nothing.
func (a *asked) otherwise() string {
	if a.State().CharterOn(a.At).Charter.DefaultStance == domain.Discretion {
		return "agree, then report"
	}
	return "bring it back to the group"
}

func appointParts(a *asked, _ string) []part {
	var forums []web.Option
	for _, f := range a.Representation(a.At).Forums {
		forums = append(forums, web.Option{Value: f.Forum, Words: f.Name})
	}
	return slices.Concat([]part{
		choice("choice", "person", "Whom?", "", none, a.people()),
		field("tick", "byOffice", "By office: it ends when they leave the office", ""),
		choice("choice", "forum", "To which meeting?", "", none, forums),
		choice("ticks", "substitutes", "Who may stand in for them?", "With the same remit.", a.people()),
		a.linesPart(),
		choice("choice", "payer", "Who pays what they commit?", "", either("", "Nobody is named"), a.payers()),
	}, spanParts(), []part{
		a.reviewPart(" Leave it empty for that day."),
		field("text", "capacity", "On whose behalf, if not the group's?", "Leave it empty for the group. Anything else is recorded, and gives no authority here."),
	})
}

func remitParts(a *asked, _ string) []part {
	return []part{
		hidden("appointment"), hidden("version"), a.linesPart(),
		choice("ticks", "substitutes", "Who may stand in for them?", "With the same remit.", a.people()),
		field("date", "until", "Until when?", "The last day. Leave it empty for as before."), a.reviewPart(""), feedbackPart(),
	}
}

func remitStart(a *asked, of string) map[string]any {
	start := standing(a, of)
	if r := a.State().Appointments[of]; r != nil {
		v := &r.Versions[len(r.Versions)-1]
		start["lines"] = objects(v.Lines)
		var handles []any
		for _, id := range v.Substitutes {
			handles = append(handles, a.State().People[id].Handle)
		}
		start["substitutes"] = handles
	}
	return start
}

func positionParts(a *asked, _ string) []part {
	return slices.Concat([]part{
		choice("matter", "matter", "On which matter?", "And on all below it.", a.matters()),
		field("words", "words", "Our position, in words", "What representatives say on it from then on."),
		field("tick", "redLine", "It is a red line for everybody who represents us", ""),
		a.replacesPart(),
	}, spanParts())
}

// replacesPart offers the positions that hold, to be ended by the new one. One on
// the same matter has to be named.
func (a *asked) replacesPart() part {
	var held []web.Option
	for _, p := range a.Representation(a.At).Positions {
		if p.Holds {
			what := "Position"
			if p.RedLine {
				what = "Red line"
			}
			held = append(held, web.Option{Value: p.Source + " " + p.Matter, Words: what + " on " + p.Matter + " (" + p.Source + "): " + domain.ClipTo(p.Words, 80)})
		}
	}
	p := choice("ticks", "replaces", "What does it replace?", "A position or red line on the same matter ends only if you choose it here. What you don't choose stays.", held)
	p.refs = true
	return p
}

// What waits.

func waitingParts(a *asked, _ string) []part {
	return []part{choice("choice", "what", "What?", "", none, a.waitingForWord()), feedbackPart()}
}

func agreements(a *asked) []web.Option { return a.holding() }

func asideStart(_ *asked, of string) map[string]any { return map[string]any{"agreement": of} }

// asideParts say what setting the agreement aside would end and take back, before
// it is put among what the proposal would do.
func asideParts(a *asked, of string) []part {
	var says []string
	for _, u := range a.State().Undoing(of, a.At) {
		says = append(says, u.Text)
	}
	if says == nil {
		says = []string{"Nothing that it made is still in force. Its words are no longer agreed."}
	}
	effects := field("effects", "effects", "Setting "+of+" aside would do this, as things are today", "")
	effects.Says = says
	return []part{hidden("agreement"), effects}
}

// suspensions are those that still stop a power or an appointment, by what is
// suspended and the event that suspended it.
func suspensions(a *asked) []web.Option {
	var os []web.Option
	add := func(ref string, lines []projections.SuspensionLine) {
		for _, s := range lines {
			if s.Now {
				os = append(os, web.Option{Value: ref + " " + strconv.FormatUint(s.Index, 10), Words: ref + ", by " + s.Seat.Name + " until " + s.Until.Words() + ": " + domain.ClipTo(s.Reason, 80)})
			}
		}
	}
	for _, d := range a.Powers(a.At).Delegations {
		add(d.Ref, d.Suspensions)
	}
	for _, r := range a.Representation(a.At).Appointments {
		add(r.Ref, r.Suspensions)
	}
	return os
}

func suspensionStart(_ *asked, of string) map[string]any {
	what, event, _ := strings.Cut(of, " ")
	return map[string]any{"what": what, "event": event}
}

func suspensionParts(a *asked, of string) []part {
	effects := field("effects", "effects", "This suspension would end", "")
	for _, o := range suspensions(a) {
		if o.Value == of {
			effects.Says = []string{o.Words}
		}
	}
	return []part{hidden("what"), hidden("event"), effects}
}

// The group itself.

func actionParts(a *asked) []part {
	return []part{
		field("words", "what", "What is to be done?", ""),
		choice("choice", "owner", "By whom?", "", none, a.people()),
		choice("choice", "supporter", "Supported by whom?", "Somebody else.", none, a.people()),
		field("date", "due", "By when?", "Such as 9 March 2026."),
	}
}

func actionsParts(a *asked, _ string) []part {
	return []part{list("actions", "What is to be done", "", "action", 1, actionParts(a)...)}
}

func prioritiesParts(a *asked, _ string) []part {
	var rounds, listed []web.Option
	all := a.Priorities(a.At)
	for _, r := range all.Rounds {
		rounds = append(rounds, web.Option{Value: r.Ref, Words: r.Ref + ", asked on " + r.Asked.Words()})
	}
	slices.Reverse(rounds) // the newest first
	for _, p := range all.LongList {
		listed = append(listed, web.Option{Value: p.Ref, Words: p.Ref + ": " + p.Title})
	}
	return slices.Concat([]part{
		choice("choice", "round", "When were the practices asked?", "", rounds),
		list("priorities", "The priorities, the most important first", "", "priority", 3,
			choice("choice", "priority", "Which one?", "", none, listed),
			list("actions", "", "What is done about it", "action", 1, actionParts(a)...),
		),
	}, spanParts())
}

var duties = []web.Option{
	{Value: string(domain.Chair), Words: "Chair"}, {Value: string(domain.Manager), Words: "Manager"}, {Value: string(domain.Registrar), Words: "Registrar"},
	{Value: string(domain.Gatekeeper), Words: "Gatekeeper"}, {Value: string(domain.Lead), Words: "Lead for representation"},
}

func dutyParts(a *asked, _ string) []part {
	var employers []web.Option
	for _, o := range a.Register(a.At).Organisations {
		if o.Open && o.Kind != domain.PlaceKind {
			employers = append(employers, web.Option{Value: o.Code, Words: o.Name})
		}
	}
	return slices.Concat([]part{
		choice("radios", "duty", "Which duty?", "", duties),
		choice("choice", "person", "Whose?", "", none, a.people()),
		choice("choice", "replaces", "In whose place?", "", either("", "Nobody's"), a.people()),
		choice("choice", "employer", "Who employs them?", "If a system body does, that is shown wherever the group speaks.", either("", "Not said"), employers),
	}, spanParts())
}

func endDutyParts(a *asked, _ string) []part {
	return []part{
		choice("radios", "duty", "Which duty?", "", duties),
		choice("choice", "person", "Whose?", "", none, a.people()),
		field("date", "until", "Their last day", "Such as 9 March 2026. Leave it empty to end it the day before this is agreed."),
	}
}

func seatParts(a *asked, _ string) []part {
	var without []web.Option
	for _, o := range a.Register(a.At).Organisations {
		if o.Open && a.State().Seats[o.Code] == nil && o.Kind != domain.PlaceKind && o.Kind != domain.SystemBody {
			without = append(without, web.Option{Value: o.Code, Words: o.Name})
		}
	}
	return []part{
		choice("choice", "organisation", "Which organisation?", "", none, without),
		choice("choice", "holder", "Who holds it?", "", none, a.people()),
		choice("choice", "deputy", "Who deputises?", "", either("", "Nobody for now"), a.people()),
	}
}

func charterParts(a *asked, _ string) []part {
	var seats, kept []web.Option
	for _, s := range a.Register(a.At).Seats {
		if s.Entitled {
			seats = append(seats, web.Option{Value: s.Seat.Code, Words: s.Seat.Name})
		}
	}
	for _, thing := range access.Everything {
		kept = append(kept, web.Option{Value: thing, Words: strings.ToUpper(thing[:1]) + thing[1:]})
	}
	parts := []part{
		hidden("version"),
		field("long", "charter-text", "The charter's text", ""),
		{Piece: web.Piece{Type: "number", Name: "charter-quorum", Label: "How many seats must consent explicitly?", Hint: "The others stand aside or consent too: nobody is outvoted.", Unit: "seats"}},
		choice("ticks", "charter-quorumOf", "Who must be among them?", "", seats),
		choice("radios", "charter-defaultStance", "Where a remit says nothing, a representative…", "", either(string(domain.Discretion), "agrees, then reports"), either(string(domain.BringBack), "brings it back to us")),
	}
	for _, s := range a.Charter(a.At).Settings {
		unit := "days"
		switch s.Name {
		case "gatekeepers":
			unit = "people"
		case "communications":
			unit = "times"
		case "leastCoverage":
			unit = "of every 100"
		}
		parts = append(parts, part{Piece: web.Piece{Type: "number", Name: "charter-" + s.Name, Label: s.Called(), Hint: "Commonly " + strconv.Itoa(s.Default) + ": " + strings.ToLower(s.Say[:1]) + s.Say[1:], Unit: unit}})
	}
	return append(parts,
		field("lines", "charter-matters", "What the group may be asked about", "One matter on a line, as a short path such as access/extended-hours. Each takes in all below it."),
		field("lines", "charter-reserved", "What can never be delegated", "One matter on a line. The charter, membership and delegation itself always are."),
		choice("ticks", "charter-membersOnly", "What do only members see?", "", kept),
		field("tick", "charter-otherPrimaryCare", "Other primary care may hold seats", ""),
		field("tick", "charter-requireSignatures", "What a seat says to a proposal is signed with a passkey", ""),
	)
}

func charterStart(a *asked, _ string) map[string]any {
	version := a.State().Charters
	return map[string]any{"version": float64(len(version)), "charter": objectOf(version[len(version)-1].Charter.Settled())}
}
