package pages

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"

	"goldenthread/api/operation"
	"goldenthread/api/problem"
	"goldenthread/api/web"
	"goldenthread/domain"
)

// A composer makes a proposal of what was filled in so far.
type composer struct {
	*asked
	*filling
	body   *web.Compose
	is     []domain.Instrument // finished
	number string              // of the proposal that is amended
}

func newComposer(a *asked) *composer {
	values := a.form
	if values == nil {
		values = a.r.URL.Query()
	}
	c := &composer{asked: a, filling: &filling{values: maps.Clone(values), path: a.r.PathValue}, body: &web.Compose{}}
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
	case k.Name == "":
		c.body.Step = "choose"
		c.faults = append(c.faults, web.Fault{Part: "/kind", Say: "Choose what the proposal would do."})
		return
	case k.which != nil && c.body.Of == "":
		c.body.Step, c.body.Which = "which", k.which(c.asked)
		return
	}
	if k.start != nil {
		one := k.start(c.asked, c.body.Of)
		c.from(domain.Describe(one), reflect.ValueOf(one).Elem(), "")
	}
	c.fill()
}

// fill shows the fields of what is being put together.
func (c *composer) fill() {
	k := kindNamed(c.body.Kind.Name)
	if k.Name == "" || k.Name == "words" {
		c.body.Step = "choose"
		return
	}
	var o offered
	if k.dress != nil {
		o = k.dress(c.asked, c.body.Of)
	}
	o.given = append(o.given, k.given...)
	_, one := newInstrument(k.Name)
	c.body.Step, c.body.Parts = "parts", append(c.pieces(domain.Describe(one), c.filling, &o), o.effects...)
}

// newInstrument is an empty instrument that does what the name says, and a pointer
// to that.
func newInstrument(name string) (*domain.Instrument, any) {
	i := &domain.Instrument{}
	for _, f := range domain.Describe(i).Fields {
		if f.Name == name {
			v := reflect.ValueOf(i).Elem().FieldByIndex(f.Index)
			v.Set(reflect.New(v.Type().Elem()))
			return i, v.Interface()
		}
	}
	return i, nil
}

// finish takes what was put together among what the proposal would do, if it
// can be read and the rules allow it; else it is shown again.
func (c *composer) finish() {
	k := kindNamed(c.body.Kind.Name)
	i, one := newInstrument(k.Name)
	if one == nil {
		c.body.Step = "choose"
		return
	}
	f := &filling{values: maps.Clone(c.values)}
	f.read(one)
	if charter, ok := one.(*domain.ChangeCharter); ok {
		for _, set := range domain.Settings { // a number that is written as 0 is meant
			if f.words("charter-"+set.Name) == "0" {
				charter.Charter.Zero = append(charter.Charter.Zero, set.Name)
			}
		}
	}
	is, place := append(slices.Clone(c.is), *i), len(c.is)
	if n, err := strconv.Atoi(c.body.Index); err == nil && n >= 0 && n < len(c.is) {
		is, place = slices.Concat(c.is[:n], []domain.Instrument{*i}, c.is[n+1:]), n
	}
	if len(f.faults) == 0 {
		if r := c.State().Refuses(is, c.number, c.At); r != nil {
			f.faults = append(f.faults, web.Fault{Part: within(r.Part, place), Say: r.Say, Rule: r.Rule})
		}
	}
	if len(f.faults) > 0 {
		for _, fault := range f.faults {
			fault.Part = f.origin(fault.Part)
			c.faults = append(c.faults, fault)
		}
		c.fill()
		return
	}
	c.is = is
}

// within is the part of the instrument at that place that a part of the proposal
// is; "" where it is none of it.
func within(part string, place int) string {
	rest, ok := strings.CutPrefix(part, fmt.Sprintf("/instruments/%d/", place))
	_, rest, inside := strings.Cut(rest, "/")
	if !ok || !inside {
		return ""
	}
	return "/" + rest
}

// change shows the fields of one that was finished.
func (c *composer) change(index string) {
	n, err := strconv.Atoi(index)
	if err != nil || n < 0 || n >= len(c.is) {
		return
	}
	v := reflect.ValueOf(&c.is[n]).Elem()
	for _, f := range domain.Describe(&c.is[n]).Fields {
		if one := v.FieldByIndex(f.Index); !one.IsNil() {
			c.changing(kindNamed(f.Name), index, one)
		}
	}
}

func (c *composer) changing(k kind, index string, one reflect.Value) {
	switch is := one.Interface().(type) { // what it does not say is shown as what it means
	case *domain.ChangeCharter:
		settled := *is
		settled.Charter = is.Charter.Settled()
		one = reflect.ValueOf(&settled)
	case *domain.AdoptPosition:
		whole := *is
		whole.Replaces = slices.Clone(is.Replaces)
		for i := range whole.Replaces {
			whole.Replaces[i].Matter = cmp.Or(whole.Replaces[i].Matter, is.Matter)
		}
		one = reflect.ValueOf(&whole)
	}
	c.from(domain.Describe(one.Interface()), one.Elem(), "")
	var of []string
	for _, name := range k.given {
		of = append(of, c.words(name))
	}
	c.body.Kind, c.body.Index, c.body.Of = k.Kinds, index, strings.Join(of, " ")
	if k.start != nil && c.values.Has("version") { // it changes what is in force now
		now := k.start(c.asked, c.body.Of)
		f := &filling{values: url.Values{}}
		f.from(domain.Describe(now), reflect.ValueOf(now).Elem(), "")
		c.values["version"] = f.values["version"]
	}
	c.fill()
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
				fault.Part = within(fault.Part, i)
				c.faults = append(c.faults, fault)
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
	c.carry()
	if b.Step == "words" {
		c.askWords()
	}
	c.asked.filled = nil
	if len(c.faults) > 0 {
		c.asked.filled = &web.Filled{Form: b.FormID(), Values: c.values, Faults: c.faults}
		c.asked.filled.Place(slices.Concat(b.Parts, b.Again, b.Whichever()))
	}
	return nil
}

// askWords shows the fields of the last step.
func (c *composer) askWords() {
	b := c.body
	o := &offered{without: []string{"instruments", "version"}} // the page itself carries them
	var command domain.Command = &domain.RaiseProposal{}
	if c.number != "" {
		command = &domain.AmendProposal{}
	}
	o.id, o.command, o.Button = b.FormID(), command, b.Button()
	if o.entered = []web.Entered{{Label: "If it is agreed", Words: b.Say}}; b.Say == nil {
		o.entered = nil
	}
	c.asked.offers = map[string]offered{o.id: *o}
	for _, p := range c.pieces(domain.Describe(command), c.filling, o) {
		switch p.Name {
		case "reopens", "new":
			b.Again = append(b.Again, p)
		default:
			b.Parts = append(b.Parts, p)
		}
	}
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
	if i.SetAside != nil && c.State().Proposals[i.SetAside.Agreement] != nil {
		return c.State().Proposals[i.SetAside.Agreement].Matter
	}
	return MatterOf(i)
}

// MatterOf is what an agreement with the instrument is about, where the instrument tells that.
func MatterOf(i *domain.Instrument) string {
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
	case i.ChangeCharter != nil:
		return "charter"
	case i.FormExecutive != nil, i.EndDelegation != nil, i.ConfirmDelegation != nil:
		return "delegation"
	case i.EndSuspension != nil && strings.HasPrefix(i.EndSuspension.What, "R"):
		return "representation"
	case i.EndSuspension != nil:
		return "delegation"
	case i.AssignDuty != nil, i.EndDuty != nil, i.OpenSeat != nil, i.JoinGroup != nil, i.LeaveGroup != nil:
		return "membership"
	}
	return ""
}
