package main

import (
	"context"
	"database/sql"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"
)

// What somebody would take instead: a table of events in which (group, index)
// is the key, and a transaction is on the disk before it is acknowledged.

// A rival is a database that keeps such a table.
type rival struct {
	name   string
	db     *sql.DB
	insert string
}

// openRivals are those that can be had here; what can't is said.
func openRivals(t *testing.T) []rival {
	rivals := []rival{openSQLite(t)}
	if r, ok := openPostgres(t); ok {
		return append(rivals, r)
	}
	t.Log("PostgreSQL is not installed here: its rows are left out")
	return rivals
}

func openSQLite(t *testing.T) rival {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "events.db")+"?_pragma=journal_mode(wal)&_pragma=synchronous(full)&_pragma=busy_timeout(10000)")
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	return rival{"SQLite", prepared(t, db, "blob"), "insert into events values (?, ?, ?)"}
}

// openPostgres starts a cluster of its own, on a socket in a folder.
func openPostgres(t *testing.T) (rival, bool) {
	bins, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	if len(bins) == 0 {
		return rival{}, false
	}
	bin := bins[len(bins)-1]
	dir, err := os.MkdirTemp("", "rival")
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	as := postgresUser(t, dir)
	data := filepath.Join(dir, "data")
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-A", "trust", "-U", "bench")
	initdb.SysProcAttr, initdb.Dir = as, dir
	out, err := initdb.CombinedOutput()
	require.NoError(t, err, "%s", out)
	server := exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-k", dir, "-h", "", "-c", "shared_buffers=256MB")
	server.SysProcAttr, server.Dir = as, dir
	require.NoError(t, server.Start())
	t.Cleanup(func() { server.Process.Signal(syscall.SIGINT); server.Wait() })
	db, err := sql.Open("pgx", "host="+dir+" user=bench dbname=postgres")
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	require.Eventually(t, func() bool { return db.Ping() == nil }, 20*time.Second, 50*time.Millisecond)
	db.SetMaxOpenConns(64)
	db.SetMaxIdleConns(64)
	return rival{"PostgreSQL", prepared(t, db, "bytea"), "insert into events values ($1, $2, $3)"}, true
}

// postgresUser is whom the server runs as, since it refuses to run as root.
func postgresUser(t *testing.T, dir string) *syscall.SysProcAttr {
	if os.Getuid() != 0 {
		return nil
	}
	u, err := user.Lookup("postgres")
	require.NoError(t, err)
	uid, err := strconv.Atoi(u.Uid)
	require.NoError(t, err)
	gid, err := strconv.Atoi(u.Gid)
	require.NoError(t, err)
	require.NoError(t, os.Chown(dir, uid, gid))
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
}

func prepared(t *testing.T, db *sql.DB, bytes string) *sql.DB {
	_, err := db.ExecContext(context.Background(), "create table events (ledger text not null, idx bigint not null, line "+bytes+" not null, primary key (ledger, idx))")
	require.NoError(t, err)
	return db
}
