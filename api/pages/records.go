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
	"goldenthread/api/registers"
	"goldenthread/api/web"
	"goldenthread/domain"
	"goldenthread/eventstore/commit"
	"goldenthread/projections"
)

// The records themselves: the audit trail and its downloads, single events, and
// the charter.

func charterPage(a *asked) (web.Body, error) {
	body := &web.Charter{CharterInForce: a.Charter(a.At)}
	if a.sees(access.Everything) {
		body.Before = a.Schedule()
	}
	for _, p := range a.Proposals(a.At, "").Proposals {
		if p.BroughtIn != "" && a.sees(access.Proposals) {
			body.BroughtIn = append(body.BroughtIn, p)
		}
	}
	for _, seat := range a.awaiting() {
		if err := a.offerConsent(body, seat); err != nil {
			return nil, err
		}
	}
	return body, nil
}

// awaiting are the seats for which the charter awaits the consent of whoever looks.
func (a *offering) awaiting() []web.Option {
	if a.me == nil || !a.today() {
		return nil
	}
	return slices.DeleteFunc(a.seatsWhere(true), func(seat web.Option) bool { return !a.State().AwaitsConsent(seat.Value, a.me.ID, a.At) })
}

// offerConsent offers to consent to the charter for the seat. What would be recorded stands
// beside the charter, as it does on a check page: one press records it, on just that state.
func (a *offering) offerConsent(body *web.Charter, seat web.Option) error {
	command := &domain.ConsentToCharter{Seat: seat.Value}
	if s := a.State().Seats[seat.Value]; s != nil {
		if j := s.JoiningOn(a.At); j != nil { // another group's: on the agreement by which it joined (rule G1)
			command.Rests = &domain.RestsOn{Ledger: seat.Value, Ref: j.Ref, Index: j.At}
		}
	}
	consent := web.CharterConsent{Seat: seat.Words, Form: "consent-" + seat.Value}
	d, err := draftFor(a.r.PathValue("group"), "", command)
	if err != nil {
		return err
	}
	c, err := a.server.try(a.r.Context(), d)
	if err != nil {
		refused := problem.Of(a.r.Context(), a.server.log, err)
		if refused.Status >= http.StatusInternalServerError {
			return err
		}
		consent.Refused = refused.Detail
	} else {
		consent.Says = slices.Concat(c.says.Says, c.says.Follows)
		a.offer(offered{id: consent.Form, command: command, filtered: true, given: []string{"seat"}, more: func(*filling) []web.Piece {
			hidden := func(name, value string) web.Piece {
				return web.Piece{Type: "hidden", Name: name, Values: []string{value}}
			}
			parts := []web.Piece{hidden(shownField, c.fingerprint)}
			if r := command.Rests; r != nil {
				parts = append(parts, hidden("rests-ledger", r.Ledger), hidden("rests-ref", r.Ref), hidden("rests-index", strconv.FormatUint(r.Index, 10)))
			}
			return parts
		}, Sheet: web.Sheet{Button: "Consent to the charter for " + seat.Words}})
	}
	body.Awaits = append(body.Awaits, consent)
	return nil
}

// rests reads what another group's consent to the charter rests on.
func (f *filling) rests(c *domain.ConsentToCharter) {
	if index, err := strconv.ParseUint(f.values.Get("rests-index"), 10, 64); err == nil {
		c.Rests = &domain.RestsOn{Ledger: f.values.Get("rests-ledger"), Ref: f.values.Get("rests-ref"), Index: index}
	}
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

// eventPage shows one event, what was said later of it, and the form by which it is corrected.
func eventPage(a *asked) (web.Body, error) {
	s, r := a.server, a.r
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
		return nil, err
	}
	entry := a.Entry(&event)
	body := &web.Event{Entry: entry, ForWhom: a.ForWhom(entry.OnBehalfOf), Line: string(line), Place: web.SubjectPlace(entry.Subject), Last: *index+1 == a.State().Next}
	for _, c := range a.State().Corrections {
		if c.Corrects == *index {
			body.Corrections = append(body.Corrections, web.Correction{Words: c.Words, Index: c.Index})
		}
	}
	a.offer(offered{
		id: "correct", command: &domain.Correct{},
		Sheet: web.Sheet{
			Fold: "Correct this", FoldID: "correcting", Button: "Record the correction",
			Say: []string{"Nothing is deleted or edited: what is right is recorded beside it, and both stay visible. It changes nothing that anybody may do. What gave or ended authority is put right by recording that, or by an agreement."},
		},
	})
	return body, nil
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
			strconv.FormatUint(e.Index, 10), e.Time.Format(time.RFC3339Nano), e.Effective.String(), e.Type, e.Subject, e.Actor.Handle, registers.Safe(e.Actor.Office), e.OnBehalfOf,
			e.Command, strconv.FormatUint(e.Cause, 10), registers.Safe(e.Text), string(e.Way),
		})
		out.Flush()
		return errors.Join(err, out.Error())
	})
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
