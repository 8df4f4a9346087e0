package main

import (
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

	"goldenthread/api/identity"
	"goldenthread/cmd/internal/folder"
	"goldenthread/domain"
	"goldenthread/eventstore"
	"goldenthread/eventstore/archive"
	"goldenthread/eventstore/logs"
)

// Files of a data folder that no backup holds: who has them beside it can read, sign, and
// make a backup with credentials in it. A restore takes them from where they were kept.
const (
	wrappingKeyFile = "wrapping.key"
	signingKeyFile  = "signing.key"
	backupKeyFile   = "backup.key"
)

const (
	restoringFile = "restoring"    // is there while a backup is restored, and stays if that is broken off
	restoredFile  = "restored.txt" // says that a folder came from a backup without credentials
)

var errHalfRestored = errors.New("a restore into this folder was broken off, so it holds a part of a backup; empty the folder and restore again")

func backupCommand() *cobra.Command {
	c, to := &client{}, ""
	cmd := &cobra.Command{
		Use: "backup", Short: "Copy everything but the keys from a running server", GroupID: "run",
		Long: "Backup writes one file with all ledgers, the sealed keys of persons, and what lets people in, sealed under the key of backups, while\n" +
			"the server goes on. It needs the operator's token. Not in it are wrapping.key, signing.key and backup.key: copy them from the data folder\n" +
			"too, and keep them apart from it. After a person was erased there is a new wrapping.key: destroy the older backups with theirs, or the\n" +
			"person could be read from them.",
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
	whole, err := archive.Check(to, nil)
	if err != nil {
		return errors.Join(err, os.Remove(to))
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d bytes are in %s: %s, %s. The keys are not in it: copy %s, %s and %s from the data folder, and keep them apart.\n",
		n, to, domain.Count(len(whole.Events), "ledger"), domain.Count(whole.Files, "file"), wrappingKeyFile, signingKeyFile, backupKeyFile)
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
			"have cosigned it, do not let this folder take its place before you know what is missing.\n\n" +
			"What lets people in (the operator's token, tokens, passkeys, sessions, invitations, addresses of feeds) comes back only if the backup was\n" +
			"made with the backup.key that lies with the other keys. Without it, or from a backup that was made with another, the ledgers alone come\n" +
			"back: the next start makes a new operator's token, and everybody is invited anew.",
		Example: "  goldenthread restore --data data --from backup.tar --keys keys",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return restore(cmd, dir, from, keys) },
	}
	cmd.Flags().StringVar(&dir, "data", "", "folder to make; it must be empty")
	cmd.Flags().StringVar(&from, "from", "", "file that backup wrote")
	cmd.Flags().StringVar(&keys, "keys", "", "folder with wrapping.key, signing.key and, so that people get in as before, backup.key")
	for _, needed := range []string{"data", "from", "keys"} {
		must(cmd.MarkFlagRequired(needed))
	}
	return cmd
}

// restore makes the folder. If that fails, nothing is left in it.
func restore(cmd *cobra.Command, dir, from, keys string) (err error) {
	empty, err := folder.IsEmpty(dir)
	if err != nil {
		return err
	}
	if !empty {
		return usagef("%s is not empty: a backup is restored into a folder of its own", dir)
	}
	_, missing := os.Stat(dir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err // what lies there, such as a link that leads nowhere, is not ours
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, emptyFolder(dir, missing != nil))
		}
	}()
	if err := os.WriteFile(filepath.Join(dir, restoringFile), nil, 0o600); err != nil {
		return err
	}
	backup, err := restoreFiles(dir, from, keys)
	if err != nil {
		return err
	}
	if err := checkRestored(cmd, dir, backup); err != nil {
		return err
	}
	if err := sayCredentials(cmd, dir, backup); err != nil {
		return err
	}
	return os.Remove(filepath.Join(dir, restoringFile))
}

// emptyFolder removes everything in the folder, and the folder too if it was not there.
func emptyFolder(dir string, itself bool) error {
	if itself {
		return os.RemoveAll(dir)
	}
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
	}
	return err
}

// restoreFiles writes what is in the backup, and the keys.
func restoreFiles(dir, from, keys string) (*archive.Backup, error) {
	key, err := archive.ReadKey(filepath.Join(keys, backupKeyFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	backup, err := archive.Unpack(from, dir, key)
	if err != nil {
		return nil, fmt.Errorf("unpack %s: %w", from, err)
	}
	files := map[string][]byte{}
	for name, b := range backup.Credentials {
		if !slices.Contains(identity.Files(), name) {
			return nil, fmt.Errorf("unpack %s: it holds %q, which this version does not know; restore it with the version that made it", from, name)
		}
		files[name] = b
	}
	for _, name := range []string{wrappingKeyFile, signingKeyFile} {
		if files[name], err = os.ReadFile(filepath.Join(keys, name)); err != nil {
			return nil, err
		}
	}
	if key != nil {
		files[backupKeyFile] = key
	}
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			return nil, err
		}
	}
	return backup, nil
}

// checkRestored opens the store in the folder and says what there is.
func checkRestored(cmd *cobra.Command, dir string, backup *archive.Backup) (err error) {
	store, err := eventstore.Open(cmd.Context(), eventstore.Options{Dir: dir, Log: slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), &slog.HandlerOptions{Level: slog.LevelError}))})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, folder.Close(store)) }()
	for group, events := range backup.Events {
		if have := store.Next(group); have < events {
			return fmt.Errorf("the backup says that %s has %d events, and there are %d", group, events, have)
		}
	}
	return sayRestored(cmd, store)
}

// sayCredentials says who gets in, and leaves word for the log of the next starts if
// nobody does.
func sayCredentials(cmd *cobra.Command, dir string, backup *archive.Backup) error {
	out := cmd.OutOrStdout()
	if backup.Authentic {
		_, err := fmt.Fprintf(out, "The backup of %s was made with this key of backups: people get in as they did then. Whoever's access was ended after that must be ended again.\n", momentWords(backup.Made))
		return err
	}
	const say = "This folder was restored from a backup that no key of backups vouches for: only the ledgers came back. " +
		"Nobody's token, passkey, session, invitation or feed is in it. The next start makes a new operator's token; invite everybody anew. " +
		"Before anybody relies on these ledgers, hold their roots against a witness's newest checkpoint, or against evidence that somebody kept."
	if err := os.WriteFile(filepath.Join(dir, restoredFile), []byte(say+" Delete this file when that is done.\n"), 0o600); err != nil {
		return err
	}
	_, err := fmt.Fprintln(out, say)
	return err
}

// sayRestored says what there is, once every log is made anew and signed for all of it.
func sayRestored(cmd *cobra.Command, store *eventstore.Store) error {
	if err := store.CheckCopies(cmd.Context(), func(r logs.CopyReport) error { return r.Err }); err != nil {
		return err
	}
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
	return store.Writable()
}
