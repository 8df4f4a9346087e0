package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"goldenthread/eventstore/stream"
)

const sendTimeout = time.Minute

// A Server is the mail server through which letters go, and in whose name.
type Server struct {
	Address  string // host:port
	From     string // address of the sender
	TLS      string // starttls, tls, or none on this machine
	User     string // "" where the server asks for none; never said in the clear
	Password string
	Roots    *x509.CertPool // from which its certificate must come; nil: those of the system
}

// ReadRoots reads the certificates, in PEM, from which the server's must come.
func (s *Server) ReadRoots(file string) error {
	if file == "" {
		return nil
	}
	b, err := stream.ReadFile(file)
	if err != nil {
		return fmt.Errorf("the mail server's certificates: %w", err)
	}
	if s.Roots = x509.NewCertPool(); !s.Roots.AppendCertsFromPEM(b) {
		return fmt.Errorf("%s holds no certificates in PEM", file)
	}
	return nil
}

// ReadCredentials reads a user's name and password, parted by the first colon, from
// the file; none if no file is named. A file that others can read is refused.
func (s *Server) ReadCredentials(file string) error {
	if file == "" {
		return nil
	}
	b, err := stream.ReadSecretFile(file)
	if err != nil {
		return fmt.Errorf("the mail server's credentials: %w", err)
	}
	var ok bool
	if s.User, s.Password, ok = strings.Cut(strings.TrimSpace(string(b)), ":"); !ok || s.User == "" || s.Password == "" {
		return errors.New("the mail server's credentials are written as user:password")
	}
	return nil
}

// client is ready to reach the server; nothing is sent in the clear but to this
// machine.
func (s *Server) client() (*gomail.Client, error) {
	host, port, err := net.SplitHostPort(s.Address)
	number, numberErr := strconv.Atoi(port)
	if err != nil || numberErr != nil {
		return nil, fmt.Errorf("%q is not a mail server; write it like smtp.example.org:587", s.Address)
	}
	options := []gomail.Option{
		gomail.WithPort(number), gomail.WithTimeout(sendTimeout),
		gomail.WithTLSConfig(&tls.Config{ServerName: host, RootCAs: s.Roots, MinVersion: tls.VersionTLS12}),
	}
	switch s.TLS {
	case "", "starttls":
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	case "tls":
		options = append(options, gomail.WithSSL())
	case "none":
		if ip, err := netip.ParseAddr(host); host != "localhost" && (err != nil || !ip.IsLoopback()) {
			return nil, errors.New("mail goes unencrypted to this machine only: use starttls or tls")
		}
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		return nil, fmt.Errorf("mail goes by starttls, tls or none, not %q", s.TLS)
	}
	if s.User != "" {
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(s.User), gomail.WithPassword(s.Password))
	}
	return gomail.NewClient(host, options...)
}

// An outcome is what became of handing a letter over.
type outcome int

const (
	delivered outcome = iota // the server has taken it
	later                    // it surely has not; it may another time
	refused                  // it will not
	unknown                  // it may or may not have
)

// send hands the letter over.
func (s *Server) send(ctx context.Context, msg *gomail.Msg) (outcome, error) {
	client, err := s.client()
	if err != nil {
		return later, err
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	err = client.DialAndSendWithContext(ctx, msg)
	var at *gomail.SendError
	switch {
	case msg.IsDelivered():
		return delivered, nil // what went wrong after that does not matter
	case err == nil:
		return unknown, errors.New("the mail server gave no answer")
	case !errors.As(err, &at):
		return later, err // before any letter was begun
	case at.Reason == gomail.ErrSMTPDataClose && at.ErrorCode() == 0:
		return unknown, err // everything was said, and the answer never came
	case at.ErrorCode() >= 500 && at.Reason != gomail.ErrSMTPMailFrom: // a sender that is not let in is no fault of the letter
		return refused, err
	}
	return later, err
}

// reach says why the server would take no letter now; nil if it would. Nothing is sent.
func (s *Server) reach(ctx context.Context) error {
	client, err := s.client()
	if err != nil {
		return err
	}
	if err := client.DialWithContext(ctx); err != nil {
		return err
	}
	return client.Close()
}
