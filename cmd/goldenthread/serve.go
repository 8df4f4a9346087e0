package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"
	"rsc.io/qr"

	"goldenthread/api"
	"goldenthread/api/guard"
	"goldenthread/api/identity"
	"goldenthread/cmd/internal/folder"
	"goldenthread/domain"
	"goldenthread/eventstore"
	"goldenthread/eventstore/archive"
	"goldenthread/eventstore/stream"
)

// A serving is what serve was asked to do.
type serving struct {
	dir, listen, example    string
	exampleUntil            string
	nats                    natsAccess
	asking                  asking
	replicas                int
	installation            string
	witnesses               []string
	quorum                  int
	acceptLoss              bool
	clockIsRight            bool
	beginAnew               bool
	origin, tlsCert, tlsKey string
	behindProxy             bool
	oidc                    identity.OIDC
	oidcSecret              string
	mail                    mailing
	webhooks                string
	idle                    time.Duration
	reads                   int
	memory                  int
	noTokens                bool
	backupKey               string
	backupTo                string
	backupEvery             time.Duration
	contact                 string
	metricsToken            string
	log                     logging
}

// contacts are what can be named as whom to tell: a mail address or a page (RFC 9116).
var contacts = regexp.MustCompile(`^(mailto:|https://)[!-~]{3,200}$`)

func serveCommand() *cobra.Command {
	var o serving
	cmd := &cobra.Command{
		Use:     "serve",
		GroupID: "run",
		Short:   "Serve the ledgers in a folder over HTTP",
		Long: "Serve keeps the ledgers in a folder and answers over HTTP. The folder is made if it is not there, and is used by one process at a\n" +
			"time. The first start writes the operator's token, which founds groups and gives out people's tokens, to operator-token in it.",
		Example: "  goldenthread serve --example trafford\n" +
			"  goldenthread serve --data /var/lib/goldenthread --listen 127.0.0.1:8080\n" +
			"  goldenthread serve --config /etc/goldenthread/goldenthread.conf\n" +
			"  goldenthread serve --nats nats://10.0.0.5:4222",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			log, err := o.log.logger(cmd.ErrOrStderr())
			if err != nil {
				return saidElsewhere(cmd.Flags(), err)
			}
			warnOfUnread(cmd.Flags(), log)
			err = saidElsewhere(cmd.Flags(), o.run(cmd.Context(), log, cmd))
			if err != nil && o.log.inJSON() {
				log.Error("the server stopped", "error", err)
				return exitCode(exitCodeOf(err))
			}
			return err
		},
	}
	o.flags(cmd)
	return cmd
}

// flags adds all that serve can be told.
func (o *serving) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.dir, "data", "data", "folder of the ledgers, keys and tokens")
	cmd.Flags().StringVar(&o.listen, "listen", "127.0.0.1:8080", "address to answer at; beyond this machine only with TLS or behind a proxy")
	cmd.Flags().StringVar(&o.origin, "origin", "", "address in people's browsers, such as https://thread.example.org; localhost if not said")
	cmd.Flags().StringVar(&o.contact, "contact", "", "whom to tell of a weakness or when help is needed, as mailto:… or https://…: in /.well-known/security.txt, /help and /privacy")
	cmd.Flags().StringVar(&o.metricsToken, "metrics-token-file", "", "file of a token that reads /metrics and nothing else, made if it is not there, for Prometheus; without it that takes the operator's")
	cmd.Flags().StringVar(&o.tlsCert, "tls-cert", "", "file of the certificate (PEM); read again when it changes")
	cmd.Flags().StringVar(&o.tlsKey, "tls-key", "", "file of the certificate's key (PEM)")
	cmd.Flags().BoolVar(&o.behindProxy, "behind-proxy", false, "everything comes through a proxy with TLS, whose X-Forwarded headers are believed")
	cmd.Flags().StringVar(&o.oidc.Issuer, "oidc-issuer", "", "address of your organisation's sign-in (OpenID Connect), such as https://accounts.example.org; it sends people back to /sign-in/oidc/callback")
	cmd.Flags().StringVar(&o.oidc.Client, "oidc-client", "", "id by which that sign-in knows this server")
	cmd.Flags().StringVar(&o.oidcSecret, "oidc-secret-file", "", "file of the client's secret")
	cmd.Flags().StringVar(&o.oidc.People, "oidc-people", "", `file that says whose account is whose: [{"email":"…","group":"…","person":"…"}], or "subject" for "email"; read again when it changes`)
	cmd.Flags().DurationVar(&o.oidc.MaxAge, "oidc-max-age", 0, "how long ago people may have signed in at that sign-in, such as 12h; it must say when they did. Not asked if not said")
	cmd.Flags().DurationVar(&o.idle, "idle", time.Hour, "how long people stay signed in without doing anything; after twelve hours they sign in again in any case")
	cmd.Flags().BoolVar(&o.noTokens, "no-token-sign-in", false, "people sign in to the pages with passkeys or their organisation's account alone; tokens are for programs")
	cmd.Flags().IntVar(&o.reads, "reads", 200, "how many questions a second one session or token may ask, ten times as many at once; -1 is any number")
	cmd.Flags().StringVar(&o.example, "example", "", "load this example place first, if the folder is empty: trafford")
	cmd.Flags().StringVar(&o.exampleUntil, "example-until", "", "the day up to which the example's story goes on, such as 2026-10-06, on which the story as it is told in the README ends; today if not said")
	cmd.Flags().StringVar(&o.backupKey, "backup-key", "", "file of the key with which backups are made, made if it is not there; "+backupKeyFile+" in the data folder if not said. Keep a copy of it apart from the backups")
	cmd.Flags().StringVar(&o.backupTo, "backup-to", "", "folder in which this server makes a backup by itself, reads it again, and thins older ones: after a week one a week is kept, for 90 days. Best on another disk")
	cmd.Flags().DurationVar(&o.backupEvery, "backup-every", 24*time.Hour, "how often it does")
	o.nats.flags(cmd)
	o.asking.flags(cmd)
	cmd.Flags().StringVar(&o.installation, "installation", "", "your own name in the origin of the signed logs, such as trafford-lmc; a random one if not said. It can't be changed later")
	cmd.Flags().StringArrayVar(&o.witnesses, "witness", nil, "address,verifier-key of a witness that cosigns the logs; may be given several times")
	cmd.Flags().IntVar(&o.quorum, "quorum", 0, "how many of the witnesses must cosign what evidence is given on; none if not said")
	cmd.Flags().BoolVar(&o.acceptLoss, "accept-loss", false, "go on with a history that is shorter than was signed, where the rest is nowhere: the ledgers then say so, and new logs begin")
	cmd.Flags().BoolVar(&o.clockIsRight, "clock-is-right", false, "record although the newest event is more than 30 days old: say so once, when you have looked at the clock")
	cmd.Flags().BoolVar(&o.beginAnew, "begin-anew", false, "begin in a folder that has other files, or only the keys of ledgers that are gone")
	cmd.Flags().IntVar(&o.memory, "memory", folder.UsualMemory, "MB of memory to use; with more, more ledgers are kept at hand, the others are read up when somebody asks")
	cmd.Flags().IntVar(&o.replicas, "replicas", 1, "copies of the stream that an existing NATS keeps")
	o.mail.flags(cmd)
	cmd.Flags().StringVar(&o.webhooks, "webhooks", "", `file of channels that are told that something was recorded, without its words, readable by its owner alone: [{"group":"…","name":"…","url":"https://…","secret":"whsec_…","format":"teams"}], or "json"`)
	o.log.flags(cmd)
	takesSettings(cmd)
}

// run checks what was asked for, reads the folder up and answers until ctx ends.
func (o *serving) run(ctx context.Context, log *slog.Logger, cmd *cobra.Command) (err error) {
	if o.contact != "" && !contacts.MatchString(o.contact) {
		return usagef("--contact: %q is no contact; write it like mailto:security@example.org or https://example.org/security", o.contact)
	}
	options := api.Options{Contact: o.contact, Copies: o.replicas, Log: log, Idle: o.idle, Reads: o.reads, NoTokens: o.noTokens, AccessLog: o.log.access, Addresses: o.log.addresses}
	switch _, err := os.Stat(o.backupTo); {
	case o.idle <= 0:
		return usagef("--idle is a time such as 30m")
	case o.reads < -1 || o.reads == 0:
		return usagef("--reads is a number of questions, or -1 for any number")
	case o.replicas < 1:
		return usagef("--replicas is 1 at least")
	case o.backupTo != "" && err != nil:
		return usagef("--backup-to names a folder that is there: %v", err)
	case o.backupEvery < time.Minute:
		return usagef("--backup-every is a minute at least")
	}
	if err := o.asking.check(); err != nil {
		return err
	}
	if options.Reach, err = o.reach(); err != nil {
		return err
	}
	if options.SingleSignOn, err = o.singleSignOn(); err != nil {
		return err
	}
	stored, err := o.storeOptions(log)
	if err != nil {
		return err
	}
	if o.backupTo != "" {
		if stored.Known, err = (&backups{dir: o.backupTo}).readNote(); err != nil {
			return err
		}
	}
	folder.UseMemory(o.memory)
	listener, err := net.Listen("tcp", o.listen) // before anything that takes long
	if err != nil {
		return fmt.Errorf("--listen: answer at %s: %w", o.listen, err)
	}
	defer listener.Close()
	if err := checkWhole(o.dir); err != nil {
		return err
	}
	if err := o.load(ctx, log); err != nil {
		return err
	}
	if options.Store, options.Groups, err = folder.Open(ctx, stored); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, folder.Close(options.Store)) }()
	return o.answer(ctx, cmd, listener, options)
}

// storeOptions are what the flags say of the store.
func (o *serving) storeOptions(log *slog.Logger) (options eventstore.Options, err error) {
	access, err := o.nats.options()
	if err != nil {
		return options, err
	}
	if o.memory < leastMemory {
		return options, usagef("--memory: a server needs at least %d MB", leastMemory)
	}
	witnesses, err := parseWitnesses(o.witnesses)
	return eventstore.Options{
		Dir: o.dir, NATS: o.nats.url, Access: access, Replicas: o.replicas, Installation: o.installation, Witnesses: witnesses, Quorum: o.quorum, AcceptLoss: o.acceptLoss,
		BeginAnew: o.beginAnew, ClockConfirmed: o.clockIsRight || o.example != "", // the example's events are of a year that is over
		Folded: uint64(o.memory) * eventsPerMB, Log: log,
	}, err
}

// openAccess opens what lets people and programs in, and the key of backups.
func (o *serving) openAccess(ctx context.Context, options *api.Options) (err error) {
	backupKey := cmp.Or(o.backupKey, filepath.Join(o.dir, backupKeyFile))
	for file, lost := range map[string]string{
		(&identity.Tokens{Dir: o.dir}).OperatorFile(): "the old token no longer works",
		backupKey: "credentials in the backups made so far come back only with the old one. Put that back, or make a new backup and keep the new key apart from it",
	} {
		if len(options.Store.Groups()) > 0 && !o.isExample() && !isThere(file) {
			options.Log.Warn("a secret of this installation is gone, and a new one is made: "+lost, "file", file)
		}
	}
	if options.Tokens, err = identity.OpenTokens(ctx, options.Store); err != nil {
		return err
	}
	if options.Feeds, err = identity.OpenFeedKeys(ctx, options.Store); err != nil {
		return err
	}
	if options.SignIn, err = identity.OpenSignIn(ctx, options.Store); err != nil {
		return err
	}
	if options.BackupKey, err = archive.OpenKey(backupKey); err != nil {
		return err
	}
	if err := sameSecrets(ctx, options); err != nil {
		return err
	}
	if o.metricsToken != "" { // it can lie in the data folder, which is there by now
		if options.MetricsToken, err = identity.OpenMetricsToken(o.metricsToken); err != nil {
			return fmt.Errorf("--metrics-token-file: %w", err)
		}
	}
	if said, err := os.ReadFile(filepath.Join(o.dir, restoredFile)); err == nil {
		options.Log.Warn(strings.TrimSpace(string(said)), "file", filepath.Join(o.dir, restoredFile))
	}
	return nil
}

// sameSecrets returns an error unless the other nodes of the cluster have the same operator's
// token and key of backups. The store has looked at wrapping.key, and keys that sign are
// changed at one node after the other.
func sameSecrets(ctx context.Context, options *api.Options) error {
	return options.Store.SameSecrets(ctx, map[string][]byte{filepath.Base(options.Tokens.OperatorFile()): []byte(options.Tokens.Operator()), backupKeyFile: options.BackupKey})
}

// answer opens what belongs to people (tokens, keys of feeds, sign-ins, mail), says
// where everything is, and answers until ctx ends or the store can't go on.
func (o *serving) answer(ctx context.Context, cmd *cobra.Command, listener net.Listener, options api.Options) (err error) {
	if err := o.openAccess(ctx, &options); err != nil {
		return err
	}
	post, stop, err := o.mail.start(ctx, options.Store, options.Groups, o.replicas, options.Log)
	if err != nil {
		return err
	}
	defer stop()
	options.Mail = post
	hooks, stopHooks, err := o.startWebhooks(ctx, options.Store, options.Groups, options.Log)
	if err != nil {
		return err
	}
	defer stopHooks()
	options.Webhooks = hooks
	options.OnRecord = true
	options.ShowsExample = o.isExample()
	if o.origin == "" && o.tlsCert == "" && !o.behindProxy && o.nats.url == "" && !options.ShowsExample { // reached as localhost
		beside := &exampleServer{dir: filepath.Join(o.dir, "example"), log: options.Log}
		defer func() { err = errors.Join(err, beside.Close()) }()
		options.Example = beside
	}
	var backing *backups
	if o.backupTo != "" {
		backing = &backups{dir: o.backupTo, every: o.backupEvery, key: options.BackupKey, log: options.Log, known: func() map[string]uint64 { return signedFor(options.Store) }}
		options.Backups = backing
	}
	server := api.New(options)
	if err := server.BeginAccess(ctx); err != nil {
		options.Log.Warn("some ways in are not on the record yet; the next start tries again", "error", err)
	}
	quiet, err := o.offer(server, options.Store.Conn(), options.Log)
	if err != nil {
		return err
	}
	defer quiet()
	if backing != nil {
		backing.write = server.Backup
		making, end := context.WithCancel(ctx)
		var made sync.WaitGroup
		made.Go(func() { backing.run(making) })
		defer made.Wait()
		defer end()
	}
	first, err := server.FirstLink()
	if err != nil {
		return err
	}
	if o.log.inJSON() {
		o.logStart(options.Log, listener.Addr(), options.Tokens, first)
	} else {
		o.greet(cmd, listener.Addr(), options.Tokens)
		o.showFirstLink(cmd, listener.Addr(), first)
	}
	return serveUntil(ctx, server, listener, options.Store.Failed())
}

// A server's memory, in MB: half is for ledgers kept at hand, a quarter for
// garbage and what is being done, the rest for what the runtime does not count.
const (
	leastMemory = 256
	eventsPerMB = 1900 // kept at hand; an event takes some 250 bytes in the ledger and its projection (make bench)
)

// serveUntil answers until ctx ends, or until the store can't go on: then the
// reason is the error.
func serveUntil(ctx context.Context, server *api.Server, l net.Listener, failed <-chan error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	done := make(chan struct{})
	defer close(done)
	go func() {
		select {
		case why := <-failed:
			stop(&storeFailed{why})
		case <-done:
		}
	}()
	err := server.Serve(ctx, l)
	var why *storeFailed
	if errors.As(context.Cause(ctx), &why) {
		return errors.Join(why.error, err)
	}
	return err
}

type storeFailed struct{ error }

// load loads the example place into an empty folder; another is left alone.
func (o *serving) load(ctx context.Context, log *slog.Logger) error {
	if o.example == "" {
		return nil
	}
	if o.nats.url != "" {
		return errors.New("an example is loaded into a folder of its own: leave out --nats")
	}
	empty, err := folder.IsEmpty(o.dir)
	if err != nil {
		return fmt.Errorf("look into the data folder: %w", err)
	}
	if !empty {
		log.Info("the data folder is not empty: it is left alone, and no example is loaded", "folder", o.dir)
		return nil
	}
	until := time.Now()
	if o.exampleUntil != "" {
		day, err := domain.ParseDay(o.exampleUntil)
		if err != nil {
			return usagef("--example-until: %v", err)
		}
		until = day.Start()
	}
	return loadExample(ctx, o.dir, o.example, until, log)
}

// isExample says whether the folder holds the example place.
func (o *serving) isExample() bool {
	_, err := os.Stat(filepath.Join(o.dir, exampleTokens))
	return err == nil
}

// logStart logs, for a log in JSON, where the server answers and how to begin where nothing is here yet.
func (o *serving) logStart(log *slog.Logger, at net.Addr, tokens *identity.Tokens, firstPath string) {
	log.Info("Golden Thread answers", "at", "http://"+at.String(), "people", o.address(at), "operator_token_file", tokens.OperatorFile())
	if firstPath != "" {
		log.Warn("nothing is set up here yet; to begin, open this link in a browser within half an hour; it works once", "link", o.address(at)+firstPath)
	}
}

// greet says, on standard error, where everything is.
func (o *serving) greet(cmd *cobra.Command, at net.Addr, tokens *identity.Tokens) {
	cmd.PrintErrf("Golden Thread answers at http://%s; what it answers is described at /openapi.json.\n", at)
	cmd.PrintErrf("For people: %s\n", o.address(at))
	cmd.PrintErrf("The operator's token is in %s.\n", tokens.OperatorFile())
	if o.isExample() {
		cmd.PrintErrf("The example people's tokens are in %s.\n", filepath.Join(o.dir, exampleTokens))
	}
}

// showFirstLink says how to begin where nothing is here yet; in a terminal with a picture
// of the link, for a phone.
func (o *serving) showFirstLink(cmd *cobra.Command, at net.Addr, path string) {
	if path == "" {
		return
	}
	link := o.address(at) + path
	cmd.PrintErrf("\nNothing is set up here yet. To begin, open this link in a browser. It works once, for half an hour from now:\n\n  %s\n\n", link)
	if term.IsTerminal(int(os.Stderr.Fd())) {
		if code, err := qr.Encode(link, qr.L); err == nil { // without the picture there is the link
			cmd.PrintErrln(blocks(code))
		}
	}
}

// blocks is the code in half blocks, two rows a line, with the white border that cameras need.
func blocks(code *qr.Code) string {
	const border = 2
	var b strings.Builder
	for y := -border; y < code.Size+border; y += 2 {
		for x := -border; x < code.Size+border; x++ {
			switch upper, lower := code.Black(x, y), code.Black(x, y+1); {
			case upper && lower:
				b.WriteString(" ")
			case upper:
				b.WriteString("▄")
			case lower:
				b.WriteString("▀")
			default:
				b.WriteString("█")
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}

// address is where people find it in their browser. A passkey is bound to a
// name, never to an IP address.
func (o *serving) address(at net.Addr) string {
	if o.origin != "" {
		return o.origin
	}
	scheme := "http"
	if o.tlsCert != "" {
		scheme = "https"
	}
	_, port, _ := net.SplitHostPort(at.String())
	return scheme + "://localhost:" + port
}

// addressFromHere is where a command on the same machine reaches it: a certificate is for
// the name in people's browsers.
func (o *serving) addressFromHere() string {
	if o.tlsCert == "" {
		return "http://" + o.listen
	}
	_, port, _ := net.SplitHostPort(o.listen)
	return cmp.Or(o.origin, "https://localhost:"+port)
}

// reach is how people reach this server, checked.
func (o *serving) reach() (guard.Reach, error) {
	r := guard.Reach{Origin: o.origin, BehindProxy: o.behindProxy}
	if o.tlsCert != "" {
		var err error
		if r.TLS, err = guard.TLS(o.tlsCert, o.tlsKey); err != nil {
			return r, err
		}
	}
	if err := r.Check(); err != nil {
		return r, usagef("--origin: %v", err)
	}
	if err := guard.CheckListen(o.listen, r.TLS != nil, o.behindProxy); err != nil {
		return r, usagef("--listen: %v", err)
	}
	return r, nil
}

// singleSignOn is signing in with the organisation's account; nil if it was not
// asked for.
func (o *serving) singleSignOn() (*identity.SingleSignOn, error) {
	if o.oidc.Issuer == "" {
		return nil, nil
	}
	if o.oidcSecret != "" {
		b, err := stream.ReadSecretFile(o.oidcSecret)
		if err != nil {
			return nil, fmt.Errorf("--oidc-secret-file: %w", err)
		}
		o.oidc.Secret = strings.TrimSpace(string(b))
	}
	in, err := identity.OpenSingleSignOn(o.oidc)
	if err != nil {
		return nil, fmt.Errorf("single sign-on: %w", err)
	}
	return in, nil
}
