package rest

import (
	"net/http"
	"time"

	"github.com/go-json-experiment/json"

	"goldenthread/api/doctor"
	"goldenthread/api/operation"
)

// offerDoctor tells the operator what needs doing. It is asked for by goldenthread doctor.
// It reads everything, which takes a while.
func (s *Rest) offerDoctor() {
	s.api.Mux.HandleFunc("GET /v1/doctor", func(w http.ResponseWriter, r *http.Request) {
		if refused := s.mustBeOperator(r, "Only the operator of this server asks what needs doing."); refused != nil {
			refused.Write(w)
			return
		}
		in := s.Installation
		in.Store, in.Running, in.Now, in.BackupKey = s.store, true, time.Now(), s.BackupKey
		report := doctor.Examine(r.Context(), &in)
		w.Header().Set("Content-Type", "application/json")
		http.NewResponseController(w).SetWriteDeadline(time.Now().Add(operation.WriteTimeout))
		if err := json.MarshalWrite(w, report); err != nil {
			s.log.WarnContext(r.Context(), "the answer broke off", "error", err)
		}
	})
}
