package rest

import (
	"net/http"
	"time"

	"goldenthread/api/caller"
	"goldenthread/api/operation"
	"goldenthread/api/problem"
)

// offerBackup gives the operator an archive of everything but the keys, while
// the server goes on. It is asked for by goldenthread backup. Without a key of
// backups there are only the ledgers in it.
func (s *Rest) offerBackup() {
	s.api.Mux.HandleFunc("GET /v1/backup", func(w http.ResponseWriter, r *http.Request) {
		if refused := s.mustBeOperator(r, "Only the operator of this server makes backups."); refused != nil {
			refused.Write(w)
			return
		}
		out := &unhurried{w: w, control: http.NewResponseController(w)}
		credentials, err := s.identity.Credentials()
		if err == nil {
			err = s.store.Backup(r.Context(), out, s.BackupKey, credentials)
		}
		switch {
		case err == nil:
		case !out.begun:
			problem.Of(r.Context(), s.log, err).Write(w)
		default:
			s.log.ErrorContext(r.Context(), "a backup broke off", "error", err)
			panic(http.ErrAbortHandler) // so that the client sees that it is not whole
		}
	})
}

// mustBeOperator refuses everybody else, in those words.
func (s *Rest) mustBeOperator(r *http.Request, say string) *problem.Problem {
	c, err := caller.Of(r.Context())
	switch {
	case err != nil:
		return problem.Of(r.Context(), s.log, err)
	case !c.Operator:
		return problem.New(http.StatusForbidden, say)
	}
	return nil
}

// unhurried writes an answer that takes long: each piece has its own time.
type unhurried struct {
	w       http.ResponseWriter
	control *http.ResponseController
	begun   bool
}

func (u *unhurried) Write(b []byte) (int, error) {
	if !u.begun {
		u.begun = true
		u.w.Header().Set("Content-Type", "application/x-tar")
	}
	u.control.SetWriteDeadline(time.Now().Add(operation.WriteTimeout))
	return u.w.Write(b)
}
