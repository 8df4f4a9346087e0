package api

import (
	"bytes"
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"goldenthread/domain"
	"goldenthread/eventstore"
	"goldenthread/eventstore/evidence"
)

const zipType = "application/zip"

// offerEvidence registers the check's answer as a bundle that can be verified
// without this server (rules R3, L9).
func (s *Server) offerEvidence(path string) {
	op := operation(s, huma.Operation{
		OperationID: "check-evidence", Method: http.MethodGet, Path: path, Tags: []string{"log"},
		Summary:     "The answer of the check with everything that it rests on, proved: a zip with the events, their proofs, and a verifier.",
		Description: "For those who may read the whole ledger.",
		Responses:   map[string]*huma.Response{"304": {Description: "Not changed"}},
	}, s.checkEvidence)
	op.Responses["200"].Content = map[string]*huma.MediaType{zipType: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}
}

func (s *Server) checkEvidence(ctx context.Context, in *checkInput) (*answer, error) {
	var found Check
	var title string
	err := s.see(ctx, &in.Terms, everything, func(q *question) (err error) {
		if found, err = check(q, in); err != nil {
			return err
		}
		title = evidenceTitle(q.State(), &found)
		return nil
	})
	if err != nil {
		return nil, err
	}
	last := uint64(0)
	for _, l := range found.Chain {
		last = max(last, l.Index)
	}
	if _, err := s.logOf(ctx, in.Group, last+1); err != nil {
		return nil, err
	}
	b, err := s.store.Evidence(in.Group, title, found.Chain)
	if errors.Is(err, eventstore.ErrNotWitnessed) {
		return nil, unavailable("The witnesses have not cosigned this yet. Please ask again in a moment.")
	}
	if err != nil {
		return nil, err
	}
	var zipped bytes.Buffer
	if err := evidence.Write(&zipped, b); err != nil {
		return nil, err
	}
	return bytesAnswer(zipped.Bytes(), zipType, fresh, in.IfNoneMatch), nil
}

// evidenceTitle says in a line who asked about what, when, and what to say.
func evidenceTitle(s *domain.State, found *Check) string {
	return s.Person(found.On.Person).Office + " on " + found.On.Matter + ", " + found.At.Words() + ": " + found.Say
}
