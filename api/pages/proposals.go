package pages

import (
	"slices"

	"goldenthread/api/access"
	"goldenthread/api/caller"
	"goldenthread/api/web"
	"goldenthread/domain"
	"goldenthread/projections"
)

// Proposals: who agreed what, when (rules C1–C14).

var proposalForms = map[string]reading{
	"consent": func(f *filling) domain.Command {
		return &domain.GiveConsent{Proposal: f.path("number"), Version: f.version("version"), Seat: f.words("seat"), NeedNotWait: f.ticked("needNotWait")}
	},
	"stand-aside": func(f *filling) domain.Command {
		return &domain.StandAsideFrom{Proposal: f.path("number"), Version: f.version("version"), Seat: f.words("seat"), Reason: f.words("reason"), Interest: f.words("interest")}
	},
	"object": func(f *filling) domain.Command {
		return &domain.RaiseObjection{
			Proposal: f.path("number"), Version: f.version("version"), Seat: f.words("seat"), Grade: domain.Grade(f.words("grade")),
			Why: f.words("why"), WouldResolve: f.words("wouldResolve"),
		}
	},
	"resolve-objection": func(f *filling) domain.Command {
		return &domain.ResolveObjection{Objection: f.words("objection"), How: domain.HowLost(f.words("how")), Words: f.words("words")}
	},
	"confirm-position": func(f *filling) domain.Command {
		return &domain.ConfirmPosition{Proposal: f.path("number"), Version: f.version("version"), Seat: f.words("seat")}
	},
	"agree-to-pay": func(f *filling) domain.Command {
		return &domain.AgreeToPay{Proposal: f.path("number"), Version: f.version("version"), Organisation: f.words("organisation")}
	},
	"put-proposal": func(f *filling) domain.Command { return &domain.PutProposal{Proposal: f.path("number")} },
	"withdraw-proposal": func(f *filling) domain.Command {
		return &domain.WithdrawProposal{Proposal: f.path("number"), Reason: f.words("reason")}
	},
	"offer-words": func(f *filling) domain.Command {
		return &domain.OfferWords{Proposal: f.path("number"), Words: f.words("words")}
	},
	"name-facilitator": func(f *filling) domain.Command {
		return &domain.NameFacilitator{Proposal: f.path("number"), Person: f.words("person"), Words: f.words("words")}
	},
	"record-conversation": func(f *filling) domain.Command {
		return &domain.RecordConversation{Proposal: f.path("number"), On: f.day("on"), With: f.chosen("with"), Learnt: f.words("learnt")}
	},
	"ask-put-off": func(f *filling) domain.Command {
		return &domain.AskPutOff{Proposal: f.path("number"), Closes: f.day("closes"), Words: f.words("words"), Seat: f.words("seat")}
	},
	"agree-put-off": func(f *filling) domain.Command {
		return &domain.AgreePutOff{Proposal: f.path("number"), Closes: f.day("closes"), Seat: f.words("seat")}
	},
	"report-position": func(f *filling) domain.Command {
		return &domain.ReportPosition{
			Proposal: f.path("number"), Version: f.version("version"), Seat: f.words("seat"), Stand: domain.Stand(f.words("stand")),
			From: f.words("from"), How: f.words("how"),
		}
	},
}

func proposalsPage(a *asked) (web.Body, error) {
	stage := a.r.URL.Query().Get("stage")
	if err := access.CheckStage(stage); err != nil {
		return nil, err
	}
	body := &web.Proposals{Proposals: a.Proposals(a.At, stage).Proposals, Stage: stage}
	slices.Reverse(body.Proposals)
	return body, nil
}

// waitingForWord is what an agreement can ratify or disavow.
func (a *asked) waitingForWord() []web.Option {
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
func (a *asked) settled() []web.Option {
	var os []web.Option
	for _, p := range a.Proposals(a.At, "").Proposals {
		if p.Stage == domain.Agreed || p.Stage == domain.Lapsed {
			os = append(os, web.Option{Value: p.Ref, Words: p.Ref + ": " + p.Title})
		}
	}
	return os
}

// holding are the agreements that can be set aside.
func (a *asked) holding() []web.Option {
	var os []web.Option
	for _, p := range a.Proposals(a.At, string(domain.Agreed)).Proposals {
		if p.SetAside == nil {
			os = append(os, web.Option{Value: p.Ref, Words: p.Ref + ": " + p.Title})
		}
	}
	return os
}

// hasPasskey says whether the person can sign here.
func (a *asked) hasPasskey() bool {
	here := caller.PartyOf(caller.Origin(a.r.Context()))
	return slices.ContainsFunc(a.State().People[a.me.ID].Passkeys, func(k domain.Passkey) bool { return k.RelyingParty == here })
}

func proposalPage(a *asked) (web.Body, error) {
	p, err := access.OrRefused(a.Proposal(a.r.PathValue("number"), a.At))
	if err != nil {
		return nil, err
	}
	body := &web.Proposal{Proposal: p, Letting: map[string]bool{}}
	if p.Stage != domain.Open && p.Stage != domain.Draft || !a.today() || a.me == nil {
		return body, nil
	}
	body.Own, body.Words = a.may(&domain.WithdrawProposal{Proposal: p.Ref}), a.may(&domain.OfferWords{Proposal: p.Ref})
	if p.Stage != domain.Open {
		return body, nil
	}
	body.Seats, body.Passkey, body.MustSign = a.seats(), a.hasPasskey(), a.State().CharterOn(a.At).Charter.RequireSignatures
	for _, o := range p.Objections {
		body.Letting[o.Ref] = o.Open && a.may(&domain.ResolveObjection{Objection: o.Ref})
	}
	a.dispute(body)
	if body.Manager = a.may(&domain.ReportPosition{}); body.Manager || body.Acts() {
		body.People = web.PeopleOptions(a.People(a.At).People)
	}
	for _, l := range p.Roll {
		seat := web.Option{Value: l.Seat.Code, Words: l.Seat.Name}
		if l.Position == domain.RollUnconfirmed && a.may(&domain.ConfirmPosition{Proposal: p.Ref, Seat: l.Seat.Code}) {
			body.Confirm = append(body.Confirm, seat)
		}
		if l.Position == domain.RollNotHeard || l.Heard != "" {
			body.Others = append(body.Others, seat)
		}
	}
	body.Pays = a.pays(&p)
	return body, nil
}

// dispute fills in what the person can do to work an objection through (rule C15).
func (a *asked) dispute(body *web.Proposal) {
	w := &body.Working
	if len(w.Parties) == 0 {
		return
	}
	for _, b := range w.Parties {
		if a.may(&domain.AgreePutOff{Proposal: body.Ref, Seat: b.Code}) {
			body.Dispute = append(body.Dispute, web.Option{Value: b.Code, Words: b.Name})
		}
	}
	body.Names, body.Records = a.may(&domain.NameFacilitator{Proposal: body.Ref}), a.may(&domain.RecordConversation{Proposal: body.Ref})
	if w.PutOff != nil || len(w.Parties) < 2 {
		body.Dispute = nil // there is nothing to agree to
	}
}

// pays are the organisations that the newest version asks to pay, and for which the
// person may still agree to it.
func (a *asked) pays(p *projections.Proposal) []web.Option {
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
