package setup

import (
	"net/http"

	"goldenthread/api/operation"
	"goldenthread/api/web"
	"goldenthread/domain"
)

// operatorPage shows what this server has: its groups, what to look after, and who runs it.
func (s *Setup) operatorPage(w http.ResponseWriter, r *http.Request) error {
	body := &web.Operator{Passkeys: s.identity.OperatorPasskeys()}
	for _, c := range s.checks(r) {
		if c.State == "warning" || c.State == "bad" {
			body.Checks = append(body.Checks, c)
		}
	}
	for _, name := range s.store.Groups() {
		line := web.OperatorGroup{Group: name, Name: name}
		if g, err := s.ledgers.Groups.Now(r.Context(), name, nil); err == nil {
			state := g.State()
			line.Name, line.Events = state.Name, int(state.Next)
			line.Standing = "Forming"
			if state.Established != 0 {
				line.Standing = "Established on " + state.Established.Words()
			}
		} else {
			line.Standing = "Can’t be read"
		}
		body.Groups = append(body.Groups, line)
	}
	drafts, err := s.drafts.all(r.Context())
	if err != nil {
		return err
	}
	for _, d := range drafts {
		body.Drafts = append(body.Drafts, web.DraftLine{ID: d.ID, Name: d.Name(), Changed: d.Changed})
	}
	return s.show(w, r, http.StatusOK, body, nil, nil)
}

// backup sends an archive of everything but the keys, as GET /v1/backup does.
func (s *Setup) backup(w http.ResponseWriter, r *http.Request) error {
	credentials, err := s.identity.Credentials()
	if err != nil {
		return err
	}
	name := "goldenthread-" + domain.DayOf(s.ledgers.Clock()).String() + ".backup"
	out := &operation.Unhurried{W: w, Name: name}
	if err := s.store.Backup(r.Context(), out, s.o.BackupKey, credentials); err != nil {
		if !out.Begun {
			return err
		}
		s.log.ErrorContext(r.Context(), "a backup broke off", "error", err)
		panic(http.ErrAbortHandler) // so that the browser sees that it is not whole
	}
	return nil
}
