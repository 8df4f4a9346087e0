package domain

import (
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
)

// Documents (rules T3, R5): minutes and papers are written outside and attached
// by their SHA-256. The ledger says which bytes are meant; they lie elsewhere.

// MostDocument is how large a document may be, in bytes.
const MostDocument = 16 << 20

// AttachDocument says that a finished document belongs to something.
type AttachDocument struct {
	About     string `json:"about" doc:"P4, A2 or D1, agenda/2026-02-03 for a meeting of the group, or locality-board/2026-03-09 for one of a forum" maxLength:"80"`
	Name      string `json:"name" doc:"of the file, such as minutes.pdf" maxLength:"200" rule:"T3" call:"the document's name"`
	SHA256    string `json:"sha256" doc:"of its bytes: 64 hexadecimal digits" maxLength:"64"`
	MediaType string `json:"mediaType" doc:"such as application/pdf" maxLength:"100"`
	Bytes     int64  `json:"bytes" doc:"its size, up to 16 MB"`
	Elsewhere bool   `json:"elsewhere,omitzero" doc:"true: whoever attaches it keeps it, and its bytes are not brought here"`
}

func (c *AttachDocument) may(w *who) (Permission, *Refusal) {
	if !w.s.hasAbout(c.About) {
		return Permission{}, notFound("T3", "There is no %q here that a document could be about.", Clip(c.About))
	}
	var there *Permission
	if m := w.s.Meetings[c.About]; m != nil {
		there = w.represents(m.Forum, m.On)
	}
	return anyOf(
		notYours("T3", "Documents are attached by the executive, the manager, the chair, the registrar or a lead; to a meeting of a forum also by who speaks there."),
		there, w.executive(), w.has(Manager, Chair, Registrar, Lead),
	)
}

func (c *AttachDocument) decide(t *turn) *Refusal {
	if r := c.check(); r != nil {
		return r
	}
	for _, d := range t.s.Documents {
		if d.SHA256 == c.SHA256 && d.About == c.About {
			return notNow("T3", "This document was attached to %s on %s.", c.About, d.On.Words())
		}
	}
	t.record(&DocumentAttached{About: c.About, Name: c.Name, SHA256: c.SHA256, MediaType: c.MediaType, Bytes: c.Bytes, Elsewhere: c.Elsewhere})
	return nil
}

// check refuses what names no document.
func (c *AttachDocument) check() *Refusal {
	hash, err := hex.DecodeString(c.SHA256)
	switch {
	case err != nil || len(hash) != 32 || strings.ToLower(c.SHA256) != c.SHA256:
		return invalid("T3", "The SHA-256 of a document is 64 hexadecimal digits, in small letters.")
	case strings.ContainsAny(c.Name, "/\\\n\r\t"):
		return invalid("T3", "The name of a document is that of a file, without folders.")
	case !isMediaType(c.MediaType):
		return invalid("T3", "Say what sort of document it is, such as application/pdf.")
	case c.Bytes < 1 || c.Bytes > MostDocument:
		return invalid("T3", "A document has 1 byte to %d MB.", MostDocument>>20)
	}
	return nil
}

// A ProofFile is a document that is evidence of what stood before the ledger (rule F8),
// named by its SHA-256. Whoever consents to the charter consents to just these bytes.
type ProofFile struct {
	Name      string `json:"name" doc:"of the file, such as minutes.pdf" maxLength:"200" rule:"T3" call:"the document's name"`
	SHA256    string `json:"sha256" doc:"of its bytes: 64 hexadecimal digits" maxLength:"64"`
	MediaType string `json:"mediaType" doc:"such as application/pdf" maxLength:"100"`
	Bytes     int64  `json:"bytes" doc:"its size, up to 16 MB"`
	Elsewhere bool   `json:"elsewhere,omitzero" doc:"true: its bytes are not on this server. Set-up by pages brings them; a program that founds says true, and can bring them afterwards"`
}

// Attaching is the file as a document about something.
func (f *ProofFile) Attaching(about string) *AttachDocument {
	return &AttachDocument{About: about, Name: f.Name, SHA256: f.SHA256, MediaType: f.MediaType, Bytes: f.Bytes, Elsewhere: f.Elsewhere}
}

// ScheduleRef is what documents about the item of the schedule at that index, from 0, are
// about: "schedule/1" for the first.
func ScheduleRef(i int) string { return "schedule/" + strconv.Itoa(i+1) }

// Attachments are the documents that the schedule names, each once for each item.
func (c *Found) Attachments() []*AttachDocument {
	var all []*AttachDocument
	for i := range c.Schedule {
		for n := range c.Schedule[i].Documents {
			all = append(all, c.Schedule[i].Documents[n].Attaching(ScheduleRef(i)))
		}
	}
	return all
}

func checkProof(files []ProofFile) *Refusal {
	for i := range files {
		r := files[i].Attaching("").check()
		if r == nil && slices.ContainsFunc(files[:i], func(f ProofFile) bool { return f.SHA256 == files[i].SHA256 }) {
			r = invalid("T3", "%s is named twice.", Clip(files[i].Name))
		}
		if r != nil {
			return r.at(nth("documents", i))
		}
	}
	return nil
}

// attachProof records what the documents about the schedule's item are about, once it came in.
func (t *turn) attachProof(item int, about string, cause uint64) {
	for _, d := range t.s.Documents {
		if d.About == ScheduleRef(item) {
			t.recordBecause(cause, t.day, &DocumentAttached{About: about, Name: d.Name, SHA256: d.SHA256, MediaType: d.MediaType, Bytes: d.Bytes, Elsewhere: d.Elsewhere})
		}
	}
}

// hasAbout says whether a document can be about it: what has a short number, meetings, and,
// while the group forms, the items of its schedule.
func (s *business) hasAbout(ref string) bool {
	if day, own := strings.CutPrefix(ref, "agenda/"); own {
		on, err := ParseDay(day)
		return err == nil && s.GroupMeetings[on] != nil
	}
	return s.Meetings[ref] != nil || s.knows(ref) || s.Established == 0 && s.scheduled(ref) ||
		slices.ContainsFunc(s.Mandates, func(m *MandateEntry) bool { return m.Number == ref })
}

// scheduled says whether the reference means an item of the schedule.
func (s *founding) scheduled(ref string) bool {
	n, err := strconv.Atoi(strings.TrimPrefix(ref, "schedule/"))
	return err == nil && n > 0 && n <= len(s.Schedule) && ScheduleRef(n-1) == ref
}

func isMediaType(s string) bool {
	kind, of, ok := strings.Cut(s, "/")
	odd := func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || strings.ContainsRune(".+-", r))
	}
	return ok && kind != "" && of != "" && len(s) <= 100 && !strings.ContainsFunc(kind+of, odd)
}

// DocumentAttached: a finished document belongs to something.
type DocumentAttached struct {
	About     string `json:"about"`
	Name      string `json:"name"`
	SHA256    string `json:"sha256"`
	MediaType string `json:"mediaType"`
	Bytes     int64  `json:"bytes"`
	Elsewhere bool   `json:"elsewhere,omitzero"`
}

func (e *DocumentAttached) Subject() string { return "document/" + e.SHA256 }
func (e *DocumentAttached) apply(s *State, ev *Event) {
	if ev.Actor == System { // what the schedule named is about what came in of it
		named := slices.IndexFunc(s.Documents, func(d Document) bool { return d.SHA256 == e.SHA256 && strings.HasPrefix(d.About, "schedule/") })
		if named >= 0 {
			s.Documents = slices.Clone(s.Documents)
			s.Documents[named].About = e.About
			return
		}
	}
	s.Documents = append(slices.Clip(s.Documents), Document{e.About, e.Name, e.SHA256, e.MediaType, e.Bytes, e.Elsewhere, actorID(ev), ev.Effective, ev.Index})
}

// A Document is one that was attached.
type Document struct {
	About     string
	Name      string
	SHA256    string // hexadecimal
	MediaType string
	Bytes     int64
	Elsewhere bool // whoever attached it keeps it
	By        string
	On        Day
	Index     uint64
}

// Document is the one with that SHA-256 that was attached first; nil if there is none.
func (s *work) Document(sha256 string) *Document {
	for i := range s.Documents {
		if s.Documents[i].SHA256 == sha256 {
			return &s.Documents[i]
		}
	}
	return nil
}
