package simulation

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Mistakes are planted to see that the simulator finds them: some in the server and the
// disk that a store relies on, some in the store itself, by building it from changed source.

const plantedEnv = "GOLDENTHREAD_PLANTED" // if it is set, those whose names match this are tried

// beneath are mistakes of what a store relies on.
var beneath = []mistake{
	{name: "the stream's server acknowledges before it syncs", server: lies{ackBeforeSync: true}},
	{name: "the stream's server does not look at the expected sequence", server: lies{noFence: true}},
	{name: "the bucket takes a checkpoint whatever revision it replaces", server: lies{noSubjects: true}},
	{name: "the stream stores some messages twice", server: lies{doubles: true}},
	{name: "a power cut takes the stream's last synced message", server: lies{forgets: true}},
	{name: "the stream does not deliver some message", server: lies{skips: true}},
	{name: "a bit of a stored message turns", server: lies{alters: true}},
	{name: "the disk of the logs syncs nothing", deafDisk: true},
}

// TestMistakesAreFound plays seeds on what does not do what it says, until one fails.
func TestMistakesAreFound(t *testing.T) {
	if testing.Short() {
		t.Skip("it plays many scripts")
	}
	const most = 1000
	for _, m := range beneath {
		found := ""
		seed := uint64(1)
		for ; found == "" && seed <= most; seed++ {
			if wrong, _ := simulate(t, newScript(seed), m); len(wrong) > 0 {
				found = wrong[0]
			}
		}
		t.Logf("%-70s seed %3d: %.100s", m.name, seed-1, firstLine(found))
		require.NotEmpty(t, found, "%s: not found in %d seeds", m.name, most)
	}
}

func firstLine(s string) string { s, _, _ = strings.Cut(s, "\n"); return s }

// A change is a mistake in the source of a store: in that file, the old text becomes the
// new one.
type change struct{ name, file, old, new string }

// changed is the file with the mistake.
func (c *change) changed(t *testing.T) (path string, text []byte) {
	path, err := filepath.Abs(filepath.Join("..", c.file))
	require.NoError(t, err)
	text, err = os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, 1, bytes.Count(text, []byte(c.old)), "%s: %q is not once in %s any more", c.name, c.old, c.file)
	return path, bytes.Replace(text, []byte(c.old), []byte(c.new), 1)
}

// TestPlantedMistakesFit checks that each mistake can still be planted.
func TestPlantedMistakesFit(t *testing.T) {
	for _, c := range planted {
		_, text := c.changed(t)
		require.NotEmpty(t, text)
	}
	require.GreaterOrEqual(t, len(beneath)+len(planted), 30)
}

// TestPlantedMistakes builds a store with each mistake in turn, and plays seeds until one
// fails (make planted).
func TestPlantedMistakes(t *testing.T) {
	if testing.Short() {
		t.Skip("it plays many scripts")
	}
	wanted := os.Getenv(plantedEnv)
	if wanted == "" {
		t.Skip("set " + plantedEnv + " to a pattern of names, or run make planted")
	}
	tried, missed := 0, 0
	for _, c := range planted {
		if !regexp.MustCompile(wanted).MatchString(c.name) {
			continue
		}
		tried++
		in := c.finder()
		out := c.play(t, in)
		by, seed := "NOT FOUND", "-"
		switch m := in.said.FindSubmatch(out); {
		case bytes.Contains(out, []byte("[build failed]")):
			t.Errorf("%s: it can't be built:\n%s", c.name, out)
		case m != nil:
			by = string(m[1])
			if m := in.seed.FindSubmatch(out); m != nil {
				seed = string(m[1])
			}
		case bytes.Contains(out, []byte("test timed out")):
			missed++
			by = "IT HANGS"
		case bytes.Contains(out, []byte("panic:")), bytes.Contains(out, []byte("fatal error:")):
			by = "the program broke: " + firstLine(string(out[max(0, bytes.Index(out, []byte("panic:"))):]))
		default:
			missed++
		}
		t.Logf("%-75s seed %4s: %.110s", c.name, seed, by)
	}
	t.Logf("%d of %d mistakes were found", tried-missed, tried)
	require.Zero(t, missed)
}

// A finder is the test that must find a mistake.
type finder struct {
	name, dir string
	said      *regexp.Regexp // what it says of what it found
	seed      *regexp.Regexp // of which seed
}

// finder is that for the mistake: in the mail, in the rules, which only their independent
// model knows otherwise, or in the store.
func (c *change) finder() finder {
	switch {
	case strings.HasPrefix(c.file, "../api/mail/"):
		return finder{"TestLettersUnderFaults", "../../api/mail", regexp.MustCompile(`Messages:\s+(.*)`), regexp.MustCompile(`seed (\d+) begins`)}
	case strings.HasPrefix(c.file, "../domain/") && c.file != "../domain/ledger.go":
		return finder{"TestNodesAnswerAsTheModel", ".", regexp.MustCompile(`but was \[(.*)`), regexp.MustCompile(`history (\d+)`)}
	}
	return finder{"TestSeeds", ".", regexp.MustCompile(`(?:simulate_test\.go:\d+: |panic: seed )(.*)`), regexp.MustCompile(`(?:` + firstEnv + `=|panic: seed )(\d+)`)}
}

// play has the test look for the mistake, and returns what it printed.
func (c *change) play(t *testing.T, in finder) []byte {
	path, text := c.changed(t)
	dir := t.TempDir()
	source, overlay := filepath.Join(dir, "changed.go"), filepath.Join(dir, "overlay.json")
	b, err := json.Marshal(map[string]any{"Replace": map[string]string{path: source}})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(source, text, 0o600))
	require.NoError(t, os.WriteFile(overlay, b, 0o600))
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", "test", "-overlay", overlay, "-vet=off", "-count=1", "-timeout=400s", "-run", "^"+in.name+"$", in.dir)
	cmd.Env = append(os.Environ(), seedsEnv+"=100000", timeEnv+"=300s", triesEnv+"=0", "GOLDENTHREAD_LETTERS_SEEDS=20")
	cmd.WaitDelay = time.Second
	out, _ := cmd.CombinedOutput() // it fails where the mistake is found
	return out
}

// planted are mistakes in the source.
var planted = []change{
	{"an append expects nothing of the stream", "stream/stream.go", "jetstream.WithExpectLastSequence(after), ", ""},
	{"another's commit in one's place counts as one's own", "stream/stream.go", "case err == nil && taken == id:", "case err == nil && taken != \"\":"},
	{"a place that is only proposed counts as taken", "stream/stream.go", "if IsWrongLast(err) {\n", "if IsWrongLast(err) {\n\t\t\treturn ErrOvertaken\n"},
	{"an append that is not acknowledged counts as recorded", "stream/stream.go", "s.log.Warn(\"append not acknowledged, sending it again\", \"commit\", id, \"sequence\", after+1, \"error\", err)", "return nil"},
	{"an append that is not acknowledged counts as overtaken", "stream/stream.go", "s.log.Warn(\"append not acknowledged, sending it again\", \"commit\", id, \"sequence\", after+1, \"error\", err)", "return ErrOvertaken"},
	{"no answer about the stream's end counts as damage", "stream/follow.go", "if !s.Alone && IsSilent(err) {", "if false {"},
	{"after an interruption the follower goes on one message too late", "stream/follow.go", "OptStartSeq: f.next,", "OptStartSeq: f.next + 1,"},
	{"a message that is delivered again is applied again", "applying.go", "if m.Sequence <= w.applied {", "if m.Sequence < w.applied {"},
	{"the message that overtook is fetched without those before it", "applying.go", "w.stream.At(ctx, w.applied+1)", "w.stream.At(ctx, sequence)"},
	{"whoever was overtaken does not wait for what overtook them", "applying.go", "for w.applied < sequence {", "for w.applied+1 < sequence {"},
	{"a commit is applied before it is acknowledged", "writer.go", "\terr := w.stream.Append(ctx, &c,", "\tw.applyCommit(c.Sequence, piecesOf(entries))\n\terr := w.stream.Append(ctx, &c,"},
	{"callers are answered before the append", "writer.go", "\t\terr := w.appendBatch(ctx, decisions)\n", "\t\tfor _, v := range decisions {\n\t\t\tw.answerCall(v, nil)\n\t\t\tv.call.answer = make(chan callAnswer, 1)\n\t\t}\n\t\terr := w.appendBatch(ctx, decisions)\n"},
	{"a decision is kept though another commit came first", "writer.go", "\t\tif errors.Is(err, stream.ErrOvertaken) {\n\t\t\tcontinue\n", "\t\tfor errors.Is(err, stream.ErrOvertaken) {\n\t\t\terr = w.appendBatch(ctx, decisions)\n\t\t}\n\t\tif errors.Is(err, stream.ErrOvertaken) {\n\t\t\tcontinue\n"},
	{"a line is signed for before it is acknowledged", "writer.go", "\tfrom := time.Now()\n", "\tfrom := time.Now()\n\tw.logs.Add(c.Sequence, entries)\n"},
	{"the answer names one event too many", "writer.go", "a.result.Next = w.stream.Next(v.call.req.Group)", "a.result.Next = w.stream.Next(v.call.req.Group) + 1"},
	{"a refusal names no events that it is judged on", "writer.go", "\t\tindex += g.next\n", "\t\tindex += 0\n"},
	{"what is due is never looked for", "writer.go", "\tif w.applied < w.target || w.importing", "\tif true || w.importing"},
	{"a caller who stops waiting is told that nothing is recorded", "execute.go", "\tif c.abandon() {", "\tif c.abandon() || true {"},
	{"no answer from the other node counts as done", "forward.go", "\tf.stream.TakeOver(node)\n\treturn Result{}, err, false", "\tf.stream.TakeOver(node)\n\treturn Result{}, nil, true"},
	{"a forwarded command loses its hash", "forward.go", "ID: f.ID, Hash: f.Hash,", "ID: f.ID,"},
	{"a forwarded command gets an id of its own", "forward.go", "Group: f.Group, ID: f.ID,", "Group: f.Group, ID: uuid.New(),"},
	{"the answer of the other node is not handed on", "forward.go", "return *r.Result, nil, true", "return Result{}, nil, true"},
	{"a snapshot lacks the newest event", "ledgers/ledger.go", "l.pending = append(l.pending, e)", "l.pending = l.pending[:len(l.pending):len(l.pending)]"},
	{"a state as known earlier has one event too many", "ledgers/earlier.go", "c.foldEarlier(ctx, group, next)", "c.foldEarlier(ctx, group, next+1)"},
	{"the logs are not synced before they are signed", "tilelog/folder.go", "err := f.Disk.Sync(f.dir, unsaved)", "err := error(nil)"},
	{"a checkpoint is written in its place", "tilelog/folder.go", "\tif err := f.write(name+\".new\", data); err != nil {", "\tif name := name; true {\n\t\treturn f.write(name, data)\n\t}\n\tif err := f.write(name+\".new\", data); err != nil {"},
	{"a damaged log counts as whole", "tilelog/log.go", "\t_, err := resume(l.written, l.files.read)\n\treturn err", "\tresume(l.written, l.files.read)\n\treturn nil"},
	{"a checkpoint replaces whatever is in the bucket", "logs/rounds.go", "r.bucket.Update(put, g.name, signed, g.revision)", "r.bucket.Put(put, g.name, signed)"},
	{"a log that could not be brought up to date is left so", "logs/rounds.go", "\t\tr.mendLog(ctx, g.groupLog)\n\t}\n\tr.includeNextRound(g.groupLog)\n", "\t\tr.mendLog(ctx, g.groupLog)\n\t}\n"},
	{"a start reads where the stream ends before what is signed for", "store.go", "if err == nil && !s.stream.Alone {", "if false {"},
	{"no answer while a log is mended counts as damage", "logs/copies.go", " && !stream.IsSilent(err)", " && (true || stream.IsSilent(err))"},
	{"a witness is not told what it has not seen", "witness/pusher.go", "for range mostTries {", "for range 0 {"},
	{"what the witnesses have cosigned is not kept", "witness/pusher.go", "\tp.quorum, p.size = with, c.N\n\treturn nil", "\treturn nil"},
	{"a witness cosigns before it keeps that it did", "witness/server.go", "if err := s.save(l.path, signed); err != nil {", "if err := error(nil); err != nil {"},
	{"an erased person's data are still opened", "keys/keys.go", "(k *Keyring) findKey(ctx context.Context, person string, sealed bool) ([]byte, error) {\n\tif k.IsErased(person) {", "(k *Keyring) findKey(ctx context.Context, person string, sealed bool) ([]byte, error) {\n\tif false {"},
	{"the key of an erased person is not destroyed", "keys/erasure.go", "\t\tif err := k.destroyKeys(ctx); err != nil {", "\t\tif err := error(nil); err != nil {"},
	{"the keys of all others are not sealed anew", "keys/erasure.go", "\tif err := k.resealKeys(ctx, claim); err != nil {", "\tif err := error(nil); err != nil {"},
	{"an erasure that was broken off is not finished", "keys/erasure.go", "\tif k.isRotating() { // for whom", "\tif false { // for whom"},
	{"a key may be sealed under a wrapping key that another node gives up", "keys/keys.go", "jetstream.WithExpectLastSequence(info.State.LastSeq), ", "jetstream.WithExpectStream(info.Config.Name), "},
	{"a person's key may take the place of another", "keys/keys.go", "(info.State.LastSeq), jetstream.WithExpectLastSequencePerSubject(0))", "(info.State.LastSeq))"},
	{"a person's key is not stored", "keys/keys.go", "\t\terr := k.makeKey(ctx, person, key)\n", "\t\terr := error(nil)\n"},
	{"a name is left in the clear", "keys/keys.go", "\t\tif *p.Sealed, err = Seal(key, p.Person, plain); err != nil {\n\t\t\treturn err\n", "\t\tif *p.Sealed = plain; false {\n\t\t\treturn err\n"},
	{"a command of before is not recognised", "../domain/ledger.go", "if a, refusal, seen := l.repeat(r); seen {", "if a, refusal, seen := l.repeat(r); seen && false {"},
	{"a letter that was being sent when its process ended is sent again", "../api/mail/post.go", "d.Letter.came(unknown, \"The server stopped", "d.Letter.came(later, \"The server stopped"},
	{"a letter is handed over before the outbox says so", "../api/mail/post.go", "if err := p.outbox.put(ctx, d); err != nil {\n\t\treturn err\n\t}\n\tout, why", "p.outbox.put(ctx, d)\n\tout, why"},
	{"an outbox's drawer is replaced though another process has changed it", "../api/mail/outbox.go", "o.bucket.Update(ctx, d.key, b, d.revision)", "o.bucket.Put(ctx, d.key, b)"},
	{"a letter whose answer never came counts as not sent", "../api/mail/server.go", "return unknown, err // everything", "return later, err // everything"},
	{"coverage is that of the day before", "../domain/coverage.go", "{ return s.coverageUnder(matter, \"\", d) }", "{ return s.coverageUnder(matter, \"\", d-1) }"},
	{"a commit says that its lines begin one later", "commit/commit.go", "first.Group, first.Index, n)", "first.Group, first.Index+1, n)"},
}
