package tilelog

import (
	"context"
	"crypto/sha256"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// benchSize is how many entries the benchmarks' log has, of the size of an event.
const benchSize = 100_000

func benchEntries(n int) (all [][]byte, bytes int64) {
	for i := range n {
		e := append(entry(int64(i)), make([]byte, 600)...)
		all, bytes = append(all, e), bytes+int64(len(e))
	}
	return all, bytes
}

func benchLog(b *testing.B) (*Log, [][]byte, int64) {
	l := openLog(b, testFolder(b), testKey(b))
	all, bytes := benchEntries(benchSize)
	require.NoError(b, l.Append(all))
	require.NoError(b, l.folder.Sync())
	signed, err := l.Sign()
	require.NoError(b, err)
	require.NoError(b, l.Publish(signed))
	return l, all, bytes
}

// bareHash is how long the SHA-256 of the same bytes takes, once.
func bareHash(all [][]byte) time.Duration {
	start := time.Now()
	for _, e := range all {
		sha256.Sum256(e)
	}
	return time.Since(start)
}

// BenchmarkVerify checks a log of 100,000 entries, beside a bare SHA-256 of them.
func BenchmarkVerify(b *testing.B) {
	l, all, bytes := benchLog(b)
	b.SetBytes(bytes)
	for b.Loop() {
		r, err := Verify(context.Background(), l.files, l.origin, l.vkeys, nil)
		require.NoError(b, err)
		require.NoError(b, r.Err())
	}
	each := b.Elapsed() / time.Duration(b.N)
	b.ReportMetric(benchSize/each.Seconds(), "entries/s")
	b.ReportMetric(each.Seconds()/bareHash(all).Seconds(), "×sha256")
}

// BenchmarkEntries reads them all, proved.
func BenchmarkEntries(b *testing.B) {
	l, all, bytes := benchLog(b)
	b.SetBytes(bytes)
	for b.Loop() {
		for _, err := range l.Entries(0, benchSize) {
			require.NoError(b, err)
		}
	}
	each := b.Elapsed() / time.Duration(b.N)
	b.ReportMetric(benchSize/each.Seconds(), "entries/s")
	b.ReportMetric(each.Seconds()/bareHash(all).Seconds(), "×sha256")
}

// BenchmarkProof makes one entry's proof, beside a bare SHA-256 of its bundle.
func BenchmarkProof(b *testing.B) {
	l, all, _ := benchLog(b)
	i := 0
	for b.Loop() {
		i = (i + 7919) % benchSize
		if _, _, err := l.Proof(int64(i)); err != nil {
			b.Fatal(err)
		}
	}
	each := b.Elapsed() / time.Duration(b.N)
	b.ReportMetric(each.Seconds()/bareHash(all[:width]).Seconds(), "×sha256-of-a-bundle")
}

// BenchmarkAppend adds entries in rounds of 256, unsynced, beside a bare SHA-256.
func BenchmarkAppend(b *testing.B) {
	all, bytes := benchEntries(benchSize)
	b.SetBytes(bytes)
	for b.Loop() {
		l := openLog(b, testFolder(b), testKey(b))
		for i := 0; i < len(all); i += width {
			require.NoError(b, l.Append(all[i:min(len(all), i+width)]))
		}
	}
	each := b.Elapsed() / time.Duration(b.N)
	b.ReportMetric(benchSize/each.Seconds(), "entries/s")
	b.ReportMetric(each.Seconds()/bareHash(all).Seconds(), "×sha256")
}
