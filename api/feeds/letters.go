package feeds

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"goldenthread/api/access"
	"goldenthread/api/mail"
	"goldenthread/api/operation"
	"goldenthread/api/problem"
	"goldenthread/domain"
	"goldenthread/projections"
)

// Letters is what was mailed to whom last, and what became of it. It is no fold
// of the ledger: it lies in the outbox.
type Letters struct {
	On      bool         `json:"on" doc:"a mail server is configured"`
	Letters []LetterLine `json:"letters" doc:"the newest of each person; your own only, unless you are the manager, chair, registrar or operator"`
}

// A LetterLine is somebody's newest letter.
type LetterLine struct {
	Kind    string          `json:"kind" enum:"mail" doc:"as on the work list"`
	Person  projections.Who `json:"person"`
	State   mail.State      `json:"state" enum:"waiting,sending,sent,refused,unknown,unneeded"`
	Overdue bool            `json:"overdue" doc:"somebody should see to it: it was refused, failed before, or may not have arrived"`
	Text    string          `json:"text"`
	About   []string        `json:"about" doc:"references"`
	Tries   int             `json:"tries"`
	Made    time.Time       `json:"made"`
	Changed time.Time       `json:"changed"`
	Next    time.Time       `json:"next,omitzero" doc:"not tried again before"`
}

type letterInput struct {
	Group  string `path:"group" example:"trafford"`
	Person string `path:"person" doc:"handle or id" example:"cd-altrincham"`
}

// offerLetters registers what became of the mail.
func (s *Feeds) offerLetters(at string) {
	operation.Register(s.api, huma.Operation{
		OperationID: "mail", Method: http.MethodGet, Path: at + "/mail", Tags: []string{"questions"},
		Summary:     "What was mailed to whom last, and what became of it.",
		Description: "It is about now, and is no part of the ledger: at and known have no bearing on it.",
		Responses:   operation.JSONResponse(s.api.Schemas(), reflect.TypeFor[Letters]()),
	}, s.letters)
	operation.Register(s.api, huma.Operation{
		OperationID: "mail-again", Method: http.MethodPost, Path: at + "/mail/{person}/again", Tags: []string{"server"},
		Summary: "Send a letter again that was refused, or of which nobody knows whether it arrived.", DefaultStatus: http.StatusNoContent,
		Errors: []int{http.StatusConflict},
	}, s.mailAgain)
}

func (s *Feeds) letters(ctx context.Context, in *access.PlainInput) (*operation.Answer, error) {
	list := Letters{On: s.mail != nil, Letters: []LetterLine{}}
	q, err := s.ledgers.See(ctx, &in.Terms, access.Followers)
	if err != nil || s.mail == nil {
		return orAnswer(&list, in.IfNoneMatch, err)
	}
	state := q.State()
	me, all := state.Person(q.Caller.Person), q.Caller.Operator || state.MaySeeToMail(q.Caller.Person, s.ledgers.Today()) == nil
	letters, err := s.mail.Letters(ctx, in.Group)
	for _, l := range letters {
		p := state.People[l.Person]
		if p != nil && (all || me != nil && p.ID == me.ID) {
			list.Letters = append(list.Letters, letterLine(&l, projections.Who{Handle: p.Handle, Office: p.Office}))
		}
	}
	return orAnswer(&list, in.IfNoneMatch, err)
}

func letterLine(l *mail.Letter, who projections.Who) LetterLine {
	line := LetterLine{
		Kind: "mail", Person: who, State: l.State, Overdue: l.State == mail.Refused || l.State == mail.Unknown || l.Why != "" && l.State == mail.Waiting,
		About: l.About, Tries: l.Tries, Made: l.Made, Changed: l.Changed, Next: l.Next,
	}
	on := domain.DayOf(l.Changed).Words()
	about := who.Office + ", about " + strings.Join(l.About, ", ")
	switch l.State {
	case mail.Sent:
		line.Text = "The mail to " + about + " was sent on " + on + "."
	case mail.Unneeded:
		line.Text = "The mail to " + about + " was not needed any more on " + on + "."
	case mail.Waiting, mail.Sending:
		line.Text = "The mail to " + about + " is " + string(l.State) + "."
	case mail.Refused:
		line.Text = "The mail to " + about + " was given up on " + on + ", when tried " + strconv.Itoa(l.Tries) + " times."
	case mail.Unknown:
		line.Text = "Nobody knows whether the mail to " + about + " arrived on " + on + "."
	}
	if l.Why != "" {
		line.Text += " " + l.Why
	}
	return line
}

func (s *Feeds) mailAgain(ctx context.Context, in *letterInput) (*struct{}, error) {
	c, err := s.ledgers.CallerIn(ctx, in.Group)
	if err != nil {
		return nil, err
	}
	g, err := s.groups.Now(ctx, in.Group, nil)
	if err != nil {
		return nil, err
	}
	p, refusal := g.State().Person(in.Person), g.State().MaySeeToMail(c.Person, s.ledgers.Today())
	switch {
	case refusal != nil && !c.Operator:
		return nil, refusal
	case p == nil:
		return nil, problem.NotFound("L5", "Nobody called %q is known to this group.", domain.Clip(in.Person))
	case s.mail == nil:
		return nil, problem.NotNow("T1", "No mail server is configured here.")
	}
	if err = s.mail.Again(ctx, in.Group, p.ID); errors.Is(err, mail.ErrNoLetter) {
		return nil, problem.NotNow("T1", "There is no letter to them that was refused, or that may not have arrived.")
	}
	return nil, err
}

func orAnswer(v any, ifNoneMatch string, err error) (*operation.Answer, error) {
	if err != nil {
		return nil, err
	}
	return operation.JSON(v, ifNoneMatch)
}
