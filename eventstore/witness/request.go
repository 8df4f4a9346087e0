package witness

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	mostProof   = 63       // lines of a consistency proof
	mostRequest = 64 << 10 // bytes
)

// A request asks a witness to cosign a checkpoint.
type request struct {
	old        int64          // size that the witness is believed to have cosigned last
	proof      tlog.TreeProof // from there to the checkpoint
	checkpoint []byte         // signed
}

var errMalformed = errors.New("this is not a request of c2sp.org/tlog-witness")

// parseRequest reads the body of add-checkpoint. What it accepts, encode writes
// to the same bytes.
func parseRequest(body []byte) (r request, err error) {
	head, checkpoint, ok := bytes.Cut(body, []byte("\n\n"))
	if !ok {
		return r, errMalformed
	}
	r.checkpoint = checkpoint
	lines := strings.Split(string(head), "\n")
	size, ok := strings.CutPrefix(lines[0], "old ")
	if r.old, err = strconv.ParseInt(size, 10, 64); !ok || err != nil || r.old < 0 || strconv.FormatInt(r.old, 10) != size {
		return r, errMalformed
	}
	if len(lines)-1 > mostProof {
		return r, fmt.Errorf("%w: more than %d lines of proof", errMalformed, mostProof)
	}
	for _, line := range lines[1:] {
		hash, err := tlog.ParseHash(line)
		if err != nil || hash.String() != line {
			return r, errMalformed
		}
		r.proof = append(r.proof, hash)
	}
	return r, nil
}

func (r request) encode() []byte {
	b := fmt.Appendf(nil, "old %d\n", r.old)
	for _, hash := range r.proof {
		b = fmt.Appendf(b, "%s\n", hash)
	}
	return append(append(b, '\n'), r.checkpoint...)
}
