package api

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"goldenthread/api/guard"
	"goldenthread/api/pages"
	"goldenthread/domain"
)

var rewrite = flag.Bool("rewrite", false, "write the permission matrix anew; read every line of the difference")

// whoActs are the columns of the matrix, by handle: what somebody may do
// follows from what the ledger says of them.
var whoActs = []struct{ title, handle string }{
	{"holder", "cd-north"}, {"deputy", "deputy-north"}, {"past deputy", "deputy-past"}, {"spokes", "gp-a"},
	{"manager", "manager"}, {"chair", "chair"}, {"keeper", "registrar"}, {"gatekeeper", "gatekeeper"},
	{"represent", "cd-west"}, {"practice", "pm-b"}, {"system", "icb-director"}, {"uninvited", "trust-director"},
	{"left", "left"}, {"erased", "erased"}, {"other group", "stranger"}, {"operator", "operator"}, {"nobody", ""},
}

// An act is sent to a command by its name, or to a path below the group.
type act struct {
	name, body string
	again      bool
}

func (a *act) path() string {
	if strings.HasPrefix(a.name, "/") {
		return "/v1/groups/trafford" + a.name
	}
	return "/v1/groups/trafford/commands/" + a.name
}

// aboutRecord is what a record that waits is named by in a body.
var aboutRecord = regexp.MustCompile(`^{"records":\["(.*?)"`)

// title is what its row is called.
func (a *act) title() string {
	if of := aboutRecord.FindStringSubmatch(a.body); of != nil {
		return a.name + " " + of[1]
	}
	return a.name
}

// acts are the rows: every command and what else is sent, with a body that is right for the group as
// establishMatrix leaves it. What can be done again and again changes no other cell.
var acts = []act{
	{"found", `{}`, false},
	{"consent-to-charter", `{}`, false},
	{"correct", `{"index":1,"words":"Not so."}`, true},
	{"register-person", `{"handle":"cd-new","office":"Clinical Director, New"}`, false},
	{"update-person", `{"person":"{pm-b}","personal":{"phone":"0161"}}`, true},
	{"register-passkey", `{"credential":"AQID","publicKey":"BAUG","relyingParty":"localhost"}`, false},
	{"remove-passkey", `{"credential":"AQID"}`, false},
	{"make-way-in", `{"person":"pm-b","way":"token/039058c6f2c0cb492c533b0a4d14ef77","scope":"read"}`, true},
	{"end-way-in", `{"way":"V9"}`, true},
	{"begin-access", `{"ways":[]}`, true},
	{"leave-office", `{"person":"pm-b","until":"2026-02-28"}`, false},
	{"import-organisations", `{"rows":[{"code":"P90001","kind":"practice","name":"New"}]}`, false},
	{"merge-organisation", `{"organisation":"P91021","into":"P91020","last":"2026-02-28"}`, false},
	{"split-organisation", `{"organisation":"P91020","among":[{"organisation":"P91018","patients":1500},{"organisation":"P91021","patients":500}],"last":"2026-02-28"}`, false},
	{"change-contract-holder", `{"practice":"P91018","from":"2026-02-28","evidence":"A letter."}`, false},
	{"record-spokesperson", `{"organisation":"P91018","person":"pm-b","evidence":"A letter."}`, false},
	{"end-spokesperson", `{"organisation":"P91018","person":"gp-a","until":"2026-02-28"}`, false},
	{"name-holder", `{"seat":"U66368","person":"pm-b","role":"deputy","from":"2026-02-01","evidence":"A letter."}`, false},
	{"leave-seat", `{"seat":"U66368","person":"deputy-north","role":"deputy","until":"2026-02-28","evidence":"A letter."}`, false},
	{"invite", `{"organisation":"TRUST"}`, false},
	{"record-together", `{"people":[{"handle":"pm-new","office":"Practice Manager, New"}]}`, false},
	{"grant-mandate", `{"organisation":"P91018","evidence":"A minute.","from":"2026-01-01","until":"2026-12-31"}`, false},
	{"withdraw-mandate", `{"organisation":"P91018","everything":true,"evidence":"A minute."}`, false},
	{"confirm-record", `{"records":["N1"]}`, false},
	{"confirm-record", `{"records":["E2"]}`, false},
	{"confirm-record", `{"records":["K1"]}`, false},
	{"refuse-record", `{"records":["N1"],"reason":"Not so."}`, false},
	{"refuse-record", `{"records":["E2"],"reason":"Not so."}`, false},
	{"refuse-record", `{"records":["K1"],"reason":"Not so."}`, false},
	{"ask-mandate", `{"organisation":"P91021","words":"Please."}`, true},
	{"write-letters", `{"letters":[{"organisation":"P91018","way":"letter/039058c6f2c0cb492c533b0a4d14ef77"}],"until":"2026-02-01"}`, true},
	{"answer-letter", `{"says":"no","office":"Partner","evidence":"A minute."}`, true},
	{"record-answers", `{"letters":["L1"]}`, false},
	{"raise-proposal", `{"title":"New","text":"New.","matter":"access"}`, false},
	{"put-proposal", `{"proposal":"P3"}`, false},
	{"amend-proposal", `{"proposal":"P2","version":1,"title":"Other","text":"Other."}`, false},
	{"offer-words", `{"proposal":"P2","words":"Other."}`, true},
	{"withdraw-proposal", `{"proposal":"P2"}`, false},
	{"agree-to-pay", `{"proposal":"P4","version":1,"organisation":"P91018"}`, false},
	{"consent", `{"proposal":"P4","version":1}`, false},
	{"stand-aside", `{"proposal":"P4","version":1,"reason":"Not for us."}`, false},
	{"report-position", `{"proposal":"P4","version":1,"seat":"U66368","stand":"consent","from":"cd-north","how":"By telephone."}`, false},
	{"confirm-position", `{"proposal":"P2","version":1}`, false},
	{"object", `{"proposal":"P2","version":1,"grade":"concern","why":"Too soon.","wouldResolve":"Time."}`, false},
	{"resolve-objection", `{"objection":"O1","how":"withdrawn"}`, false},
	{"name-facilitator", `{"proposal":"P5","person":"pm-b"}`, false},
	{"record-conversation", `{"proposal":"P5","with":["cd-north"],"learnt":"Little."}`, true},
	{"ask-put-off", `{"proposal":"P5","closes":"2026-04-01"}`, false},
	{"agree-put-off", `{"proposal":"P5"}`, false},
	{"suspend", `{"what":"D1","reason":"Too much."}`, false},
	{"record-exercise", `{"delegation":"D1","matter":"access","what":"A leaflet.","acting":["chair","cd-south"]}`, false},
	{"call-in", `{"exercise":"E1","reason":"Too much."}`, false},
	{"deny-consultation", `{"exercise":"E1","body":"U66368","words":"Nobody asked."}`, false},
	{"tell-exercise", `{"exercise":"E1","body":"group","how":"By letter."}`, true},
	{"register-forum", `{"forum":"other-board","name":"Other Board"}`, false},
	{"schedule-meeting", `{"forum":"locality-board","on":"2026-03-01"}`, false},
	{"move-meeting", `{"forum":"locality-board","on":"2026-01-10","to":"2026-03-01"}`, false},
	{"cancel-meeting", `{"forum":"locality-board","on":"2026-01-10"}`, false},
	{"brief-meeting", `{"forum":"locality-board","on":"2026-01-10","words":"Listen."}`, true},
	{"report-meeting", `{"forum":"locality-board","on":"2026-01-10","happened":"We listened.","present":[]}`, false},
	{"declare-interest", `{"matters":["access"],"words":"My own."}`, false},
	{"renew-interest", `{"interest":"I1","words":"Still so."}`, false},
	{"end-interest", `{"interest":"I1"}`, false},
	{"declare-employer", `{"employer":"U66368"}`, false},
	{"record-commitment", `{"forum":"locality-board","meeting":"2026-01-10","matter":"access","words":"As I see it.","given":"view"}`, true},
	{"give-feedback", `{"on":"R1","worked":"All."}`, true},
	{"erase-person", `{"person":"{pm-b}"}`, false},
	{"record-approach", `{"from":"QOP","what":"Weekends?"}`, true},
	{"redirect-approach", `{"approach":"A2","to":"gatekeeper"}`, false},
	{"dispose-of-approach", `{"approach":"A3","disposition":"meeting"}`, false},
	{"answer-approach", `{"approach":"A1","reply":"yes","words":"Yes."}`, false},
	{"link-approaches", `{"approach":"A1","with":"A2"}`, false},
	{"report-side-conversation", `{"with":"QOP","who":"U66368","what":"Weekends."}`, true},
	{"progress-action", `{"action":"T1","words":"Half."}`, true},
	{"end-action", `{"action":"T1","how":"done"}`, false},
	{"list-priority", `{"title":"Access","kind":"influence","meaning":"Less waiting."}`, true},
	{"ask-practices", `{"priorities":["Y1"],"by":"2026-02-01"}`, false},
	{"answer-priorities", `{"round":"W1","practice":"P91018","choices":["Y1"],"evidence":"A letter."}`, false},
	{"depart", `{"organisation":"U66368","agreement":"P1","reason":"Not for us.","evidence":"A letter."}`, false},
	{"answer-departure", `{"departure":"X1","words":"Stay."}`, true},
	{"resolve-departure", `{"departure":"X1","how":"returned","evidence":"A letter."}`, false},
	{"communicate", `{"about":["P1"],"how":"By letter."}`, true},
	{"acknowledge", `{"about":"P1","practices":["P91018"],"evidence":"A letter."}`, false},
	{"ask-group", `{"practice":"P91018","words":"Why?","evidence":"A letter."}`, true},
	{"answer-question", `{"question":"Q1","words":"Because."}`, false},
	{"set-agenda", `{"on":"2026-02-01","items":[{"title":"Weekends"}]}`, true},
	{"minute-item", `{"on":"2026-01-10","item":1,"note":"Much."}`, false},
	{"record-group-meeting", `{"on":"2026-01-10","present":["cd-north"]}`, false},
	{"word-minutes", `{"on":"2026-01-05","opening":"We met in Sale."}`, false},
	{"approve-minutes", `{"on":"2026-01-05","at":"2026-01-10"}`, false},
	{"attach-document", `{"about":"locality-board/2026-01-10","name":"report.txt","sha256":"ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb","mediaType":"text/plain","bytes":1,"elsewhere":true}`, false},
	{"/documents?about=locality-board/2026-01-10&name=more.txt", `b`, false},
	{"/lists/preview", `{"rows":[{"code":"P90001","kind":"practice","name":"New"}]}`, true},
	{"/documents/none", `a`, true},
	{"/feed-keys", `{"feed":"calendar"}`, true},
	{"/feed-keys/none/end", ``, true},
	{"/mail/pm-b/again", ``, true},
	{"/statements/consent", `{"proposal":"P4","version":1}`, true},
	{"/statements/stand-aside", `{"proposal":"P4","version":1}`, true},
	{"/statements/confirm-position", `{"proposal":"P2","version":1}`, true},
	{"/statements/object", `{"proposal":"P2","version":1,"grade":"concern","why":"Too soon.","wouldResolve":"Time."}`, true},
	{"/statements/resolve-objection", `{"objection":"O1","how":"withdrawn"}`, true},
	{"/tokens", `{"person":"pm-b"}`, true},
	{"/tokens/none/revoke", ``, true},
	{"/invitations", `{"person":"pm-b"}`, true},
	{"/invitations/none/withdraw", ``, true},
}

// A form is where a page offers a command: the page of the group that offers it, and
// why to fewer people than may give it, if it does.
type form struct{ page, fewer string }

// formIDs are, of several forms of a command on its page, those that its act fills in.
var formIDs = map[string]string{"import-organisations": "new"}

// forms are the pages' forms by the command that they send. A command that is not
// among them has none.
var forms = map[string]form{
	"consent-to-charter": {"/charter", ""},
	"register-person":    {"/people", ""},
	"update-person":      {"/people", "there one changes one's own"},
	"leave-office":       {"/people", ""},
	"record-together":    {"/mandates", ""},
	"record-answers":     {"/mandates", ""},

	"confirm-record": {"/waiting", ""},
	"refuse-record":  {"/waiting", ""},

	"record-spokesperson": {"/register", ""},
	"end-spokesperson":    {"/register", ""},
	"name-holder":         {"/register", ""},
	"leave-seat":          {"/register", ""},
	"invite":              {"/register", ""},

	"grant-mandate":    {"/practices/P91018", ""},
	"withdraw-mandate": {"/practices/P91018", ""},
	"ask-mandate":      {"/mandate", ""},
	"acknowledge":      {"/practices/P91018", ""},
	"ask-group":        {"/practices/P91018", ""},
	"depart":           {"/departures", ""},

	"raise-proposal":      {"/proposals/new", ""},
	"amend-proposal":      {"/proposals/P2/amend", ""},
	"put-proposal":        {"/proposals/P3", ""},
	"offer-words":         {"/proposals/P2", ""},
	"withdraw-proposal":   {"/proposals/P2", ""},
	"agree-to-pay":        {"/proposals/P4", ""},
	"consent":             {"/proposals/P4", ""},
	"stand-aside":         {"/proposals/P4", ""},
	"report-position":     {"/proposals/P4", ""},
	"confirm-position":    {"/proposals/P2", ""},
	"object":              {"/proposals/P2", ""},
	"resolve-objection":   {"/proposals/P2", ""},
	"name-facilitator":    {"/proposals/P5", ""},
	"record-conversation": {"/proposals/P5", ""},
	"ask-put-off":         {"/proposals/P5", ""},
	"agree-put-off":       {"/proposals/P5", ""},

	"suspend":           {"/powers", ""},
	"record-exercise":   {"/powers", ""},
	"call-in":           {"/powers", ""},
	"deny-consultation": {"/powers", ""},
	"tell-exercise":     {"/powers", "only where somebody is still to be told"},

	"register-forum":    {"/representation", ""},
	"schedule-meeting":  {"/representation", ""},
	"declare-interest":  {"/representation", ""},
	"renew-interest":    {"/representation", ""},
	"end-interest":      {"/representation", ""},
	"declare-employer":  {"/representation", ""},
	"give-feedback":     {"/representation", ""},
	"move-meeting":      {"/meetings/locality-board/2026-01-10", ""},
	"cancel-meeting":    {"/meetings/locality-board/2026-01-10", ""},
	"brief-meeting":     {"/meetings/locality-board/2026-01-10", ""},
	"report-meeting":    {"/meetings/locality-board/2026-01-10", ""},
	"record-commitment": {"/meetings/locality-board/2026-01-10", ""},

	"record-approach":          {"/approaches", ""},
	"redirect-approach":        {"/approaches", ""},
	"dispose-of-approach":      {"/approaches", ""},
	"answer-approach":          {"/approaches", ""},
	"link-approaches":          {"/approaches", ""},
	"report-side-conversation": {"/approaches", ""},

	"progress-action":      {"/actions", ""},
	"end-action":           {"/actions", ""},
	"list-priority":        {"/priorities", ""},
	"ask-practices":        {"/priorities", "only once there is something on the long list"},
	"answer-priorities":    {"/priorities", ""},
	"answer-departure":     {"/departures", ""},
	"resolve-departure":    {"/departures", ""},
	"communicate":          {"/notices", ""},
	"answer-question":      {"/questions", ""},
	"set-agenda":           {"/agenda", ""},
	"minute-item":          {"/agenda/2026-01-10", ""},
	"record-group-meeting": {"/agenda/2026-01-10", ""},
	"approve-minutes":      {"/agenda/2026-01-05", ""},
	"word-minutes":         {"/agenda/2026-01-05/minutes", ""},
	"attach-document":      {"/documents?about=locality-board/2026-01-10", ""},
	"correct":              {"/events/1", ""},
	"erase-person":         {"/people/pm-b/erasure", ""},

	"merge-organisation":     {"/changes", ""},
	"split-organisation":     {"/changes", ""},
	"change-contract-holder": {"/changes", ""},
	"import-organisations":   {"/changes", ""},
}

// noForm are the commands that no page of a group sends, with the page on which people do
// the same, or why nobody does.
var noForm = map[string]string{
	"found":            "the operator's pages of setting up a group send it",
	"register-passkey": "the account page records it, with the device at hand",
	"remove-passkey":   "the account page records it",
	"make-way-in":      "an invitation, the account page and the operator's page record it as they make the way in",
	"end-way-in":       "the account page ends one's own, the page of who has come takes an invitation back; to end another's is for the operator",
	"write-letters":    "the page of letters to practices records it as it makes their codes",
	"answer-letter":    "the page behind the code of a letter records it, for somebody without an account",
	"begin-access":     "the server records it by itself, once in each group",
}

// TestEveryCommandHasItsPage: nothing that a group does needs the command line.
func TestEveryCommandHasItsPage(t *testing.T) {
	sent := map[string]bool{}
	for _, commands := range pages.Forms() {
		for _, name := range commands {
			sent[name] = true
		}
	}
	for _, kind := range domain.Commands {
		_, without := noForm[kind.Name]
		assert.NotEqual(t, sent[kind.Name], without, "%s: a page sends it, or noForm says why none does", kind.Name)
	}
}

// reads are the rows below: everything that can be read.
var reads = []string{
	"/v1/groups", "/v1/charter-settings", "", "/people", "/charter", "/mandate", "/powers", "/proposals", "/proposals/P2", "/representation",
	"/commitments", "/todo", "/worklist", "/approaches", "/priorities", "/actions", "/departures", "/notices", "/practices/P91018", "/questions", "/agenda",
	"/people/pm-b/remains", "/evidence/P1", "/powers/evidence", "/check/evidence?person=cd-west&forum=locality-board&matter=access",
	"/log/checkpoint", "/log/vkey", "/log/consistency?from=1", "/log/tile/0/000.p/1", "/log/witnesses", "/events/0/proof", "/check?person=cd-west&forum=locality-board&matter=access", "/audit", "/events", "/events/0", "/feed", "/tokens", "/invitations",
	"/practices/P91018/feed.atom", "/calendar.ics", "/calendar.ics?person=pm-b", "/agenda/2026-01-10/minutes.md", "/agenda/2026-01-10/minutes.docx", "/agenda/2026-01-10/minutes.pdf", "/agenda/2026-01-10/papers.pdf", "/documents", "/documents/none", "/feed-keys", "/mail", "/what-if?organisation=P91018", "/scheme", "/search?words=extended", "/records", "/ways", "/schedule", "/mandates/letters.pdf",
	"/registers/decisions", "/registers/powers", "/registers/representatives", "/registers/interests", "/registers/actions", "/registers/approaches", "/registers/mandates", "/registers/departures",
}

const matrixDay = "2026-01-10"

// foundMatrix founds a group with everybody in whoActs.
func foundMatrix(t testing.TB) *world { return foundShowing(t, "released", "audit", "commitments") }

// foundKeeping is that group where the charter keeps these to members, and shows an invited
// system body the rest.
func foundKeeping(t testing.TB, kept ...string) *world { return foundShowing(t, "work", kept...) }

// foundShowing is that group where an invited system body sees so much.
func foundShowing(t testing.TB, sight domain.Sight, kept ...string) *world {
	w := openWorld(t, t.TempDir(), "2026-01-05")
	found := strings.NewReplacer(
		`"name":"Trafford GP Board"`, `"name":"Trafford General Practice Board"`, // the other is an example in the documentation
		`"membersOnly":["audit"],"systemSees":"work"`, `"membersOnly":["`+strings.Join(kept, `","`)+`"],"systemSees":"`+string(sight)+`"`,
		`{"handle":"manager"`, `{"handle":"cd-west","office":"Lead GP","organisation":"P91021"},
 {"handle":"deputy-north","office":"Deputy, North"},{"handle":"deputy-past","office":"Deputy until lately, North","organisation":"P91018"},
 {"handle":"gp-a","office":"Partner, A Surgery","organisation":"P91018"},{"handle":"pm-b","office":"Practice Manager, B Surgery","organisation":"P91020"},
 {"handle":"chair","office":"Chair"},{"handle":"registrar","office":"Registrar"},{"handle":"gatekeeper","office":"Gatekeeper"},
 {"handle":"trust-director","office":"Director, Hospital Trust","organisation":"TRUST"},
 {"handle":"left","office":"Partner until lately, A Surgery","organisation":"P91018"},{"handle":"erased","office":"Partner, C Surgery","organisation":"P91021"},
 {"handle":"manager"`,
		`"office":"Manager","organisation":"LMC"`, `"office":"Manager"`,
		`{"duty":"manager","person":"manager"`, `{"duty":"manager","employer":"QOP","person":"manager"`,
		`{"duty":"chair","person":"lmc-chair"`, `{"duty":"chair","person":"chair"`,
		`{"duty":"registrar","person":"manager"`, `{"duty":"gatekeeper","person":"gatekeeper","from":"2026-01-05"},{"duty":"registrar","person":"registrar"`,
		`{"code":"LMC"`, `{"code":"TRUST","kind":"system-body","name":"Hospital Trust"},
 {"code":"P91021","kind":"practice","name":"C Surgery","memberships":[{"in":"TRAFFORD","from":"2020-01-01"},{"in":"U42898","from":"2020-01-01"}]},{"code":"LMC"`,
	).Replace(foundBody)
	w.must(201, w.command("operator", "found", found))
	w.giveTokens("cd-north", "cd-south", "cd-west", "lmc-chair", "deputy-north", "deputy-past", "gp-a", "manager", "chair", "registrar", "gatekeeper", "pm-b", "icb-director", "trust-director", "left", "erased")
	w.must(201, w.command("registrar", "erase-person", idsOf(w).Replace(`{"person":"{erased}"}`)))
	return w.records(`
		registrar: leave-office {"person":"left","until":"2026-01-09"}
		registrar: record-spokesperson {"organisation":"P91018","person":"gp-a","evidence":"A minute."}
		registrar: name-holder {"seat":"U66368","person":"deputy-north","role":"deputy","evidence":"A letter."}
		registrar: name-holder {"seat":"U66368","person":"deputy-past","role":"deputy","until":"2026-01-09","evidence":"A letter."}
		manager: invite {"organisation":"QOP"}
		manager: register-forum {"forum":"locality-board","name":"Trafford Locality Board","body":"QOP"}
		registrar: grant-mandate {"organisation":"P91020","evidence":"A minute.","from":"2026-01-01","until":"2026-12-31"}
		registrar: grant-mandate {"organisation":"P91021","evidence":"A minute.","from":"2026-01-01","until":"2026-12-31"}
		cd-south: consent-to-charter {}
		lmc-chair: consent-to-charter {}`)
}

// establishMatrix goes on until there is something for every command to act on.
func establishMatrix(w *world) {
	w.records(`
		cd-north: consent-to-charter {}
		cd-south: raise-proposal {"title":"Who does what","text":"An executive.","matter":"access","instruments":[{"formExecutive":{"members":["chair","cd-south"],"from":"2026-01-05","until":"2026-12-31"}}, \
			{"grantDelegation":{"to":"executive","powers":[{"matter":"access","may":["decide"]}],"until":"2026-12-31","review":"2026-06-30"}}, \
			{"appoint":{"person":"cd-west","forum":"locality-board","capacity":"group","until":"2026-12-31","review":"2026-07-31","lines":[{"matter":"access","stance":"discretion"}]}}]}
		cd-north: consent {"proposal":"P1","version":1,"needNotWait":true}
		cd-south: consent {"proposal":"P1","version":1,"needNotWait":true}
		lmc-chair: consent {"proposal":"P1","version":1,"needNotWait":true}
		cd-north: raise-proposal {"title":"Open","text":"Open.","matter":"access"}
		cd-north: object {"proposal":"P2","version":1,"grade":"concern","why":"Too soon.","wouldResolve":"Time."}
		manager: report-position {"proposal":"P2","version":1,"seat":"U66368","stand":"consent","from":"cd-north","how":"By telephone."}
		cd-north: raise-proposal {"title":"Draft","text":"Draft.","matter":"access","draft":true}
		cd-north: raise-proposal {"title":"Money","text":"Money.","matter":"access","instruments":[{"grantDelegation":{"to":"executive","payer":"P91018","powers":[{"matter":"workforce","may":["commit"],"itemLimitPence":100}],"until":"2026-12-31","review":"2026-06-30"}}]}
		cd-south: raise-proposal {"title":"Blocked","text":"Blocked.","matter":"access"}
		lmc-chair: object {"proposal":"P5","version":1,"grade":"block","why":"Too soon.","wouldResolve":"Time."}
		chair: name-facilitator {"proposal":"P5","person":"gatekeeper"}
		cd-south: ask-put-off {"proposal":"P5","closes":"2026-03-31"}
		chair: record-exercise {"delegation":"D1","matter":"access","what":"A poster.","acting":["chair","cd-south"],"consulted":[{"body":"U66368","on":"2026-01-05","how":"By telephone."}]}
		cd-south: record-exercise {"delegation":"D1","matter":"access","what":"A banner.","acting":["chair","cd-south"]}
		manager: schedule-meeting {"forum":"locality-board","on":"2026-01-10"}
		manager: schedule-meeting {"forum":"locality-board","on":"2026-01-05"}
		manager: record-commitment {"person":"cd-west","forum":"locality-board","meeting":"2026-01-05","matter":"access","words":"We welcome it.","given":"view"}
		cd-west: declare-interest {"kind":"money","matters":["workforce"],"words":"We are paid for it."}
		gatekeeper: record-approach {"from":"QOP","what":"Weekends?"}
		manager: record-approach {"from":"QOP","what":"Sundays?"}
		gatekeeper: record-approach {"from":"QOP","what":"Nights?"}
		gatekeeper: dispose-of-approach {"approach":"A1","disposition":"message"}
		manager: list-priority {"title":"Access","kind":"influence","meaning":"Less waiting."}
		manager: ask-practices {"priorities":["Y1"],"by":"2026-02-01"}
		registrar: record-spokesperson {"organisation":"P91018","person":"cd-west","evidence":"A letter."}
		registrar: depart {"organisation":"P91018","agreement":"P1","reason":"Not for us.","evidence":"A letter."}
		gp-a: ask-group {"practice":"P91018","words":"Why?"}
		manager: set-agenda {"on":"2026-01-05","items":[{"title":"Nights"}]}
		manager: set-agenda {"on":"2026-01-10","items":[{"title":"Weekends"}]}
		manager: record-group-meeting {"on":"2026-01-05","present":["cd-north"],"actions":[{"what":"A leaflet.","owner":"cd-north","supporter":"manager"}]}`)
	w.answeredLetter("registrar", "P91018")
	_, err := w.store.AwaitSigned(context.Background(), "trafford", w.store.Next("trafford"))
	require.NoError(w.t, err)
}

// answeredLetter has the registrar write a letter to the practice, which is answered yes.
func (w *world) answeredLetter(registrar, practice string) {
	w.t.Helper()
	way := domain.WayOf(domain.LetterWay, sha256.Sum256([]byte(practice)))
	send := func(by domain.Way, command domain.Command) {
		_, err := w.store.Execute(context.Background(), domain.Request{Group: "trafford", ID: uuid.New(), Hash: domain.HashOf(command), Actor: registrar, Way: by, Command: command})
		require.NoError(w.t, err)
	}
	today := w.server.ledgers.Today()
	send("", &domain.WriteLetters{Letters: []domain.NewLetter{{Organisation: practice, Way: way}}, Until: today.Add(30)})
	send(way, &domain.AnswerLetter{Says: domain.SaidYes, Until: today.Add(300), Office: "Partner", Evidence: "A minute."})
}

// records has each line recorded: who, a colon, a command, its body.
func (w *world) records(script string) *world {
	w.t.Helper()
	for line := range strings.Lines(strings.ReplaceAll(strings.TrimSpace(script), "\\\n", "")) {
		who, rest, _ := strings.Cut(strings.TrimSpace(line), ": ")
		name, body, _ := strings.Cut(rest, " ")
		w.must(201, w.command(who, name, body))
	}
	return w
}

// TestPermissions asks and acts as everybody, in both states of the group, and
// compares what comes of it with the matrix that was read against the rules.
// Whatever is recorded is recorded in a copy that is thrown away.
func TestPermissions(t *testing.T) {
	if testing.Short() {
		t.Skip("it is long")
	}
	states := []string{"forming", "established"}
	tables := make([]string, len(states))
	t.Run("ask", func(t *testing.T) {
		for i, state := range states {
			t.Run(state, func(t *testing.T) {
				t.Parallel()
				w := foundMatrix(t)
				if state == "established" {
					establishMatrix(w)
				}
				tables[i] = "\n" + strings.ToUpper(state[:1]) + state[1:] + "\n\n" + matrixOf(w)
			})
		}
	})
	got := matrixHeading + strings.Join(tables, "")
	const file = "testdata/permissions.txt"
	if *rewrite {
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), got, "who may do what has changed: go test ./api -run Permissions -rewrite, and read the difference against domain/RULES.md")
}

const matrixHeading = `Who may do what. Each cell was asked over HTTP; go test ./api -run Permissions -rewrite writes this file.

  yes      done, or shown
  F5       not for this person, by that rule (403); "no": by none, since it is about this server
  (F1)     for this person, but not as things stand (409)
  hidden   the group, or the thing, does not exist for this person (404)
  sign in  nobody is told anything (401), or is sent to where people sign in

The rows are: commands and what else is sent; questions in JSON, feeds and files; every page and all else that is registered, by its
pattern; the check over NATS. The command line asks the same questions: a test in cmd/goldenthread holds each against a row.


holder: of the seat of North. deputy: in date, for North. past deputy: until yesterday, and from a practice. spokes: speaks for practice A.
manager: employed by the ICB. keeper: the registrar. practice: from practice B. system: an officer of the ICB, which is invited. uninvited: from a trust, which is not.
left: left their office at practice A yesterday. erased: their name is erased, and their token is still there. other group: of another group. operator: of this server.
The charter keeps the audit trail and commitments to members.
`

func matrixOf(w *world) string {
	w.on(matrixDay)
	ids := idsOf(w)
	w.close()
	origin := w.tokens.Dir
	copied := func() *world {
		dir := filepath.Join(w.t.TempDir(), "copy")
		require.NoError(w.t, exec.Command("cp", "-r", origin, dir).Run())
		c := openWorld(w.t, dir, matrixDay)
		c.keys = w.keys
		return c
	}
	c, look := copied(), newLook(copied())
	defer look.w.close()
	var out strings.Builder
	table := tabwriter.NewWriter(&out, 11, 0, 2, ' ', 0)
	for _, who := range whoActs {
		fmt.Fprintf(table, "\t%s", who.title)
	}
	fmt.Fprintln(table)
	for _, act := range acts {
		fmt.Fprint(table, act.title())
		for _, who := range whoActs {
			next, now := c.store.Next("trafford"), c.view()
			r := c.send(c.request(who.handle, "POST", act.path(), ids.Replace(act.body)))
			cell := cellOf(w.t, act.name+" by "+who.title, r)
			fmt.Fprintf(table, "\t%s", cell)
			look.compare(now, &act, who.handle, ids.Replace(act.body), cell, c.store.Next("trafford") > next)
			if c.store.Next("trafford") == next {
				continue
			}
			require.Equal(w.t, 201, r.StatusCode, "%s by %s was refused, and recorded something", act.name, who.title)
			if !act.again {
				c.close()
				c.store, c.tokens, c.server, c.web, c.options = nil, nil, nil, nil, Options{} // there are hundreds, and what is to be cleaned up has each
				c = copied()
			}
		}
		fmt.Fprintln(table)
	}
	for _, question := range reads {
		fmt.Fprintf(table, "GET %s", strings.TrimPrefix(question, "/v1"))
		for _, who := range whoActs {
			path := question
			if !strings.HasPrefix(path, "/v1") {
				path = "/v1/groups/trafford" + path
			}
			fmt.Fprintf(table, "\t%s", cellOf(w.t, path+" by "+who.title, c.glance(who.handle, "GET", path)))
		}
		fmt.Fprintln(table)
	}
	c.server.guard.Writes, c.server.guard.SignIns = guard.NewLimits(rate.Inf, 1), guard.NewLimits(rate.Inf, 1)
	for _, pattern := range c.otherPatterns() {
		method, path, _ := strings.Cut(filled(pattern, "trafford")[0], " ")
		fmt.Fprint(table, pattern)
		for _, who := range whoActs {
			r := c.glance(who.handle, method, path)
			if method == "POST" && (r.StatusCode == 400 || r.StatusCode == 422) { // they may send it, and sent nothing
				r.StatusCode = 200
			}
			fmt.Fprintf(table, "\t%s", cellOf(w.t, path+" by "+who.title, r))
		}
		fmt.Fprintln(table)
	}
	c.natsRow(table)
	require.NoError(w.t, table.Flush())
	c.close()
	return out.String()
}

// signingIn is what is sent by people who sign in, or choose their mail, for themselves alone: it is about whoever
// holds the passkey, the code, the link of their letters or the session, and never about a group. What it refuses is
// tested where it is done.
var signingIn = regexp.MustCompile(`^POST /(sign-in|sign-out|invitation|letter|account|mail)`)

// settingUp is what is sent to AuthZEN, and by pages that set a server or a group up or bring lists: some
// of it sends commands, each of which has a row of its own.
var settingUp = regexp.MustCompile(`^POST (/operator|/first-run|/access/|/v1/nodes/|/g/\{group\}/(joining|lists)$)`)

// otherPatterns are all that can be read and has no row among the questions, and all of
// settingUp, in order.
func (w *world) otherPatterns() []string {
	var rows []string
	for _, pattern := range w.server.api.Mux.Patterns {
		if strings.HasPrefix(pattern, "GET ") && (!strings.HasPrefix(pattern, "GET /v1/") || pattern == "GET /v1/backup" || pattern == "GET /v1/doctor" || pattern == "GET /v1/nodes") || settingUp.MatchString(pattern) {
			rows = append(rows, pattern)
		}
	}
	slices.Sort(rows)
	return slices.Compact(rows)
}

// natsRow writes what the check answers over NATS.
func (w *world) natsRow(table io.Writer) {
	svc, err := w.server.Offer(w.store.Conn())
	require.NoError(w.t, err)
	defer svc.Stop()
	fmt.Fprint(table, "NATS goldenthread.check")
	for _, who := range whoActs {
		body := fmt.Sprintf(`{"group":"trafford","token":%q,"person":"cd-west","forum":"locality-board","matter":"access"}`, w.keys[who.handle])
		m, err := w.store.Conn().Request("goldenthread.check", []byte(body), 10*time.Second)
		require.NoError(w.t, err)
		status, err := strconv.Atoi(cmp.Or(m.Header.Get("Nats-Service-Error-Code"), "200"))
		require.NoError(w.t, err)
		fmt.Fprintf(table, "\t%s", cellOf(w.t, "NATS by "+who.title, reply{&http.Response{StatusCode: status}, m.Data, nil}))
	}
	fmt.Fprintln(table)
}

// A look is the group as nobody changes it: what May answers about it and what its
// pages offer.
type look struct {
	w     *world
	state *domain.View
	pages map[string]string // by who looks, and the page
}

func newLook(w *world) *look { return &look{w, w.view(), map[string]string{}} }

// view is the group as it is now.
func (w *world) view() *domain.View {
	g, err := w.server.ledgers.Groups.Now(context.Background(), "trafford", nil)
	require.NoError(w.t, err)
	return g.State()
}

// compare holds against each other what May answers of the group as it is now, what
// came of the command in JSON, and whether its page offers the form.
func (l *look) compare(now *domain.View, act *act, who, body, cell string, recorded bool) {
	command, ok := domain.NewCommand(act.name)
	if !ok {
		return // no command
	}
	require.NoError(l.w.t, json.Unmarshal([]byte(body), command))
	today, err := domain.ParseDay(matrixDay)
	require.NoError(l.w.t, err)
	form, hasForm := forms[act.name]
	offered := hasForm && l.offers(who, form.page, act.name, command)
	what := act.name + " by " + who
	_, refusal := now.May(who, command, today)
	if who == "" || who == "stranger" || who == "operator" {
		assert.NotNil(l.w.t, refusal, "%s: May lets in somebody who is nobody here", what)
		assert.False(l.w.t, offered, "%s: offered to somebody who is nobody here", what)
		return
	}
	if !serverKnows[act.name] && cell != "sign in" {
		assert.Contains(l.w.t, cellsOf(refusal, cell), cell, "%s: May says %v", what, refusal)
	}
	may := l.state.Allows(who, command, today)
	if !may {
		assert.False(l.w.t, offered, "%s: the page offers what May refuses", what)
	}
	if may && recorded && hasForm && form.fewer == "" {
		assert.True(l.w.t, offered, "%s: recorded, and the page does not offer it", what)
	}
}

// cellsOf are what can come of a command that May answers so.
func cellsOf(refusal *domain.Refusal, cell string) []string {
	switch {
	case refusal == nil && strings.HasPrefix(cell, "("), refusal != nil && refusal.Class == domain.Invalid:
		return []string{cell} // for its words, or how things stand
	case refusal == nil:
		return []string{"yes", "hidden"}
	case refusal.Class == domain.NotFound:
		return []string{"hidden"}
	case refusal.Class == domain.NotNow:
		return []string{"(" + refusal.Rule + ")"}
	}
	return []string{refusal.Rule}
}

// serverKnows are the commands of which the server knows more than the rules: only its
// operator founds, a passkey needs the device at hand, and a letter its code.
var serverKnows = map[string]bool{"found": true, "write-letters": true, "answer-letter": true, "register-passkey": true, "remove-passkey": true, "make-way-in": true, "begin-access": true}

var (
	formOnPage = regexp.MustCompile(`(?s)<form method="post".*?</form>`)
	hiddenIn   = regexp.MustCompile(`<input type="hidden" name="([a-zA-Z]+)" value="([^"]*)"`)
	chooser    = regexp.MustCompile(`(?s)<select [^>]*name="([a-zA-Z]+)"[^>]*>(.*?)</select>`)
	option     = regexp.MustCompile(`<option value="([^"]*)"`)
)

// offers says whether the page has a form for the command in which everything that the
// command names can be chosen.
func (l *look) offers(who, page, name string, command domain.Command) bool {
	return l.offered(who, page, name, command) != ""
}

// offered is that form; "" if there is none.
func (l *look) offered(who, page, name string, command domain.Command) string {
	html, seen := l.pages[who+page]
	if !seen {
		html = string(l.w.send(l.w.request(who, "GET", "/g/trafford"+page, "")).body)
		l.pages[who+page] = html
	}
	b, err := json.Marshal(command)
	require.NoError(l.w.t, err)
	var says map[string]any
	require.NoError(l.w.t, json.Unmarshal(b, &says))
	shown := formOnPage.FindAllString(html, -1)
	i := slices.IndexFunc(shown, func(form string) bool {
		choices := map[string][]string{}
		for _, in := range hiddenIn.FindAllStringSubmatch(form, -1) {
			choices[in[1]] = append(choices[in[1]], in[2])
		}
		for _, in := range chooser.FindAllStringSubmatch(form, -1) {
			for _, o := range option.FindAllStringSubmatch(in[2], -1) {
				choices[in[1]] = append(choices[in[1]], o[1])
			}
		}
		for field, value := range says {
			values, several := value.([]any)
			if !several {
				values = []any{value}
			}
			for _, value := range values {
				value, _ := value.(string)
				said := []string{value}
				if day, err := domain.ParseDay(value); err == nil {
					said = append(said, day.Words()) // as a form writes it
				}
				if value != "" && choices[field] != nil && !slices.ContainsFunc(said, func(s string) bool { return slices.Contains(choices[field], s) }) {
					return false
				}
			}
		}
		return slices.Equal(choices["command"], []string{name}) && (formIDs[name] == "" || slices.Contains(choices["form"], formIDs[name]))
	})
	if i < 0 {
		return ""
	}
	return shown[i]
}

// glance asks and takes only the beginning of an answer that has no end.
func (w *world) glance(person, method, path string) reply {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	req := w.request(person, method, path, "").WithContext(ctx)
	if method == "POST" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if strings.HasPrefix(path, "/access/") {
			req.Header.Set("Content-Type", "application/json")
		}
	}
	res, err := (&http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Do(req)
	require.NoError(w.t, err)
	defer res.Body.Close()
	b := make([]byte, 8192)
	n := 0
	if res.StatusCode >= 400 { // a page names its rule somewhere
		n, _ = io.ReadFull(res.Body, b)
	} else {
		n, _ = res.Body.Read(b)
	}
	return reply{res, b[:n], req}
}

// idsOf puts ids in place of {handle}.
func idsOf(w *world) *strings.Replacer {
	var pairs []string
	for _, p := range w.must(200, w.ask("manager", "/people")).json(w.t)["people"].([]any) {
		p := p.(map[string]any)
		pairs = append(pairs, "{"+p["handle"].(string)+"}", p["id"].(string))
	}
	return strings.NewReplacer(pairs...)
}

var ruleOnPage = regexp.MustCompile(`Read rule ([A-Z][0-9]+)</a>`)

func cellOf(t testing.TB, what string, r reply) string {
	switch r.StatusCode {
	case 200, 201:
		return "yes"
	case 302, 303:
		if strings.HasPrefix(r.Header.Get("Location"), "/sign-in") {
			return "sign in"
		}
		return "yes"
	case 401:
		return "sign in"
	case 403:
		if rule := ruleOnPage.FindSubmatch(r.body); rule != nil {
			return string(rule[1])
		}
		if rule, ok := r.json(t)["rule"].(string); ok {
			return rule
		}
		return "no"
	case 404:
		return "hidden"
	case 409:
		return "(" + r.json(t)["rule"].(string) + ")"
	}
	t.Errorf("%s: %d %s", what, r.StatusCode, r.body)
	return fmt.Sprint(r.StatusCode)
}

// TestMatrixIsWhole fails for a command or a question without a row.
func TestMatrixIsWhole(t *testing.T) {
	rows := map[string]bool{}
	for _, a := range acts {
		rows[strings.NewReplacer("/trafford/", "/{group}/", "/none/", "/{id}/", "/pm-b/", "/{person}/").Replace(a.path())] = true
	}
	for _, q := range reads {
		q, _, _ = strings.Cut(q, "?")
		if !strings.HasPrefix(q, "/v1") {
			q = "/v1/groups/{group}" + q
		}
		rows[strings.NewReplacer("/proposals/P2", "/proposals/{number}", "/events/0", "/events/{index}", "/P91018", "/{ods}", "/pm-b/", "/{person}/", "/P1", "/{ref}", "/0/000.p/1", "/{tile...}",
			"/2026-01-10/", "/{date}/", "/documents/none", "/documents/{sha256}").Replace(q)] = true
	}
	for _, k := range domain.Commands {
		require.True(t, rows["/v1/groups/{group}/commands/"+k.Name], "%s has no row in the permission matrix", k.Name)
	}
	w := newWorld(t)
	sent, others := regexp.MustCompile(`^POST /g/\{group\}`), w.otherPatterns()
	for _, pattern := range w.server.api.Mux.Patterns {
		_, path, _ := strings.Cut(pattern, " ")
		switch {
		case rows[path], slices.Contains(others, pattern), signingIn.MatchString(pattern):
		case sent.MatchString(pattern): // forms, which send commands
			_, ok := pages.Forms()[sent.ReplaceAllString(pattern, "")]
			require.True(t, ok, "%s sends no command", pattern)
		default:
			t.Errorf("%s has no row in the permission matrix", pattern)
		}
	}
}
