package main

import (
	"context"

	"goldenthread/domain"
)

// portion is how many practices go into one command.
const portion = 100

// found founds the group in a day: its PCNs, a committee and a federation have
// seats, and all of them consent to the charter.
func (h *history) found(ctx context.Context, d domain.Day) error {
	if err := h.sayAll(ctx, lmcChair, h.founding(d)); err != nil {
		return err
	}
	for rows := h.rows(); len(rows) > 0; {
		n := min(portion, len(rows))
		if err := h.sayAll(ctx, manager, &domain.ImportOrganisations{Rows: rows[:n]}); err != nil {
			return err
		}
		rows = rows[n:]
	}
	if err := h.sayAll(ctx, manager, &domain.RegisterForum{Forum: boardForum, Name: h.name + " locality board", Body: systemBody}); err != nil {
		return err
	}
	for _, who := range h.people() {
		if err := h.sayAll(ctx, who, &domain.ConsentToCharter{}); err != nil {
			return err
		}
	}
	return nil
}

// rows are the practices, with list sizes made up.
func (h *history) rows() []domain.OrganisationRow {
	rows := make([]domain.OrganisationRow, len(h.practices))
	for i, p := range h.practices {
		p.Lists = []domain.ListRow{{On: h.from, Patients: 2_000 + h.luck.IntN(16_000)}}
		rows[i] = p
	}
	return rows
}

func (h *history) founding(d domain.Day) *domain.Found {
	c := &domain.Found{
		Name: h.name + " GP Board", ShortName: "the board", Place: h.code, PlaceName: h.name, Founder: lmcChair,
		Charter: domain.Charter{
			Text:   "We decide together, by consensus. Our authority comes from the practices, and they can take it back. We hand a small executive limited powers, and send representatives who report back.",
			Quorum: (len(h.pcns) + 3) / 2, QuorumOf: []string{committee}, DefaultStance: domain.BringBack, Reserved: []string{"contracts/core"},
			Matters: []string{"access", "workforce", "estates", "digital", "communications", "contracts", "vaccination", "representation"},
		},
		Organisations: append([]domain.OrganisationRow{
			{Code: h.code, Kind: domain.PlaceKind, Name: h.name},
			{Code: committee, Kind: domain.LMC, Name: h.name + " LMC"},
			{Code: federation, Kind: domain.Federation, Name: h.name + " GP Federation"},
			{Code: systemBody, Kind: domain.SystemBody, Name: "Integrated Care Board"},
		}, h.pcns...),
		People: []domain.PersonEntry{
			{Handle: lmcChair, Office: "Chair, " + h.name + " LMC", Organisation: committee},
			{Handle: fedLead, Office: "Lead, " + h.name + " GP Federation", Organisation: federation},
			{Handle: manager, Office: "Manager, " + h.name + " GP Board", Organisation: federation},
		},
		Seats: []domain.SeatEntry{{Organisation: committee, Holder: lmcChair}, {Organisation: federation, Holder: fedLead}},
		Duties: []domain.DutyEntry{
			{Duty: domain.Chair, Person: lmcChair}, {Duty: domain.Manager, Person: manager, Employer: federation},
			{Duty: domain.Registrar, Person: manager}, {Duty: domain.Gatekeeper, Person: manager},
		},
	}
	for _, p := range h.pcns {
		c.People = append(c.People, domain.PersonEntry{Handle: director(p.Code), Office: "Clinical Director, " + p.Name, Organisation: p.Code})
		c.Seats = append(c.Seats, domain.SeatEntry{Organisation: p.Code, Holder: director(p.Code)})
	}
	return c
}
