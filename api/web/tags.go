package web

import (
	"fmt"

	"goldenthread/domain"
)

// A Tag is an adjective with a colour, which never says anything by itself.
type Tag struct{ Words, Colour string }

func green(words string) Tag  { return Tag{words, "green"} }
func yellow(words string) Tag { return Tag{words, "yellow"} }
func red(words string) Tag    { return Tag{words, "red"} }
func blue(words string) Tag   { return Tag{words, "blue"} }
func grey(words string) Tag   { return Tag{words, "grey"} }

// marks are the tags that a page gives to something by its own name, where that is no
// state of the rules.
var marks = map[string]Tag{
	"agenda set":         grey("agenda set"),
	"approved":           green("minutes approved"),
	"answered":           green("answered"),
	"cancelled":          grey("cancelled"),
	"damaged":            red("file damaged"),
	"different answers":  red("different answers"),
	"disagrees":          red("disagrees"),
	"ended":              grey("ended"),
	"elsewhere":          grey("kept elsewhere"),
	"goes its own way":   red("goes its own way"),
	"held":               grey("held"),
	"missing":            red("file missing"),
	"not now":            yellow("not at present"),
	"open":               yellow("open"),
	"overdue":            red("overdue"),
	"paused":             yellow("paused"),
	"red line":           red("red line"),
	"resolved":           grey("resolved"),
	"told too few times": grey("told too few times"),
	"waits":              yellow("waiting for an answer"),
}

// mark is the tag of that name; for one that there is not, the page is at fault.
func mark(name string) (Tag, error) {
	t, ok := marks[name]
	if !ok {
		return t, fmt.Errorf("no tag is called %q", name)
	}
	return t, nil
}

// tagOf gives a state of the rules its tag; for what is none, the page is at fault.
func tagOf(state any) (Tag, error) {
	switch v := state.(type) {
	case domain.Stage:
		return stageTag(v), nil
	case domain.PowerState:
		return powerTag(v), nil
	case domain.ExerciseStatus:
		return exerciseTag(v), nil
	case domain.CommitmentStanding:
		return commitmentTag(v), nil
	case domain.ActionState:
		return actionTag(v), nil
	case domain.ApproachState:
		return approachTag(v), nil
	case domain.Stance:
		return stanceTag(v), nil
	case domain.Grade:
		return gradeTag(v), nil
	case domain.HowLost:
		return lostTag(v), nil
	}
	return Tag{}, fmt.Errorf("%T has no tags", state)
}

func stageTag(s domain.Stage) Tag {
	switch s {
	case domain.Draft:
		return blue("draft")
	case domain.Open:
		return yellow("open")
	case domain.Agreed:
		return green("agreed")
	case domain.Withdrawn:
		return grey("withdrawn")
	case domain.Lapsed:
	}
	return grey("lapsed")
}

func powerTag(p domain.PowerState) Tag {
	switch p {
	case domain.InForce:
		return green("in force")
	case domain.NotYet:
		return yellow("not yet in force")
	case domain.Paused:
		return yellow("paused")
	case domain.Suspended:
		return red("suspended")
	case domain.Expired:
		return grey("expired")
	case domain.Ended:
	}
	return grey("ended")
}

func exerciseTag(x domain.ExerciseStatus) Tag {
	switch x {
	case domain.XWithin:
		return green("within limits")
	case domain.XRatified:
		return green("ratified")
	case domain.XCalledIn:
		return yellow("called in")
	case domain.XBeyond:
		return red("outside limits")
	case domain.XDisavowed:
		return red("disavowed")
	case domain.XLapsed:
		return grey("lapsed")
	case domain.XUnconfirmed:
		return yellow("not confirmed")
	case domain.XRefused:
		return grey("refused")
	case domain.XFallen:
	}
	return grey("fallen")
}

func commitmentTag(k domain.CommitmentStanding) Tag {
	switch k {
	case domain.KWithin:
		return green("within limits")
	case domain.KRatified:
		return green("ratified")
	case domain.KAdReferendum:
		return yellow("subject to the group")
	case domain.KBeyond:
		return red("outside limits")
	case domain.KDisavowed:
		return red("disavowed")
	case domain.KView:
		return blue("a view only")
	case domain.KReported:
		return yellow("reported, not confirmed")
	case domain.KDisputed:
		return grey("disputed")
	case domain.KLapsed:
	}
	return grey("lapsed")
}

func actionTag(a domain.ActionState) Tag {
	switch a {
	case domain.ActionOpen:
		return yellow("open")
	case domain.ActionOverdue:
		return red("overdue")
	case domain.ActionIsDone:
		return green("done")
	case domain.ActionIsDropped:
		return grey("dropped")
	case domain.ActionFell:
	}
	return grey("ended with its agreement")
}

func approachTag(a domain.ApproachState) Tag {
	switch a {
	case domain.ToRedirect:
		return yellow("to be passed on")
	case domain.AtTheGate:
		return yellow("with the gatekeepers")
	case domain.DisposedOf:
		return blue("being dealt with")
	case domain.Answered:
	}
	return green("answered")
}

func stanceTag(s domain.Stance) Tag {
	switch s {
	case domain.Discretion:
		return grey("agree, then report")
	case domain.WithinLimits:
		return grey("within limits")
	case domain.BringBack:
		return grey("bring back")
	case domain.Not:
	}
	return red("red line")
}

func gradeTag(g domain.Grade) Tag {
	switch g {
	case domain.Concern:
		return yellow("concern")
	case domain.Block:
	}
	return red("block")
}

func lostTag(h domain.HowLost) Tag {
	switch h {
	case domain.ResolutionAccepted:
		return green("accepted")
	case domain.ObjectionWithdrawn:
	}
	return grey("withdrawn")
}

// saidTag is what a seat says on a proposal.
func saidTag(position domain.RollPosition) Tag {
	words := Said(position)
	switch position {
	case domain.RollConsents:
		return green(words)
	case domain.RollStandsAside, domain.RollUnconfirmed:
		return yellow(words)
	case domain.RollBlocks, domain.RollToAnswer:
		return red(words)
	case domain.RollNotHeard, domain.RollVacant:
	}
	return blue(words)
}
