package pages

import (
	"goldenthread/api/web"
	"goldenthread/domain"
	"goldenthread/projections"
)

// What becomes of organisations, where no official list says it (rule O1): they merge,
// are divided, close, move, are renamed, arrive. What one of these forms says of one
// organisation is a list of one row.

// theRow is where that row stands in the form.
const theRow = "rows-0-"

func changesPage(a *asked) (web.Body, error) {
	body := &web.OrganisationChanges{Keeps: a.may(&domain.ImportOrganisations{})}
	going := a.bodiesWhere(func(o *projections.OrganisationLine) bool { return o.Open && o.Kind != domain.PlaceKind }, false)
	a.offer(offered{
		id: "merge", command: &domain.MergeOrganisation{}, options: map[string][]web.Option{"organisation": going, "into": going},
		Sheet: web.Sheet{Fold: "Two organisations merge", FoldID: "merging", Say: []string{"One ends, and the other goes on. Both are of the same kind. What practices gave a PCN goes on with the PCN to which they move."}, Button: "Record the merger", Class: "warning"},
	})
	a.offer(offered{
		id: "split", command: &domain.SplitOrganisation{}, options: map[string][]web.Option{"organisation": going, "among-organisation": going},
		Sheet: web.Sheet{Fold: "An organisation is divided", FoldID: "dividing", Say: []string{"Its successors are known here before: bring them with the list, or add them below."}, Button: "Record the division", Class: "warning"},
	})
	a.offer(offered{
		id: "contract", command: &domain.ChangeContractHolder{},
		Sheet: web.Sheet{Fold: "A practice has a new contract holder", FoldID: "contracting", Say: []string{"Its code stays. Its mandate ends, and the new holder is asked for one."}, Button: "Record the new contract holder", Class: "warning"},
	})
	a.offerRow("close", "An organisation closes", "closing", going, domain.OrganisationRow{}, map[string]string{"code": "Which one?", "closed": "Its last day"},
		web.Sheet{Say: []string{"What it gave, its seat and its say end with that day. If it goes on as another, record a merger instead."}, Button: "Record the closing", Class: "warning"})
	a.offerRow("mistake", "A closing, merger or division was recorded by mistake", "mistaken", a.bodiesWhere(func(o *projections.OrganisationLine) bool { return a.State().Organisations[o.Code].Closed != 0 }, true),
		domain.OrganisationRow{Mistake: true}, map[string]string{"code": "Which one was recorded as closed?"},
		web.Sheet{Say: []string{"It goes on as if it had not closed, with what had ended by it, once that is confirmed. What was recorded stays in the record."}, Button: "Record the mistake"})
	stays := a.bodiesWhere(func(o *projections.OrganisationLine) bool {
		return o.Open && o.Kind != domain.PlaceKind && a.State().Organisations[o.Code].Closed == 0
	}, true)
	body.Practices = a.bodiesWhere(func(o *projections.OrganisationLine) bool {
		return o.Open && o.Kind == domain.Practice && a.State().Organisations[o.Code].Closed == 0
	}, false)
	a.offerMove(a.r.URL.Query().Get("practice"))
	a.offerRow("rename", "An organisation has another name", "renaming", stays, domain.OrganisationRow{}, map[string]string{"code": "Which one?", "name": "Its name from today"}, web.Sheet{Button: "Record the name"})
	a.offerNew()
	return body, nil
}

// bodiesWhere are organisations to choose from; with their kind in the value, if that is
// read from it.
func (a *choosing) bodiesWhere(is func(*projections.OrganisationLine) bool, kind bool) []web.Option {
	var os []web.Option
	for _, o := range a.Register(a.At).Organisations {
		if is(&o) {
			value := o.Code
			if kind {
				value += " " + string(o.Kind)
			}
			os = append(os, web.Option{Value: value, Words: o.Name + " (" + o.Code + ")"})
		}
	}
	return os
}

// offerRow offers a form about one organisation that is known: it asks these questions,
// by field of the row.
func (a *offering) offerRow(id, fold, foldID string, which []web.Option, row domain.OrganisationRow, ask map[string]string, s web.Sheet) {
	if len(which) == 0 {
		return
	}
	s.Fold, s.FoldID = fold, foldID
	o := offered{
		id: id, command: &domain.ImportOrganisations{Rows: []domain.OrganisationRow{row}}, Sheet: s,
		rows: map[string][]string{"rows": {""}}, joined: map[string]string{theRow + "code": theRow + "code+" + theRow + "kind"},
		options: map[string][]web.Option{"rows-code": which}, ask: map[string]string{"rows": fold}, hint: map[string]string{theRow + "code": ""},
		without: []string{theRow + "kind", theRow + "memberships"},
	}
	for _, field := range []string{"name", "opened", "closed"} {
		if ask[field] == "" {
			o.without = append(o.without, theRow+field)
		}
	}
	for field, question := range ask {
		o.ask[theRow+field] = question
	}
	a.offer(o)
}

// offerMove offers to record that the practice goes to another PCN: it leaves the one where
// it is now.
func (a *offering) offerMove(code string) {
	o := a.State().Organisations[code]
	if o == nil || o.Kind != domain.Practice || !o.OpenOn(a.At) || o.Closed != 0 {
		return
	}
	row := domain.OrganisationRow{Code: o.Code, Kind: o.Kind, Name: o.Name}
	headings, there := []string{}, theRow+"memberships-0-"
	f := offered{
		id: "move", ask: map[string]string{"rows": o.Name + " (" + o.Code + ")", theRow + "memberships": "Its PCN"}, hint: map[string]string{theRow + "memberships": ""},
		given: []string{theRow + "code", theRow + "kind", theRow + "name"}, without: []string{theRow + "opened", theRow + "closed"}, rows: map[string][]string{"rows": {""}},
		Sheet: web.Sheet{Fold: o.Name + " moves to another PCN", FoldID: "moving", Open: true, Button: "Record the move", Class: "warning"},
	}
	for _, m := range o.Memberships {
		if in := a.State().Organisations[m.In]; m.Covers(a.At) && in != nil && in.Kind == domain.PCN {
			row.Parents, headings = append(row.Parents, domain.MembershipRow{In: m.In, Span: domain.Span{From: m.From}}), append(headings, "It leaves "+in.NameOn(a.At))
			f.given = append(f.given, there+"in", there+"from")
			f.ask[there+"until"], f.hint[there+"until"] = "Its last day there", ""
			there = theRow + "memberships-1-"
			break
		}
	}
	row.Parents, headings = append(row.Parents, domain.MembershipRow{}), append(headings, "It joins")
	f.ask[there+"in"], f.ask[there+"from"], f.hint[there+"from"] = "Which PCN?", "Its first day there", ""
	f.without = append(f.without, there+"until")
	f.command, f.rows[theRow+"memberships"] = &domain.ImportOrganisations{Rows: []domain.OrganisationRow{row}}, headings
	f.options = map[string][]web.Option{"rows-memberships-in": a.bodiesWhere(func(o *projections.OrganisationLine) bool { return o.Open && o.Kind == domain.PCN }, false)}
	a.offer(f)
}

// organisationKinds are the kinds to choose from, where somebody adds an organisation.
func organisationKinds() (all []web.Option) {
	for _, c := range domain.ChoicesOf(domain.SystemBody, domain.Federation, domain.LMC, domain.PCN, domain.Practice, domain.PrimaryCare, domain.Provider) {
		all = append(all, web.Option(c))
	}
	return all
}

func (a *offering) offerNew() {
	in := a.bodiesWhere(func(o *projections.OrganisationLine) bool {
		return o.Open && (o.Kind == domain.PCN || o.Kind == domain.PlaceKind)
	}, false)
	a.offer(offered{
		id: "new", command: &domain.ImportOrganisations{Rows: []domain.OrganisationRow{{}}}, rows: map[string][]string{"rows": {""}},
		options: map[string][]web.Option{"rows-kind": organisationKinds(), "rows-memberships-in": in},
		ask:     map[string]string{"rows": "The organisation"}, without: []string{theRow + "closed"},
		Sheet: web.Sheet{Fold: "Add an organisation", FoldID: "adding", Say: []string{"Practices and PCNs arrive with the official list. Add what no list has."}, Button: "Add it"},
	})
}
