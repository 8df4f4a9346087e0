package projections

import "goldenthread/domain"

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
