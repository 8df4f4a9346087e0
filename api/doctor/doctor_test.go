package doctor

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"goldenthread/api/mail"
	"goldenthread/api/version"
	"goldenthread/domain"
	"goldenthread/eventstore"
	"goldenthread/eventstore/archive"
	"goldenthread/eventstore/commit"
	"goldenthread/eventstore/keys"
	"goldenthread/eventstore/logs"
	"goldenthread/eventstore/storetest"
	"goldenthread/eventstore/stream"
	"goldenthread/eventstore/witness"
	"goldenthread/projections"
)

var quiet = slog.New(slog.DiscardHandler)

// A patient is a small installation, stopped, into which a fault is put.
type patient struct {
	*testing.T
	dir     string
	backups string
	key     archive.Key
	change  []func(*Installation)
}

// with has the installation changed before it is looked at.
func (p *patient) with(change func(*Installation)) { p.change = append(p.change, change) }

func (p *patient) file(name string) string { return filepath.Join(p.dir, filepath.FromSlash(name)) }

// streamFile is a file of a stream.
func (p *patient) streamFile(name, file string) string {
	return filepath.Join(p.dir, stream.Folder, "jetstream", "$G", "streams", name, file)
}

func (p *patient) write(name, text string) {
	require.NoError(p, os.WriteFile(p.file(name), []byte(text), 0o600))
}

func (p *patient) remove(path string) { require.NoError(p, os.RemoveAll(path)) }

// flip flips a bit in the middle of a file.
func (p *patient) flip(path string) {
	b, err := os.ReadFile(path)
	require.NoError(p, err)
	b[len(b)/2] ^= 1
	require.NoError(p, os.WriteFile(path, b, 0o600))
}

// while does something while a store is open on the folder.
func (p *patient) while(o eventstore.Options, do func(*eventstore.Store)) {
	o.Dir, o.Log = p.dir, quiet
	s, err := eventstore.Open(p.Context(), o)
	require.NoError(p, err)
	do(s)
	for _, group := range s.Groups() {
		s.AwaitSigned(p.Context(), group, s.Next(group))
	}
	require.NoError(p, s.Close(p.Context()))
}

func (p *patient) execute(s *eventstore.Store, handle string) {
	_, err := s.Execute(p.Context(), storetest.Register("trafford", handle))
	require.NoError(p, err)
}

// begin makes the installation, with a backup of it, at that time of its clock; zero: now.
func begin(t *testing.T, clock func() time.Time) *patient {
	p := &patient{T: t, dir: filepath.Join(t.TempDir(), "data"), backups: t.TempDir(), key: make([]byte, 32)}
	rand.Read(p.key)
	p.while(eventstore.Options{Clock: clock}, func(s *eventstore.Store) {
		_, err := s.Execute(t.Context(), storetest.Found("trafford"))
		require.NoError(t, err)
		p.execute(s, "p")
		f, err := os.Create(filepath.Join(p.backups, "one.tar"))
		require.NoError(t, err)
		require.NoError(t, s.Backup(t.Context(), f, p.key, nil))
		require.NoError(t, f.Close())
	})
	return p
}

// examine looks at the folder of the stopped server.
func (p *patient) examine() *Report {
	in := Open(p.Context(), p.dir, quiet)
	if in.Store != nil {
		defer in.Store.Close(context.WithoutCancel(p.Context()))
	}
	in.Backups, in.BackupKey = p.backups, p.key
	in.free = func(string) (int64, error) { return 1 << 40, nil }
	for _, change := range p.change {
		change(in)
	}
	return Examine(p.Context(), in)
}

// A fault is what is wrong, and what the doctor must say about it.
type fault struct {
	name  string
	put   func(*patient)
	check string
	state State
	do    string // a part of what to do
}

var faults = []fault{
	{"meta.sum of the ledgers is gone", func(p *patient) { p.remove(p.streamFile(stream.Name, "meta.sum")) }, "Stream files", Look, "The next start"},
	{"meta.inf of the keys is cut", func(p *patient) { require.NoError(p, os.Truncate(p.streamFile(keys.StreamName, "meta.inf"), 10)) }, "Stream files", Look, "look at the disk"},
	{"the folder is open to others", func(p *patient) { require.NoError(p, os.Chmod(p.dir, 0o755)) }, "Permissions", Look, "chmod -R go-rwx"},
	{"the wrapping key is open to others", func(p *patient) { require.NoError(p, os.Chmod(p.file("wrapping.key"), 0o644)) }, "Permissions", Look, "chmod -R go-rwx"},
	{"a token is open to others", func(p *patient) {
		p.write("operator-token", "gt_"+strings.Repeat("x", 43))
		require.NoError(p, os.Chmod(p.file("operator-token"), 0o640))
	}, "Permissions", Look, "chmod -R go-rwx"},
	{"the checkpoint of a log is gone", func(p *patient) { p.remove(p.file("log/trafford/checkpoint")) }, "Checkpoints", Look, "The next start"},
	{"the checkpoint of a log is another's", func(p *patient) { p.write("log/trafford/checkpoint", "another\n1\n\n") }, "Checkpoints", Look, "Look at the disk"},
	{"a link to a block of the keys leads nowhere", func(p *patient) {
		p.remove(p.streamFile(keys.StreamName, "msgs/1.blk"))
		require.NoError(p, os.Symlink(p.file("none"), p.streamFile(keys.StreamName, "msgs/1.blk")))
	}, "Stream files", Wrong, "Do what this says"},
	{"the key of backups is zeros", func(p *patient) { p.write("backup.key", strings.Repeat("\x00", 32)) }, "Ways in and keys", Wrong, "backup.key is kept apart"},
	{"a list of tokens is cut", func(p *patient) { p.write("tokens.json", `[{"id":"a1`) }, "Ways in and keys", Wrong, "in the newest backup"},
	{"the operator's token is empty", func(p *patient) { p.write("operator-token", "") }, "Ways in and keys", Wrong, "the next start makes new ones"},
	{"the key of backups is cut", func(p *patient) { p.write("backup.key", "short") }, "Ways in and keys", Wrong, "backup.key is kept apart"},
	{"a restore was broken off", func(p *patient) { p.write("restoring", "") }, "Folder", Wrong, "restore again"},
	{"an import was broken off", func(p *patient) { p.write("importing", "trafford") }, "Folder", Wrong, "Import the same file"},
	{"a backup came without credentials", func(p *patient) { p.write("restored.txt", "x") }, "Folder", Look, "then delete it"},
	{"the streams from before a repair lie there", func(p *patient) { require.NoError(p, os.Mkdir(p.file("nats.damaged-20260101"), 0o700)) }, "Folder", Look, "Delete them"},
	{"a repair was broken off", func(p *patient) { require.NoError(p, os.Mkdir(p.file("nats.repaired"), 0o700)) }, "Folder", Look, "The next start finishes it"},
	{"a log that was given up lies there", func(p *patient) { require.NoError(p, os.Mkdir(p.file("log/trafford.lost-9"), 0o700)) }, "Folder", Look, "Keep it apart"},
	{"an erasure was broken off", func(p *patient) { p.write("wrapping.key.next", string(p.key)) }, "Folder", Look, "Start the server"},
	{"a server uses the folder", func(p *patient) {
		lock, err := stream.LockFolder(p.dir)
		require.NoError(p, err)
		p.Cleanup(func() { lock.Unlock() })
	}, "Ledgers", Look, "goldenthread doctor --server"},
	{"the streams are gone", func(p *patient) { p.remove(p.file("nats")) }, "Ledgers", Wrong, "Do what this says"},
	{"the stream of the ledgers is gone", func(p *patient) { p.remove(p.streamFile(stream.Name, "")) }, "Ledgers", Wrong, "goldenthread repair"},
	{"a block of the stream is damaged", func(p *patient) { p.flip(p.streamFile(stream.Name, "msgs/1.blk")) }, "Ledgers", Wrong, "goldenthread repair"},
	{"the folder was set back, but for files of the log", func(p *patient) {
		old := p.TempDir()
		require.NoError(p, os.CopyFS(old, os.DirFS(p.dir)))
		p.while(eventstore.Options{}, func(s *eventstore.Store) { p.execute(s, "later") })
		p.remove(p.file("nats"))
		require.NoError(p, os.CopyFS(p.file("nats"), os.DirFS(filepath.Join(old, "nats"))))
		signed, err := os.ReadFile(filepath.Join(old, "log", "trafford", "checkpoint"))
		require.NoError(p, err)
		p.write("log/trafford/checkpoint", string(signed))
	}, "Ledgers", Wrong, "--accept-loss"},
	{"a newer version wrote an event", func(p *patient) {
		p.while(eventstore.Options{}, func(s *eventstore.Store) {
			line, err := s.Line(p.Context(), "trafford", s.Next("trafford")-1)
			require.NoError(p, err)
			e, err := commit.Decode(line)
			require.NoError(p, err)
			e.Index, e.Cause = e.Index+1, e.Index+1
			line, err = commit.Encode(&e)
			require.NoError(p, err)
			c := commit.Commit{Sequence: 99, Entries: []commit.Entry{{Event: e, Line: line}}}
			m := commit.Message(&c, "another", "an-id", []byte(strings.Replace(string(line), "registered.v1", "registered.v2", 1)+"\n"))
			js, err := jetstream.New(s.Conn())
			require.NoError(p, err)
			_, err = js.PublishMsg(p.Context(), m)
			require.NoError(p, err)
		})
	}, "Ledgers", Wrong, "Upgrade this server"},
	{"the wrapping key is another", func(p *patient) { p.write("wrapping.key", string(p.key)) }, "Ledgers", Wrong, "Do what this says"},
	{"a file of the log is damaged", func(p *patient) {
		bundles, err := filepath.Glob(p.file("log/trafford/tile/entries/000.p/*"))
		require.NoError(p, err)
		for _, b := range bundles {
			p.flip(b)
		}
	}, "Second copy", Look, "The next start makes it anew"},
	{"the wrapping key is gone", func(p *patient) { p.remove(p.file("wrapping.key")) }, "Keys of people", Wrong, "Copy wrapping.key"},
	{"somebody's key is gone", func(p *patient) {
		p.while(eventstore.Options{}, func(s *eventstore.Store) {
			js, err := jetstream.New(s.Conn())
			require.NoError(p, err)
			state, err := s.State(p.Context(), "trafford")
			require.NoError(p, err)
			entries, err := js.Stream(p.Context(), keys.StreamName)
			require.NoError(p, err)
			require.NoError(p, entries.Purge(p.Context(), jetstream.WithPurgeSubject("keys."+state.ByHandle("founder").ID)))
		})
	}, "Keys of people", Wrong, "a backup that has their keys"},
	{"the stream of the keys is gone", func(p *patient) { p.remove(p.streamFile(keys.StreamName, "")) }, "Keys of people", Wrong, "a backup that has their keys"},
	{"a document is lost", func(p *patient) {
		p.with(func(in *Installation) {
			in.LostDocuments = func(context.Context, string, []domain.Document) ([]domain.Document, error) {
				return []domain.Document{{Index: 9}}, nil
			}
		})
	}, "Documents", Wrong, "choose it again"},
	{"the documents can't be read", func(p *patient) {
		p.with(func(in *Installation) {
			in.LostDocuments = func(context.Context, string, []domain.Document) ([]domain.Document, error) {
				return nil, errors.New("silence")
			}
		})
	}, "Documents", Wrong, "the server's log"},
	{"the signing key is gone", func(p *patient) { p.remove(p.file("signing.key")) }, "Signing key and log", Wrong, "Copy signing.key"},
	{"the signing key is damaged", func(p *patient) { p.write("signing.key", "x") }, "Signing key and log", Wrong, "Copy signing.key"},
	{"a witness is behind for two hours", (*patient).withWitness, "Witnesses", Look, "whoever runs the witness"},
	{"the disk is nearly full", free(100 << 20), "Disk", Wrong, "Make room"},
	{"the disk lasts for 30 days", func(p *patient) {
		p.write("nats/large", "")
		require.NoError(p, os.Truncate(p.file("nats/large"), 1<<30)) // all of it in this month, so 34 MB a day
		free(1 << 30)(p)
	}, "Disk", Look, "Make room"},
	{"nobody named the backups", func(p *patient) { p.backups = "" }, "Backups", Look, "--backups"},
	{"there is no backup", func(p *patient) { p.backups = p.TempDir() }, "Backups", Wrong, "goldenthread backup --to"},
	{"the newest backup is cut", func(p *patient) { require.NoError(p, os.Truncate(filepath.Join(p.backups, "one.tar"), 9000)) }, "Backups", Wrong, "Make a new one now"},
	{"the newest backup is three days old", in(3 * 24 * time.Hour), "Backups", Look, "every day"},
	{"the newest backup is three weeks old", in(21 * 24 * time.Hour), "Backups", Wrong, "goldenthread backup --to"},
	{"the newest backup is of another installation", func(p *patient) { p.key = make([]byte, 32) }, "Backups", Look, "of this installation"},
	{"the mail server does not answer", (*patient).withMail, "Mail", Wrong, "--mail-server"},
	{"the certificate has ended", certificate(-time.Hour), "Certificate", Wrong, "Renew the certificate"},
	{"the certificate ends soon", certificate(5 * 24 * time.Hour), "Certificate", Look, "Renew the certificate"},
	{"the certificate can't be read", func(p *patient) {
		p.with(func(in *Installation) { in.Certificate = LeafOf(filepath.Join(p.backups, "one.tar")) })
	}, "Certificate", Wrong, "Renew the certificate"},
}

func free(bytes int64) func(*patient) {
	return func(p *patient) {
		p.with(func(in *Installation) { in.free = func(string) (int64, error) { return bytes, nil } })
	}
}

func in(d time.Duration) func(*patient) {
	return func(p *patient) { p.with(func(in *Installation) { in.Now = in.Now.Add(d) }) }
}

// certificate gives the installation a certificate that ends after that time.
func certificate(left time.Duration) func(*patient) {
	return func(p *patient) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		require.NoError(p, err)
		template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-100 * 24 * time.Hour), NotAfter: time.Now().Add(left)}
		der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
		require.NoError(p, err)
		file := filepath.Join(p.TempDir(), "cert.pem")
		require.NoError(p, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
		p.with(func(in *Installation) { in.Certificate = LeafOf(file) })
	}
}

// withWitness has a server at work whose witness does not answer.
func (p *patient) withWitness() {
	down := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "out of order", http.StatusBadGateway) }))
	p.Cleanup(down.Close)
	signer, err := witness.OpenKey(filepath.Join(p.TempDir(), "key.pem"), "lmc.example/witness")
	require.NoError(p, err)
	server, err := witness.Open(p.TempDir(), signer, nil, quiet)
	require.NoError(p, err)
	p.Cleanup(func() { server.Close() })
	w, err := witness.ParseWitness(down.URL + "," + server.VKey())
	require.NoError(p, err)
	p.running(eventstore.Options{Witnesses: []witness.Witness{w}}, func(in *Installation) {
		require.Eventually(p, func() bool { return in.Store.Witnesses("trafford")[0].Trouble != "" }, 10*time.Second, 5*time.Millisecond)
		in.Now = in.Now.Add(2 * time.Hour)
	})
}

// withMail has a server at work whose mail server does not answer.
func (p *patient) withMail() {
	p.running(eventstore.Options{}, func(in *Installation) {
		js, err := jetstream.New(in.Store.Conn())
		require.NoError(p, err)
		in.Mail, err = mail.Open(p.Context(), mail.Options{
			Server: mail.Server{Address: "127.0.0.1:1", From: "board@example.org", TLS: "none"}, Groups: projections.NewGroups(in.Store), Personal: in.Store.OpenPersonal, Stream: js, Log: quiet,
		})
		require.NoError(p, err)
	})
}

// running looks at a server at work instead.
func (p *patient) running(o eventstore.Options, change func(*Installation)) {
	p.with(func(in *Installation) {
		require.NoError(p, in.Store.Close(p.Context()))
		o.Dir, o.Log = p.dir, quiet
		s, err := eventstore.Open(p.Context(), o)
		require.NoError(p, err)
		in.Store, in.Running = s, true
		change(in)
	})
}

// TestEveryFaultIsNamedWithItsRemedy puts one fault after another into a small installation
// that is well: the doctor names it and says what to do.
func TestEveryFaultIsNamedWithItsRemedy(t *testing.T) {
	require.GreaterOrEqual(t, len(faults), 30)
	whole := begin(t, nil)
	r := whole.examine()
	require.False(t, r.NeedsDoing(), "%+v", r.Checks)
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			p := &patient{T: t, dir: filepath.Join(t.TempDir(), "data"), backups: t.TempDir(), key: whole.key}
			require.NoError(t, os.CopyFS(p.dir, os.DirFS(whole.dir)))
			require.NoError(t, os.Chmod(p.dir, 0o700))
			copyPrivately(t, p.dir, whole.dir)
			require.NoError(t, os.CopyFS(p.backups, os.DirFS(whole.backups)))
			f.put(p)
			p.requireNamed(f, p.examine())
		})
	}
}

// copyPrivately gives the copies of the keys the permissions of the originals.
func copyPrivately(t *testing.T, to, from string) {
	entries, err := os.ReadDir(from)
	require.NoError(t, err)
	for _, e := range entries {
		info, err := e.Info()
		require.NoError(t, err)
		require.NoError(t, os.Chmod(filepath.Join(to, e.Name()), info.Mode().Perm()))
	}
}

func (p *patient) requireNamed(f fault, r *Report) {
	p.Helper()
	require.True(p, r.NeedsDoing())
	for _, c := range r.Checks {
		require.NotEmpty(p, c.Name)
		require.NotEmpty(p, c.Found)
		require.Equal(p, c.State == Look || c.State == Wrong, c.Do != "", "%+v", c)
		if c.Name == f.check && c.State == f.state {
			require.Contains(p, c.Do, f.do)
			return
		}
	}
	require.Fail(p, "not named", "%+v", r.Checks)
}

// A clock that is behind the ledger, or far ahead of it, is named.
func TestAWrongClockIsNamed(t *testing.T) {
	for name, off := range map[string]time.Duration{"behind": 2 * time.Hour, "far ahead": -60 * 24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			p := begin(t, func() time.Time { return time.Now().Add(off) })
			p.requireNamed(fault{check: "Clock", state: Wrong, do: "Set this computer's clock right"}, p.examine())
		})
	}
}

// Looking at a folder records nothing, and leaves the checkpoints as they are.
func TestLookingRecordsNothing(t *testing.T) {
	p := begin(t, nil)
	before, err := os.ReadFile(p.file("log/trafford/checkpoint"))
	require.NoError(t, err)
	s, err := eventstore.OpenToInspect(t.Context(), eventstore.Options{Dir: p.dir, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	require.NoError(t, err)
	next := s.Next("trafford")
	require.NotZero(t, next)
	require.NoError(t, s.Close(t.Context()))
	after, err := os.ReadFile(p.file("log/trafford/checkpoint"))
	require.NoError(t, err)
	require.Equal(t, before, after)
	_, err = eventstore.OpenToInspect(t.Context(), eventstore.Options{Dir: t.TempDir(), Log: quiet})
	require.True(t, errors.Is(err, os.ErrNotExist))
}

// A node of another release is named, and so is one that does not answer.
func TestNodesOfAClusterAreNamed(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts a cluster")
	}
	srv, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: t.TempDir(), SyncAlways: true, NoSigs: true, NoLog: true})
	require.NoError(t, err)
	srv.Start()
	t.Cleanup(func() { srv.Shutdown(); srv.WaitForShutdown() })
	require.True(t, srv.ReadyForConnections(10*time.Second))
	open := func(dir, release string) *eventstore.Store {
		s, err := eventstore.Open(t.Context(), eventstore.Options{Dir: dir, NATS: srv.ClientURL(), Release: release, Log: quiet})
		require.NoError(t, err)
		t.Cleanup(func() { s.Close(context.Background()) })
		return s
	}
	first, second := t.TempDir(), t.TempDir()
	a := open(first, version.Number)
	for _, file := range []string{keys.WrappingFile, logs.SigningFile} {
		b, err := os.ReadFile(filepath.Join(first, file))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(second, file), b, 0o600))
	}
	look := func() Check { return checkNodes(t.Context(), &Installation{Store: a, Running: true})[0] }
	require.Equal(t, well("1 node, all at work, all of release %s.", version.Number), look())
	b := open(second, "0.0.9")
	require.Equal(t, Look, look().State)
	require.Contains(t, look().Found, "runs release 0.0.9")
	require.NoError(t, b.Close(context.Background()))
	b = open(second, version.Number)
	require.Equal(t, Well, look().State)
	require.NoError(t, b.Close(context.Background()))
	require.Contains(t, look().Found, "does not answer")
	_, name, _ := strings.Cut(look().Do, "--retire ")
	require.NoError(t, a.Retire(t.Context(), name))
	require.Equal(t, Well, look().State)

	// Where somebody was erased at one node, the other is told which file to copy.
	b = open(second, version.Number)
	execute := func(req domain.Request) {
		_, err := a.Execute(t.Context(), req)
		require.NoError(t, err)
	}
	execute(storetest.Found("trafford"))
	leaver := storetest.Register("trafford", "leaver")
	leaver.Command.(*domain.RegisterPerson).Personal = &domain.PersonalData{Name: "Dr Leaver"}
	execute(leaver)
	execute(storetest.Request("trafford", "founder", &domain.ErasePerson{Person: domain.NewPersonID("trafford", leaver.ID, "leaver")}))
	for dir, s := range map[string]*eventstore.Store{first: a, second: b} {
		keys := checkKeys(t.Context(), &Installation{Dir: dir, Store: s, Running: true})
		require.Len(t, keys, 1)
		require.Contains(t, keys[0].Do, "Copy wrapping.key from node node-")
	}

	// Where the servers of the streams are down, nothing is called damaged for it.
	srv.Shutdown()
	srv.WaitForShutdown()
	report := Examine(t.Context(), &Installation{Dir: first, Store: a, Running: true, Now: time.Now()})
	require.True(t, slices.ContainsFunc(report.Checks, func(c Check) bool {
		return c.Name == "Ledgers" && c.State == Wrong && strings.Contains(c.Do, "Bring the other NATS servers")
	}))
	for _, c := range report.Checks {
		require.NotContains(t, c.Do, "check-store")
		require.NotContains(t, c.Do, "Stop the server")
	}
}
