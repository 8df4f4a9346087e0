package projections

import (
	"strconv"
	"strings"

	"goldenthread/domain"
)

// Sentence says the event in one plain sentence, with the names that are known
// at the end of the fold. A new kind of event needs its line here.
func (g *telling) Sentence(e *domain.Event) string {
	by := g.actor(e.Actor).Office
	switch d := e.Data.(type) {
	case *domain.GroupFounded:
		return g.office(d.Founder) + " founded " + d.Name + " for " + d.PlaceName + "; it is forming until every seat has consented to its charter"
	case *domain.CharterConsented:
		return g.name(d.Seat) + " consented to the charter" + g.through(d.Person)
	case *domain.GroupFormingAgain:
		return g.state.Name + " is forming again: none of its seats has a holder"
	case *domain.GroupEstablished:
		if d.Again {
			return g.state.Name + " was established again: whoever was newly named has consented to the charter"
		}
		return g.state.Name + " was established: all " + domain.Count(len(d.Consents), "seat") + " have consented to the charter"
	case *domain.CharterAdopted:
		if d.Back != 0 {
			return "The charter went back to version " + strconv.Itoa(d.Back) + ", as version " + strconv.Itoa(d.Version) + ", when " + d.Source + " set aside what had changed it"
		}
		return "Version " + strconv.Itoa(d.Version) + " of the charter was adopted by " + d.Source
	case *domain.EventCorrected:
		return domain.FirstUpper(by) + " corrected event " + strconv.FormatUint(d.Corrects, 10) + after(": ", d.Words)
	case *domain.PersonRegistered:
		return d.Office + " was introduced as " + d.Handle
	case *domain.PersonUpdated:
		return "The sealed name, email and phone of " + g.office(d.Person) + " were replaced"
	case *domain.PersonErased:
		return "The name, email and phone of " + g.office(d.Person) + " were erased for good"
	case *domain.PasskeyRegistered:
		return g.office(d.Person) + " registered a passkey to sign with, made for " + d.RelyingParty + newWayWords(&d.NewWay)
	case *domain.PasskeyRemoved:
		if e.Actor != "person/"+d.Person {
			return domain.FirstUpper(by) + " removed a passkey of " + g.office(d.Person) + ": it signs nothing any more" + after(". Reason: ", d.Reason)
		}
		return g.office(d.Person) + " removed a passkey: it signs nothing any more" + after(". Reason: ", d.Reason)
	case *domain.WayMade:
		return g.wayMadeText(d, by)
	case *domain.WayEnded:
		return domain.FirstUpper(by) + " ended " + wayNoun(d.Way) + " of " + g.office(d.Person) + after(". Reason: ", d.Reason)
	case *domain.WayConfirmed:
		return domain.FirstUpper(by) + " confirmed that the new way in " + d.Number + " of " + g.office(d.Person) + " is theirs"
	case *domain.AccessBegun:
		return "From now on every way of signing in is on the record; added from before: " + domain.Count(len(d.Ways), "way")
	case *domain.OfficeLeft:
		return g.office(d.Person) + " had the last day in that office on " + d.Until.Words()
	case *domain.OrganisationRegistered:
		return d.Name + " (" + d.Code + ") was entered in the register as a " + kindWords(d.Kind)
	case *domain.OrganisationChanged:
		return d.Code + " is now listed as " + d.Name
	case *domain.OrganisationClosed:
		return g.closedText(d)
	case *domain.OrganisationReopened:
		if d.Mistake {
			return g.name(d.Code) + " had not closed: that was recorded by mistake, and what ended by it goes on"
		}
		return g.name(d.Code) + " is listed as open after all"
	case *domain.OrganisationSplit:
		return g.splitText(d)
	case *domain.ContractHolderChanged:
		return g.name(d.Practice) + " has a new contract holder from " + d.From.Words() + ", and its mandate ended with the one before" + after("; evidence: ", d.Evidence)
	case *domain.OrganisationsListed:
		return "The official list of " + d.On.Words() + " was taken over: " + domain.Count(d.Organisations, "organisation") + "; " + strconv.Itoa(len(d.LeftOut)) + " left out, " +
			strconv.Itoa(len(d.Contradicted)) + " said otherwise and not taken over" + after("; from ", d.Source)
	case *domain.MembershipStarted:
		return g.name(d.Member) + " belongs to " + g.name(d.In) + " from " + d.From.Words()
	case *domain.MembershipEnded:
		return g.membershipEndedText(d)
	case *domain.MembershipCorrected:
		return g.name(d.Member) + " belongs to " + g.name(d.In) + d.Span.Words() + ", and not" + d.Was.Words() + " as event " + strconv.FormatUint(d.Corrects, 10) + " said"
	case *domain.ListSizeRecorded:
		return g.name(d.Practice) + " had " + domain.Count(d.Patients, "registered patient") + " on " + d.On.Words()
	case *domain.SpokespersonRecorded:
		return g.office(d.Person) + " may speak for " + g.name(d.Organisation) + d.Span.Words() + after("; evidence: ", d.Evidence)
	case *domain.SpokespersonEnded:
		return g.office(d.Person) + " speaks for " + g.name(d.Organisation) + " until " + d.Until.Words() + " only"
	case *domain.JoiningAsked:
		if d.Withdrawn {
			return d.Name + " (" + d.Ledger + ") no longer asks us to join"
		}
		return d.Name + " (" + d.Ledger + ") asks us to join"
	case *domain.JoiningAgreed:
		return "We join the group " + d.Ledger + ", by " + sourceWords(d.Source) + ". " + g.speakersWords(d.Speakers)
	case *domain.JoiningEnded:
		return "We leave the group " + d.Ledger + ", or decline to join it, by " + sourceWords(d.Source)
	case *domain.SeatJoined:
		return g.name(d.Seat) + " has joined, by its own agreement " + d.Ref + ", and takes its seat"
	case *domain.SeatJoiningEnded:
		return g.name(d.Seat) + " has left; its seat ended on " + d.Until.Words()
	case *domain.SeatOpened:
		if d.Asked {
			return g.name(d.Seat) + " is asked to take a seat, by " + sourceWords(d.Source)
		}
		return g.name(d.Seat) + " has a seat at the table, by " + sourceWords(d.Source)
	case *domain.SeatHeld:
		return g.office(d.Person) + " " + roleWords(d.Role) + " the seat of " + g.name(d.Seat) + d.Span.Words()
	case *domain.SeatLeft:
		return g.office(d.Person) + " " + roleWords(d.Role) + " the seat of " + g.name(d.Seat) + " until " + d.Until.Words() + " only"
	case *domain.DutyAssigned:
		return g.office(d.Person) + " is " + d.Duty.Words() + d.Span.Words() + ", by " + sourceWords(d.Source) + g.employedBy(d.Employer)
	case *domain.DutyEnded:
		return g.office(d.Person) + " is " + d.Duty.Words() + " until " + d.Until.Words() + " only, by " + sourceWords(d.Source)
	case *domain.OrganisationInvited:
		return g.name(d.Organisation) + " may follow the group's work" + d.Span.Words()
	case *domain.MandateGranted:
		return g.grantText(d.Organisation, d.To, d.Matters, nil, d.Until, d.Conditions, d.BroughtIn)
	case *domain.MandateWithdrawn:
		if m := g.state.Withdrawal(d.Mandate); m != nil {
			return g.withdrawalText(m)
		}
		return g.name(d.Organisation) + " withdrew its mandate for " + mattersWords(d.Matters) + " from " + e.Effective.Words() + after(": ", d.Reason)
	case *domain.MandateRequested:
		return domain.FirstUpper(g.state.ShortName) + " asked " + g.name(d.Organisation) + " for a mandate for " + mattersWords(d.Matters) + after(": ", d.Words)
	case *domain.ProposalRaised:
		return g.name(d.Seat) + " raised " + d.Proposal + ", " + d.Title
	case *domain.ProposalPut:
		return d.Proposal + ", version " + strconv.Itoa(d.Version) + ", was put to the seats for " + domain.Count(d.Window, "day") + "; it closes on " + d.Closes.Words()
	case *domain.ProposalAmended:
		return g.amendedText(d)
	case *domain.WordsOffered:
		return g.office(d.Person) + " offered other words for " + d.Proposal + after(": ", d.Words)
	case *domain.ProposalWithdrawn:
		return d.Proposal + " was withdrawn" + after(": ", d.Reason)
	case *domain.ProposalLapsed:
		return d.Proposal + " lapsed without consensus" + after("; it waited for ", domain.List(d.WaitedFor)) + after(". What was tried: ", strings.Join(d.Tried, "; "))
	case *domain.FacilitatorNamed:
		return domain.FirstUpper(by) + " named " + g.office(d.Person) + " as facilitator for " + d.Proposal + after(": ", d.Words)
	case *domain.ConversationRecorded:
		return domain.FirstUpper(by) + " recorded a conversation about " + d.Proposal + " with " + g.offices(d.With) + " on " + d.On.Words() + after(": ", d.Learnt)
	case *domain.ClosingPutOffAsked:
		return g.name(d.Seat) + " asked to put the closing day of " + d.Proposal + " off to " + d.Closes.Words() + g.through(d.Person) + after(": ", d.Words)
	case *domain.ClosingPutOffAgreed:
		return g.name(d.Seat) + " agreed to put the closing day of " + d.Proposal + " off to " + d.Closes.Words() + g.through(d.Person)
	case *domain.ClosingPutOff:
		return "The closing day of " + d.Proposal + " was put off from " + d.From.Words() + " to " + d.Closes.Words() + "; " + g.names(d.Seats) + " agreed"
	case *domain.PaymentAgreed:
		return g.name(d.Organisation) + " agreed to pay under " + d.Proposal + ", version " + strconv.Itoa(d.Version)
	case *domain.PositionTaken:
		return g.positionTakenText(d)
	case *domain.PositionConfirmed:
		return g.name(d.Seat) + " confirmed what was recorded for it on " + d.Proposal + ", version " + strconv.Itoa(d.Version) + signedWords(d.Signed)
	case *domain.ObjectionRaised:
		return g.objectionText(d)
	case *domain.ObjectionHeard:
		return "The manager heard that " + g.name(d.Seat) + " objects to " + d.Proposal + ", version " + strconv.Itoa(d.Version) + g.through(d.Person) + after(": ", d.Why) + after("; heard ", d.Heard)
	case *domain.ObjectionResolved:
		return g.resolvedText(d)
	case *domain.AgreementReached:
		return d.Proposal + " was agreed: " + d.Title + after(". ", domain.RollWords(d.Roll))
	case *domain.AgreementBroughtIn:
		return d.Proposal + " was brought in from before the ledger: " + d.Title + after("; evidence: ", d.Evidence)
	case *domain.AgreementSetAside:
		return d.Proposal + " was set aside by " + d.By
	case *domain.PositionAdopted:
		return domain.FirstUpper(g.state.ShortName) + " adopted, by " + d.Source + ": " + positionText(d.RedLine, d.Matter, d.Words) + g.replacesWords(d.Replaces, d.Matter)
	case *domain.ExecutiveFormed:
		return "The executive is " + g.offices(d.Members) + d.Span.Words() + ", by " + d.Source
	case *domain.DelegationGranted:
		return d.Delegation + " was delegated to " + g.delegate(d.To) + untilWords(d.Until) + " by " + d.Source + after(": ", domain.List(g.powersWords(d.Powers)))
	case *domain.DelegationVaried:
		if d.Back != 0 {
			return wentBack(d.Delegation, d.Back, d.Source) + after("; it now says: ", domain.List(g.powersWords(d.Powers))) + "; next review " + d.Review.Words()
		}
		return d.Delegation + " was reviewed by " + d.Source + after("; it now says: ", domain.List(g.powersWords(d.Powers))) + "; next review " + d.Review.Words() + after(". ", d.Feedback)
	case *domain.DelegationEnded:
		return d.Delegation + " was ended by " + d.Source + after(": ", d.Feedback)
	case *domain.PowerSuspended:
		return g.name(d.Seat) + " suspended " + d.What + " until " + d.Until.Words() + after(": ", d.Reason)
	case *domain.SuspensionEnded:
		return "The suspension of " + d.What + " was ended by " + d.Source
	case *domain.ExerciseRecorded:
		return g.exerciseRecordedText(by, d)
	case *domain.ExerciseCalledIn:
		return g.calledInText(d)
	case *domain.ExerciseConfirmed:
		return exerciseConfirmedText(by, d)
	case *domain.ExerciseRefused:
		return domain.FirstUpper(by) + " said that they did not decide " + d.Exercise + after(": ", d.Words)
	case *domain.CommitmentConfirmed:
		return domain.FirstUpper(by) + " confirmed " + d.Commitment + ": they said it"
	case *domain.CommitmentDisputed:
		return domain.FirstUpper(by) + " said that they did not say " + d.Commitment + after(": ", d.Words)
	case *domain.ExerciseTold:
		return g.name(d.Body) + " was told of " + d.Exercise + after(": ", d.How)
	case *domain.Ratified:
		return d.What + " was ratified by " + d.Source + after(": ", d.Feedback)
	case *domain.Disavowed:
		return d.What + " was disavowed by " + d.Source + after(": ", d.Feedback)
	case *domain.ForumRegistered:
		return d.Name + " was entered as a forum, " + d.Forum
	case *domain.MeetingScheduled:
		return g.forum(d.Forum) + " meets on " + d.On.Words() + after(" at ", domain.TimeWords(d.At))
	case *domain.MeetingMoved:
		return "The meeting of " + g.forum(d.Forum) + " on " + d.On.Words() + " was moved to " + d.To.Words() + after(" at ", domain.TimeWords(d.At)) + after(": ", d.Reason)
	case *domain.MeetingCancelled:
		return "The meeting of " + g.forum(d.Forum) + " on " + d.On.Words() + " was cancelled" + after(": ", d.Reason)
	case *domain.MeetingBriefed:
		return "The brief for " + g.forum(d.Forum) + " on " + d.On.Words() + " was given" + after(": ", d.Words)
	case *domain.MeetingReported:
		return domain.FirstUpper(by) + " reported back from " + g.forum(d.Forum) + " of " + d.On.Words() + after(": ", d.Happened) + after("; agreed: ", d.Agreed)
	case *domain.RepresentativeAppointed:
		return g.office(d.Person) + " was appointed to " + g.forum(d.Forum) + d.Span.Words() + ", by " + d.Source + " (" + d.Appointment + ")" + after(": ", remitWords(d.Lines))
	case *domain.AppointmentVaried:
		if d.Back != 0 {
			return wentBack(d.Appointment, d.Back, d.Source) + after("; it now says: ", remitWords(d.Lines)) + "; next review " + d.Review.Words()
		}
		return d.Appointment + " was reviewed by " + d.Source + after("; it now says: ", remitWords(d.Lines)) + "; next review " + d.Review.Words() + after(". ", d.Feedback)
	case *domain.AppointmentEnded:
		return d.Appointment + " was ended by " + d.Source + after(": ", d.Feedback)
	case *domain.InterestDeclared:
		return g.office(d.Person) + " declared " + interestKindWords(d.Kind) + " in " + domain.ListMatters(d.Matters) + after(": ", d.Words)
	case *domain.InterestRenewed:
		return g.office(d.Person) + " declared their interest " + d.Interest + " anew" + after(": ", d.Words)
	case *domain.InterestEnded:
		return g.office(d.Person) + "'s interest " + d.Interest + " ends on " + d.Until.Words() + after(": ", d.Words)
	case *domain.EmployerDeclared:
		if d.Employer == "" {
			return g.office(d.Person) + " is employed by nobody whom others should know of from " + d.From.Words()
		}
		return g.office(d.Person) + " is employed by " + g.name(d.Employer) + " from " + d.From.Words()
	case *domain.CommitmentRecorded:
		return g.commitmentRecordedText(d)
	case *domain.FeedbackGiven:
		return domain.FirstUpper(by) + " gave feedback on " + d.On + after(". What worked: ", d.Worked) + after(". Overstepped: ", d.Overstep) + after(". Thin: ", d.ThinReport)
	case *domain.LogRekeyed:
		return "From here on the log of this ledger is signed by " + domain.Count(len(d.Keys), "key") + ": " + domain.List(d.Keys)
	case *domain.LogRestarted:
		return "The operator accepted the loss of " + domain.Count(int(d.Lost()), "event") + " that had been signed for (" + strconv.FormatUint(d.Signed, 10) +
			" were, " + strconv.FormatUint(d.Left, 10) + " are left); a new log began, " + d.Origin
	case *domain.ApproachRecorded:
		return g.name(d.From) + " approached " + g.office(d.Reached) + after(" ", d.How) + " (" + d.Approach + ")" + after(": ", d.What) + toldWords(d.Told)
	case *domain.ApproachRedirected:
		return d.Approach + " was passed to " + g.office(d.To) + after(": ", d.Words)
	case *domain.ApproachDisposed:
		return domain.FirstUpper(by) + " said what becomes of " + d.Approach + ": " + dispositionWords(d.Disposition) + after(", ", d.Appointment) + after(": ", d.Words)
	case *domain.ApproachAnswered:
		return d.Approach + " was answered: " + replyWords(d.Reply) + after(": ", d.Words)
	case *domain.ApproachesLinked:
		return linkedText(d)
	case *domain.SideConversationReported:
		return g.name(d.Who) + " spoke with " + g.name(d.With) + " outside of the gate (" + d.Conversation + ")" + after(": ", d.What) + toldWords(d.Told)
	case *domain.ActionCreated:
		return d.Action + " is for " + g.office(d.Owner) + ", supported by " + g.office(d.Supporter) + ", by " + d.Due.Words() + after(": ", d.What)
	case *domain.ActionProgressed:
		return domain.FirstUpper(by) + " on how far " + d.Action + " has come" + after(": ", d.Words)
	case *domain.ActionEnded:
		return d.Action + " is " + string(d.How) + after(": ", d.Words)
	case *domain.PriorityListed:
		return domain.FirstUpper(by) + " put a possible priority on the long list (" + d.Priority + ")" + after(": ", d.Title)
	case *domain.PracticesAsked:
		return "All " + domain.Count(len(d.Practices), "practice") + " were asked which of " + domain.List(d.Priorities) + " matter to them, by " + d.By.Words() + " (" + d.Round + ")"
	case *domain.PrioritiesAnswered:
		return g.answeredText(d)
	case *domain.PrioritiesAdopted:
		return "The priorities were adopted by " + d.Source + ": " + domain.List(g.priorityTitles(d.Priorities)) + "; " + tookPartWords(d.TookPart, d.OfPractices)
	case *domain.Departed:
		return g.departedText(d, e.Effective)
	case *domain.DepartureAnswered:
		return domain.FirstUpper(by) + " answered departure " + d.Departure + after(": ", d.Words)
	case *domain.DepartureResolved:
		return g.departureResolvedText(d)
	case *domain.NoticeSent:
		return g.noticeSentText(d)
	case *domain.NoticeAcknowledged:
		return g.name(d.Practice) + " has seen the notice about " + d.About + after("; evidence: ", d.Evidence)
	case *domain.QuestionAsked:
		return g.questionText(d)
	case *domain.QuestionAnswered:
		return domain.FirstUpper(by) + " answered " + d.Question + after(": ", d.Words)
	case *domain.AgendaSet:
		return domain.FirstUpper(by) + " set the agenda of " + d.On.Words() + ": " + domain.List(itemTitles(d.Items))
	case *domain.GroupMet:
		return domain.FirstUpper(g.state.ShortName) + " met on " + d.On.Words() + "; there were " + g.offices(d.Present) + "; " + g.office(d.Chaired) + " chaired" + after(". ", d.Notes)
	case *domain.ItemMinuted:
		return domain.FirstUpper(by) + " recorded item " + strconv.Itoa(d.Item) + " of the meeting of " + d.On.Words() + after(": ", d.Note) + after(". Decided: ", domain.List(itemDecisionsWords(d.Decisions)))
	case *domain.MinutesApproved:
		return "The meeting of " + d.At.Words() + " approved the minutes of " + d.On.Words() + after(". Put right first: ", d.Changes)
	case *domain.LetterWritten:
		return domain.FirstUpper(by) + " wrote letter " + d.Letter + " to " + g.name(d.Organisation) + ", with a code that is good until " + d.Until.Words()
	case *domain.LetterAnswered:
		return g.name(d.Organisation) + " answered letter " + d.Letter + " with its code: " + d.Answered() + "; said by: " + d.Office + after("; ", d.Evidence)
	case *domain.AnswerRecorded:
		return domain.FirstUpper(by) + " recorded what " + g.name(d.Organisation) + " answered to letter " + d.Letter + after(", as ", d.Record)
	case *domain.MinutesWorded:
		return domain.FirstUpper(by) + " edited the minutes of " + d.On.Words() + after(": ", domain.List(minutesWords(&d.MinutesWords)))
	case *domain.RecordKept:
		return g.keptText(d, by)
	case *domain.RecordConfirmed:
		return g.confirmedText(d, by)
	case *domain.RecordRefused:
		return g.refusedText(d, by)
	case *domain.DocumentAttached:
		keeps := ""
		if d.Elsewhere {
			keeps = ", and keeps the file"
		}
		return domain.FirstUpper(by) + " attached " + d.Name + " to " + d.About + keeps + " (SHA-256 " + d.SHA256 + ")"
	case *domain.ConsentProved:
		return g.name(d.Seat) + "'s consent to " + d.To + " rests on " + d.Ref + " of its own ledger, event " + strconv.FormatUint(d.At, 10) + after(": ", d.Title)
	}
	return e.Kind()
}

// through says which person acted for a seat.
func (g *telling) through(person string) string { return " (" + g.office(person) + ")" }

func (g *telling) employedBy(code string) string {
	if code == "" {
		return ""
	}
	return ", employed by " + g.name(code)
}

func (g *telling) closedText(d *domain.OrganisationClosed) string {
	if d.Into != "" {
		return g.name(d.Code) + " went on as " + g.name(d.Into) + "; its last day was " + d.Last.Words()
	}
	return g.name(d.Code) + " (" + d.Code + ") closed; its last day was " + d.Last.Words()
}

func (g *telling) splitText(d *domain.OrganisationSplit) string {
	var among []string
	for _, part := range d.Among {
		w := g.name(part.Organisation)
		if part.Patients != 0 {
			w += " (with " + domain.Count(part.Patients, "patient") + ")"
		}
		among = append(among, w)
	}
	return g.name(d.Code) + " was divided among " + domain.List(among) + "; its last day was " + d.Last.Words()
}

func (g *telling) membershipEndedText(d *domain.MembershipEnded) string {
	if d.Until == 0 {
		return g.name(d.Member) + " has not left " + g.name(d.In) + " after all"
	}
	return g.name(d.Member) + " belongs to " + g.name(d.In) + " until " + d.Until.Words() + " only"
}

func (g *telling) amendedText(d *domain.ProposalAmended) string {
	w := d.Proposal + " was amended: version " + strconv.Itoa(d.Version) + ", " + d.Title
	if len(d.Fallen) > 0 {
		w += "; what " + g.names(d.Fallen) + " had said to the version before fell"
	}
	return w
}

func (g *telling) positionTakenText(d *domain.PositionTaken) string {
	said := " consented to "
	if d.Stand == domain.StandAside {
		said = " stood aside from "
	}
	w := g.name(d.Seat) + said + d.Proposal + ", version " + strconv.Itoa(d.Version) + g.through(d.Person)
	if d.Role == domain.Deputy {
		w += ", by its deputy"
	}
	if d.NeedNotWait {
		w += ", and says that it need not wait"
	}
	w += after(", declaring an interest: ", d.Interest) + after(": ", d.Reason) + after("; heard ", d.Heard)
	if d.Unconfirmed {
		w += ", to be confirmed"
	}
	return w + signedWords(d.Signed)
}

func (g *telling) objectionText(d *domain.ObjectionRaised) string {
	did := " blocked "
	if d.Grade == domain.Concern {
		did = " raised a concern about "
	}
	return g.name(d.Seat) + did + d.Proposal + after(": ", d.Why) + after("; would accept ", d.WouldResolve) + signedWords(d.Signed)
}

func (g *telling) resolvedText(d *domain.ObjectionResolved) string {
	seat := "The seat that raised it"
	if o := g.state.Objections[d.Objection]; o != nil {
		seat = g.name(o.Seat)
	}
	if d.How == domain.ObjectionWithdrawn {
		return seat + " withdrew objection " + d.Objection + " to " + d.Proposal + after(": ", d.Words) + signedWords(d.Signed)
	}
	return seat + " accepted a resolution of objection " + d.Objection + " to " + d.Proposal + after(": ", d.Words) + signedWords(d.Signed)
}

func (g *telling) exerciseRecordedText(by string, d *domain.ExerciseRecorded) string {
	w := g.offices(d.Acting) + " decided under " + d.Delegation + " (" + d.Exercise + ")" + after(": ", d.What) + termsWords(d.Amount, d.Months, d.OpenEnded)
	if len(d.Confirm) > 0 {
		return domain.FirstUpper(by) + " recorded that " + w + "; to be confirmed by " + g.offices(d.Confirm) + after("; it then appoints ", g.namesWords(d.Names))
	}
	if len(d.Beyond) > 0 {
		return w + "; beyond, " + reasonsWords(d.Beyond) + after("; if it is ratified, it appoints ", g.namesWords(d.Names))
	}
	return w + "; within"
}

func exerciseConfirmedText(by string, d *domain.ExerciseConfirmed) string {
	w := domain.FirstUpper(by) + " confirmed " + d.Exercise
	switch {
	case d.Standing == "":
		return w
	case len(d.Beyond) > 0:
		return w + ", the last of those who acted: beyond, " + reasonsWords(d.Beyond)
	}
	return w + ", the last of those who acted: " + string(d.Standing)
}

func (g *telling) calledInText(d *domain.ExerciseCalledIn) string {
	if d.Denied != "" {
		return g.name(d.Denied) + " said that it was not consulted on " + d.Exercise + ", which calls it in" + after(": ", d.Reason)
	}
	return g.name(d.Seat) + " called " + d.Exercise + " in" + after(": ", d.Reason)
}

func (g *telling) commitmentRecordedText(d *domain.CommitmentRecorded) string {
	return g.office(d.Person) + " said in " + g.forum(d.Forum) + ", " + g.givenWords(d.Given) + " (" + d.Commitment + ")" + after(": ", d.Words) +
		saidTerms(d.Amount, d.Months, d.OpenEnded) + "; " + reportedWords(d.Reported) + d.Standing.Words(g.state.ShortName)
}

func linkedText(d *domain.ApproachesLinked) string {
	if d.Apart {
		return d.Approach + " and " + d.With + " do not ask the same after all" + after(": ", d.Words)
	}
	return d.Approach + " and " + d.With + " ask the same" + after(": ", d.Words)
}

func (g *telling) answeredText(d *domain.PrioritiesAnswered) string {
	if len(d.Choices) == 0 {
		return g.name(d.Practice) + " answered " + d.Round + ": none of them" + after(": ", d.Words)
	}
	return g.name(d.Practice) + " answered " + d.Round + ": " + domain.List(g.priorityTitles(d.Choices)) + after(": ", d.Words)
}

func (g *telling) departedText(d *domain.Departed, from domain.Day) string {
	w := g.name(d.Organisation) + " goes its own way on " + d.Agreement + " from " + from.Words() + " (" + d.Departure + ")" + after(": ", d.Reason)
	if d.Reported {
		w += "; reported by another" + after(", ", d.Evidence)
	}
	return w
}

func (g *telling) departureResolvedText(d *domain.DepartureResolved) string {
	switch d.How {
	case domain.Returned:
		return "Departure " + d.Departure + " ended in return" + after(": ", d.Words)
	case domain.NewAgreement:
		return "Departure " + d.Departure + " ended in a new agreement, " + d.Agreement + after(": ", d.Words)
	case domain.Stands:
	}
	return "Departure " + d.Departure + " stands" + after(": ", d.Words)
}

func (g *telling) noticeSentText(d *domain.NoticeSent) string {
	to := "all practices"
	if len(d.Practices) > 0 {
		to = g.names(d.Practices)
	}
	return "The notice about " + domain.List(d.About) + " went to " + to + after(": ", d.How)
}

func (g *telling) questionText(d *domain.QuestionAsked) string {
	did := " asked"
	if d.Disagrees {
		did = " disagrees"
	}
	return g.name(d.Practice) + did + " (" + d.Question + ")" + after(" about ", d.About) + after(": ", d.Words)
}
