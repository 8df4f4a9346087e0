package setup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"net/url"
	"os"
	"slices"

	"github.com/go-json-experiment/json"

	"goldenthread/api/lists"
	"goldenthread/api/problem"
	"goldenthread/api/web"
	"goldenthread/domain"
	"goldenthread/eventstore/stream"
)

// Official lists are uploaded, read by package lists, and kept beside the draft until it is
// said which place and which practices are meant. They are public, and not sealed.

const (
	mostFiles  = 4
	mostUpload = mostFiles*lists.MostBytes + 1<<20
	inMemory   = 8 << 20 // of an upload; the rest is on disk while it is read
)

func (s *drafts) listsFile(id string) string { return s.file(id) + ".lists" }

// writeLists keeps the files beside the draft.
func (s *drafts) writeLists(id string, files []lists.File) error {
	b, err := json.Marshal(files)
	if err != nil {
		return err
	}
	return stream.WriteFile(s.listsFile(id), b, 0o600)
}

// official are the lists that were uploaded for the draft; nil if none were.
func (s *drafts) official(d *Draft, today domain.Day) (*lists.Official, error) {
	b, err := os.ReadFile(s.listsFile(d.ID))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var files []lists.File
	if err := json.Unmarshal(b, &files); err != nil {
		return nil, err
	}
	return lists.ReadOfficial(files, 0, today)
}

// readUpload reads the files of a form.
func readUpload(w http.ResponseWriter, r *http.Request) ([]lists.File, error) {
	r.Body = http.MaxBytesReader(w, r.Body, mostUpload)
	if err := r.ParseMultipartForm(inMemory); err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return nil, problem.New(http.StatusRequestEntityTooLarge, fmt.Sprintf("The files are too large: at most %d MB each, and %d of them.", lists.MostBytes>>20, mostFiles))
		}
		return nil, problem.New(http.StatusBadRequest, "The files could not be read.")
	}
	defer r.MultipartForm.RemoveAll()
	var files []lists.File
	for _, part := range r.MultipartForm.File["file"] {
		f, err := part.Open()
		if err != nil {
			return nil, err
		}
		body, err := io.ReadAll(io.LimitReader(f, lists.MostBytes+1))
		f.Close()
		if err != nil {
			return nil, err
		}
		if len(body) > 0 {
			files = append(files, lists.File{Name: part.Filename, Body: body})
		}
	}
	return files, nil
}

// readDraftForm reads a form, with the files that were chosen on it if it can take any.
func readDraftForm(w http.ResponseWriter, r *http.Request) (url.Values, []lists.File, error) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "multipart/form-data" {
		form, err := readForm(w, r)
		return form, nil, err
	}
	files, err := readUpload(w, r)
	if err != nil {
		return nil, nil, err
	}
	return r.MultipartForm.Value, files, nil
}

// readLists reads the files at once: what is wrong with them is said with the row that it
// is in, and nothing of them is kept then.
func (s *Setup) readLists(w http.ResponseWriter, r *http.Request, d *Draft, files []lists.File) error {
	body := &web.ListsPage{Back: d.at() + "/" + practicesPage}
	if len(files) > mostFiles {
		body.Faults = []string{fmt.Sprintf("Choose at most %d files.", mostFiles)}
		return s.show(w, r, http.StatusUnprocessableEntity, body, nil, nil)
	}
	official, err := lists.ReadOfficial(files, 0, s.ledgers.Today())
	var wrong lists.Faults
	if errors.As(err, &wrong) {
		for _, f := range wrong {
			body.Faults = append(body.Faults, f.Error())
		}
		return s.show(w, r, http.StatusUnprocessableEntity, body, nil, nil)
	}
	if err != nil {
		return err
	}
	if err := s.drafts.writeLists(d.ID, files); err != nil {
		return err
	}
	to := d.at() + "/lists"
	if place := placeIn(official, d.said("group", "place")); place != "" {
		to += "?place=" + url.QueryEscape(place)
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// placeIn is the place of the lists that is meant: that with the code, or the only one; ""
// where it has to be chosen.
func placeIn(o *lists.Official, code string) string {
	if slices.ContainsFunc(o.Places, func(p lists.Place) bool { return p.Code == code }) {
		return code
	}
	if len(o.Places) == 1 {
		return o.Places[0].Code
	}
	return ""
}

// chooseFromLists asks which place and then which of its practices are meant.
func (s *Setup) chooseFromLists(w http.ResponseWriter, r *http.Request) error {
	d, err := s.drafts.read(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	official, err := s.drafts.official(d, s.ledgers.Today())
	if err != nil {
		return err
	}
	if official == nil {
		http.Redirect(w, r, d.at()+"/"+practicesPage, http.StatusSeeOther)
		return nil
	}
	body := &web.ListsPage{Back: d.at() + "/" + practicesPage, Source: official.Source, On: official.On, Notes: official.Notes, Place: placeIn(official, r.URL.Query().Get("place"))}
	for _, p := range official.Places {
		words := p.Code
		if p.Name != "" {
			words = p.Name
		}
		body.Places = append(body.Places, web.Option{Value: p.Code, Words: fmt.Sprintf("%s: %s, %s patients", words, domain.Count(p.Practices, "practice"), domain.Thousands(p.Patients))})
	}
	if body.Place == "" {
		return s.show(w, r, http.StatusOK, body, nil, nil)
	}
	taking := official.Take(lists.Choice{Places: []string{body.Place}, In: d.place()})
	body.Notes = append(body.Notes, taking.Notes...)
	names := map[string]string{}
	for _, row := range taking.Rows {
		if row.Kind == domain.PCN {
			names[row.Code] = row.Name
		}
	}
	for _, row := range taking.Rows {
		if row.Kind != domain.Practice || row.Closed != 0 && row.Closed < official.On {
			continue
		}
		words := row.Name + " (" + row.Code + ")"
		for _, m := range row.Parents {
			if names[m.In] != "" {
				words += ", " + names[m.In]
			}
		}
		body.Practices = append(body.Practices, web.Option{Value: row.Code, Words: words})
	}
	return s.show(w, r, http.StatusOK, body, nil, nil)
}

// takeFromLists keeps the practices that were ticked, and their networks, in the draft.
func (s *Setup) takeFromLists(w http.ResponseWriter, r *http.Request) error {
	form, err := readForm(w, r)
	if err != nil {
		return err
	}
	d, err := s.takeLists(r.Context(), r.PathValue("id"), form)
	if err != nil {
		return err
	}
	_, n, _ := pageOf(practicesPage)
	return s.goOn(w, r, d, n)
}

func (s *Setup) takeLists(ctx context.Context, id string, form url.Values) (*Draft, error) {
	var refused error
	d, err := s.drafts.change(ctx, id, func(d *Draft) {
		official, err := s.drafts.official(d, s.ledgers.Today())
		if err != nil || official == nil {
			refused = errors.Join(err, problem.New(http.StatusUnprocessableEntity, "Upload the lists first."))
			return
		}
		choice := lists.Choice{Places: []string{form.Get("place")}, In: d.place()}
		all := official.Take(choice)
		networks := map[string]bool{}
		for _, row := range all.Rows {
			switch {
			case row.Kind != domain.Practice:
			case slices.Contains(form["practice"], row.Code):
				for _, m := range row.Parents {
					networks[m.In] = true
				}
			default:
				choice.Leave = append(choice.Leave, row.Code)
			}
		}
		for _, row := range all.Rows {
			if row.Kind == domain.PCN && !networks[row.Code] {
				choice.Leave = append(choice.Leave, row.Code)
			}
		}
		d.Listed = official.Take(choice).Typed()
	})
	if refused != nil {
		return nil, refused
	}
	return d, err
}
