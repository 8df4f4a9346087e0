package setup

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"slices"

	"goldenthread/api/access"
	"goldenthread/api/lists"
	"goldenthread/api/problem"
	"goldenthread/domain"
	"goldenthread/eventstore/stream"
)

// Files that show what stood before are kept beside the draft, sealed as it is, until the
// group is founded: then they are among its documents.

const mostEvidence = 20 // files of one draft

func (s *drafts) evidenceFile(id, hash string) string { return s.file(id) + ".evidence-" + hash }

// changeEvidence takes the files that were brought, or removes the one that is named.
func (s *Setup) changeEvidence(w http.ResponseWriter, r *http.Request) error {
	files, err := readUpload(w, r)
	if err != nil {
		return err
	}
	d, err := s.drafts.read(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	if gone := r.PostFormValue("remove"); gone != "" {
		err = s.dropEvidence(r.Context(), d.ID, gone)
	} else if faults := s.takeEvidence(r.Context(), d, files); faults != nil {
		return s.showFaults(w, r, d, beforePage, faults)
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, d.at()+"/"+beforePage, http.StatusSeeOther)
	return nil
}

// takeEvidence keeps the files, or says what is wrong with them and keeps none.
func (s *Setup) takeEvidence(ctx context.Context, d *Draft, files []lists.File) (faults []string) {
	if len(files) == 0 {
		return []string{"Choose the files."}
	}
	var brought []domain.ProofFile
	for _, f := range files {
		proof, err := access.ProofOf(f.Name, f.Body)
		if err != nil {
			faults = append(faults, problem.Of(ctx, s.log, err).Detail)
			continue
		}
		brought = append(brought, *proof)
	}
	if len(d.Evidence)+len(brought) > mostEvidence {
		faults = append(faults, "At most 20 files can be brought while a group is set up. Others can be attached once it is founded.")
	}
	if faults != nil {
		return faults
	}
	for i, f := range files {
		sealed, err := s.store.SealDraft(ctx, d.ID, f.Body)
		if err == nil {
			err = stream.WriteFile(s.drafts.evidenceFile(d.ID, brought[i].SHA256), sealed, 0o600)
		}
		if err == nil {
			_, err = s.drafts.change(ctx, d.ID, func(d *Draft) {
				if !slices.ContainsFunc(d.Evidence, func(had domain.ProofFile) bool { return had.SHA256 == brought[i].SHA256 }) {
					d.Evidence = append(d.Evidence, brought[i])
				}
			})
		}
		if err != nil {
			return []string{f.Name + ": " + problem.Of(ctx, s.log, err).Detail}
		}
	}
	return nil
}

// dropEvidence removes the file of that hash from the draft.
func (s *Setup) dropEvidence(ctx context.Context, id, hash string) error {
	_, err := s.drafts.change(ctx, id, func(d *Draft) {
		if !slices.ContainsFunc(d.Evidence, func(f domain.ProofFile) bool { return f.SHA256 == hash }) {
			hash = ""
		}
		d.Evidence = slices.DeleteFunc(d.Evidence, func(f domain.ProofFile) bool { return f.SHA256 == hash })
	})
	if err == nil && hash != "" {
		err = os.Remove(s.drafts.evidenceFile(id, hash))
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// bringEvidence brings the files that the schedule names, so that founding keeps them.
func (s *Setup) bringEvidence(ctx context.Context, d *Draft, c *domain.Found) error {
	for _, named := range c.Attachments() {
		sealed, err := os.ReadFile(s.drafts.evidenceFile(d.ID, named.SHA256))
		if err != nil {
			return err
		}
		plain, err := s.store.OpenDraft(ctx, d.ID, sealed)
		if err != nil {
			return err
		}
		if err := s.ledgers.Documents.Bring(ctx, d.address(), named, plain); err != nil {
			return err
		}
	}
	return nil
}
