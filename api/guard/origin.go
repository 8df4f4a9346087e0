package guard

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// A Reach is how people reach this server from outside.
type Reach struct {
	// Origin is the address in people's browsers, such as
	// https://thread.example.org. Passkeys are bound to it. None: localhost and
	// the listening port.
	Origin string
	// TLS is how to encrypt; nil is not at all.
	TLS *tls.Config
	// BehindProxy says that everything comes through a proxy, whose
	// X-Forwarded-For and X-Forwarded-Proto are believed.
	BehindProxy bool
}

// Check refuses an origin that can't be one: passkeys need a host's name, never
// an IP address, and TLS, except on localhost.
func (a *Reach) Check() error {
	if a.Origin == "" {
		return nil
	}
	u, err := url.Parse(a.Origin)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || a.Origin != u.Scheme+"://"+u.Host {
		return fmt.Errorf("%q is not an origin; write it like https://thread.example.org", a.Origin)
	}
	if _, err := netip.ParseAddr(u.Hostname()); err == nil {
		return fmt.Errorf("%s has no name: passkeys need a host name", a.Origin)
	}
	if u.Scheme == "http" && u.Hostname() != "localhost" {
		return fmt.Errorf("%s is not encrypted: passkeys need https", a.Origin)
	}
	return nil
}

// CheckListen refuses to be reached from other machines unencrypted: without
// TLS of its own, or a proxy that is named as such.
func CheckListen(listen string, tls, behindProxy bool) error {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return fmt.Errorf("%q is not an address; write it like 127.0.0.1:8080", listen)
	}
	ip, err := netip.ParseAddr(host)
	if tls || behindProxy || host == "localhost" || err == nil && ip.IsLoopback() {
		return nil
	}
	return errors.New(listen + " can be reached from other machines: give a certificate and its key, or say that there is a proxy with TLS in front")
}

// Encrypted says whether the browser's own connection is.
func (s *Guard) Encrypted(r *http.Request) bool {
	return r.TLS != nil || strings.HasPrefix(s.Reach.Origin, "https://") ||
		s.Reach.BehindProxy && strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
}

// Origin is where this server is in the browser of whoever asks. What the
// request says of itself is not believed.
func (s *Guard) Origin(r *http.Request) string {
	if s.Reach.Origin != "" {
		return s.Reach.Origin
	}
	scheme, port := "http", "80"
	if r.TLS != nil {
		scheme = "https"
	}
	if at, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
		_, port, _ = net.SplitHostPort(at.String())
	}
	return scheme + "://localhost:" + port
}

// Client is the network of whoever asks.
func (s *Guard) Client(r *http.Request) string { return NetworkOf(s.from(r)) }

// Address is the address of whoever asks, without its port; "unknown" if what the proxy
// says is no address.
func (s *Guard) Address(r *http.Request) string {
	from := s.from(r)
	if ip, err := netip.ParseAddr(from); err == nil {
		return ip.Unmap().String()
	}
	if with, err := netip.ParseAddrPort(from); err == nil {
		return with.Addr().Unmap().String()
	}
	return "unknown"
}

// from is where a request comes from, with or without a port: the address that the proxy named
// last, for it is the only one that it did not only pass on, or else that of the connection.
func (s *Guard) from(r *http.Request) string {
	if s.Reach.BehindProxy {
		if via := r.Header.Values("X-Forwarded-For"); len(via) > 0 {
			hops := strings.Split(via[len(via)-1], ",")
			return strings.TrimSpace(hops[len(hops)-1])
		}
	}
	return r.RemoteAddr
}

// NetworkOf is what counts as one client: an address of IPv4, with or without its port, or
// the first 64 bits of one of IPv6, of which whoever has one commonly has all. What is no
// address counts as it is.
func NetworkOf(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		with, err := netip.ParseAddrPort(address)
		if err != nil {
			return address
		}
		ip = with.Addr()
	}
	if ip = ip.Unmap().WithZone(""); ip.Is4() {
		return ip.String()
	}
	network, err := ip.Prefix(64)
	if err != nil {
		return address
	}
	return network.String()
}
