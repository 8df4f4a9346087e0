package api

import (
	"context"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// A browser is a real Chromium in which somebody acts through the pages.
type browser struct {
	t    *testing.T
	ctx  context.Context
	at   string // address of the server
	mu   sync.Mutex
	seen []string          // addresses of everything that was asked for
	page network.RequestID // the request that the page was sent for
}

// newBrowser starts Chromium. Without it the test is skipped, but fails in CI. A short run,
// such as that under the race detector, leaves it out.
func newBrowser(t *testing.T, at string) *browser {
	if testing.Short() {
		t.Skip("browsers take long")
	}
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("there is no chromium here, and CI needs it")
		}
		t.Skip("there is no chromium here")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.Flag("disable-component-update", true))
	allocated, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	b := &browser{t: t, at: at}
	ctx, cancel := chromedp.NewContext(allocated)
	t.Cleanup(cancel)
	patience := 8 * time.Minute
	if os.Getenv(measuredEnv) != "" {
		patience = 40 * time.Minute // each page is looked at six times over
	}
	ctx, late := context.WithTimeout(ctx, patience)
	t.Cleanup(late)
	b.ctx = ctx
	require.NoError(t, chromedp.Do(ctx, chromedp.EmulateViewport(1280, 900)))
	require.NoError(t, chromedp.Listen(ctx, func(ev any) {
		if sent, ok := ev.(*network.EventRequestWillBeSent); ok {
			b.mu.Lock()
			b.seen = append(b.seen, sent.Request.URL)
			if sent.Type == network.ResourceTypeDocument {
				b.page = sent.RequestID
			}
			b.mu.Unlock()
		}
	}))
	_, err = chromedp.Call(ctx, network.Enable, network.EnableParams{})
	require.NoError(t, err)
	return b
}

// as has the requests made in somebody's name.
func (b *browser) as(token string) *browser {
	headers := network.Headers{}
	if token != "" {
		headers["Authorization"] = "Bearer " + token
	}
	_, err := chromedp.Call(b.ctx, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: headers})
	require.NoError(b.t, err)
	return b
}

func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	require.NoError(b.t, chromedp.Do(b.ctx, steps...))
}

func (b *browser) open(path string) *browser {
	b.t.Helper()
	b.do(chromedp.Navigate(b.at + path))
	return b
}

func (b *browser) width(pixels int64) { b.do(chromedp.EmulateViewport(pixels, 800)) }

// look shows pages light or dark, on screen or on paper.
func (b *browser) look(scheme, media string) {
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Media: media, Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	require.NoError(b.t, err)
}

// forcedColours shows pages in the few colours that somebody chose for all of them.
func (b *browser) forcedColours() {
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "forced-colors", Value: "active"}},
	})
	require.NoError(b.t, err)
}

func (b *browser) script(on bool) {
	_, err := chromedp.Call(b.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
	require.NoError(b.t, err)
}

// main is what the page says.
func (b *browser) main() string {
	b.t.Helper()
	text, err := chromedp.Run(b.ctx, chromedp.TextContent(chromedp.CSS("main")))
	require.NoError(b.t, err)
	return strings.Join(strings.Fields(text), " ")
}

func (b *browser) says(words ...string) {
	b.t.Helper()
	said := b.main()
	for _, w := range words {
		require.Contains(b.t, said, w, b.where())
	}
}

func (b *browser) where() string {
	at, err := chromedp.Run(b.ctx, chromedp.Location())
	require.NoError(b.t, err)
	return at
}

func evaluate[T any](b *browser, js string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](js, chromedp.EvalAwaitPromise))
	require.NoError(b.t, err, js)
	return v
}

// source is the page as the server sent it, also where a form was sent for it.
func (b *browser) source() string {
	b.t.Helper()
	b.mu.Lock()
	page := b.page
	b.mu.Unlock()
	text, err := chromedp.Call(b.ctx, network.GetResponseBody, network.GetResponseBodyParams{RequestID: page})
	require.NoError(b.t, err)
	return string(text.Body)
}

// unfold opens what can be unfolded.
func (b *browser) unfold() {
	evaluate[bool](b, `document.querySelectorAll("details").forEach(d => d.open = true), true`)
}

// fill writes into a field of the form.
func (b *browser) fill(id, words string) {
	b.t.Helper()
	b.do(chromedp.SetValue(chromedp.CSS("#"+id), words))
}

func (b *browser) tick(id string) {
	b.t.Helper()
	b.do(chromedp.Click(chromedp.CSS("#" + id)))
}

// send sends the form, and again from its check page if it has one, and waits for the
// page that comes back.
func (b *browser) send(form string) {
	b.t.Helper()
	b.submit("#" + form + " button[type=submit]")
	b.record()
}

// record sends the form whose check page is shown; on any other page it does nothing.
func (b *browser) record() {
	b.t.Helper()
	if evaluate[bool](b, `document.getElementById("check") !== null`) {
		b.submit("#check button[type=submit]")
	}
}

// submit presses the button, and waits for the page that comes back.
func (b *browser) submit(button string) {
	b.t.Helper()
	_, err := chromedp.RunResponse(b.ctx, chromedp.Click(chromedp.CSS(button)))
	require.NoError(b.t, err, b.where())
}

// tabTo goes there with the Tab key alone.
func (b *browser) tabTo(selector string) {
	b.t.Helper()
	for range 250 {
		b.do(chromedp.KeyEvent("\t"))
		if evaluate[bool](b, `document.activeElement.matches(`+quote(selector)+`)`) {
			return
		}
	}
	b.t.Fatalf("%s can't be reached by keyboard", selector)
}

// press presses a key where the focus is.
func (b *browser) press(key string) { b.do(chromedp.KeyEvent(key)) }

// pressToSend presses Enter on a button, and waits for the page that comes back.
func (b *browser) pressToSend() {
	b.t.Helper()
	_, err := chromedp.RunResponse(b.ctx, chromedp.KeyEvent("\r"))
	require.NoError(b.t, err)
}

func quote(s string) string { return "`" + s + "`" }

// others are the hosts, beside the server, of which anything was asked. Passkeys need a
// name, so signing in goes on at localhost.
func (b *browser) others() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var hosts []string
	for _, s := range b.seen {
		u, err := url.Parse(s)
		require.NoError(b.t, err)
		if !strings.HasPrefix(numbered(s), numbered(b.at)) && u.Scheme != "data" && u.Scheme != "about" && !slices.Contains(hosts, u.Host) {
			hosts = append(hosts, u.Host)
		}
	}
	return hosts
}

func numbered(address string) string {
	return strings.Replace(address, "//localhost:", "//127.0.0.1:", 1)
}

// waits until it is so in the page.
func (b *browser) waits(js string) {
	b.t.Helper()
	for range 200 {
		if evaluate[bool](b, js) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	b.t.Fatalf("never so: %s", js)
}

// printedPages are how many sheets of A4 the page takes.
func (b *browser) printedPages() int {
	pdf, err := chromedp.Run(b.ctx, chromedp.PrintToPDF(chromedp.PDFPreferCSSPageSize(), chromedp.PDFPaper(chromedp.PaperA4)))
	require.NoError(b.t, err)
	return strings.Count(string(pdf), "/Type /Page\n") + strings.Count(string(pdf), "/Type /Page ")
}
