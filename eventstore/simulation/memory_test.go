package simulation

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// A memory is a stream. Its server's mutex guards it.
type memory struct {
	name      string
	config    jetstream.StreamConfig
	created   time.Time
	records   map[uint64]*record
	last      uint64    // sequence of the last one that was ever there
	first     uint64    // before which all were purged; 0: none was
	busy      time.Time // until when the disk has work to do
	ids       map[string]uint64
	consumers map[string]*follower
}

// A record is a message of a stream.
type record struct {
	subject      string
	header, body []byte
	sequence     uint64
	time         time.Time
	synced       bool // it outlives a power cut
	acknowledged bool
}

// info is what the stream says of itself.
func (st *memory) info(deleted bool, subject string) map[string]any {
	bytes, consumers := uint64(0), len(st.consumers)
	for _, r := range st.records {
		bytes += uint64(len(r.body))
	}
	first, last := st.extent()
	state := map[string]any{"messages": len(st.visible()), "bytes": bytes, "first_seq": first, "last_seq": last, "consumer_count": consumers}
	if deleted {
		var gone []uint64
		for at := first; at <= last; at++ { // of an empty stream the server says that 0 is gone
			if st.records[at] == nil {
				gone = append(gone, at)
			}
		}
		state["deleted"], state["num_deleted"] = gone, len(gone)
	}
	if subject != "" {
		subjects := map[string]uint64{}
		for _, at := range st.visible() {
			if r := st.records[at]; matches(strings.Split(subject, "."), strings.Split(r.subject, ".")) {
				subjects[r.subject]++
			}
		}
		state["subjects"] = subjects
	}
	return map[string]any{"config": st.config, "created": st.created, "state": state, "ts": time.Now().UTC()}
}

// visible are the sequences of the messages that are on the disk, in order.
func (st *memory) visible() []uint64 {
	var all []uint64
	for at, r := range st.records {
		if r.synced || r.acknowledged {
			all = append(all, at)
		}
	}
	slices.Sort(all)
	return all
}

func (st *memory) extent() (first, last uint64) {
	last = st.last
	for r := st.records[last]; r != nil && !r.synced && !r.acknowledged; r = st.records[last] {
		last--
	}
	if all := st.visible(); len(all) > 0 {
		return all[0], last
	}
	if last == 0 && st.first == 0 {
		return 0, 0
	}
	return last + 1, last
}

// find is a message: the one with that sequence, the last of a subject, or the first of a
// subject from the sequence on; nil if there is none.
func (st *memory) find(sequence uint64, last, next string) *record {
	switch {
	case last != "":
		all := st.visible()
		for _, at := range slices.Backward(all) {
			if st.records[at].subject == last {
				return st.records[at]
			}
		}
	case next != "":
		for _, at := range st.visible() {
			if at >= sequence && matches(strings.Split(next, "."), strings.Split(st.records[at].subject, ".")) {
				return st.records[at]
			}
		}
	default:
		if r := st.records[sequence]; r != nil && (r.synced || r.acknowledged) {
			return r
		}
	}
	return nil
}

func (st *memory) remove(sequence uint64) bool {
	if st.find(sequence, "", "") == nil {
		return false
	}
	delete(st.records, sequence)
	return true
}

// purge removes all messages before the sequence, or all.
func (st *memory) purge(before uint64) (n int) {
	if before == 1 {
		return 0
	}
	for _, at := range st.visible() {
		if before == 0 || at < before {
			delete(st.records, at)
			n++
		}
	}
	st.first = max(st.first, before)
	if before == 0 {
		st.first = st.last + 1
	}
	st.last = max(st.last, st.first-1)
	return n
}

// losing removes what a power cut loses: of what was not synced all but the first so
// many, which it returns.
func (st *memory) losing(keep int, l lies) (kept []*record) {
	var lost []*record
	for _, at := range slices.Sorted(maps.Keys(st.records)) {
		r := st.records[at]
		if !r.synced && keep > 0 && !l.ackBeforeSync {
			r.synced, r.acknowledged, keep, kept = true, true, keep-1, append(kept, r)
			continue
		}
		if !r.synced || l.forgets && at == st.last {
			lost = append(lost, r)
		}
	}
	for _, r := range lost {
		delete(st.records, r.sequence)
		for id, at := range st.ids {
			if at == r.sequence {
				delete(st.ids, id)
			}
		}
		if r.sequence == st.last {
			st.last--
		}
	}
	for st.last > 0 && len(lost) > 0 && lost[0].sequence <= st.last && st.records[st.last] == nil {
		st.last--
	}
	return kept
}

// take stores a message that was sent to the stream, and acknowledges it when it is
// synced.
func (s *server) take(st *memory, m message, f fate) {
	s.mu.Lock()
	r, answer := s.store(st, m, f)
	if r == nil {
		s.mu.Unlock()
		s.answer(m.reply, nil, answer, f)
		return
	}
	if s.lies.ackBeforeSync {
		r.acknowledged = true
		s.mu.Unlock()
		s.tellStored(st, r)
		s.answer(m.reply, nil, answer, f)
		time.AfterFunc(max(f.slow, time.Millisecond), func() { s.synced(st, r) })
		return
	}
	until := st.busy
	if now := time.Now(); until.Before(now) {
		until = now
	}
	st.busy = until.Add(f.slow)
	wait := time.Until(st.busy)
	s.mu.Unlock()
	done := func() {
		if s.synced(st, r) {
			s.answer(m.reply, nil, answer, f)
		}
	}
	if wait <= 0 {
		done()
	} else {
		time.AfterFunc(wait, done)
	}
}

// synced notes that the message is on the disk, and says whether it is: a crash may have
// come before.
func (s *server) synced(st *memory, r *record) bool {
	s.mu.Lock()
	if st.records[r.sequence] != r || s.streams[st.name] != st || s.down {
		s.mu.Unlock()
		return false
	}
	before := r.acknowledged
	r.synced, r.acknowledged = true, true
	st.keepLimits(r.subject)
	if s.lies.doubles && st.name == "LEDGER" && r.sequence%7 == 3 {
		twin := *r
		twin.sequence = st.last + 1
		st.last, st.records[twin.sequence] = twin.sequence, &twin
	}
	s.mu.Unlock()
	if !before {
		s.tellStored(st, r)
	}
	s.pumpAll(st)
	return true
}

func (s *server) tellStored(st *memory, r *record) {
	if s.stored != nil {
		told := *r
		s.stored(st.name, &told)
	}
	if s.lies.alters && st.name == "LEDGER" && r.sequence == 6 {
		s.mu.Lock()
		r.body = slices.Clone(r.body)
		r.body[len(r.body)/2] ^= 4
		s.mu.Unlock()
	}
}

func (st *memory) keepLimits(subject string) {
	if st.config.MaxMsgsPerSubject <= 0 {
		return
	}
	var same []uint64
	for _, at := range st.visible() {
		if st.records[at].subject == subject {
			same = append(same, at)
		}
	}
	for len(same) > int(st.config.MaxMsgsPerSubject) {
		delete(st.records, same[0])
		same = same[1:]
	}
}

// store checks what the message expects and puts it into the stream. Without a record
// the answer is a refusal, or names the message that had its id before.
func (s *server) store(st *memory, m message, f fate) (*record, []byte) {
	fields := fieldsOf(m.header)
	refuse := func(e *jetstream.APIError) (*record, []byte) {
		b, _ := json.Marshal(map[string]any{"error": e, "stream": st.name, "seq": 0})
		return nil, b
	}
	expects := func(name string) (uint64, bool) {
		n, err := strconv.ParseUint(fields[name], 10, 64)
		return n, err == nil
	}
	accepted := func(sequence uint64, again bool) []byte {
		ack := map[string]any{"stream": st.name, "seq": sequence}
		if again {
			ack["duplicate"] = true
		}
		b, _ := json.Marshal(ack)
		return b
	}
	after, fenced := expects("Nats-Expected-Last-Sequence")
	afterSame, fencedSame := expects("Nats-Expected-Last-Subject-Sequence")
	same := uint64(0)
	for at, r := range st.records {
		if r.subject == m.subject {
			same = max(same, at)
		}
	}
	switch id := fields["Nats-Msg-Id"]; {
	case f.refuse != 0:
		return refuse(refused(503, f.refuse, "not now"))
	case f.proposed:
		return refuse(refused(400, 10071, "wrong last sequence: %d", st.last+1))
	case id != "" && st.ids[id] != 0:
		return nil, accepted(st.ids[id], true)
	case fields["Nats-Expected-Stream"] != "" && fields["Nats-Expected-Stream"] != st.name:
		return refuse(refused(400, 10060, "expected stream does not match"))
	case fenced && after != st.last && !s.lies.noFence:
		return refuse(refused(400, 10071, "wrong last sequence: %d", st.last))
	case fencedSame && afterSame != same && !s.lies.noSubjects:
		return refuse(refused(400, 10071, "wrong last sequence: %d", same))
	}
	st.last++
	r := &record{subject: m.subject, header: m.header, body: m.body, sequence: st.last, time: s.now().UTC()}
	st.records[r.sequence] = r
	if id := fields["Nats-Msg-Id"]; id != "" {
		st.ids[id] = r.sequence
	}
	return r, accepted(r.sequence, false)
}

// A follower is a pull consumer.
type follower struct {
	stream    *memory
	name      string
	next      uint64
	delivered uint64
	pulls     []*pull
}

// A pull is a request for so many messages.
type pull struct {
	inbox   string
	left    int
	until   time.Time
	beat    time.Duration
	stopped bool
}

func (s *server) consumerAPI(parts []string, m *message) (answer, header []byte) {
	switch parts[1] {
	case "CREATE":
		return s.createFollower(parts[2], parts[3], m), nil
	case "DELETE":
		if st := s.streams[parts[2]]; st != nil && st.consumers[parts[3]] != nil {
			delete(st.consumers, parts[3])
			return reply("consumer_delete_response", map[string]any{"success": true}, nil), nil
		}
	case "INFO":
		if st := s.streams[parts[2]]; st != nil && st.consumers[parts[3]] != nil {
			return reply("consumer_info_response", map[string]any{"stream_name": st.name, "name": parts[3], "config": map[string]any{}}, nil), nil
		}
	case "MSG": // MSG.NEXT.<stream>.<consumer>
		name := strings.TrimPrefix(parts[4], parts[3]+".")
		st := s.streams[parts[3]]
		if st == nil || st.consumers[name] == nil {
			return nil, status("503")
		}
		s.request(st.consumers[name], m)
		return nil, nil
	}
	return reply("consumer_"+strings.ToLower(parts[1])+"_response", nil, refused(404, 10014, "consumer not found")), nil
}

func (s *server) createFollower(stream, name string, m *message) []byte {
	var ask struct {
		Config struct {
			From uint64 `json:"opt_start_seq"`
		} `json:"config"`
	}
	json.Unmarshal(m.body, &ask)
	st := s.streams[stream]
	if st == nil {
		return reply("consumer_create_response", nil, refused(404, 10059, "stream not found"))
	}
	st.consumers[name] = &follower{stream: st, name: name, next: max(ask.Config.From, 1)}
	return reply("consumer_create_response", map[string]any{
		"stream_name": stream, "name": name, "created": time.Now().UTC(), "config": map[string]any{"name": name, "ack_policy": "none", "deliver_policy": "by_start_sequence", "opt_start_seq": ask.Config.From},
	}, nil)
}

// request takes a pull, which ends when it is filled or expires.
func (s *server) request(c *follower, m *message) {
	var ask struct {
		Batch   int           `json:"batch"`
		Expires time.Duration `json:"expires"`
		Beat    time.Duration `json:"idle_heartbeat"`
	}
	json.Unmarshal(m.body, &ask)
	p := &pull{inbox: m.reply, left: max(ask.Batch, 1), until: time.Now().Add(ask.Expires), beat: ask.Beat}
	c.pulls = append(c.pulls, p)
	go func() {
		s.pump(c)
		s.attend(c, p)
	}()
}

// attend sends heartbeats until the pull ends.
func (s *server) attend(c *follower, p *pull) {
	for {
		wait := time.Until(p.until)
		if p.beat > 0 {
			wait = min(wait, p.beat)
		}
		select {
		case <-time.After(wait):
		case <-s.over:
			return
		}
		s.mu.Lock()
		gone := p.stopped || s.down || c.stream.consumers[c.name] != c
		over := !gone && !time.Now().Before(p.until)
		left, at := p.left, c.next-1
		if gone || over {
			p.stopped = true
			c.pulls = slices.DeleteFunc(c.pulls, func(q *pull) bool { return q == p })
		}
		s.mu.Unlock()
		switch {
		case gone:
			return
		case over:
			s.deliver(p.inbox, message{subject: p.inbox, header: status("408 Request Timeout", "Nats-Pending-Messages", strconv.Itoa(left), "Nats-Pending-Bytes", "0")}, 0)
			return
		}
		beat := status("100 Idle Heartbeat", "Nats-Last-Consumer", strconv.FormatUint(c.delivered, 10), "Nats-Last-Stream", strconv.FormatUint(at, 10))
		if !s.deliver(p.inbox, message{subject: p.inbox, header: beat}, 0) {
			s.mu.Lock()
			p.stopped = true
			c.pulls = slices.DeleteFunc(c.pulls, func(q *pull) bool { return q == p })
			s.mu.Unlock()
			return
		}
	}
}

func (s *server) pumpAll(st *memory) {
	s.mu.Lock()
	all := slices.Collect(maps.Values(st.consumers))
	s.mu.Unlock()
	for _, c := range all {
		s.pump(c)
	}
}

// pump delivers to a consumer what there is and it asked for.
func (s *server) pump(c *follower) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := c.stream
	_, last := st.extent()
	for len(c.pulls) > 0 && c.next <= last && !s.down {
		r := st.records[c.next]
		c.next++
		if r == nil || s.lies.skips && r.sequence%11 == 9 {
			continue
		}
		p := c.pulls[0]
		c.delivered++
		if p.left--; p.left == 0 {
			p.stopped, c.pulls = true, c.pulls[1:]
		}
		pending := 0
		for at := r.sequence + 1; at <= last; at++ {
			if st.records[at] != nil {
				pending++
			}
		}
		ack := fmt.Sprintf("$JS.ACK.%s.%s.1.%d.%d.%d.%d", st.name, c.name, r.sequence, c.delivered, r.time.UnixNano(), pending)
		s.deliverLocked(p.inbox, message{subject: r.subject, reply: ack, header: r.header, body: r.body}, 0)
	}
}
