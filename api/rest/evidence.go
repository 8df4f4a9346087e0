package rest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"goldenthread/api/access"
	"goldenthread/api/operation"
	"goldenthread/api/problem"
	"goldenthread/domain"
	"goldenthread/eventstore/evidence"
	"goldenthread/eventstore/logs"
)

const (
	zipType      = "application/zip"
	verifierPath = "/verify.py"
)

// offerEvidence registers answers as bundles that can be verified without this
// server (rules R3, L9).
func (s *Rest) offerEvidence(at string) {
	bundle(s, "check-evidence", at+"/check/evidence", "The answer of the check with everything that it rests on, proved: a zip with the events and their proofs, which the verifier at /verify.py checks without this server.", checkEvidence)
	bundle(s, "powers-evidence", at+"/powers/evidence", "The delegated powers for an auditor, proved: a zip, likewise, with each agreement behind them, what each seat said to its words, each version of each power, and each decision with who confirmed it, called it in and was told.", powersEvidence)
	bundle(s, "evidence", at+"/evidence/{ref}", "An agreement, delegation, decision, appointment or commitment with everything that it rests on, proved: a zip, likewise.", refEvidence)
}

// offerVerifier hands out verify.py to anybody. It is never part of what it verifies.
func (s *Rest) offerVerifier() {
	s.api.Mux.HandleFunc("GET "+verifierPath, func(w http.ResponseWriter, r *http.Request) {
		tag := `"` + evidence.VerifierSHA256() + `"`
		w.Header().Set("ETag", tag)
		w.Header().Set("Cache-Control", "no-cache")
		w.Header().Set("Content-Type", "text/x-python; charset=utf-8")
		w.Header().Set("Content-Disposition", `attachment; filename="verify.py"`)
		if operation.Matches(r.Header.Get("If-None-Match"), tag) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Write(evidence.Verifier)
	})
}

// proofOf is what a bundle is to prove.
type proofOf struct {
	title string
	chain []domain.Link
}

type refInput struct {
	access.Terms
	Ref string `path:"ref" doc:"number, such as P1, D1, E1, R1 or K1" example:"P1"`
}

// bundle registers an answer that is proved.
func bundle[I any, P interface {
	*I
	Asked() *access.Terms
}](s *Rest, id, path, say string, find func(*access.Question, P) (proofOf, error)) {
	op := operation.Register(s.api, huma.Operation{
		OperationID: id, Method: http.MethodGet, Path: path, Tags: []string{"log"}, Summary: say, Description: "For those who may read the whole ledger.",
		Responses: map[string]*huma.Response{"304": {Description: "Not changed"}},
	}, func(ctx context.Context, in *I) (*operation.Answer, error) {
		t := P(in).Asked()
		q, err := s.ledgers.See(ctx, t, access.Everything)
		if err != nil {
			return nil, err
		}
		found, err := find(q, in)
		if err != nil {
			return nil, err
		}
		return s.proved(ctx, t, found)
	})
	op.Responses["200"].Content = map[string]*huma.MediaType{zipType: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}
}

// proved is the bundle, once the log is signed for all of its events.
func (s *Rest) proved(ctx context.Context, t *access.Terms, found proofOf) (*operation.Answer, error) {
	last := uint64(0)
	for _, l := range found.chain {
		last = max(last, l.Index)
	}
	if _, err := s.logOf(ctx, t.Group, last+1); err != nil {
		return nil, err
	}
	b, err := s.store.Evidence(t.Group, found.title, found.chain)
	if errors.Is(err, logs.ErrNotWitnessed) {
		return nil, problem.Unavailable("The witnesses have not cosigned this yet. Please ask again in a moment.")
	}
	if err != nil {
		return nil, err
	}
	var zipped bytes.Buffer
	err = evidence.Write(&zipped, b)
	if errors.Is(err, evidence.ErrTooMuch) {
		return nil, problem.NotNow("L9", "This rests on more events than fit into one file of evidence. Please ask for fewer days, or for the evidence of one of the agreements or powers below it.")
	}
	if err != nil {
		return nil, err
	}
	return operation.Bytes(zipped.Bytes(), zipType, fresh, t.IfNoneMatch), nil
}

func checkEvidence(q *access.Question, in *access.CheckInput) (proofOf, error) {
	found, err := access.AnswerCheck(q, in)
	if err != nil {
		return proofOf{}, err
	}
	title := q.State().Person(found.On.Person).Office + " on " + found.On.Matter + ", " + found.At.Words() + ": " + found.Say
	return proofOf{title, found.Chain}, nil
}

func powersEvidence(q *access.Question, in *powersInput) (proofOf, error) {
	from, to, err := in.Days()
	if err != nil {
		return proofOf{}, err
	}
	p := q.PowersBetween(from, to, q.At)
	return proofOf{q.State().Name + ", powers on " + q.At.Words() + ": " + p.Say, q.State().AuditChain(from, cmp.Or(to, q.At), q.At)}, nil
}

func refEvidence(q *access.Question, in *refInput) (proofOf, error) {
	title, chain, refusal := q.State().ChainOf(in.Ref, q.At)
	if refusal != nil {
		return proofOf{}, refusal
	}
	return proofOf{title, chain}, nil
}
