package setup

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"goldenthread/api/doctor"
	"goldenthread/api/web"
)

// What this server is: each point is looked at when the page is asked for, and says what
// to do where something is to be done.

const examineFor = 25 * time.Second // the most that looking may take, less than an answer

func (s *Setup) serverPage(w http.ResponseWriter, r *http.Request) error {
	return s.show(w, r, http.StatusOK, &web.Server{
		Checks: s.checks(r), Passkeys: s.identity.OperatorPasskeys(), Groups: len(s.store.Groups()) > 0, Example: s.o.Example != nil,
	}, nil, nil)
}

// checks are all points, as they are now.
func (s *Setup) checks(r *http.Request) []web.ServerCheck {
	return append([]web.ServerCheck{s.checkAddress(r), s.checkTLS(r), s.checkSignIn(r)}, s.examine(r.Context())...)
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
		return checkName(name, reach.TLS, s.guard.Origin(r))
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

// checkName says whether the certificate is for the name that people use; until when it
// holds, the doctor says.
func checkName(name string, config *tls.Config, origin string) web.ServerCheck {
	u, err := url.Parse(origin)
	if err != nil {
		return todo(name, "bad", "The address "+origin+" can’t be read.", "Start with another --origin.")
	}
	leaf, err := doctor.Leaf(config)()
	switch {
	case err != nil:
		return todo(name, "bad", "The certificate can’t be read.", "Look at the files of --tls-cert and --tls-key.")
	case leaf.VerifyHostname(u.Hostname()) != nil:
		return todo(name, "bad", "The certificate is not for "+u.Hostname()+": browsers will warn people.", "Get one for that name.")
	}
	return good(name, "Everything is encrypted, with a certificate for "+u.Hostname()+".")
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

// examine is everything that the doctor looks at.
func (s *Setup) examine(ctx context.Context) []web.ServerCheck {
	ctx, cancel := context.WithTimeout(ctx, examineFor)
	defer cancel()
	in := s.o.Installation
	in.Store, in.Running, in.Now, in.BackupKey = s.store, true, time.Now(), s.o.BackupKey
	var all []web.ServerCheck
	for _, c := range doctor.Examine(ctx, &in).Checks {
		if b := s.backups(); c.Name == "Backups" && b != nil { // which the doctor was not told of
			all = append(all, checkNewest(b, in.Now))
			continue
		}
		all = append(all, web.ServerCheck{Name: c.Name, State: doctorStates[c.State], Say: c.Found, Do: c.Do})
	}
	return all
}

// checkNewest says whether backups are made as often as they should be.
func checkNewest(b *web.Backups, now time.Time) web.ServerCheck {
	const name = "Backups"
	switch {
	case b.Wrong != "":
		return todo(name, "bad", "The backups can’t be listed: "+b.Wrong+".", "Look at the folder that --backup-to names.")
	case b.File == "":
		return todo(name, "warning", "There is no backup in "+b.Folder+" yet.", "Wait a minute, or make one now on the operator’s page.")
	case now.Sub(b.Made) > 2*b.Every:
		return todo(name, "bad", "The newest backup, "+b.File+", is older than it should be.", "Look at the log for why none was made since.")
	}
	return good(name, "The newest backup, "+b.File+", was read whole when it was made.")
}

// doctorStates are the doctor's states, as pages show them.
var doctorStates = map[doctor.State]string{doctor.Well: "good", doctor.Unknown: "unknown", doctor.Look: "warning", doctor.Wrong: "bad"}
