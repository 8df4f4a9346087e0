package domain

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/google/uuid"
)

// Persons (rules L5, L7): everybody who acts is known by a random id, a handle
// made from their office, and the offices they hold. Name, email and phone are
// sealed under a key of the person's own before a command gets here.

// PersonalData is what identifies a human being. It is sealed by the store and
// never reaches an event in the clear (rule L7).
type PersonalData struct {
	Name  string `json:"name,omitempty" maxLength:"200" rule:"L7" call:"the name" ask:"Name"`
	Email string `json:"email,omitempty" maxLength:"200" call:"the email address" ask:"Email"`
	Phone string `json:"phone,omitempty" maxLength:"50" call:"the telephone number" ask:"Telephone"`
}

// A PersonEntry introduces a person.
type PersonEntry struct {
	Handle       string        `json:"handle" doc:"made from the office, such as cd-altrincham" maxLength:"60" rule:"L7" kind:"code" call:"a handle" ask:"Short name in addresses" hint:"Made from the office, such as cd-altrincham. It stays."`
	Office       string        `json:"office" doc:"such as Clinical Director, Altrincham Healthcare Alliance" maxLength:"200" call:"the office" ask:"Office" hint:"Such as: Clinical Director, Altrincham."`
	Organisation string        `json:"organisation,omitempty" doc:"code of the organisation that the office belongs to" maxLength:"60" of:"organisation" ask:"Which organisation does the office belong to?" none:"None"`
	Personal     *PersonalData `json:"personal,omitempty" ask:"Name and contacts"`
	Sealed       []byte        `json:"-"` // Personal under the person's own key; set by the store
}

// Personal is a person's data on its way into a command, to be sealed.
type Personal struct {
	Person string // id
	Data   *PersonalData
	Sealed *[]byte
}

// Personals are the personal data that the command carries. The store seals
// them before the command is decided.
func (r *Request) Personals() []Personal {
	c, ok := r.Command.(interface{ personals(*Request) []Personal })
	if !ok {
		return nil
	}
	return c.personals(r)
}

// CheckPersonal refuses personal data whose words can't be used. The store asks
// before it seals them: afterwards nobody can look at them.
func (r *Request) CheckPersonal() *Refusal {
	for _, p := range r.Personals() {
		if refusal := cmp.Or(checkDescribed(p.Data), p.Data.check()); refusal != nil {
			return refusal.at("personal")
		}
	}
	return nil
}

// check refuses what letters can't be addressed with: each part is on one line, and an
// email address has the shape of one.
func (p *PersonalData) check() *Refusal {
	if strings.ContainsAny(p.Name, "\r\n\t") {
		return invalid("L7", "Please write the name on one line.").at("name")
	}
	if strings.ContainsAny(p.Phone, "\r\n\t") {
		return invalid("L7", "Please write the telephone number on one line.").at("phone")
	}
	if p.Email != "" && !isEmail(p.Email) {
		return invalid("L7", "%q is no email address; write it like name@example.org.", Clip(p.Email)).at("email")
	}
	return nil
}

// isEmail says whether the words have the shape of an email address: something before
// one @ and a host's name with a dot after it, without spaces or characters that mean
// something in a letter's head.
func isEmail(words string) bool {
	name, host, _ := strings.Cut(words, "@")
	plain := func(s string) bool {
		return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
			return r <= ' ' || r == 0x7f || unicode.IsSpace(r) || strings.ContainsRune(`@,;:<>()[]\"`, r)
		})
	}
	return plain(name) && plain(host) && strings.Contains(strings.Trim(host, "."), ".") && !strings.Contains(host, "..")
}

// NewPersonID is the id of the person whom that command introduces under that
// handle: random, since command ids are, and the same when it is repeated. The
// group is in it, so that no other group can name the same person, and erase them.
func NewPersonID(group string, command uuid.UUID, handle string) string {
	return uuid.NewSHA1(command, []byte("person/"+group+"/"+handle)).String()
}

func (p *PersonEntry) personal(r *Request) []Personal {
	if p.Personal == nil {
		return nil
	}
	return []Personal{{NewPersonID(r.Group, r.ID, p.Handle), p.Personal, &p.Sealed}}
}

func (p *PersonEntry) check() *Refusal {
	if strings.EqualFold(p.Handle, System) || strings.EqualFold(p.Handle, Operator) || uuid.Validate(p.Handle) == nil {
		return invalid("L7", "%q can't be a handle; make it from the office.", p.Handle).at("handle")
	}
	return nil
}

// RegisterPerson introduces somebody who will act or be named here.
type RegisterPerson struct {
	PersonEntry
}

func (c *RegisterPerson) personals(r *Request) []Personal { return c.personal(r) }

func (c *RegisterPerson) may(w *who) (Permission, *Refusal) { return w.mustKeepRegister("L5") }

func (c *RegisterPerson) decide(t *turn) *Refusal {
	return t.registerPerson(&c.PersonEntry)
}

func (t *turn) registerPerson(p *PersonEntry) *Refusal {
	if r := p.check(); r != nil {
		return r
	}
	if had := t.s.likeHandle(p.Handle); had != "" {
		return notNow("L7", "There is already somebody with the handle %s%s.", had, onlyByCase(had, p.Handle)).at("handle")
	}
	if p.Organisation != "" {
		if _, r := t.s.organisation("O1", p.Organisation); r != nil {
			return r
		}
	}
	t.record(&PersonRegistered{
		Person: NewPersonID(t.s.Group, t.req.ID, p.Handle), Handle: p.Handle, Office: p.Office, Organisation: p.Organisation, Sealed: p.Sealed,
	})
	return nil
}

// UpdatePerson replaces somebody's sealed name, email and phone.
type UpdatePerson struct {
	Person   string       `json:"person" doc:"handle or id" rule:"L7" of:"person" ask:"Who?"`
	Personal PersonalData `json:"personal" ask:"Name and contacts"`
	Sealed   []byte       `json:"-"`
}

// NamePersonsByID puts ids in the place of handles where what is sent is sealed under the
// key of the person, which has their id for a name.
func (r *Request) NamePersonsByID(s *State) {
	if c, ok := r.Command.(*UpdatePerson); ok {
		if p := s.ByHandle(c.Person); p != nil {
			c.Person = p.ID
		}
	}
}

func (c *UpdatePerson) personals(*Request) []Personal {
	return []Personal{{c.Person, &c.Personal, &c.Sealed}}
}

func (c *UpdatePerson) may(w *who) (Permission, *Refusal) { return w.mustLookAfter("L7", c.Person) }

func (c *UpdatePerson) decide(t *turn) *Refusal {
	p := t.s.Person(c.Person)
	if p.ID != c.Person {
		return invalid("L7", "Name the person by id here.")
	}
	if r := p.mustNotBeErased(); r != nil {
		return r
	}
	t.record(&PersonUpdated{Person: p.ID, Sealed: c.Sealed})
	return nil
}

// LeaveOffice records that somebody no longer holds their office: what they hold here
// ends with it (rules F5, R1, D1, F9).
type LeaveOffice struct {
	Person string `json:"person" doc:"handle or id" rule:"R1" of:"person" ask:"Who?"`
	Until  Day    `json:"until" doc:"last day in the office" else:"Give the last day in the office." ask:"Their last day" hint:"It can be changed until it has passed."`
}

func (c *LeaveOffice) may(w *who) (Permission, *Refusal) {
	p, r := w.s.person("R1", c.Person)
	if r != nil {
		return Permission{}, r
	}
	if yes := w.speaksFor(p.Organisation); yes != nil && len(w.s.organisationsOf(p, w.day)) == 1 {
		return *yes, nil
	}
	return w.mustLookAfter("R1", c.Person)
}

// concerns are the organisations in whose name the person holds something.
func (c *LeaveOffice) concerns(s *State, would []Event) []string {
	return s.organisationsOf(s.Person(c.Person), DayOf(would[0].Time))
}

func (c *LeaveOffice) names() []string { return []string{c.Person} }

// organisationsOf are the organisations to which the person's office belongs, or for
// which they speak or sit on that day; where there is none, everybody's: any seat's.
func (s *roster) organisationsOf(p *Person, d Day) []string {
	var codes []string
	if p.Organisation != "" {
		codes = append(codes, p.Organisation)
	}
	for _, code := range SortedNumbers(s.Organisations) {
		if seat := s.Seats[code]; s.SpeaksFor(p.ID, code, d) || seat != nil && s.RoleOn(seat, p.ID, d) != "" {
			codes = appendNew(codes, code)
		}
	}
	if codes == nil {
		return []string{AllSeats}
	}
	return codes
}

func (c *LeaveOffice) decide(t *turn) *Refusal {
	p := t.s.Person(c.Person)
	if !p.inOffice(t.day) && c.Until > p.Left {
		return notNow("F5", "%s left the office on %s. What ended then is not given back by this: register them in their office anew, and let it be given to them again.", p.Office, p.Left.Words()).at("until")
	}
	t.recordOn(c.Until, &OfficeLeft{Person: p.ID, Until: c.Until})
	return nil
}

// PersonRegistered: somebody became known to the ledger.
type PersonRegistered struct {
	Person       string `json:"person"`
	Handle       string `json:"handle"`
	Office       string `json:"office"`
	Organisation string `json:"organisation,omitempty"`
	Sealed       []byte `json:"sealed,omitempty"`
}

func (e *PersonRegistered) Subject() string { return "person/" + e.Person }
func (e *PersonRegistered) apply(s *State, ev *Event) {
	s.People[e.Person] = &Person{ID: e.Person, Handle: e.Handle, Office: e.Office, Organisation: e.Organisation, Sealed: e.Sealed, Index: ev.Index, Since: ev.Effective}
	s.handles[e.Handle] = e.Person
}

// PersonUpdated: somebody's sealed data were replaced.
type PersonUpdated struct {
	Person string `json:"person"`
	Sealed []byte `json:"sealed,omitempty"`
}

func (e *PersonUpdated) Subject() string { return "person/" + e.Person }
func (e *PersonUpdated) apply(s *State, ev *Event) {
	p, today := edit(s.People, e.Person), DayOf(ev.Time)
	p.Earlier = slices.DeleteFunc(slices.Clone(p.Earlier), func(was EarlierData) bool { return was.Until < today })
	p.Earlier = append(p.Earlier, EarlierData{p.Sealed, today.Add(toldEarlier)})
	p.Sealed = e.Sealed
}

// OfficeLeft: somebody left the office after which their handle is named.
type OfficeLeft struct {
	Person string `json:"person"`
	Until  Day    `json:"until"`
}

func (e *OfficeLeft) Subject() string          { return "person/" + e.Person }
func (e *OfficeLeft) apply(s *State, _ *Event) { edit(s.People, e.Person).Left = e.Until }

// register is who there is: the people, and the bodies.
type register struct {
	bodies
	People      map[string]*Person
	Invitations []Invitation

	handles map[string]string // ids of people
	lists   []officialList    // that were taken over, in order
}

// bodies are the organisations, and which belongs to which.
type bodies struct {
	Organisations map[string]*Organisation

	members      map[string][]string // of organisations: who ever belonged to one
	predecessors map[string][]string // organisations that merged or were split into one, by its code
}

func newRegister() register {
	return register{
		bodies: bodies{Organisations: map[string]*Organisation{}, members: map[string][]string{}, predecessors: map[string][]string{}},
		People: map[string]*Person{}, handles: map[string]string{},
	}
}

func (s register) copy() register {
	s.People, s.Organisations, s.Invitations = maps.Clone(s.People), maps.Clone(s.Organisations), slices.Clip(s.Invitations)
	s.handles, s.members, s.predecessors, s.lists = maps.Clone(s.handles), maps.Clone(s.members), maps.Clone(s.predecessors), slices.Clip(s.lists)
	return s
}

// A Person is somebody who acts or is named.
type Person struct {
	ID           string
	Handle       string
	Office       string
	Organisation string // code; may be empty
	Sealed       []byte // personal data under the person's own key
	Index        uint64 // of the event that introduced them
	Since        Day
	Left         Day       // last day in the office; none: still there
	Erased       Day       // since when there is no personal data any more; none: not erased
	Passkeys     []Passkey // with which they can sign

	Earlier []EarlierData // personal data that was changed lately

	Employers []DatedEmployer // by their own word, in order of recording (rule F9)

	keys [][]byte // public keys of all passkeys that they ever had
}

// toldEarlier is for how many days an earlier mail address is told of new ways in (rule L11).
const toldEarlier = 30

// EarlierData are personal data that were changed.
type EarlierData struct {
	Sealed []byte
	Until  Day // last day on which what is about ways in goes to their mail address, too
}

// Person finds somebody by id or handle; nil if there is nobody.
func (s *register) Person(ref string) *Person {
	if p := s.People[ref]; p != nil {
		return p
	}
	return s.ByHandle(ref)
}

// ByHandle finds somebody by handle; nil if there is nobody.
func (s *register) ByHandle(handle string) *Person { return s.People[s.handles[handle]] }

// likeHandle is the handle of somebody that is the same, or differs only by capital
// and small letters; "" if there is none. Handles differ by more than that (rule L5).
func (s *register) likeHandle(handle string) string { return like(s.handles, handle) }

func (s *register) person(rule, ref string) (*Person, *Refusal) {
	if p := s.Person(ref); p != nil {
		return p, nil
	}
	return nil, notFound(rule, "Nobody called %q is known to this group.", Clip(ref))
}

// personInOffice finds a person who is to hold something from that day on: not
// somebody who left their office before (rule F5).
func (s *register) personInOffice(rule, ref string, from Day) (*Person, *Refusal) {
	p, r := s.person(rule, ref)
	if r == nil && !p.inOffice(from) {
		return nil, notNow(rule, "%s left the office on %s: register them in their new one first.", p.Office, p.Left.Words())
	}
	return p, r
}

// allInOffice refuses people of whom one left their office before that day.
func (s *register) allInOffice(rule string, ids []string, from Day) *Refusal {
	for _, id := range ids {
		if _, r := s.personInOffice(rule, id, from); r != nil {
			return r
		}
	}
	return nil
}

// inOffice says whether the person hasn't left their office on that day.
func (p *Person) inOffice(d Day) bool { return p.Left == 0 || d <= p.Left }

// inOffice are those of the people who haven't left their office on that day.
func (s *register) inOffice(ids []string, d Day) []string {
	gone := func(id string) bool { return !s.People[id].inOffice(d) }
	if !slices.ContainsFunc(ids, gone) {
		return ids
	}
	return slices.DeleteFunc(slices.Clone(ids), gone)
}

// office is how a person is named in sentences: by the office, never by name.
func (s *register) office(id string) string {
	if p := s.People[id]; p != nil {
		return p.Office
	}
	if id == Operator {
		return "the operator of this server"
	}
	return "somebody"
}

func (s *register) people(rule string, refs []string) ([]string, *Refusal) {
	if len(refs) > 50 {
		return nil, invalid(rule, "That is more than 50 people.")
	}
	var ids []string
	for _, ref := range refs {
		p, r := s.person(rule, ref)
		if r != nil {
			return nil, r
		}
		ids = appendNew(ids, p.ID)
	}
	return ids, nil
}
