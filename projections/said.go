package projections

import (
	"strconv"
	"strings"

	"goldenthread/domain"
)

// Parts of sentences: kinds, roles, terms, and how something was said or given.

func sourceWords(source string) string {
	if source == domain.Founding {
		return "the founding"
	}
	return source
}

func kindWords(k domain.OrganisationKind) string {
	switch k {
	case domain.PCN, domain.LMC:
		return strings.ToUpper(string(k))
	case domain.Practice, domain.Federation, domain.Provider, domain.OtherGroup, domain.SystemBody, domain.PlaceKind, domain.PrimaryCare:
	}
	return strings.ReplaceAll(string(k), "-", " ")
}

// interestKindWords say what sort of interest it is; an earlier ledger does not say.
func interestKindWords(k domain.InterestKind) string {
	switch k {
	case domain.MoneyInterest:
		return "an interest of money"
	case domain.OfficeInterest:
		return "an interest of an office"
	case domain.FamilyInterest:
		return "an interest of family"
	case domain.OtherInterest:
	}
	return "an interest"
}

func roleWords(role domain.SeatRole) string {
	if role == domain.Deputy {
		return "deputises for"
	}
	return "holds"
}

// signedWords say that something was signed, and only where it was.
func signedWords(g domain.Signed) string {
	if g.Signature == nil {
		return ""
	}
	return "; signed with a passkey"
}

func wentBack(ref string, to int, by string) string {
	return ref + " went back to version " + strconv.Itoa(to) + " when " + by + " set aside what had changed it"
}

// termsWords writes ", £18,000, 12 months".
func termsWords(amount domain.Pence, months int, openEnded bool) string {
	var w string
	if amount != 0 {
		w += ", " + amount.String()
	}
	if months != 0 {
		w += ", " + domain.Count(months, "month")
	}
	if openEnded {
		w += ", without an end"
	}
	return w
}

// givenWords say how something was given in a meeting.
func (g *telling) givenWords(how domain.Given) string {
	switch how {
	case domain.Subject:
		return "subject to " + g.state.ShortName
	case domain.OwnView:
		return "as a view"
	case domain.Outright:
	}
	return "outright"
}

// saidTerms are termsWords of what a sum or a term may not have been said of.
func saidTerms(sum *domain.Pence, months *int, openEnded bool) string {
	var amount domain.Pence
	if sum != nil {
		amount = *sum
	}
	n := 0
	if months != nil {
		n = *months
	}
	return termsWords(amount, n, openEnded)
}

func reportedWords(reported bool) string {
	if reported {
		return "reported, and once they confirm it "
	}
	return ""
}

// toldWords writes what the system was told there and then.
func toldWords(said *domain.Saying) string {
	if said == nil {
		return ""
	}
	return " (told " + replyWords(said.Reply) + after(": ", said.Words) + ")"
}

func replyWords(r domain.Reply) string {
	if r == domain.ReplyThroughGroup {
		return "through the group"
	}
	return strings.ReplaceAll(string(r), "-", " ")
}

func dispositionWords(d domain.Disposition) string {
	switch d {
	case domain.ForMeeting:
		return "to the meeting"
	case domain.ForPaperRound:
		return "to a paper round"
	case domain.ForMessage:
		return "to a message"
	case domain.ForMoreWork:
		return "more work first"
	case domain.ForRepresentative:
		return "to a representative"
	case domain.ForExecutive:
		return "the executive decides"
	case domain.Declined:
		return "declined"
	}
	return string(d)
}

// tookPartWords writes "22 of 26 practices took part" (rule P1).
func tookPartWords(took, of int) string {
	return domain.Thousands(took) + " of " + domain.Count(of, "practice") + " took part"
}

func itemTitles(items []domain.GroupAgendaItem) []string {
	var titles []string
	for _, i := range items {
		titles = append(titles, clip(i.Title))
	}
	return titles
}
