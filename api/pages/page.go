package pages

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"

	"goldenthread/api/access"
	"goldenthread/api/caller"
	"goldenthread/api/guard"
	"goldenthread/api/problem"
	"goldenthread/api/web"
	"goldenthread/domain"
)

// Pages: each is a question about a group, answered in HTML. Its forms send
// commands by the very path that JSON takes, so no page can break a rule. When
// one is refused the page is shown again as it was filled in.

const (
	pageType = "text/html; charset=utf-8"
	amending = "/amend" // below a proposal
)

// A page is one address below a group's.
type page struct {
	path    string   // below /g/{group}
	things  []string // it shows, of what the charter can keep to members
	body    func(*asked) (web.Body, error)
	outside func(*asked) (web.Body, error)       // instead, for those who may not see the things
	sends   []string                             // commands, by name
	takes   func(*Pages, *page) http.HandlerFunc // takes what is sent to it, where that is more than forms; nil: send does
	work    *partOfWork                          // what the page of the work says of it; nil: it is not part of that
}

// What was sent to a page; nothing where it was only asked for.
type sent struct {
	form   url.Values  // nil: no form was
	notice string      // said above the page; "": nothing is
	filled *web.Filled // the form, if it was refused
	check  *checked    // the form, if what would follow is to be shown before it is recorded
}

// today says whether the page is about today, as known now: only then it has forms.
func (a *looking) today() bool { return a.Live && a.At == a.server.ledgers.Today() }

// seats are those that the person may act for today, to choose from.
func (a *looking) seats() []web.Option {
	var seats []web.Option
	if a.me == nil || !a.today() {
		return nil
	}
	for _, s := range a.me.Seats {
		seats = append(seats, web.Option{Value: s.Seat.Code, Words: s.Seat.Name})
	}
	return seats
}

// may says whether whoever looks may give the command, which names what it is about;
// a page offers the form just then.
func (a *looking) may(c domain.Command) bool {
	return a.me != nil && a.today() && a.State().Allows(a.me.ID, c, a.At)
}

// evidence says whether whoever looks may give the command, if they name evidence.
func (a *looking) evidence(c domain.Command) bool {
	if a.me == nil || !a.today() {
		return false
	}
	yes, refusal := a.State().May(a.me.ID, c, a.At)
	return refusal == nil && yes.Evidence
}

// sees says whether the person may see the things today.
func (a *looking) sees(things []string) bool {
	return a.server.ledgers.MaySee(a.Group, a.Caller, things) == nil
}

// Patterns are the pages, and what they load, by pattern.
func (s *Pages) Patterns() map[string]http.HandlerFunc {
	all := map[string]http.HandlerFunc{
		"GET /assets/{name}":          web.ServeAsset,
		"GET /worker.js":              serveWorker,
		"GET /{$}":                    s.front,
		"GET /g/{group}/audit":        s.auditPage,
		"GET /g/{group}/audit.csv":    s.auditCSV,
		"GET /g/{group}/audit.jsonl":  s.auditLines,
		"GET /g/{group}/lists/{name}": s.listTemplate,

		"GET /g/{group}/offline/answers": s.offlineAnswers,
	}
	maps.Copy(all, s.rulePages())
	maps.Copy(all, s.docsPages())
	maps.Copy(all, s.aboutPages())
	for _, p := range groupsPages() {
		all["GET /g/{group}"+p.path] = s.show(p)
		switch {
		case p.takes != nil:
			all["POST /g/{group}"+p.path] = p.takes(s, p)
		case p.sends != nil:
			all["POST /g/{group}"+p.path] = s.send(p)
		}
	}
	all["GET /g/{group}/registers/{register}"] = s.registerOf
	return all
}

func (s *Pages) offerPages() {
	for pattern, page := range s.Patterns() {
		s.api.Mux.HandleFunc(pattern, page)
	}
}

// Forms are the commands that the forms of a group's pages send, by the page's path below the group's.
func Forms() map[string][]string {
	forms := map[string][]string{}
	for _, p := range groupsPages() {
		forms[p.path] = p.sends
	}
	return forms
}

// groupsPages are all of a group's pages.
func groupsPages() []*page {
	return []*page{
		{path: "", things: access.Worklist, body: home, outside: outsideHome},
		{path: "/todo", things: access.Worklist, body: todoPage},
		{path: "/check", things: access.Checks, body: checkPage},
		{path: "/proposals", things: access.Proposals, body: proposalsPage},
		{path: "/proposals/new", things: access.Proposals, body: raisePage, sends: []string{"raise-proposal"}},
		{path: "/proposals/{number}", things: access.Proposals, body: proposalPage, sends: []string{"consent", "stand-aside", "object", "resolve-objection", "confirm-position", "agree-to-pay", "put-proposal", "withdraw-proposal", "offer-words", "name-facilitator", "record-conversation", "ask-put-off", "agree-put-off", "report-position"}},
		{path: "/proposals/{number}" + amending, things: access.Proposals, body: amendPage, sends: []string{"amend-proposal"}},
		{path: "/powers", things: access.Powers, body: powersPage, sends: []string{"record-exercise", "confirm-record", "refuse-record", "call-in", "tell-exercise", "deny-consultation", "suspend", "give-feedback"}},
		{path: "/scheme", things: access.Checks, body: schemePage},
		{path: "/mandate", things: access.Followers, body: mandatePage, sends: []string{"ask-mandate", "grant-mandate", "withdraw-mandate"}},
		{path: "/mandates", things: access.Worklist, body: allMandatesPage, sends: []string{"record-together", "record-answers"}},
		{path: "/mandates/letters", things: access.Worklist, body: lettersPage},
		{path: "/representation", things: access.Meetings, body: representationPage, sends: []string{"suspend", "give-feedback", "schedule-meeting", "register-forum", "declare-interest", "renew-interest", "end-interest", "declare-employer"}},
		{path: "/meetings/{forum}/{day}", things: access.Meetings, body: meetingPage, sends: []string{"record-commitment", "confirm-record", "refuse-record", "move-meeting", "cancel-meeting", "brief-meeting", "report-meeting"}},
		{path: "/card", things: access.Checks, body: cardPage},
		{path: "/offline", things: access.Checks, body: offlinePage},
		{path: "/worklist", things: access.Worklist, body: workListPage, takes: (*Pages).remind,
			work: &partOfWork{"Work list", "What is due, overdue or paused.", (*asked).dueWaits}},
		{path: "/waiting", things: access.Worklist, body: waitingPage, sends: []string{"confirm-record", "refuse-record"},
			work: &partOfWork{"Is this right?", "What somebody recorded about another organisation, to be confirmed.", (*asked).recordsWait}},
		{path: "/agenda", things: access.Agenda, body: agendaPage, sends: []string{"set-agenda"},
			work: &partOfWork{"Our own meetings", "Agendas, minutes, and who came.", (*asked).meetingWaits}},
		{path: "/agenda/{day}", things: access.Agenda, body: ownMeetingPage, sends: []string{"minute-item", "record-group-meeting", "approve-minutes", "set-agenda"}},
		{path: "/agenda/{day}/screen", things: access.Agenda, body: screenPage},
		{path: "/agenda/{day}/papers", things: access.Everything, body: papersPage},
		{path: "/agenda/{day}/minutes", things: access.Everything, body: minutesPage, sends: []string{"word-minutes"}},
		{path: "/approaches", things: access.Approaches, body: approachesPage, sends: []string{"record-approach", "redirect-approach", "dispose-of-approach", "answer-approach", "link-approaches", "report-side-conversation"},
			work: &partOfWork{"Approaches", "What the system asked, and the one answer it gets.", (*asked).approachesWait}},
		{path: "/priorities", things: access.Priorities, body: prioritiesPage, sends: []string{"list-priority", "ask-practices", "answer-priorities"},
			work: &partOfWork{"Priorities", "What we ourselves want to get done.", (*asked).roundWaits}},
		{path: "/actions", things: access.Actions, body: actionsPage, sends: []string{"progress-action", "end-action"},
			work: &partOfWork{"Actions", "What is to be done, by whom.", (*asked).actionsWait}},
		{path: "/commitments", things: access.Commitments, body: commitmentsPage, sends: []string{"give-feedback", "confirm-record", "refuse-record"},
			work: &partOfWork{"What was said in our name", "In system meetings.", (*asked).wordWaits}},
		{path: "/notices", things: access.Notices, body: noticesPage, sends: []string{"communicate", "acknowledge"},
			work: &partOfWork{"What the practices were told", "Each notice, and which practices have seen it.", (*asked).noticesWait}},
		{path: "/questions", things: access.Questions, body: questionsPage, sends: []string{"answer-question"},
			work: &partOfWork{"What practices asked", "And what they were answered.", (*asked).questionsWait}},
		{path: "/departures", things: access.Departures, body: departuresPage, sends: []string{"depart", "answer-departure", "resolve-departure"},
			work: &partOfWork{"Departures", "Who goes its own way, and who keeps to each agreement.", (*asked).departuresAway}},
		{path: "/practices/{ods}", things: access.Notices, body: practicePage, sends: []string{"grant-mandate", "withdraw-mandate", "acknowledge", "ask-group", "depart"}},
		{path: "/work", things: access.Questions, body: workPage},
		{path: "/register", things: access.Followers, body: registerPage, sends: []string{"name-holder", "leave-seat", "invite", "record-spokesperson", "end-spokesperson"}},
		{path: "/people/{person}/leaving", things: access.Followers, body: leavingPage, sends: []string{"leave-office", "record-together"}},
		{path: "/people/{person}/erasure", things: access.Followers, body: erasingPage, sends: []string{"erase-person"}},
		{path: "/changes", things: access.Followers, body: changesPage, sends: []string{"merge-organisation", "split-organisation", "change-contract-holder", "import-organisations"}},
		{path: "/people", things: access.Followers, body: peoplePage, sends: []string{"register-person", "update-person", "leave-office"}},
		{path: "/lists", things: access.Followers, body: listsPage, takes: (*Pages).bringList},
		{path: "/events/{index}", things: access.Everything, body: eventPage, sends: []string{"correct"}},
		{path: "/documents", things: access.Everything, body: documentsPage, sends: []string{"attach-document"}, takes: (*Pages).bringDocument},
		{path: "/search", things: access.Followers, body: searchPage},
		{path: "/registers", things: access.Followers, body: registersPage},
		{path: "/charter", things: access.Followers, body: charterPage, sends: []string{"consent-to-charter"}},
		{path: "/proof", things: access.Everything, body: proofPage},
	}
}

func serveWorker(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	w.Write(web.Worker())
}

// Fail answers that a request was not done: to people in a page, to programs in
// a problem.
func (s *Pages) Fail(w http.ResponseWriter, r *http.Request, p *problem.Problem) {
	s.fail(w, r, p, web.Problem{})
}

// fail answers people as Fail does, with what the page keeps of a form.
func (s *Pages) fail(w http.ResponseWriter, r *http.Request, p *problem.Problem, body web.Problem) {
	if guard.IsPage(r.URL.Path) { // other addresses can hold an invitation's code
		caller.LogRefused(r.Context(), s.log, domain.Clip(r.URL.Path), p)
	}
	if !guard.IsPage(r.URL.Path) && !guard.IsOperatorPage(r.URL.Path) && !ofRules(r.URL.Path) && !strings.HasPrefix(r.URL.Path, web.DocsAt+"/") {
		p.Write(w)
		return
	}
	body.Heading, body.Say, body.Rule = p.Title, p.Detail, p.Rule
	switch p.Status {
	case http.StatusUnauthorized:
		body = web.Problem{Heading: "Sign in to continue", Say: "You need to sign in to see this page.", SignIn: "/sign-in?next=" + url.QueryEscape(r.URL.RequestURI())}
	case http.StatusNotFound:
		body.Heading, body.Say = "Page not found", "Check the address, or start again from the home page."
	case http.StatusInternalServerError:
		body = web.Problem{Heading: "Sorry, there is a problem with the service", Say: "Nothing that was recorded is lost. Please try again later, and tell whoever runs this server: " + p.Detail + "."}
	}
	if keeps(r, p) {
		body.Draft, body.Next = draftOf(w, r), r.URL.RequestURI()
	}
	if group, name, ok := s.groupOf(r); ok {
		body.Group, body.Name = group, name
	}
	page := web.Page{Frame: web.Frame{SignedIn: signedIn(r), Example: s.Example}, Body: body}
	b, err := page.Render()
	if err != nil {
		s.log.ErrorContext(r.Context(), "a problem could not be shown", "error", err)
		p.Write(w)
		return
	}
	for _, name := range []string{"Allow", "Retry-After"} {
		if v := p.GetHeaders().Get(name); v != "" {
			w.Header().Set(name, v)
		}
	}
	writePage(w, r, p.Status, b)
}

// groupOf is the group in which the page lies, to lead back to, if the caller
// may follow its work.
func (s *Pages) groupOf(r *http.Request) (group, name string, ok bool) {
	rest, ok := strings.CutPrefix(r.URL.Path, guard.GroupPages)
	group, _, _ = strings.Cut(rest, "/")
	c, err := caller.Of(r.Context())
	if !ok || err != nil || !s.ledgers.Belongs(c, group) {
		return "", "", false
	}
	g, err := s.ledgers.Seen(r.Context(), c, group, nil, access.Followers)
	if err != nil {
		return "", "", false
	}
	return group, g.State().Name, true
}

func writePage(w http.ResponseWriter, r *http.Request, status int, b []byte) {
	h := w.Header()
	h.Set("Content-Type", pageType)
	h.Set("Referrer-Policy", "same-origin")
	h.Add("Vary", "Accept-Encoding")
	if web.TakesGzip(r) {
		h.Set("Content-Encoding", "gzip")
		b = web.Zip(b)
	}
	w.WriteHeader(status)
	w.Write(b)
}

// ownPage is where somebody of a group begins: who is there for a practice alone on its
// page, everybody else on the group's.
func (s *Pages) ownPage(ctx context.Context, c *caller.Caller) string {
	home := guard.GroupPages + url.PathEscape(c.Group)
	g, err := s.groups.Now(ctx, c.Group, nil)
	if err != nil {
		return home
	}
	if practice := g.State().OnlyFor(c.Person, s.ledgers.Today()); practice != "" {
		return home + "/practices/" + url.PathEscape(practice)
	}
	return home
}

// front leads to the caller's own page; the operator sees all groups.
func (s *Pages) front(w http.ResponseWriter, r *http.Request) {
	c, err := caller.Of(r.Context())
	if err == nil && c.Group != "" {
		http.Redirect(w, r, s.ownPage(r.Context(), &c), http.StatusSeeOther)
		return
	}
	if err == nil && c.Operator && c.Session != "" {
		http.Redirect(w, r, "/operator", http.StatusSeeOther)
		return
	}
	var body web.Front
	for _, name := range s.store.Groups() {
		if g, err := s.groups.Now(r.Context(), name, nil); err == nil { // one that can't be read is left out
			body.Groups = append(body.Groups, web.Option{Value: name, Words: g.State().Name})
		}
	}
	b, err := (&web.Page{Frame: web.Frame{SignedIn: signedIn(r), Example: s.Example}, Body: body}).Render()
	if err != nil {
		s.Fail(w, r, problem.Of(r.Context(), s.log, err))
		return
	}
	writePage(w, r, http.StatusOK, b)
}

// show answers with the page.
func (s *Pages) show(p *page) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		b, status, err := s.draw(r, p, sent{})
		var moved *elsewhere
		if errors.As(err, &moved) {
			http.Redirect(w, r, (&url.URL{Path: moved.path, RawQuery: r.URL.RawQuery}).String(), http.StatusFound)
			return
		}
		if err != nil {
			s.Fail(w, r, problem.Of(r.Context(), s.log, err))
			return
		}
		writePage(w, r, status, b)
	}
}

// elsewhere says that what the page is about has another address now.
type elsewhere struct{ path string }

func (e *elsewhere) Error() string { return "this page is now at " + e.path }

// draw renders the page. The form, where one was sent, is as it was filled in.
func (s *Pages) draw(r *http.Request, p *page, in sent) (b []byte, status int, err error) {
	asks := r.URL.Query()
	t := &access.Terms{Group: r.PathValue("group"), At: asks.Get("at"), Known: asks.Get("known"), AtLeast: asks.Get("atLeast")}
	q, err := s.ledgers.See(r.Context(), t, p.things)
	bodyOf := p.body
	var refused *domain.Refusal
	if p.outside != nil && errors.As(err, &refused) && refused.Rule == "F3" {
		q, err = s.ledgers.See(r.Context(), t, access.Followers)
		bodyOf = p.outside
	}
	if err != nil {
		return nil, 0, err
	}
	done, err := s.ledgers.Turn(r.Context(), q, p.path)
	if err != nil {
		return nil, 0, err
	}
	defer done()
	a := s.asked(q, r)
	a.sent = in
	if p.work != nil {
		a.section = "work"
	}
	body, err := bodyOf(a)
	if err != nil {
		return nil, 0, err
	}
	status = http.StatusOK
	var unsent []web.Entered
	if in.form != nil && in.check == nil {
		unsent = a.unsent(p, body)
	}
	if in.check != nil {
		body, a.filled = a.checking(body), nil
	} else if in.form != nil && a.filled != nil {
		status = http.StatusUnprocessableEntity
	}
	page := web.Page{Frame: a.frame(t), Body: body, Filled: a.filled, Unsent: unsent, Sheets: a.sheets}
	b, err = page.Render()
	return b, status, err
}

// frame is what all of the group's pages share.
func (a *asked) frame(t *access.Terms) web.Frame {
	state, asks := a.State(), a.r.URL.Query()
	f := web.Frame{
		Example: a.server.Example, Origin: a.Origin(), Sent: a.form != nil, Notice: a.notice, Until: a.Caller.Until, Left: a.Caller.Left, Group: t.Group, Name: state.Name, ShortName: state.ShortName, Me: a.me, SignedIn: a.Caller.Session != "", NewKeys: a.Caller.News, At: a.At, Known: a.Known, Today: a.server.ledgers.Today(), Live: a.Live, Next: state.Next,
		Within: a.section, Attached: map[string]int{}, Path: strings.Trim(strings.TrimPrefix(a.r.URL.Path, guard.GroupPages+t.Group), "/"), Key: uuid.NewString(), Proves: a.sees(access.Everything), Raises: a.may(&domain.RaiseProposal{}),
	}
	if a.form == nil { // the address can say what was recorded before
		f.Recorded = web.RecordedWords(asks.Get("recorded"), t.AtLeast)
	}
	for _, d := range state.Documents {
		if d.On <= a.At {
			f.Attached[d.About]++
		}
	}
	if a.At != f.Today {
		f.AskedAt = t.At
	}
	if !a.Live {
		f.AskedKnow = t.Known
	}
	for _, name := range []string{"at", "known", "atLeast", "recorded"} {
		asks.Del(name)
	}
	f.Query = asks
	return f
}

// send has the command of a form recorded and shows what became of it.
func (s *Pages) send(p *page) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if _, err := s.ledgers.CallerIn(r.Context(), r.PathValue("group")); err != nil { // before anything of the form is read
			s.Fail(w, r, problem.Of(r.Context(), s.log, err))
			return
		}
		form, refused := readForm(w, r)
		if refused != nil {
			s.Fail(w, r, refused)
			return
		}
		in := sent{form: form}
		if form.Has(web.DraftField) {
			if in.form, refused = returned(form.Get(web.DraftField)); refused != nil {
				s.Fail(w, r, refused)
				return
			}
			form, in.notice = in.form, signedInAgain
		}
		if other := s.byAnother(r, form); other != "" {
			in = sent{notice: other}
		}
		if in.form == nil || form.Has("then") {
			s.step(w, r, p, in)
			return
		}
		name := form.Get("command")
		if !slices.Contains(p.sends, name) {
			s.Fail(w, r, problem.New(http.StatusUnprocessableEntity, "This form is not known here, so nothing was recorded."))
			return
		}
		f := &filling{values: maps.Clone(form), path: r.PathValue}
		d, err := drafted(r, name, f)
		var out *access.RecordedOutput
		var check *checked
		if err == nil {
			out, check, err = s.recordChecked(r.Context(), d)
		}
		switch {
		case err != nil:
			s.refuse(w, r, p, form, f, err)
		case check != nil:
			s.showCheck(w, r, p, form, check)
		case out.Body.Erased != nil && s.isOwn(r, d.command):
			s.farewell(w, r)
		default:
			http.Redirect(w, r, afterwards(r, name, out), http.StatusSeeOther)
		}
	}
}

// afterwards is where whoever sent a form goes on: to what was made, or to the
// page again, which then knows of it.
func afterwards(r *http.Request, name string, out *access.RecordedOutput) string {
	to, fragment, query := strings.TrimSuffix(r.URL.Path, amending), "", url.Values{}                                              // from there back to the proposal
	if refs := out.Body.Refs; len(refs) > 0 && name != "confirm-record" && name != "record-together" && name != "record-answers" { // which others recorded, or are many: there may be more to do here
		place, part, _ := strings.Cut(web.PlaceOf(refs[0]), "#")
		place, asked, _ := strings.Cut(place, "?")
		if place != "" {
			query, _ = url.ParseQuery(asked) // written by PlaceOf
			to, fragment = guard.GroupPages+url.PathEscape(r.PathValue("group"))+"/"+place, part
		}
	}
	query.Set("recorded", name)
	query.Set("atLeast", fmt.Sprint(out.Body.Index))
	if about := r.URL.Query().Get("about"); about != "" && to == r.URL.Path {
		query.Set("about", about)
	}
	u := url.URL{Path: to, RawQuery: query.Encode(), Fragment: fragment}
	return u.String()
}
