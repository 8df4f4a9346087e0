package identity

import (
	"cmp"
	"context"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"goldenthread/api/caller"
	"goldenthread/api/operation"
	"goldenthread/api/problem"
	"goldenthread/domain"
)

// Machine tokens over HTTP. What is done with one is recorded as done by the
// person for whom it stands (rule L5).

// TokenFor asks for a token. The operator makes them for anybody; people make
// their own, when they are signed in.
type TokenFor struct {
	Person string       `json:"person,omitempty" doc:"handle or id; yourself if not said" maxLength:"60"`
	Name   string       `json:"name,omitempty" doc:"what it is for, such as: dashboard" maxLength:"60"`
	Scope  caller.Scope `json:"scope,omitzero" enum:"check,read,act" doc:"check: ask the check; read: ask every question; act: also have things recorded; act if not said"`
	Days   int          `json:"days,omitzero" doc:"after which it ends, up to 730; 365 if not said"`
}

// Token is a new token. It is shown this once.
type Token struct {
	Token   string    `json:"token"`
	ID      string    `json:"id" doc:"to revoke it by"`
	Expires time.Time `json:"expires"`
}

// TokenLine is a token without its secret.
type TokenLine struct {
	ID      string       `json:"id"`
	Person  string       `json:"person" doc:"handle"`
	Name    string       `json:"name"`
	Scope   caller.Scope `json:"scope"`
	Issued  time.Time    `json:"issued"`
	Expires time.Time    `json:"expires,omitzero" doc:"none: never"`
	Used    time.Time    `json:"used,omitzero" doc:"last, to the hour"`
}

// TokenList are the tokens that the caller may revoke.
type TokenList struct {
	Tokens []TokenLine `json:"tokens"`
}

type tokenInput struct {
	Group string `path:"group" example:"trafford"`
	ID    string `path:"id" example:"1f0c33aa"`
}

// tokenOperations make, list and revoke tokens.
type tokenOperations struct{ *Identity }

// offerTokens registers making, listing and revoking tokens.
func (s *tokenOperations) offerTokens() {
	const at = "/v1/groups/{group}/tokens"
	op := operation.Register(s.api, huma.Operation{
		OperationID: "issue-token", Method: http.MethodPost, Path: at, Summary: "Make a token: the operator for anybody, people for themselves.",
		Tags: []string{"server"}, DefaultStatus: http.StatusCreated,
		Errors: []int{http.StatusBadRequest, http.StatusConflict, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType},
	}, s.issue)
	op.RequestBody = operation.JSONRequest(s.api.Schemas(), reflect.TypeFor[TokenFor]())
	operation.Register(s.api, huma.Operation{
		OperationID: "tokens", Method: http.MethodGet, Path: at, Summary: "Your tokens; all of the group, for the operator.", Tags: []string{"server"},
	}, s.listTokens)
	operation.Register(s.api, huma.Operation{
		OperationID: "revoke-token", Method: http.MethodPost, Path: at + "/{id}/revoke", Summary: "End a token at once.",
		Tags: []string{"server"}, DefaultStatus: http.StatusNoContent,
	}, s.revokeToken)
}

func (s *tokenOperations) issue(ctx context.Context, in *operation.BodyInput) (*operation.Output[Token], error) {
	c, err := s.ledgers.CallerIn(ctx, in.Group)
	if err != nil {
		return nil, err
	}
	if !c.Operator && c.Token != "" { // a token that leaked must not outlive its end by another
		return nil, problem.NotYours("L5", "Only the operator of this server gives out tokens.")
	}
	var ask TokenFor
	if err := in.LoadInto(&ask); err != nil {
		return nil, err
	}
	ask.Scope, ask.Days = cmp.Or(ask.Scope, caller.ScopeAct), cmp.Or(ask.Days, defaultDays)
	p, err := s.personIn(ctx, c, in.Group, ask.Person)
	if err != nil {
		return nil, err
	}
	if err := mustNotBeErased(&p); err != nil {
		return nil, err
	}
	if !ask.Scope.Known() {
		return nil, problem.Invalid("L5", "A token may check, read or act, not %q.", domain.Clip(string(ask.Scope)))
	}
	if ask.Days < 1 || ask.Days > mostDays {
		return nil, problem.Invalid("L5", "A token ends after 1 to %d days.", mostDays)
	}
	now := s.clock().UTC().Truncate(time.Second)
	if ask.Name == "" {
		ask.Name = "issued " + now.Format(time.DateOnly)
	}
	if len(ask.Name) > 60 || !problem.Plain(ask.Name) {
		return nil, problem.Invalid("L5", "The name of a token is up to 60 characters in one line.")
	}
	k := HeldToken{Group: in.Group, Person: p.Handle, Name: ask.Name, Scope: ask.Scope, Issued: now, Expires: now.AddDate(0, 0, ask.Days)}
	secret := newToken()
	k.Hash = HashOf(secret)
	if err := s.tokens.room(&k); err != nil {
		return nil, err
	}
	made := &domain.MakeWay{Person: p.ID, Way: k.way(), Scope: domain.WayScope(k.Scope), Until: domain.DayOf(k.Expires)}
	if err := s.onRecord(ctx, in.Group, c, made); err != nil {
		return nil, err
	}
	if err := s.tokens.keep(k); err != nil {
		return nil, err
	}
	return &operation.Output[Token]{Body: Token{secret, HashOf(secret)[:8], k.Expires}}, nil
}

func (s *tokenOperations) listTokens(ctx context.Context, in *operation.GroupInput) (*operation.Output[TokenList], error) {
	theirs, err := s.tokensOf(ctx, in.Group)
	if err != nil {
		return nil, err
	}
	list := TokenList{[]TokenLine{}}
	for _, k := range s.tokens.of(theirs) {
		list.Tokens = append(list.Tokens, TokenLine{k.ID, k.Person, k.Name, k.Scope, k.Issued, k.Expires, k.Used})
	}
	return &operation.Output[TokenList]{Body: list}, nil
}

func (s *tokenOperations) revokeToken(ctx context.Context, in *tokenInput) (*struct{}, error) {
	theirs, err := s.tokensOf(ctx, in.Group)
	if err != nil {
		return nil, err
	}
	meant := func(k *HeldToken) bool { return k.ID == in.ID && theirs(k) }
	c, err := caller.Of(ctx)
	if err != nil {
		return nil, err
	}
	for _, k := range s.tokens.of(meant) {
		if err := s.endOnRecord(ctx, in.Group, c, k.way()); err != nil {
			return nil, err
		}
	}
	found, err := s.tokens.Revoke(meant)
	if err == nil && !found {
		err = problem.NotFound("L5", "There is no token %q of yours here.", domain.Clip(in.ID))
	}
	return nil, err
}

// tokensOf says which tokens of the group are the caller's to see and end.
func (s *tokenOperations) tokensOf(ctx context.Context, group string) (func(*HeldToken) bool, error) {
	c, err := s.ledgers.CallerIn(ctx, group)
	if err != nil {
		return nil, err
	}
	if c.Operator {
		return func(k *HeldToken) bool { return k.Group == group }, nil
	}
	p, err := s.personIn(ctx, c, group, "")
	if err != nil {
		return nil, err
	}
	return func(k *HeldToken) bool { return k.Group == group && (k.Person == p.ID || k.Person == p.Handle) }, nil
}

// personIn is the person of the group that is meant: nobody is the caller
// themselves, and anybody else is for the operator only.
func (s *ways) personIn(ctx context.Context, c caller.Caller, group, person string) (domain.Person, error) {
	g, err := s.groups.Now(ctx, group, nil)
	if err != nil {
		return domain.Person{}, err
	}
	me, meant := g.State().Person(c.Person), g.State().Person(person)
	if person == "" {
		meant = me
	}
	switch {
	case !c.Operator && (me == nil || meant != me):
		return domain.Person{}, problem.NotYours("L5", "This is for the operator of this server, or for the person themselves.")
	case meant == nil:
		return domain.Person{}, noPerson(person)
	}
	return *meant, nil
}
