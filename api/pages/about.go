package pages

import (
	"fmt"
	"net/http"
	"time"

	"goldenthread/api/problem"
	"goldenthread/api/web"
)

// What everybody may read about the service itself.

// contactHolds is for how long the contact in security.txt is said to hold from now on.
const contactHolds = 90 * 24 * time.Hour

// aboutPages are those pages, by pattern.
func (s *Pages) aboutPages() map[string]http.HandlerFunc {
	all := map[string]http.HandlerFunc{"GET /.well-known/security.txt": s.securityContact}
	for name, heading := range map[string]string{"help": "Help", "accessibility": "Accessibility", "privacy": "Privacy"} {
		all["GET /"+name] = func(w http.ResponseWriter, r *http.Request) {
			s.answerPublic(w, r, &web.About{Name: name, Heading: heading, Contact: s.Contact})
		}
	}
	return all
}

// securityContact says whom to tell of a weakness (RFC 9116); nothing where the operator has named nobody.
func (s *Pages) securityContact(w http.ResponseWriter, r *http.Request) {
	if s.Contact == "" {
		problem.New(http.StatusNotFound, "Whoever runs this server has named no contact.").Write(w)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintf(w, "Contact: %s\nExpires: %s\nPreferred-Languages: en\n", s.Contact, s.ledgers.Clock().Add(contactHolds).UTC().Format(time.RFC3339))
}
