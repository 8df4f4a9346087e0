package setup

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"goldenthread/api/web"
	"goldenthread/domain"
	"goldenthread/eventstore"
)

// What this server is: each point is looked at when the page is asked for, and says what
// to do where something is to be done.

const (
	certificateSoon = 21 * 24 * time.Hour // before a certificate ends somebody should know
	mailPatience    = 5 * time.Second
)

func (s *Setup) serverPage(w http.ResponseWriter, r *http.Request) error {
	return s.show(w, r, http.StatusOK, &web.Server{
		Checks: s.checks(r), Passkeys: s.identity.OperatorPasskeys(), Groups: len(s.store.Groups()) > 0,
	}, nil, nil)
}

// checks are all points, as they are now.
func (s *Setup) checks(r *http.Request) []web.ServerCheck {
	return append([]web.ServerCheck{s.checkAddress(r), s.checkTLS(r), s.checkMail(r.Context()), s.checkSignIn(r)}, s.checkRecords()...)
}

func good(name, say string) web.ServerCheck {
	return web.ServerCheck{Name: name, State: "good", Say: say}
}

func todo(name, state, say, do string) web.ServerCheck {
	return web.ServerCheck{Name: name, State: state, Say: say, Do: do}
}

// checkAddress says where people find this server, and whether others than this machine can.
func (s *Setup) checkAddress(r *http.Request) web.ServerCheck {
	const name = "Address"
	origin := s.guard.Origin(r)
	u, err := url.Parse(origin)
	if err != nil {
		return todo(name, "bad", "The address "+origin+" can’t be read.", "Start with --origin and the address in people’s browsers, such as https://thread.example.org.")
	}
	asked, _, _ := strings.Cut(r.Host, ":")
	switch {
	case u.Hostname() == "localhost":
		return todo(name, "warning", "People find this server at "+origin+", which only works on this machine.",
			"To let others in, start with --origin and a name that stays, such as https://thread.example.org. Passkeys are bound to that name, so choose it before anybody makes one.")
	case !strings.EqualFold(asked, u.Hostname()):
		return todo(name, "bad", "You asked for "+asked+", but people are sent to "+origin+".", "Open "+origin+", or start with the --origin that people use.")
	}
	return good(name, "People find this server at "+origin+", and you reached it there.")
}

// checkTLS says whether what people send is encrypted, and until when the certificate holds.
func (s *Setup) checkTLS(r *http.Request) web.ServerCheck {
	const name = "Encryption (TLS)"
	reach := &s.guard.Reach
	switch {
	case reach.TLS != nil:
		return checkCertificate(name, reach.TLS, s.guard.Origin(r), time.Now())
	case reach.BehindProxy && strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https"):
		return good(name, "The proxy in front says that your connection to it is encrypted.")
	case reach.BehindProxy:
		return todo(name, "bad", "The proxy in front does not say that your connection to it is encrypted.", "Have it send X-Forwarded-Proto: https, and redirect http to https.")
	}
	if host, err := netip.ParseAddrPort(r.RemoteAddr); err == nil && host.Addr().Unmap().IsLoopback() {
		return todo(name, "warning", "Nothing is encrypted. That is safe on this machine alone, where you are now.",
			"To let others in, start with --tls-cert and --tls-key, or behind a proxy with TLS and --behind-proxy.")
	}
	return todo(name, "bad", "Nothing is encrypted.", "Start with --tls-cert and --tls-key, or behind a proxy with TLS and --behind-proxy.")
}

func checkCertificate(name string, config *tls.Config, origin string, now time.Time) web.ServerCheck {
	u, err := url.Parse(origin)
	if err != nil {
		return todo(name, "bad", "The address "+origin+" can’t be read.", "Start with another --origin.")
	}
	served, err := config.GetCertificate(&tls.ClientHelloInfo{ServerName: u.Hostname()})
	var leaf *x509.Certificate
	if err == nil {
		if leaf = served.Leaf; leaf == nil {
			leaf, err = x509.ParseCertificate(served.Certificate[0])
		}
	}
	renew := "Renew it, and put it in place of the files of --tls-cert and --tls-key. They are read again without a restart."
	switch {
	case err != nil:
		return todo(name, "bad", "The certificate can’t be read: "+err.Error()+".", renew)
	case leaf.VerifyHostname(u.Hostname()) != nil:
		return todo(name, "bad", "The certificate is not for "+u.Hostname()+": browsers will warn people.", "Get one for that name.")
	case now.After(leaf.NotAfter):
		return todo(name, "bad", "The certificate ended on "+domain.DayOf(leaf.NotAfter).Words()+".", renew)
	case now.Add(certificateSoon).After(leaf.NotAfter):
		return todo(name, "warning", "The certificate ends on "+domain.DayOf(leaf.NotAfter).Words()+".", renew)
	}
	return good(name, "The certificate is for "+u.Hostname()+" and ends on "+domain.DayOf(leaf.NotAfter).Words()+".")
}

// checkMail asks the mail server whether it would take a letter; nothing is sent.
func (s *Setup) checkMail(ctx context.Context) web.ServerCheck {
	const name = "Mail"
	if s.o.Mail == nil {
		return todo(name, "warning", "There is no mail server, so nobody is mailed. Invitations are printed instead.", "If you have a mail server, start with --mail-server and --mail-from.")
	}
	ctx, cancel := context.WithTimeout(ctx, mailPatience)
	defer cancel()
	if err := s.o.Mail.Reach(ctx); err != nil {
		s.log.WarnContext(ctx, "the mail server was not reached", "error", err)
		return todo(name, "bad", "The mail server does not answer as it should: "+domain.ClipTo(err.Error(), 200)+".", "Check --mail-server, --mail-tls and its credentials.")
	}
	return good(name, "The mail server answers.")
}

// checkSignIn says how people sign in here.
func (s *Setup) checkSignIn(r *http.Request) web.ServerCheck {
	const name = "Signing in"
	if asked, _, _ := strings.Cut(r.Host, ":"); !s.guard.Encrypted(r) && asked != "localhost" {
		return todo(name, "bad", "Passkeys need an encrypted address with a name, or localhost; this is "+r.Host+".", "Open "+s.guard.Origin(r)+".")
	}
	say := "People sign in with passkeys"
	if s.identity.SingleSignOn != nil {
		say += ", or with their organisation’s account"
	}
	if len(s.identity.OperatorPasskeys()) == 0 {
		return todo(name, "warning", say+". You have no passkey as the operator yet.", "Make one below. Without it the operator’s token, in the data folder, is the only way back to this page.")
	}
	return good(name, say+". You have a passkey as the operator.")
}

// checkRecords says whether something can be recorded, and how far logs and witnesses are.
func (s *Setup) checkRecords() []web.ServerCheck {
	var all []web.ServerCheck
	if err := s.store.Ready(); err != nil {
		all = append(all, todo("Recording", "bad", "Nothing can be recorded now: "+domain.ClipTo(err.Error(), 200)+".", "Look at the disk and at the program’s log, and start again."))
	} else {
		all = append(all, good("Recording", "Something can be recorded now."))
	}
	now := s.store.Gauges()
	for i := range now.Groups {
		all = append(all, checkGroup(&now.Groups[i])...)
	}
	if s.o.BackupKey == nil {
		all = append(all, todo("Backups", "warning", "Backups hold the ledgers, and not who gets in.", "Start with --backup-key."))
	}
	return all
}

func checkGroup(g *eventstore.GroupGauges) []web.ServerCheck {
	name := "Ledger of " + g.Group
	if g.Stopped {
		return []web.ServerCheck{todo(name, "bad", "It is damaged and has stopped.", "Run goldenthread repair, or restore a backup.")}
	}
	var all []web.ServerCheck
	if behind := int64(g.Next) - int64(g.Signed); g.Signed > 0 && behind > 0 {
		all = append(all, todo(name, "warning", fmt.Sprintf("%s not signed yet.", isOrAre(behind)), "This catches up by itself within a minute. If it does not, look at the program’s log."))
	}
	if behind := int64(g.Signed) - int64(g.Witnessed); g.Watched && behind > 0 {
		all = append(all, todo(name, "warning", fmt.Sprintf("%s not cosigned by every witness yet.", isOrAre(behind)), "If this lasts, ask whoever runs the witness."))
	}
	if all == nil {
		all = append(all, good(name, cmp.Or(map[bool]string{true: "It is signed and cosigned."}[g.Watched], "It is signed. No witness watches it.")))
	}
	return all
}

func isOrAre(n int64) string {
	if n == 1 {
		return "1 event is"
	}
	return domain.Count(int(n), "event") + " are"
}
