package access

import (
	"context"
	"iter"
	"slices"
	"strings"
	"time"

	"goldenthread/api/problem"
	"goldenthread/domain"
	"goldenthread/projections"
)

// MostEntries are as many entries as one page of the audit trail has.
const MostEntries = 500

// AuditInput is what the audit trail takes.
type AuditInput struct {
	Terms
	From    string `query:"from" doc:"recorded from this day or moment on"`
	To      string `query:"to" doc:"recorded up to the end of this day, or up to this moment"`
	Type    string `query:"type" doc:"types of events, with commas between: objection.raised, or objection for all of them"`
	Actor   string `query:"actor" doc:"handle or id of who acted; system for what the ledger does by itself"`
	Subject string `query:"subject" doc:"what it is about, and all below it: proposal/P1, or proposal"`
	Words   string `query:"words" doc:"each of these words must occur"`
	Cursor  string `query:"cursor" doc:"next of the page before"`
	Limit   string `query:"limit" doc:"entries on a page, up to 500; 50 if not said"`
	Order   string `query:"order" doc:"oldest or newest first; oldest if not said"`
}

// AuditOf is a page of the audit trail, for those who may read the whole ledger.
func (s *Ledgers) AuditOf(ctx context.Context, in *AuditInput) (page projections.AuditPage, err error) {
	filter, err := in.filter()
	if err != nil {
		return page, err
	}
	q, err := s.See(ctx, &in.Terms, Everything)
	if err != nil {
		return page, err
	}
	if a := in.Actor; a != "" && a != domain.System && q.State().Person(strings.TrimPrefix(a, "person/")) == nil {
		return page, problem.NotFound("L5", "Nobody called %q is known to this group.", domain.Clip(a))
	}
	return q.Audit(ctx, filter, s.EventsOf(in.Group))
}

// EventsOf reads the group's events, from one index up to before another.
func (s *Ledgers) EventsOf(group string) projections.Lines {
	return func(ctx context.Context, from, to uint64) iter.Seq2[domain.Event, error] {
		return func(yield func(domain.Event, error) bool) {
			for entry, err := range s.Store.Entries(ctx, group, from, to) {
				if !yield(entry.Event, err) {
					return
				}
			}
		}
	}
}

func (in *AuditInput) filter() (f projections.AuditFilter, err error) {
	f = projections.AuditFilter{Actor: strings.TrimPrefix(in.Actor, "person/"), Subject: in.Subject, Words: in.Words, Cursor: in.Cursor}
	if len(in.Subject) > 200 || len(in.Words) > 200 || len(in.Cursor) > 200 {
		return f, problem.Invalid("L4", "Please ask for less: a subject, and the words, have up to 200 characters.")
	}
	if f.From, err = readBound(in.From, domain.Day.Start); err != nil {
		return f, err
	}
	if f.To, err = readBound(in.To, domain.Day.End); err != nil {
		return f, err
	}
	if f.Limit, err = ReadNumber("limit", in.Limit, 1, MostEntries, 0); err != nil {
		return f, err
	}
	if in.Type != "" {
		f.Types = strings.Split(in.Type, ",")
	}
	for _, t := range f.Types {
		if !slices.ContainsFunc(domain.Kinds, func(k domain.Kind) bool { return kindFits(k.Name, t) }) {
			return f, problem.Invalid("L5", "There is no type of event called %q.", domain.Clip(t))
		}
	}
	switch in.Order {
	case "", "oldest":
	case "newest":
		f.Newest = true
	default:
		return f, problem.Invalid("L4", "The order is oldest or newest, not %q.", domain.Clip(in.Order))
	}
	return f, nil
}

func kindFits(name, want string) bool {
	short, want := strings.TrimPrefix(name, "goldenthread."), strings.TrimPrefix(want, "goldenthread.")
	return want != "" && (short == want || strings.HasPrefix(short, want+"."))
}

// readBound reads an end of a stretch of recorded time; nothing is no end.
func readBound(s string, of func(domain.Day) time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if d, err := domain.ParseDay(s); err == nil {
		return of(d), nil
	}
	if t, ok := readMoment(s); ok {
		return t, nil
	}
	return time.Time{}, problem.Invalid("L4", "%q is not a time; write it like 2026-03-09, or like 2026-03-09T17:30:00Z.", domain.Clip(s))
}

// LinesType is the media type of a ledger's lines.
const LinesType = "application/x-ndjson"
