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
