package api

import (
	"bytes"
	"encoding/csv"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// What people take away is opened by a program that is not ours: LibreOffice reads the
// registers' spreadsheets and CSV files, with their pounds, the minutes for Word, and a
// meeting's papers in one PDF (make office).
func TestOpenedByLibreOffice(t *testing.T) {
	if os.Getenv("GOLDENTHREAD_OFFICE") == "" {
		t.Skip("make office opens the files with LibreOffice")
	}
	w := withAMeeting(t)
	office := newOffice(t)

	sheet := w.must(200, w.page("manager", "/registers/decisions.xlsx")).body
	require.Contains(t, office.reads("decisions.xlsx", sheet, "csv:Text - txt - csv (StarCalc):44,34,76,1"), "Two care coordinators")
	lines := w.must(200, w.page("manager", "/registers/decisions.csv")).body
	require.True(t, utf8.Valid(lines))
	require.True(t, bytes.HasPrefix(lines, []byte("\xef\xbb\xbf")), "a mark by which spreadsheets know UTF-8")
	read := office.reads("decisions.csv", lines, "csv:Text - txt - csv (StarCalc):44,34,76,1", "--infilter=CSV:44,34,76,1")
	require.Contains(t, read, "Two care coordinators, £15,000 in all")
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(read, "\ufeff"))).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 4, "a line of headings, two agreements, and the executive's decision")

	word := w.must(200, w.ask("manager", "/agenda/2026-03-12/minutes.docx")).body
	text := office.reads("minutes.docx", word, "txt:Text (encoded):UTF8")
	for _, words := range []string{"minutes of 12 March 2026", "We met in Sale.", "Care coordinators, £15,000", "Decided: To ask the practices"} {
		require.Contains(t, text, words)
	}

	printed := w.must(200, w.ask("manager", "/agenda/2026-03-12/papers.pdf")).body
	text = regexp.MustCompile(`<[^>]*>`).ReplaceAllString(office.reads("papers.pdf", printed, "fodt:OpenDocument Text Flat XML", "--infilter=writer_pdf_import"), "")
	require.Contains(t, strings.Join(strings.Fields(text), ""), "Carecoordinators,£15,000")
}

// withAMeeting is a world with an executive that decided something, and a meeting that
// was held.
func withAMeeting(t *testing.T) *world {
	w := newWorld(t).established()
	w.must(201, w.command("cd-south", "raise-proposal", `{"title":"An executive","text":"Two of us act between meetings.","matter":"workforce","instruments":[
		{"formExecutive":{"members":["lmc-chair","cd-south"],"until":"2026-12-31"}},
		{"grantDelegation":{"to":"executive","until":"2026-12-31","review":"2026-06-30","payer":"LMC","powers":[{"matter":"workforce","may":["commit"],"itemLimitPence":2000000,"yearLimitPence":10000000,"months":12,"acting":2}]}}]}`))
	w.consents("P2", "1")
	w.on("2026-03-12")
	w.must(201, w.command("lmc-chair", "record-exercise", `{"delegation":"D1","matter":"workforce","what":"Two care coordinators, £15,000 in all.","amountPence":1500000,"months":12,"acting":["lmc-chair","cd-south"]}`))
	w.must(201, w.confirms("cd-south", "E1"))
	w.must(201, w.command("manager", "set-agenda", `{"on":"2026-03-12","items":[{"title":"Care coordinators, £15,000","about":"E1"},{"title":"Any other business"}]}`))
	w.must(201, w.command("manager", "record-group-meeting", `{"on":"2026-03-12","present":["cd-north"],"items":[{"item":1,"decisions":[{"words":"To ask the practices."}]}]}`))
	w.must(201, w.command("manager", "word-minutes", `{"on":"2026-03-12","opening":"We met in Sale."}`))
	return w
}

// An office is LibreOffice without a screen, with a profile of its own.
type office struct {
	t   *testing.T
	dir string
}

func newOffice(t *testing.T) *office {
	if _, err := exec.LookPath("soffice"); err != nil {
		t.Fatal("there is no soffice here: apt-get install libreoffice-calc libreoffice-writer libreoffice-draw")
	}
	return &office{t, t.TempDir()}
}

// reads is the file's text, as LibreOffice writes it in that format.
func (o *office) reads(name string, file []byte, format string, more ...string) string {
	o.t.Helper()
	path := filepath.Join(o.dir, name)
	require.NoError(o.t, os.WriteFile(path, file, 0o600))
	out := filepath.Join(o.dir, "read")
	args := append([]string{"-env:UserInstallation=file://" + o.dir + "/profile", "--headless", "--norestore"}, more...)
	said, err := exec.CommandContext(o.t.Context(), "soffice", append(args, "--convert-to", format, "--outdir", out, path)...).CombinedOutput()
	require.NoError(o.t, err, "%s", said)
	ending, _, _ := strings.Cut(format, ":")
	text, err := os.ReadFile(filepath.Join(out, strings.TrimSuffix(name, filepath.Ext(name))+"."+ending))
	require.NoError(o.t, err, "%s", said)
	return string(text)
}
