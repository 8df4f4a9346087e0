package main

import (
	"io"
	"log/slog"
	"reflect"

	"github.com/spf13/cobra"
)

// A logging is how a server writes its log to standard error.
type logging struct {
	format, level     string
	access, addresses bool
}

func (o *logging) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.format, "log-format", "text", "text, or json: all that the server says is then JSON, an object a line")
	cmd.Flags().StringVar(&o.level, "log-level", "info", "debug, info, warn or error: what is less severe is not logged")
	cmd.Flags().BoolVar(&o.access, "access-log", false, "log every request: method, route, status, bytes, milliseconds and trace, never what is in its address")
	cmd.Flags().BoolVar(&o.addresses, "client-addresses", false, "with the address that each request of the access log came from; it is personal data")
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
	if o.access && level > slog.LevelInfo {
		return nil, usagef("--access-log is of the level info: --log-level %s leaves it out", o.level)
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

// words say which requests are logged.
func (o *logging) words() string {
	switch {
	case o.addresses:
		return "every request, with the address that it came from"
	case o.access:
		return "every request, without addresses"
	}
	return "none"
}

// leaveOutNil leaves an attribute out whose value is nil, such as the error of what succeeded:
// no value at all, or a pointer to nothing.
func leaveOutNil(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() != slog.KindAny {
		return a
	}
	if v := reflect.ValueOf(a.Value.Any()); !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
		return slog.Attr{}
	}
	return a
}
