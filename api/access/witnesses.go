package access

import (
	"goldenthread/api/problem"
	"goldenthread/eventstore/tilelog"
	"goldenthread/eventstore/witness"
)

// Witnesses says who outside holds the log to what it has shown (rule L9).
type Witnesses struct {
	Signed    int64         `json:"signed" doc:"events that the log has signed for"`
	Witnessed int64         `json:"witnessed" doc:"of these, how many enough witnesses have cosigned; 0 where no quorum is asked for"`
	Witnesses []witness.Lag `json:"witnesses"`
}

// Witnesses says how far the group's log is signed and cosigned; it is refused where there is no log.
func (s *Ledgers) Witnesses(_ *Question, in *PlainInput) (Witnesses, error) {
	l, err := s.Store.Log(in.Group)
	if err != nil {
		return Witnesses{}, problem.NotFound("L9", "This server keeps no log of this group.")
	}
	w := Witnesses{Signed: l.Tree().N, Witnesses: s.Store.Witnesses(in.Group)}
	if c, err := tilelog.OpenCheckpoint(s.Store.Witnessed(in.Group), l.Origin(), l.VKeys()); err == nil {
		w.Witnessed = c.N
	}
	return w, nil
}
