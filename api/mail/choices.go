package mail

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"net/url"
	"slices"
	"strings"

	"goldenthread/projections"
)

// Choices are what somebody chose about the mail that they get. They are about mail alone:
// nothing that is chosen here says anything in the group.
type Choices struct {
	Stopped []projections.ErrandKind `json:"stopped,omitempty"` // of which they are not mailed
	Ahead   int                      `json:"ahead,omitzero"`    // so many days before the last one they are reminded; 0: 30 and 7; less than 0: never
}

// Kinds are those of which somebody can ask not to be mailed. What is about their own ways
// in is always mailed.
var Kinds = []projections.ErrandKind{projections.ErrandAsked, projections.ErrandDue, projections.ErrandTold}

// mostPuts is how often it is tried to keep choices while letters are being sent.
const mostPuts = 5

// MostAhead are the most days before the last one on which somebody can be reminded.
const MostAhead = 60

var errNoChoices = errors.New("mail can be stopped of what is asked, due and told, and reminders come up to 60 days before")

func (c *Choices) check() error {
	if c.Ahead > MostAhead || slices.ContainsFunc(c.Stopped, func(k projections.ErrandKind) bool { return !slices.Contains(Kinds, k) }) {
		return errNoChoices
	}
	return nil
}

// wants says whether they are mailed of that.
func (c *Choices) wants(e *projections.Errand) bool { return !slices.Contains(c.Stopped, e.Kind) }

// ErrNoDrawer says that there is nobody with that link.
var ErrNoDrawer = errors.New("nobody is mailed with that link")

// Chosen are the choices of the person with that id. The key is that of their letters;
// ErrNoDrawer if it is not.
func (p *Post) Chosen(ctx context.Context, group, person, key string) (Choices, error) {
	d, err := p.keyed(ctx, group, person, key)
	if err != nil {
		return Choices{}, err
	}
	return d.Choices, nil
}

// Choose puts choices in place of those of the person.
func (p *Post) Choose(ctx context.Context, group, person, key string, c Choices) error {
	if err := c.check(); err != nil {
		return err
	}
	for tries := 1; ; tries++ {
		d, err := p.keyed(ctx, group, person, key)
		if err != nil {
			return err
		}
		d.Choices = c
		if err = p.outbox.put(ctx, d); err == nil {
			break
		} else if !errors.Is(err, errTaken) || tries == mostPuts {
			return err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.again[group] = true
	return nil
}

func (p *Post) keyed(ctx context.Context, group, person, key string) (*drawer, error) {
	if strings.ContainsAny(group+person, ".*> ") || group == "" || person == "" {
		return nil, ErrNoDrawer // it could be no key of the bucket
	}
	d, err := p.outbox.drawer(ctx, group, person)
	if err != nil {
		return nil, err
	}
	if d.Key == "" || subtle.ConstantTimeCompare([]byte(d.Key), []byte(key)) != 1 {
		return nil, ErrNoDrawer
	}
	return d, nil
}

// ChoicesPath is where the person with that id chooses; it makes the key of their letters,
// if there is none yet.
func (p *Post) ChoicesPath(ctx context.Context, group, person string) (string, error) {
	d, err := p.outbox.drawer(ctx, group, person)
	if err != nil {
		return "", err
	}
	if d.Key == "" {
		d.Key = rand.Text()
		if err := p.outbox.put(ctx, d); err != nil {
			return "", err
		}
	}
	return choicesPath(group, person, d.Key), nil
}

func choicesPath(group, person, key string) string {
	return "/mail/" + url.PathEscape(group) + "/" + url.PathEscape(person) + "/" + key
}
