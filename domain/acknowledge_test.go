package domain

import (
	"testing"
	"time"
)

// A command that would record more than so many acknowledgements is refused before anything
// is looked up; one of just as many is not.
func TestOneCommandRecordsSoManyAcknowledgements(t *testing.T) {
	for practices, tooMany := range map[int]bool{500: false, 501: true} {
		c := &Acknowledge{About: "P1", Also: []string{"P2"}, Practices: make([]string, practices)}
		r := c.decide(newTurn(NewState("trafford").View(), &Request{}, time.Now()))
		if r == nil || (r.Part == "/also") != tooMany {
			t.Errorf("%d practices and two notices: %+v", practices, r)
		}
	}
}
