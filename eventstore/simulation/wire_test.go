package simulation

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The NATS protocol, as far as nats.go speaks it to a server in the same process
// (docs.nats.io, "client protocol").

// A plug is where one node is connected to the server. It is what nats.go asks for a
// connection (nats.InProcessServer). Pulled, it gives none any more: so a node dies, as
// far as anybody else can see.
type plug struct {
	server *server
	node   string

	mu     sync.Mutex
	pulled bool // for good
	out    bool // for a while: the network is cut
	links  map[*link]bool
}

func (s *server) plug(node string) *plug {
	return &plug{server: s, node: node, links: map[*link]bool{}}
}

var errNoNetwork = errors.New("the network is cut")

// InProcessConn makes a connection, as nats.go wants it.
func (p *plug) InProcessConn() (net.Conn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pulled || p.out || p.server.isDown() {
		return nil, errNoNetwork
	}
	theirs, ours := net.Pipe()
	l := &link{server: p.server, plug: p, conn: ours, subjects: map[string]*interest{}, wake: make(chan struct{}, 1), ended: make(chan struct{})}
	p.links[l] = true
	p.server.join(l)
	go l.read()
	go l.write()
	return theirs, nil
}

// cut ends the plug's connections; for good, if it is pulled.
func (p *plug) cut(pull bool) {
	p.mu.Lock()
	p.pulled, p.out = p.pulled || pull, true
	var all []*link
	for l := range p.links {
		all = append(all, l)
	}
	clear(p.links)
	p.mu.Unlock()
	for _, l := range all {
		l.end()
	}
}

// mend lets the plug connect again, unless it was pulled.
func (p *plug) mend() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.out = false
}

// A link is one connection, at the server's end.
type link struct {
	server *server
	plug   *plug
	conn   net.Conn

	mu       sync.Mutex
	subjects map[string]*interest // by the number that the client gave it
	queue    []packet
	wake     chan struct{} // takes one
	ended    chan struct{}
	ending   sync.Once
}

// An interest is a subscription.
type interest struct {
	subject []string // tokens
	left    int      // messages to come; 0: no end
}

// A packet is what is to be written, not before that time.
type packet struct {
	at    time.Time
	bytes []byte
}

func (l *link) end() {
	l.ending.Do(func() {
		close(l.ended)
		l.conn.Close()
		l.server.leave(l)
	})
}

func (l *link) send(after time.Duration, b []byte) {
	l.mu.Lock()
	l.queue = append(l.queue, packet{time.Now().Add(after), b})
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func (l *link) write() {
	defer l.end()
	for {
		l.mu.Lock()
		var next packet
		if len(l.queue) > 0 {
			next, l.queue = l.queue[0], l.queue[1:]
		}
		l.mu.Unlock()
		if next.bytes == nil {
			select {
			case <-l.wake:
				continue
			case <-l.ended:
				return
			}
		}
		if wait := time.Until(next.at); wait > 0 {
			select {
			case <-time.After(wait):
			case <-l.ended:
				return
			}
		}
		if _, err := l.conn.Write(next.bytes); err != nil {
			return
		}
	}
}

func (l *link) read() {
	defer l.end()
	l.send(0, []byte(`INFO {"server_id":"SIMULATED","server_name":"simulated","version":"2.15.2","proto":1,"go":"go1.26","host":"simulated","port":4222,"headers":true,"max_payload":1048576,"jetstream":true,"client_id":1}`+"\r\n"))
	r := bufio.NewReaderSize(l.conn, 4096)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		if err := l.obey(strings.TrimRight(line, "\r\n"), r); err != nil {
			return
		}
	}
}

// obey does what one line of the client says.
func (l *link) obey(line string, r *bufio.Reader) error {
	verb, rest, _ := strings.Cut(line, " ")
	fields := strings.Fields(rest)
	switch strings.ToUpper(verb) {
	case "CONNECT", "PONG":
		return nil
	case "PING":
		l.send(0, []byte("PONG\r\n"))
		return nil
	case "SUB":
		l.mu.Lock()
		l.subjects[fields[len(fields)-1]] = &interest{subject: strings.Split(fields[0], ".")}
		l.mu.Unlock()
		return nil
	case "UNSUB":
		l.unsubscribe(fields)
		return nil
	case "PUB", "HPUB":
		m, err := readMessage(strings.EqualFold(verb, "HPUB"), fields, r)
		if err == nil {
			l.server.arrive(l, m)
		}
		return err
	}
	return fmt.Errorf("%q is not said here", verb)
}

func (l *link) unsubscribe(fields []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := l.subjects[fields[0]]
	if i != nil && len(fields) > 1 {
		if n, err := strconv.Atoi(fields[1]); err == nil && n > 0 {
			i.left = n
			return
		}
	}
	delete(l.subjects, fields[0])
}

// A message is one on its way.
type message struct {
	subject, reply string
	header         []byte // as it is sent, with its first line; nil for none
	body           []byte
}

func readMessage(withHeader bool, fields []string, r io.Reader) (message, error) {
	m := message{subject: fields[0]}
	numbers := fields[1:]
	sizes := 1
	if withHeader {
		sizes = 2
	}
	if len(numbers) > sizes {
		m.reply, numbers = numbers[0], numbers[1:]
	}
	total, err := strconv.Atoi(numbers[len(numbers)-1])
	if err != nil {
		return m, err
	}
	b := make([]byte, total+2)
	if _, err := io.ReadFull(r, b); err != nil {
		return m, err
	}
	b = b[:total]
	if withHeader {
		n, err := strconv.Atoi(numbers[0])
		if err != nil || n > total {
			return m, fmt.Errorf("%q is no length of a header", numbers[0])
		}
		m.header, b = b[:n], b[n:]
	}
	m.body = b
	return m, nil
}

// deliver hands the message to all who want its subject, and says whether anybody does.
// A message for a reply may have another subject than that under which it is asked for.
func (s *server) deliver(to string, m message, after time.Duration) (wanted bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.deliverLocked(to, m, after)
}

func (s *server) deliverLocked(to string, m message, after time.Duration) (wanted bool) {
	tokens := strings.Split(to, ".")
	for l := range s.links {
		for _, number := range l.wanting(tokens) {
			wanted = true
			if s.deaf[l.plug.node] && strings.HasPrefix(m.reply, "$JS.ACK.") {
				continue
			}
			l.send(after, encode(number, m))
		}
	}
	return wanted
}

// wanting are the numbers of the subscriptions that the subject matches.
func (l *link) wanting(tokens []string) (numbers []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for number, i := range l.subjects {
		if !matches(i.subject, tokens) {
			continue
		}
		numbers = append(numbers, number)
		if i.left > 0 {
			if i.left--; i.left == 0 {
				delete(l.subjects, number)
			}
		}
	}
	return numbers
}

func matches(pattern, tokens []string) bool {
	for i, p := range pattern {
		switch {
		case p == ">":
			return len(tokens) > i
		case i >= len(tokens), p != "*" && p != tokens[i]:
			return false
		}
	}
	return len(pattern) == len(tokens)
}

func encode(number string, m message) []byte {
	var b bytes.Buffer
	reply := ""
	if m.reply != "" {
		reply = m.reply + " "
	}
	if m.header == nil {
		fmt.Fprintf(&b, "MSG %s %s %s%d\r\n", m.subject, number, reply, len(m.body))
	} else {
		fmt.Fprintf(&b, "HMSG %s %s %s%d %d\r\n", m.subject, number, reply, len(m.header), len(m.header)+len(m.body))
		b.Write(m.header)
	}
	b.Write(m.body)
	b.WriteString("\r\n")
	return b.Bytes()
}

// status is the header of a message that says something about a request.
func status(line string, fields ...string) []byte {
	b := "NATS/1.0 " + line + "\r\n"
	for i := 0; i < len(fields); i += 2 {
		b += fields[i] + ": " + fields[i+1] + "\r\n"
	}
	return []byte(b + "\r\n")
}

// fieldsOf reads a header's fields; none if there is no header.
func fieldsOf(header []byte) map[string]string {
	fields := map[string]string{}
	for i, line := range strings.Split(string(header), "\r\n") {
		if name, value, ok := strings.Cut(line, ":"); i > 0 && ok {
			fields[name] = strings.TrimSpace(value)
		}
	}
	return fields
}
