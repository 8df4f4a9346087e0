package evidence

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strconv"
)

// What a bundle may hold (FORMAT.md). verify.py has the same bounds.
const (
	mostEvents = 2_000
	mostLine   = 65_535   // bytes of an event
	mostProof  = 65_536   // bytes
	mostBytes  = 32 << 20 // of all files
)

// MostZip is how many bytes a bundle may have as a file.
const MostZip = mostBytes + 1<<20

// mostOf is how many bytes each of the other files may have.
var mostOf = map[string]int{
	readmeFile: 8_192, sumsFile: 1 << 19, checkpointFile: 32_768, pageFile: 16 << 20, policyFile: 16_384, verifierFile: 131_072,
}

// needed are the files of every bundle, beside events and proofs.
var needed = []string{readmeFile, sumsFile, checkpointFile, pageFile, policyFile}

var numbered = regexp.MustCompile(`^(?:events/([0-9]{8,12})\.json|proofs/([0-9]{8,12})\.tlog-proof)$`)

// numberIn is the index of the event whose file or proof that is; false for others.
func numberIn(name string) (uint64, bool) {
	m := numbered.FindStringSubmatch(name)
	if m == nil {
		return 0, false
	}
	index, err := strconv.ParseUint(m[1]+m[2], 10, 64)
	return index, err == nil && (name == eventFile(index) || name == proofFile(index))
}

// mostIn is how many bytes the file may have; false if it belongs to no bundle.
func mostIn(name string) (int, bool) {
	if most, ok := mostOf[name]; ok {
		return most, true
	}
	index, ok := numberIn(name)
	if ok && name == eventFile(index) {
		return mostLine, true
	}
	return mostProof, ok
}

// files are those of a bundle by name, within the bounds.
type files map[string][]byte

// add adds the file, if the bundle may hold it beside the others.
func (f files) add(name string, data []byte, sum *int) error {
	most, ok := mostIn(name)
	*sum += len(data)
	switch {
	case !ok:
		return fmt.Errorf("%.100q does not belong to a bundle", name)
	case len(data) > most:
		return fmt.Errorf("%s has more than %d bytes", name, most)
	case len(f) >= 2*mostEvents+len(mostOf) || *sum > mostBytes:
		return errors.New("there is more in it than a bundle may hold")
	}
	f[name] = data
	return nil
}

// fit says whether a bundle may hold these files.
func (f files) fit() bool {
	within, sum := files{}, 0
	for name, data := range f {
		if within.add(name, data, &sum) != nil {
			return false
		}
	}
	return true
}

// readFolder reads an unpacked bundle. It reads no more of a file than a bundle may hold.
func readFolder(folder fs.FS) (files, error) {
	read, sum := files{}, 0
	err := fs.WalkDir(folder, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		most, known := mostIn(path)
		switch {
		case d.IsDir() && (path == "." || path == "events" || path == "proofs"):
			return nil
		case d.IsDir() || !known:
			return fmt.Errorf("%.100q does not belong to a bundle", path)
		case !d.Type().IsRegular():
			return fmt.Errorf("%s is not a plain file", path)
		}
		f, err := folder.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		data, err := io.ReadAll(io.LimitReader(f, int64(most)+1))
		if err != nil {
			return err
		}
		return read.add(path, data, &sum)
	})
	return read, err
}

// A zip of a bundle has one spelling: nothing compressed, in the order of the names,
// one date, no comments, nothing before, between or behind. So it is read from the
// front, written again, and compared; nothing in it can be larger than the zip is.

const (
	localSize   = 30
	localMark   = 0x04034b50
	centralMark = 0x02014b50
	endMark     = 0x06054b50
	zipVersion  = 20
	zipDate     = 0x21 // 1 January 1980
)

var errZip = errors.New("the zip is not written as FORMAT.md says: unpack it, and check the folder")

func readZip(b []byte) (files, error) {
	if len(b) > MostZip {
		return nil, errors.New("the file is too large to be a bundle")
	}
	read, sum, last := files{}, 0, ""
	for rest := b; len(rest) >= localSize && binary.LittleEndian.Uint32(rest) == localMark; {
		size, n := int(binary.LittleEndian.Uint32(rest[22:])), int(binary.LittleEndian.Uint16(rest[26:]))
		if len(rest) < localSize+n || len(rest)-localSize-n < size {
			return nil, errZip
		}
		name := string(rest[localSize : localSize+n])
		if name <= last {
			return nil, errZip
		}
		rest = rest[localSize+n:]
		if err := read.add(name, rest[:size:size], &sum); err != nil {
			return nil, err
		}
		rest, last = rest[size:], name
	}
	if !bytes.Equal(writeZip(read), b) {
		return nil, errZip
	}
	return read, nil
}

// writeZip writes the files as a zip: the same bytes for the same files, whenever and
// wherever.
func writeZip(f files) []byte {
	var b, central zipWriter
	for _, name := range slices.Sorted(maps.Keys(f)) {
		data, at := f[name], len(b)
		var same zipWriter // in both headers of the file
		same.put16(zipVersion, 0, 0, 0, zipDate)
		same.put32(crc32.ChecksumIEEE(data), uint32(len(data)), uint32(len(data)))
		same.put16(uint16(len(name)), 0)

		central.put32(centralMark)
		central.put16(zipVersion)
		central = append(central, same...)
		central.put16(0, 0, 0)
		central.put32(0, uint32(at))
		central = append(central, name...)

		b.put32(localMark)
		b = append(append(append(b, same...), name...), data...)
	}
	at := len(b)
	b = append(b, central...)
	b.put32(endMark)
	b.put16(0, 0, uint16(len(f)), uint16(len(f)))
	b.put32(uint32(len(central)), uint32(at))
	b.put16(0)
	return b
}

type zipWriter []byte

func (w *zipWriter) put16(all ...uint16) {
	for _, n := range all {
		*w = binary.LittleEndian.AppendUint16(*w, n)
	}
}

func (w *zipWriter) put32(all ...uint32) {
	for _, n := range all {
		*w = binary.LittleEndian.AppendUint32(*w, n)
	}
}
