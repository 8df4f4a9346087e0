package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"goldenthread/api/identity"
	"goldenthread/cmd/internal/folder"
	"goldenthread/cmd/internal/programtest"
	"goldenthread/domain"
	"goldenthread/projections"
)

// The bench's rows about the authority check (rule R3).

const (
	questions = 2_048  // different ones
	checks    = 65_536 // asked in all
	httpTurns = 32     // of each server, over HTTP
)

// benchAsk is a question for the check, as it is asked over HTTP, and the answer's verdict.
type benchAsk struct {
	group    string
	question domain.Question
	request  []byte // over HTTP, as it is sent
	verdict  []byte // as the answer has it
}

// asks are so many questions as members would ask them, about every group: may
// this member, in that forum or on the executive, sign up to this, for that sum
// and term? Every second one is about one day, the others about any of the
// hundred days before.
func (b *bench) asks(groups *projections.Groups) []benchAsk {
	luck := rand.New(rand.NewPCG(2, 2))
	today := domain.DayOf(lastOfYear)
	asks, names := make([]benchAsk, questions), slices.DeleteFunc(groups.Names(), func(name string) bool { return !b.represented(groups, name) })
	for i := range asks {
		a := benchAsk{group: names[luck.IntN(len(names))]}
		g, err := groups.Now(b.Context(), a.group, nil)
		require.NoError(b, err)
		a.question = domain.Question{Person: anySeat(g, luck), Forum: boardForum, Matter: subjects[luck.IntN(len(subjects))].matter, At: today}
		q := &a.question
		if luck.IntN(4) == 0 {
			q.Forum = ""
		}
		if luck.IntN(2) == 0 {
			q.At = today.Add(-luck.IntN(100))
		}
		if sum := domain.Pence(luck.IntN(400)) * 100_00; luck.IntN(3) > 0 {
			q.Amount = &sum
		}
		if months := 1 + luck.IntN(18); luck.IntN(3) > 0 {
			q.Months = &months
		}
		answer, refusal := g.Check(*q)
		require.Nil(b, refusal)
		a.verdict = fmt.Appendf(nil, `"verdict":%q`, answer.Verdict)
		asks[i] = a
	}
	return asks
}

// represented says whether the group has a representative.
func (b *bench) represented(groups *projections.Groups, name string) bool {
	g, err := groups.Now(b.Context(), name, nil)
	require.NoError(b, err)
	return g.State().Appointments["R1"] != nil
}

// anySeat is a seat's holder, every second time the representative.
func anySeat(g *projections.Group, luck *rand.Rand) string {
	state := g.State()
	if luck.IntN(2) == 0 {
		return state.People[representativeOf(g)].Handle
	}
	var holders []string
	for _, seat := range state.Seats {
		holders = append(holders, state.People[seat.Holders[0].Person].Handle)
	}
	slices.Sort(holders)
	return holders[luck.IntN(len(holders))]
}

func representativeOf(g *projections.Group) string { return g.State().Appointments["R1"].Person }

// query is the question in an address.
func (a *benchAsk) query() url.Values {
	q := &a.question
	query := url.Values{"person": {q.Person}, "matter": {q.Matter}, "at": {q.At.String()}}
	if q.Forum != "" {
		query.Set("forum", q.Forum)
	}
	if q.Amount != nil {
		query.Set("amountPence", strconv.FormatInt(int64(*q.Amount), 10))
	}
	if q.Months != nil {
		query.Set("months", strconv.Itoa(*q.Months))
	}
	return query
}

// check asks in process whether members may sign up to something.
func (b *bench) check() {
	r := b.open(b.generated)
	defer folder.Close(r.Store)
	asks, practices := b.asks(r.groups), 0
	spent := time.Duration(0)
	for _, group := range r.Groups() {
		g, err := r.groups.Now(b.Context(), group, nil)
		require.NoError(b, err)
		practices = max(practices, len(g.State().PracticesOn(asks[0].question.At)))
		start := time.Now()
		for range checks / len(asks) {
			for i := range asks {
				if asks[i].group == group {
					g.Check(asks[i].question)
				}
			}
		}
		spent += time.Since(start)
	}
	each := spent / time.Duration(checks/len(asks)*len(asks))
	b.row(fmt.Sprintf("authority check in process, up to %d practices", practices), us(each), "aim: 10 µs", ratio(each, 10*time.Microsecond))
}

// overHTTP asks the real program, with the client beside it on the same cores:
// the check, in turns with what it is held against, and then as known at random
// moments of the longest ledger.
func (b *bench) overHTTP() {
	asks, known, events := b.requests()
	p := start(b.T, b.generated, "--reads", "10000000", "--clock-is-right")
	defer p.Stop()
	client := b.dial(p.URL)
	answers := map[string]string{}
	for i := range asks {
		require.NoError(b, client.ask(&asks[i]))
		answers[asks[i].target()] = string(client.body)
	}
	served := []*contestant{{name: "ours", program: p}, {name: "net/http alone, the same bytes", program: b.startBare(answers)}}
	for _, file := range strings.Fields(os.Getenv(benchOther)) {
		served = append(served, &contestant{name: file, program: b.startOther(file)})
	}
	b.compete("one caller over HTTP", served, 1, checks/callers*8, asks)
	b.compete("64 callers over HTTP", served, callers, checks, asks)
	reads := b.timed(len(known), func(i int) error { return client.ask(&known[i]) })
	b.row(fmt.Sprintf("known anywhere in a group of %d events", events), fmt.Sprintf("p50 %s, p99 %s, longest %s", us(percentile(reads, 50)), us(percentile(reads, 99)), us(reads[len(reads)-1])),
		"aim: p99 50,000 µs", ratio(percentile(reads, 99), 50*time.Millisecond))
}

// requests are the questions of the check as they are sent, now and as known at
// moments of the longest ledger, which has so many events.
func (b *bench) requests() (asks, known []benchAsk, events uint64) {
	r := b.open(b.generated)
	defer folder.Close(r.Store)
	tokens := b.openTokens(r)
	asks = b.asks(r.groups)
	for i := range asks {
		a := &asks[i]
		a.request = a.get(b.token(tokens, a.group, a.question.Person), a.query())
	}
	group, next := b.longest(r)
	known = make([]benchAsk, 200)
	luck := rand.New(rand.NewPCG(1, 1))
	for i := range known {
		k := &known[i]
		*k = asks[slices.IndexFunc(asks, func(a benchAsk) bool { return a.group == group })]
		query := k.query()
		query.Set("known", strconv.FormatUint(next/2+luck.Uint64N(next-next/2), 10)) // before that the representative is not there yet
		k.request, k.verdict = k.get(b.token(tokens, k.group, k.question.Person), query), []byte(`"verdict":"`)
	}
	return asks, known, next
}

func (b *bench) openTokens(r *running) *identity.Tokens {
	tokens, err := identity.OpenTokens(b.Context(), r.Store)
	require.NoError(b, err)
	return tokens
}

// token is the person's, issued when it is first asked for.
func (b *bench) token(tokens *identity.Tokens, group, person string) string {
	of := group + " " + person
	if b.tokens[of] == "" {
		token, err := tokens.Issue(group, person)
		require.NoError(b, err)
		b.tokens[of] = token
	}
	return b.tokens[of]
}

// A contestant is a server that is asked in turns with others.
type contestant struct {
	name         string
	program      *program
	asks         []benchAsk      // in its own way; nil: as all are asked
	turns        []time.Duration // how long each took
	times        []time.Duration // of each question
	server, ours time.Duration   // processor time, of the server and of us
}

func (c *contestant) said() string {
	spent := time.Duration(0)
	for _, t := range c.turns {
		spent += t
	}
	slices.Sort(c.times)
	each := func(d time.Duration) string { return us(d / time.Duration(len(c.times))) }
	return fmt.Sprintf("%s: %s, p50 %s, p99 %s; processor %s each, of the client %s", c.name, perSecond(len(c.times), spent),
		us(percentile(c.times, 50)), us(percentile(c.times, 99)), each(c.server), each(c.ours))
}

// slower is how much longer the turns of one took than those of the other right
// before or after them, in the median: what else the machine does falls on both.
func (c *contestant) slower(other *contestant) float64 {
	ratios := make([]float64, len(c.turns))
	for i := range ratios {
		ratios[i] = ratio(c.turns[i], other.turns[i])
	}
	slices.Sort(ratios)
	return ratios[len(ratios)/2]
}

// compete has so many callers ask all of them so many questions each, in short turns.
func (b *bench) compete(what string, served []*contestant, callers, questions int, asks []benchAsk) {
	for _, c := range served {
		c.turns, c.times, c.server, c.ours = nil, nil, 0, 0
	}
	for range httpTurns {
		for _, c := range served {
			b.turn(c, callers, questions/callers/httpTurns, asks)
		}
	}
	for _, c := range served[1:] {
		b.row("authority check, "+what, served[0].said(), c.said(), served[0].slower(c))
	}
}

// turn has the callers ask the contestant their share of the questions.
func (b *bench) turn(c *contestant, callers, each int, asks []benchAsk) {
	if c.asks != nil {
		asks = c.asks
	}
	clients := make([]*benchClient, callers)
	for i := range clients {
		clients[i] = b.dial(c.program.URL)
		defer clients[i].conn.Close()
	}
	c.server -= processorTime(c.program.Cmd.Process.Pid)
	c.ours -= processorTime(os.Getpid())
	spent, times := b.together(callers, each, func(caller, i int) error { return clients[caller].ask(&asks[(caller*each+i)%len(asks)]) })
	c.server += processorTime(c.program.Cmd.Process.Pid)
	c.ours += processorTime(os.Getpid())
	c.turns, c.times = append(c.turns, spent), append(c.times, times...)
}

// startOther starts another build of the program, on a copy of the folder.
func (b *bench) startOther(file string) *program {
	dir := filepath.Join(b.TempDir(), "data")
	require.NoError(b, os.CopyFS(dir, os.DirFS(b.generated)))
	return startAs(b.T, file, dir, "--reads", "10000000")
}

// startBare starts the least that answers the same: net/http, and the answers at
// hand, in a process of its own.
func (b *bench) startBare(answers map[string]string) *program {
	file := filepath.Join(b.TempDir(), "answers.json")
	text, err := json.Marshal(answers)
	require.NoError(b, err)
	require.NoError(b, os.WriteFile(file, text, 0o600))
	p := &program{&programtest.Program{T: b, Cmd: exec.Command(os.Args[0])}}
	p.Cmd.Env = append(os.Environ(), bareEnv+"="+file)
	out, err := p.Cmd.StdoutPipe()
	require.NoError(b, err)
	require.NoError(b, p.Cmd.Start())
	b.Cleanup(p.Stop)
	_, err = fmt.Fscanln(out, &p.URL)
	require.NoError(b, err)
	return p
}

const bareEnv = "RUN_BARE" // the file of answers

// serveBare is that process.
func serveBare(file string) {
	folder.UseMemory(folder.UsualMemory)
	text, err := os.ReadFile(file)
	var answers map[string]string
	if err := errors.Join(err, json.Unmarshal(text, &answers)); err != nil {
		panic(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println("http://" + l.Addr().String())
	panic(http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, answers[r.RequestURI])
	})))
}

// longest is the group with the most events, and its next index.
func (b *bench) longest(r *running) (group string, next uint64) {
	group = slices.MaxFunc(r.Groups(), func(x, y string) int { return int(r.Next(x)) - int(r.Next(y)) })
	return group, r.Next(group)
}

// processorTime is what the process has taken of all cores since it began, where
// there is /proc (proc(5): fields 14 and 15 of stat, in hundredths of a second).
func processorTime(pid int) time.Duration {
	stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, after, _ := strings.Cut(string(stat), ") ")
	fields, sum := strings.Fields(after), 0
	for i := 11; i < 13 && i < len(fields); i++ {
		ticks, _ := strconv.Atoi(fields[i])
		sum += ticks
	}
	return time.Duration(sum) * 10 * time.Millisecond
}

// target is what it asks for: the second word of the request.
func (a *benchAsk) target() string { return strings.Fields(string(a.request))[1] }

// get is the request for the check.
func (a *benchAsk) get(token string, query url.Values) []byte {
	return fmt.Appendf(nil, "GET /v1/groups/%s/check?%s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n\r\n", a.group, query.Encode(), token)
}

// A benchClient is one connection that stays open. It shares the cores with the
// server, and therefore does no more than send bytes and read the whole answer.
type benchClient struct {
	conn net.Conn
	in   *bufio.Reader
	body []byte
}

func (b *bench) dial(address string) *benchClient {
	conn, err := net.Dial("tcp", strings.TrimPrefix(address, "http://"))
	require.NoError(b, err)
	b.Cleanup(func() { conn.Close() })
	return &benchClient{conn: conn, in: bufio.NewReaderSize(conn, 32<<10)}
}

// ask sends the question; another answer than the one expected is an error.
func (c *benchClient) ask(a *benchAsk) error {
	if _, err := c.conn.Write(a.request); err != nil {
		return err
	}
	status, err := c.in.ReadString('\n')
	if err != nil || !strings.HasPrefix(status, "HTTP/1.1 200 ") {
		return fmt.Errorf("%s: %v", status, err)
	}
	length := -1
	c.body = c.body[:0]
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(line) == 2 { // the line break alone
			break
		}
		if n, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			length, _ = strconv.Atoi(string(bytes.TrimSpace(n)))
		}
	}
	if length >= 0 {
		err = c.read(length)
	} else {
		err = c.readChunks()
	}
	if err != nil || !bytes.Contains(c.body, a.verdict) {
		return fmt.Errorf("%v, not %s: %s", err, a.verdict, c.body)
	}
	return nil
}

// read reads so many bytes more of the answer.
func (c *benchClient) read(n int) error {
	have := len(c.body)
	c.body = slices.Grow(c.body, n)[:have+n]
	_, err := io.ReadFull(c.in, c.body[have:])
	return err
}

// readChunks reads an answer that comes in chunks (RFC 9112, section 7.1).
func (c *benchClient) readChunks() error {
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return err
		}
		size, err := strconv.ParseUint(string(bytes.TrimSpace(line)), 16, 31)
		if err == nil {
			err = c.read(int(size))
		}
		if err == nil {
			_, err = c.in.Discard(2)
		}
		if err != nil || size == 0 {
			return err
		}
	}
}
