package access

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// Long answers wait for each other, the shortest first, and brief ones for nobody.
// What is given up, or stuck, holds up nobody for long; nor do those that keep coming.
func TestLongAnswersTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := &turns{free: 1, took: map[answerKind]time.Duration{}}
		answer := func(question string, takes time.Duration) time.Duration {
			came := time.Now()
			done, err := turns.take(t.Context(), answerKind{question: question})
			require.NoError(t, err)
			time.Sleep(takes)
			done()
			return time.Since(came)
		}
		together := func(asked map[string]time.Duration) map[string]time.Duration {
			times := make(chan map[string]time.Duration, 1)
			times <- map[string]time.Duration{}
			for name, takes := range asked {
				go func() {
					took := answer(name, takes)
					all := <-times
					all[name] = took
					times <- all
				}()
			}
			time.Sleep(time.Minute)
			return <-times
		}
		const long, longer, brief = time.Second, 3 * time.Second, time.Millisecond
		all := map[string]time.Duration{"long": long, "longer": longer, "brief": brief}
		require.Equal(t, all, together(all), "nobody knows yet what takes long")

		done, err := turns.take(t.Context(), answerKind{question: "long"})
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), long)
		_, err = turns.take(ctx, answerKind{question: "longer"})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		cancel()
		go func() { time.Sleep(long / 2); done() }()
		require.Equal(t, map[string]time.Duration{"long": 3 * long / 2, "longer": 3*long/2 + longer, "brief": brief}, together(all))

		_, err = turns.take(t.Context(), answerKind{question: "long"}) // and never ends
		require.NoError(t, err)
		require.Less(t, answer("longer", longer), longer+3*long)
		require.Equal(t, longer, answer("longer", longer), "the turn was free again")
		require.Equal(t, 1, turns.free)

		var others sync.WaitGroup
		answered := make(chan bool)
		for range 3 {
			others.Go(func() {
				for {
					select {
					case <-answered:
						return
					default:
						answer("long", long)
					}
				}
			})
		}
		synctest.Wait()
		require.Less(t, answer("longer", longer), longer+5*long)
		close(answered)
		others.Wait()
	})
}
