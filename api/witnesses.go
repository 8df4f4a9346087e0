package api

import (
	"goldenthread/eventstore/tilelog"
	"goldenthread/eventstore/witness"
)

// Witnesses says who outside holds the log to what it has shown (rule L9).
type Witnesses struct {
	Signed    int64         `json:"signed" doc:"events that the log has signed for"`
	Witnessed int64         `json:"witnessed" doc:"of these, how many enough witnesses have cosigned; 0 where no quorum is asked for"`
	Witnesses []witness.Lag `json:"witnesses"`
}

func (s *Ledgers) witnesses(_ *question, in *plainInput) (Witnesses, error) {
	l, err := s.store.Log(in.Group)
	if err != nil {
		return Witnesses{}, notFound("L9", "This server keeps no log of this group.")
	}
	w := Witnesses{Signed: l.Tree().N, Witnesses: s.store.Witnesses(in.Group)}
	if c, err := tilelog.OpenCheckpoint(s.store.Witnessed(in.Group), l.Origin(), l.VKeys()); err == nil {
		w.Witnessed = c.N
	}
	return w, nil
}
