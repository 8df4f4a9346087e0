package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/tlog"

	"goldenthread/cmd/internal/folder"
	"goldenthread/domain"
	"goldenthread/eventstore"
	"goldenthread/eventstore/commit"
)

const someODS = "testdata/ods" // two sub-ICBs of the lists, unchanged

// generation is a history of two places out of the lists kept beside the tests.
func generation(dir string, seed uint64) *generating {
	return &generating{
		dir: dir, seed: seed, from: "2016-01-04", groups: 2, years: 1, memberships: filepath.Join(someODS, "memberships.csv"),
		organisations: []string{filepath.Join(someODS, "practices.csv"), filepath.Join(someODS, "pcns.csv")},
	}
}

// TestSameSeedSameRoot generates a year of two places twice and once with
// another seed, and looks whether it is a life that is told there.
func TestSameSeedSameRoot(t *testing.T) {
	if testing.Short() {
		t.Skip("it does one thing after the other, for long")
	}
	var roots [3]map[string]tlog.Tree
	var made [3]map[string]int
	var wg sync.WaitGroup
	for i, seed := range []uint64{1, 1, 2} {
		wg.Go(func() { roots[i], made[i] = generateYear(t, seed) })
	}
	wg.Wait()
	require.Len(t, roots[0], 2)
	require.Equal(t, roots[0], roots[1], "the same seed")
	for group, tree := range roots[0] {
		require.NotEqual(t, tree.Hash, roots[2][group].Hash, "another seed")
		require.Greater(t, tree.N, int64(2_000))
	}
	for _, kind := range []domain.Payload{
		&domain.GroupEstablished{}, &domain.MandateGranted{}, &domain.MandateWithdrawn{}, &domain.AgreementReached{}, &domain.DelegationGranted{}, &domain.DelegationVaried{},
		&domain.RepresentativeAppointed{}, &domain.CommitmentRecorded{}, &domain.ExerciseRecorded{}, &domain.ObjectionRaised{}, &domain.ObjectionResolved{}, &domain.NoticeAcknowledged{},
	} {
		require.NotZero(t, made[0][domain.KindOf(kind)], "%T", kind)
	}
	require.InDelta(t, 2*50*decisions, made[0][domain.KindOf(&domain.AgreementReached{})], 60)
}

func generateYear(t *testing.T, seed uint64) (map[string]tlog.Tree, map[string]int) {
	dir, made := t.TempDir(), map[string]int{}
	o := generation(dir, seed)
	o.follow = append(o.follow, func(c commit.Commit) {
		for i := range c.Entries {
			made[c.Entries[i].Event.Kind()]++
		}
	})
	_, err := o.generate(t.Context(), slog.New(slog.DiscardHandler), func(domain.Day, int64) {})
	require.NoError(t, err)
	store, err := eventstore.Open(t.Context(), eventstore.Options{Dir: dir, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	defer folder.Close(store)
	trees := map[string]tlog.Tree{}
	for _, group := range store.Groups() {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		trees[group], err = store.AwaitSigned(ctx, group, store.Next(group))
		require.NoError(t, err)
	}
	return trees, made
}

// TestGeneratingIsPatient: a pause of the disk is waited out, anything else is
// said at once.
func TestGeneratingIsPatient(t *testing.T) {
	tries := 0
	err := patiently(t.Context(), func() error {
		if tries++; tries < 3 {
			return fmt.Errorf("the disk: %w", commit.ErrNotReady)
		}
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, 3, tries)
	wrong := errors.New("wrong")
	require.ErrorIs(t, patiently(t.Context(), func() error { tries++; return wrong }), wrong)
	require.Equal(t, 4, tries)
	ended, end := context.WithCancel(t.Context())
	end()
	require.ErrorIs(t, patiently(ended, func() error { tries++; return commit.ErrNotReady }), commit.ErrNotReady)
	require.Equal(t, 5, tries, "nobody waits any more")
}
