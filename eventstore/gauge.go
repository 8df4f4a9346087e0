package eventstore

import "goldenthread/eventstore/logs"

// Gauges say how many calls wait, and how far the logs and the witnesses are.
type Gauges struct {
	Waiting int           // calls in the writer's queue
	Groups  []GroupGauges // in order of their names
}

// GroupGauges are those of one group.
type GroupGauges struct {
	Group     string
	Next      uint64 // index of the next event
	Signed    uint64 // events for which the log is signed; 0 where this node keeps none
	Watched   bool   // checkpoints are sent to witnesses
	Witnessed uint64 // events that the witness who is furthest behind has cosigned
	Stopped   bool
	Lost      uint64 // events that were signed for, as a checkpoint, a witness or the files of the log show, and are not here
	NoKey     int    // people who are not erased and whose key can't be read here, as compared last
}

// Gauges reads them all.
func (s *Store) Gauges() Gauges {
	g := Gauges{Waiting: s.queue.countWaiting()}
	noKey := map[string]int{}
	for _, m := range s.keysMissingNow() {
		noKey[m.Group]++
	}
	for _, name := range s.Groups() {
		one := GroupGauges{Group: name, Next: s.Next(name), Stopped: s.Stopped(name) != nil, NoKey: noKey[name], Lost: logs.LostEvents(s.Stopped(name))}
		if l, err := s.Log(name); err == nil {
			one.Signed = uint64(l.Tree().N)
		}
		for i, lag := range s.Witnesses(name) {
			if size := uint64(lag.Cosigned); i == 0 || size < one.Witnessed {
				one.Watched, one.Witnessed = true, size
			}
		}
		g.Groups = append(g.Groups, one)
	}
	return g
}

// countWaiting is the number of calls in the queue.
func (q *queue) countWaiting() (n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, calls := range q.groups {
		n += len(calls)
	}
	return n
}
