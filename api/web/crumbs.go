package web

import (
	"strings"

	"goldenthread/domain"
)

// above are the pages above others, by the first part of a page's path: where it is
// listed. The pages of the work lie below the page of the work.
var above = map[string]Option{
	"proposals": {"proposals", "Proposals"}, "practices": {"mandate", "Mandate"}, "mandates": {"mandate", "Mandate"}, "meetings": {"representation", "Representation"},
	"commitments": {"representation", "Representation"}, "agenda": {"agenda", "Our own meetings"}, "events": {"audit", "Audit trail"}, "people": {"people", "People"},
	"registers": {"registers", "Registers"}, "scheme": {"powers", "Powers"}, "offline": {"card", "My card"}, "changes": {"register", "Organisations and seats"}, "lists": {"register", "Organisations and seats"},
}

// Crumbs are the pages above this one, the home page first; none on the home page and on
// those of the menu.
func (p *Page) Crumbs() []Option {
	if p.Group == "" || p.Path == "" {
		return nil
	}
	first, below, _ := strings.Cut(p.Path, "/")
	var crumbs []Option
	if p.Within != "" && p.Path != p.Within || first == "agenda" {
		crumbs = append(crumbs, Option{"work", "Work"})
	}
	if up, listed := above[first]; listed && up.Value != p.Path {
		crumbs = append(crumbs, up)
	}
	if one, _, deeper := strings.Cut(below, "/"); deeper && (first == "agenda" || first == "proposals") {
		crumbs = append(crumbs, Option{first + "/" + one, dayOr(one)})
	}
	if crumbs == nil && inMenu[p.Path] {
		return nil
	}
	return append([]Option{{"", "Home"}}, crumbs...)
}

// dayOr is a day of an address in words, or whatever else it is.
func dayOr(s string) string {
	if d, err := domain.ParseDay(s); err == nil {
		return d.Words()
	}
	return s
}

// inMenu are the pages that the menu leads to.
var inMenu = map[string]bool{"check": true, "proposals": true, "powers": true, "mandate": true, "representation": true, "work": true, "card": true, "search": true}
