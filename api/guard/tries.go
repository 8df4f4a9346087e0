package guard

import (
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"

	"goldenthread/api/problem"
)

// triesSubject is where nodes tell each other who tried to sign in.
const triesSubject = "goldenthread.tries"

// ShareSignIns has the nodes of a cluster count together who tries to sign in, or tries a
// code: each holds an address to its pace, and tells the others of every try that it lets
// through. So guessing at many nodes gives no more tries than at one. What people read
// and record is held to a pace by each node for itself: those limits keep one caller from
// taking a node's time from the others, and each node has its own.
func (s *Guard) ShareSignIns(conn *nats.Conn, log *slog.Logger) error {
	self := uuid.NewString()
	_, err := conn.Subscribe(triesSubject, func(m *nats.Msg) {
		if node, who, ok := strings.Cut(string(m.Data), " "); ok && node != self {
			s.SignIns.Check(who, time.Now())
		}
	})
	if err != nil {
		return fmt.Errorf("listen for who tries to sign in elsewhere: %w", err)
	}
	s.tell = func(who string) {
		if err := conn.Publish(triesSubject, []byte(self+" "+who)); err != nil {
			log.Warn("the other nodes can't be told who tries to sign in", "error", err)
		}
	}
	return nil
}

// trySignIn counts a try to sign in, and refuses it where its address tries too often.
func (s *Guard) trySignIn(who string) *problem.Problem {
	refused := s.SignIns.Check(who, time.Now())
	if refused == nil && s.tell != nil {
		s.tell(who)
	}
	return refused
}
