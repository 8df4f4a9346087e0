package api

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// browse opens a real browser with an authenticator in it. Without Chromium the
// test is skipped; never where CI=true.
func browse(t *testing.T) context.Context { return browseFor(t, time.Minute) }

// browseFor opens one for so long at most.
func browseFor(t *testing.T, most time.Duration) context.Context {
	if testing.Short() {
		t.Skip("browsers take long")
	}
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("there is no chromium: apt-get install chromium")
		}
		t.Skip("there is no chromium")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()))
	ctx, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, cancel := context.WithTimeout(ctx, most)
	t.Cleanup(cancel)
	ctx, end := chromedp.NewContext(ctx)
	t.Cleanup(end)
	require.NoError(t, chromedp.Do(ctx, chromedp.Navigate("about:blank")))
	newAuthenticator(t, ctx)
	return ctx
}

// newAuthenticator gives the browser another authenticator, with nothing in it, in place of
// any that it had: another person's device.
func newAuthenticator(t *testing.T, ctx context.Context) {
	_, err := chromedp.Call(ctx, webauthn.Disable, cdp.Empty{})
	require.NoError(t, err)
	_, err = chromedp.Call(ctx, webauthn.Enable, webauthn.EnableParams{})
	require.NoError(t, err)
	_, err = chromedp.Call(ctx, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
		Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
		HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
	}})
	require.NoError(t, err)
}

// The pages in Chromium: invited, registered, signed out, signed in again; and
// an invitation that is used is said to be.
func TestBrowserSignsIn(t *testing.T) {
	ctx := browse(t)
	w := newWorld(t)
	do := func(steps ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		require.NoError(t, chromedp.Do(ctx, steps...), "%s", w.log)
	}
	code := w.invited("cd-north")
	do(
		chromedp.Navigate(w.web.URL+"/invitation"), // by its address, from where it is sent on to its name
		heading("Your invitation"),
		chromedp.SendKeys(chromedp.ID("code"), code),
		chromedp.Submit(chromedp.ID("code")),
		heading("You are invited to Trafford GP Board"),
		chromedp.SendKeys(chromedp.ID("name"), "work laptop"),
		chromedp.Click(chromedp.CSS(`[data-passkey="register"]`)),
		heading("Charter"), // to which consent is asked
		chromedp.Navigate(w.origin()+"/account"),
		heading("My account"),
	)
	text, err := chromedp.Run(ctx, chromedp.Text(chromedp.CSS("main")))
	require.NoError(t, err)
	require.Contains(t, text, "work laptop")
	require.Contains(t, text, "Clinical Director, North Trafford")

	b := &browser{t: t, ctx: ctx}
	kept := `caches.keys().then(names => names.length)`
	evaluate[bool](b, `caches.open("kept").then(cards => cards.put("/g/trafford/card", new Response("my card"))).then(() => true)`)
	require.Equal(t, 1, evaluate[int](b, kept))
	do(
		chromedp.Submit(chromedp.CSS(`form[action="/sign-out"]`)),
		heading("Sign in"),
	)
	require.Zero(t, evaluate[int](b, kept), "a card outlasts signing out")
	do(
		chromedp.Navigate(w.origin()+"/account"), // sent to sign in, and back
		heading("Sign in"),
		chromedp.Click(chromedp.CSS(`[data-passkey="sign-in"]`)),
		heading("My account"),
		chromedp.Navigate(w.origin()+"/invitation/"+code),
		heading("This invitation can’t be used"),
	)
	require.NotContains(t, w.log.String(), code)
}

// heading waits until a page has loaded that has that heading, also across pages.
// While a page loads, Chromium gives its nodes other ids.
func heading(want string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		for ctx.Err() == nil {
			got, err := chromedp.Evaluate[string](`document.readyState === "complete" && document.querySelector("h1")?.textContent || ""`)(ctx, target)
			if err == nil && got == want {
				return nil
			}
			time.Sleep(20 * time.Millisecond) // an error is a page on its way out
		}
		return fmt.Errorf("no page has the heading %q", want)
	})
}

// By passkey one comes to the page that one asked for, at its place, as from a link in a mail;
// and back to a form that was sent too late, with all that was typed.
func TestPasskeyLeadsBack(t *testing.T) {
	w := newWorld(t).established()
	var by time.Duration
	w.later(&by)
	b := &browser{t: t, ctx: browse(t), at: w.origin()}
	b.open("/invitation/" + w.invited("cd-south"))
	b.do(chromedp.Click(chromedp.CSS(`[data-passkey="register"]`)))
	b.do(heading("My account"))
	signedIn := func(js string) {
		t.Helper()
		b.do(heading("Sign in"), chromedp.Click(chromedp.CSS(`[data-passkey="sign-in"]`)))
		b.waits(`document.readyState === "complete" && ` + js)
	}

	by += 2 * time.Hour
	const page = "/g/trafford/representation"
	b.open(page + "#interests")
	b.says("Sign in to continue")
	b.submit(`main a[href^="/sign-in"]`)
	signedIn(`location.pathname === "` + page + `" && location.hash === "#interests"`)

	b.unfold()
	b.do(chromedp.SendKeys(chromedp.CSS("#interest textarea"), "We provide it."))
	b.fill("interest-matters", "access")
	by += 2 * time.Hour
	b.submit("#interest button[type=submit]")
	b.says("You are not signed in any more", "What you typed is kept on this page")
	b.submit("#kept button")
	signedIn(`document.querySelector("main")?.textContent.includes("can read and nothing else")`) // a new passkey, at first (rule L11)
	w.must(201, w.command("cd-north", "confirm-record", `{"records":["V1"]}`))
	b.submit("#kept button")
	require.Equal(t, "We provide it.", evaluate[string](b, `document.querySelector("#interest textarea").value`))
	b.says("What you typed is here as you left it. Nothing has been recorded yet.")
	require.Equal(t, "Access", evaluate[string](b, `document.getElementById("interest-matters").value`))
	b.send("interest")
	b.says("Your interest is recorded")

	// What ends on the account page for good is looked at first.
	b.open("/account")
	b.submit(`main a[href^="/account/feeds"], main a[href^="/account/passkeys"]`)
	b.says("Nothing has changed yet.", "It can’t sign you in any more.", "Browsers in which it signed you in: 1, and this is one of them.", "This can’t be undone.")
	b.submit(`main a[href="/account"]`)
	b.says("My passkeys")
}

// Whoever is not let in is told why, at the field too, and how else to sign in.
func TestWrongTokenLeadsOn(t *testing.T) {
	w := newWorld(t)
	d := newDevice(w)
	r := w.must(401, d.send("POST", "/sign-in/token", "next=/g/trafford/people&token=gt_wrong", "Content-Type", ofForm, "Accept", "text/html"))
	for _, words := range []string{`<a href="#token">This token is not known here.`, `id="token-error"`, `aria-describedby="token-hint token-error"`, `<details class="nhsuk-details" open>`, `name="next" value="/g/trafford/people"`, `data-next="/g/trafford/people"`, `href="/invitation"`} {
		require.Contains(t, string(r.body), words)
	}
	require.NotContains(t, string(r.body), "gt_wrong")
	r = w.must(401, d.send("POST", "/account/ways/end", "way=x", "Content-Type", ofForm, "Accept", "text/html"))
	require.Contains(t, string(r.body), "You are not signed in any more, so nothing was changed.")
	require.Contains(t, string(r.body), `data-next="/account"`)
	r = w.must(404, d.send("GET", "/letter/WRONG", "", "Accept", "text/html"))
	for _, words := range []string{`<a href="#code-code">No letter has this code.`, `id="code-error"`, `aria-describedby="code-hint code-error"`} {
		require.Contains(t, string(r.body), words)
	}
	r = w.must(404, d.send("GET", "/invitation/WRONG", "", "Accept", "text/html"))
	require.Contains(t, string(r.body), `<a href="/invitation">try the code again</a>`)
}
