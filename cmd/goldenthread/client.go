package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/spf13/cobra"

	"goldenthread/api/access"
	"goldenthread/api/problem"
	"goldenthread/api/rest"
	"goldenthread/domain"
	"goldenthread/eventstore/trace"
)

const (
	defaultServer = "http://127.0.0.1:8080"
	clientTimeout = 30 * time.Second
	mostAnswer    = 64 << 20 // bytes
)

var errUnreachable = errors.New("the server can't be reached")

// A usageError says what is wrong with the command line.
type usageError string

func (e usageError) Error() string { return string(e) }

func usagef(format string, args ...any) error { return usageError(fmt.Sprintf(format, args...)) }

// A refusedError is the server's no, in its own words.
type refusedError struct{ problem.Problem }

func (e *refusedError) Error() string {
	say := e.Detail
	if e.Rule != "" {
		say += " [rule " + e.Rule + "]"
	} else {
		for _, where := range e.Where { // a rule says itself what it is about
			say += " (" + where + ")"
		}
	}
	if e.Status == http.StatusServiceUnavailable && e.Command != "" {
		say += "\nTo send it again without doubling it: --key " + e.Command
	}
	return say
}

func (e *refusedError) exitCode() int {
	switch {
	case e.Status == http.StatusServiceUnavailable:
		return exitNotNow
	case e.Status < http.StatusInternalServerError:
		return exitRefused
	}
	return exitFailed
}

// A client speaks to a server as whoever the token stands for.
type client struct {
	server, token, group string
	json                 bool
}

// flags adds what every client command takes that gives an answer.
func (c *client) flags(cmd *cobra.Command) {
	c.serverFlags(cmd)
	cmd.Flags().BoolVar(&c.json, "json", false, "print the server's answer as JSON")
}

// serverFlags adds where the server is and who asks.
func (c *client) serverFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&c.server, "server", cmp.Or(os.Getenv("GOLDENTHREAD_SERVER"), defaultServer), "address of the server (GOLDENTHREAD_SERVER)")
	f.StringVar(&c.token, "token", "", "your token (GOLDENTHREAD_TOKEN)")
}

// groupFlag adds the group that is meant.
func (c *client) groupFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&c.group, "group", os.Getenv("GOLDENTHREAD_GROUP"), "name of the group, such as trafford (GOLDENTHREAD_GROUP)")
	completeFrom(cmd, "group", c.groupNames)
}

// path is an address below the group.
func (c *client) path(below string) (string, error) {
	if c.group == "" {
		return "", usagef("say which group, with --group or GOLDENTHREAD_GROUP")
	}
	return "/v1/groups/" + url.PathEscape(c.group) + below, nil
}

// get asks and gives the answer's exact bytes.
func (c *client) get(ctx context.Context, path string, query url.Values) ([]byte, error) {
	for name, values := range query {
		if values[0] == "" {
			query.Del(name)
		}
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return c.send(ctx, http.MethodGet, path, nil, nil)
}

// post sends a body; key is the Idempotency-Key, if any.
func (c *client) post(ctx context.Context, path string, body []byte, key string) ([]byte, error) {
	header := http.Header{"Content-Type": {"application/json"}}
	if key != "" {
		header.Set("Idempotency-Key", key)
	}
	return c.send(ctx, http.MethodPost, path, body, header)
}

func (c *client) send(ctx context.Context, method, path string, body []byte, header http.Header) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, clientTimeout)
	defer cancel()
	res, err := c.open(ctx, method, path, body, header)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, mostAnswer))
	if err != nil {
		return nil, fmt.Errorf("%w: the answer broke off: %w", errUnreachable, err)
	}
	return answer, nil
}

// invocation is the trace of this command line: one that its caller began and
// left in TRACEPARENT, as is the custom, or a new one.
var invocation = sync.OnceValue(func() domain.Trace {
	if t, ok := domain.ParseTrace(os.Getenv("TRACEPARENT")); ok {
		return t
	}
	return trace.Begin(true)
})

func (c *client) bearer() string { return cmp.Or(c.token, os.Getenv("GOLDENTHREAD_TOKEN")) }

// open sends a request and leaves the answer's body to be read. What is not a
// success is a *refusedError.
func (c *client) open(ctx context.Context, method, path string, body []byte, header http.Header) (*http.Response, error) {
	token := c.bearer()
	if token == "" {
		return nil, usagef("say who you are, with your token in GOLDENTHREAD_TOKEN or --token")
	}
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(c.server, "/")+path, bytes.NewReader(body))
	if err != nil || req.URL.Host == "" || req.URL.Scheme != "http" && req.URL.Scheme != "https" {
		return nil, usagef("%q is not the address of a server; write it like %s", c.server, defaultServer)
	}
	if header != nil {
		req.Header = header
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set(trace.Header, string(invocation()))
	res, err := (&http.Client{Transport: patient{}}).Do(req)
	if err != nil {
		return nil, fmt.Errorf("%w: is goldenthread serve running at %s? %w", errUnreachable, c.server, err)
	}
	if res.StatusCode < http.StatusBadRequest {
		return res, nil
	}
	defer res.Body.Close()
	return nil, readProblem(res)
}

// patient sends a question again to a server that says "not so fast", when it says.
type patient struct{}

// RoundTrip implements http.RoundTripper.
func (patient) RoundTrip(r *http.Request) (*http.Response, error) {
	for {
		res, err := http.DefaultTransport.RoundTrip(r)
		if err != nil || res.StatusCode != http.StatusTooManyRequests || r.Method != http.MethodGet {
			return res, err
		}
		wait, err := strconv.Atoi(res.Header.Get("Retry-After"))
		if err != nil || wait > 60 {
			return res, nil
		}
		res.Body.Close()
		select {
		case <-time.After(time.Duration(wait) * time.Second):
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
}

func readProblem(res *http.Response) error {
	refused := &refusedError{}
	b, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err == nil {
		err = json.Unmarshal(b, &refused.Problem)
	}
	if err != nil || refused.Detail == "" {
		return fmt.Errorf("%s answered %s, and not as a Golden Thread server does", res.Request.URL.Host, res.Status)
	}
	return refused
}

// fetch asks and reads the answer.
func fetch[T any](ctx context.Context, c *client, path string, query url.Values) (*T, error) {
	b, err := c.get(ctx, path, query)
	if err != nil {
		return nil, err
	}
	return read[T](b)
}

// fetchBelow asks for what lies below the group.
func fetchBelow[T any](ctx context.Context, c *client, below string) (*T, error) {
	path, err := c.path(below)
	if err != nil {
		return nil, err
	}
	return fetch[T](ctx, c, path, nil)
}

// read reads an answer's JSON.
func read[T any](answer []byte) (*T, error) {
	v := new(T)
	if err := json.Unmarshal(answer, v); err != nil {
		return nil, fmt.Errorf("the answer can't be read; is the server of another version? %w", err)
	}
	return v, nil
}

// completeFrom completes a flag with names that the server knows; where it
// can't be asked, with nothing.
func completeFrom(cmd *cobra.Command, flag string, names func(context.Context) []string) {
	must(cmd.RegisterFlagCompletionFunc(flag, func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		ctx, cancel := context.WithTimeout(cmd.Context(), 2*time.Second)
		defer cancel()
		return names(ctx), cobra.ShellCompDirectiveNoFileComp
	}))
}

// must is for what only a mistake in this program can break.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

func (c *client) groupNames(ctx context.Context) []string {
	list, err := fetch[rest.GroupList](ctx, c, "/v1/groups", nil)
	if err != nil {
		return nil
	}
	return texts(list.Groups, func(g rest.GroupLine) string { return g.Group + "\t" + g.Name })
}

func (c *client) personNames(ctx context.Context) []string {
	people, err := fetchBelow[access.People](ctx, c, "/people")
	if err != nil {
		return nil
	}
	return texts(people.People, func(p access.Member) string { return p.Handle + "\t" + p.Office })
}
