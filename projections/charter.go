package projections

import (
	"cmp"
	"reflect"
	"strconv"
	"strings"

	"goldenthread/domain"
)

// CharterInForce is the charter of a day, with its settings explained (rules F6, F7).
type CharterInForce struct {
	Stamp
	Version           int              `json:"version"`
	From              domain.Day       `json:"from,omitzero"`
	Source            string           `json:"source" doc:"founding, or the proposal that changed it"`
	CharterIndex      uint64           `json:"charterIndex" doc:"of the event that made this version"`
	Text              string           `json:"text"`
	Quorum            int              `json:"quorum" doc:"seats that must consent explicitly"`
	QuorumOf          []Body           `json:"quorumOf" doc:"organisations that must be among them"`
	Settings          []SettingLine    `json:"settings"`
	DefaultStance     domain.Stance    `json:"defaultStance" doc:"where a remit says nothing"`
	Matters           []string         `json:"matters" doc:"what the group may be asked about"`
	Reserved          []string         `json:"reserved" doc:"what can't be delegated, beside charter, membership and delegation"`
	MembersOnly       []string         `json:"membersOnly" doc:"what only members see"`
	SystemSees        domain.Sight     `json:"systemSees" enum:"released,work" doc:"what invited system bodies see"`
	OtherCareSeated   bool             `json:"otherPrimaryCare" doc:"other primary care may hold seats"`
	RequireSignatures bool             `json:"requireSignatures" doc:"what a seat says to a proposal is signed with a passkey"`
	YesOrNos          []YesOrNoLine    `json:"yesOrNo" doc:"settings that hold or don't"`
	Consents          []ConsentLine    `json:"consents" doc:"by which the group was established"`
	Versions          []CharterSummary `json:"versions"`
}

// A SettingLine is one number of the charter.
type SettingLine struct {
	Name    string `json:"name"`
	Value   int    `json:"value"`
	Default int    `json:"default"`
	Say     string `json:"say" doc:"what the default means, in a sentence"`
}

// A YesOrNoLine is one setting of the charter that holds or doesn't.
type YesOrNoLine struct {
	Name  string `json:"name"`
	Holds bool   `json:"holds"`
	Say   string `json:"say" doc:"what holds where it is true, in a sentence"`
}

// A ConsentLine is a seat's consent to the first charter.
type ConsentLine struct {
	Seat   Body       `json:"seat"`
	Person Who        `json:"person"`
	On     domain.Day `json:"on"`
	Index  uint64     `json:"index"`
}

// Charter answers for that day.
func (g *terms) Charter(at domain.Day) CharterInForce {
	c := CharterInForce{
		Stamp: g.stamp(at), QuorumOf: []Body{}, Settings: []SettingLine{}, Matters: []string{}, Reserved: []string{}, MembersOnly: []string{},
		YesOrNos: []YesOrNoLine{}, Consents: []ConsentLine{}, Versions: []CharterSummary{},
	}
	if g.state.Next == 0 {
		return c
	}
	v := g.state.CharterOn(at)
	ch := &v.Charter
	c.Version, c.From, c.Source, c.CharterIndex = v.Version, v.From, v.By(), v.Index
	c.Text, c.Quorum, c.QuorumOf = ch.Text, ch.Quorum, g.bodies(ch.QuorumOf)
	c.DefaultStance, c.Matters, c.Reserved = ch.DefaultStance, domain.OrEmpty(ch.Matters), domain.OrEmpty(ch.Reserved)
	c.SystemSees = ch.Sight()
	c.MembersOnly, c.OtherCareSeated, c.RequireSignatures = domain.OrEmpty(ch.MembersOnly), ch.OtherCareSeated, ch.RequireSignatures
	for _, set := range domain.Settings {
		c.Settings = append(c.Settings, SettingLine{set.Name, settingOf(ch, set.Name), set.Default, set.Say})
	}
	for _, y := range domain.YesOrNos {
		c.YesOrNos = append(c.YesOrNos, YesOrNoLine{y.Name, y.Holds(ch), y.Called + "."})
	}
	for _, k := range g.state.Consents {
		c.Consents = append(c.Consents, ConsentLine{g.body(k.Seat), g.who(k.Person), k.On, k.Index})
	}
	for i := range g.state.Charters {
		c.Versions = append(c.Versions, summaryOf(&g.state.Charters[i]))
	}
	return c
}

// Called is the setting in plain words.
func (s SettingLine) Called() string {
	for _, set := range domain.Settings {
		if set.Name == s.Name {
			return set.Called
		}
	}
	return s.Name
}

// Amount is the setting's value in plain words.
func (s SettingLine) Amount() string {
	switch s.Name {
	case "leastCoverage":
		if s.Value == 50 {
			return "over half"
		}
		return "over " + domain.Thousands(s.Value) + " of every 100"
	case "gatekeepers", "quorumPeople":
		return domain.Thousands(s.Value)
	case "communications":
		return domain.Count(s.Value, "time")
	}
	return domain.Count(s.Value, "day")
}

// charterSay says what another charter would change.
func (g *terms) charterSay(c *domain.ChangeCharter) string {
	say := "Replace version " + strconv.Itoa(c.Version) + " of the charter"
	if c.Version < 1 || c.Version > len(g.state.Charters) {
		return say
	}
	settled := c.Charter.Settled()
	was, is := &g.state.Charters[c.Version-1].Charter, &settled
	var changes []string
	differs := func(what, from, to string) {
		if from != to {
			changes = append(changes, what+": "+to+" instead of "+from)
		}
	}
	if was.Text != is.Text {
		changes = append(changes, "the text is new")
	}
	differs("seats that must consent", domain.Thousands(was.Quorum), domain.Thousands(is.Quorum))
	differs("among them", g.named(was.QuorumOf), g.named(is.QuorumOf))
	for _, set := range domain.Settings {
		from, to := settingOf(was, set.Name), settingOf(is, set.Name)
		differs(firstLower(set.Called), SettingLine{Name: set.Name, Value: from}.Amount(), SettingLine{Name: set.Name, Value: to}.Amount())
	}
	differs("where a remit says nothing", strings.ReplaceAll(string(was.DefaultStance), "-", " "), strings.ReplaceAll(string(is.DefaultStance), "-", " "))
	differs("subjects", orNone(domain.MatterNames(was.Matters)), orNone(domain.MatterNames(is.Matters)))
	differs("reserved", orNone(domain.MatterNames(was.Reserved)), orNone(domain.MatterNames(is.Reserved)))
	differs("for members only", orNone(was.MembersOnly), orNone(is.MembersOnly))
	differs("invited system bodies see", SightWords(was.Sight()), SightWords(is.Sight()))
	for _, y := range domain.YesOrNos {
		differs(firstLower(y.Called), yesNo(y.Holds(was)), yesNo(y.Holds(is)))
	}
	if changes == nil {
		return say + " by one that says the same"
	}
	return say + ": " + strings.Join(changes, "; ")
}

func (g *terms) named(codes []string) string {
	names := make([]string, 0, len(codes))
	for _, code := range codes {
		names = append(names, g.name(code))
	}
	return orNone(names)
}

func orNone(things []string) string { return cmp.Or(domain.ListApart(things), "none") }

// SightWords is what invited system bodies see, in words.
func SightWords(s domain.Sight) string {
	if s == domain.SeesReleased {
		return "what is released to them, and nothing else"
	}
	return "the group's work, but what is for members only"
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// settingOf is the number that the charter keeps under that name.
func settingOf(c *domain.Charter, name string) int {
	v := reflect.ValueOf(c).Elem()
	for i := range v.NumField() {
		tag, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		if tag == name && v.Field(i).CanInt() {
			return int(v.Field(i).Int())
		}
	}
	return 0
}
