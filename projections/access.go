package projections

import (
	"strconv"

	"goldenthread/domain"
)

// toldOfWays is for how many days somebody who was not told of a new way in is told of it.
const toldOfWays = 30

// wayErrands tell people of ways in that they have got lately, whoever made them (rule L11).
func (g *Group) wayErrands(errands errandList, at domain.Day) {
	for id := range g.state.People {
		for _, w := range g.state.WaysOn(id, at) {
			if w.Before || at > w.On.Add(toldOfWays) || w.Way.Kind() == domain.InvitationWay {
				continue
			}
			text := "You have a new way in: " + wayNoun(w.Way) + ", made on " + w.On.Words() + g.letInBy(w) + "."
			if g.state.WaitsOn(w, at) {
				text += " Until the end of " + w.ActsFrom.Add(-1).Words() + " it can only read, unless somebody who holds a seat confirms it (" + w.Number + ")."
			}
			text += " If you don’t know it, sign in by another way, end it on your account page, and tell the group’s manager."
			errands.add([]string{id}, Errand{Key: "way-in/" + strconv.FormatUint(w.Index, 10), About: "a new way in to your account", Text: text, Way: true})
		}
	}
}

// letInBy says who let its owner in; nothing if they did it themselves.
func (g *Group) letInBy(w *domain.WayIn) string {
	if w.Inviter == "person/"+w.Person {
		return " with a way in that you had"
	}
	return "; let in by " + g.actor(w.Inviter).Office
}

// wayMadeText says who let whom in, and how (rule L10).
func (g *Group) wayMadeText(d *domain.WayMade, by string) string {
	who := domain.FirstUpper(by)
	switch d.Way.Kind() {
	case domain.InvitationWay:
		text := who + " invited " + g.office(d.Person) + " to register a passkey"
		if d.Replaces {
			text += ", which replaces their earlier ways in once it acts"
		}
		return text
	case domain.AccountWay:
		return who + " entered an account at an organisation as that of " + g.office(d.Person) + newWayWords(&d.NewWay)
	case domain.TokenWay, domain.PasskeyWay:
	}
	return who + " made a token for " + g.office(d.Person) + ", to " + string(d.Scope) + newWayWords(&d.NewWay)
}

// newWayWords say how long a new way in waits, if it does.
func newWayWords(n *domain.NewWay) string {
	text := ""
	if n.Replaces {
		text += "; their earlier ways in end when it acts"
	}
	if n.ActsFrom != 0 {
		text += "; it is new (" + n.Number + ") and only reads until " + n.ActsFrom.Add(-1).Words() + ", unless a seat holder confirms it"
	}
	return text
}

// wayNoun is a way in with its article.
func wayNoun(w domain.Way) string {
	if w.Kind() == domain.InvitationWay || w.Kind() == domain.AccountWay {
		return "an " + string(w.Kind())
	}
	return "a " + string(w.Kind())
}
