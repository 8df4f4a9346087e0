package setup

import (
	"context"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"goldenthread/api/identity"
	"goldenthread/api/operation"
	"goldenthread/api/problem"
	"goldenthread/api/version"
	"goldenthread/api/web"
	"goldenthread/domain"
)

// Backups are those that a server makes by itself. They are safe for concurrent use.
type Backups interface {
	Newest() (made time.Time, path string, err error) // which was read whole once it was made; "": there is none
	Make(context.Context) error                       // now, and reads it whole
	Folder() string
	Every() time.Duration
}

// backups says what became of the backups that this server makes; nil: it makes none.
func (s *Setup) backups() *web.Backups {
	if s.o.Backups == nil {
		return nil
	}
	b := &web.Backups{Folder: s.o.Backups.Folder(), Every: s.o.Backups.Every()}
	made, path, err := s.o.Backups.Newest()
	if b.Made, b.File = made, filepath.Base(path); path == "" {
		b.File = ""
	}
	if err != nil {
		b.Wrong = err.Error()
	}
	return b
}

// makeBackup makes one now, in the folder of those that this server makes by itself.
func (s *Setup) makeBackup(w http.ResponseWriter, r *http.Request) error {
	if s.o.Backups == nil {
		return problem.New(http.StatusUnprocessableEntity, "This server makes no backups by itself: start it with --backup-to and a folder, best on another disk. You can download one.")
	}
	if err := s.o.Backups.Make(context.WithoutCancel(r.Context())); err != nil {
		return err
	}
	http.Redirect(w, r, identity.OperatorPages+"#backup", http.StatusSeeOther)
	return nil
}

// operatorPage shows what this server has: its groups, what to look after, and who runs it.
func (s *Setup) operatorPage(w http.ResponseWriter, r *http.Request) error {
	this := version.This()
	body := &web.Operator{Passkeys: s.identity.OperatorPasskeys(), Backups: s.backups(), Version: this.Number, Built: strings.Join(strings.Fields(this.Commit+" "+this.Date+" "+this.Go+" "+this.Platform), ", ")}
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
