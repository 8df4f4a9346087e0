package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"goldenthread/api/access"
	"goldenthread/api/guard"
	"goldenthread/eventstore/witness"
)

const (
	witnessTimeout = 15 * time.Second // of a request, and of its answer
	witnessDrain   = 10 * time.Second // for those that are still being answered when it stops
	witnessKeyFile = "witness.key"
)

// A witnessing is a witness of other people's logs.
type witnessing struct {
	dir, name, listen string
	logs              []string
}

func witnessCommand() *cobra.Command {
	var o witnessing
	cmd := &cobra.Command{
		Use: "witness", Short: "Be a witness of somebody else's ledgers", GroupID: "run",
		Long: "Witness cosigns the checkpoints of logs whose keys it was given, and only what continues what it cosigned before (c2sp.org/\n" +
			"tlog-witness). With one run by the local medical committee, whoever runs the ledger can't show anybody another history. It sees\n" +
			"sizes and hashes, never what is recorded. Its first start makes its key and prints the verifier key: give that, with the address,\n" +
			"to whoever runs the ledger, for serve --witness.\n\n" +
			"Keep the folder. A witness that lost it must not start again with the same key.",
		Example: "  goldenthread witness --data ./witness --name lmc.example/witness --log goldenthread.local/…/trafford+1a2b3c4d+AR…",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			log := slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil))
			warnOfUnread(cmd.Flags(), log)
			return saidElsewhere(cmd.Flags(), o.run(cmd.Context(), log, cmd))
		},
	}
	cmd.Flags().StringVar(&o.dir, "data", "witness", "folder of the witness's key and of what it cosigned")
	cmd.Flags().StringVar(&o.name, "name", "", "name of the witness in its key, such as lmc.example/witness")
	cmd.Flags().StringVar(&o.listen, "listen", "127.0.0.1:8090", "address to answer at, on this machine only: put a proxy with TLS in front")
	cmd.Flags().StringSliceVar(&o.logs, "log", nil, "verifier key of a log to cosign; several keys of one origin are of one log")
	takesSettings(cmd)
	must(cmd.MarkFlagRequired("name"))
	must(cmd.MarkFlagRequired("log"))
	return cmd
}

func (o *witnessing) run(ctx context.Context, log *slog.Logger, cmd *cobra.Command) (err error) {
	if err := guard.CheckListen(o.listen, false, false); err != nil {
		return usagef("--listen: %v", err)
	}
	logs, err := logsOf(o.logs)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(o.dir, 0o700); err != nil {
		return err
	}
	key, err := witness.OpenKey(filepath.Join(o.dir, witnessKeyFile), o.name)
	if err != nil {
		return err
	}
	server, err := witness.Open(o.dir, key, logs, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	l, err := net.Listen("tcp", o.listen)
	if err != nil {
		return err
	}
	cmd.PrintErrf("The witness answers at http://%s; its verifier key is\n%s\n", l.Addr(), server.VKey())
	return serveWitness(ctx, server, l)
}

// serveWitness answers until ctx ends.
func serveWitness(ctx context.Context, h http.Handler, l net.Listener) error {
	srv := &http.Server{Handler: h, ReadTimeout: witnessTimeout, WriteTimeout: witnessTimeout, IdleTimeout: 2 * witnessTimeout}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(l) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), witnessDrain)
	defer cancel()
	return srv.Shutdown(drain)
}

// logsOf puts verifier keys of one origin, which stands in front of the key, together.
func logsOf(vkeys []string) ([]witness.Log, error) {
	var logs []witness.Log
	place := map[string]int{}
	for _, vkey := range vkeys {
		origin, rest, ok := strings.Cut(vkey, "+")
		if !ok || !strings.Contains(rest, "+") {
			return nil, usagef("--log: %q is not a verifier key; a server gives its own at /v1/groups/GROUP/log/vkey", vkey)
		}
		i, again := place[origin]
		if !again {
			i = len(logs)
			place[origin], logs = i, append(logs, witness.Log{Origin: origin})
		}
		logs[i].VKeys = append(logs[i].VKeys, vkey)
	}
	return logs, nil
}

// parseWitnesses reads what serve's --witness was given, URL,vkey each.
func parseWitnesses(given []string) ([]witness.Witness, error) {
	var ws []witness.Witness
	for _, text := range given {
		w, err := witness.ParseWitness(text)
		if err != nil {
			return nil, usagef("--witness: %v", err)
		}
		ws = append(ws, w)
	}
	return ws, nil
}

// witnessesQuestion asks how far the witnesses of the log are.
var witnessesQuestion = question[access.Witnesses]{
	use: "witnesses", short: "How far each witness of the signed log is",
	example: "  goldenthread witnesses",
	below:   "/log/witnesses",
	show: func(p *page, a *access.Witnesses) {
		p.table("witness", "cosigned", "of", "behind since", "trouble")
		for _, w := range a.Witnesses {
			p.row(w.Name, w.Cosigned, w.Size, momentWords(w.Since), w.Trouble)
		}
		p.head("The log is signed for %d events; enough witnesses have cosigned %d.", a.Signed, a.Witnessed)
	},
}
