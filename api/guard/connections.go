package guard

import (
	"net"
	"net/netip"
	"sync"
)

const (
	mostConnections = 25_000 // at once; 20,000 of them may listen to live events
	eachConnections = 1_000  // of one address, or of IPv6 one /64: a whole town's surgeries may share one
	filesLeft       = 4      // one in so many of the files that a process may open is not for connections
)

// Connections bounds how many connections the listener has at once, in all and of each
// client. When there are as many as may be, a client that has few still gets in: the
// oldest connection of the client with the most is closed for it. netutil.LimitListener
// would keep everybody waiting instead, behind those who hold theirs open.
//
// Connections from this machine itself, as of a proxy, have no bound of their own; nor
// has anybody where everything comes through one proxy.
func (s *Guard) Connections(l net.Listener) net.Listener {
	each := eachConnections
	if s.Reach.BehindProxy {
		each = mostConnections
	}
	return ConnectionsOf(l, affordable(mostConnections), each)
}

// ConnectionsOf bounds the listener's connections: in all, and of each client.
func ConnectionsOf(l net.Listener, most, each int) net.Listener {
	return &connections{Listener: l, most: most, each: each, of: map[string][]*connection{}}
}

// affordable is that number, or less where this process may not open so many files.
func affordable(most int) int {
	files := openFiles()
	if files == 0 || files > 1<<30 {
		return most
	}
	return max(1, min(most, int(files)*(filesLeft-1)/filesLeft))
}

type connections struct {
	net.Listener
	most, each int
	mu         sync.Mutex
	all        int
	of         map[string][]*connection // by client, oldest first
}

// A connection is counted until it is closed.
type connection struct {
	net.Conn
	in     *connections
	client string
	once   sync.Once
}

// Accept waits for the next connection that may be had.
func (l *connections) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		is := &connection{Conn: c, in: l, client: NetworkOf(c.RemoteAddr().String())}
		gone, in := l.admit(is)
		if gone != nil {
			gone.Close()
		}
		if in {
			return is, nil
		}
		c.Close()
	}
}

// admit counts the connection, if it may be had, and says which other is closed for it.
func (l *connections) admit(c *connection) (gone *connection, in bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	has := len(l.of[c.client])
	if has >= l.each && !local(c.client) {
		return nil, false
	}
	if l.all >= l.most {
		if gone = l.oldestOfMost(); gone == nil || len(l.of[gone.client]) <= has+1 {
			return nil, false
		}
		l.forget(gone)
	}
	l.of[c.client] = append(l.of[c.client], c)
	l.all++
	return gone, true
}

// oldestOfMost is the oldest connection of the client that has the most.
func (l *connections) oldestOfMost() (oldest *connection) {
	most := 0
	for _, theirs := range l.of {
		if len(theirs) > most {
			most, oldest = len(theirs), theirs[0]
		}
	}
	return oldest
}

// forget counts the connection no longer.
func (l *connections) forget(c *connection) {
	theirs := l.of[c.client]
	for i, one := range theirs {
		if one == c {
			l.of[c.client] = append(theirs[:i:i], theirs[i+1:]...)
			l.all--
			break
		}
	}
	if len(l.of[c.client]) == 0 {
		delete(l.of, c.client)
	}
}

// local says whether the client is this machine itself.
func local(client string) bool {
	ip, err := netip.ParseAddr(client)
	return err == nil && ip.IsLoopback() || client == "::/64"
}

// Close closes the connection, which then counts no longer.
func (c *connection) Close() error {
	c.once.Do(func() {
		c.in.mu.Lock()
		defer c.in.mu.Unlock()
		c.in.forget(c)
	})
	return c.Conn.Close()
}

// CloseWrite is for net/http, which ends answers so to whoever sends on.
func (c *connection) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
