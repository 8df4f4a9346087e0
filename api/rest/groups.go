package rest

import (
	"context"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"goldenthread/api/access"
	"goldenthread/api/caller"
	"goldenthread/api/operation"
	"goldenthread/domain"
)

// GroupLine names a group.
type GroupLine struct {
	Group string `json:"group" doc:"name in addresses"`
	Name  string `json:"name"`
	Index uint64 `json:"index" doc:"newest event"`
}

// GroupList are the groups that the caller may know of.
type GroupList struct {
	Groups []GroupLine `json:"groups"`
}

// CharterSettings explain the numbers that a charter sets (rule F6).
type CharterSettings struct {
	Settings []domain.Setting `json:"settings"`
}

type cachedInput struct {
	IfNoneMatch string `header:"If-None-Match" doc:"entity tag of the answer one has"`
}

// offerServerQuestions registers what is not asked about one group.
func (s *Rest) offerServerQuestions() {
	schemas := s.api.Schemas()
	operation.Register(s.api, huma.Operation{
		OperationID: "groups", Method: http.MethodGet, Path: "/v1/groups", Summary: "The groups that you belong to; all, for the operator.",
		Tags: []string{"questions"}, Responses: operation.JSONResponse(schemas, reflect.TypeFor[GroupList]()),
	}, s.listGroups)
	operation.Register(s.api, huma.Operation{
		OperationID: "charter-settings", Method: http.MethodGet, Path: "/v1/charter-settings", Summary: "The numbers that a charter sets, each with its default.",
		Tags: []string{"questions"}, Responses: operation.JSONResponse(schemas, reflect.TypeFor[CharterSettings]()),
	}, func(_ context.Context, in *cachedInput) (*operation.Answer, error) {
		return operation.JSON(CharterSettings{domain.Settings}, in.IfNoneMatch)
	})
}

func (s *Rest) listGroups(ctx context.Context, in *cachedInput) (*operation.Answer, error) {
	c, err := caller.Of(ctx)
	if err != nil {
		return nil, err
	}
	list := GroupList{Groups: []GroupLine{}}
	for _, name := range s.store.Groups() {
		if !s.ledgers.Belongs(c, name) {
			continue
		}
		g, err := s.groups.Now(ctx, name, nil)
		if err != nil {
			s.log.WarnContext(ctx, "a group can't be listed", "group", name, "error", err)
			continue
		}
		if newest, _ := g.Index(); s.ledgers.MaySee(g, c, access.Followers) == nil {
			list.Groups = append(list.Groups, GroupLine{name, g.State().Name, newest})
		}
	}
	return operation.JSON(list, in.IfNoneMatch)
}
