package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/spf13/cobra"

	"goldenthread/eventstore/stream"
)

// A natsAccess is how an existing NATS is reached, and who this node is there.
type natsAccess struct {
	url, roots, cert, key, credentials string
}

func (n *natsAccess) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&n.url, "nats", "", "URL of an existing NATS with JetStream, or several with commas between, in place of the one inside")
	f.StringVar(&n.roots, "nats-ca", "", "file with the certificates, in PEM, from which that NATS's must come; those of the system if not said")
	f.StringVar(&n.cert, "nats-cert", "", "file of the certificate (PEM) that this node shows there")
	f.StringVar(&n.key, "nats-key", "", "file of that certificate's key (PEM)")
	f.StringVar(&n.credentials, "nats-credentials", "", "file with user:password for that NATS, or with the seed of an nkey; not readable by everybody")
}

// options are what the flags say of the connection.
func (n *natsAccess) options() (options []nats.Option, err error) {
	if strings.Contains(n.url, "@") {
		return nil, usagef("--nats has an address alone: put user:password into a file of its own, and name that by --nats-credentials")
	}
	if n.roots != "" {
		options = append(options, nats.RootCAs(n.roots))
	}
	if n.cert != "" {
		options = append(options, nats.ClientCert(n.cert, n.key))
	}
	if n.credentials != "" {
		who, err := readNATSCredentials(n.credentials)
		if err != nil {
			return nil, fmt.Errorf("--nats-credentials: %w", err)
		}
		options = append(options, who)
	}
	return options, nil
}

// readNATSCredentials reads user:password, or the seed of an nkey.
func readNATSCredentials(name string) (nats.Option, error) {
	b, err := stream.ReadSecretFile(name)
	if err != nil {
		return nil, err
	}
	if user, password, ok := strings.Cut(string(bytes.TrimSpace(b)), ":"); ok {
		return nats.UserInfo(user, password), nil
	}
	return nats.NkeyOptionFromSeed(name)
}

// natsConfig is how the three servers of a cluster run.
//
//go:embed nats.conf
var natsConfig string

func natsConfigCommand() *cobra.Command {
	return &cobra.Command{
		Use: "nats-config", Short: "Print the configuration of a cluster's NATS servers", GroupID: "run",
		Long: "Nats-config prints a configuration for the three NATS servers of a cluster: writes are synced, everything goes over TLS with\n" +
			"certificates on both sides, and the nodes' user can do what this program does and nothing else. It can't delete, purge or change the\n" +
			"ledgers' stream. What each server needs in its environment stands at the head.",
		Example: "  goldenthread nats-config > /etc/nats/nats.conf",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprint(cmd.OutOrStdout(), natsConfig)
			return err
		},
	}
}
