package main

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"goldenthread/cmd/internal/folder"
	"goldenthread/eventstore"
)

// What a backup leaves out on purpose: who has these files beside it can read,
// sign and act. The next start can do without the second kind.
var (
	keyFiles   = []string{"wrapping.key", "signing.key"}
	tokenFiles = []string{"operator-token", "tokens.json"}
)

func backupCommand() *cobra.Command {
	c, to := &client{}, ""
	cmd := &cobra.Command{
		Use: "backup", Short: "Copy everything but the keys from a running server", GroupID: "run",
		Long: "Backup writes one file with all ledgers and the sealed keys of persons, while the server goes on. It needs the operator's token.\n" +
			"Not in it are wrapping.key, signing.key, operator-token and tokens.json: copy them from the data folder too, and keep them apart from\n" +
			"it. After a person was erased there is a new wrapping.key: destroy the older backups with theirs, or the person could be read from them.",
		Example: "  GOLDENTHREAD_TOKEN=$(cat data/operator-token) goldenthread backup --to backup.tar",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return c.backup(cmd, to) },
	}
	cmd.Flags().StringVar(&to, "to", "", "file to write; it must not be there")
	must(cmd.MarkFlagRequired("to"))
	c.serverFlags(cmd)
	return cmd
}

func (c *client) backup(cmd *cobra.Command, to string) error {
	f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	n, err := c.copyBackup(cmd.Context(), f)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(to))
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d bytes are in %s. The keys are not in it: copy %v from the data folder, and keep them apart.\n", n, to, slices.Concat(keyFiles, tokenFiles))
	return err
}

func (c *client) copyBackup(ctx context.Context, to io.Writer) (int64, error) {
	res, err := c.open(ctx, http.MethodGet, "/v1/backup", nil, nil)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	n, err := io.Copy(to, res.Body)
	if err != nil {
		err = fmt.Errorf("the backup broke off: %w", err)
	}
	return n, err
}

func restoreCommand() *cobra.Command {
	dir, from, keys := "", "", ""
	cmd := &cobra.Command{
		Use: "restore", Short: "Make a data folder of a backup and the keys", GroupID: "run",
		Long: "Restore makes a data folder of what backup wrote and of the keys that were kept apart, opens it and checks it. Keys of persons whose\n" +
			"erasure the ledger records are destroyed. What was recorded after the backup is not there: if people were told of it, or witnesses\n" +
			"have cosigned it, do not let this folder take its place before you know what is missing.",
		Example: "  goldenthread restore --data data --from backup.tar --keys keys",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return restore(cmd, dir, from, keys) },
	}
	cmd.Flags().StringVar(&dir, "data", "", "folder to make; it must be empty")
	cmd.Flags().StringVar(&from, "from", "", "file that backup wrote")
	cmd.Flags().StringVar(&keys, "keys", "", "folder with wrapping.key and signing.key; operator-token and tokens.json are taken too, if they are there")
	for _, needed := range []string{"data", "from", "keys"} {
		must(cmd.MarkFlagRequired(needed))
	}
	return cmd
}

func restore(cmd *cobra.Command, dir, from, keys string) (err error) {
	empty, err := folder.IsEmpty(dir)
	if err != nil {
		return err
	}
	if !empty {
		return usagef("%s is not empty: a backup is restored into a folder of its own", dir)
	}
	if err := unpack(from, dir); err != nil {
		return fmt.Errorf("unpack %s: %w", from, err)
	}
	for _, name := range slices.Concat(keyFiles, tokenFiles) {
		b, err := os.ReadFile(filepath.Join(keys, name))
		if errors.Is(err, fs.ErrNotExist) && slices.Contains(tokenFiles, name) {
			continue
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), b, 0o600)
		}
		if err != nil {
			return err
		}
	}
	store, err := eventstore.Open(cmd.Context(), eventstore.Options{Dir: dir, Log: slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), &slog.HandlerOptions{Level: slog.LevelError}))})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, folder.Close(store)) }()
	return sayRestored(cmd, store)
}

// sayRestored says what there is, once every log is signed for all of it.
func sayRestored(cmd *cobra.Command, store *eventstore.Store) error {
	for _, group := range store.Groups() {
		if err := store.Stopped(group); err != nil {
			return err
		}
		tree, err := store.AwaitSigned(cmd.Context(), group, store.Next(group))
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%s: %d events, root %s\n", group, tree.N, tree.Hash); err != nil {
			return err
		}
	}
	return store.Ready()
}

// unpack writes the archive's files, and none outside of the folder.
func unpack(from, dir string) error {
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for archive := tar.NewReader(f); ; {
		h, err := archive.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if h.Typeflag == tar.TypeDir {
			err = root.MkdirAll(h.Name, 0o700)
		} else {
			err = unpackFile(root, h.Name, archive)
		}
		if err != nil {
			return err
		}
	}
}

func unpackFile(root *os.Root, name string, in io.Reader) error {
	if err := root.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, in)
	return errors.Join(err, f.Sync(), f.Close())
}
