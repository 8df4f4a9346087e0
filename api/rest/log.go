package rest

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"filippo.io/torchwood"
	"github.com/danielgtaylor/huma/v2"

	"goldenthread/api/access"
	"goldenthread/api/operation"
	"goldenthread/api/problem"
	"goldenthread/domain"
	"goldenthread/eventstore/logs"
	"goldenthread/eventstore/tilelog"
)

// Rule kept here: L9. The log of each group is served as the static files that
// it is (c2sp.org/tlog-tiles), below /v1/groups/{group}/log, so that software
// which is not ours can check it. An entry is an event's line.

const (
	textType  = "text/plain; charset=utf-8"
	bytesType = "application/octet-stream"
	fixed     = "private, max-age=31536000, immutable"
	fresh     = "private, no-cache"
)

// LogInput is what every question about a log says.
type LogInput struct {
	Group       string `path:"group" example:"trafford"`
	IfNoneMatch string `header:"If-None-Match"`
}

type tileInput struct {
	LogInput
	Tile string `path:"tile" doc:"entries/000, 0/x001/067, 0/001.p/5 …, as c2sp.org/tlog-tiles writes them" example:"0/000.p/5"`
}

type proofInput struct {
	LogInput
	Index string `path:"index" doc:"place in the ledger, from 0" example:"0"`
}

type consistencyInput struct {
	LogInput
	From string `query:"from" doc:"the smaller size, at least 1" example:"1"`
	To   string `query:"to" doc:"the larger size; the checkpoint's if not said"`
}

// offerLog registers the signed log of each group.
func (s *Rest) offerLog() {
	const at = "/v1/groups/{group}/log"
	logFile(s, "log-checkpoint", at+"/checkpoint", textType, "The log's size and root, signed (c2sp.org/tlog-checkpoint).", s.checkpoint)
	logFile(s, "log-keys", at+"/vkey", textType, "The verifier keys of those that sign the log, one on a line (c2sp.org/signed-note).", s.verifierKeys)
	logFile(s, "log-consistency", at+"/consistency", textType, "The proof that the log of one size continues that of another (RFC 6962): base64 hashes, one on a line.", s.consistency)
	logFile(s, "log-tile", at+"/tile/{tile...}", bytesType, "A tile of hashes, or a bundle of entries (c2sp.org/tlog-tiles).", s.tile)
	logFile(s, "event-proof", "/v1/groups/{group}/events/{index}/proof", textType, "The proof that an event is in the log, to be checked offline (c2sp.org/tlog-proof@v1).", s.proof)
	paths := s.api.OpenAPI().Paths // which have no wildcards
	paths[at+"/tile/{tile}"] = paths[at+"/tile/{tile...}"]
	delete(paths, at+"/tile/{tile...}")
}

// logFile registers a file of the log, for those who may read the ledger.
func logFile[I any](s *Rest, id, path, contentType, summary string, handler func(context.Context, *I) (*operation.Answer, error)) {
	op := operation.Register(s.api, huma.Operation{
		OperationID: id, Method: http.MethodGet, Path: path, Summary: summary, Tags: []string{"log"},
		Responses: map[string]*huma.Response{"304": {Description: "Not changed"}},
	}, handler)
	op.Responses["200"].Content = map[string]*huma.MediaType{contentType: {Schema: &huma.Schema{Type: huma.TypeString}}}
}

// logOf is the group's log, once it is signed for that many events at least.
func (s *Rest) logOf(ctx context.Context, group string, events uint64) (*tilelog.Log, error) {
	if err := s.ledgers.MayReadLedger(ctx, group); err != nil {
		return nil, err
	}
	wait, cancel := context.WithTimeout(ctx, s.ledgers.Patience)
	defer cancel()
	tree, err := s.store.AwaitSigned(wait, group, events)
	switch {
	case errors.Is(err, logs.ErrNoLog):
		return nil, problem.NotFound("L9", "This server keeps no log of this group.")
	case err != nil && ctx.Err() == nil:
		return nil, problem.Unavailable("The log is signed for the first " + strconv.FormatInt(tree.N, 10) + " events. Please ask again in a moment.")
	case err != nil:
		return nil, err
	}
	return s.store.Log(group)
}

func (s *Rest) checkpoint(ctx context.Context, in *LogInput) (*operation.Answer, error) {
	if _, err := s.logOf(ctx, in.Group, 1); err != nil {
		return nil, err
	}
	cosigned, err := s.store.Checkpoint(in.Group)
	if err != nil {
		return nil, err
	}
	return operation.Bytes(cosigned, textType, fresh, in.IfNoneMatch), nil
}

func (s *Rest) verifierKeys(ctx context.Context, in *LogInput) (*operation.Answer, error) {
	l, err := s.logOf(ctx, in.Group, 0)
	if err != nil {
		return nil, err
	}
	return operation.Bytes([]byte(strings.Join(l.VKeys(), "\n")+"\n"), textType, fresh, in.IfNoneMatch), nil
}

func (s *Rest) tile(ctx context.Context, in *tileInput) (*operation.Answer, error) {
	l, err := s.logOf(ctx, in.Group, 1)
	if err != nil {
		return nil, err
	}
	t, err := torchwood.ParseTilePath("tile/" + in.Tile)
	if err != nil || torchwood.TilePath(t) != "tile/"+in.Tile {
		return nil, problem.NotFound("L9", "%q is not the name of a tile.", domain.Clip(in.Tile))
	}
	data, full, err := l.File(t)
	if errors.Is(err, tilelog.ErrNotInLog) {
		return nil, problem.NotFound("L9", "The log, of %d events, has no such tile.", l.Tree().N)
	}
	if err != nil {
		return nil, err
	}
	if full {
		return operation.Bytes(data, bytesType, fixed, in.IfNoneMatch), nil
	}
	return operation.Bytes(data, bytesType, fresh, in.IfNoneMatch), nil
}

func (s *Rest) consistency(ctx context.Context, in *consistencyInput) (*operation.Answer, error) {
	from, err := access.ReadIndex("from", in.From)
	if err != nil {
		return nil, err
	}
	to, err := access.ReadIndex("to", in.To)
	if err != nil {
		return nil, err
	}
	l, err := s.logOf(ctx, in.Group, 1)
	if err != nil {
		return nil, err
	}
	if to == nil {
		to = new(uint64(l.Tree().N))
	}
	if from == nil || *from < 1 || *from > *to {
		return nil, problem.Invalid("L9", "Say two sizes of the log, from and to: from is at least 1, and not more than to.")
	}
	proof, err := l.ProveConsistency(int64(*from), int64(*to))
	if errors.Is(err, tilelog.ErrNotInLog) {
		return nil, problem.NotFound("L9", "The log is signed for %d events.", l.Tree().N)
	}
	if err != nil {
		return nil, err
	}
	var text strings.Builder
	for _, h := range proof {
		text.WriteString(h.String() + "\n")
	}
	return operation.Bytes([]byte(text.String()), textType, fixed, in.IfNoneMatch), nil
}

func (s *Rest) proof(ctx context.Context, in *proofInput) (*operation.Answer, error) {
	index, err := access.ReadIndex("The place of an event", in.Index)
	if err != nil {
		return nil, err
	}
	if next := s.store.Next(in.Group); *index >= next {
		if err := s.ledgers.MayReadLedger(ctx, in.Group); err != nil {
			return nil, err
		}
		return nil, problem.NotFound("L1", "There is no event %d; the newest is %d.", *index, next-1)
	}
	l, err := s.logOf(ctx, in.Group, *index+1)
	if err != nil {
		return nil, err
	}
	_, proof, err := l.Proof(int64(*index))
	if err != nil {
		return nil, err
	}
	return operation.Bytes(proof, textType, fresh, in.IfNoneMatch), nil
}
