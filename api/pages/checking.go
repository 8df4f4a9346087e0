package pages

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"

	"github.com/go-json-experiment/json"
	jsonv1 "github.com/go-json-experiment/json/v1"

	"goldenthread/api/access"
	"goldenthread/api/operation"
	"goldenthread/api/problem"
	"goldenthread/api/web"
	"goldenthread/domain"
	"goldenthread/projections"
)

// Before a form is recorded its page shows what was entered and what would follow
// (rule L2). It is sent a second time from there, with the fingerprint of what was
// shown. If the same would still follow it is recorded, on just the state on which
// that was worked out; else it is shown again.

// A draft is a form that was sent, as its command.
type draft struct {
	kind    domain.CommandKind
	command domain.Command
	in      access.CommandInput // as JSON takes it
	shown   string              // fingerprint of what whoever sends it was shown; "": nothing was
}

// drafted reads the form.
func drafted(r *http.Request, name string, f *filling) (*draft, error) {
	kind, ok := domain.CommandNamed(name)
	if !ok {
		return nil, fmt.Errorf("a page sends %q, and there is no such command", name)
	}
	command := f.command(kind)
	if len(f.faults) > 0 {
		return nil, f.faults
	}
	d, err := draftFor(r.PathValue("group"), f.values.Get("key"), command)
	if err != nil {
		return nil, err
	}
	d.shown = f.values.Get(shownField)
	return d, nil
}

// draftFor is the command as a form would send it.
func draftFor(group, key string, command domain.Command) (*draft, error) {
	kind, ok := domain.CommandNamed(domain.CommandName(command))
	if !ok {
		return nil, fmt.Errorf("there is no command %T", command)
	}
	before, err := json.Marshal(command)
	if err != nil { // what was filled in is no text
		return nil, problem.New(http.StatusBadRequest, "The form could not be read.")
	}
	body, err := json.Marshal(command, jsonv1.OmitEmptyWithLegacySemantics(true)) // which leaves out a number that was not given
	if err != nil {
		return nil, err
	}
	in := access.CommandInput{Group: group, Key: key, JSONBody: operation.JSONBody{Bytes: body}, Before: before}
	return &draft{kind: kind, command: command, in: in}, nil
}

// shownField is the field of a check page in which the fingerprint comes back.
const shownField = "checked"

// checked is what would follow from a draft.
type checked struct {
	*draft
	says        projections.Trial
	basis       domain.Basis
	fingerprint string
	changed     bool // it is not what whoever sends it was shown
}

// try works out what would follow from the draft. The error is why it is refused.
func (s *Pages) try(ctx context.Context, d *draft) (*checked, error) {
	in := d.in
	trial, err := s.ledgers.Try(ctx, d.kind, &in)
	if err != nil {
		return nil, err
	}
	c := &checked{draft: d, says: projections.TrialOf(d.kind, &trial), basis: trial.Basis}
	b, err := json.Marshal(&c.says, json.Deterministic(true))
	if err != nil {
		return nil, err
	}
	command := domain.HashOf(d.command)
	sum := sha256.Sum256(append(command[:], b...))
	c.fingerprint = hex.EncodeToString(sum[:16])
	return c, nil
}

// mostTries is how often a draft is tried again because something else was recorded meanwhile.
const mostTries = 5

// recordChecked has the draft recorded, if what would follow was shown and still would,
// or if it is too slight to be shown; else it is what is to be shown.
func (s *Pages) recordChecked(ctx context.Context, d *draft) (*access.RecordedOutput, *checked, error) {
	if d.kind.Slight != "" {
		out, err := s.recordOn(ctx, d, nil)
		return out, nil, err
	}
	var refused error
	var before domain.Basis
	for tries := 1; ; tries++ {
		c, err := s.try(ctx, d)
		switch {
		case d.shown == "" || err != nil && !isRefusal(err):
			return nil, c, err
		case err != nil || c.fingerprint != d.shown || tries > mostTries:
			// On no basis at all only what was recorded under this key before is answered.
			if out, again := s.recordOn(ctx, d, &domain.Basis{}); again == nil {
				return out, nil, nil
			}
			if c != nil {
				c.changed = true
			}
			return nil, c, err
		case c.basis == before: // nothing came between, and it was refused all the same
			return nil, nil, refused
		}
		out, err := s.recordOn(ctx, d, &c.basis)
		if err == nil || !isRefusal(err) {
			return out, nil, err
		}
		refused, before = err, c.basis
	}
}

func (s *Pages) recordOn(ctx context.Context, d *draft, on *domain.Basis) (*access.RecordedOutput, error) {
	in := d.in
	in.Basis = on
	return s.ledgers.Record(ctx, d.kind, &in)
}

// isRefusal says whether the rules refuse it: it is not that the server can't.
func isRefusal(err error) bool {
	var r *domain.Refusal
	return errors.As(err, &r)
}

// showCheck shows what would follow. Nothing is recorded.
func (s *Pages) showCheck(w http.ResponseWriter, r *http.Request, p *page, form url.Values, c *checked) {
	b, status, err := s.draw(r, p, sent{form: form, check: c})
	if err != nil {
		s.Fail(w, r, problem.Of(r.Context(), s.log, err))
		return
	}
	if c.changed {
		status = http.StatusConflict
	}
	writePage(w, r, status, b)
}

// checking is the check page of a form of the page with that body.
func (a *offering) checking(body web.Body) web.Body {
	c, id := a.check, a.form.Get("form")
	o, known := a.offers[id]
	if !known { // it was offered before, and is no more
		o = offered{id: id, command: c.command}
	}
	page := &web.Checking{
		Of: body, ID: id, Command: c.kind.Name, About: o.Fold, Says: c.says, Changed: c.changed, Fingerprint: c.fingerprint, Sign: o.Sign, Class: o.Class,
		Button: o.Button,
	}
	if page.Button == "" {
		page.Button = "Record it"
	}
	if page.About == "" {
		page.About = c.kind.Say
	}
	if !a.sees(access.Everything) { // they can be about what the charter keeps to members
		page.Kept = page.Says.Ends != nil || page.Says.Left != nil || page.Says.Lost != nil || page.Says.Waits != nil
		page.Says.Ends, page.Says.Left, page.Says.Lost, page.Says.Waits = nil, nil, nil, nil
	}
	for _, name := range slices.Sorted(maps.Keys(a.form)) {
		if name != "then" && name != shownField {
			for _, value := range a.form[name] {
				page.Carried = append(page.Carried, web.Carried{Name: name, Value: value})
			}
		}
	}
	page.Entered = append(a.entered(c.command, &o), o.entered...)
	if o.more != nil {
		page.Entered = append(page.Entered, web.EnteredIn(o.more(&filling{values: a.form}), "")...)
	}
	return page
}

// entered is what the command says of what the form asks, in words.
func (a *offering) entered(c domain.Command, o *offered) []web.Entered {
	form, f := domain.Describe(c), &filling{values: url.Values{}, path: a.r.PathValue}
	f.from(form, reflect.ValueOf(c).Elem(), "")
	for _, joined := range o.joined { // one choice that stands for several fields
		f.values[joined] = a.form[joined]
	}
	return web.EnteredIn(a.pieces(form, f, o), "")
}
