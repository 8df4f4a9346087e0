package api

import (
	"context"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// A consent signed in Chromium: on the proposal's page, with the passkey that
// was registered there, after the statement was shown beside its hash.
func TestBrowserSignsConsent(t *testing.T) {
	ctx := browse(t)
	w := newWorld(t).established()
	w.must(201, w.command("cd-south", "raise-proposal", `{"title":"Evenings","text":"Every evening.","matter":"access"}`))
	do := func(steps ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		require.NoError(t, chromedp.Do(ctx, steps...), "%s", w.log)
	}
	do(
		chromedp.Navigate(w.origin()+"/invitation/"+w.invited("cd-north")),
		chromedp.Click(chromedp.CSS(`[data-passkey="register"]`)),
		heading("My account"),
	)
	w.must(201, w.confirms("cd-south", w.number("cd-north"))) // her new passkey acts at once
	do(
		chromedp.Navigate(w.origin()+"/g/trafford/proposals/P2"),
		heading("P2: Evenings"),
		chromedp.Click(chromedp.CSS(`#do-consent summary`)),
		chromedp.Click(chromedp.CSS(`#do-consent button`)),
		heading("P2: Evenings Check before it is recorded"),
		chromedp.Click(chromedp.CSS(`#check [data-begin]`)),
		chromedp.WaitVisible(chromedp.CSS(`#check [data-now]`)),
	)
	shown, err := chromedp.Run(ctx, chromedp.Text(chromedp.CSS(`#check [data-sheet]`)))
	require.NoError(t, err)
	require.Contains(t, shown, "North Trafford consents to version 1 of P2, “Evenings”.")
	require.Regexp(t, `\b[0-9a-f]{64}\b`, shown)
	do(
		chromedp.Click(chromedp.CSS(`#check [data-now]`)),
		says(".thread-roll", "Signed with a passkey"),
	)
	n, err := w.checked(asStored)
	require.NoError(t, err)
	require.Equal(t, 1, n)
}

// says waits until the part of a page that has loaded says that, also across pages.
func says(part, words string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		for ctx.Err() == nil {
			found, err := chromedp.Evaluate[bool](`document.readyState === "complete" && (document.querySelector("`+part+`")?.textContent ?? "").includes("`+words+`")`)(ctx, target)
			if err == nil && found {
				return nil
			}
			time.Sleep(20 * time.Millisecond) // an error is a page on its way out
		}
		return ctx.Err()
	})
}
