package simulation

import (
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// A server answers NATS in memory, as far as a store asks it: subjects, requests, and
// JetStream's streams, pull consumers and buckets. TestTheFakeAnswersAsTheServer holds it
// against the real one. Its time is time.Now, so that it runs under a simulated clock.
type server struct {
	mu      sync.Mutex
	links   map[*link]bool
	streams map[string]*memory
	down    bool            // crashed: nothing is taken and nothing answered
	deaf    map[string]bool // nodes to which nothing is delivered that they follow
	ahead   time.Duration   // of its clock, from that of the nodes
	lies    lies            // planted mistakes; none in a sound server
	over    chan struct{}   // closed at the end: it does nothing by itself any more

	// meets says what becomes of a message that a client sent; nil: it arrives.
	meets func(l *link, m *message) fate
	// stored is told of each message that a stream acknowledges, as it does.
	stored func(stream string, m *record)
}

// Lies are mistakes of a server or a disk, planted to see that they are found.
type lies struct {
	ackBeforeSync bool // what is acknowledged may be lost in a crash
	noFence       bool // an expected sequence is not looked at
	noSubjects    bool // an expected sequence of a subject is not looked at
	doubles       bool // some messages are stored twice
	forgets       bool // a crash loses what was synced last
	skips         bool // a follower is not told of some message
	alters        bool // a stored byte turns
}

// A fate is what becomes of one message.
type fate struct {
	drop     bool          // it never arrives
	mute     bool          // it arrives, and its answer is lost
	twice    bool          // its answer comes twice
	late     time.Duration // it is held aside for that long, and overtaken by what comes after
	slow     time.Duration // the disk takes that long
	refuse   int           // it is refused with that error code of JetStream's
	then     func()        // called once it has been dealt with
	proposed bool          // it is told, once, that another has its place, and none has
}

func newServer() *server {
	return &server{links: map[*link]bool{}, streams: map[string]*memory{}, over: make(chan struct{}), deaf: map[string]bool{}}
}

func (s *server) join(l *link)  { s.mu.Lock(); s.links[l] = true; s.mu.Unlock() }
func (s *server) leave(l *link) { s.mu.Lock(); delete(s.links, l); s.mu.Unlock() }

func (s *server) isDown() bool { s.mu.Lock(); defer s.mu.Unlock(); return s.down }

func (s *server) now() time.Time { return time.Now().Add(s.ahead) }

// arrive deals with a message that a client sent.
func (s *server) arrive(l *link, m message) {
	f := fate{}
	if s.meets != nil {
		f = s.meets(l, &m)
	}
	if f.late > 0 {
		time.AfterFunc(f.late, func() { s.handle(m, f) })
		return
	}
	s.handle(m, f)
	if f.then != nil {
		f.then()
	}
}

func (s *server) handle(m message, f fate) {
	if f.drop || s.isDown() {
		return
	}
	if operation, ours := strings.CutPrefix(m.subject, "$JS.API."); ours {
		if answer, header := s.api(operation, &m, f); answer != nil || header != nil {
			s.answer(m.reply, header, answer, f)
		}
		return
	}
	if st := s.streamOf(m.subject); st != nil {
		s.take(st, m, f)
		return
	}
	if !s.deliver(m.subject, m, 0) && m.reply != "" {
		s.answer(m.reply, status("503"), nil, f)
	}
}

func (s *server) answer(to string, header, body []byte, f fate) {
	if to == "" || f.mute {
		return
	}
	m := message{subject: to, header: header, body: body}
	s.deliver(to, m, 0)
	if f.twice {
		s.deliver(to, m, 0)
	}
}

// streamOf is the stream that takes messages with the subject; nil if none does.
func (s *server) streamOf(subject string) *memory {
	tokens := strings.Split(subject, ".")
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, st := range s.streams {
		for _, pattern := range st.config.Subjects {
			if matches(strings.Split(pattern, "."), tokens) {
				return st
			}
		}
	}
	return nil
}

// refused is an error as JetStream's API gives it.
func refused(code, number int, say string, args ...any) *jetstream.APIError {
	return &jetstream.APIError{Code: code, ErrorCode: jetstream.ErrorCode(number), Description: fmt.Sprintf(say, args...)}
}

func reply(kind string, members map[string]any, err *jetstream.APIError) []byte {
	all := map[string]any{"type": "io.nats.jetstream.api.v1." + kind}
	maps.Copy(all, members)
	if err != nil {
		all["error"] = err
	}
	b, err2 := json.Marshal(all)
	if err2 != nil {
		panic(err2)
	}
	return b
}

// api answers a request of JetStream's API; with a header alone where the answer is a
// message that a stream keeps, and with nothing where it comes later.
func (s *server) api(operation string, m *message, f fate) (answer, header []byte) {
	if f.refuse != 0 {
		return reply("error", nil, refused(503, f.refuse, "not now")), nil
	}
	parts := strings.SplitN(operation, ".", 5)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case operation == "INFO":
		return reply("account_info_response", map[string]any{"streams": len(s.streams), "limits": map[string]any{"max_streams": -1, "max_consumers": -1}, "api": map[string]any{"level": 4}}, nil), nil
	case parts[0] == "STREAM" && len(parts) == 3:
		return s.streamAPI(parts[1], parts[2], m), nil
	case strings.HasPrefix(operation, "STREAM.MSG."):
		return s.messageAPI(parts[2], parts[3], m), nil
	case strings.HasPrefix(operation, "DIRECT.GET."):
		return s.directAPI(strings.SplitN(operation, ".", 4), m)
	case parts[0] == "CONSUMER":
		return s.consumerAPI(parts, m)
	}
	return reply("error", nil, refused(400, 10025, "%s is not answered here", operation)), nil
}

func (s *server) streamAPI(verb, name string, m *message) []byte {
	st := s.streams[name]
	kind := "stream_" + strings.ToLower(verb) + "_response"
	if verb == "CREATE" {
		return s.create(name, m.body)
	}
	if st == nil {
		return reply(kind, nil, refused(404, 10059, "stream not found"))
	}
	switch verb {
	case "INFO":
		var ask struct {
			Deleted bool   `json:"deleted_details"`
			Subject string `json:"subjects_filter"`
		}
		json.Unmarshal(m.body, &ask)
		return reply(kind, st.info(ask.Deleted, ask.Subject), nil)
	case "UPDATE":
		config, err := readConfig(m.body)
		if err != nil {
			return reply(kind, nil, refused(400, 10025, "%v", err))
		}
		st.config = config
		return reply(kind, st.info(false, ""), nil)
	case "DELETE":
		delete(s.streams, name)
		return reply(kind, map[string]any{"success": true}, nil)
	case "PURGE":
		var ask struct {
			Before uint64 `json:"seq"`
		}
		json.Unmarshal(m.body, &ask)
		if st.config.DenyPurge {
			return reply(kind, nil, refused(500, 10110, "stream purge not permitted"))
		}
		return reply(kind, map[string]any{"success": true, "purged": st.purge(ask.Before)}, nil)
	}
	return reply(kind, nil, refused(400, 10025, "%s is not answered here", verb))
}

func readConfig(body []byte) (config jetstream.StreamConfig, err error) {
	err = json.Unmarshal(body, &config)
	if config.Duplicates == 0 {
		config.Duplicates = 2 * time.Minute
	}
	if config.MaxMsgs == 0 {
		config.MaxMsgs = -1
	}
	return config, err
}

func (s *server) create(name string, body []byte) []byte {
	config, err := readConfig(body)
	switch st := s.streams[name]; {
	case err != nil:
		return reply("stream_create_response", nil, refused(400, 10025, "%v", err))
	case st != nil && fmt.Sprint(st.config) != fmt.Sprint(config):
		return reply("stream_create_response", nil, refused(400, 10058, "stream name already in use with a different configuration"))
	case st == nil:
		s.streams[name] = &memory{name: name, config: config, created: s.now().UTC(), records: map[uint64]*record{}, ids: map[string]uint64{}, consumers: map[string]*follower{}}
	}
	return reply("stream_create_response", s.streams[name].info(false, ""), nil)
}

func (s *server) messageAPI(verb, name string, m *message) []byte {
	kind := "stream_msg_" + strings.ToLower(verb) + "_response"
	st := s.streams[name]
	if st == nil {
		return reply(kind, nil, refused(404, 10059, "stream not found"))
	}
	var ask struct {
		Sequence uint64 `json:"seq"`
		Last     string `json:"last_by_subj"`
		Next     string `json:"next_by_subj"`
	}
	json.Unmarshal(m.body, &ask)
	if verb == "DELETE" {
		switch {
		case st.config.DenyDelete:
			return reply(kind, nil, refused(500, 10057, "message delete not permitted"))
		case !st.remove(ask.Sequence):
			return reply(kind, nil, refused(400, 10043, "sequence %d not found", ask.Sequence))
		}
		return reply(kind, map[string]any{"success": true}, nil)
	}
	r := st.find(ask.Sequence, ask.Last, ask.Next)
	if r == nil {
		return reply(kind, nil, refused(404, 10037, "no message found"))
	}
	one := map[string]any{"subject": r.subject, "seq": r.sequence, "data": r.body, "time": r.time}
	if r.header != nil {
		one["hdrs"] = r.header
	}
	return reply(kind, map[string]any{"message": one}, nil)
}

// directAPI answers with a message as it is stored.
func (s *server) directAPI(parts []string, m *message) (answer, header []byte) {
	st := s.streams[parts[2]]
	var r *record
	if st != nil && len(parts) == 4 {
		r = st.find(0, parts[3], "")
	} else if st != nil {
		var ask struct {
			Sequence uint64 `json:"seq"`
			Last     string `json:"last_by_subj"`
		}
		json.Unmarshal(m.body, &ask)
		r = st.find(ask.Sequence, ask.Last, "")
	}
	if r == nil {
		return nil, status("404 Message Not Found")
	}
	fields := []string{"Nats-Stream", st.name, "Nats-Subject", r.subject, "Nats-Sequence", strconv.FormatUint(r.sequence, 10), "Nats-Time-Stamp", r.time.Format(time.RFC3339Nano)}
	for name, value := range fieldsOf(r.header) {
		fields = append(fields, name, value)
	}
	return r.body, []byte("NATS/1.0\r\n" + strings.TrimPrefix(string(status("", fields...)), "NATS/1.0 \r\n"))
}

// crash is a power cut at the server: what was not synced is lost, or some of it, and all
// connections end. Until start nothing is answered.
func (s *server) crash(keep int) {
	s.mu.Lock()
	s.down = true
	var links []*link
	for l := range s.links {
		links = append(links, l)
	}
	var kept []func()
	for _, st := range s.streams {
		for _, r := range st.losing(keep, s.lies) {
			kept = append(kept, func() { s.tellStored(st, r) })
		}
		clear(st.consumers)
	}
	s.mu.Unlock()
	for _, l := range links {
		l.end()
	}
	for _, tell := range kept {
		tell()
	}
}

func (s *server) setDeaf(node string, deaf bool) { s.mu.Lock(); s.deaf[node] = deaf; s.mu.Unlock() }

func (s *server) start() { s.mu.Lock(); s.down = false; s.mu.Unlock() }
