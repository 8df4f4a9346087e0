package identity

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"goldenthread/api/caller"
	"goldenthread/api/operation"
	"goldenthread/api/problem"
	"goldenthread/domain"
	"goldenthread/eventstore/shared"
	"goldenthread/eventstore/signature"
)

// What a seat says can be signed with a passkey (rules L5, L9). The server makes
// the statement, a device signs its SHA-256, and the command brings both back. A
// statement is good for one command, for a few minutes, on the server that made it.

// ToSign is a statement to be signed.
type ToSign struct {
	Statement    string    `json:"statement" doc:"send it back exactly as it is"`
	SHA256       string    `json:"sha256" doc:"of the statement, hexadecimal: what is signed"`
	Say          string    `json:"say" doc:"the statement in a sentence"`
	Challenge    string    `json:"challenge" doc:"the same hash in base64url, as devices take it"`
	RelyingParty string    `json:"relyingParty"`
	Credentials  []string  `json:"credentials" doc:"ids of the passkeys that can sign it, base64url"`
	Expires      time.Time `json:"expires"`
}

// statementOperations give out statements to be signed.
type statementOperations struct{ *Identity }

// offerStatements registers one operation for each command that can be signed.
func (s *statementOperations) offerStatements() {
	schemas := s.api.Schemas()
	for _, kind := range domain.Commands {
		if !domain.Signs(kind.New()) {
			continue
		}
		op := operation.Register(s.api, huma.Operation{
			OperationID: "statement-" + kind.Name, Method: http.MethodPost, Path: "/v1/groups/{group}/statements/" + kind.Name,
			Summary: "What you would sign with your passkey, to send with this command: " + kind.Say, Tags: []string{"commands"},
			Errors: []int{http.StatusBadRequest, http.StatusConflict, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType},
		}, func(ctx context.Context, in *operation.BodyInput) (*operation.Output[ToSign], error) {
			return s.state(ctx, kind, in)
		})
		op.RequestBody = operation.JSONRequest(schemas, operation.TypeOf(kind.New()))
	}
}

// state makes the statement that the caller would sign with that command.
func (s *statementOperations) state(ctx context.Context, kind domain.CommandKind, in *operation.BodyInput) (*operation.Output[ToSign], error) {
	c, err := caller.Of(ctx)
	if err != nil {
		return nil, err
	}
	req := domain.Request{Group: in.Group, Way: c.Way, Command: kind.New()}
	if req.Actor, err = s.ledgers.Actor(c, in.Group, req.Command); err != nil {
		return nil, err
	}
	if err := in.LoadInto(req.Command); err != nil {
		return nil, err
	}
	out := ToSign{RelyingParty: caller.PartyOf(caller.Origin(ctx)), Credentials: []string{}}
	g, err := s.groups.Now(ctx, in.Group, nil)
	if err == nil {
		g, err = s.ledgers.WithPlaces(ctx, g)
	}
	if err != nil {
		return nil, err
	}
	st, refused := g.State().StatementFor(&req, s.clock())
	if refused != nil {
		return nil, refused
	}
	out.Say = st.Say(g.State().State)
	for _, k := range g.State().Person(st.Person).Passkeys {
		if k.RelyingParty == out.RelyingParty && signature.CheckPasskey(k.PublicKey, k.RelyingParty) == nil {
			out.Credentials = append(out.Credentials, base64.RawURLEncoding.EncodeToString(k.Credential))
		}
	}
	if len(out.Credentials) == 0 {
		return nil, problem.NotNow("L5", "The ledger knows no passkey of yours for this server. Please sign in with one, or register one.")
	}
	return s.giveOut(ctx, st, &out)
}

// giveOut adds what only the store and the server know, and remembers the statement.
func (s *statementOperations) giveOut(ctx context.Context, st *domain.Statement, out *ToSign) (*operation.Output[ToSign], error) {
	line, err := s.store.Line(ctx, st.Group, st.Exact.Event)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(line)
	st.Exact.SHA256 = hex.EncodeToString(sum[:])
	st.Nonce = rand.Text()
	out.Statement = string(st.Bytes())
	hash := signature.Challenge(out.Statement)
	out.SHA256, out.Challenge = hex.EncodeToString(hash), base64.RawURLEncoding.EncodeToString(hash)
	out.Expires, err = s.statements.begin(out.Statement, signer{st.Group, st.Person, HashOf(caller.AskerOf(ctx).From)}, s.clock())
	return &operation.Output[ToSign]{Body: *out}, err
}

var errNotSigned = problem.NotYours("L5", "This signature does not hold, so nothing was recorded. Please begin again.")

// errForm is said of what no verifier could be shown later.
var errForm = problem.NotYours("L5", "Your device or browser signs in a form that can't be proved to others later, so nothing was recorded. Please use another device or browser.")

// Signed refuses a command whose signature the actor's own passkey did
// not make, here, under a statement that was given out for it.
func (s *ways) Signed(ctx context.Context, req *domain.Request) error {
	g := req.Signature()
	if g == nil {
		return nil
	}
	group, err := s.groups.Now(ctx, req.Group, nil)
	if err != nil {
		return err
	}
	p := group.State().Person(req.Actor)
	if p == nil || p.Passkey(g.Credential) == nil || !s.keeps(req.Group, p.ID, g.Credential) {
		return problem.NotYours("L5", "This was signed with a passkey that the ledger does not know as yours, or knows no longer.")
	}
	at, why := signature.Origin(g)
	if why == nil {
		why = signature.Verify(g, p.Passkey(g.Credential))
	}
	if errors.Is(why, signature.ErrForm) {
		s.log.InfoContext(ctx, "a signature was refused", "why", why)
		return errForm
	}
	if why != nil || at != caller.Origin(ctx) {
		s.log.InfoContext(ctx, "a signature was refused", "why", why, "origin", domain.Clip(at))
		return errNotSigned
	}
	return s.statements.use(g.Statement, req.ID, s.clock())
}

// keeps says whether the person can also sign in with the passkey: one that was
// just removed signs nothing, even where the ledger could not be told yet.
func (s *ways) keeps(group, person string, credential []byte) bool {
	return s.SignIn == nil || slices.ContainsFunc(s.SignIn.Passkeys.account(group, person).Passkeys, func(k passkey) bool {
		return bytes.Equal(k.Credential.ID, credential)
	})
}

const statementsList = "statements"

// statements are those given out to be signed, at whichever node.
type statements struct{ given *kept[givenOut] }

func openStatements(r *shared.Records) statements {
	return statements{openKept(r, statementsList, func(g *givenOut) string { return g.Hash }, func(*givenOut) time.Duration { return ceremonyLasts })}
}

// A givenOut statement counts until it ends, used or not.
type givenOut struct {
	Hash string    `json:"hash"` // of the statement
	Ends time.Time `json:"ends"`
	By   uuid.UUID `json:"by,omitzero"` // the command that it was used for; none yet
	signer
}

// A signer is who asked for a statement, and from where.
type signer struct {
	Group  string `json:"group"`
	Person string `json:"person"`
	From   string `json:"from"` // hash of the address
}

// How many statements there may be at once. A person who asks for more loses the first
// that they asked for: they begin again, and keep nobody else from signing.
const (
	mostOfPerson   = 20
	mostOfGroup    = 500
	mostOfAddress  = 500 // or of one /64: a town's surgeries may share it
	mostStatements = 20_000
)

// begin remembers the statement, and says how long.
func (g *statements) begin(statement string, who signer, now time.Time) (time.Time, error) {
	is := givenOut{Hash: HashOf(statement), Ends: now.Add(ceremonyLasts).UTC().Truncate(time.Second), signer: who}
	return is.Ends, g.given.change(func(all []givenOut) ([]givenOut, error) {
		person, group, address, first, there := 0, 0, 0, -1, 0
		for i := range all {
			o := &all[i]
			if now.After(o.Ends) {
				continue
			}
			there++
			if o.Group == who.Group {
				group++
			}
			if o.From == who.From {
				address++
			}
			if o.Group == who.Group && o.Person == who.Person {
				if person++; first < 0 {
					first = i
				}
			}
		}
		switch {
		case person >= mostOfPerson:
			all = slices.Delete(all, first, first+1)
		case group >= mostOfGroup, address >= mostOfAddress:
			return nil, problem.New(http.StatusTooManyRequests, "Too many statements wait to be signed for your group, or at your address. Please try again in a few minutes.")
		case there >= mostStatements:
			return nil, problem.Unavailable("Too many are signing at the moment. Please try again later.")
		}
		return append(all, is), nil
	})
}

// use takes the statement for that command. The same command may come again: it
// gets the answer that it had.
func (g *statements) use(statement string, command uuid.UUID, now time.Time) error {
	return g.given.change(func(all []givenOut) ([]givenOut, error) {
		i := slices.IndexFunc(all, func(o givenOut) bool { return o.Hash == HashOf(statement) })
		if i < 0 || now.After(all[i].Ends) || all[i].By != uuid.Nil && all[i].By != command {
			return nil, problem.NotNow("L5", "This took too long, or was signed and sent before. Please begin again.")
		}
		all[i].By = command
		return all, nil
	})
}
