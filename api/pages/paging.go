package pages

import (
	"strconv"

	"goldenthread/api/access"
	"goldenthread/api/web"
)

// part is the page of the list for which the address asks, with so many entries.
func part[T any](a *asked, all []T, each int) ([]T, web.Pager, error) {
	some, paged, err := access.Cut(all, a.r.URL.Query().Get("page"), each)
	return some, pagerOf(a, paged), err
}

func pagerOf(a *asked, paged access.Paged) web.Pager {
	this, err := strconv.Atoi(a.r.URL.Query().Get("page"))
	if err != nil { // none is said
		this = 1
	}
	return web.Pager{This: this, Pages: paged.Pages, After: paged.Next}
}
