package eventstore

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"goldenthread/domain"
	"goldenthread/eventstore/logs"
	"goldenthread/eventstore/storetest"
	"goldenthread/eventstore/tilelog"
)

const (
	childEnv   = "GOLDENTHREAD_KILL_CHILD"  // data folder of the child that will be killed
	roundsEnv  = "GOLDENTHREAD_KILL_ROUNDS" // how often; 5
	killGroups = 8
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		runChild(dir)
		return
	}
	os.Exit(m.Run())
}

// runChild sends commands until it is killed, and prints the id and the answer
// of each that was acknowledged.
func runChild(dir string) {
	ctx := context.Background()
	s, err := Open(ctx, Options{Dir: dir, Log: quiet})
	if err != nil {
		fmt.Println("error:", err)
		return
	}
	fmt.Println("open")
	for g := range killGroups {
		go func() {
			group := fmt.Sprintf("group-%d", g)
			if s.Next(group) == 0 {
				say(ctx, s, storetest.Found(group))
			}
			for {
				if rand.IntN(4) > 0 {
					say(ctx, s, storetest.Register(group, "p"+uuid.NewString()))
				} else {
					say(ctx, s, several(group))
				}
			}
		}()
	}
	select {}
}

// several is a command of seven events.
func several(group string) domain.Request {
	var rows []domain.OrganisationRow
	for range 7 {
		rows = append(rows, domain.OrganisationRow{Code: "X" + uuid.NewString()[:18], Kind: domain.Provider, Name: "Provider"})
	}
	return storetest.Request(group, "founder", &domain.ImportOrganisations{Rows: rows})
}

func say(ctx context.Context, s *Store, req domain.Request) {
	r, err := s.Execute(ctx, req)
	if err != nil {
		fmt.Println("error:", err)
		return
	}
	fmt.Println(req.ID, r.Last-r.First+1)
}

// TestKilledUnderLoadNothingAcknowledgedIsLost kills a process that writes, again and again on the same
// folder: what was acknowledged is there, every command is there once and whole
// or not at all (rules L2, L3).
func TestKilledUnderLoadNothingAcknowledgedIsLost(t *testing.T) {
	rounds := 5
	if n, err := strconv.Atoi(os.Getenv(roundsEnv)); err == nil {
		rounds = n
	}
	dir := t.TempDir()
	acknowledged := map[uuid.UUID]int{}
	var signed [][]byte                                                                          // checkpoints that were there when it was killed
	for round := 0; round < rounds || len(signed) == 0 || len(acknowledged) <= rounds; round++ { // some are killed before anything is acknowledged or signed
		require.Less(t, round, rounds+20, "nothing is acknowledged and signed")
		killOne(t, dir, acknowledged, time.Duration(1+max(0, round-rounds+1)))
		paths, err := filepath.Glob(filepath.Join(dir, logs.Folder, "*", tilelog.CheckpointFile))
		require.NoError(t, err)
		for _, path := range paths {
			signed = append(signed, mustRead(t, path))
		}
	}
	s := openTest(t, Options{Dir: dir})
	recorded := commandsOf(t, s)
	requireContinued(t, s, signed)
	for id, events := range acknowledged {
		require.Equal(t, events, recorded[id], "acknowledged, and not all of it is there: %s", id)
	}
	t.Logf("%d rounds, %d commands acknowledged, %d recorded", rounds, len(acknowledged), len(recorded))
}

// requireContinued checks that each log is whole, and continues every
// checkpoint that was signed before.
func requireContinued(t *testing.T, s *Store, signed [][]byte) {
	t.Helper()
	for _, group := range s.Groups() {
		requireLogged(t, s, group)
		log, err := s.Log(group)
		require.NoError(t, err)
		for _, checkpoint := range signed {
			if tilelog.OriginOf(checkpoint) != log.Origin() {
				continue
			}
			c, err := tilelog.OpenCheckpoint(checkpoint, log.Origin(), log.VKeys())
			require.NoError(t, err)
			root, err := log.RootAt(c.N)
			require.NoError(t, err)
			require.Equal(t, c.Hash, root)
		}
	}
	require.NotEmpty(t, signed)
}

// commandsOf counts the events of each command and checks that they lie
// together and are all there.
func commandsOf(t *testing.T, s *Store) map[uuid.UUID]int {
	t.Helper()
	commands := map[uuid.UUID]int{}
	for _, group := range s.Groups() {
		require.NoError(t, s.Stopped(group))
		var last domain.Event
		for e, err := range s.Entries(testContext(t), group, 0, s.Next(group)) {
			require.NoError(t, err)
			if e.Event.Command != last.Command {
				require.Zero(t, commands[e.Event.Command], "recorded twice, or in two parts")
				requireWhole(t, last, commands[last.Command])
			}
			commands[e.Event.Command]++
			last = e.Event
		}
		requireWhole(t, last, commands[last.Command])
	}
	return commands
}

// requireWhole checks that a command that ended with that event has as many
// events as such a command makes.
func requireWhole(t *testing.T, last domain.Event, events int) {
	t.Helper()
	switch last.Data.(type) {
	case *domain.OrganisationRegistered:
		require.Equal(t, 7, events, "half a command")
	case *domain.PersonRegistered:
		require.Equal(t, 1, events)
	}
}

// killOne kills a child after a while, which is that many times as long as usual, and takes
// what it had acknowledged.
func killOne(t *testing.T, dir string, acknowledged map[uuid.UUID]int, times time.Duration) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(out)
	require.True(t, lines.Scan())
	require.Equal(t, "open", lines.Text())
	kill := time.AfterFunc(times*time.Duration(50+rand.IntN(300))*time.Millisecond, func() { cmd.Process.Kill() })
	defer kill.Stop()
	for lines.Scan() {
		id, events, ok := strings.Cut(lines.Text(), " ")
		if !ok {
			break // cut off by the kill
		}
		n, err := strconv.Atoi(events)
		require.NoError(t, err, lines.Text())
		acknowledged[uuid.MustParse(id)] = n
	}
	cmd.Wait()
}
