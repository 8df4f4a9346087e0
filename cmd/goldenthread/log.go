package main

import (
	"io"
	"log/slog"

	"github.com/spf13/cobra"
)

// A logging is how a server writes its log to standard error.
type logging struct{ format, level string }

func (o *logging) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.format, "log-format", "text", "text, or json: all that the server says is then JSON, an object a line")
	cmd.Flags().StringVar(&o.level, "log-level", "info", "debug, info, warn or error: what is less severe is not logged")
}

// inJSON says whether every line is to be a JSON object.
func (o *logging) inJSON() bool { return o.format == "json" }

// logger writes the log to w. The error says which flag can't be understood.
func (o *logging) logger(w io.Writer) (*slog.Logger, error) {
	levels := map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}
	level, ok := levels[o.level]
	if !ok {
		return nil, usagef("--log-level is debug, info, warn or error")
	}
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: leaveOutNil}
	switch o.format {
	case "text":
		return slog.New(slog.NewTextHandler(w, options)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, options)), nil
	}
	return nil, usagef("--log-format is text or json")
}

// leaveOutNil leaves an attribute out whose value is nil, such as the error of what succeeded.
func leaveOutNil(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindAny && a.Value.Any() == nil {
		return slog.Attr{}
	}
	return a
}
