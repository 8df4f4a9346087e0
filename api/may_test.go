package api

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/domain"
)

// offers says whether the page, as it is now, offers the person a form for the command.
func (w *world) offers(person, page string, c domain.Command) bool {
	w.t.Helper()
	return newLook(w).offers(person, page, domain.CommandName(c), c)
}

// A seat that took over from one whose PCN merged amends, withdraws and opens what that
// had raised, and lets its objections go; the pages offer it (rules C2, C3, F5).
func TestSuccessorsActByPages(t *testing.T) {
	w := foundMatrix(t)
	establishMatrix(w)
	w.on("2026-01-11")
	lets := &domain.ResolveObjection{Objection: "O1"}
	require.True(t, w.offers("cd-north", "/proposals/P2", lets))
	require.False(t, w.offers("cd-south", "/proposals/P2", lets))
	w.records(`
		registrar: merge-organisation {"organisation":"U66368","into":"U42898","last":"2026-01-11"}
		cd-north: confirm-record {"records":["N2"]}`)
	w.on("2026-01-12")
	require.True(t, w.offers("cd-north", "/proposals/P2", lets), "whoever raised an objection can let it go")
	require.True(t, w.offers("cd-south", "/proposals/P2", lets))
	require.True(t, w.offers("cd-south", "/proposals/P2", &domain.WithdrawProposal{Proposal: "P2"}))
	require.True(t, w.offers("cd-south", "/proposals/P3", &domain.PutProposal{Proposal: "P3"}))
	require.False(t, w.offers("lmc-chair", "/proposals/P2", &domain.WithdrawProposal{Proposal: "P2"}))
	w.must(403, w.send(w.request("lmc-chair", "GET", "/g/trafford/proposals/P2/amend", "")))
	w.must(200, w.send(w.request("cd-south", "GET", "/g/trafford/proposals/P2/amend", "")))
	w.formRecords("cd-south", "/proposals/P2", "resolve-objection", "objection", "O1", "how", "withdrawn")
	w.formRecords("cd-south", "/proposals/P2", "withdraw-proposal", "reason", "We are one now.")
}

// Who pays as before for a power that is varied agrees to it again, and the proposal's
// page asks them (rule C1); and who held a power records what was decided while they
// did (rule D5), and tells of it (D6).
func TestPowersByPages(t *testing.T) {
	w := foundMatrix(t)
	establishMatrix(w)
	w.records(`
		gp-a: agree-to-pay {"proposal":"P4","version":1,"organisation":"P91018"}
		cd-north: consent {"proposal":"P4","version":1,"needNotWait":true}
		cd-south: consent {"proposal":"P4","version":1,"needNotWait":true}
		lmc-chair: consent {"proposal":"P4","version":1,"needNotWait":true}
		cd-south: raise-proposal {"title":"More","text":"More.","matter":"access","instruments":[{"varyDelegation":{"delegation":"D2","version":1,"powers":[{"matter":"workforce","may":["commit"],"itemLimitPence":200}],"review":"2026-06-30"}}]}`)
	pays := &domain.AgreeToPay{Proposal: "P6", Organisation: "P91018"}
	require.True(t, w.offers("gp-a", "/proposals/P6", pays), "it pays as before")
	require.False(t, w.offers("manager", "/proposals/P6", pays))
	w.formRecords("gp-a", "/proposals/P6", "agree-to-pay", "version", "1", "organisation", "P91018")
	require.False(t, w.offers("gp-a", "/proposals/P6", pays), "it has agreed")

	w.on("2026-01-10")
	w.records(`
		cd-north: raise-proposal {"title":"Others","text":"Others.","matter":"membership","instruments":[{"formExecutive":{"members":["chair","lmc-chair"],"until":"2026-12-31"}}]}
		cd-north: consent {"proposal":"P7","version":1,"needNotWait":true}
		cd-south: consent {"proposal":"P7","version":1,"needNotWait":true}
		lmc-chair: consent {"proposal":"P7","version":1,"needNotWait":true}`)
	w.on("2026-01-12")
	require.Equal(t, "D5", w.must(403, w.command("cd-south", "record-exercise", `{"delegation":"D1","matter":"access","what":"A leaflet.","acting":["chair","cd-south"]}`)).json(t)["rule"])
	records := &domain.RecordExercise{Delegation: "D1"}
	require.True(t, w.offers("cd-south", "/powers", records), "they held it until two days ago")
	require.False(t, w.offers("cd-north", "/powers", records), "they never did")
	w.formRecords("cd-south", "/powers", "record-exercise", "delegation", "D1", "matter", "access", "what", "A leaflet.", "acting", "chair", "acting", "cd-south", "on", "2026-01-09")
}

// A seat's holder names a deputy and no other holder; who speaks for its organisation
// names both (rule F5).
func TestHoldersNameDeputies(t *testing.T) {
	w := foundMatrix(t)
	holder := &domain.NameHolder{Seat: "U66368", Role: domain.Holder}
	deputy := &domain.NameHolder{Seat: "U66368", Role: domain.Deputy}
	require.True(t, w.offers("cd-north", "/register", deputy))
	require.NotContains(t, string(w.must(200, w.send(w.request("cd-north", "GET", "/g/trafford/register", ""))).body), `value="holder"`)
	require.Contains(t, string(w.must(200, w.send(w.request("registrar", "GET", "/g/trafford/register", ""))).body), `value="holder"`)
	require.True(t, w.offers("registrar", "/register", holder))
	w.formRecords("cd-north", "/register", "name-holder", "seat", "U66368", "person", "gp-a", "role", "deputy")
	w.formRefused(403, "said by somebody who speaks for it", "cd-north", "/register", "name-holder", "seat", "U66368", "person", "gp-a", "role", "holder")
}

// While the group forms, its founder keeps the register, without a duty (rules F1, O1).
func TestFounderKeepsRegisterByPages(t *testing.T) {
	w := foundMatrix(t)
	register := &domain.RegisterPerson{}
	require.True(t, w.offers("lmc-chair", "/people", register))
	require.False(t, w.offers("cd-south", "/people", register))
	w.formRecords("lmc-chair", "/people", "register-person", "handle", "new", "office", "New")
	establishMatrix(w)
	require.False(t, w.offers("lmc-chair", "/people", register), "established: it is for the registrar, the manager and the chair")
}

// Who may do what is asked of May alone: nothing here looks at who has a duty, speaks
// for whom, sits for whom or is of the executive.
func TestPermissionIsAskedOfMay(t *testing.T) {
	asks := regexp.MustCompile(`\.(HasDuty|DutiesOn|ExecutiveOn|SpeaksFor|SpeaksAt|RoleOn|Represents)\(`)
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		if found := asks.Find(text); found != nil {
			t.Errorf("%s asks %s: ask May, or give the domain the question", path, found)
		}
		return err
	})
	require.NoError(t, err)
}
