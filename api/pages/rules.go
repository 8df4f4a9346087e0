package pages

import (
	"io/fs"
	"net/http"
	"strings"

	"goldenthread/api/problem"
	"goldenthread/api/web"
	"goldenthread/domain"
)

// The rule book, for anybody to read: no sign-in is asked for, since it says
// nothing of any group.

// rulePages are the pages of the rule book, by pattern.
func (s *Pages) rulePages() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"GET " + web.RulesAt:                     s.rulesPage,
		"GET " + web.RulesAt + "/minutes/{name}": s.ruleMinutes,
	}
}

// ofRules says whether the address is one of the rule book's.
func ofRules(path string) bool {
	return path == web.RulesAt || strings.HasPrefix(path, web.RulesAt+"/")
}

func (s *Pages) rulesPage(w http.ResponseWriter, r *http.Request) { s.answerPublic(w, r, web.Rules{}) }

// ruleMinutes serves the minutes that show a rule, as plain text.
func (s *Pages) ruleMinutes(w http.ResponseWriter, r *http.Request) {
	text, err := fs.ReadFile(domain.RuleMinutes(), r.PathValue("name"))
	if err != nil {
		s.Fail(w, r, problem.New(http.StatusNotFound, "The rule book has no minutes of this name."))
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Add("Vary", "Accept-Encoding")
	if web.TakesGzip(r) {
		w.Header().Set("Content-Encoding", "gzip")
		text = web.Zip(text)
	}
	w.Write(text)
}
