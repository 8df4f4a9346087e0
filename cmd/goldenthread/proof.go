package main

import (
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"goldenthread/domain"
	"goldenthread/eventstore/evidence"
)

// proofCommand fetches the evidence for something, as a file that can be
// checked without the server.
func proofCommand() *cobra.Command {
	c, out := &client{}, ""
	cmd := &cobra.Command{
		Use: "proof [NUMBER]", Short: "Evidence that can be checked without trusting this server", GroupID: "ask",
		Long: "Proof writes a zip with the events that an agreement (P1), a delegation (D1), a decision (E1), an appointment (R1) or a commitment\n" +
			"(K1) rests on, down to the practices' mandates: their exact bytes, the proof of each, a page to read and print, and a verifier that\n" +
			"needs Python and openssl only. Without a number it takes the flags of check, and proves its answer.",
		Example: "  goldenthread proof D1 --out d1.zip\n" +
			"  goldenthread proof --forum locality-board --matter workforce --amount 8000 --months 6 --out answer.zip\n" +
			"  goldenthread verify d1.zip",
		Args: cobra.MaximumNArgs(1),
	}
	cmd.Flags().StringVar(&out, "out", "", "file to write; it must not be there yet")
	must(cmd.MarkFlagRequired("out"))
	c.flags(cmd)
	c.groupFlag(cmd)
	params := append(append([]param{}, checkQuestion.params...), asOf...)
	for _, p := range params {
		p.addTo(cmd, c)
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		below := "/check/evidence"
		if len(args) > 0 {
			below = "/evidence/" + url.PathEscape(strings.ToUpper(args[0]))
		}
		path, err := c.path(below)
		if err != nil {
			return err
		}
		values := url.Values{}
		for _, p := range params {
			if err := p.into(values, cmd); err != nil {
				return err
			}
		}
		bundle, err := c.get(cmd.Context(), path, values)
		if err != nil {
			return err
		}
		return c.keepBundle(cmd, out, bundle)
	}
	return cmd
}

// keepBundle checks the bundle and writes it to the file.
func (c *client) keepBundle(cmd *cobra.Command, out string, bundle []byte) error {
	report, err := evidence.VerifyZip(bundle, nil)
	if err != nil {
		return fmt.Errorf("what the server sent does not verify: %w", err)
	}
	f, err := os.OpenFile(out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if _, err := f.Write(bundle); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	p := newPage()
	p.say("%s proves %s. To read it, open page.html in it; to check it: goldenthread verify %s", out, domain.Count(len(report.Events), "event"), out)
	return c.finish(cmd, p, map[string]any{"file": out, "events": len(report.Events)})
}
