package api

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// signInAs signs in on the page of signing in that is shown, with somebody's token.
func (b *browser) signInAs(w *world, person string) {
	b.t.Helper()
	b.unfold()
	b.fill("token", w.keys[person])
	b.submit(`form[action="/sign-in/token"] button`)
}

// typing is somebody at a form that keeps what is typed.
type typing struct {
	*browser
	w  *world
	by *time.Duration // that the server's sessions are ahead
}

const typingPage = "/g/trafford/representation"

func newTyping(t *testing.T) *typing {
	w := newWorld(t).established()
	y := &typing{nil, w, new(time.Duration)}
	w.later(y.by)
	y.browser = newBrowser(t, w.origin())
	y.comesBack("cd-south")
	return y
}

// comesBack is somebody who signs in and goes to the page.
func (y *typing) comesBack(person string) {
	y.t.Helper()
	y.open("/sign-in?next=" + typingPage)
	y.signInAs(y.w, person)
}

func (y *typing) words() string {
	return evaluate[string](y.browser, `document.querySelector("#interest textarea").value`)
}

func (y *typing) offered() bool {
	return evaluate[bool](y.browser, `document.getElementById("typed").checkVisibility()`)
}

// types writes in front of what is there.
func (y *typing) types(words string) {
	y.t.Helper()
	y.unfold()
	y.do(chromedp.SendKeys(chromedp.CSS("#interest textarea"), words))
}

func (y *typing) goesOn() {
	y.t.Helper()
	require.True(y.t, y.offered())
	y.submit("#typed button[type=submit]")
	y.says("What you typed is here as you left it. Nothing has been recorded yet.")
}

// What is typed is kept in the tab as it is typed: through a reload, through what somebody
// else records, and through signing in again, until it is cleared or recorded.
func TestTypedIsKept(t *testing.T) {
	y := newTyping(t)
	require.False(t, y.offered(), "nothing was typed")
	y.types("We provide it.")
	y.open(typingPage)
	require.Empty(t, y.words())
	require.Regexp(t, `You typed something on this page at \d+:\d\d[ap]m that is not recorded\.`, evaluate[string](y.browser, `document.getElementById("typed").innerText`))
	y.goesOn()
	require.Equal(t, "We provide it.", y.words(), "after a reload")
	y.types("All of it. ")
	y.open(typingPage)
	y.goesOn()
	require.Equal(t, "All of it. We provide it.", y.words(), "and what was typed since")

	y.open(typingPage)
	y.types("New.")
	y.w.must(201, y.w.command("lmc-chair", "raise-proposal", `{"title":"Another","text":"x","matter":"access"}`))
	y.waits(`document.getElementById("live").textContent.includes("What you typed is kept.")`)
	y.submit("#live a")
	y.goesOn()
	require.Equal(t, "New.", y.words(), "after somebody else's change")

	y.open(typingPage)
	y.do(chromedp.Click(chromedp.CSS("#typed [data-clear]")))
	require.False(t, y.offered())
	y.open(typingPage)
	require.False(t, y.offered(), "it was cleared")

	y.types("Kept through signing in.")
	*y.by += 2 * time.Hour
	y.open(typingPage)
	y.says("Sign in to continue")
	y.submit(`main a[href^="/sign-in"]`)
	y.signInAs(y.w, "cd-south")
	y.goesOn()
	require.Equal(t, "Kept through signing in.", y.words(), "after the session was lost")

	y.unfold()
	y.do(chromedp.SetValue(chromedp.CSS("#interest [name=matters]"), "access"))
	y.send("interest")
	y.says("Your interest is recorded")
	require.False(t, evaluate[bool](y.browser, `Object.keys(sessionStorage).some(key => key.startsWith("typed"))`), "it was recorded")
}

// What is typed is offered to nobody else who signs in at the same browser, and to nobody
// after signing out, anywhere, or after four hours.
func TestTypedGoes(t *testing.T) {
	y := newTyping(t)
	y.types("Of the morning.")
	evaluate[bool](y.browser, `Object.keys(sessionStorage).forEach(key => {
		const draft = JSON.parse(sessionStorage.getItem(key));
		sessionStorage.setItem(key, JSON.stringify({ ...draft, on: draft.on - 4 * 3600000 }));
	}), true`)
	y.open(typingPage)
	require.False(t, y.offered(), "it is too old")
	kept := func() string {
		return evaluate[string](y.browser, `JSON.stringify({ ...sessionStorage, ...localStorage })`)
	}
	require.NotContains(t, kept(), "Of the morning.")

	for what, out := range map[string]func(){
		"signed out on a page of the group": func() { y.submit(`header form[action="/sign-out"] button`) },
		"signed out on the account page":    func() { y.open("/account").submit(`main form[action="/sign-out"] button`) },
	} {
		y.types("Mine alone.")
		require.Contains(t, kept(), "Mine alone.")
		out()
		y.comesBack("cd-south")
		require.False(t, y.offered(), what)
		require.NotContains(t, kept(), "Mine alone.", what)
	}

	y.types("Mine alone.")
	*y.by += 2 * time.Hour
	y.comesBack("lmc-chair")
	require.False(t, y.offered(), "somebody else signed in")
	require.NotContains(t, kept(), "Mine alone.")
	y.comesBack("cd-south")
	require.False(t, y.offered(), "it went when somebody else signed in")
}
