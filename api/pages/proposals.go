package pages

import (
	"slices"
	"strconv"
	"strings"

	"goldenthread/api/access"
	"goldenthread/api/caller"
	"goldenthread/api/web"
	"goldenthread/domain"
	"goldenthread/projections"
)

// Proposals: who agreed what, when (rules C1–C14).

func proposalsPage(a *asked) (web.Body, error) {
	stage := a.r.URL.Query().Get("stage")
	if err := access.CheckStage(stage); err != nil {
		return nil, err
	}
	body := &web.Proposals{Proposals: a.Proposals(a.At, stage).Proposals, Stage: stage}
	slices.Reverse(body.Proposals)
	var err error
	body.Proposals, body.Pager, err = part(a, body.Proposals, 50)
	return body, err
}

// waitingForWord is what an agreement can ratify or disavow.
func (a *choosing) waitingForWord() []web.Option {
	var waiting []web.Option
	for _, d := range a.Powers(a.At).Delegations {
		for _, x := range d.Exercises {
			if x.Standing == domain.XBeyond || x.Standing == domain.XCalledIn {
				waiting = append(waiting, web.Option{Value: x.Ref, Words: x.Ref + ": " + x.What})
			}
		}
	}
	for _, k := range a.Commitments(a.At).Commitments {
		if k.Standing == domain.KBeyond || k.Standing == domain.KAdReferendum {
			waiting = append(waiting, web.Option{Value: k.Ref, Words: k.Ref + ": " + k.Words})
		}
	}
	return waiting
}

// settled are the proposals that can be opened again.
func (a *choosing) settled() []web.Option {
	var os []web.Option
	for _, p := range a.Proposals(a.At, "").Proposals {
		if p.Stage == domain.Agreed || p.Stage == domain.Lapsed {
			os = append(os, web.Option{Value: p.Ref, Words: p.Ref + ": " + p.Title})
		}
	}
	return os
}

// holding are the agreements that can be set aside.
func (a *choosing) holding() []web.Option {
	var os []web.Option
	for _, p := range a.Proposals(a.At, string(domain.Agreed)).Proposals {
		if p.SetAside == nil {
			os = append(os, web.Option{Value: p.Ref, Words: p.Ref + ": " + p.Title})
		}
	}
	return os
}

// hasPasskey says whether the person can sign here.
func (a *choosing) hasPasskey() bool {
	here := caller.PartyOf(caller.Origin(a.r.Context()))
	return slices.ContainsFunc(a.State().People[a.me.ID].Passkeys, func(k domain.Passkey) bool { return k.RelyingParty == here })
}

func proposalPage(a *asked) (web.Body, error) {
	p, err := access.OrRefused(a.Proposal(a.r.PathValue("number"), a.At))
	if err != nil {
		return nil, err
	}
	body := &web.Proposal{Proposal: p, Kept: slices.Contains(a.State().Charter().MembersOnly, "proposals")}
	if p.Stage != domain.Open && p.Stage != domain.Draft || !a.today() || a.me == nil {
		return body, nil
	}
	body.Own = a.may(&domain.WithdrawProposal{Proposal: p.Ref})
	if p.Stage == domain.Draft {
		a.offer(offered{id: "put", command: &domain.PutProposal{Proposal: p.Ref}, Sheet: web.Sheet{Say: []string{"It is a draft: nobody has been asked yet."}, Button: "Open it for everybody"}})
	}
	a.offer(offered{
		id: "withdraw", command: &domain.WithdrawProposal{Proposal: p.Ref},
		Sheet: web.Sheet{Fold: "Withdraw the proposal", FoldID: "withdrawing", Button: "Withdraw it", Class: "warning"},
	})
	a.offer(offered{
		id: "offer", command: &domain.OfferWords{Proposal: p.Ref},
		Sheet: web.Sheet{Fold: "Offer other words", FoldID: "offering", Button: "Offer them", Class: "secondary"},
	})
	if p.Stage != domain.Open {
		return body, nil
	}
	body.Asks = true
	for _, w := range a.ToDo(a.Caller.Person, a.At).Items {
		if w.Ref == p.Ref {
			body.Next = body.StepFor(w)
			break
		}
	}
	body.Passkey, body.MustSign = a.hasPasskey(), a.State().CharterOn(a.At).Charter.RequireSignatures
	a.offerPositions(body)
	for _, o := range p.Objections {
		if o.Open {
			a.offer(offered{
				id: "let-" + o.Ref, command: &domain.ResolveObjection{Objection: o.Ref, How: domain.ResolutionAccepted}, given: []string{"objection"},
				Sheet: web.Sheet{Button: "Remove objection", Class: "secondary", Sign: "Remove objection and sign"},
			})
		}
	}
	a.offerDispute(body)
	return body, nil
}

// groundParts asks, of another group's seat, on which agreement or power of its own its consent
// rests (rule G1); nil where nobody has to say.
func (a *offering) groundParts(matter string) func(*filling) []web.Piece {
	others := false
	options := []web.Option{{Value: "", Words: "Choose"}}
	for _, seat := range a.seats() {
		if a.State().Organisations[seat.Value].Kind != domain.OtherGroup {
			continue
		}
		others = true
		g, err := a.server.ledgers.WithPlaces(a.r.Context(), a.Group)
		if err != nil {
			a.server.log.WarnContext(a.r.Context(), "the ledgers of the places could not be read", "error", err)
			continue
		}
		for _, ground := range g.State().GroundsOf(seat.Value, matter, a.At) {
			options = append(options, web.Option{Value: restsValue(&ground.RestsOn), Words: strings.TrimSuffix(seat.Words+", "+ground.Ref+": "+ground.Title, ": ")})
		}
	}
	if !others {
		return nil
	}
	return func(f *filling) []web.Piece {
		return []web.Piece{{
			Type: "choice", Name: restsField, Label: "Which agreement or power of your own does it rest on?", Options: options, Values: f.values[restsField],
			Hint: "Your group has to have agreed to it, or given somebody a power for it, in its own ledger. If none is offered, agree to it there first.",
		}}
	}
}

// restsField is where a form says what another group's consent to a proposal rests on.
const restsField = "rests"

func restsValue(r *domain.RestsOn) string {
	return r.Ledger + "/" + r.Ref + "/" + strconv.FormatUint(r.Index, 10)
}

// ground reads what another group's consent to a proposal rests on; nil where nothing was chosen.
func (f *filling) ground() *domain.RestsOn {
	parts := strings.Split(f.values.Get(restsField), "/")
	if len(parts) != 3 {
		return nil
	}
	index, err := strconv.ParseUint(parts[2], 10, 64)
	if err != nil {
		return nil
	}
	return &domain.RestsOn{Ledger: parts[0], Ref: parts[1], Index: index}
}

// offerPositions offers to say what a seat says to the newest version, to confirm
// what was heard from it, and to agree to pay.
func (a *offering) offerPositions(body *web.Proposal) {
	version := body.Versions[len(body.Versions)-1].Version
	var grounds func(*filling) []web.Piece
	position := func(c domain.Command, fold, say, class string) {
		a.offer(offered{
			id: domain.CommandName(c), command: c, given: []string{"version"}, filtered: true, more: grounds,
			Sheet: web.Sheet{
				Fold: fold, FoldID: "do-" + domain.CommandName(c), Say: []string{say + " You speak to version " + strconv.Itoa(version) + "."}, Button: fold, Class: class, Sign: fold + " and sign",
			},
		})
	}
	if a.seats() != nil {
		grounds = a.groundParts(body.Matter)
		position(&domain.GiveConsent{Proposal: body.Ref, Version: version}, "Consent", "We sign up to these words.", "")
		grounds = nil
		position(&domain.StandAsideFrom{Proposal: body.Ref, Version: version}, "Stand aside", "Not for us, but we will not stop it, and will stand by it.", "secondary")
		position(&domain.RaiseObjection{Proposal: body.Ref, Version: version, Grade: domain.Concern}, "Object", "A concern is recorded. A block stops it until you let it go.", "warning")
	}
	given := []string{"version", "seat", "organisation"}
	var others []web.Option
	for _, l := range body.Roll {
		if l.Position == domain.RollUnconfirmed {
			a.offer(offered{
				id: "confirm-" + l.Seat.Code, command: &domain.ConfirmPosition{Proposal: body.Ref, Version: version, Seat: l.Seat.Code, Index: l.Index}, given: append(given, "index"),
				Sheet: web.Sheet{Say: []string{"The manager heard that " + l.Seat.Name + " " + projections.StandWords(l.Stand) + " it (" + l.Heard + ")."}, Button: "Confirm it for " + l.Seat.Name, Sign: "Confirm it and sign"},
			})
		}
		if l.Position != domain.RollBlocks {
			others = append(others, web.Option{Value: l.Seat.Code, Words: l.Seat.Name})
		}
	}
	for _, payer := range a.pays(&body.Proposal) {
		a.offer(offered{
			id: "pay-" + payer.Value, command: &domain.AgreeToPay{Proposal: body.Ref, Version: version, Organisation: payer.Value}, given: given,
			Sheet: web.Sheet{Say: []string{payer.Words + " is named as paying."}, Button: "Agree that " + payer.Words + " pays"},
		})
	}
	if others != nil {
		a.offer(offered{
			id: "heard", command: &domain.ReportPosition{Proposal: body.Ref, Version: version, Stand: domain.Consent}, given: []string{"version"}, options: map[string][]web.Option{"seat": others},
			Sheet: web.Sheet{Fold: "Record what you heard from a seat", FoldID: "hearing", Class: "secondary"},
		})
	}
}

// offerDispute offers what works an objection through (rule C15).
func (a *offering) offerDispute(body *web.Proposal) {
	w := &body.Working
	if len(w.Parties) == 0 {
		return
	}
	a.offer(offered{
		id: "conversation", command: &domain.RecordConversation{Proposal: body.Ref}, without: []string{"seat"},
		Sheet: web.Sheet{Fold: "Record a conversation", FoldID: "talking", Button: "Record conversation", Class: "secondary"},
	})
	a.offer(offered{
		id: "facilitator", command: &domain.NameFacilitator{Proposal: body.Ref}, without: []string{"seat"},
		Sheet: web.Sheet{Fold: "Name a facilitator", FoldID: "facilitating", Button: "Name facilitator", Class: "secondary"},
	})
	var parties, agrees []web.Option
	for _, b := range w.Parties {
		if a.may(&domain.AgreePutOff{Proposal: body.Ref, Seat: b.Code}) {
			parties = append(parties, web.Option{Value: b.Code, Words: b.Name})
		}
	}
	if parties == nil || w.PutOff != nil || len(w.Parties) < 2 { // there is nothing to agree to
		return
	}
	a.offer(offered{
		id: "put-off", command: &domain.AskPutOff{Proposal: body.Ref}, filtered: true, options: map[string][]web.Option{"seat": parties},
		Sheet: web.Sheet{Fold: "Ask to put the closing day off", FoldID: "putting-off", Say: []string{"It can be put off once, if every seat in the dispute agrees."}, Button: "Ask to put it off", Class: "secondary"},
	})
	if w.Asked == nil {
		return
	}
	for _, seat := range parties {
		if slices.ContainsFunc(w.Asked.WaitsFor, func(b projections.Body) bool { return b.Code == seat.Value }) {
			agrees = append(agrees, seat)
		}
	}
	if agrees != nil {
		a.offer(offered{
			id: "agree-put-off", command: &domain.AgreePutOff{Proposal: body.Ref, Closes: w.Asked.Closes}, given: []string{"closes"}, filtered: true, options: map[string][]web.Option{"seat": agrees},
			Sheet: web.Sheet{Button: "Agree that it closes on " + w.Asked.Closes.Words()},
		})
	}
}

// pays are the organisations that the newest version asks to pay, and for which the
// person may still agree to it.
func (a *choosing) pays(p *projections.Proposal) []web.Option {
	var os []web.Option
	version := p.Versions[len(p.Versions)-1].Version
	for _, code := range a.State().PayersOf(p.Ref, a.At) {
		agreed := slices.ContainsFunc(p.Payments, func(o projections.PaymentLine) bool { return o.Organisation.Code == code && o.Version == version })
		if !agreed && a.may(&domain.AgreeToPay{Proposal: p.Ref, Organisation: code}) {
			os = append(os, web.Option{Value: code, Words: a.State().Organisations[code].Name})
		}
	}
	return os
}
