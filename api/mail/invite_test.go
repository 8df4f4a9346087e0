package mail

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"goldenthread/domain"
)

// An invitation goes to the address that the ledger has, with the link and the code. Where it
// can't, why is said without the address.
func TestInvitation(t *testing.T) {
	w := newWorld(t)
	g, err := w.groups.Now(t.Context(), "trafford", nil)
	require.NoError(t, err)
	invitation := &Invitation{Group: "Trafford GP Board", Person: *g.State().Person("cd-north"), Link: "https://board.example.org/invitation/AAAA-BBBB-CCCC-DDDD", Code: "AAAA-BBBB-CCCC-DDDD", Until: w.clock().Add(7 * 24 * time.Hour)}
	require.Empty(t, w.post.Invite(t.Context(), invitation))
	letters := w.mail.letters()
	require.Len(t, letters, 1)
	require.Equal(t, "nora@example.org", letters[0].to)
	require.Equal(t, "Trafford GP Board: your invitation", letters[0].subject)
	for _, words := range []string{invitation.Link, invitation.Code, "12 January 2026", "Clinical Director, North Trafford"} {
		require.Contains(t, letters[0].text, words)
	}

	w.mail.failing(func(string, string) error { return errors.New("out of order") })
	why := w.post.Invite(t.Context(), invitation)
	require.NotEmpty(t, why)
	require.NotContains(t, why, "nora")
	invitation.Person = domain.Person{Office: "Somebody"}
	require.Equal(t, "There is no mail address.", w.post.Invite(t.Context(), invitation))
	require.NotContains(t, w.log.String(), "AAAA")
	require.NoError(t, w.post.Reach(t.Context()))
	w.post.o.Server.Address = "127.0.0.1:1"
	require.Error(t, w.post.Reach(t.Context()))
}
