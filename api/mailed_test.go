package api

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// From a link in a mail to a place on a page one comes to that place through signing in.
func TestLinkInAMail(t *testing.T) {
	w := newWorld(t).established()
	b := newBrowser(t, w.origin())
	b.open("/g/trafford/representation#interests")
	require.Contains(t, b.main(), "Sign in")
	b.waits(`document.querySelector('main a[href^="/sign-in?next="]').href.endsWith("%23interests")`)
	b.open(evaluate[string](b, `document.querySelector('main a[href^="/sign-in?next="]').getAttribute("href")`))
	b.unfold()
	b.fill("token", w.keys["cd-south"])
	b.submit(`form[action="/sign-in/token"] button`)
	b.waits(`location.pathname === "/g/trafford/representation" && location.hash === "#interests"`)
}
