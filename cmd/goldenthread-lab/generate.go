package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"goldenthread/cmd/internal/folder"
	"goldenthread/domain"
	"goldenthread/eventstore"
	"goldenthread/eventstore/commit"
)

// A generating is what generate was asked to do.
type generating struct {
	dir           string
	organisations []string
	memberships   string
	groups, years int
	seed          uint64
	from          string
	follow        []func(commit.Commit)
}

func generateCommand() *cobra.Command {
	var o generating
	cmd := &cobra.Command{
		Use: "generate", Short: "Make up a history of England's places, to measure and practise on",
		Long: "Generate writes made-up years of real organisations into an empty folder: every place founds its group, meets 50 times a year, decides\n" +
			"six things each time, and tells its practices. Everything goes through the rules, by the day. The same seed makes the same ledgers.",
		Example: "  goldenthread-lab generate --data england --organisations practices.csv,pcns.csv --memberships pcn_membership.csv --years 1\n" +
			"  goldenthread serve --data england --clock-is-right",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd) },
	}
	cmd.Flags().StringVar(&o.dir, "data", "", "folder to make; it must be empty")
	cmd.Flags().StringSliceVar(&o.organisations, "organisations", nil, "CSV files of practices and PCNs, as import-ods takes them")
	cmd.Flags().StringVar(&o.memberships, "memberships", "", "CSV file of which practice is in which PCN")
	cmd.Flags().IntVar(&o.groups, "groups", 0, "how many places; all if not said")
	cmd.Flags().IntVar(&o.years, "years", 1, "how many years")
	cmd.Flags().Uint64Var(&o.seed, "seed", 1, "another seed is another history")
	cmd.Flags().StringVar(&o.from, "from", "2016-01-04", "first day")
	for _, needed := range []string{"data", "organisations", "memberships"} {
		must(cmd.MarkFlagRequired(needed))
	}
	return cmd
}

func (o *generating) run(cmd *cobra.Command) error {
	empty, err := folder.IsEmpty(o.dir)
	if err != nil {
		return err
	}
	if !empty {
		return fmt.Errorf("%s is not empty: a history is generated into a folder of its own", o.dir)
	}
	began, progress := time.Now(), func(domain.Day, int64) {}
	if term.IsTerminal(int(os.Stderr.Fd())) {
		progress = func(d domain.Day, events int64) {
			cmd.PrintErrf("\r%s: %d events, %.0f a second ", d, events, float64(events)/time.Since(began).Seconds())
		}
	}
	events, err := o.generate(cmd.Context(), slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil)), progress)
	if err != nil {
		return err
	}
	cmd.PrintErrln()
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d events in %s.\n", events, time.Since(began).Round(time.Second))
	return err
}

// generate lets the years pass and says how many events that made.
func (o *generating) generate(ctx context.Context, log *slog.Logger, progress func(domain.Day, int64)) (events int64, err error) {
	from, err := domain.ParseDay(o.from)
	if err != nil {
		return 0, fmt.Errorf("--from: %v", err)
	}
	until := from.AddYears(o.years)
	if until.Start().After(time.Now()) {
		return 0, fmt.Errorf("%d years from %s would end in time still to come", o.years, from)
	}
	lists, err := readEngland(o.organisations, o.memberships, from)
	if err != nil {
		return 0, err
	}
	parts := lists.parts()
	if o.groups > 0 && o.groups < len(parts) {
		parts = parts[:o.groups]
	}
	if len(parts) == 0 {
		return 0, errors.New("these lists hold no PCN with a practice")
	}
	var count atomic.Int64
	years := &passing{}
	years.store, err = eventstore.Open(ctx, eventstore.Options{
		Dir: o.dir, Clock: years.now, Folded: math.MaxUint64, Log: log, // every place acts every day
		Follow: append(o.follow, func(c commit.Commit) { count.Add(int64(len(c.Entries))) }),
	})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, folder.Close(years.store)) }()
	for _, p := range parts {
		years.groups = append(years.groups, newHistory(p, years, o.seed, from))
	}
	for d := from; d < until; d++ {
		if err := years.pass(ctx, d); err != nil {
			return 0, err
		}
		progress(d, count.Load())
	}
	for _, h := range years.groups {
		if _, err := years.store.AwaitSigned(ctx, h.group, years.store.Next(h.group)); err != nil {
			return 0, err
		}
	}
	return count.Load(), nil
}

// Years passing, for all groups together: their ledgers share one stream, whose
// clock never goes back. The clock stands while a day's midnight is settled and
// while the groups do their day's work, so that it does not matter who of them
// is quicker.
type passing struct {
	store  *eventstore.Store
	groups []*history
	clock  atomic.Int64 // ms since 1970
}

func (p *passing) now() time.Time { return time.UnixMilli(p.clock.Load()) }

// pass is one day: at midnight what became due is settled, in the evening the
// groups do what they do on that day.
func (p *passing) pass(ctx context.Context, d domain.Day) error {
	p.clock.Store(d.Start().UnixMilli())
	err := p.each(func(h *history) error { return h.settle(ctx) })
	if err != nil {
		return err
	}
	p.clock.Store(d.Start().Add(18*time.Hour + 30*time.Minute).UnixMilli())
	return p.each(func(h *history) error { return h.work(ctx, d) })
}

// each runs f for all groups at once: the writer puts what they ask together
// into one commit.
func (p *passing) each(f func(*history) error) error {
	var wg sync.WaitGroup
	errs := make([]error, len(p.groups))
	for i, h := range p.groups {
		wg.Go(func() { errs[i] = f(h) })
	}
	wg.Wait()
	return errors.Join(errs...)
}
