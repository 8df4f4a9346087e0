package main

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/tlog"

	"goldenthread/api/operation"
	"goldenthread/domain"
	"goldenthread/eventstore"
	"goldenthread/eventstore/commit"
	"goldenthread/eventstore/recovery"
	"goldenthread/eventstore/tilelog"
)

// What an export holds. It is a zip, so that anybody can look into it.
const (
	exportedEvents     = "events.jsonl" // one event on a line: the exact bytes that are stored
	exportedCheckpoint = "checkpoint"   // c2sp.org/tlog-checkpoint: how many events, their root, and who signed
	exportedKeys       = "vkey"         // c2sp.org/signed-note verifier keys, one on a line
	exportedSchemas    = "schemas.json" // JSON Schema of the data of every type of event
	exportedReadMe     = "README.txt"
)

const exportReadMe = `This is one ledger of Golden Thread, whole, as it was signed.

events.jsonl  one event on a line (CloudEvents 1.0, JSON): exact bytes, in order
checkpoint    how many events there are, their Merkle root (RFC 6962), and who signed that (c2sp.org/tlog-checkpoint)
vkey          the keys of those who sign (c2sp.org/signed-note), as the server named them
schemas.json  JSON Schema of the data of every type of event

The leaf of the Merkle tree for an event is its line without the line break. To read it in elsewhere: goldenthread import FILE
Names, email addresses and telephone numbers of people are sealed under keys that are not in this file.
`

func exportCommand() *cobra.Command {
	c, out := &client{}, ""
	cmd := &cobra.Command{
		Use: "export", Short: "Write a whole ledger, as it was signed, to one file", GroupID: "run",
		Long:    "Export writes a group's ledger to one zip file: every event's exact bytes, the signed checkpoint, the verifier keys, and the schema of\nevery type of event. People's names and addresses stay sealed in it.",
		Example: "  goldenthread export --group trafford --out trafford.zip", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			tree, err := c.export(cmd.Context(), out)
			if err != nil {
				return err
			}
			p := newPage()
			p.say("%s holds %s under the root %s.", out, domain.Count(int(tree.N), "event"), tree.Hash)
			return c.finish(cmd, p, map[string]any{"file": out, "size": tree.N, "root": tree.Hash.String()})
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "file to write; it must not be there yet")
	must(cmd.MarkFlagRequired("out"))
	c.flags(cmd)
	c.groupFlag(cmd)
	return cmd
}

// export writes the file. What was written of it is removed if that fails.
func (c *client) export(ctx context.Context, out string) (tree tlog.Tree, err error) {
	f, err := os.OpenFile(out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return tree, err
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			os.Remove(out)
		}
	}()
	if tree, err = c.exportTo(ctx, f); err != nil {
		return tree, err
	}
	return tree, f.Sync()
}

func (c *client) exportTo(ctx context.Context, w io.Writer) (tree tlog.Tree, err error) {
	path, err := c.path("")
	if err != nil {
		return tree, err
	}
	keys, err := c.get(ctx, path+"/log/vkey", nil)
	if err != nil {
		return tree, err
	}
	signed, err := c.get(ctx, path+"/log/checkpoint", nil)
	if err != nil {
		return tree, err
	}
	checkpoint, err := tilelog.OpenCheckpoint(signed, tilelog.OriginOf(signed), strings.Fields(string(keys)))
	if err != nil {
		return tree, err
	}
	schemas, err := operation.EventSchemas()
	if err != nil {
		return tree, err
	}
	z := zip.NewWriter(w)
	for _, part := range []struct {
		name string
		data []byte
	}{{exportedReadMe, []byte(exportReadMe)}, {exportedCheckpoint, signed}, {exportedKeys, keys}, {exportedSchemas, schemas}} {
		if err := writePart(z, part.name, bytes.NewReader(part.data)); err != nil {
			return tree, err
		}
	}
	part, err := z.Create(exportedEvents)
	if err != nil {
		return tree, err
	}
	counted := &countedLines{w: part, most: checkpoint.N}
	for next := path + "/events?from=0&limit=10000"; next != "" && counted.n < counted.most; {
		if next, err = c.copyLines(ctx, counted, next); err != nil {
			return tree, err
		}
	}
	if built := counted.built.Tree(); built != checkpoint.Tree {
		return tree, fmt.Errorf("what the server gave is not what it signed: %d events under the root %s, and signed were %d under %s", built.N, built.Hash, checkpoint.N, checkpoint.Hash)
	}
	return checkpoint.Tree, z.Close()
}

func writePart(z *zip.Writer, name string, r io.Reader) error {
	w, err := z.Create(name)
	if err == nil {
		_, err = io.Copy(w, r)
	}
	return err
}

// countedLines writes as many lines as were signed for and leaves the rest; it
// hashes what it writes.
type countedLines struct {
	w       io.Writer
	n, most int64
	line    []byte
	built   tilelog.Compact
}

// Write implements io.Writer.
func (c *countedLines) Write(b []byte) (int, error) {
	for rest := b; len(rest) > 0 && c.n < c.most; {
		part, after, whole := bytes.Cut(rest, []byte{'\n'})
		c.line, rest = append(c.line, part...), after
		if !whole {
			break
		}
		c.built.Add(tlog.RecordHash(c.line))
		if _, err := c.w.Write(append(c.line, '\n')); err != nil {
			return 0, err
		}
		c.n, c.line = c.n+1, c.line[:0]
	}
	return len(b), nil
}

func importLedgerCommand() *cobra.Command {
	dir, vkeys := "", []string(nil)
	c := &client{}
	cmd := &cobra.Command{
		Use: "import FILE", Short: "Read a ledger that was exported elsewhere into a data folder", GroupID: "run",
		Long: "Import reads a ledger that export wrote into a data folder which has none of that name. The server of the folder must be stopped.\n" +
			"Nothing is written unless every event is as it was signed and follows from those before it. The ledger then has the same bytes and\n" +
			"the same root; it is signed here with this installation's key. If it is broken off, the same again goes on with it.",
		Example: "  goldenthread import trafford.zip --data ./mine --vkey goldenthread.local/…+1a2b3c4d+AR…", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			done, err := importLedger(cmd.Context(), args[0], dir, vkeys)
			if err != nil {
				return err
			}
			p := newPage()
			p.say("%s is here: %s under the root %s.", done.Group, domain.Count(int(done.Tree.N), "event"), done.Tree.Hash)
			return c.finish(cmd, p, map[string]any{"group": done.Group, "size": done.Tree.N, "root": done.Tree.Hash.String()})
		},
	}
	cmd.Flags().StringVar(&dir, "data", "data", "folder of the ledgers, keys and tokens")
	cmd.Flags().StringSliceVar(&vkeys, "vkey", nil, "verifier key that must have signed; those in the file if not said")
	cmd.Flags().BoolVar(&c.json, "json", false, "print the answer as JSON")
	return cmd
}

func importLedger(ctx context.Context, file, dir string, vkeys []string) (done recovery.Imported, err error) {
	z, err := zip.OpenReader(file)
	if err != nil {
		return done, fmt.Errorf("%s is not an export: %w", file, err)
	}
	defer z.Close()
	if err := checkWhole(dir); err != nil {
		return done, err
	}
	signed, err := fs.ReadFile(z, exportedCheckpoint)
	if err != nil {
		return done, fmt.Errorf("%s is not an export: %w", filepath.Base(file), err)
	}
	if len(vkeys) == 0 {
		keys, err := fs.ReadFile(z, exportedKeys)
		if err != nil {
			return done, fmt.Errorf("%s is not an export: %w", filepath.Base(file), err)
		}
		vkeys = strings.Fields(string(keys))
	}
	checkpoint, err := tilelog.OpenCheckpoint(signed, tilelog.OriginOf(signed), vkeys)
	if err != nil {
		return done, fmt.Errorf("the export is not signed by the keys: %w", err)
	}
	events, err := z.Open(exportedEvents)
	if err != nil {
		return done, fmt.Errorf("%s is not an export: %w", filepath.Base(file), err)
	}
	defer events.Close()
	return recovery.Import(ctx, eventstore.Options{Dir: dir}, linesIn(events), checkpoint.Tree)
}

// linesIn are the lines of what is read.
func linesIn(r io.Reader) recovery.Lines {
	return func(yield func([]byte, error) bool) {
		lines := bufio.NewScanner(r)
		lines.Buffer(nil, 2*commit.MaxLine)
		for lines.Scan() {
			if !yield(bytes.Clone(lines.Bytes()), nil) {
				return
			}
		}
		if err := lines.Err(); err != nil {
			yield(nil, err)
		}
	}
}
