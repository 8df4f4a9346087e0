package main

import (
	"cmp"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/spf13/cobra"

	"goldenthread/api"
	"goldenthread/api/rest"
	"goldenthread/eventstore/stream"
)

// An asking is how other programs on this machine ask the check over NATS: at a NATS server of
// its own inside this process. It has no streams and no way to the server that keeps the
// ledgers, so that nothing but the check can be asked there.
type asking struct{ listen, credentials string }

func (a *asking) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&a.listen, "nats-listen", "", "address on this machine at which other programs ask the check over NATS, such as 127.0.0.1:4222; at none if not said")
	cmd.Flags().StringVar(&a.credentials, "nats-listen-credentials", "", "file of who may: a user:password on each line, one for each program; not readable by everybody")
}

// leastPassword is how many characters a password has at least.
const leastPassword = 16

// read is where to listen, and the passwords by user.
func (a *asking) read() (at netip.AddrPort, passwords map[string]string, err error) {
	if at, err = netip.ParseAddrPort(a.listen); err != nil || !at.Addr().IsLoopback() {
		return at, nil, usagef("--nats-listen is an address of this machine alone, such as 127.0.0.1:4222; for others run a NATS with TLS (goldenthread nats-config)")
	}
	b, err := stream.ReadSecretFile(a.credentials)
	if err != nil {
		return at, nil, fmt.Errorf("--nats-listen-credentials: %w", err)
	}
	passwords = map[string]string{}
	for i, line := range strings.Split(strings.TrimSpace(string(b)), "\n") {
		user, password, _ := strings.Cut(strings.TrimSpace(line), ":")
		if user == "" || len(password) < leastPassword {
			return at, nil, fmt.Errorf("--nats-listen-credentials: line %d of %s is not user:password, with %d characters of password or more", i+1, a.credentials, leastPassword)
		}
		if passwords[user] != "" {
			return at, nil, fmt.Errorf("--nats-listen-credentials: %s names %s twice", a.credentials, user)
		}
		passwords[user] = password
	}
	return at, passwords, nil
}

// check says what is wrong with what was asked for.
func (a *asking) check() error {
	if a.listen == "" {
		return nil
	}
	_, _, err := a.read()
	return err
}

// start has the program listen, and offers the check there, until stop is called. It does
// nothing if that was not asked for.
func (a *asking) start(is *api.Server, log *slog.Logger) (stop func(), err error) {
	if a.listen == "" {
		return func() {}, nil
	}
	at, passwords, err := a.read()
	if err != nil {
		return nil, err
	}
	who := &askers{own: rand.Text()}
	srv, err := server.NewServer(&server.Options{
		ServerName: "goldenthread", Host: at.Addr().String(), Port: cmp.Or(int(at.Port()), server.RANDOM_PORT), NoSigs: true, CustomClientAuthentication: who,
	})
	if err != nil {
		return nil, fmt.Errorf("listen for NATS: %w", err)
	}
	srv.SetLoggerV2(&stream.ServerLog{Log: log}, false, false, false)
	if who.users, err = accountsOf(srv, passwords); err != nil {
		return nil, fmt.Errorf("listen for NATS: %w", err)
	}
	// Whoever listens there already is told apart from a server that is slow.
	free, err := net.Listen("tcp", a.listen)
	if err != nil {
		return nil, fmt.Errorf("listen for NATS: %w", err)
	}
	free.Close()
	srv.Start()
	end := func() { srv.Shutdown(); srv.WaitForShutdown() }
	if !srv.ReadyForConnections(10 * time.Second) {
		end()
		return nil, errors.New("listen for NATS: the server did not start; its log says why")
	}
	nc, err := nats.Connect("", nats.InProcessServer(srv), nats.UserInfo(ownUser, who.own), nats.Name("goldenthread"))
	if err != nil {
		end()
		return nil, fmt.Errorf("listen for NATS: %w", err)
	}
	if _, err := is.Offer(nc); err != nil {
		nc.Close()
		end()
		return nil, err
	}
	log.Info("programs on this machine ask the check over NATS", "at", srv.Addr().String(), "users", len(passwords))
	return func() { nc.Drain(); end() }, nil
}

const ownUser = "" // of the program itself; nobody in the file is called so

// askers says who may come in: the program itself, by a password that is made anew at each
// start, and each user of the file into an account of their own, so that no program hears the
// answers to another.
type askers struct {
	own   string
	users map[string]asker
}

type asker struct {
	password string
	account  *server.Account
}

// accountsOf makes an account for each user, from which only the check can be asked, and what
// the micro protocol says about it.
func accountsOf(srv *server.Server, passwords map[string]string) (map[string]asker, error) {
	check, about := rest.CheckSubject, "$SRV.>"
	offering := srv.GlobalAccount()
	err := errors.Join(offering.AddServiceExport(check, nil), offering.AddServiceExportWithResponse(about, server.Streamed, nil))
	users := map[string]asker{}
	for user, password := range passwords {
		account, failed := srv.RegisterAccount("program-" + strconv.Itoa(len(users)+1))
		if failed != nil {
			return nil, failed
		}
		err = errors.Join(err, account.AddServiceImport(offering, check, check), account.AddServiceImport(offering, about, about))
		users[user] = asker{password, account}
	}
	return users, err
}

// Check implements server.Authentication.
func (a *askers) Check(c server.ClientAuthentication) bool {
	sent := c.GetOpts()
	if c.Kind() != server.CLIENT {
		return false
	}
	if sent.Username == ownUser {
		return subtle.ConstantTimeCompare([]byte(sent.Password), []byte(a.own)) == 1
	}
	is, known := a.users[sent.Username]
	if subtle.ConstantTimeCompare([]byte(sent.Password), []byte(is.password)) != 1 || !known {
		return false
	}
	c.RegisterUser(&server.User{Username: sent.Username, Account: is.account, Permissions: &server.Permissions{
		Publish:   &server.SubjectPermission{Allow: []string{rest.CheckSubject, "$SRV.>"}},
		Subscribe: &server.SubjectPermission{Allow: []string{"_INBOX.>"}},
	}})
	return true
}

// offer offers the check over NATS: where the ledgers are kept in an existing one, there; and
// where programs on this machine may ask. It does until stop is called.
func (o *serving) offer(is *api.Server, ledgers *nats.Conn, log *slog.Logger) (stop func(), err error) {
	near, err := o.asking.start(is, log)
	if err != nil || o.nats.url == "" {
		return near, err
	}
	all, err := is.Offer(ledgers)
	if err != nil {
		near()
		return nil, err
	}
	return func() { all.Stop(); near() }, nil
}
