package projections

import (
	"slices"
	"strconv"

	"goldenthread/domain"
)

// Ways are the ways in that stand in one person's name (rule L10).
type Ways struct {
	Stamp
	Person Who         `json:"person"`
	Ways   []WayInLine `json:"ways" doc:"as the ledger has them, in the order in which they were made"`
}

// A WayInLine is one way in.
type WayInLine struct {
	Way     domain.Way      `json:"way" doc:"its kind and id"`
	By      Actor           `json:"by" doc:"who made it"`
	Inviter *Actor          `json:"inviter,omitempty" doc:"who let them make it, if that was somebody else"`
	On      domain.Day      `json:"on"`
	Scope   domain.WayScope `json:"scope,omitempty" doc:"of a token: check, read or act"`
	Until   domain.Day      `json:"until,omitzero" doc:"last day on which it lets anybody in, where there is one"`
	InForce bool            `json:"inForce" doc:"it lets its owner in"`
	Waits   string          `json:"waits,omitempty" doc:"number, such as V1, of one that only reads until it is confirmed or its day comes"`
	Index   uint64          `json:"index" doc:"of the event that made it known"`
	Ended   uint64          `json:"ended,omitzero" doc:"index of the event that ended it, or used it up"`
	Say     string          `json:"say" doc:"the same in words"`
}

// WaysOf answers for that person, by handle or id; for somebody unknown there are none.
func (g *asking) WaysOf(person string, at domain.Day) Ways {
	all := Ways{Stamp: g.stamp(at), Ways: []WayInLine{}}
	p := g.state.Person(person)
	if p == nil {
		return all
	}
	all.Person = g.who(p.ID)
	inForce := g.state.WaysOn(p.ID, at)
	for _, w := range g.state.WaysOf(p.ID) {
		if w.On > at {
			continue
		}
		line := WayInLine{
			Way: w.Way, By: g.actor(w.By), On: w.On, Scope: w.Scope, Until: w.Until, InForce: slices.Contains(inForce, w), Index: w.Index, Ended: w.Ended,
			Say: domain.FirstUpper(g.wayWords(w, at)),
		}
		if w.Inviter != w.By {
			by := g.actor(w.Inviter)
			line.Inviter = &by
		}
		if g.state.WaitsOn(w, at) {
			line.Waits = w.Number
		}
		all.Ways = append(all.Ways, line)
	}
	return all
}

// wayWords tell a person of a way in of theirs.
func (g *asking) wayWords(w *domain.WayIn, at domain.Day) string {
	text := wayNoun(w.Way) + ", made on " + w.On.Words()
	switch {
	case w.Before:
		text = wayNoun(w.Way) + " from before the ledger recorded ways in"
	case w.Inviter == "person/"+w.Person:
		text += " with a way in that you had"
	case w.Inviter == w.By:
		text += " by " + g.actor(w.By).Office
	default:
		text += " by an invitation from " + g.actor(w.Inviter).Office
	}
	switch {
	case w.Ended != 0 && w.EndedOn <= at:
		return text + "; ended on " + w.EndedOn.Words() + "."
	case g.state.WaitsOn(w, at):
		return text + ". Until the end of " + w.ActsFrom.Add(-1).Words() + " it can only read, unless somebody who holds a seat confirms it (" + w.Number + ")."
	}
	return text + "."
}

// waysWait adds new ways in of others that the person may confirm (rule L11).
func (w *Waiting) waysWait(g *asking, p *domain.Person, at domain.Day) {
	for _, way := range g.state.WaysWaiting(at) {
		if g.state.Allows(p.ID, &domain.ConfirmRecord{Records: []string{way.Number}}, at) {
			w.add(way.Number, WaitsWay, way.ActsFrom.Add(-1), g.office(way.Person)+" has "+wayNoun(way.Way)+" that is new, let in by "+g.actor(way.Inviter).Office+" ("+way.Number+"). Ask them whether it is theirs, and confirm it only if they say so.")
		}
	}
}

// toldOfWays is for how many days somebody who was not told of a new way in is told of it.
const toldOfWays = 30

// wayErrands tell people of ways in that they have got lately, whoever made them (rule L11).
func (g *asking) wayErrands(errands errandList, at domain.Day) {
	for id := range g.state.People {
		for _, w := range g.state.WaysOn(id, at) {
			if w.Before || at > w.On.Add(toldOfWays) || w.Way.Kind() == domain.InvitationWay {
				continue
			}
			text := "You have a new way in: " + g.wayWords(w, at) + " If you don’t know it, sign in by another way, end it on your account page, and tell the group’s manager."
			errands.add([]string{id}, Errand{
				Kind: ErrandWay, About: "a new way in to your account", Do: "Look at a new way in to your account", Text: text, key: "way-in/" + strconv.FormatUint(w.Index, 10),
			})
		}
	}
}

// wayMadeText says who let whom in, and how (rule L10).
func (g *telling) wayMadeText(d *domain.WayMade, by string) string {
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
	case domain.TokenWay, domain.PasskeyWay, domain.LetterWay:
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
