package api

import (
	"bytes"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/api/identity"
)

// lettersWorld is the matrix's group, established, with the registrar's browser.
func lettersWorld(t *testing.T) (*world, *tab) {
	w := foundMatrix(t)
	w.must(201, w.command("cd-north", "consent-to-charter", `{}`))
	return w, newTab(w).post("/sign-in/token", url.Values{"token": {w.keys["registrar"]}})
}

var letterCodes = regexp.MustCompile(`The code is <strong>([0-9A-Z-]{19})</strong>`)

// writeLetters makes codes for the letters that are to be printed, and gives that of the first.
func (b *tab) writeLetters() string {
	b.post("/g/trafford/mandates/letters", url.Values{"until": {"1 March 2026"}}).says(200, "Check before it is recorded", "A letter is written to ", "This can’t be undone.")
	b.post("/g/trafford/mandates/letters", carriedBy(b.last)).says(200, "Shown this once", "good until 1 March 2026", `alt="QR code`)
	found := letterCodes.FindStringSubmatch(string(b.last.body))
	require.NotNil(b.w.t, found)
	return found[1]
}

// Somebody at a practice who has no account answers its letter with its code: a question,
// then yes. It gives no mandate until the registrar has recorded it as on paper, and
// somebody has confirmed it who did not write the letter.
func TestAnsweringALetter(t *testing.T) {
	w, registrar := lettersWorld(t)
	registrar.get("/g/trafford/mandates/letters").says(200, "Let practices answer in a browser", "you have all the letters", "To the partners of A Surgery (P91018)")
	require.NotContains(t, string(registrar.last.body), "The code is")
	code := registrar.writeLetters()
	require.Equal(t, 1, strings.Count(string(registrar.last.body), "The code is"), "A Surgery alone has given no mandate")
	at := identity.LetterPages + strings.ToLower(strings.ReplaceAll(code, "-", ""))

	partner := newTab(w)
	partner.get("/letter").says(200, "Enter the code").post("/letter", url.Values{"code": {" " + code + " "}}).says(200, "A letter to A Surgery", "speak for your practice?", "for your practice alone")
	partner.post(at, nil).says(422, "Choose your answer.", "Please give your office.")
	ask := url.Values{"says": {"question"}, "words": {"What does it cost?"}, "office": {"Practice manager"}}
	partner.post(at, ask).says(200, "Check your answer", "Nothing is recorded yet", "What does it cost?")
	ask.Set("then", "send")
	partner.post(at, ask).says(200, "Your questions", "What does it cost?", "Not answered yet")
	w.must(201, w.command("manager", "answer-question", `{"question":"Q1","words":"Nothing."}`))
	partner.get(at).says(200, "Answer of 5 January 2026", "Nothing.")

	yes := url.Values{"says": {"yes"}, "matters": {"access"}, "until": {"the end"}, "office": {"Senior partner"}, "evidence": {"Partners’ meeting of 2 January"}}
	partner.post(at, yes).says(422, "Write a date", `value="the end"`, "Partners’ meeting of 2 January")
	yes.Del("until")
	partner.post(at, yes).says(422, "A mandate has an end or a review")
	yes.Set("until", "31 December 2026")
	partner.post(at, yes).says(200, "Check your answer", "The code of this letter ends")
	yes.Set("then", "back")
	partner.post(at, yes).says(200, `value="31 December 2026"`, "Our answer")
	next := w.store.Next("trafford")
	yes.Set("then", "send")
	partner.post(at, yes).says(200, "Your practice answered.", "Yes, for access, until 31 December 2026", "It gives no mandate yet")
	require.Equal(t, next+1, w.store.Next("trafford"), "what was said, and nothing of it")
	partner.post(at, yes).says(200, "Your practice answered.")
	require.Equal(t, next+1, w.store.Next("trafford"))
	require.Contains(t, string(w.must(200, w.ask("registrar", "/mandate")).body), `"practices":2`)

	registrar.get("/g/trafford/mandates").says(200, "Answers to letters, to be recorded", "Said by: Senior partner; Partners’ meeting of 2 January", ">answered</strong>")
	registrar.get("/g/trafford/worklist").says(200, "That is to be recorded.")
	w.formRecords("registrar", "/mandates", "record-answers", "form", "answers", "letters", "L1")
	registrar.get("/g/trafford/mandates").says(200, ">on paper</strong>", "waits to be confirmed (N1)")
	require.Contains(t, string(w.must(200, w.ask("registrar", "/mandate")).body), `"practices":2`)
	partner.get(at).says(200, "has recorded it")

	w.refused(403, "O3", w.command("registrar", "confirm-record", `{"records":["N1"]}`))
	w.on("2026-01-13")
	w.must(201, w.command("cd-south", "confirm-record", `{"records":["N1"]}`))
	require.Contains(t, string(w.must(200, w.ask("registrar", "/mandate?matter=access")).body), `"practices":3`)
	require.Regexp(t, `"way":"letter/[0-9a-f]{32}"`, string(w.must(200, w.ask("registrar", "/events?from="+strconv.FormatUint(next, 10))).body), "the ledger says that it came by the code")
}

// The codes of letters are secrets that are shown once, kept as hashes, good for one practice
// and one answer, and held to a pace. They let nobody in, and nobody else makes them.
func TestTheCodesOfLetters(t *testing.T) {
	w, registrar := lettersWorld(t)
	first := registrar.writeLetters()
	registrar.post("/g/trafford/mandates/letters", url.Values{"until": {"1 March 2026"}}).says(200, "This is so now, and will not be so", "A Surgery can answer the letter of 5 January 2026 (L1) with its code.")
	code := registrar.writeLetters()
	newTab(w).get("/letter/"+first).says(200, "There is a newer letter")
	at := "/letter/" + code
	yes := url.Values{"says": {"yes"}, "until": {"31 December 2026"}, "office": {"Partner"}, "evidence": {"A minute."}, "then": {"send"}}
	next := w.store.Next("trafford")
	newTab(w).post("/letter/"+first, yes).says(200, "There is a newer letter")
	newTab(w).get("/letter/AAAA-AAAA-AAAA-AAAA").says(404, "No letter has this code")
	newTab(w).post("/letter/AAAA-AAAA-AAAA-AAAA", yes).says(404, "No letter has this code")
	require.Equal(t, next, w.store.Next("trafford"))

	// Nobody but the registrar makes them, and no command does.
	for _, other := range []string{"manager", "cd-north", "icb-director"} {
		newTab(w).post("/sign-in/token", url.Values{"token": {w.keys[other]}}).post("/g/trafford/mandates/letters", url.Values{"until": {"1 March 2026"}}).says(403)
	}
	newTab(w).asOperator().post("/g/trafford/mandates/letters", url.Values{"until": {"1 March 2026"}}).says(403)
	registrar.post("/g/trafford/mandates/letters", url.Values{"until": {"1 March 2030"}}).says(422, "120 days at most", `value="1 March 2030"`)
	registrar.post("/g/trafford/mandates/letters", url.Values{"until": {"soon"}}).says(422, "Write a date", `value="soon"`)
	w.refused(403, "M1", w.command("registrar", "answer-letter", `{"says":"no","office":"Partner","evidence":"A minute."}`))
	require.Equal(t, next, w.store.Next("trafford"))

	// A code reads nothing else and acts as nobody.
	for _, path := range []string{"/g/trafford", "/v1/groups/trafford/mandate", "/v1/groups/trafford/people"} {
		req := w.request("", "GET", path, "")
		req.Header.Set("Authorization", "Bearer "+code)
		require.Contains(t, []int{303, 401}, w.send(req).StatusCode, path)
	}
	page := newTab(w).get(at).says(200, "A letter to A Surgery")
	for _, hidden := range []string{"B Surgery", "Nora North", "P91020", "Clinical Director, South"} {
		require.NotContains(t, string(page.last.body), hidden)
	}

	// What is kept is no code: neither in the data folder's list nor in the log.
	files, err := w.server.identity.Credentials()
	require.NoError(t, err)
	require.Contains(t, string(files["letters.json"]), `"hash"`)
	for _, secret := range []string{code, strings.ReplaceAll(code, "-", "")} {
		require.NotContains(t, string(files["letters.json"]), secret)
		require.NotContains(t, w.log.String(), secret)
	}

	// It ends when the person who wrote it is no longer registrar, on its last day, and after its answer.
	w.on("2026-03-02")
	newTab(w).post(at, yes).says(200, "could be answered until 1 March 2026")
	w.on("2026-03-01")
	newTab(w).post(at, yes).says(200, "Your practice answered.")
	answered := w.store.Next("trafford")
	no := url.Values{"says": {"no"}, "office": {"Partner"}, "evidence": {"A minute."}, "then": {"send"}}
	newTab(w).post(at, no).says(200, "Your practice answered.")
	require.Equal(t, answered, w.store.Next("trafford"))

	guess := newTab(w)
	for range 100 {
		if guess.get("/letter/BBBB-BBBB-BBBB-BBBB"); guess.last.StatusCode == 429 {
			return
		}
	}
	t.Fatal("codes can be guessed as fast as one likes")
}

// Letters come as a PDF too, all in one file or one alone, with their codes or without, and
// a program that is not ours reads in it what the page says.
func TestLettersAsPDF(t *testing.T) {
	w, registrar := lettersWorld(t)
	code := registrar.writeLetters()
	registrar.says(200, "Download all letters as one PDF", "Download this letter as a PDF")
	partner := newTab(w)
	partner.get(identity.LetterPages+code).says(200, "Download this letter as a PDF")
	letter := textOfPDF(t, partner.post("/letter/pdf", url.Values{"code": {code}}).says(200).last.body)
	for _, words := range []string{
		"To the partners of A Surgery (P91018)", "speak for your practice?", "consensus, never by vote", "The code is " + code, identity.LetterPages + code, "good until 1 March 2026",
		"Our answer, A Surgery (P91018)", "Yes, for everything", "Yes, for these subjects only:", "Access", "Until (date)", "Signature and date:", "Please return this to",
	} {
		require.Contains(t, letter, words)
	}
	require.Equal(t, 1, strings.Count(letter, "Please return this to"))
	partner.post("/letter/pdf", url.Values{"code": {code, "not a code"}}).says(404, "No letter has this code")

	plain := textOfPDF(t, w.must(200, w.ask("registrar", "/mandates/letters.pdf")).body)
	require.Contains(t, plain, "To the partners of A Surgery (P91018)")
	require.NotContains(t, plain, "The code is")
	require.Equal(t, plain, textOfPDF(t, w.must(200, w.ask("registrar", "/mandates/letters.pdf?practice=P91018")).body))
	w.refused(404, "M1", w.ask("registrar", "/mandates/letters.pdf?practice=P91020"))

	registrar.writeLetters()
	partner.post("/letter/pdf", url.Values{"code": {code}}).says(409, "There is a newer letter")
}

// textOfPDF is what another program reads in the PDF, its lines joined.
func textOfPDF(t *testing.T, pdf []byte) string {
	if _, err := exec.LookPath("pdftotext"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("there is no pdftotext here, and CI needs it")
		}
		t.Skip("there is no pdftotext here: apt-get install poppler-utils")
	}
	read := exec.Command("pdftotext", "-", "-")
	read.Stdin = bytes.NewReader(pdf)
	text, err := read.Output()
	require.NoError(t, err)
	return strings.Join(strings.Fields(string(text)), " ")
}
