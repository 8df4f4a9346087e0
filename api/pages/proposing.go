package pages

import (
	"strconv"

	"goldenthread/api/access"
	"goldenthread/api/problem"
	"goldenthread/api/web"
	"goldenthread/domain"
)

// Raising a proposal, and amending it, with what it would do (rules C1, C2).

// raisePage is where somebody who acts for a seat puts a new proposal together.
func raisePage(a *asked) (web.Body, error) {
	if !a.today() {
		return nil, problem.NotNow("C1", "A proposal is raised today. Please go back to today first.")
	}
	if !a.may(&domain.RaiseProposal{}) {
		return nil, problem.NotYours("C1", "A proposal is raised for a seat, and you hold none today.")
	}
	return newComposer(a).composed()
}

// amendPage is where whoever acts for the seat that raised it makes it anew.
func amendPage(a *asked) (web.Body, error) {
	p, err := access.OrRefused(a.Proposal(a.r.PathValue("number"), a.At))
	switch {
	case err != nil:
		return nil, err
	case !a.today():
		return nil, problem.NotNow("C2", "A proposal is amended today. Please go back to today first.")
	case p.Stage != domain.Open && p.Stage != domain.Draft:
		return nil, problem.NotNow("C2", "%s is settled. Only a new proposal, saying what is new, can change that.", p.Ref)
	case !a.may(&domain.AmendProposal{Proposal: p.Ref}):
		return nil, problem.NotYours("C2", "Only the seat that raised %s can amend it. Anybody may offer words.", p.Ref)
	}
	v := p.Versions[len(p.Versions)-1]
	c := newComposer(a)
	c.number, c.body.Number, c.body.Version = p.Ref, p.Ref, v.Version
	if a.form == nil {
		c.values.Set("title", v.Title)
		c.values.Set("text", v.Text)
		for _, l := range v.Instruments {
			c.is = append(c.is, l.Instrument)
		}
	} else if before := c.words("version"); before != "" && before != strconv.Itoa(v.Version) { // that somebody had before them
		c.body.Since = &v
	}
	return c.composed()
}
