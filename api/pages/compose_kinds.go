package pages

import (
	"strconv"
	"strings"

	"goldenthread/api/access"
	"goldenthread/api/web"
	"goldenthread/domain"
	"goldenthread/projections"
)

// What a proposal can do: each kind of instrument, its fields being those of its
// description.

// A kind is one thing that a proposal can do.
type kind struct {
	web.Kinds
	group string
	which func(*asked) []web.Option         // of which it can be about; nil: about nothing that stands
	start func(a *asked, of string) any     // what is filled in at first: a pointer to the instrument
	given []string                          // fields that say what it is about
	dress func(a *asked, of string) offered // what the page adds to its fields
}

// kinds are all that a proposal can do, in the order in which they are shown.
func kinds() []kind {
	return []kind{
		{web.Kinds{Name: "words", Words: "Nothing more: we agree on words", Say: "Such as a way of working. No power changes."}, "Words alone", nil, nil, nil, nil},
		{web.Kinds{Name: "adoptPosition", Words: "Set a position on a matter", Say: "What representatives say on it from then on; it can be a red line."}, "Words alone", nil, nil, nil, nil},
		{web.Kinds{Name: "grantDelegation", Words: "Give a power", Say: "To the executive, or to a named person: on which subjects, up to what limits, until when."}, "Powers", nil, grantStart, nil, dressReview},
		{web.Kinds{Name: "varyDelegation", Words: "Change a power", Say: "What was made within it before stands."}, "Powers", delegations, varyStart, []string{"delegation"}, dressReview},
		{web.Kinds{Name: "confirmDelegation", Words: "Review a power, and leave it as it is"}, "Powers", delegations, confirmStart, []string{"delegation"}, dressReview},
		{web.Kinds{Name: "endDelegation", Words: "End a power", Say: "What was made within it before stands."}, "Powers", delegations, endStart, []string{"delegation"}, nil},
		{web.Kinds{Name: "endSuspension", Words: "End a suspension", Say: "Of a power or an appointment, before its days are over. Nothing else about it changes."}, "Powers", suspensions, suspensionStart, []string{"what", "event"}, dressSuspension},
		{web.Kinds{Name: "formExecutive", Words: "Name the executive", Say: "Two or more people."}, "Powers", nil, nil, nil, nil},
		{web.Kinds{Name: "appoint", Words: "Appoint a representative", Say: "Who speaks for us in which meeting, and what they may sign up to there."}, "Representation", nil, nil, nil, dressRemit},
		{web.Kinds{Name: "varyAppointment", Words: "Change a representative's remit"}, "Representation", appointments, remitStart, []string{"appointment"}, dressRemit},
		{web.Kinds{Name: "confirmAppointment", Words: "Review an appointment, and leave it as it is"}, "Representation", appointments, confirmRemit, []string{"appointment"}, dressReview},
		{web.Kinds{Name: "endAppointment", Words: "End an appointment"}, "Representation", appointments, endRemit, []string{"appointment"}, nil},
		{web.Kinds{Name: "ratify", Words: "Ratify: it is the group's own", Say: "What went beyond a power or remit, or was given subject to the group."}, "What waits for the group's word", nil, nil, nil, nil},
		{web.Kinds{Name: "disavow", Words: "Disavow: it is not the group's"}, "What waits for the group's word", nil, nil, nil, nil},
		{web.Kinds{Name: "setAside", Words: "Set an earlier agreement aside", Say: "What it created ends, and what it changed goes back to the version before. What was made within it before stays."}, "What waits for the group's word", agreements, asideStart, []string{"agreement"}, dressAside},
		{web.Kinds{Name: "adoptPriorities", Words: "Adopt our priorities", Say: "The final list, each with what is done about it."}, "The group itself", nil, nil, nil, nil},
		{web.Kinds{Name: "createActions", Words: "Have something done", Say: "By whom, and by when."}, "The group itself", nil, nil, nil, nil},
		{web.Kinds{Name: "changeCharter", Words: "Change the charter"}, "The group itself", nil, charterStart, nil, dressCharter},
		{web.Kinds{Name: "assignDuty", Words: "Name the chair, the manager, a gatekeeper or another with a duty"}, "The group itself", nil, nil, nil, nil},
		{web.Kinds{Name: "endDuty", Words: "End somebody's duty"}, "The group itself", nil, nil, nil, nil},
		{web.Kinds{Name: "openSeat", Words: "Give an organisation a seat", Say: "Another group is asked, and takes its seat by an agreement of its own."}, "The group itself", nil, nil, nil, nil},
		{web.Kinds{Name: "joinGroup", Words: "Join a wider group, or change who speaks for us there"}, "The group itself", nil, nil, nil, nil},
		{web.Kinds{Name: "leaveGroup", Words: "Leave a wider group, or decline to join one"}, "The group itself", nil, nil, nil, nil},
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

func appointments(a *asked) []web.Option {
	var os []web.Option
	for _, r := range a.Representation(a.At).Appointments {
		if r.State != domain.Ended && r.State != domain.Expired {
			os = append(os, web.Option{Value: r.Ref, Words: r.Ref + ", " + r.Person.Office + " at " + r.ForumName})
		}
	}
	return os
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

func agreements(a *asked) []web.Option { return a.holding() }

// latest is the last day on which a review may be.
func (a *choosing) latest() domain.Day {
	return a.At.Add(a.State().CharterOn(a.At).Charter.ReviewWithin)
}

// dressReview says by when a review has to be.
func dressReview(a *asked, _ string) offered {
	return offered{hint: map[string]string{"review": "By " + a.latest().Words() + " at the latest. Leave it empty for that day."}}
}

func dressRemit(a *asked, of string) offered {
	o := dressReview(a, of)
	otherwise := "bring it back to the group"
	if a.State().CharterOn(a.At).Charter.DefaultStance == domain.Discretion {
		otherwise = "agree, then report"
	}
	o.hint["lines"] = "The line that says most exactly what is asked is the one that holds. Where no line says anything, they " + otherwise + "."
	return o
}

func versionOf(a *asked, of string) int {
	if d := a.State().Delegations[of]; d != nil {
		return len(d.Versions)
	}
	if r := a.State().Appointments[of]; r != nil {
		return len(r.Versions)
	}
	return 0
}

func grantStart(*asked, string) any { return &domain.GrantDelegation{To: domain.ToExecutive} }

func varyStart(a *asked, of string) any {
	c := &domain.VaryDelegation{Delegation: of, Version: versionOf(a, of), Review: a.latest()}
	if d := a.State().Delegations[of]; d != nil {
		c.Powers = d.Versions[len(d.Versions)-1].Powers
	}
	return c
}

func confirmStart(a *asked, of string) any {
	return &domain.ConfirmDelegation{Delegation: of, Version: versionOf(a, of), Review: a.latest()}
}

func endStart(a *asked, of string) any {
	return &domain.EndDelegation{Delegation: of, Version: versionOf(a, of)}
}

func remitStart(a *asked, of string) any {
	c := &domain.VaryAppointment{Appointment: of, Version: versionOf(a, of), Review: a.latest()}
	if r := a.State().Appointments[of]; r != nil {
		v := &r.Versions[len(r.Versions)-1]
		c.Lines = v.Lines
		for _, id := range v.Substitutes {
			c.Substitutes = append(c.Substitutes, a.State().People[id].Handle)
		}
	}
	return c
}

func confirmRemit(a *asked, of string) any {
	return &domain.ConfirmAppointment{Appointment: of, Version: versionOf(a, of), Review: a.latest()}
}

func endRemit(a *asked, of string) any {
	return &domain.EndAppointment{Appointment: of, Version: versionOf(a, of)}
}

func asideStart(_ *asked, of string) any { return &domain.SetAside{Agreement: of} }

// dressAside says what setting the agreement aside would end and take back, before
// it is put among what the proposal would do.
func dressAside(a *asked, of string) offered {
	var says []string
	for _, u := range a.State().Undoing(of, a.At) {
		says = append(says, u.Text)
	}
	if says == nil {
		says = []string{"Nothing that it made is still in force. Its words are no longer agreed."}
	}
	return offered{effects: []web.Piece{{Type: "effects", Label: "Setting " + of + " aside would do this, as things are today", Says: says}}}
}

func suspensionStart(_ *asked, of string) any {
	what, event, _ := strings.Cut(of, " ")
	index, _ := strconv.ParseUint(event, 10, 64)
	return &domain.EndSuspension{What: what, Event: index}
}

func dressSuspension(a *asked, of string) offered {
	effects := web.Piece{Type: "effects", Label: "This suspension would end"}
	for _, o := range suspensions(a) {
		if o.Value == of {
			effects.Says = []string{o.Words}
		}
	}
	return offered{effects: []web.Piece{effects}}
}

func charterStart(a *asked, _ string) any {
	versions := a.State().Charters
	return &domain.ChangeCharter{Version: len(versions), Charter: versions[len(versions)-1].Charter.Settled()}
}

// dressCharter asks for each of the charter's settings.
func dressCharter(a *asked, _ string) offered {
	o := offered{ask: map[string]string{}, hint: map[string]string{}, options: map[string][]web.Option{}}
	for _, s := range a.Charter(a.At).Settings {
		o.ask["charter-"+s.Name] = s.Called()
		o.hint["charter-"+s.Name] = "Commonly " + strconv.Itoa(s.Default) + ": " + strings.ToLower(s.Say[:1]) + s.Say[1:]
	}
	for _, thing := range access.Everything {
		o.options["charter-membersOnly"] = append(o.options["charter-membersOnly"], web.Option{Value: thing, Words: strings.ToUpper(thing[:1]) + thing[1:]})
	}
	return o
}
