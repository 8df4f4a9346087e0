package access

import (
	"fmt"
	"math"
	"net/http"

	"goldenthread/api/problem"
	"goldenthread/domain"
)

// Lists are given out in pages.
const (
	mostOnPage  = 500
	usualOnPage = 200
)

// Paging is which page of a list is asked for.
type Paging struct {
	Page  string `query:"page" doc:"of the list, from 1; the first if not said"`
	Limit string `query:"limit" doc:"entries on a page, up to 500; 200 if not said"`
}

// Paged says what there is besides the page that was given.
type Paged struct {
	Pages int `json:"pages,omitzero" doc:"of the list, where there are several"`
	Next  int `json:"next,omitzero" doc:"the page that follows; none after the last"`
}

// PageOf is one page of the list, and which there are; of an empty list the first is empty.
func PageOf[T any](all []T, p Paging) ([]T, Paged, error) {
	each, err := ReadNumber("limit", p.Limit, 1, mostOnPage, usualOnPage)
	if err != nil {
		return nil, Paged{}, err
	}
	return Cut(all, p.Page, each)
}

// Cut is one page of the list, with so many entries on each.
func Cut[T any](all []T, page string, each int) ([]T, Paged, error) {
	n, err := ReadNumber("page", page, 1, math.MaxInt32, 1)
	if err != nil {
		return nil, Paged{}, err
	}
	pages := max(1, (len(all)+each-1)/each)
	if n > pages {
		return nil, Paged{}, problem.New(http.StatusNotFound, fmt.Sprintf("There is no page %s of this; the last is %s.", domain.Thousands(n), domain.Thousands(pages)))
	}
	part := all[(n-1)*each : min(n*each, len(all))]
	if pages == 1 {
		return part, Paged{}, nil
	}
	is := Paged{Pages: pages}
	if n < pages {
		is.Next = n + 1
	}
	return part, is, nil
}
