package projections

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"goldenthread/domain"
)

func (b *table) audit(t *testing.T, f AuditFilter) AuditPage {
	t.Helper()
	page, err := b.fold().Audit(t.Context(), f, b.lines)
	require.NoError(t, err)
	return page
}

func texts(p AuditPage) (all []string) {
	for _, e := range p.Entries {
		all = append(all, e.Text)
	}
	return all
}

func TestAuditFilters(t *testing.T) {
	b := sit(t).found().mandates().delegate()

	blocked := b.audit(t, AuditFilter{Types: []string{"objection.raised"}})
	require.Equal(t, []string{"North PCN blocked P1: too much unseen; would accept £20,000 and a notice within five days"}, texts(blocked))
	e := blocked.Entries[0]
	require.Equal(t, "goldenthread.objection.raised.v1", e.Type)
	require.Equal(t, "proposal/P1", e.Subject)
	require.Equal(t, "cd-north", e.Actor.Handle)
	require.Equal(t, "seat/U00002", e.OnBehalfOf)
	require.NoError(t, uuid.Validate(e.Command))

	require.Equal(t, texts(blocked), texts(b.audit(t, AuditFilter{Words: "BLOCKED unseen"})))
	require.Len(t, b.audit(t, AuditFilter{Words: "smaller", Subject: "proposal/P1"}).Entries, 1)
	require.Empty(t, b.audit(t, AuditFilter{Words: "Secret"}).Entries)
	require.Empty(t, b.audit(t, AuditFilter{Types: []string{"objection.rais"}}).Entries)
	require.Empty(t, b.audit(t, AuditFilter{Subject: "proposal/P"}).Entries)
	require.Empty(t, b.audit(t, AuditFilter{Actor: "nobody"}).Entries)
	require.Len(t, b.audit(t, AuditFilter{Subject: "proposal/P1", Limit: 100}).Entries, len(b.audit(t, AuditFilter{Subject: "proposal/", Limit: 100}).Entries))

	system := b.audit(t, AuditFilter{Actor: "system", Subject: "proposal"})
	require.Equal(t, []string{"P1 was agreed: An executive. Consented: Trafford Federation, Trafford LMC, South PCN and North PCN"}, texts(system))
	require.Equal(t, Actor{"system", "system", "the ledger itself"}, system.Entries[0].Actor)
	require.Equal(t, day("2026-01-27"), system.Entries[0].Effective)

	north := b.audit(t, AuditFilter{Actor: "cd-north"})
	require.Equal(t, texts(north), texts(b.audit(t, AuditFilter{Actor: north.Entries[0].Actor.ID})))
	require.Len(t, b.audit(t, AuditFilter{From: day("2026-01-20").Start(), To: day("2026-01-20").End()}).Entries, 2)

	founded := b.audit(t, AuditFilter{Types: []string{"group.founded"}})
	require.Len(t, founded.Entries[0].CorrectedBy, 1)
	require.Equal(t, founded.Entries[0].CorrectedBy[0], b.audit(t, AuditFilter{Words: "evening"}).Entries[0].Index)
}

// Pages taken while events are added hold each event of the first page's time
// once, in order, whichever way they run.
func TestAuditCursorIsStable(t *testing.T) {
	for _, f := range []AuditFilter{{Limit: 7}, {Limit: 7, Newest: true}, {Limit: 3, Subject: "organisation"}, {Limit: 3, Newest: true, Words: "mandate"}} {
		t.Run(fmt.Sprintf("%+v", f), func(t *testing.T) {
			b := sit(t).found().mandates()
			all := f
			all.Limit = 500
			before := b.audit(t, all)
			require.Empty(t, before.Next)
			require.Greater(t, len(before.Entries), f.Limit)
			var got []AuditEntry
			for page := f; ; {
				p := b.audit(t, page)
				require.LessOrEqual(t, len(p.Entries), f.Limit)
				got = append(got, p.Entries...)
				if page.Cursor = p.Next; p.Next == "" {
					break
				}
				if len(b.events) < 200 {
					b.do("chair-lmc", &domain.AskMandate{Organisation: "P00004", Words: "a mandate, please"})
				}
			}
			if f.Newest {
				require.Equal(t, texts(before), texts(AuditPage{Entries: got}))
			} else {
				require.Equal(t, texts(before), texts(AuditPage{Entries: got[:len(before.Entries)]}))
			}
			indexes := map[uint64]bool{}
			for _, e := range got {
				require.False(t, indexes[e.Index])
				indexes[e.Index] = true
			}
		})
	}
}

func TestAuditRefusesForeignCursors(t *testing.T) {
	b := sit(t).found()
	next := b.audit(t, AuditFilter{Limit: 1}).Next
	for _, f := range []AuditFilter{{Cursor: "x"}, {Cursor: next, Newest: true}, {Cursor: next, Words: "seat"}} {
		_, err := b.fold().Audit(t.Context(), f, b.lines)
		var r *domain.Refusal
		require.ErrorAs(t, err, &r)
		require.Equal(t, domain.Invalid, r.Class)
	}
	require.Len(t, b.audit(t, AuditFilter{Limit: 5, Cursor: next}).Entries, 5)
}

// Every kind of event has a sentence, whatever it refers to, and with empty
// payloads too.
func TestEveryKindHasASentence(t *testing.T) {
	b := sit(t).found().mandates().delegate().represent().meet()
	for _, g := range []*Group{New("trafford"), b.fold()} {
		for _, k := range domain.Kinds {
			empty := k.New()
			full := k.New()
			fill(reflect.ValueOf(full).Elem(), 0)
			for _, p := range []domain.Payload{empty, full} {
				e := &domain.Event{Group: "trafford", Actor: "person/nobody", Time: time.UnixMilli(0), Effective: day("2026-01-05"), Data: p}
				text := g.Sentence(e)
				require.NotEmpty(t, text)
				require.NotEqual(t, k.Name, text, "a kind without a sentence")
			}
		}
	}
	for _, e := range b.events {
		text := b.fold().Sentence(&e)
		require.NotContains(t, text, "somebody", "%s", text)
		require.NotContains(t, text, "no date", "%s", text)
		require.NotContains(t, text, "  ", "%s", text)
		require.False(t, strings.HasSuffix(text, " "), "%q", text)
		require.True(t, slices.Contains([]string{"K", "M", "R"}, text[:1]) || text != strings.ToLower(text), "%s", text)
	}
}

// fill puts something in every field.
func fill(v reflect.Value, deep int) {
	switch v.Kind() {
	case reflect.String:
		v.SetString("X1")
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(740_000)
	case reflect.Uint8, reflect.Uint64:
		v.SetUint(1)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Pointer:
		if deep < 6 {
			v.Set(reflect.New(v.Type().Elem()))
			fill(v.Elem(), deep+1)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(v.Index(i), deep+1)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				fill(v.Field(i), deep+1)
			}
		}
	}
}

// Every instrument has a sentence.
func TestEveryInstrumentHasASentence(t *testing.T) {
	g := sit(t).found().fold()
	for i := range reflect.TypeFor[domain.Instrument]().NumField() {
		var one domain.Instrument
		fill(reflect.ValueOf(&one).Elem().Field(i), 0)
		require.NotEqual(t, "Nothing", g.instrumentSay(&one), "%+v", one)
	}
}
