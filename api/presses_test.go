package api

import (
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/api/pages"
)

var linkTo = regexp.MustCompile(`<a [^>]*href="(/g/trafford[^"]*)"`)

// links are the pages of the group to which the page leads, without their queries.
func (w *world) links(person, path, from, to string) []string {
	text := w.must(200, w.send(w.request(person, "GET", path, "")))
	body := string(text.body)
	if _, rest, found := strings.Cut(body, from); found {
		body = rest
	}
	if to != "" {
		body, _, _ = strings.Cut(body, to)
	}
	var all []string
	for _, m := range linkTo.FindAllStringSubmatch(body, -1) {
		u, err := url.Parse(strings.ReplaceAll(m[1], "&amp;", "&"))
		require.NoError(w.t, err)
		if !slices.Contains(all, u.Path) {
			all = append(all, u.Path)
		}
	}
	return all
}

// Every page of a group is within two presses of its menu, in which the links at the foot of
// each page count; and every page below another leads back to it.
func TestTwoPresses(t *testing.T) {
	w := foundMatrix(t)
	establishMatrix(w)
	reached := map[string]bool{"/g/trafford": true}
	for _, person := range []string{"manager", "registrar", "cd-north", "cd-west"} {
		first := append(w.links(person, "/g/trafford", `aria-label="Menu"`, "</nav>"), w.links(person, "/g/trafford", `aria-label="More about the group"`, "</nav>")...)
		require.NotEmpty(t, first)
		for _, one := range append(first, "/g/trafford") {
			reached[one] = true
			for _, second := range w.links(person, one, "<main", "</main>") {
				reached[second] = true
			}
		}
	}
	var far []string
	for path := range pages.Forms() {
		page := regexp.MustCompile("^/g/trafford" + regexp.MustCompile(`\{[a-z]+\}`).ReplaceAllString(path, "[^/]+") + "$")
		found := slices.ContainsFunc(slices.Collect(maps.Keys(reached)), page.MatchString)
		if deep := []string{"/proposals/{number}/amend", "/people/{person}/erasure", "/agenda/{day}/papers", "/agenda/{day}/minutes", "/agenda/{day}/screen"}; slices.Contains(deep, path) {
			continue // below what is within two presses
		}
		if !found {
			far = append(far, path)
		}
	}
	require.Empty(t, far, "not within two presses of the menu")
	for page, back := range map[string]string{
		"/proposals/P2": "/proposals", "/practices/P91018": "/mandate", "/mandates": "/mandate", "/meetings/locality-board/2026-01-10": "/representation", "/agenda/2026-01-10": "/agenda",
		"/agenda/2026-01-10/papers": "/agenda/2026-01-10", "/worklist": "/work", "/notices": "/work", "/registers/decisions": "/registers", "/events/3": "/audit", "/scheme": "/powers", "/charter": "",
	} {
		require.Contains(t, w.links("manager", "/g/trafford"+page, `aria-label="Breadcrumb"`, "</nav>"), "/g/trafford"+back, page)
	}
}
