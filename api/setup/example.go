package setup

import (
	"context"
	"net/http"

	"goldenthread/api/identity"
	"goldenthread/api/problem"
	"goldenthread/api/web"
)

// The example place, to look at before a group is set up. It is a server of its own, in a
// folder of its own and at another address: nothing of it gets into a real group.

// An Example shows the example place. It is safe for concurrent use.
type Example interface {
	Show(context.Context) error // loads it, where it is not there, and answers for it
	Shown() *web.Example        // where it answers, and who can sign in there; nil: it does not
	TakeAway() error            // ends it, and deletes all of it
}

const exampleAt = identity.OperatorPages + "/example"

var errNoExample = problem.New(http.StatusNotFound, "This server does not show the example: it is not reached on this machine alone. Start another one with --example trafford, in a folder of its own.")

func (s *Setup) showExample(w http.ResponseWriter, r *http.Request) error {
	if s.o.Example == nil {
		return errNoExample
	}
	if err := s.o.Example.Show(r.Context()); err != nil {
		return err
	}
	http.Redirect(w, r, exampleAt, http.StatusSeeOther)
	return nil
}

func (s *Setup) examplePage(w http.ResponseWriter, r *http.Request) error {
	if s.o.Example == nil {
		return errNoExample
	}
	shown := s.o.Example.Shown()
	if shown == nil {
		http.Redirect(w, r, identity.OperatorPages+"/server", http.StatusSeeOther)
		return nil
	}
	w.Header().Set("Cache-Control", "no-store")
	return s.show(w, r, http.StatusOK, shown, nil, nil)
}

func (s *Setup) takeExampleAway(w http.ResponseWriter, r *http.Request) error {
	if s.o.Example == nil {
		return errNoExample
	}
	if err := s.o.Example.TakeAway(); err != nil {
		return err
	}
	http.Redirect(w, r, identity.OperatorPages+"/server", http.StatusSeeOther)
	return nil
}
