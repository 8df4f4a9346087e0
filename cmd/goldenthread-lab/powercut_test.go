package main

import (
	"bufio"
	"bytes"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"goldenthread/cmd/internal/folder"
	"goldenthread/domain"
	"goldenthread/eventstore"
	"goldenthread/eventstore/stream"
)

// A power cut is made of what the system was asked (strace): the data folder is
// put together as a disk would hold it that kept of every file what was synced,
// and of every folder the names as they were when the folder was synced, and
// nothing else. Whoever had been answered by then must find it there.

const cutsEnv = "GOLDENTHREAD_POWER_CUTS" // in one run of the program; 4

// A syscall is one call as strace saw it: where in the trace it was begun, and
// where it had come back.
type syscallMade struct {
	begun, ended int
	name, args   string
	result       string
}

var (
	callLine   = regexp.MustCompile(`^(\d+) +(\w+)\((.*)\) += (-?\d+)(<[^>]*>)?`)
	unfinished = regexp.MustCompile(`^(\d+) +(\w+)\((.*) <unfinished \.\.\.>$`)
	resumed    = regexp.MustCompile(`^(\d+) +<\.\.\. (\w+) resumed>(.*)\) += (-?\d+)(<[^>]*>)?`)
)

// readTrace reads the calls that succeeded, in the order in which they came back.
func readTrace(t *testing.T, file string) (calls []syscallMade) {
	f, err := os.Open(file)
	require.NoError(t, err)
	defer f.Close()
	open := map[string]syscallMade{} // by thread
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 64<<20)
	for n := 0; lines.Scan(); n++ {
		line := lines.Text()
		if m := unfinished.FindStringSubmatch(line); m != nil {
			open[m[1]] = syscallMade{begun: n, name: m[2], args: m[3]}
		} else if m := resumed.FindStringSubmatch(line); m != nil {
			c := open[m[1]]
			require.Equal(t, c.name, m[2], line)
			c.ended, c.args, c.result = n, c.args+m[3], m[4]+m[5]
			calls = append(calls, c)
		} else if m := callLine.FindStringSubmatch(line); m != nil {
			calls = append(calls, syscallMade{n, n, m[2], m[3], m[4] + m[5]})
		}
	}
	require.NoError(t, lines.Err())
	return slices.DeleteFunc(calls, func(c syscallMade) bool { return strings.HasPrefix(c.result, "-") })
}

// A diskFile is a file's bytes as they were written and as they are on the disk.
type diskFile struct {
	now, synced []byte
	unsynced    []change
}

// A change is a write, or a cut of the file to that length.
type change struct {
	at    int
	bytes []byte
	cut   bool
	ended int
}

func (c *change) apply(b []byte) []byte {
	if c.cut {
		if c.at <= len(b) {
			return b[:c.at:c.at]
		}
		return append(b, make([]byte, c.at-len(b))...)
	}
	if end := c.at + len(c.bytes); end > len(b) {
		b = append(b, make([]byte, end-len(b))...)
	}
	b = bytes.Clone(b)
	copy(b[c.at:], c.bytes)
	return b
}

// A disk is a folder before and after it is synced.
type disk struct {
	t           *testing.T
	root        string
	now, synced map[string]*diskFile // by path below root
	fds         map[string]*descriptor
	deaf        bool                            // it keeps nothing of what it is told to, names neither
	kept        func(path string, bytes []byte) // is told of what is synced
}

type descriptor struct {
	file   *diskFile
	path   string
	at     int
	always bool // each write is synced
	append bool
}

// newDisk begins with what is in the folder, all of it synced.
func newDisk(t *testing.T, root, from string) *disk {
	d := &disk{t: t, root: root, now: map[string]*diskFile{}, fds: map[string]*descriptor{}}
	require.NoError(t, filepath.WalkDir(from, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		below, _ := filepath.Rel(from, path)
		d.now[below] = &diskFile{now: b, synced: b}
		return err
	}))
	d.synced = maps.Clone(d.now)
	return d
}

var (
	fdArg   = regexp.MustCompile(`^(\d+)<([^>]*)>`)
	strArg  = regexp.MustCompile(`"((?:[^"\\]|\\.)*)"`)
	lastNum = regexp.MustCompile(`(\d+)$`)
)

// below is the path below the folder; false for another's.
func (d *disk) below(path string) (string, bool) {
	path = strings.TrimSuffix(path, " (deleted)")
	rel, err := filepath.Rel(d.root, path)
	return rel, err == nil && rel != ".." && !strings.HasPrefix(rel, "../")
}

// make does what the call did.
func (d *disk) make(c *syscallMade) {
	switch c.name {
	case "openat":
		d.open(c)
		return
	case "renameat", "renameat2", "rename":
		names := strArg.FindAllStringSubmatch(c.args, -1)
		from, ok := d.below(names[0][1])
		to, ok2 := d.below(names[1][1])
		if ok && ok2 {
			for path, f := range maps.Clone(d.now) { // a folder moves with what is in it
				if path == from || strings.HasPrefix(path, from+"/") {
					delete(d.now, path)
					d.now[to+strings.TrimPrefix(path, from)] = f
				}
			}
		}
		return
	case "unlinkat", "unlink":
		if path, ok := d.below(strArg.FindStringSubmatch(c.args)[1]); ok {
			delete(d.now, path)
		}
		return
	}
	m := fdArg.FindStringSubmatch(c.args)
	if m == nil {
		return
	}
	fd := d.fds[m[1]]
	switch path, ours := d.below(m[2]); {
	case c.name == "close":
		delete(d.fds, m[1])
	case !ours:
	case fd == nil && (c.name == "fsync" || c.name == "fdatasync"):
		d.syncFolder(path)
	case fd == nil:
	case c.name == "fsync" || c.name == "fdatasync":
		d.sync(fd, c.begun)
	case c.name == "write" || c.name == "pwrite64":
		d.write(fd, c)
	case c.name == "ftruncate":
		n, _ := strconv.Atoi(lastNum.FindString(c.args))
		fd.file.change(change{at: n, cut: true, ended: c.ended})
	case c.name == "lseek":
		fd.at, _ = strconv.Atoi(c.result)
	case c.name == "read":
		n, _ := strconv.Atoi(c.result)
		fd.at += n
	case c.name != "pread64":
		require.Fail(d.t, "a call that a disk is not known for", "%s(%.200s)", c.name, c.args)
	}
}

func (d *disk) open(c *syscallMade) {
	m := fdArg.FindStringSubmatch(c.result)
	if m == nil {
		return
	}
	path, ours := d.below(m[2])
	delete(d.fds, m[1])
	if !ours || strings.Contains(c.args, "O_DIRECTORY") {
		return
	}
	f := d.now[path]
	if f == nil {
		if !strings.Contains(c.args, "O_CREAT") {
			return // a folder
		}
		f = &diskFile{}
		d.now[path] = f
	}
	if strings.Contains(c.args, "O_TRUNC") {
		f.change(change{cut: true, ended: c.ended})
	}
	d.fds[m[1]] = &descriptor{file: f, path: path, always: strings.Contains(c.args, "O_SYNC") || strings.Contains(c.args, "O_DSYNC"), append: strings.Contains(c.args, "O_APPEND")}
}

func (d *disk) write(fd *descriptor, c *syscallMade) {
	data := strArg.FindStringSubmatch(c.args)
	n, err := strconv.Atoi(c.result)
	require.NoError(d.t, err)
	w := change{at: fd.at, ended: c.ended}
	if data != nil {
		w.bytes = unescape(data[1])
	}
	require.GreaterOrEqual(d.t, len(w.bytes), n, "strace cut it short")
	w.bytes = w.bytes[:n]
	if c.name == "pwrite64" {
		w.at, _ = strconv.Atoi(lastNum.FindString(c.args))
	} else {
		if fd.append {
			w.at = len(fd.file.now)
		}
		fd.at = w.at + n
	}
	fd.file.change(w)
	if fd.always {
		d.sync(fd, c.ended+1)
	}
}

func (f *diskFile) change(c change) {
	f.now = c.apply(f.now)
	f.unsynced = append(f.unsynced, c)
}

// sync puts on the disk what had been written before it was asked for. A new file
// has its name there then.
func (d *disk) sync(fd *descriptor, asked int) {
	if d.deaf {
		return
	}
	f := fd.file
	for len(f.unsynced) > 0 && f.unsynced[0].ended < asked {
		f.synced = f.unsynced[0].apply(f.synced)
		if d.kept != nil {
			d.kept(fd.path, f.unsynced[0].bytes)
		}
		f.unsynced = f.unsynced[1:]
	}
	for path, g := range d.now {
		if g == f && !d.named(f) && d.synced[path] == nil {
			d.synced[path] = f
		}
	}
}

func (d *disk) named(f *diskFile) bool {
	for _, g := range d.synced {
		if g == f {
			return true
		}
	}
	return false
}

// syncFolder puts the names in the folder on the disk.
func (d *disk) syncFolder(folder string) {
	if d.deaf {
		return
	}
	for path := range maps.Clone(d.synced) {
		if filepath.Dir(path) == folder && d.now[path] == nil {
			delete(d.synced, path)
		}
	}
	for path, f := range d.now {
		if filepath.Dir(path) == folder {
			d.synced[path] = f
		}
	}
}

// after is the folder as it is found after a power cut at that place of the trace.
func (d *disk) after(calls []syscallMade, cut int) string {
	for i := range calls {
		if calls[i].ended < cut {
			d.make(&calls[i])
		}
	}
	dir := filepath.Join(d.t.TempDir(), "data")
	for path, f := range d.synced {
		require.NoError(d.t, os.MkdirAll(filepath.Dir(filepath.Join(dir, path)), 0o700))
		require.NoError(d.t, os.WriteFile(filepath.Join(dir, path), f.synced, 0o600))
	}
	return dir
}

// unescape reads what strace wrote for bytes: \n, \t, \\, \", and up to three
// octal digits.
func unescape(s string) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			out = append(out, s[i])
			continue
		}
		i++
		if at := strings.IndexByte("ntvfr", s[i]); at >= 0 {
			out = append(out, "\n\t\v\f\r"[at])
			continue
		}
		end := i
		for end < len(s) && end < i+3 && s[end] >= '0' && s[end] <= '7' {
			end++
		}
		if end == i {
			out = append(out, s[i])
			continue
		}
		n, _ := strconv.ParseUint(s[i:end], 8, 8)
		out = append(out, byte(n))
		i = end - 1
	}
	return out
}

// answered finds where in the trace each command began to be answered.
func answered(calls []syscallMade, ids []string) map[string]int {
	at := map[string]int{}
	for _, c := range calls {
		if c.name != "write" || !strings.Contains(c.args, "HTTP/1.1 2") {
			continue
		}
		for _, id := range ids {
			if _, found := at[id]; !found && strings.Contains(c.args, id) {
				at[id] = c.begun
			}
		}
	}
	return at
}

// TestPowerCut runs the program under strace while people ask and are registered
// by name. No answer is begun before what it says is synced. And the power is cut,
// right after an answer was begun or anywhere: on what was synced by then the
// program starts, and everything that was answered is there, and can be read.
func TestPowerCut(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs other programs")
	}
	strace, err := exec.LookPath("strace")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("no strace")
		}
		t.Skip("there is no strace here")
	}
	if said, err := exec.Command(strace, "-f", "true").CombinedOutput(); err != nil {
		t.Skipf("nothing may be traced on this machine: %s", said)
	}
	s := newSiege(t, filepath.Join(t.TempDir(), "data"))
	before := filepath.Join(t.TempDir(), "before")
	require.NoError(t, os.CopyFS(before, os.DirFS(s.dir)))
	trace := filepath.Join(t.TempDir(), "trace")
	wrapped := []string{strace, "-D", "-f", "--seccomp-bpf", "-y", "-s", "1048576", "-o", trace,
		"-e", "trace=openat,close,read,pread64,write,pwrite64,writev,pwritev,pwritev2,lseek,ftruncate,fallocate,copy_file_range,sendfile,rename,renameat,renameat2,unlink,unlinkat,fsync,fdatasync,sync_file_range"}
	p := startUnder(t, wrapped, s.dir)
	named := s.asksAndRegisters(p)
	pid := p.Cmd.Process.Pid
	p.Stop()
	require.Eventually(t, func() bool {
		b, err := os.ReadFile(trace)
		return err == nil && regexp.MustCompile(`(?m)^`+strconv.Itoa(pid)+` +\+\+\+ exited with 0 \+\+\+$`).Match(b)
	}, patience, 100*time.Millisecond, "strace did not come to the end")
	calls := readTrace(t, trace)
	var ids []string
	for id := range s.acknowledged {
		ids = append(ids, id)
	}
	at := answered(calls, ids)
	require.Len(t, at, len(ids), "not every answer was found")

	require.Empty(t, unsyncedAt(newDisk(t, s.dir, before), calls, at), "answered before it was synced")
	cuts, last := fromEnv(cutsEnv, 4), slices.Max(slices.Collect(maps.Values(at)))+1
	lost, doubled, unread := 0, 0, 0
	for n := range cuts {
		cut := last // or right after another answer, or anywhere
		switch {
		case n%2 == 1:
			cut = at[ids[rand.IntN(len(ids))]] + 1
		case n > 0:
			cut = rand.IntN(last)
		}
		found := s.afterCut(newDisk(t, s.dir, before), calls, at, cut)
		l, d := found.count()
		lost, doubled, unread = lost+l, doubled+d, unread+found.unread(named)
	}
	t.Logf("%d answered, none before it was synced; %d power cuts, %d lost, %d doubled, %d names that can't be read", len(ids), cuts, lost, doubled, unread)
	require.Zero(t, lost+doubled+unread)

	deaf := newDisk(t, s.dir, before)
	deaf.deaf = true
	lost, _ = s.afterCut(deaf, calls, at, last).count()
	require.Equal(t, len(ids), lost, "on a disk that keeps nothing, nothing is found")
}

// unsyncedAt are the commands whose answer was begun before the disk had been told
// to keep what they recorded.
func unsyncedAt(d *disk, calls []syscallMade, answered map[string]int) (commands []string) {
	left := maps.Clone(answered)
	now := 0
	d.kept = func(path string, b []byte) {
		for id, begun := range left {
			if strings.Contains(path, "/"+stream.Name+"/msgs/") && bytes.Contains(b, []byte(`"command":"`+id)) {
				delete(left, id)
				if begun < now {
					commands = append(commands, id)
				}
			}
		}
	}
	for i := range calls {
		now = calls[i].ended
		d.make(&calls[i])
	}
	return append(commands, slices.Collect(maps.Keys(left))...)
}

// afterCut is what people were told before the power was cut, and the folder as
// it is found then.
func (s *siege) afterCut(d *disk, calls []syscallMade, answered map[string]int, cut int) *siege {
	found := &siege{t: s.t, groups: s.groups, acknowledged: map[string]bool{}, options: eventstore.Options{Dir: d.after(calls, cut)}}
	for id, begun := range answered {
		if begun < cut {
			found.acknowledged[id] = true
		}
	}
	return found
}

// startUnder starts the program as the child of another.
func startUnder(t *testing.T, wrapped []string, dir string) *program {
	file := filepath.Join(t.TempDir(), "under")
	script := "#!/bin/sh\nexec " + strings.Join(wrapped, " ") + " " + programFile(t) + ` "$@"` + "\n"
	require.NoError(t, os.WriteFile(file, []byte(script), 0o700))
	p := startAs(t, file, dir)
	p.File = programFile(t)
	return p
}

// asksAndRegisters has everybody ask a few times, and people registered by name:
// by the id of the command, their handle.
func (s *siege) asksAndRegisters(p *program) map[string]string {
	named := map[string]string{}
	var wg sync.WaitGroup
	for _, by := range s.askers {
		wg.Go(func() {
			for range 4 {
				s.insist(p.URL, by, uuid.NewString())
			}
		})
	}
	p.Tokens["manager"] = s.manager.token
	for i := range 4 {
		id, handle := uuid.NewString(), "named-"+strconv.Itoa(i)
		_, errs, code := p.Run("manager", "do", "register-person", "--group", s.manager.group, "--key", id, "--handle", handle, "--office", "Partner", "--organisation", "LMC", "--personal", `{"name":"Dr Philippa Wintergreen"}`)
		require.Zero(s.t, code, errs)
		named[id] = handle
		s.mu.Lock()
		s.acknowledged[id] = true
		s.mu.Unlock()
	}
	wg.Wait()
	return named
}

// unread counts those who were registered by name, as was acknowledged, and whose
// name can't be read.
func (s *siege) unread(named map[string]string) (unread int) {
	store := s.openAgain()
	defer folder.Close(store)
	group := s.groups[0]
	for e, err := range store.Entries(s.t.Context(), group, 0, store.Next(group)) {
		require.NoError(s.t, err)
		r, ok := e.Event.Data.(*domain.PersonRegistered)
		if _, wanted := named[e.Event.Command.String()]; !ok || !wanted {
			continue
		}
		data, err := store.OpenPersonal(r.Person, r.Sealed)
		if err != nil || data.Name == "" {
			s.t.Logf("%s: %v", r.Handle, err)
			unread++
		}
	}
	return unread
}
