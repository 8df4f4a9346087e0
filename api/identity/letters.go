package identity

import (
	"context"
	"time"

	"goldenthread/api/caller"
	"goldenthread/domain"
	"goldenthread/eventstore/shared"
)

// Codes of letters to practices (rule M1). The ledger says which letters there are, and
// what their codes can still do. What is kept here is in which group a code is good.

const (
	lettersFile = "letters.json"
	// LetterPages is where letters are answered, each behind its code.
	LetterPages = "/letter/"
)

// A letterCode is one of the list.
type letterCode struct {
	Salt  string    `json:"salt"`
	Hash  string    `json:"hash"` // SHA-256 of salt and code, hexadecimal
	Group string    `json:"group"`
	Ends  time.Time `json:"ends"`
}

func (l *letterCode) way() domain.Way { return wayOfHash(domain.LetterWay, l.Hash) }

func openLetters(r *shared.Records, dir string) (*kept[letterCode], error) {
	k := openKept(r, lettersFile, func(l *letterCode) string { return l.Hash }, nil)
	return k, k.bring(dir, nil, nil)
}

// WriteLetters puts letters to the practices on the group's record, in the name of whoever
// asks, and makes a code for each, which is shown this once. Codes that are over go off the list.
// If it is only tried, it says why it would be refused, and makes none.
func (s *Identity) WriteLetters(ctx context.Context, group string, practices []string, until domain.Day, try bool) (codes map[string]string, err error) {
	c, err := s.ledgers.CallerIn(ctx, group)
	if err != nil {
		return nil, err
	}
	codes = map[string]string{}
	var made []letterCode
	command := &domain.WriteLetters{Until: until}
	for _, practice := range practices {
		code, salt := newCode(), newSalt()
		one := letterCode{salt, codeHash(salt, code), group, until.End()}
		codes[practice], made = code, append(made, one)
		command.Letters = append(command.Letters, domain.NewLetter{Organisation: practice, Way: one.way()})
	}
	if try {
		return nil, s.try(ctx, group, c, command)
	}
	if err := s.execute(ctx, group, c, command); err != nil {
		return nil, err
	}
	return codes, s.SignIn.letters.change(func(all []letterCode) ([]letterCode, error) {
		var still []letterCode
		for _, l := range all {
			if s.clock().Before(l.Ends) {
				still = append(still, l)
			}
		}
		return append(still, made...), nil
	})
}

// LetterWithCode is the letter that the code answers, with its group's state; nil if there is none.
func (s *Identity) LetterWithCode(ctx context.Context, code string) (*domain.Letter, *domain.State, error) {
	held, ok := s.SignIn.letters.find(func(l *letterCode) bool { return same(codeHash(l.Salt, code), l.Hash) })
	if !ok {
		return nil, nil, nil
	}
	state, err := s.store.State(ctx, held.Group)
	if err != nil {
		return nil, nil, err
	}
	return state.LetterWith(held.way()), state, nil
}

// AnswerLetter records the answer to the letter or, if it is only tried, says why it would be refused.
func (s *Identity) AnswerLetter(ctx context.Context, l *domain.Letter, group string, answer *domain.AnswerLetter, try bool) error {
	c := caller.Caller{Person: l.By, Way: l.Way}
	if try {
		return s.try(ctx, group, c, answer)
	}
	return s.execute(ctx, group, c, answer)
}
