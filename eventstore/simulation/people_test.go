package simulation

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"goldenthread/domain"
	"goldenthread/eventstore"
	"goldenthread/eventstore/commit"
	"goldenthread/eventstore/storetest"
)

// A sending is a command that somebody wants recorded. They send it until they are told
// that it is, or that it is refused.
type sending struct {
	group, actor string
	id           uuid.UUID
	make         func() domain.Command // anew each time: a store takes the request over
	personal     bool                  // it carries personal data
	what         string

	maybe  bool   // somebody was told that the outcome is not known, or two send it at once
	done   bool   // somebody was told the outcome
	rule   string // of the refusal, if that was the outcome
	flying int    // requests under way
}

func (x *sending) request() domain.Request {
	return domain.Request{Group: x.group, ID: x.id, Hash: sha256.Sum256(x.id[:]), Actor: x.actor, Command: x.make()}
}

func groupName(n int) string { return fmt.Sprint("group-", n) }

// add notes a new command.
func (w *world) add(group int, actor, what string, make func() domain.Command) *sending {
	w.mu.Lock()
	defer w.mu.Unlock()
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], w.script.Seed)
	binary.BigEndian.PutUint64(b[8:], uint64(len(w.sent))+1)
	x := &sending{group: groupName(group), actor: actor, id: uuid.NewSHA1(uuid.NameSpaceOID, b[:]), make: make, what: what}
	w.sent = append(w.sent, x)
	w.truth.expect(x)
	return x
}

// found founds the groups: one that has its charter and a proposal, and others that are
// forming.
func (w *world) found(send func(*sending)) {
	for g := range groups {
		send(w.add(g, "founder", "found", func() domain.Command {
			c := storetest.Found(groupName(g)).Command.(*domain.Found)
			c.Charter.Window = 1
			c.Organisations = append(c.Organisations, domain.OrganisationRow{Code: "U42898", Kind: domain.PCN, Name: "South Trafford"})
			c.People = append(c.People, domain.PersonEntry{Handle: "director", Office: "Clinical director"})
			c.Seats = append(c.Seats, domain.SeatEntry{Organisation: "U42898", Holder: "director"})
			return c
		}))
	}
	for _, who := range []string{"founder", "director"} {
		send(w.add(0, who, "consent to the charter", func() domain.Command { return &domain.ConsentToCharter{} }))
	}
	send(w.add(0, "founder", "raise", func() domain.Command {
		return &domain.RaiseProposal{Title: "Saturdays", Text: "We open on Saturdays.", Matter: "access"}
	}))
}

// compose makes up a command.
func (w *world) compose(group, n int) *sending {
	number := fmt.Sprint("P", 1+n%3)
	who := []string{"founder", "director"}[n/7%2]
	add := func(what string, make func() domain.Command) *sending { return w.add(group, who, what, make) }
	switch n % 12 {
	case 0, 1:
		return w.add(group, "founder", "register", func() domain.Command {
			return &domain.RegisterPerson{PersonEntry: domain.PersonEntry{Handle: fmt.Sprint("p", n%40), Office: "A doctor"}}
		})
	case 2:
		x := w.add(group, "founder", "register with a name", func() domain.Command {
			return &domain.RegisterPerson{PersonEntry: domain.PersonEntry{Handle: fmt.Sprint("q", n%40), Office: "A doctor", Personal: &domain.PersonalData{Name: nameOf(n % 40)}}}
		})
		x.personal = true
		return x
	case 3:
		return w.add(group, "founder", "several", func() domain.Command {
			var rows []domain.OrganisationRow
			for i := range 7 {
				rows = append(rows, domain.OrganisationRow{Code: fmt.Sprint("X", n%500, "-", i), Kind: domain.Provider, Name: "Provider"})
			}
			return &domain.ImportOrganisations{Rows: rows}
		})
	case 4, 5:
		return add("raise", func() domain.Command {
			return &domain.RaiseProposal{Title: fmt.Sprint("Proposal ", n), Text: "We agree.", Matter: "access"}
		})
	case 6, 7:
		return add("consent", func() domain.Command { return &domain.GiveConsent{Proposal: number, Version: 1 + n/50%2} })
	case 8:
		return add("object", func() domain.Command {
			return &domain.RaiseObjection{Proposal: number, Version: 1, Grade: domain.Concern, Why: "too soon", WouldResolve: "later"}
		})
	case 9:
		return add("amend", func() domain.Command {
			return &domain.AmendProposal{Proposal: number, Version: 1, Title: "Amended", Text: fmt.Sprint("We agree, ", n)}
		})
	case 10:
		if n%5 == 0 {
			return add("withdraw", func() domain.Command { return &domain.WithdrawProposal{Proposal: number, Reason: "not now"} })
		}
		return add("consent at once", func() domain.Command {
			return &domain.GiveConsent{Proposal: number, Version: 1, NeedNotWait: true}
		})
	}
	return add("consent to the charter", func() domain.Command { return &domain.ConsentToCharter{} })
}

func nameOf(n int) string { return fmt.Sprint("Dr Number ", n) }

// send sends the command to one node after another until there is an outcome, or the
// simulation ends.
func (w *world) send(x *sending, first int, patience time.Duration) {
	w.senders.Add(1)
	defer w.senders.Add(-1)
	for try := 0; !w.isOver(); try++ {
		n := w.nodes[(first+try/2)%len(w.nodes)]
		n.mu.Lock()
		s, machine := n.store, n.disk
		n.mu.Unlock()
		if s == nil {
			time.Sleep(200 * time.Millisecond)
			continue
		}
		a := attempt{sending: x, node: n, floor: w.truth.toldOf(x.group), from: n.time()}
		w.truth.sends(x, 1)
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		a.result, a.err = s.Execute(ctx, x.request())
		cancel()
		a.until = n.time()
		if n.isDead(machine) { // a process that was killed answers nobody
			a.err = &eventstore.Unsettled{Command: x.id}
		}
		w.truth.sends(x, -1)
		if w.truth.answered(&a) {
			next := s.Next(x.group)
			if x.what == "erase" {
				next = max(next, a.result.Next)
			}
			w.truth.erasedAt(n, s, x.group, next)
			return
		}
		time.Sleep(500 * time.Millisecond)
	}
}

func (w *world) isOver() bool { w.mu.Lock(); defer w.mu.Unlock(); return w.over }

// An attempt is one request with its answer.
type attempt struct {
	*sending
	node        *node
	floor       uint64 // index up to which somebody had been told of before it was sent
	from, until time.Time
	result      eventstore.Result
	err         error
}

// isOpen says whether the answer tells nothing of the outcome, or that nothing was
// recorded yet.
func isOpen(err error) (open, maybe bool) {
	var u *eventstore.Unsettled
	switch {
	case errors.As(err, &u):
		return true, true
	case errors.Is(err, commit.ErrNotReady), errors.Is(err, commit.ErrClosed), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return true, false
	}
	return false, false
}

// play does what the step says.
func (w *world) play(one *step) {
	n := w.nodes[one.Node]
	soon := func(f fate) {
		w.mu.Lock()
		w.pending[n.name] = append(w.pending[n.name], f)
		w.mu.Unlock()
	}
	switch one.Kind {
	case say:
		x := w.compose(one.Group, one.N)
		w.people.Go(func() { w.send(x, one.Node, time.Duration(500+one.N*10)*time.Millisecond) })
	case sayAgain:
		w.mu.Lock()
		x := w.sent[one.N%len(w.sent)]
		w.mu.Unlock()
		w.people.Go(func() { w.send(x, one.Node, 5*time.Second) })
	case erase:
		x := w.erase(one.Group, one.N)
		w.people.Go(func() { w.send(x, one.Node, time.Duration(500+one.N*10)*time.Millisecond) })
	case eraseKill:
		n.mu.Lock()
		n.counts.messages, n.counts.atMessage = 1+one.N%60, func() { n.die(one.N%2 == 0, one.For) }
		n.mu.Unlock()
		x := w.erase(one.Group, one.N)
		w.people.Go(func() { w.send(x, one.Node, 5*time.Second) })
	case keyLate:
		w.mu.Lock()
		w.keyFate[n.name] = fate{late: one.For}
		w.mu.Unlock()
		x, y := w.compose(one.Group, one.N-one.N%12+2), w.erase(one.Group, one.N)
		w.people.Go(func() { w.send(x, one.Node, 20*time.Second) })
		time.Sleep(20 * time.Millisecond)
		w.people.Go(func() { w.send(y, one.Node+1, 20*time.Second) })
	case handOn:
		w.handOn()
	case witnessing:
		w.watcher.play(one)
	case read:
		w.truth.readAt(n, groupName(one.Group))
	case backward:
		w.truth.readEarlier(n, groupName(one.Group), one.N)
	case appendLost:
		soon(fate{drop: true})
	case ackLost:
		soon(fate{mute: true})
	case ackTwice:
		soon(fate{twice: true})
	case appendLate:
		soon(fate{late: one.For})
	case appendSlow:
		soon(fate{slow: one.For})
	case refuse:
		soon(fate{refuse: 10008})
	case proposed:
		soon(fate{proposed: true})
	default:
		w.playFault(one, n)
	}
}

// playFault does what the step says to a machine, a network or a clock.
func (w *world) playFault(one *step, n *node) {
	later := func(do func()) {
		w.people.Go(func() {
			w.pause(one.For)
			do()
		})
	}
	switch one.Kind {
	case restart:
		n.stop()
	case loseAtStart:
		n.mu.Lock()
		n.first = countdown{requests: 1 + one.N%40, request: []fate{{drop: true}, {mute: true}, {late: 2 * time.Second}}[one.N/40%3]}
		n.mu.Unlock()
		n.stop()
		if len(w.nodes) > 1 {
			w.people.Go(func() { w.fill(one, 6) })
		}
	case rot:
		n.mu.Lock()
		n.rots, n.vain = true, 4*one.For
		n.mu.Unlock()
		n.stop()
	case kill, powerCut:
		n.die(one.Kind == powerCut, one.For)
	case killAt:
		n.mu.Lock()
		n.counts.messages, n.counts.atMessage = 1+one.N%12, func() { n.die(one.N%2 == 0, one.For) }
		if one.N%3 == 0 {
			n.counts.requests, n.counts.request = n.counts.messages, fate{drop: true}
		}
		n.mu.Unlock()
	case killAtDisk:
		n.mu.Lock()
		n.counts.disk, n.counts.atDisk = 1+one.N%9, func() { n.die(true, one.For) }
		n.mu.Unlock()
	case cut:
		n.plugNow().cut(false)
		later(func() { n.plugNow().mend() })
	case deaf:
		w.server.setDeaf(n.name, true)
		w.people.Go(func() {
			switch {
			case len(w.nodes) == 1:
			case one.N%2 == 0:
				w.leaveBehind(one, n)
			default:
				w.send(w.erase(one.Group, one.N), one.Node, 10*time.Second)
			}
			w.pause(one.For)
			w.server.setDeaf(n.name, false)
		})
	case serverCut:
		w.server.crash(one.N % 3)
		later(w.server.start)
	case lose:
		n.mu.Lock()
		n.counts.requests, n.counts.request = 1+one.N%15, []fate{{drop: true}, {mute: true}, {late: one.For}, {twice: true}}[one.N%4]
		n.mu.Unlock()
	case clock:
		n.setSkew([]time.Duration{-one.For, one.For, -time.Hour, time.Hour, 40 * 24 * time.Hour}[one.N%5])
		later(func() { n.setSkew(0) })
	case day:
		w.mu.Lock()
		w.days += time.Duration(1+one.N%3) * 24 * time.Hour
		w.mu.Unlock()
	case skew:
		w.setServerClock([]time.Duration{time.Second, -time.Second, time.Hour, -time.Hour}[one.N%4])
		later(func() { w.setServerClock(0) })
	case diskSlow, diskFull:
		n.mu.Lock()
		d := n.disk
		n.mu.Unlock()
		d.trouble(one.Kind == diskFull, one.For/4)
		later(func() { d.trouble(false, 0) })
	}
}

// fill has so many commands recorded at the other node, one every half second.
func (w *world) fill(one *step, commands int) {
	for i := range commands {
		w.send(w.compose(one.Group, 12*(one.N+i)+3), one.Node+1, time.Second)
		w.pause(500 * time.Millisecond)
	}
}

// leaveBehind cuts the node off while three commands are recorded at another, and then asks it
// again for an answer of before, while it does not hear yet what it lacks.
func (w *world) leaveBehind(one *step, n *node) {
	n.plugNow().cut(false)
	w.fill(one, 3)
	n.plugNow().mend()
	w.pause(3 * time.Second)
	n.lose(handing, 5*time.Second)
	w.mu.Lock()
	x := w.sent[one.Group]
	w.mu.Unlock()
	w.send(x, one.Node, 10*time.Second)
}

func (n *node) plugNow() *plug { n.mu.Lock(); defer n.mu.Unlock(); return n.plug }

func (n *node) setSkew(d time.Duration) { n.mu.Lock(); n.skew = d; n.mu.Unlock() }

func (w *world) setServerClock(d time.Duration) {
	w.server.mu.Lock()
	w.server.ahead = d
	w.server.mu.Unlock()
}

// trouble makes the disk full, or slow.
func (d *disk) trouble(full bool, slow time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.full, d.slow, d.was = full, slow, true
	if full {
		d.slow = 0
	}
}
