package domain

import "testing"

// The cases are those of the W3C's own test suite for traceparent
// (https://github.com/w3c/trace-context), in their order of thought: version,
// length, letters, zeros, flags.
func TestParseTrace(t *testing.T) {
	const id, span = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	for header, want := range map[string]Trace{
		"00-" + id + "-" + span + "-01":                       "00-" + id + "-" + span + "-01",
		"00-" + id + "-" + span + "-00":                       "00-" + id + "-" + span + "-00",
		"00-" + id + "-" + span + "-03":                       "00-" + id + "-" + span + "-03",
		"00-" + id + "-" + span + "-ff":                       "00-" + id + "-" + span + "-03", // flags that nobody knows
		"cc-" + id + "-" + span + "-01":                       "00-" + id + "-" + span + "-01", // a later version
		"cc-" + id + "-" + span + "-01-what":                  "00-" + id + "-" + span + "-01",
		"cc-" + id + "-" + span + "-01.what":                  "",
		"00-" + id + "-" + span + "-01-what":                  "", // 00 has no more
		"00-" + id + "-" + span + "-01-":                      "",
		"ff-" + id + "-" + span + "-01":                       "",
		"0-" + id + "-" + span + "-01":                        "",
		"000-" + id + "-" + span + "-01":                      "",
		".0-" + id + "-" + span + "-01":                       "",
		"00-" + id[1:] + "-" + span + "-01":                   "",
		"00-0" + id + "-" + span + "-01":                      "",
		"00-." + id[1:] + "-" + span + "-01":                  "",
		"00-4BF92F3577B34DA6A3CE929D0E0E4736-" + span + "-01": "",
		"00-00000000000000000000000000000000-" + span + "-01": "",
		"00-" + id + "-0000000000000000-01":                   "",
		"00-" + id + "-" + span[1:] + "-01":                   "",
		"00-" + id + "-" + span + "-1":                        "",
		"00-" + id + "-" + span + "-.0":                       "",
		"00-" + id + "_" + span + "-01":                       "",
		" 00-" + id + "-" + span + "-01":                      "",
		"00-" + id + "-" + span + "-01\n":                     "",
		"":                                                    "",
	} {
		got, ok := ParseTrace(header)
		if got != want || ok != (want != "") {
			t.Errorf("%q is read as %q, %t", header, got, ok)
		}
		if again, ok := ParseTrace(string(got)); got != "" && (!ok || again != got || !got.Valid() || got.ID() != id) {
			t.Errorf("%q does not stay what it is: %q, of %s", got, again, got.ID())
		}
	}
	if Trace("").Valid() || Trace("").Sampled() || Trace("").ID() != "" || Trace("00-"+id+"-"+span+"-02").Sampled() || !Trace("00-"+id+"-"+span+"-03").Sampled() {
		t.Error("none, or one that is not sampled, is taken for one that is")
	}
	if Trace("cc-" + id + "-" + span + "-01").Valid() {
		t.Error("another spelling is taken for the one that is recorded")
	}
}

func FuzzParseTrace(f *testing.F) {
	f.Add("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	f.Fuzz(func(t *testing.T, header string) {
		got, ok := ParseTrace(header)
		if ok != (got != "") || ok && (!got.Valid() || string(got[3:52]) != header[3:52]) {
			t.Errorf("%q is read as %q, %t", header, got, ok)
		}
	})
}
