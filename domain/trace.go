package domain

import "strings"

// A Trace is where a request stands in its caller's own records: a traceparent
// of W3C Trace Context (https://www.w3.org/TR/trace-context/), in the one form
// in which it is recorded; "" is none. No rule looks at it.
//
// A traceparent is a version, the trace's id, the id of the caller's own span,
// and flags: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.
type Trace string

const (
	traceLength  = len("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	traceSampled = 0x1 // the caller keeps records of this trace
	traceRandom  = 0x2 // its id is random (Level 2)
)

// ParseTrace reads a traceparent as it was sent; false if it is not a valid one,
// which is as if none was sent (section 4.3). Of a later version than 00 only
// what 00 has is read, and is written as 00; flags of unknown meaning are left out.
func ParseTrace(header string) (Trace, bool) {
	if len(header) < traceLength {
		return "", false
	}
	version, t := header[:2], header[:traceLength]
	switch {
	case !isTrace(t), version == "ff":
		return "", false
	case len(header) > traceLength && (version == "00" || header[traceLength] != '-'):
		return "", false
	}
	flags := hexValue(t[traceLength-1]) & (traceSampled | traceRandom)
	return Trace("00" + t[2:traceLength-2] + "0" + string('0'+flags)), true
}

// Valid says whether the trace is written as ParseTrace writes it. None is not.
func (t Trace) Valid() bool {
	again, ok := ParseTrace(string(t))
	return ok && again == t
}

// ID is the id of the whole trace: 32 hexadecimal digits; "" of none.
func (t Trace) ID() string {
	if t == "" {
		return ""
	}
	return string(t[3:35])
}

// Sampled says whether the caller keeps records of the trace.
func (t Trace) Sampled() bool { return t != "" && hexValue(t[traceLength-1])&traceSampled != 0 }

// isTrace says whether the text has the form of a traceparent, with ids that are
// not all zeros (section 3.2.2).
func isTrace(t string) bool {
	for i := range len(t) {
		if dash := i == 2 || i == 35 || i == 52; dash != (t[i] == '-') || !dash && hexValue(t[i]) > 0xf {
			return false
		}
	}
	return strings.Trim(t[3:35], "0") != "" && strings.Trim(t[36:52], "0") != ""
}

// hexValue is the value of a small hexadecimal digit; more than 0xf for others.
func hexValue(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	}
	return 0xff
}
