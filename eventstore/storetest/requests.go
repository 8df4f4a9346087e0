package storetest

import (
	"crypto/sha256"

	"github.com/google/uuid"

	"goldenthread/domain"
)

// Found founds a group with one person, its founder.
func Found(group string) domain.Request {
	return Request(group, "founder", &domain.Found{
		Name: "Board of " + group, Place: "TRAF", PlaceName: "Trafford", Founder: "founder",
		Charter: domain.Charter{Text: "We decide together.", Quorum: 1, DefaultStance: domain.BringBack, Matters: []string{"access"}},
		Organisations: []domain.OrganisationRow{
			{Code: "TRAF", Kind: domain.PlaceKind, Name: "Trafford"}, {Code: "LMC", Kind: domain.LMC, Name: "The local medical committee"},
		},
		People: []domain.PersonEntry{{Handle: "founder", Office: "LMC chair", Organisation: "LMC", Personal: &domain.PersonalData{Name: SecretName, Email: SecretMail}}},
		Seats:  []domain.SeatEntry{{Organisation: "LMC", Holder: "founder"}},
	})
}

// The founder's personal data.
const (
	SecretName = "Dr Philippa Wintergreen"
	SecretMail = "philippa@wintergreen.example"
)

// Register has the founder register a person: one event.
func Register(group, handle string) domain.Request {
	return Request(group, "founder", &domain.RegisterPerson{PersonEntry: domain.PersonEntry{Handle: handle, Office: "Clinical director " + handle}})
}

// Request is a request with an id of its own.
func Request(group, actor string, c domain.Command) domain.Request {
	id := uuid.Must(uuid.NewV7())
	return domain.Request{Group: group, ID: id, Hash: sha256.Sum256(id[:]), Actor: actor, Command: c}
}
