package access

import (
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"goldenthread/domain"
)

// The check is asked far more often than anything else, and its chain is long.
// Its answer is written by hand, the same bytes as package json writes; a test
// holds the two against each other.
//
// What this buys: a check over HTTP takes 11 to 15 % less time in the median with 64
// callers, and 11 to 14 % less with one (about 12 µs; November 2026, in turns with a
// build without it). To measure it again:
//
//	GOLDENTHREAD_BENCH_ROWS=http GOLDENTHREAD_BENCH_OTHER=<file of another build> make bench
//
// The writing alone: go test ./api/access -run '^$' -bench CheckJSON.

// AppendJSON writes the answer: the same bytes as package json writes.
func (c *Check) AppendJSON(b []byte) ([]byte, error) {
	w := jsonText{b: b}
	w.text(`{"verdict":`, string(c.Verdict))
	w.text(`,"say":`, c.Say)
	jsonList(&w, `,"reasons":`, c.Reasons, (*jsonText).reason)
	jsonList(&w, `,"limits":`, c.Limits, (*jsonText).limit)
	jsonList(&w, `,"conditions":`, c.Conditions, (*jsonText).word)
	w.coverage(`,"coverage":`, &c.Coverage)
	jsonList(&w, `,"remedies":`, c.Remedies, (*jsonText).remedy)
	jsonList(&w, `,"whoCould":`, c.WhoCould, (*jsonText).someone)
	w.unlessEmpty(`,"lastSaid":`, c.LastSaid)
	w.unlessEmpty(`,"position":`, c.Position)
	if len(c.Notes) > 0 {
		jsonList(&w, `,"notes":`, c.Notes, (*jsonText).word)
	}
	jsonList(&w, `,"chain":`, c.Chain, (*jsonText).link)
	w.inputs(`,"on":`, &c.On)
	w.number(`,"index":`, c.Index)
	w.day(`,"at":`, c.At)
	jsonList(&w, `,"sizes":`, c.Sizes, (*jsonText).sizeList)
	w.time(`,"known":`, c.Known)
	w.b = append(w.b, '}')
	return w.b, w.err
}

// jsonText is JSON being written, member by member: each with what goes before
// its value.
type jsonText struct {
	b   []byte
	err error
}

func (w *jsonText) text(before, s string) {
	w.b = append(w.b, before...)
	if asItIs(s) {
		w.b = append(append(append(w.b, '"'), s...), '"')
		return
	}
	b, err := jsontext.AppendQuote(w.b, s)
	if w.b = b; err != nil {
		w.err = err
	}
}

// asItIs says whether the text stands in JSON as it is: ASCII, without quotes,
// backslashes and control characters. Eight bytes are looked at together: less
// than some value is what borrows from the highest bit when that is taken off.
func asItIs(s string) bool {
	const each, high = 0x0101010101010101, 0x8080808080808080
	for ; len(s) >= 8; s = s[8:] {
		x := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 | uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
		if (x|(x-' '*each)|(x^'"'*each-each)|(x^'\\'*each-each))&high != 0 {
			return false
		}
	}
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x80 {
			return false
		}
	}
	return true
}

func (w *jsonText) unlessEmpty(before, s string) {
	if s != "" {
		w.text(before, s)
	}
}

func (w *jsonText) number(before string, n uint64) {
	w.b = strconv.AppendUint(append(w.b, before...), n, 10)
}

func (w *jsonText) integer(before string, n int64) {
	w.b = strconv.AppendInt(append(w.b, before...), n, 10)
}

func (w *jsonText) truth(before string, is bool) {
	w.b = strconv.AppendBool(append(w.b, before...), is)
}

func (w *jsonText) day(before string, d domain.Day) {
	b, _ := d.AppendText(append(append(w.b, before...), '"')) // never fails
	w.b = append(b, '"')
}

func (w *jsonText) time(before string, t time.Time) {
	w.b = t.AppendFormat(append(append(w.b, before...), '"'), time.RFC3339Nano)
	w.b = append(w.b, '"')
}

func jsonList[T any](w *jsonText, before string, items []T, write func(*jsonText, *T)) {
	w.b = append(append(w.b, before...), '[')
	for i := range items {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		write(w, &items[i])
	}
	w.b = append(w.b, ']')
}

func (w *jsonText) word(s *string) { w.text("", *s) }

func (w *jsonText) reason(r *domain.Reason) {
	w.text(`{"rule":`, r.Rule)
	w.text(`,"text":`, r.Text)
	w.b = append(w.b, '}')
}

func (w *jsonText) limit(l *domain.Limit) {
	w.text(`{"of":`, l.Of)
	w.text(`,"kind":`, l.Kind)
	w.integer(`,"limit":`, l.Limit)
	w.integer(`,"used":`, l.Used)
	w.integer(`,"left":`, l.Left)
	w.text(`,"text":`, l.Text)
	w.b = append(w.b, '}')
}

func (w *jsonText) coverage(before string, c *domain.Coverage) {
	w.b = append(w.b, before...)
	w.integer(`{"practices":`, int64(c.Practices))
	w.integer(`,"ofPractices":`, int64(c.OfPractices))
	w.integer(`,"patients":`, int64(c.Patients))
	w.integer(`,"ofPatients":`, int64(c.OfPatients))
	if c.NotCounted != 0 {
		w.integer(`,"notCounted":`, int64(c.NotCounted))
	}
	jsonList(w, `,"outside":`, c.Outside, (*jsonText).outsider)
	if len(c.Conditions) > 0 {
		jsonList(w, `,"conditions":`, c.Conditions, (*jsonText).word)
	}
	if len(c.Places) > 0 {
		jsonList(w, `,"places":`, c.Places, (*jsonText).place)
	}
	w.b = append(w.b, '}')
}

func (w *jsonText) sizeList(l *domain.SizeList) {
	w.text(`{"source":`, l.Source)
	w.day(`,"on":`, l.On)
	w.integer(`,"practices":`, int64(l.Practices))
	w.b = append(w.b, '}')
}

func (w *jsonText) outsider(o *domain.Outsider) {
	w.text(`{"ods":`, o.ODS)
	w.text(`,"name":`, o.Name)
	if o.Since != 0 {
		w.day(`,"since":`, o.Since)
	}
	w.text(`,"why":`, o.Why)
	w.b = append(w.b, '}')
}

func (w *jsonText) place(p *domain.Place) {
	w.text(`{"group":`, p.Group)
	w.text(`,"name":`, p.Name)
	w.truth(`,"agreed":`, p.Agreed)
	w.unlessEmpty(`,"ref":`, p.Ref)
	w.number(`,"index":`, p.Index)
	w.number(`,"here":`, p.Here)
	w.unlessEmpty(`,"why":`, p.Why)
	w.integer(`,"practices":`, int64(p.Practices))
	w.integer(`,"ofPractices":`, int64(p.OfPractices))
	w.integer(`,"patients":`, int64(p.Patients))
	w.integer(`,"ofPatients":`, int64(p.OfPatients))
	w.b = append(w.b, '}')
}

func (w *jsonText) remedy(r *domain.Remedy) {
	w.text(`{"text":`, r.Text)
	w.inputs(`,"ask":`, &r.Ask)
	if len(r.Reviews) > 0 {
		jsonList(w, `,"reviews":`, r.Reviews, (*jsonText).word)
	}
	w.b = append(w.b, '}')
}

func (w *jsonText) someone(s *domain.SomeoneWhoCould) {
	w.text(`{"kind":`, string(s.Kind))
	w.unlessEmpty(`,"person":`, s.Person)
	w.text(`,"name":`, s.Name)
	w.b = append(w.b, '}')
}

func (w *jsonText) link(l *domain.Link) {
	w.text(`{"kind":`, string(l.Kind))
	w.text(`,"ref":`, l.Ref)
	w.number(`,"index":`, l.Index)
	w.day(`,"effective":`, l.Effective)
	w.text(`,"text":`, l.Text)
	w.b = append(w.b, '}')
}

func (w *jsonText) inputs(before string, in *domain.CheckInputs) {
	w.b = append(w.b, before...)
	w.text(`{"person":`, in.Person)
	w.unlessEmpty(`,"forum":`, in.Forum)
	w.text(`,"matter":`, in.Matter)
	if in.Amount != nil {
		w.integer(`,"amountPence":`, int64(*in.Amount))
	}
	if in.Months != nil {
		w.integer(`,"months":`, int64(*in.Months))
	}
	w.truth(`,"openEnded":`, in.OpenEnded)
	if len(in.Consulted) > 0 {
		jsonList(w, `,"consulted":`, in.Consulted, (*jsonText).word)
	}
	w.b = append(w.b, '}')
}
