package pages

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"goldenthread/api/access"
	"goldenthread/api/operation"
	"goldenthread/api/problem"
	"goldenthread/api/web"
	"goldenthread/domain"
	"goldenthread/eventstore/commit"
	"goldenthread/projections"
)

// The records themselves: the audit trail and its downloads, single events, and
// the charter.

func charterPage(a *asked) (web.Body, error) {
	return &web.Charter{CharterInForce: a.Charter(a.At)}, nil
}

// auditPage reads lines without holding the group up; it is drawn afterwards.
func (s *Pages) auditPage(w http.ResponseWriter, r *http.Request) {
	in := auditAsked(r)
	if !r.URL.Query().Has("order") {
		in.Order = "newest"
	}
	found, err := s.ledgers.AuditOf(r.Context(), in)
	if err != nil {
		s.Fail(w, r, problem.Of(r.Context(), s.log, err))
		return
	}
	asks := r.URL.Query()
	for _, name := range []string{"at", "known", "atLeast", "recorded"} {
		asks.Del(name)
	}
	body := &web.Audit{AuditPage: found, Asked: asks, Kinds: kindsOfEvents()}
	s.show(&page{things: access.Everything, body: func(a *asked) (web.Body, error) {
		body.People = web.PeopleOptions(a.People(a.At).People)
		return body, nil
	}})(w, r)
}

func auditAsked(r *http.Request) *access.AuditInput {
	q := r.URL.Query()
	return &access.AuditInput{
		Terms: access.Terms{Group: r.PathValue("group"), Known: q.Get("known"), AtLeast: q.Get("atLeast")},
		From:  q.Get("from"), To: q.Get("to"), Type: q.Get("type"), Actor: q.Get("actor"), Subject: q.Get("subject"), Words: q.Get("words"),
		Cursor: q.Get("cursor"), Limit: q.Get("limit"), Order: q.Get("order"),
	}
}

// kindsOfEvents are what the first words of types tell apart.
func kindsOfEvents() []web.Option {
	var os []web.Option
	for _, k := range domain.Kinds {
		short := strings.TrimPrefix(k.Name, "goldenthread.")
		short, _, _ = strings.Cut(short, ".")
		if !slices.ContainsFunc(os, func(o web.Option) bool { return o.Value == short }) {
			os = append(os, web.Option{Value: short, Words: strings.ReplaceAll(short, "-", " ")})
		}
	}
	return os
}

// eventPage shows one event.
func (s *Pages) eventPage(w http.ResponseWriter, r *http.Request) {
	group := r.PathValue("group")
	index, err := access.ReadIndex("The place of an event", r.PathValue("index"))
	var line []byte
	if err == nil {
		err = s.ledgers.MayReadLedger(r.Context(), group)
	}
	if err == nil {
		line, err = s.store.Line(r.Context(), group, *index)
	}
	if errors.Is(err, commit.ErrNoEvent) {
		err = problem.NotFound("L1", "There is no event %d; the newest is %d.", *index, s.store.Next(group)-1)
	}
	var event domain.Event
	if err == nil {
		event, err = s.oneEvent(r.Context(), group, *index)
	}
	if err != nil {
		s.Fail(w, r, problem.Of(r.Context(), s.log, err))
		return
	}
	s.show(&page{things: access.Everything, body: func(a *asked) (web.Body, error) {
		entry := a.Entry(&event)
		return &web.Event{Entry: entry, ForWhom: a.ForWhom(entry.OnBehalfOf), Line: string(line), Place: web.SubjectPlace(entry.Subject), Last: *index+1 == a.State().Next}, nil
	}})(w, r)
}

func (s *Pages) oneEvent(ctx context.Context, group string, index uint64) (domain.Event, error) {
	for entry, err := range s.store.Entries(ctx, group, index, index+1) {
		return entry.Event, err
	}
	return domain.Event{}, commit.ErrNoEvent
}

// auditCSV downloads what the filter wants as a table, to its end.
func (s *Pages) auditCSV(w http.ResponseWriter, r *http.Request) {
	out := csv.NewWriter(w)
	s.download(w, r, "text/csv; charset=utf-8", "csv", func(e *projections.AuditEntry) error {
		if e == nil {
			return out.Write([]string{"index", "recorded", "effective", "type", "subject", "actor", "office", "on behalf of", "command", "follows from", "what", "known by"})
		}
		err := out.Write([]string{
			strconv.FormatUint(e.Index, 10), e.Time.Format(time.RFC3339Nano), e.Effective.String(), e.Type, e.Subject, e.Actor.Handle, cell(e.Actor.Office), e.OnBehalfOf,
			e.Command, strconv.FormatUint(e.Cause, 10), cell(e.Text), string(e.Way),
		})
		out.Flush()
		return errors.Join(err, out.Error())
	})
}

// cell keeps a spreadsheet from taking somebody's words for a formula.
func cell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

// auditLines downloads what the filter wants as the exact lines that are stored.
func (s *Pages) auditLines(w http.ResponseWriter, r *http.Request) {
	group := r.PathValue("group")
	s.download(w, r, access.LinesType, "jsonl", func(e *projections.AuditEntry) error {
		if e == nil {
			return nil
		}
		line, err := s.store.Line(r.Context(), group, e.Index)
		if err == nil {
			_, err = w.Write(append(slices.Clip(line), '\n'))
		}
		return err
	})
}

// download writes all pages of the audit trail. If one can't be read the
// connection breaks off, so that nobody takes a part for the whole.
func (s *Pages) download(w http.ResponseWriter, r *http.Request, kind, ext string, write func(*projections.AuditEntry) error) {
	in := auditAsked(r)
	in.Limit = strconv.Itoa(access.MostEntries)
	page, err := s.ledgers.AuditOf(r.Context(), in)
	if err != nil {
		s.Fail(w, r, problem.Of(r.Context(), s.log, err))
		return
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s-audit-%d.%s"`, in.Group, page.Index, ext))
	out := http.NewResponseController(w)
	err = write(nil)
	for err == nil {
		out.SetWriteDeadline(time.Now().Add(operation.WriteTimeout))
		for i := range page.Entries {
			if err = write(&page.Entries[i]); err != nil {
				break
			}
		}
		if in.Cursor = page.Next; err != nil || in.Cursor == "" {
			break
		}
		page, err = s.ledgers.AuditOf(r.Context(), in)
	}
	if err != nil {
		s.log.ErrorContext(r.Context(), "a download broke off", "group", in.Group, "error", err)
		panic(http.ErrAbortHandler)
	}
}
