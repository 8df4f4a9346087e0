package pages

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"

	"github.com/google/uuid"

	"goldenthread/api/access"
	"goldenthread/api/problem"
	"goldenthread/api/web"
	"goldenthread/domain"
)

// Documents that were attached, and attaching one (rule T3). A file is brought first;
// the form that says which it was is then sent as any other, with its check page.

func documentsPage(a *asked) (web.Body, error) {
	about := a.r.URL.Query().Get("about")
	if about != "" && a.me != nil {
		if _, refused := a.State().May(a.me.ID, &domain.AttachDocument{About: about}, a.At); refused != nil && refused.Class == domain.NotFound {
			return nil, refused
		}
	}
	body := &web.Documents{About: about, Endings: access.DocumentEndings(), Most: domain.MostDocument >> 20}
	for _, l := range a.Documents(a.At).Documents {
		if about != "" && l.About != about {
			continue
		}
		held, err := a.server.ledgers.Documents.Held(a.r.Context(), a.r.PathValue("group"), &l)
		if err != nil {
			return nil, err
		}
		body.Attached = append(body.Attached, web.Document{DocumentLine: l, Kind: access.DocumentWords(l.MediaType), Held: string(held)})
	}
	if about == "" {
		return body, nil
	}
	o := offered{id: "attach", command: &domain.AttachDocument{About: about}, Sheet: web.Sheet{Fold: "Attach a document", Button: "Attach it"}}
	if a.form != nil {
		size, _ := strconv.ParseInt(a.form.Get("bytes"), 10, 64)
		o.entered = []web.Entered{
			{Label: "File", Words: []string{a.form.Get("name")}}, {Label: "Kind and size", Words: []string{access.DocumentWords(a.form.Get("mediaType")) + ", " + web.SizeWords(size)}},
			{Label: "Attached to", Words: []string{web.AboutWords(about)}},
		}
	}
	a.offer(o)
	return body, nil
}

// bringDocument takes the file that is to be attached, if whoever sends it may, and goes
// on with the form that names it; what is not a file is a form already.
func (s *Pages) bringDocument(p *page) http.HandlerFunc {
	send := s.send(p)
	return func(w http.ResponseWriter, r *http.Request) {
		if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "multipart/form-data" {
			send(w, r)
			return
		}
		group, about := r.PathValue("group"), r.URL.Query().Get("about")
		if err := s.ledgers.MayAttach(r.Context(), group, about); err != nil { // before anything of the file is read
			s.Fail(w, r, problem.Of(r.Context(), s.log, err))
			return
		}
		c, mended, err := s.broughtFile(w, r, about)
		if mended {
			http.Redirect(w, r, r.URL.Path+"?"+url.Values{"about": {about}, "recorded": {"document-brought"}}.Encode(), http.StatusSeeOther)
			return
		}
		if err != nil {
			s.refuse(w, r, p, url.Values{"form": {"attach"}, "command": {"attach-document"}}, &filling{}, err)
			return
		}
		r.PostForm = url.Values{
			"form": {"attach"}, "command": {"attach-document"}, "key": {uuid.NewString()}, "about": {about}, "name": {c.Name}, "sha256": {c.SHA256},
			"mediaType": {c.MediaType}, "bytes": {strconv.FormatInt(c.Bytes, 10)},
		}
		send(w, r)
	}
}

// moreThanFile is what a form has beside its file, in bytes.
const moreThanFile = 64 << 10

// broughtFile reads the file and keeps it for a day; the command says which it is. A file
// that was attached there before and is missing or damaged is mended by it: then it says true.
func (s *Pages) broughtFile(w http.ResponseWriter, r *http.Request, about string) (*domain.AttachDocument, bool, error) {
	r.Body = http.MaxBytesReader(w, r.Body, domain.MostDocument+moreThanFile)
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, false, unreadFile(err)
	}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return nil, false, problem.Invalid("T3", "Choose a file.")
		}
		if err != nil {
			return nil, false, unreadFile(err)
		}
		if part.FormName() == "file" && part.FileName() != "" {
			return s.bring(r, about, part)
		}
	}
}

func (s *Pages) bring(r *http.Request, about string, part *multipart.Part) (*domain.AttachDocument, bool, error) {
	mediaType, err := access.DocumentType(part.FileName())
	if err != nil {
		return nil, false, err
	}
	b, err := access.ReadDocument(part)
	if err != nil {
		return nil, false, err
	}
	if len(b) == 0 {
		return nil, false, problem.Invalid("T3", "The file is empty. Choose another one.")
	}
	group := r.PathValue("group")
	c := &domain.AttachDocument{About: about, Name: part.FileName(), SHA256: access.HashOf(b), MediaType: mediaType, Bytes: int64(len(b))}
	g, err := s.groups.Now(r.Context(), group, nil)
	if err != nil {
		return nil, false, err
	}
	for _, d := range g.State().Documents {
		if d.SHA256 == c.SHA256 && d.About == about {
			mended, err := s.ledgers.Documents.Mend(r.Context(), group, &d, b)
			if mended || err != nil {
				return nil, mended, err
			}
		}
	}
	return c, false, s.ledgers.Documents.Bring(r.Context(), group, c, b)
}

func unreadFile(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return access.TooLarge()
	}
	return problem.New(http.StatusBadRequest, "The form could not be read.")
}
