package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/spf13/cobra"

	"goldenthread/api/feeds"
	"goldenthread/api/mail"
	"goldenthread/eventstore"
	"goldenthread/projections"
)

// A mailing is what serve was asked to do about mail. Nothing is mailed unless a
// mail server is named.
type mailing struct {
	server                   mail.Server
	credentials, roots, link string
}

func (m *mailing) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&m.server.Address, "mail-server", "", "host:port of a mail server, to tell people what is new and what waits for them; no mail if not said")
	f.StringVar(&m.server.From, "mail-from", "", "address that mail comes from")
	f.StringVar(&m.server.TLS, "mail-tls", "starttls", "starttls, tls, or none on this machine")
	f.StringVar(&m.credentials, "mail-credentials", "", "file with user:password for the mail server, readable by its owner alone")
	f.StringVar(&m.roots, "mail-ca", "", "file with the certificates, in PEM, from which the mail server's must come; those of the system if not said")
	f.StringVar(&m.link, "mail-link", "", "address of the pages, to stand in the mail")
}

// start sends mail until stop is called; without a mail server there is none to
// send it.
func (m *mailing) start(ctx context.Context, store *eventstore.Store, groups *projections.Groups, replicas int, log *slog.Logger) (post *mail.Post, stop func(), err error) {
	if m.server.Address == "" {
		return nil, func() {}, nil
	}
	if err := m.server.ReadCredentials(m.credentials); err != nil {
		return nil, nil, err
	}
	if err := m.server.ReadRoots(m.roots); err != nil {
		return nil, nil, err
	}
	js, err := jetstream.New(store.Conn())
	if err != nil {
		return nil, nil, err
	}
	post, err = mail.Open(ctx, mail.Options{
		Server: m.server, Link: m.link, Groups: groups, Personal: store.OpenPersonal, Stream: js, Replicas: replicas, Log: log,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("mail: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		post.Run(ctx)
	}()
	return post, func() { cancel(); <-ended }, nil
}

// mailQuestion asks what became of the mail.
var mailQuestion = question[feeds.Letters]{
	use: "mail", short: "What was mailed to whom last, and what became of it",
	example: "  goldenthread mail",
	below:   "/mail",
	show: func(p *page, a *feeds.Letters) {
		if !a.On {
			p.say("No mail server is configured: nothing is mailed.")
			return
		}
		p.table("state", "tries", "text")
		for _, l := range a.Letters {
			p.row(l.State, l.Tries, l.Text)
		}
	},
}
