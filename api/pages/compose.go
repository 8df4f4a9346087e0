package pages

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"

	"goldenthread/api/operation"
	"goldenthread/api/problem"
	"goldenthread/api/web"
	"goldenthread/domain"
)

// What a proposal would do is filled in part by part. A part's name is where it
// stands in the instrument's JSON, its steps joined by hyphens, so that both are
// made of each other, and a refusal that points into the one finds the other:
// powers-0-itemLimitPence is /powers/0/itemLimitPence.

// A part is a field of an instrument, or a list of rows.
type part struct {
	web.Piece
	of    []part // of each row
	least int    // rows shown when nothing is filled in
	refs  bool   // what is ticked are positions that an agreement adopted, such as "P1 access"
}

// mostRows bounds a list that somebody fills in by hand.
const mostRows = 30

// shown are the parts as the page shows them, filled in.
func shown(parts []part, under string, f *filling) []web.Piece {
	var all []web.Piece
	for _, p := range parts {
		name, of, least := under+p.Name, p.of, p.least
		show := p.Piece
		show.Name, show.Values = name, f.values[name]
		if show.Type == "rows" {
			for i := range max(f.rows(name), least) {
				heading := strings.ToUpper(p.One[:1]) + p.One[1:] + " " + strconv.Itoa(i+1)
				show.Rows = append(show.Rows, web.Row{Heading: heading, Parts: shown(of, fmt.Sprintf("%s-%d-", name, i), f)})
			}
		}
		all = append(all, show)
	}
	return all
}

// rows is how many rows of the list the form has.
func (f *filling) rows(list string) int {
	n := 0
	for name := range f.values {
		rest, ok := strings.CutPrefix(name, list+"-")
		if !ok {
			continue
		}
		index, _, _ := strings.Cut(rest, "-")
		if i, err := strconv.Atoi(index); err == nil && i >= n && i < mostRows {
			n = i + 1
		}
	}
	return n
}

// assembled is the JSON object that the parts say. Rows that are left empty are
// left out; moved says where the others were.
func (f *filling) assembled(parts []part, under string, moved map[string]string) map[string]any {
	object := map[string]any{}
	for _, p := range parts {
		name := under + p.Name
		if p.Type == "rows" {
			var rows []any
			for i := range f.rows(name) {
				row := fmt.Sprintf("%s-%d-", name, i)
				if one := f.assembled(p.of, row, moved); len(one) > 0 {
					moved[fmt.Sprintf("%s-%d-", name, len(rows))] = row
					rows = append(rows, one)
				}
			}
			if rows != nil {
				object[p.Name] = rows
			}
			continue
		}
		if v := f.value(p.Type, name); v != nil {
			if p.refs {
				v = positionRefs(f.chosen(name))
			}
			put(object, p.Name, v)
		}
	}
	return object
}

// positionRefs are positions as an instrument names them.
func positionRefs(chosen []string) []any {
	var refs []any
	for _, one := range chosen {
		agreement, matter, _ := strings.Cut(one, " ")
		refs = append(refs, map[string]any{"agreement": agreement, "matter": matter})
	}
	return refs
}

// put sets what is at the place, in an object within the object if it says so.
func put(object map[string]any, place string, v any) {
	if first, rest, within := strings.Cut(place, "-"); within {
		if object[first] == nil {
			object[first] = map[string]any{}
		}
		put(object[first].(map[string]any), rest, v)
		return
	}
	object[place] = v
}

// value reads one field as JSON has it; nil for what is not said.
func (f *filling) value(kind, name string) any {
	switch kind {
	case "date":
		if d := f.day(name); d != 0 {
			return d.String()
		}
	case "pounds":
		if p := f.pounds(name); p != nil {
			return int64(*p)
		}
	case "months":
		if n := f.months(name); n != nil {
			return *n
		}
	case "number":
		return f.number(name)
	case "lines":
		if lines := f.lines(name); lines != nil {
			return lines
		}
	case "ticks":
		if chosen := f.chosen(name); chosen != nil {
			return chosen
		}
	case "tick":
		if f.ticked(name) {
			return true
		}
	case "hidden": // a number of a version, or a reference
		if n, err := strconv.Atoi(f.words(name)); err == nil {
			return n
		}
		fallthrough
	default:
		if words := f.words(name); words != "" {
			return words
		}
	}
	return nil
}

// number reads a whole number; nil if there is none.
func (f *filling) number(name string) any {
	s := f.words(name)
	if s == "" {
		return nil
	}
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil {
		f.wrong(name, "Write a whole number, such as 7.")
		return nil
	}
	return n
}

// spill fills the parts in as the JSON object says.
func (f *filling) spill(parts []part, under string, object map[string]any) {
	for _, p := range parts {
		name := under + p.Name
		v := at(object, p.Name)
		switch v := v.(type) {
		case nil:
		case []any:
			for i, one := range v {
				if row, ok := one.(map[string]any); ok && p.refs {
					f.values.Add(name, fmt.Sprintf("%v %v", row["agreement"], cmp.Or(row["matter"], object["matter"])))
				} else if ok {
					f.values.Set(fmt.Sprintf("%s-%d-", name, i), "") // there is a row, even if all of it is empty
					f.spill(p.of, fmt.Sprintf("%s-%d-", name, i), row)
				} else if p.Type == "lines" && i > 0 {
					f.values.Set(name, f.values.Get(name)+"\n"+fmt.Sprint(one))
				} else {
					f.values.Add(name, fmt.Sprint(one))
				}
			}
		default:
			if words := written(p.Type, v); words != "" {
				f.values.Set(name, words)
			}
		}
	}
}

func at(object map[string]any, place string) any {
	first, rest, within := strings.Cut(place, "-")
	if inner, ok := object[first].(map[string]any); ok && within {
		return at(inner, rest)
	}
	return object[first]
}

// written is a value as people write it.
func written(kind string, v any) string {
	switch n := v.(type) {
	case float64:
		if kind == "pounds" {
			return strings.TrimPrefix(domain.Pence(n).String(), "£")
		}
		return strconv.FormatInt(int64(n), 10)
	case bool:
		if !n {
			return ""
		}
	case string:
		if d, err := domain.ParseDay(n); kind == "date" && err == nil {
			return d.Words()
		}
	}
	return fmt.Sprint(v)
}

// moves says for which field of the form a pointer into the instrument stands,
// rows having been left out.
func moves(moved map[string]string, pointer string) string {
	name := strings.ReplaceAll(strings.TrimPrefix(pointer, "/"), "/", "-")
	for _, to := range slices.SortedFunc(maps.Keys(moved), func(a, b string) int { return len(b) - len(a) }) {
		if rest, ok := strings.CutPrefix(name, to); ok {
			return moved[to] + rest
		}
	}
	return name
}

// A composer makes a proposal of what was filled in so far.
type composer struct {
	*asked
	*filling
	body   *web.Compose
	is     []domain.Instrument // finished
	number string              // of the proposal that is amended
	moved  map[string]string
}

func newComposer(a *asked) *composer {
	values := a.form
	if values == nil {
		values = a.r.URL.Query()
	}
	c := &composer{asked: a, filling: &filling{values: maps.Clone(values), path: a.r.PathValue}, body: &web.Compose{}, moved: map[string]string{}}
	c.is = c.instruments()
	return c
}

// instruments are those that the form carries, finished.
func (f *filling) instruments() []domain.Instrument {
	var is []domain.Instrument
	if carried := f.values.Get("instruments"); carried != "" && json.Unmarshal([]byte(carried), &is, operation.Strictly) != nil {
		f.refuse(problem.Invalid("C1", "The form does not say what the proposal would do. Please open the page again."))
	}
	return is
}

// composed is the page on the step that the form has come to.
func (c *composer) composed() (web.Body, error) {
	b := c.body
	then, arg, _ := strings.Cut(c.words("then"), " ")
	if c.form == nil && c.words("kind") != "" {
		then = "parts"
	}
	b.Kind, b.Of, b.Index = kindNamed(c.words("kind")).Kinds, c.words("of"), c.words("index")
	b.Step = "words"
	switch then {
	case "another":
		b.Step = "choose"
	case "parts":
		c.start()
	case "row":
		c.values.Set(fmt.Sprintf("%s-%d-", arg, c.rows(arg)), "")
		c.fill()
	case "words":
		c.finish()
	case "change":
		c.change(arg)
	case "drop":
		if i, err := strconv.Atoi(arg); err == nil && i >= 0 && i < len(c.is) {
			c.is = slices.Delete(c.is, i, i+1)
		}
	case "":
		if c.form != nil {
			c.back()
		} else if c.number == "" {
			b.Step = "choose"
		}
	}
	return b, c.furnish()
}

// start begins with what somebody chose to put together.
func (c *composer) start() {
	k := kindNamed(c.body.Kind.Name)
	switch {
	case k.Name == "words":
		return
	case k.parts == nil:
		c.body.Step = "choose"
		c.fault("kind", "Choose what the proposal would do.")
		return
	case k.which != nil && c.body.Of == "":
		c.body.Step, c.body.Which = "which", k.which(c.asked)
		return
	}
	if k.start != nil {
		c.spill(k.parts(c.asked, c.body.Of), "", k.start(c.asked, c.body.Of))
	}
	c.fill()
}

// fill shows the parts of what is being put together.
func (c *composer) fill() {
	k := kindNamed(c.body.Kind.Name)
	if k.parts == nil {
		c.body.Step = "choose"
		return
	}
	c.body.Step, c.body.Parts = "parts", shown(k.parts(c.asked, c.body.Of), "", c.filling)
}

// finish takes what was put together among what the proposal would do, if it
// can be read and the rules allow it; else it is shown again.
func (c *composer) finish() {
	k := kindNamed(c.body.Kind.Name)
	if k.parts == nil {
		c.body.Step = "choose"
		return
	}
	object := c.assembled(k.parts(c.asked, c.body.Of), "", c.moved)
	b, err := json.Marshal(map[string]any{k.Name: object})
	var one domain.Instrument
	if err == nil {
		err = json.Unmarshal(b, &one, operation.Strictly)
		domain.NoteZeros(&one, b)
	}
	if err != nil && len(c.faults) == 0 {
		c.refuse(problem.Invalid("C1", "The form can't be read as it was filled in. Please open the page again."))
	}
	is, place := append(slices.Clone(c.is), one), len(c.is)
	if i, err := strconv.Atoi(c.body.Index); err == nil && i >= 0 && i < len(c.is) {
		is, place = slices.Concat(c.is[:i], []domain.Instrument{one}, c.is[i+1:]), i
	}
	if len(c.faults) == 0 {
		if r := c.State().Refuses(is, c.number, c.At); r != nil {
			c.refused(r.Part, r.Say, place)
		}
	}
	if len(c.faults) > 0 {
		c.fill()
		return
	}
	c.is = is
}

// refused puts a refusal at the field that it means, if it is of the
// instrument at that place.
func (c *composer) refused(pointer, say string, place int) {
	rest, ok := strings.CutPrefix(pointer, fmt.Sprintf("/instruments/%d/", place))
	_, rest, within := strings.Cut(rest, "/")
	if !ok || !within {
		c.faults = append(c.faults, web.Fault{Say: say})
		return
	}
	c.fault(moves(c.moved, rest), say)
}

func (c *composer) fault(name, say string) {
	c.faults = append(c.faults, web.Fault{Part: name, Say: say})
}

// change shows the parts of one that was finished.
func (c *composer) change(index string) {
	i, err := strconv.Atoi(index)
	if err != nil || i < 0 || i >= len(c.is) {
		return
	}
	one := c.is[i]
	if one.ChangeCharter != nil { // what it does not say is shown as what it will be
		charter := *one.ChangeCharter
		charter.Charter = charter.Charter.Settled()
		one.ChangeCharter = &charter
	}
	b, _ := json.Marshal(one) // it was read of JSON
	var all map[string]map[string]any
	if json.Unmarshal(b, &all) != nil {
		return
	}
	for name, object := range all {
		k := kindNamed(name)
		c.body.Kind, c.body.Index, c.body.Of = k.Kinds, index, ""
		for _, of := range []string{"delegation", "appointment", "round", "agreement"} {
			if s, ok := object[of].(string); ok {
				c.body.Of = s
			}
		}
		if what, ok := object["what"].(string); ok && object["event"] != nil {
			c.body.Of = what + " " + written("hidden", object["event"])
		}
		if k.start != nil { // it changes what is in force now
			if now := k.start(c.asked, c.body.Of)["version"]; now != nil {
				object["version"] = now
			}
		}
		c.spill(k.parts(c.asked, c.body.Of), "", object)
		c.fill()
	}
}

// back shows again what was sent and refused: the parts, if it was for them.
func (c *composer) back() {
	if c.asked.filled == nil {
		return
	}
	for _, fault := range c.asked.filled.Faults {
		rest, ok := strings.CutPrefix(fault.Part, "/instruments/")
		if index, _, _ := strings.Cut(rest, "/"); ok {
			c.change(index)
			if i, err := strconv.Atoi(index); err == nil && c.body.Step == "parts" {
				c.refused(fault.Part, fault.Say, i)
				return
			}
		}
	}
	c.faults = c.asked.filled.Faults
}

// furnish gives the page what its step needs.
func (c *composer) furnish() error {
	b := c.body
	for i := range c.is {
		b.Say = append(b.Say, c.InstrumentWords(&c.is[i]))
	}
	carried, err := json.Marshal(append([]domain.Instrument{}, c.is...))
	if err != nil {
		return err
	}
	b.Instruments = string(carried)
	if b.Step == "choose" {
		b.Groups = kindGroups(b)
	}
	b.Seats, b.Matters, b.Settled = c.seats(), c.matters(), c.settled()
	c.carry()
	if len(c.faults) > 0 {
		c.asked.filled = &web.Filled{Form: b.FormID(), Values: c.values, Faults: c.faults}
		if b.Step == "parts" {
			c.asked.filled.Place(b.Parts)
		}
	} else {
		c.asked.filled = nil
	}
	return nil
}

// carry takes over what was filled in on the last step. What nobody wrote is
// made of what the proposal would do.
func (c *composer) carry() {
	b := c.body
	b.Named, b.Text, b.Matter, b.Made = c.words("title"), c.words("text"), c.words("matter"), c.words("made")
	b.Seat, b.Reopens, b.New, b.Keep = c.words("seat"), c.words("reopens"), c.words("new"), c.ticked("draft")
	if b.Step != "words" || len(c.is) == 0 {
		return
	}
	made := c.AgreementWords(c.is)
	if c.number == "" && b.Text == "" || b.Made != "" && b.Text == b.Made {
		b.Text = made
	}
	b.Made = made
	if c.number == "" && b.Named == "" {
		b.Named = c.titleOf(&c.is[0])
	}
	if b.Matter == "" {
		b.Matter = c.matterOf(&c.is[0])
	}
	c.values.Set("text", b.Text)
	c.values.Set("title", b.Named)
	c.values.Set("matter", b.Matter)
}

// objects are the things as JSON has them.
func objects[T any](things []T) []any {
	var os []any
	for _, one := range things {
		os = append(os, objectOf(one))
	}
	return os
}

func objectOf(thing any) map[string]any {
	b, err := json.Marshal(thing)
	var object map[string]any
	if err == nil {
		err = json.Unmarshal(b, &object)
	}
	if err != nil {
		panic(err) // it is part of the state, which is written as JSON
	}
	return object
}

// titleOf is a title for what the instrument does, until somebody finds a better one.
func (c *composer) titleOf(i *domain.Instrument) string {
	switch {
	case i.GrantDelegation != nil && i.GrantDelegation.To == domain.ToExecutive:
		return "What the executive may do"
	case i.FormExecutive != nil:
		return "The executive"
	case i.Appoint != nil && c.State().Forums[i.Appoint.Forum] != nil:
		return "Who speaks for us at " + c.State().Forums[i.Appoint.Forum].Name
	case i.AdoptPriorities != nil:
		return "Our priorities"
	case i.SetAside != nil:
		return "Set " + i.SetAside.Agreement + " aside"
	case i.ChangeCharter != nil:
		return "The charter"
	}
	say := c.InstrumentWords(i)
	say, _, _ = strings.Cut(say, ": ")
	return domain.ClipTo(say, 80)
}

// matterOf is what a proposal with the instrument is about, where that can be told.
func (c *composer) matterOf(i *domain.Instrument) string {
	switch {
	case i.GrantDelegation != nil && len(i.GrantDelegation.Powers) > 0:
		return i.GrantDelegation.Powers[0].Matter
	case i.VaryDelegation != nil && len(i.VaryDelegation.Powers) > 0:
		return i.VaryDelegation.Powers[0].Matter
	case i.Appoint != nil && len(i.Appoint.Lines) > 0:
		return i.Appoint.Lines[0].Matter
	case i.VaryAppointment != nil && len(i.VaryAppointment.Lines) > 0:
		return i.VaryAppointment.Lines[0].Matter
	case i.AdoptPosition != nil:
		return i.AdoptPosition.Matter
	case i.SetAside != nil && c.State().Proposals[i.SetAside.Agreement] != nil:
		return c.State().Proposals[i.SetAside.Agreement].Matter
	case i.ChangeCharter != nil:
		return "charter"
	case i.FormExecutive != nil, i.EndDelegation != nil, i.ConfirmDelegation != nil:
		return "delegation"
	case i.EndSuspension != nil && strings.HasPrefix(i.EndSuspension.What, "R"):
		return "representation"
	case i.EndSuspension != nil:
		return "delegation"
	case i.AssignDuty != nil, i.EndDuty != nil, i.OpenSeat != nil:
		return "membership"
	}
	return ""
}
