package commit

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/domain"
	"goldenthread/eventstore/storetest"
)

var update = flag.Bool("update", false, "add to testdata/golden what is missing there; nothing is overwritten")

// golden holds the line against the bytes kept under that name. With -update a
// name that is new is written; where the kind has gained a member, what was there
// is kept as NAME~1.json, ~2 and so on, and the fuller line takes its place.
func golden(t *testing.T, name string, line []byte) {
	t.Helper()
	path := filepath.Join("testdata", "golden", name+".json")
	kept, err := os.ReadFile(path)
	if *update && string(kept) != string(line)+"\n" {
		if err == nil {
			requireKept(t, path)
			require.NoError(t, os.Rename(path, earlier(t, name)))
		}
		require.NoError(t, os.WriteFile(path, append(line, '\n'), 0o644))
		return
	}
	require.NoError(t, err, "write it with: go test ./eventstore/commit -run Golden -update")
	if string(kept) != string(line)+"\n" {
		t.Errorf("%s: these bytes are not those of %s. Stored events never change: a new member may be left out, else it is a new version of the kind. Then: go test ./eventstore/commit -run Golden -update", name, path)
	}
}

// earlier is the first free name for what the name held.
func earlier(t *testing.T, name string) string {
	for n := 1; ; n++ {
		path := filepath.Join("testdata", "golden", name+"~"+strconv.Itoa(n)+".json")
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return path
		}
	}
}

// TestGoldenBytesAreWrittenAndRead pins the exact bytes of every kind of event for ever: they are the
// leaves of Merkle trees that others have signed.
func TestGoldenBytesAreWrittenAndRead(t *testing.T) {
	known := map[string]bool{}
	for i, k := range domain.Kinds {
		name := strings.TrimPrefix(k.Name, "goldenthread.")
		known[filepath.Join("testdata", "golden", name+".json")] = true
		e := storetest.Sample(k, uint64(i))
		line, err := Encode(&e)
		require.NoError(t, err, k.Name)
		golden(t, name, line)
		back, err := Decode(line)
		require.NoError(t, err, k.Name)
		require.Equal(t, e, back, k.Name)
	}
	files, err := filepath.Glob("testdata/golden/*.json")
	require.NoError(t, err)
	for _, path := range files {
		if kind, _, earlier := strings.Cut(path, "~"); earlier {
			require.True(t, known[kind+".json"], path)
			requireKept(t, path)
			continue
		}
		require.True(t, known[path], "%s is of no kind; kinds are never taken out", path)
	}
}

// TestGoldenBytesWithATrace pins where the trace of a request stands, behind a cause and
// where there is none; each golden line without one stays as it is.
func TestGoldenBytesWithATrace(t *testing.T) {
	for i, k := range domain.Kinds[:2] {
		e := storetest.Sample(k, uint64(i))
		e.Trace = storetest.SampleTrace
		if i == 1 {
			e.Cause = e.Index
		}
		line, err := Encode(&e)
		require.NoError(t, err)
		golden(t, strings.TrimPrefix(k.Name, "goldenthread.")+"~traced", line)
		back, err := Decode(line)
		require.NoError(t, err)
		require.Equal(t, e, back)
	}
}

// TestScanReadsTraces: a plain line with a trace is read by the scan alone.
func TestScanReadsTraces(t *testing.T) {
	e := storetest.Sample(domain.Kinds[0], 7)
	e.Data, e.Trace = &domain.PersonRegistered{Person: "6f1d7a51-6c39-5a53-8a3b-0d1b4a1f6b77", Handle: "cd-west", Office: "Clinical Director"}, storetest.SampleTrace
	for _, cause := range []uint64{7, 8} {
		e.Cause = cause
		line, err := Encode(&e)
		require.NoError(t, err)
		got, _, ok := scanEvent(line, &domain.Event{})
		require.True(t, ok)
		require.Equal(t, e, got)
	}
}

// TestGoldenBytesWithAWay pins where an event says how its actor was known.
func TestGoldenBytesWithAWay(t *testing.T) {
	for i, way := range []domain.Way{domain.WayOfPasskey([]byte{1, 2, 3}), domain.ByOperator, domain.ByLedger} {
		e := storetest.Sample(domain.Kinds[0], 7)
		e.Way = way
		if i == 1 {
			e.Cause, e.Trace = e.Index, storetest.SampleTrace
		}
		line, err := Encode(&e)
		require.NoError(t, err)
		golden(t, fmt.Sprintf("group.founded.v1~way%d", i), line)
		back, err := Decode(line)
		require.NoError(t, err)
		require.Equal(t, e, back)
		e.Data = &domain.PersonRegistered{Person: "6f1d7a51-6c39-5a53-8a3b-0d1b4a1f6b77", Handle: "cd-west", Office: "Clinical Director"}
		line, err = Encode(&e)
		require.NoError(t, err)
		got, _, ok := scanEvent(line, &domain.Event{})
		require.True(t, ok, "the scan alone reads it")
		require.Equal(t, e, got)
	}
}

// requireKept holds for what was written before a kind gained a member that may
// be left out: it is read and written again to the same bytes.
func requireKept(t *testing.T, path string) {
	golden, err := os.ReadFile(path)
	require.NoError(t, err)
	golden = bytes.TrimSuffix(golden, []byte{'\n'})
	back, err := Decode(golden)
	require.NoError(t, err, path)
	line, err := Encode(&back)
	require.NoError(t, err, path)
	require.Equal(t, string(golden), string(line), path)
}

func TestDecodeIsStrict(t *testing.T) {
	k := domain.Kinds[0]
	e := storetest.Sample(k, 411)
	line, err := Encode(&e)
	require.NoError(t, err)
	replace := func(old, new string) []byte {
		require.Contains(t, string(line), old)
		return bytes.Replace(line, []byte(old), []byte(new), 1)
	}
	for name, bad := range map[string][]byte{
		"empty":                  nil,
		"cut":                    line[:len(line)-1],
		"more behind":            append(bytes.Clone(line), "{}"...),
		"white space":            replace(`,"id"`, `, "id"`),
		"a double member":        replace(`"specversion":"1.0"`, `"specversion":"1.0","specversion":"1.0"`),
		"a double member within": replace(`"data":{`, `"data":{"name":"x",`),
		"an unknown member":      replace(`"index"`, `"extra":1,"index"`),
		"an unknown one within":  replace(`"data":{`, `"data":{"extra":1,`),
		"another order":          replace(`"specversion":"1.0",`, ``),
		"an unknown type":        replace(k.Name, "goldenthread.unheard.of.v1"),
		"another version":        replace(".v1", ".v2"),
		"a missing member":       replace(`"actor":"`+e.Actor+`",`, ``),
		"another spelling":       replace(`é`, `\u00e9`),
		"a capital":              replace(`"index"`, `"Index"`),
		"broken UTF-8":           replace(`é`, "\xff"),
		"a control character":    replace(`é`, "\x01"),
		"an escaped one":         replace(`é`, `\u0001`),
		"a bell":                 replace(`é`, "\u0085"),
		"another time zone":      replace(`.120Z`, `.120+00:00`),
		"less precise":           replace(`.120Z`, `Z`),
		"cause that is index":    replace(`"cause":411`, `"cause":412`),
		"an empty trace":         replace(`,"data":`, `,"traceparent":"","data":`),
		"a trace of zeros":       replace(`,"data":`, `,"traceparent":"00-00000000000000000000000000000000-00f067aa0ba902b7-01","data":`),
		"a later trace":          replace(`,"data":`, `,"traceparent":"01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01","data":`),
		"flags nobody knows":     replace(`,"data":`, `,"traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-05","data":`),
		"a trace too early":      replace(`,"cause":`, `,"traceparent":"`+string(storetest.SampleTrace)+`","cause":`),
		"an empty way":           replace(`,"onbehalfof":`, `,"way":"","onbehalfof":`),
		"a way of no kind":       replace(`,"onbehalfof":`, `,"way":"key/039058c6f2c0cb492c533b0a4d14ef77","onbehalfof":`),
		"a way with capitals":    replace(`,"onbehalfof":`, `,"way":"token/039058C6F2C0CB492C533B0A4D14EF77","onbehalfof":`),
		"a way that is short":    replace(`,"onbehalfof":`, `,"way":"token/039058c6","onbehalfof":`),
		"a way with more":        replace(`,"onbehalfof":`, `,"way":"token/039058c6f2c0cb492c533b0a4d14ef77/x","onbehalfof":`),
		"a way too late":         replace(`,"effective":`, `,"way":"operator","effective":`),
		"another subject":        replace(`"subject":"`, `"subject":"x`),
		"a capital id":           replace("019b8d2f", "019B8D2F"),
		"too long":               replace(`é`, strings.Repeat("x", MaxLine)),
		"null":                   []byte("null"),
	} {
		_, err := Decode(bad)
		require.Error(t, err, name)
	}
	_, err = Decode(line)
	require.NoError(t, err)
}

// TestScanReadsWhatTheDecoderReads reads a line of every kind, and each with one byte changed, as
// the scan and as the decoder do.
func TestScanReadsWhatTheDecoderReads(t *testing.T) {
	if testing.Short() {
		t.Skip("it does one thing after the other, for long")
	}
	for i, k := range domain.Kinds {
		e := storetest.Sample(k, uint64(i))
		if i%2 == 0 {
			e.Trace = storetest.SampleTrace
		}
		if i%3 == 0 {
			e.Way = domain.WayOfPasskey([]byte(k.Name))
		}
		line, err := Encode(&e)
		require.NoError(t, err)
		slow, err := decodeSlowly(line)
		require.NoError(t, err)
		if got, _, ok := scanEvent(line, &domain.Event{}); ok {
			require.Equal(t, slow, got, k.Name)
		}
		for at := i % 5; at < len(line); at += 5 {
			changed := bytes.Clone(line)
			changed[at] ^= 1 << (at % 8)
			got, err := Decode(changed)
			if checkLine(changed) == nil {
				slow, slowErr := decodeSlowly(changed)
				require.Equal(t, slowErr, err, "%s", changed)
				require.Equal(t, slow, got)
			}
		}
	}
}

// FuzzDecode: a line that is read is written again to the same bytes, and the
// scan takes nothing that the decoder doesn't, nor reads it as something else.
func FuzzDecode(f *testing.F) {
	for i, k := range domain.Kinds {
		e := storetest.Sample(k, uint64(i))
		if i%2 == 0 {
			e.Trace = storetest.SampleTrace
		}
		if i%3 == 0 {
			e.Way = domain.WayOfPasskey([]byte(k.Name))
		}
		line, err := Encode(&e)
		require.NoError(f, err)
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		e, err := Decode(line)
		if checkLine(line) == nil {
			slow, slowErr := decodeSlowly(line)
			require.Equal(t, slowErr == nil, err == nil)
			require.Equal(t, slow, e)
		}
		if err != nil {
			return
		}
		again, err := Encode(&e)
		require.NoError(t, err)
		require.Equal(t, string(line), string(again))
	})
}

// FuzzReadCommit: whatever stands in the stream, reading it doesn't panic.
func FuzzReadCommit(f *testing.F) {
	f.Add("trafford 0 1", []byte("{}\n"))
	f.Add("trafford 0 2, sale 7 1", []byte("\n\n\n"))
	f.Fuzz(func(t *testing.T, runs string, body []byte) {
		pieces, err := Read(map[string][]string{HeaderLines: {runs}}, body)
		if err == nil && len(pieces) == 0 {
			t.Fatal("a commit of nothing")
		}
	})
}
