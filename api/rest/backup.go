package rest

import (
	"net/http"

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
		out := &operation.Unhurried{W: w}
		credentials, err := s.identity.Credentials()
		if err == nil {
			err = s.store.Backup(r.Context(), out, s.BackupKey, credentials)
		}
		switch {
		case err == nil:
		case !out.Begun:
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
