package identity

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"goldenthread/api/caller"
	"goldenthread/api/operation"
	"goldenthread/api/problem"
	"goldenthread/domain"
	"goldenthread/eventstore/shared"
	"goldenthread/projections"
)

// Invitations let somebody of a group register a passkey, once. A fresh one is
// also how somebody gets back in who lost their device.

const (
	invitationsFile = "invitations.json"
	journalFile     = "sign-in.log"
	invitationLasts = 7 * 24 * time.Hour
	codeLetters     = "0123456789ABCDEFGHJKMNPQRSTVWXYZ" // without those taken for others when read out
	// codeLength is 80 bits. Codes are read out by telephone, so 112 bits (23
	// letters) would be mistyped; 80 are enough for what is guessed for a week at
	// most, once a second from an address, and is used up at once. Since it is less
	// than 112, each hash in the file has a salt of its own (ASVS 4.0.3, 2.6.2;
	// 5.0, 6.5.2): whoever reads the file tries each code against each line.
	codeLength = 16
	saltBytes  = 16
)

// An invitation is one of the list. It stays there when it was used.
type invitation struct {
	ID      string    `json:"id"`
	Salt    string    `json:"salt,omitempty"` // none: from before there was one
	Hash    string    `json:"hash"`           // SHA-256 of salt and code, hexadecimal
	Group   string    `json:"group"`
	Person  string    `json:"person"` // id
	By      string    `json:"by"`     // id of a person, or operator
	Replace bool      `json:"replace,omitempty"`
	Made    time.Time `json:"made"`
	Expires time.Time `json:"expires"`
	Used    time.Time `json:"used,omitzero"`
}

// Fits says whether that is the invitation's code.
func (i *invitation) Fits(code string) bool { return same(codeHash(i.Salt, code), i.Hash) }

// way is the invitation as the ledger knows it.
func (i *invitation) way() domain.Way { return wayOfHash(domain.InvitationWay, i.Hash) }

func (i *invitation) open(now time.Time) bool { return i.Used.IsZero() && now.Before(i.Expires) }

// newCode is a code of four groups that can be read out.
func newCode() string {
	var b [codeLength]byte
	rand.Read(b[:])
	var code strings.Builder
	for i, v := range b {
		if i > 0 && i%4 == 0 {
			code.WriteByte('-')
		}
		code.WriteByte(codeLetters[v%32])
	}
	return code.String()
}

func newSalt() string {
	var b [saltBytes]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// codeHash is the hash of a code, behind its salt, as somebody typed it: with or without lines
// between the groups, in small letters, and with O for 0 and I or L for 1.
func codeHash(salt, code string) string {
	return HashOf(salt + strings.Map(func(r rune) rune {
		switch r {
		case '-', ' ':
			return -1
		case 'O':
			return '0'
		case 'I', 'L':
			return '1'
		}
		return r
	}, strings.ToUpper(code)))
}

// invitations are all that were made.
type invitations struct{ Made *kept[invitation] }

func openInvitations(r *shared.Records, dir string) (*invitations, error) {
	k := openKept(r, invitationsFile, func(i *invitation) string { return i.Hash }, nil)
	return &invitations{k}, k.bring(dir, nil, nil)
}

// Find is the open invitation with that code.
func (i *invitations) Find(code string, now time.Time) (invitation, bool) {
	return i.Made.find(func(i *invitation) bool { return i.open(now) && i.Fits(code) })
}

var errSpent = problem.New(http.StatusForbidden, "This invitation has been used, or has ended. Please ask for a new one.")

// use marks the open invitation as used: whoever comes second gets errSpent.
func (i *invitations) use(hash string, now time.Time) (used invitation, err error) {
	err = i.Made.change(func(all []invitation) ([]invitation, error) {
		for n := range all {
			if all[n].Hash == hash && all[n].open(now) {
				all[n].Used = now.UTC().Truncate(time.Second)
				used = all[n]
				return all, nil
			}
		}
		return nil, errSpent
	})
	return used, err
}

// The journal is the log of who was let in by whom, at whichever node. It holds no secret.

// openJournal reads the journal.
func openJournal(r *shared.Records, dir string) (*kept[JournalLine], error) {
	k := openKept(r, journalFile, func(l *JournalLine) string {
		return inOneWord(l.Time.Format(time.RFC3339Nano), l.Group, l.Person, l.By, l.What)
	}, nil)
	return k, k.bring(dir, nil, nil)
}

// A JournalLine is one of its lines.
type JournalLine struct {
	Time   time.Time `json:"time"`
	Group  string    `json:"group"`
	Person string    `json:"person"` // id of whom it is about
	By     string    `json:"by"`     // id of a person, or operator
	What   string    `json:"what"`
}

// InvitationFor asks for an invitation.
type InvitationFor struct {
	Person  string `json:"person" doc:"handle or id" maxLength:"60"`
	Replace bool   `json:"replace,omitempty" doc:"their device is lost: using it removes every passkey they had, and signs them out everywhere"`
}

// InvitationMade is a new invitation. The code is shown this once.
type InvitationMade struct {
	ID      string    `json:"id"`
	Code    string    `json:"code" doc:"to read out"`
	Link    string    `json:"link" doc:"to send"`
	Office  string    `json:"office" doc:"of whoever is invited"`
	Expires time.Time `json:"expires"`
}

// InvitationEntry is an invitation without its code.
type InvitationEntry struct {
	ID      string    `json:"id"`
	Person  string    `json:"person" doc:"handle"`
	By      string    `json:"by" doc:"handle, or operator"`
	Replace bool      `json:"replace,omitempty"`
	Made    time.Time `json:"made"`
	Expires time.Time `json:"expires"`
	Used    time.Time `json:"used,omitzero"`
}

// InvitationsMade are the invitations of a group.
type InvitationsMade struct {
	Invitations []InvitationEntry `json:"invitations"`
}

type invitationInput struct {
	Group string `path:"group" example:"trafford"`
	ID    string `path:"id"`
}

const operatorName = "operator"

// invitationOperations make, list and take back invitations.
type invitationOperations struct{ *Identity }

// offerInvitations registers making, listing and taking back invitations.
func (s *invitationOperations) offerInvitations() {
	const at = "/v1/groups/{group}/invitations"
	op := operation.Register(s.api, huma.Operation{
		OperationID: "invite-to-sign-in", Method: http.MethodPost, Path: at, Summary: "Invite a person of the group to sign in; for the manager and the operator.",
		Tags: []string{"server"}, DefaultStatus: http.StatusCreated,
		Errors: []int{http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType},
	}, s.inviteToSignIn)
	op.RequestBody = operation.JSONRequest(s.api.Schemas(), reflect.TypeFor[InvitationFor]())
	operation.Register(s.api, huma.Operation{
		OperationID: "sign-in-invitations", Method: http.MethodGet, Path: at, Summary: "Who was invited to sign in; for the manager and the operator.", Tags: []string{"server"},
	}, s.listInvitations)
	operation.Register(s.api, huma.Operation{
		OperationID: "withdraw-sign-in-invitation", Method: http.MethodPost, Path: at + "/{id}/withdraw", Summary: "Take back an invitation that was not used.",
		Tags: []string{"server"}, DefaultStatus: http.StatusNoContent,
	}, s.withdrawInvitation)
}

func (s *invitationOperations) inviteToSignIn(ctx context.Context, in *operation.BodyInput) (*operation.Output[InvitationMade], error) {
	if _, _, err := s.lettingIn(ctx, in.Group); err != nil { // before anything of the body is read
		return nil, err
	}
	var ask InvitationFor
	if err := in.LoadInto(&ask); err != nil {
		return nil, err
	}
	made, err := s.Invite(ctx, in.Group, ask)
	if err != nil {
		return nil, err
	}
	return &operation.Output[InvitationMade]{Body: *made}, nil
}

// MayInvite refuses whoever asks and may not invite people of the group to sign in.
func (s *Identity) MayInvite(ctx context.Context, group string) error {
	_, _, err := s.lettingIn(ctx, group)
	return err
}

// Invite makes an invitation in the name of whoever asks. It is shown this once.
func (s *Identity) Invite(ctx context.Context, group string, ask InvitationFor) (*InvitationMade, error) {
	g, by, err := s.lettingIn(ctx, group)
	if err != nil {
		return nil, err
	}
	invited := g.State().Person(ask.Person)
	if invited == nil {
		return nil, noPerson(ask.Person)
	}
	if err := mustNotBeErased(invited); err != nil {
		return nil, err
	}
	now, code, salt := s.clock().UTC().Truncate(time.Second), newCode(), newSalt()
	hash := codeHash(salt, code)
	i := invitation{
		ID: hash[:8], Salt: salt, Hash: hash, Group: group, Person: invited.ID, By: by, Replace: ask.Replace, Made: now, Expires: now.Add(invitationLasts),
	}
	what := "invited to sign in"
	if ask.Replace {
		what = "invited to sign in anew, in place of every passkey"
	}
	c, err := caller.Of(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.onRecord(ctx, group, c, &domain.MakeWay{Person: i.Person, Way: i.way(), Until: domain.DayOf(i.Expires), Replaces: i.Replace}); err != nil {
		return nil, err
	}
	if err := s.SignIn.journal.Add(JournalLine{now, i.Group, i.Person, by, what}); err != nil {
		return nil, err
	}
	if err := s.SignIn.Invitations.Made.Add(i); err != nil {
		return nil, err
	}
	return &InvitationMade{i.ID, code, caller.Origin(ctx) + "/invitation/" + code, invited.Office, i.Expires}, nil
}

func (s *invitationOperations) listInvitations(ctx context.Context, in *operation.GroupInput) (*operation.Output[InvitationsMade], error) {
	g, _, err := s.lettingIn(ctx, in.Group)
	if err != nil {
		return nil, err
	}
	handle := func(id string) string {
		if p := g.State().Person(id); p != nil {
			return p.Handle
		}
		return id
	}
	list := InvitationsMade{[]InvitationEntry{}}
	for _, i := range s.SignIn.Invitations.Made.those(func(i *invitation) bool { return i.Group == in.Group }) {
		list.Invitations = append(list.Invitations, InvitationEntry{i.ID, handle(i.Person), handle(i.By), i.Replace, i.Made, i.Expires, i.Used})
	}
	return &operation.Output[InvitationsMade]{Body: list}, nil
}

func (s *invitationOperations) withdrawInvitation(ctx context.Context, in *invitationInput) (*struct{}, error) {
	_, by, err := s.lettingIn(ctx, in.Group)
	if err != nil {
		return nil, err
	}
	now := s.clock().UTC().Truncate(time.Second)
	meant := func(i *invitation) bool { return i.ID == in.ID && i.Group == in.Group && i.open(now) }
	i, ok := s.SignIn.Invitations.Made.find(meant)
	if !ok {
		return nil, problem.NotFound("L5", "There is no open invitation %q here.", domain.Clip(in.ID))
	}
	c, err := caller.Of(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.endOnRecord(ctx, in.Group, c, i.way()); err != nil {
		return nil, err
	}
	if err := s.SignIn.Invitations.Made.drop(meant); err != nil {
		return nil, err
	}
	return nil, s.SignIn.journal.Add(JournalLine{now, i.Group, i.Person, by, "invitation taken back"})
}

// lettingIn is the group, for whoever may let people in, and who that is.
func (s *Identity) lettingIn(ctx context.Context, group string) (g *projections.Group, by string, err error) {
	c, err := s.ledgers.CallerIn(ctx, group)
	if err != nil {
		return nil, "", err
	}
	if g, err = s.groups.Now(ctx, group, nil); err != nil || c.Operator {
		return g, operatorName, err
	}
	if refusal := g.State().MayLetIn(c.Person, s.ledgers.Today()); refusal != nil {
		return nil, "", refusal
	}
	return g, g.State().Person(c.Person).ID, nil
}
