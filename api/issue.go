package api

import (
	"context"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"goldenthread/projections"
)

type issueInput struct {
	Group string `path:"group" example:"trafford"`
	jsonBody
}

// TokenFor asks for a token.
type TokenFor struct {
	Person string `json:"person" doc:"handle" maxLength:"60"`
}

// Token is a new token. It is shown this once.
type Token struct {
	Token string `json:"token"`
}

type tokenOutput struct{ Body Token }

// offerTokens lets the operator give a person of a group a token.
func (s *Server) offerTokens() {
	op := operation(s, huma.Operation{
		OperationID: "issue-token", Method: http.MethodPost, Path: "/v1/groups/{group}/tokens", Summary: "Give somebody a token; for the operator.",
		Tags: []string{"server"}, DefaultStatus: http.StatusCreated,
		Errors: []int{http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType},
	}, s.issue)
	op.RequestBody = jsonRequest(s.api.OpenAPI().Components.Schemas, reflect.TypeFor[TokenFor]())
}

func (s *Server) issue(ctx context.Context, in *issueInput) (*tokenOutput, error) {
	c, err := s.callerIn(ctx, in.Group)
	if err != nil {
		return nil, err
	}
	if !c.Operator {
		return nil, notYours("L5", "Only the operator of this server gives out tokens.")
	}
	var ask TokenFor
	if err := decode(in.bytes, &ask); err != nil {
		return nil, err
	}
	err = s.groups.Read(ctx, in.Group, nil, func(g *projections.Group) error {
		if g.State().Person(ask.Person) == nil {
			return notFound("L5", "%q is not a person of this group.", clip(ask.Person))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	token, err := s.tokens.Issue(in.Group, ask.Person)
	if err != nil {
		return nil, err
	}
	return &tokenOutput{Token{token}}, nil
}
