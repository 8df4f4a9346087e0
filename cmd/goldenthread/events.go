package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/spf13/cobra"
)

// eventCommand prints one event's exact stored bytes.
func eventCommand() *cobra.Command {
	c := &client{}
	cmd := &cobra.Command{
		Use: "event INDEX", Short: "One event: the exact bytes that are stored", Example: "  goldenthread event 0", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := c.path("/events/" + url.PathEscape(args[0]))
			if err != nil {
				return err
			}
			line, err := c.get(cmd.Context(), path, nil)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s\n", line)
			return err
		},
	}
	c.serverFlags(cmd)
	c.groupFlag(cmd)
	return cmd
}

// eventsCommand prints events in order, one on a line, to the newest.
func eventsCommand() *cobra.Command {
	c, from := &client{}, uint64(0)
	cmd := &cobra.Command{
		Use: "events", Short: "All events in order, one on a line: the exact bytes that are stored", Example: "  goldenthread events --from 100 > events.jsonl", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			path, err := c.path("/events")
			if err != nil {
				return err
			}
			for next := fmt.Sprintf("%s?from=%d&limit=10000", path, from); next != ""; {
				if next, err = c.copyLines(cmd.Context(), cmd.OutOrStdout(), next); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().Uint64Var(&from, "from", 0, "first index")
	c.serverFlags(cmd)
	c.groupFlag(cmd)
	return cmd
}

// copyLines copies one portion of lines and says where it goes on.
func (c *client) copyLines(ctx context.Context, out io.Writer, path string) (next string, err error) {
	res, err := c.open(ctx, http.MethodGet, path, nil, nil)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	if _, err := io.Copy(out, sentLines{res.Body}); err != nil {
		return "", err
	}
	next, _, _ = strings.Cut(strings.TrimPrefix(res.Header.Get("Link"), "<"), ">")
	return next, nil
}

// sentLines are what a server sends: an error of reading them is the connection's, and no other is.
type sentLines struct{ io.Reader }

// Read implements io.Reader.
func (r sentLines) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != nil && err != io.EOF {
		err = fmt.Errorf("%w: the lines broke off: %w", errUnreachable, err)
	}
	return n, err
}

const (
	followPause = time.Second // before the feed is opened again
	mostLine    = 1 << 20     // bytes of a line of the feed
)

// followCommand prints events as they are recorded, until it is interrupted.
func followCommand() *cobra.Command {
	c, from := &client{}, ""
	cmd := &cobra.Command{
		Use: "follow", Short: "Events as they are recorded",
		Long:    "Follow prints events as they are recorded, until it is interrupted. If the connection breaks it comes back and misses nothing.",
		Example: "  goldenthread follow\n  goldenthread follow --from 0 --json", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			path, err := c.path("/feed")
			if err != nil {
				return err
			}
			f := feed{client: c, path: path, out: cmd.OutOrStdout()}
			if from != "" {
				f.path += "?from=" + url.QueryEscape(from)
			}
			return f.follow(cmd.Context(), cmd.PrintErrln)
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "first index; what comes from now on if not said")
	c.flags(cmd)
	c.groupFlag(cmd)
	return cmd
}

// A feed is being followed: the index that was printed last, if any.
type feed struct {
	*client
	path string
	out  io.Writer
	last string
}

// follow opens the feed again and again, each time after what was printed. A
// refusal ends it, and so do a line that can't be printed and the context.
func (f *feed) follow(ctx context.Context, say func(...any)) error {
	for {
		err := f.read(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case exitCodeOf(err) != exitNotNow:
			return err
		}
		say("The connection broke off; trying again.", err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(followPause):
		}
	}
}

// read prints what one connection delivers (server-sent events).
func (f *feed) read(ctx context.Context) error {
	header := http.Header{}
	if f.last != "" {
		header.Set("Last-Event-ID", f.last)
	}
	res, err := f.open(ctx, http.MethodGet, f.path, nil, header)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, mostLine)
	id := ""
	for lines.Scan() {
		if text, ok := strings.CutPrefix(lines.Text(), "id: "); ok {
			id = text
		}
		if text, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
			if err := f.print(text); err != nil {
				return err
			}
			f.last = id
		}
	}
	return errors.Join(lines.Err(), errUnreachable)
}

// print prints one event: its line, or in short.
func (f *feed) print(line string) error {
	if f.json {
		_, err := fmt.Fprintln(f.out, line)
		return err
	}
	var e struct {
		Index   uint64    `json:"index"`
		Time    time.Time `json:"time"`
		Type    string    `json:"type"`
		Subject string    `json:"subject"`
	}
	if err := json.Unmarshal([]byte(line), &e); err != nil {
		return err
	}
	_, err := fmt.Fprintf(f.out, "%6d  %s  %s  %s\n", e.Index, momentWords(e.Time), e.Subject, strings.TrimPrefix(e.Type, "goldenthread."))
	return err
}
