// Package pages answers people: each page is a question about a group, answered in
// HTML, and its forms send commands by the very path that JSON takes, so that no
// page can break a rule. What a page looks like is in web.
//
// It may import problem, caller, operation, guard and access, besides web. Start
// reading at groupsPages, the list of all pages.
package pages
