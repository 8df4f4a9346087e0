package web

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"goldenthread/domain"
	"goldenthread/eventstore/storetest"
)

func day(s string) domain.Day {
	d, err := domain.ParseDay(s)
	if err != nil {
		panic(err)
	}
	return d
}

// Every link keeps the day in question; going back to today drops it.
func TestLinksKeepTheDay(t *testing.T) {
	f := Frame{Group: "trafford", Path: "mandate", Query: map[string][]string{"matter": {"workforce"}}}
	require.Equal(t, "/g/trafford", f.Link(""))
	require.Equal(t, "/g/trafford/powers#D1", f.Link("powers#D1"))
	f.AskedAt, f.AskedKnow = "2026-03-09", "412"
	require.Equal(t, "/g/trafford/audit?at=2026-03-09&known=412&subject=proposal%2FP1", f.Link("audit?subject=proposal/P1"))
	require.Equal(t, "/g/trafford/powers?at=2026-03-09&known=412#D1", f.Link("powers#D1"))
	require.Equal(t, "/g/trafford/mandate?matter=workforce", f.Here())
}

func TestWords(t *testing.T) {
	require.Equal(t, "10:32am on 9 March 2026", moment(time.Date(2026, 3, 9, 10, 32, 0, 0, time.UTC)))
	require.Equal(t, "5:30pm on 6 August 2018", moment(time.Date(2018, 8, 6, 16, 30, 0, 0, time.UTC))) // London, in summer
	require.Equal(t, "midnight on 7 July 2026", moment(time.Date(2026, 7, 6, 23, 0, 0, 0, time.UTC)))
	require.Equal(t, "The end.", sentence("the end. "))
	require.Equal(t, "access, extended hours", domain.MatterWords("access/extended-hours"))
	require.Equal(t, "subject to the group", commitmentTag(domain.KAdReferendum).Words)
	require.Equal(t, []string{"one", "two"}, paragraphs("one\r\n\r\n two \n"))
}

// A reference leads to where it is shown.
func TestPlaces(t *testing.T) {
	for ref, place := range map[string]string{
		"P1": "proposals/P1", "D1": "powers#D1", "E12": "powers#E12", "R1": "representation#R1", "K3": "commitments#K3", "M3": "mandate?entry=M3#M3",
		"charter/2": "charter", "locality-board/2026-03-09": "meetings/locality-board/2026-03-09", "executive": "powers", "": "", "founding": "", "?": "",
	} {
		require.Equal(t, place, PlaceOf(ref), ref)
	}
	require.Equal(t, "proposals/P1", SubjectPlace("proposal/P1"))
	require.Equal(t, "register", SubjectPlace("organisation/P91018"))
}

// A long chain is drawn whole, and somebody's words can't break out of it.
func TestDrawing(t *testing.T) {
	var chain []domain.Link
	for i := range 200 {
		chain = append(chain, domain.Link{Kind: "mandate", Ref: fmt.Sprint("M", i), Effective: day("2026-01-06")})
	}
	for i := range 20 {
		chain = append(chain, domain.Link{Kind: "agreement", Ref: fmt.Sprint("P", i), Text: fmt.Sprintf("P%d, <script>, agreed on 1 May", i), Effective: day("2026-05-01")})
	}
	svg := string(Drawing(chain))
	require.Equal(t, 20, strings.Count(svg, "<circle"))
	require.Equal(t, mostStrands, strings.Count(svg, "thread-chain__strand"))
	require.NotContains(t, svg, "<script>")
	require.Contains(t, svg, `role="img"`)
	require.Contains(t, svg, "200 mandates")
	require.NotContains(t, string(Drawing(nil)), "thread-chain__line")
	require.NotContains(t, svg, "style=")
}

// Each template can be parsed, though that is done only when its page is first shown.
func TestEveryTemplateIsParsed(t *testing.T) {
	require.Greater(t, len(pages), 40)
	for name, page := range pages {
		require.NotNil(t, page().Lookup("layout.html"), name)
	}
}

// No stylesheet or script asks anything of another host.
func TestAssetsStayHere(t *testing.T) {
	require.NotEmpty(t, links.Styles[0])
	for name, a := range assets {
		body := strings.ReplaceAll(string(a.Body), "http://www.w3.org/2000/svg", "")
		require.NotContains(t, body, "//fonts", name)
		require.NotContains(t, body, "@font-face", name)
		require.NotRegexp(t, `https?://`, strings.ReplaceAll(body, "https://github.com/nhsuk", ""), name)
	}
}

// What an old ledger holds can't turn the order of a page's text: each such
// character is shown as a sign.
func TestNothingTurnsThePage(t *testing.T) {
	require.Equal(t, "<p>Agreed \uFFFDton \uFFFDx\uFFFD</p>", string(inOrder([]byte("<p>Agreed \u202eton \u2067x\u2069</p>"))))
	page := []byte("<p>Siân, שלום, 👩‍⚕️</p>")
	require.Equal(t, page, inOrder(page))
}

// What any event is about has a page to which the event's own page leads, but for what
// has none of its own: the log, a list taken over, feedback and documents.
func TestEverySubjectHasAPlace(t *testing.T) {
	nowhere := []string{"log", "register", "feedback", "document"}
	for i, k := range domain.Kinds {
		e := storetest.Sample(k, uint64(i))
		about, _, one := strings.Cut(e.Data.Subject(), "/")
		subject := about
		if one {
			subject += "/P1"
		}
		if !slices.Contains(nowhere, about) {
			require.NotEmpty(t, SubjectPlace(subject), "%s is about %s: SubjectPlace, in home.go, does not say where that is shown", k.Name, subject)
		}
	}
}
