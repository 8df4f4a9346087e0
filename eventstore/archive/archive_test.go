package archive

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"
)

var (
	rightKey = Key(bytes.Repeat([]byte{1}, keyBytes))
	wrongKey = Key(bytes.Repeat([]byte{2}, keyBytes))
)

// streams are the files of a small copy of the streams.
var streams = fstest.MapFS{
	"nats/jetstream/1.blk": {Data: bytes.Repeat([]byte("block"), 400)},
	"nats/meta.inf":        {Data: []byte("{}")},
}

// made is an archive of the streams and of one credential.
func made(t testing.TB, key Key) []byte {
	var b bytes.Buffer
	require.NoError(t, Write(&b, streams, Contents{
		Made: time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC), Events: map[string]uint64{"trafford": 7}, Key: key,
		Credentials: map[string][]byte{"operator-token": []byte("gt_secret")},
	}))
	return b.Bytes()
}

// unpack unpacks an archive into a new folder, and gives the names of all files there.
func unpack(t testing.TB, b []byte, key Key) (*Backup, []string, error) {
	parent := t.TempDir()
	file, dir := filepath.Join(parent, "backup.tar"), filepath.Join(parent, "data")
	require.NoError(t, os.WriteFile(file, b, 0o600))
	require.NoError(t, os.Mkdir(dir, 0o700))
	backup, err := Unpack(file, dir, key)
	_, checked := Check(file, key)
	require.Equal(t, err == nil, checked == nil, "%v, %v", err, checked)
	var names []string
	require.NoError(t, filepath.WalkDir(parent, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && path != file {
			name, _ := filepath.Rel(dir, path)
			names = append(names, name)
		}
		return err
	}))
	return backup, names, err
}

// TestCredentialsComeBackOnlyUnderTheKey: with the key there is everything; without it, or
// with another, the files of the streams alone.
func TestCredentialsComeBackOnlyUnderTheKey(t *testing.T) {
	whole := made(t, rightKey)
	require.NotContains(t, string(whole), "gt_secret", "whoever has the archive alone can't read it")
	for name, c := range map[string]struct {
		archive   []byte
		key       Key
		authentic bool
	}{
		"the key":               {whole, rightKey, true},
		"no key":                {whole, nil, false},
		"another key":           {whole, wrongKey, false},
		"made with another key": {made(t, wrongKey), rightKey, false},
		"made without a key":    {made(t, nil), rightKey, false},
		"another archive's HMAC": {rewritten(t, whole, func(h *tar.Header, b []byte) (*tar.Header, []byte) {
			return h, instead(h.Name == macFile, b, strings.Repeat("00", 32))
		}), rightKey, false},
		"what is no HMAC at all":  {rewritten(t, whole, func(h *tar.Header, b []byte) (*tar.Header, []byte) { return h, instead(h.Name == macFile, b, "x") }), rightKey, false},
		"a manifest written anew": {forged(t), rightKey, false},
	} {
		backup, names, err := unpack(t, c.archive, c.key)
		require.NoError(t, err, name)
		require.Equal(t, c.authentic, backup.Authentic, name)
		require.Equal(t, map[string]uint64{"trafford": 7}, backup.Events, name)
		require.Equal(t, []string{"nats/jetstream/1.blk", "nats/meta.inf"}, names, name)
		if c.authentic {
			require.Equal(t, map[string][]byte{"operator-token": []byte("gt_secret")}, backup.Credentials, name)
		} else {
			require.Nil(t, backup.Credentials, name)
		}
	}
}

// TestWhatIsNotWholeIsRefused: an archive cut at any place, an empty one, and one of which
// one byte was changed.
func TestWhatIsNotWholeIsRefused(t *testing.T) {
	whole := made(t, rightKey)
	end := len(whole) - 1024 // the zeros that end a tar archive may be missing
	for _, n := range []int{0, 1, 511, 512, 513, 2560, 3072, end / 2, end - 1024 - 1} {
		_, _, err := unpack(t, whole[:n], rightKey)
		require.ErrorIs(t, err, ErrNotWhole, "cut at %d", n)
	}
	_, _, err := unpack(t, rewritten(t, whole, func(h *tar.Header, b []byte) (*tar.Header, []byte) { return only(h.Name != macFile, h), b }), rightKey)
	require.ErrorContains(t, err, "cut off", "without its HMAC")
	for place := 0; place < end; place += 101 {
		bent := bytes.Clone(whole)
		bent[place] ^= 1
		if bytes.Equal(bent, whole) {
			continue
		}
		backup, _, err := unpack(t, bent, rightKey)
		if err == nil { // in what tar does not read, or in the HMAC itself
			require.True(t, !backup.Authentic || maps.Equal(bodies(t, bent), bodies(t, whole)), "byte %d", place)
			continue
		}
		require.ErrorIs(t, err, ErrNotWhole, "byte %d", place)
	}
}

// TestNothingIsWrittenOutsideOrTwice: names that lead out of the folder, links, devices and
// doubled names, each under a manifest that lists it.
func TestNothingIsWrittenOutsideOrTwice(t *testing.T) {
	file := func(name string) *tar.Header { return &tar.Header{Name: name, Typeflag: tar.TypeReg, Size: 3} }
	for name, c := range map[string]struct {
		add *tar.Header
		say string
	}{
		"the operator's token":  {file("operator-token"), "no name that a backup has"},
		"tokens":                {file("tokens.json"), "no name that a backup has"},
		"passkeys":              {file("passkeys.json"), "no name that a backup has"},
		"sessions":              {file("sessions.json"), "no name that a backup has"},
		"a key":                 {file("wrapping.key"), "no name that a backup has"},
		"out of the folder":     {file("nats/../../outside"), "no name that a backup has"},
		"an absolute name":      {file("/tmp/outside"), "no name that a backup has"},
		"a name with a dot":     {file("nats/./x"), "no name that a backup has"},
		"another separator":     {file(`nats/..\..\outside`), "no name that a backup has"},
		"a long name":           {file("nats/" + strings.Repeat("x", mostName)), "no name that a backup has"},
		"a symbolic link":       {&tar.Header{Name: "nats/x", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}, "not an ordinary file"},
		"a hard link":           {&tar.Header{Name: "nats/x", Typeflag: tar.TypeLink, Linkname: "nats/meta.inf"}, "not an ordinary file"},
		"a device":              {&tar.Header{Name: "nats/x", Typeflag: tar.TypeChar, Devmajor: 1, Devminor: 5}, "not an ordinary file"},
		"a pipe":                {&tar.Header{Name: "nats/x", Typeflag: tar.TypeFifo}, "not an ordinary file"},
		"a folder":              {&tar.Header{Name: "nats/x/", Typeflag: tar.TypeDir}, "no name that a backup has"},
		"a doubled name":        {file("nats/meta.inf"), "there twice"},
		"but for large letters": {file("nats/META.inf"), "there twice"},
	} {
		_, names, err := unpack(t, withFile(t, c.add), rightKey)
		require.ErrorIs(t, err, ErrNotWhole, name)
		require.ErrorContains(t, err, c.say, name)
		require.Subset(t, []string{"nats/jetstream/1.blk", "nats/meta.inf"}, names, name)
	}
	require.NoFileExists(t, "/tmp/outside")
}

// TestSizesAreBounded: a sparse file, which would be larger than the archive, is refused
// before it is written, and so is whatever comes after the end.
func TestSizesAreBounded(t *testing.T) {
	var b bytes.Buffer
	sparse := &tar.Header{Name: "nats/x", Typeflag: tar.TypeReg, Size: 512, Format: tar.FormatPAX}
	w := tar.NewWriter(&b)
	require.NoError(t, w.WriteHeader(sparse))
	_, err := w.Write(make([]byte, 512))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	large := bytes.Clone(b.Bytes())
	copy(large[124:136], "77777777777\x00") // 8 GB, it says
	sum := int64(0)
	copy(large[148:156], "        ")
	for _, c := range large[:512] {
		sum += int64(c)
	}
	copy(large[148:156], []byte(leftPad(sum)))
	_, names, err := unpack(t, large, nil)
	require.ErrorIs(t, err, ErrNotWhole)
	require.ErrorContains(t, err, "larger than all that is left of the archive")
	require.Empty(t, names)

	after := rewritten(t, made(t, rightKey), func(h *tar.Header, b []byte) (*tar.Header, []byte) { return h, b }, &tar.Header{Name: "nats/later", Typeflag: tar.TypeReg, Size: 3})
	_, _, err = unpack(t, after, rightKey)
	require.ErrorContains(t, err, "comes after the end")
}

// TestAKeyIsMadeOnceAndReadableByItsOwnerAlone as all files with keys are.
func TestAKeyIsMadeOnceAndReadableByItsOwnerAlone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "backup.key")
	_, err := ReadKey(file)
	require.ErrorIs(t, err, os.ErrNotExist)
	k, err := OpenKey(file)
	require.NoError(t, err)
	again, err := OpenKey(file)
	require.NoError(t, err)
	require.Equal(t, k, again)
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	require.NoError(t, os.WriteFile(file, []byte("short"), 0o600))
	_, err = OpenKey(file)
	require.ErrorContains(t, err, "32 bytes")
}

func leftPad(sum int64) string {
	s := ""
	for range 6 {
		s = string(rune('0'+sum%8)) + s
		sum /= 8
	}
	return s + "\x00 "
}

func only(keep bool, h *tar.Header) *tar.Header {
	if keep {
		return h
	}
	return nil
}

func instead(change bool, b []byte, with string) []byte {
	if change {
		return []byte(with)
	}
	return b
}

// rewritten writes the archive anew with each file as f has it (nil: without it), and with
// more files at the end.
func rewritten(t testing.TB, b []byte, f func(*tar.Header, []byte) (*tar.Header, []byte), more ...*tar.Header) []byte {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	put := func(h *tar.Header, b []byte) {
		h = &tar.Header{Name: h.Name, Typeflag: h.Typeflag, Linkname: h.Linkname, Devmajor: h.Devmajor, Devminor: h.Devminor, Size: int64(len(b))}
		require.NoError(t, w.WriteHeader(h))
		_, err := w.Write(b)
		require.NoError(t, err)
	}
	for r := tar.NewReader(bytes.NewReader(b)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		body, err := io.ReadAll(r)
		require.NoError(t, err)
		if h, body = f(h, body); h != nil {
			put(h, body)
		}
	}
	for _, h := range more {
		put(h, make([]byte, h.Size))
	}
	require.NoError(t, w.Close())
	return out.Bytes()
}

// withFile puts one more file behind those of the streams.
func withFile(t testing.TB, add *tar.Header) []byte {
	first := rewritten(t, made(t, rightKey), func(h *tar.Header, b []byte) (*tar.Header, []byte) {
		return only(strings.HasPrefix(h.Name, streamFiles), h), b
	}, add)
	return append(first[:len(first)-1024], made(t, rightKey)...)
}

// forged is an archive whose credentials somebody replaced, with a manifest that fits.
func forged(t testing.TB) []byte {
	var b bytes.Buffer
	require.NoError(t, Write(&b, streams, Contents{Events: map[string]uint64{"trafford": 7}, Key: wrongKey, Credentials: map[string][]byte{"operator-token": []byte("gt_planted")}}))
	mac := bodies(t, made(t, rightKey))[macFile]
	return rewritten(t, b.Bytes(), func(h *tar.Header, b []byte) (*tar.Header, []byte) {
		return h, instead(h.Name == macFile, b, mac)
	})
}

// bodies are the archive's files, by name.
func bodies(t testing.TB, b []byte) map[string]string {
	all := map[string]string{}
	rewritten(t, b, func(h *tar.Header, b []byte) (*tar.Header, []byte) {
		all[h.Name] = string(b)
		return h, b
	})
	return all
}
