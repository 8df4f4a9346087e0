package mail

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"
	gomail "github.com/wneessen/go-mail"

	"goldenthread/domain"
	"goldenthread/eventstore/keys"
	"goldenthread/projections"
)

const (
	between       = time.Minute // rounds
	morning       = 7           // o'clock in London, before which no letter is begun
	recordTimeout = 10 * time.Second
)

// Options are what a Post works with.
type Options struct {
	Server   Server
	Link     string // address of the pages, for the letters; may be empty
	Groups   *projections.Groups
	Personal func(person string, sealed []byte) (domain.PersonalData, error) // opens what is sealed
	Stream   jetstream.JetStream
	Replicas int              // of the outbox
	Clock    func() time.Time // nil is time.Now
	Log      *slog.Logger     // nil is slog.Default
}

// A Post sends letters. Several, on several nodes, share one outbox.
type Post struct {
	o      Options
	outbox *outbox
	mu     sync.Mutex
	quiet  map[string]string // groups in which nothing waits, and as of what
	again  map[string]bool   // groups in which a letter was put back
}

// Open is a post that is ready to send. The mail server need not be there yet.
func Open(ctx context.Context, o Options) (*Post, error) {
	if _, err := o.Server.client(); err != nil {
		return nil, err
	}
	if err := gomail.NewMsg().From(o.Server.From); err != nil || !strings.Contains(o.Server.From, "@") {
		return nil, fmt.Errorf("%q is not an address that mail can come from", o.Server.From)
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	box, err := openOutbox(ctx, o.Stream, o.Replicas)
	if err != nil {
		return nil, err
	}
	return &Post{o: o, outbox: box, quiet: map[string]string{}, again: map[string]bool{}}, nil
}

// Run goes round until ctx ends.
func (p *Post) Run(ctx context.Context) {
	tick := time.NewTicker(between)
	defer tick.Stop()
	for {
		p.Round(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// Round sends what is to be sent now. What goes wrong with one person's letter
// is logged, without names or addresses, and holds up nobody else's.
func (p *Post) Round(ctx context.Context) {
	for _, group := range p.o.Groups.Names() {
		if err := p.serve(ctx, group); err != nil && ctx.Err() == nil {
			p.o.Log.Warn("the mail of a group is held up", "group", group, "error", err)
		}
	}
}

// An addressee is somebody with what they are to be told.
type addressee struct {
	group, name string
	person      domain.Person
	errands     []projections.Errand
	id          func(parts ...string) uuid.UUID
}

func (p *Post) serve(ctx context.Context, group string) error {
	now := p.o.Clock()
	p.mu.Lock()
	quiet := p.quiet[group]
	if p.again[group] {
		quiet = ""
	}
	delete(p.again, group)
	delete(p.quiet, group) // until all of this round is done
	p.mu.Unlock()
	g, err := p.o.Groups.Now(ctx, group, nil)
	if err != nil {
		return err
	}
	today := domain.DayOf(now)
	var all []addressee
	stand := fmt.Sprint(g.State().Next, today, p.early(now))
	if quiet != stand {
		all = addressees(g, group, today)
	}
	waiting := false
	for i := range all {
		waits, err := p.write(ctx, &all[i], now)
		if err != nil {
			p.o.Log.Warn("a letter is held up", "group", group, "person", all[i].person.ID, "error", err)
		}
		waiting = waiting || waits || err != nil
	}
	if !waiting {
		p.rest(group, stand)
	}
	return nil
}

// rest leaves the group alone until there is something new in it, or a new day.
func (p *Post) rest(group, stand string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.quiet[group] = stand
}

func addressees(g *projections.Group, group string, today domain.Day) []addressee {
	errands := g.Errands(today)
	var all []addressee
	for _, id := range slices.Sorted(maps.Keys(g.State().People)) {
		all = append(all, addressee{group, g.State().Name, *g.State().People[id], errands[id], g.IDs()})
	}
	return all
}

func (p *Post) early(now time.Time) bool { return now.In(domain.London()).Hour() < morning }

// write begins a letter if the person is to be told something new, and sends the
// one that waits. It says whether something is left to be tried.
func (p *Post) write(ctx context.Context, a *addressee, now time.Time) (waits bool, err error) {
	d, err := p.outbox.drawer(ctx, a.group, a.person.ID)
	if err != nil {
		return true, err
	}
	if a.person.Erased != 0 {
		return false, p.outbox.forget(ctx, d)
	}
	if d.Letter != nil && d.Letter.State == Sending {
		return p.lookAfter(ctx, d, now)
	}
	if err := p.checkReadable(a); err != nil {
		return true, err
	}
	if d.Letter == nil || d.Letter.State != Waiting {
		if !p.begin(a, d, now) {
			return false, nil
		}
	}
	if now.Before(d.Letter.Next) {
		return true, nil
	}
	err = p.send(ctx, a, d, now)
	if errors.Is(err, errTaken) {
		return true, nil
	}
	return d.Letter.State == Waiting || d.Letter.State == Sending, err
}

// lookAfter sees to a letter that was being sent when it was last heard of. If
// that is long ago, whoever sent it is gone, and nobody knows what became of it.
func (p *Post) lookAfter(ctx context.Context, d *drawer, now time.Time) (waits bool, err error) {
	if now.Sub(d.Letter.Changed) < abandoned {
		return true, nil
	}
	d.Letter.came(unknown, "The server stopped while it was being sent. It may or may not have arrived.", now)
	return false, ignoreTaken(p.outbox.put(ctx, d))
}

func ignoreTaken(err error) error {
	if errors.Is(err, errTaken) {
		return nil
	}
	return err
}

// begin puts a letter about what the person has not been told of into the
// drawer: one a day at most, and none at night. A new way in can't wait for that.
func (p *Post) begin(a *addressee, d *drawer, now time.Time) bool {
	today := domain.DayOf(now)
	held := p.early(now) || d.Letter != nil && domain.DayOf(d.Letter.Made) == today
	var keys []string
	way := false
	for i := range a.errands {
		e := &a.errands[i]
		key, isWay := e.Key(today, d.Ahead), e.Kind == projections.ErrandWay
		if _, told := d.Told[key]; (!told || slices.Contains(d.Remind, e.About)) && d.wants(e) && (isWay || !held) {
			keys, way = append(keys, key), way || isWay
		}
	}
	if len(keys) == 0 || p.personal(a, a.person.Sealed).Email == "" && !(way && len(p.earlier(a, now)) > 0) {
		return false
	}
	parts := append([]string{"mail", a.person.ID}, keys...)
	if len(d.Remind) > 0 && !held { // the same errands again are another letter
		parts, d.Remind = append(parts, today.String()), nil
	}
	d.begin(a.id(parts...), keys, now, today)
	return true
}

// earlier is the personal data whose mail address the person has changed lately: what is
// about their ways in goes there too, since somebody else may have changed it (rule L11).
func (p *Post) earlier(a *addressee, now time.Time) []domain.PersonalData {
	var all []domain.PersonalData
	seen := []string{"", p.personal(a, a.person.Sealed).Email}
	for _, was := range slices.Backward(a.person.Earlier) {
		data := p.personal(a, was.Sealed)
		if domain.DayOf(now) <= was.Until && !slices.Contains(seen, data.Email) {
			all, seen = append(all, data), append(seen, data.Email)
		}
	}
	return all
}

// checkReadable returns an error while the person is to be told something and their key
// can't be read here: their letter waits. An erased person's key is not there, which is none.
func (p *Post) checkReadable(a *addressee) error {
	if len(a.errands) == 0 || len(a.person.Sealed) == 0 {
		return nil
	}
	if _, err := p.o.Personal(a.person.ID, a.person.Sealed); err != nil && !errors.Is(err, keys.ErrNoKey) {
		return err
	}
	return nil
}

// personal is what the person's own key opens; nothing if they gave nothing, or
// were erased.
func (p *Post) personal(a *addressee, sealed []byte) domain.PersonalData {
	if len(sealed) == 0 {
		return domain.PersonalData{}
	}
	data, err := p.o.Personal(a.person.ID, sealed)
	if err != nil {
		p.o.Log.Warn("an address can't be opened", "group", a.group, "person", a.person.ID)
	}
	return data
}

// send hands the letter over, between two records. What was done since the
// letter was begun is left out of it.
func (p *Post) send(ctx context.Context, a *addressee, d *drawer, now time.Time) error {
	l := p.digest(a, d, now)
	ways := slices.DeleteFunc(slices.Clone(l.errands), func(e projections.Errand) bool { return e.Kind != projections.ErrandWay })
	var earlier []domain.PersonalData
	if len(ways) > 0 && !d.Letter.Earlier {
		earlier = p.earlier(a, now)
	}
	if len(l.errands) == 0 || l.to.Email == "" && len(earlier) == 0 {
		d.Letter.State, d.Letter.Changed = Unneeded, now
		return p.outbox.put(ctx, d)
	}
	d.Letter.State, d.Letter.Changed = Sending, now
	d.Letter.Tries++
	if err := p.outbox.put(ctx, d); err != nil {
		return err
	}
	out, why := delivered, ""
	for _, to := range earlier {
		if out, why = p.hand(ctx, &letter{group: a.name, id: a.id("mail", l.id.String(), to.Email), to: to, errands: ways, link: l.link, today: l.today}, now); out != delivered {
			p.o.Log.Warn("a letter to an earlier address is not sent", "group", a.group, "person", a.person.ID, "why", why)
		}
	}
	d.Letter.Earlier = d.Letter.Earlier || len(earlier) > 0 && out != later
	if l.to.Email != "" {
		out, why = p.hand(ctx, &l, now)
	}
	d.Letter.came(out, why, p.o.Clock())
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout) // what became of it is recorded even if the process is to stop
	defer cancel()
	return p.outbox.put(ctx, d)
}

// digest is the letter, with those of the errands that it was begun for and that are still
// to be done.
func (p *Post) digest(a *addressee, d *drawer, now time.Time) letter {
	l := letter{group: a.name, address: "/g/" + a.group, id: d.Letter.ID, to: p.personal(a, a.person.Sealed), link: strings.TrimSuffix(p.o.Link, "/"), today: domain.DayOf(now)}
	if l.link != "" && d.Key != "" {
		l.choices = l.link + choicesPath(a.group, a.person.ID, d.Key)
	}
	for i := range a.errands {
		e := &a.errands[i]
		if slices.Contains(d.Letter.Keys, e.Key(l.today, d.Ahead)) && d.wants(e) {
			l.errands = append(l.errands, *e)
		}
	}
	return l
}

// hand gives the letter to the mail server, and says in words why it was not
// taken: never in the server's own, which may hold the address.
func (p *Post) hand(ctx context.Context, l *letter, now time.Time) (outcome, string) {
	msg, err := l.message(p.o.Server.From, now)
	if err != nil {
		return refused, "The person's mail address can't be used."
	}
	out, err := p.o.Server.send(ctx, msg)
	var at *gomail.SendError
	switch {
	case out == delivered:
		return out, ""
	case out == unknown:
		return out, "The connection broke while it was being sent. It may or may not have arrived."
	case !errors.As(err, &at):
		return out, "The mail server can't be reached, or does not let this server in."
	case out == refused:
		return out, fmt.Sprintf("The mail server refuses it (%d).", at.ErrorCode())
	case at.ErrorCode() >= 500:
		return out, fmt.Sprintf("The mail server takes no mail from this server (%d).", at.ErrorCode())
	}
	return out, fmt.Sprintf("The mail server asks to try again later (%d).", at.ErrorCode())
}

// A Letter is one that was begun, and what became of it.
type Letter struct {
	Person  string // id
	State   State
	Why     string
	About   []string // references
	Tries   int
	Made    time.Time
	Changed time.Time
	Next    time.Time
}

// Letters are the newest letters of each person of the group.
func (p *Post) Letters(ctx context.Context, group string) ([]Letter, error) {
	keys, err := p.outbox.bucket.ListKeysFiltered(ctx, group+".*")
	if err != nil {
		return nil, err
	}
	var letters []Letter
	for key := range keys.Keys() {
		_, person, _ := strings.Cut(key, ".")
		d, err := p.outbox.drawer(ctx, group, person)
		if err != nil {
			return nil, err
		}
		if s := d.Letter; s != nil {
			letters = append(letters, Letter{person, s.State, s.Why, abouts(s.Keys), s.Tries, s.Made, s.Changed, s.Next})
		}
	}
	slices.SortFunc(letters, func(a, b Letter) int { return strings.Compare(a.Person, b.Person) })
	return letters, nil
}

// abouts are what the errands are about: the second part of their keys.
func abouts(keys []string) []string {
	refs := []string{}
	for _, key := range keys {
		if parts := strings.Split(key, "/"); !slices.Contains(refs, parts[1]) {
			refs = append(refs, parts[1])
		}
	}
	return refs
}

// ErrNoLetter says that there is no letter that could be sent again.
var ErrNoLetter = errors.New("there is no letter that was refused, or of which nobody knows whether it arrived")

// Again has a letter sent again that was refused, or of which nobody knows
// whether it arrived: a person's decision.
func (p *Post) Again(ctx context.Context, group, person string) error {
	d, err := p.outbox.drawer(ctx, group, person)
	if err != nil {
		return err
	}
	if d.Letter == nil || d.Letter.State != Refused && d.Letter.State != Unknown {
		return ErrNoLetter
	}
	now := p.o.Clock()
	d.Letter.State, d.Letter.Tries, d.Letter.Changed, d.Letter.Next = Waiting, 0, now, now
	if err := p.outbox.put(ctx, d); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.again[group] = true
	return nil
}

// An Invitation is a letter with which somebody is invited to sign in.
type Invitation struct {
	Group  string // such as Trafford GP Board
	Person domain.Person
	Link   string
	Code   string
	Until  time.Time
}

// Invite sends an invitation to the address that the person has on the ledger. It says in
// words why nothing was sent; "" where it was.
func (p *Post) Invite(ctx context.Context, i *Invitation) (why string) {
	if len(i.Person.Sealed) == 0 {
		return "There is no mail address."
	}
	data, err := p.o.Personal(i.Person.ID, i.Person.Sealed)
	if err != nil || data.Email == "" {
		return "There is no mail address."
	}
	out, why := p.hand(ctx, &letter{group: i.Group, id: uuid.New(), to: data, invitation: i}, p.o.Clock())
	if out == delivered {
		return ""
	}
	return why
}

// Reach says why the mail server would take no letter now; nil if it would. Nothing is sent.
func (p *Post) Reach(ctx context.Context) error { return p.o.Server.reach(ctx) }
