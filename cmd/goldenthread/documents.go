package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"goldenthread/domain"
	"goldenthread/projections"
)

// minutesCommand prints drafted minutes as they are, to be edited.
func minutesCommand() *cobra.Command {
	c, query, word := &client{}, url.Values{}, false
	cmd := &cobra.Command{
		Use: "minutes DATE", Short: "Draft the minutes of the group's meeting, as Markdown or for Word, to be edited", GroupID: "ask",
		Example: "  goldenthread minutes 2026-06-23 > minutes.md\n  goldenthread minutes 2026-06-23 --word > minutes.docx\n  goldenthread attach minutes.pdf --about agenda/2026-06-23", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			file := "/minutes.md"
			if word {
				file = "/minutes.docx"
			}
			path, err := c.path("/agenda/" + url.PathEscape(args[0]) + file)
			if err != nil {
				return err
			}
			for _, p := range asOf {
				if err := p.into(query, cmd); err != nil {
					return err
				}
			}
			text, err := c.get(cmd.Context(), path, query)
			if err == nil {
				_, err = cmd.OutOrStdout().Write(text)
			}
			return err
		},
	}
	for _, p := range asOf {
		p.addTo(cmd, c)
	}
	cmd.Flags().BoolVar(&word, "word", false, "as a document for Word")
	c.serverFlags(cmd)
	c.groupFlag(cmd)
	return cmd
}

// attachCommand records a document by its hash and brings its bytes.
func attachCommand() *cobra.Command {
	c, about, mediaType, only := &client{}, "", "", false
	cmd := &cobra.Command{
		Use: "attach FILE", Short: "Attach a finished document, by its hash, to what it is about", GroupID: "act",
		Long: "Attach brings the document's bytes to the server, which checks and keeps them and then records their SHA-256, name and size. A file that is too\n" +
			"large, or is not what its name says, is refused, and nothing is recorded. Sent again, it brings what is missing.",
		Example: "  goldenthread attach minutes.pdf --about agenda/2026-06-23\n" +
			"  goldenthread attach report.odt --about locality-board/2026-03-09", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			body, err := os.ReadFile(args[0])
			if err != nil {
				return usagef("%v", err)
			}
			sum := sha256.Sum256(body)
			command := &domain.AttachDocument{
				About: about, Name: filepath.Base(args[0]), SHA256: hex.EncodeToString(sum[:]), MediaType: mediaTypeOf(args[0], mediaType), Bytes: int64(len(body)),
			}
			key := "attach/" + about + "/" + command.SHA256
			if only {
				command.Elsewhere = true
				return c.do(cmd, "attach-document", command, key)
			}
			return c.attach(cmd, command, body, key)
		},
	}
	cmd.Flags().StringVar(&about, "about", "", "what it is about: P4, D1, agenda/2026-06-23, locality-board/2026-03-09")
	cmd.Flags().StringVar(&mediaType, "media-type", "", "such as application/pdf; from the file's name if not said")
	cmd.Flags().BoolVar(&only, "hash-only", false, "record the hash, and that you keep the file yourself")
	must(cmd.MarkFlagRequired("about"))
	c.flags(cmd)
	c.groupFlag(cmd)
	return cmd
}

// attach has the document kept and recorded; where the ledger names it already, it brings
// what is missing.
func (c *client) attach(cmd *cobra.Command, d *domain.AttachDocument, body []byte, key string) error {
	path, err := c.path("/documents")
	if err != nil {
		return err
	}
	header := http.Header{"Content-Type": {d.MediaType}, "Idempotency-Key": {key}}
	answer, err := c.send(cmd.Context(), http.MethodPost, path+"?"+url.Values{"about": {d.About}, "name": {d.Name}}.Encode(), body, header)
	if err != nil {
		return err
	}
	return show(cmd, c, answer, showRecorded)
}

func mediaTypeOf(file, said string) string {
	if said != "" {
		return said
	}
	kind, _, _ := strings.Cut(mime.TypeByExtension(filepath.Ext(file)), ";")
	if kind == "" {
		return "application/octet-stream"
	}
	return kind
}

// documentsQuestion asks which documents were attached.
var documentsQuestion = question[projections.Documents]{
	use: "documents", short: "Documents that were attached, and to what",
	example: "  goldenthread documents",
	below:   "/documents",
	show: func(p *page, a *projections.Documents) {
		p.table("about", "of", "name", "SHA-256")
		for _, d := range a.Documents {
			p.row(d.About, d.On.Words(), fmt.Sprintf("%s (%d bytes)", d.Name, d.Bytes), d.SHA256)
		}
		p.stamp(a.Stamp)
	},
}
