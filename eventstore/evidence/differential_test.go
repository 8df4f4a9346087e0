package evidence

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/domain"
	"goldenthread/eventstore/signature"
)

// Both verifiers are asked about signatures, JSON and bundles that hold, that are
// spoiled, and that somebody made to tell them apart. They must always agree.

// oddJSON are values that programs read differently, or not at all.
var oddJSON = []string{
	"1", "-0", "01", "1.0", "1e2", "1E400", "-", "+1", ".5", "0x1", strings.Repeat("9", 18), strings.Repeat("9", 19), strings.Repeat("7", 5_000), "NaN", "Infinity", "-Infinity", "1_0",
	"null", "true", "false", "True", "nul", `""`, `"\u0000"`, `"\ud800"`, `"\ud83d\ude00"`, `"\ude00\ud83d"`, `"\x41"`, "\"\x01\"", "\"\t\"", "\"\x7f\"", "\"\u2028\"", `"\u00E9"`, `"\u00g9"`, "'a'",
	"[]", "{}", "[[[]]]", "[[[[]]]]", strings.Repeat("[", 3_000) + strings.Repeat("]", 3_000), `{"a":{"b":{"c":1}}}`, `{"a":1,"a":2}`, `{"a":1,"\u0061":2}`, `{"a":1,}`, "[1,]", "[1 2]", "[,]",
	"\xff", "\"\xff\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"", "\xef\xbb\xbf1", "// comment", "", " ", "\v1", "\u00a01", "1 // x", "[\"[[[[[[\"]", `"\"[[[[["`, "1\x00", "٣",
}

// oddExtensions are extensions that programs of CBOR read differently, or not at all.
var oddExtensions = []string{
	"", "\xa0", "\xa1\x61a\x01", "\xa1\x61a\xf9\x3c\x00", "\xa1\x61a\xfa\x3f\x80\x00\x00", "\xa1\x41a\x01", "\xa1\x01\x01", "\xbf\xff", "\xa2\x61a\x01\x61a\x02", "\xa1\x61a\xf4", "\xa1\x61a\xf6", "\xa1\x61a\xf8\x14",
	"\xa1\x61a\x18\x17", "\xa1\x61a\x18\x18", "\xa1\x61a\x1a\x00\x00\xff\xff", "\xa1\x61a\x1a\x00\x01\x00\x00", "\xa1\x61a\x1b\x00\x00\x00\x01\x00\x00\x00\x00", "\xa1\x61a\x20", "\xa1\x61a\xc0\x01",
	"\xa1\x61a\x81\x81\x80", "\xa1\x61a\x81\x81\x81\x80", "\xa1\x61a\xa1\x61b\xa1\x61c\xa0", "\xa1\x61a\x9a\xff\xff\xff\xff", "\xa1\x61\xff\x01", "\xa1\x78\x01a\x01", "\xa1\x61a\x01\x00", "\x80", "\x01",
	"\xa1\x61a\x59\x01\xff" + strings.Repeat("x", 511), "\xa1\x61a\x59\x01\xf7" + strings.Repeat("x", 503), "\xa1\x61a\x59\x01\xf8" + strings.Repeat("x", 504),
}

var oddOrigins = []string{
	"https://" + party, "https://north." + party, "https://" + party + ":8443", "https://" + party + ":08443", "https://" + party + ":123456", "https://" + party + "/", "https://" + party + "?", "https://a@" + party,
	"HTTPS://" + party, "https://" + strings.ToUpper(party), "http://" + party, "http://localhost", "https://x" + party, "https://" + party + ".", "https://" + party + "\n", "https://." + party, "android:apk-key-hash:x", "",
	"https://[::1]", "https://" + party + "%", "https://xn--bcher-kva." + party, "https://bücher." + party, "https://a b." + party,
}

// testKeys are one key of each algorithm; RSA takes long to make.
var testKeys = sync.OnceValue(func() map[string]keyAndSign { return map[string]keyAndSign{} })

type keyAndSign struct {
	public []byte
	sign   func([]byte) []byte
}

var algorithmNames = func() (names []string) {
	for _, a := range signature.Algorithms {
		names = append(names, a.Name)
	}
	return names
}()

func testKey(t testing.TB, name string) keyAndSign {
	all := testKeys()
	if _, ok := all[name]; !ok {
		public, sign := newKey(t, name)
		all[name] = keyAndSign{public, sign}
	}
	return all[name]
}

func oneOf[T any](r *rand.Rand, all []T) T { return all[r.IntN(len(all))] }

// spoil changes a byte, adds one, or takes one away.
func spoil(r *rand.Rand, b []byte) []byte {
	b = slices.Clone(b)
	at := r.IntN(len(b) + 1)
	switch {
	case at == len(b) || r.IntN(4) == 0:
		return slices.Insert(b, at, byte(r.IntN(256)))
	case r.IntN(3) == 0:
		return slices.Delete(b, at, min(len(b), at+1+r.IntN(3)))
	}
	b[at] ^= 1 << r.IntN(8)
	return b
}

// An attempt is a signature as somebody made it, good or bad.
type attempt struct {
	g     *domain.Signature
	cose  []byte
	party string
}

// newAttempt is a signature over a statement; up to two things are odd about what the key
// signed, and now and then something was spoiled afterwards.
func newAttempt(t testing.TB, r *rand.Rand, statement string) attempt {
	name := oneOf(r, algorithmNames)
	if r.IntN(4) > 0 {
		name = oneOf(r, []string{"EdDSA", "ES256"})
	}
	k := testKey(t, name)
	a := attempt{&domain.Signature{Credential: []byte{1, 2, 3}, Statement: statement}, k.public, party}
	client := map[string]string{
		"type": `"webauthn.get"`, "challenge": `"` + base64.RawURLEncoding.EncodeToString(signature.Challenge(statement)) + `"`, "origin": `"https://` + party + `"`, "crossOrigin": "false",
	}
	hash := sha256.Sum256([]byte(party))
	flags, extensions := byte(5), ""
	odd := r.IntN(3)
	for range odd {
		switch r.IntN(8) {
		case 0:
			client["more"] = oneOf(r, oddJSON)
		case 1:
			client[oneOf(r, []string{"type", "challenge", "origin", "crossOrigin"})] = oneOf(r, oddJSON)
		case 2:
			client["origin"] = strconv.Quote(oneOf(r, oddOrigins))
		case 3:
			flags = byte(r.IntN(256))
		case 4:
			flags, extensions = flags|0x80, oneOf(r, oddExtensions)
		case 5:
			flags, extensions = flags|0x80, string(spoil(r, []byte(oneOf(r, oddExtensions))))
		case 6:
			delete(client, oneOf(r, []string{"type", "challenge", "origin", "crossOrigin"}))
		case 7:
			hash[0] ^= byte(r.IntN(2))
		}
	}
	var members []string
	for _, name := range slices.Sorted(maps.Keys(client)) {
		members = append(members, `"`+name+`":`+client[name])
	}
	a.g.ClientDataJSON = []byte("{" + strings.Join(members, oneOf(r, []string{",", " ,\n"})) + "}")
	a.g.AuthenticatorData = append(binary.BigEndian.AppendUint32(append(hash[:], flags), 7), extensions...)
	if odd > 0 && r.IntN(6) == 0 {
		a.g.ClientDataJSON = spoil(r, a.g.ClientDataJSON)
	}
	if odd > 0 && r.IntN(6) == 0 {
		a.g.AuthenticatorData = spoil(r, a.g.AuthenticatorData)
	}
	sum := sha256.Sum256(a.g.ClientDataJSON)
	a.g.Signature = k.sign(slices.Concat(a.g.AuthenticatorData, sum[:]))
	if odd == 0 && r.IntN(4) > 0 {
		return a
	}
	switch r.IntN(12) {
	case 0:
		a.g.Signature = spoil(r, a.g.Signature)
	case 1:
		a.cose = spoil(r, a.cose)
	case 2:
		a.cose = testKey(t, oneOf(r, algorithmNames)).public
	case 3:
		a.cose, a.g.Signature = oneOf(r, oddKeys), make([]byte, 64)
	case 4:
		a.party = oneOf(r, []string{"", "localhost", strings.ToUpper(party), party + ".", strings.Repeat("a", 253), strings.Repeat("a", 254), "a\n", "ä", "example.org"})
	}
	return a
}

// oddKeys are Ed25519 keys that are no points, have another spelling, or are of small
// order: with those, nothing but zeros can be a signature.
var oddKeys = func() (keys [][]byte) {
	for _, point := range []string{
		"0000000000000000000000000000000000000000000000000000000000000000", "0100000000000000000000000000000000000000000000000000000000000000", "0200000000000000000000000000000000000000000000000000000000000000",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
		"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	} {
		b, _ := hex.DecodeString(point)
		keys = append(keys, append([]byte("\xa4\x01\x01\x03\x27\x20\x06\x21\x58\x20"), b...))
	}
	return keys
}()

func TestVerifiersAgreeOnSignatures(t *testing.T) {
	if testing.Short() {
		t.Skip("it does one thing after the other, for long")
	}
	found := map[string]int{}
	r := rand.New(rand.NewPCG(13, 7))
	for range 2_500 {
		a := newAttempt(t, r, "this")
		switch err := agreeOnAssertion(t, a.g, a.cose, a.party); {
		case err == nil:
			found["holds"]++
		case strings.Contains(err.Error(), signature.ErrForm.Error()):
			found["not proved"]++
		default:
			found["fails"]++
		}
	}
	t.Log(found)
	for _, verdict := range []string{"holds", "not proved", "fails"} {
		require.Greater(t, found[verdict], 100, "of each kind there are enough: %v", found)
	}
}

// TestOddSpellings asks about each odd thing by itself.
func TestOddSpellings(t *testing.T) {
	for _, odd := range oddJSON {
		agreeOnJSON(t, []byte(odd))
		agreeOnJSON(t, []byte(`{"a":`+odd+`}`))
		agreeOnJSON(t, []byte(`[1,`+odd+`]`))
	}
	k := testKey(t, "EdDSA")
	signed := func(client []byte, flags byte, extensions string) error {
		hash := sha256.Sum256([]byte(party))
		g := &domain.Signature{Statement: "this", ClientDataJSON: client, AuthenticatorData: append(append(hash[:], flags, 0, 0, 0, 1), extensions...)}
		sum := sha256.Sum256(client)
		g.Signature = k.sign(slices.Concat(g.AuthenticatorData, sum[:]))
		return agreeOnAssertion(t, g, k.public, party)
	}
	says := func(origin string) []byte {
		return fmt.Appendf(nil, `{"type":"webauthn.get","challenge":"%s","origin":%q}`, base64.RawURLEncoding.EncodeToString(signature.Challenge("this")), origin)
	}
	for _, odd := range oddExtensions {
		signed(says("https://"+party), 0x85, odd)
	}
	for _, odd := range oddOrigins {
		signed(says(odd), 5, "")
	}
	for flags := range 256 {
		err := signed(says("https://"+party), byte(flags), "")
		require.Equal(t, flags == 0x05 || flags == 0x0d || flags == 0x1d, err == nil, "flags %02x: %v", flags, err)
	}
	for _, odd := range oddKeys {
		require.ErrorIs(t, agreeOnAssertion(t, &domain.Signature{Statement: "this", ClientDataJSON: says("https://" + party), AuthenticatorData: make([]byte, 37), Signature: make([]byte, 64)}, odd, party), signature.ErrForm)
	}
}

func TestVerifiersAgreeOnJSON(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 3))
	good := 0
	for range 4_000 {
		text := []byte(oddText(r, 3))
		for range r.IntN(2) {
			text = spoil(r, text)
		}
		if agreeOnJSON(t, text) == nil {
			good++
		}
	}
	require.Greater(t, good, 300)
}

func oddText(r *rand.Rand, depth int) string {
	kind := r.IntN(3)
	if depth == 0 || kind == 0 {
		return oneOf(r, oddJSON)
	}
	var items []string
	for range r.IntN(4) {
		item := oneOf(r, []string{"1", `"a"`, "true", oddText(r, depth-1)})
		if kind == 2 {
			item = oneOf(r, []string{`"a"`, `"b"`, `"c"`, `"\u0061"`, `""`, "1"}) + ":" + item
		}
		items = append(items, item)
	}
	text := strings.Join(items, oneOf(r, []string{",", ", ", ",\n", ",\r\n\t"}))
	if kind == 1 {
		return "[" + text + "]"
	}
	return "{" + text + "}"
}

// oddLog is a log in which every event was made to be misread, or is honest.
var oddLog = sync.OnceValue(func() *testLog {
	t := &testing.T{}
	r := rand.New(rand.NewPCG(4, 4))
	d := &deed{t: t, events: map[uint64][]byte{}}
	for i, name := range algorithmNames {
		k := testKey(t, name)
		d.put(uint64(i), "person/alice", &domain.PasskeyRegistered{Person: "alice", Credential: []byte{byte(i)}, PublicKey: k.public, RelyingParty: party})
	}
	words := uint64(len(algorithmNames))
	d.put(words, "person/bob", &domain.ProposalRaised{Proposal: "P1", Title: "Evenings"})
	sum := sha256.Sum256(d.events[words])
	for index := words + 1; index < logSize; index++ {
		d.events[index] = oddEvent(t, r, d, index, domain.ExactWords{Event: words, SHA256: hex.EncodeToString(sum[:])})
	}
	return newLogOf(t, d.events)
})

// oddEvent is a consent that is signed, in a line about which something may be odd.
func oddEvent(t testing.TB, r *rand.Rand, d *deed, index uint64, exact domain.ExactWords) []byte {
	said := &domain.PositionTaken{Proposal: "P1", Version: 1, Seat: "U1", Person: "alice", Stand: domain.Consent}
	st := domain.Statement{
		Form: "goldenthread.statement.v1", Group: "trafford", Exact: exact, Known: index - 1, Nonce: fmt.Sprint("n", r.IntN(250)),
		Said: domain.Said{Command: "consent", Proposal: "P1", Version: 1, Seat: "U1", Person: "alice"},
	}
	switch r.IntN(12) {
	case 0:
		st.Version, said.Version = -1, -1
	case 1:
		st.Known = index
	case 2:
		said.NeedNotWait, st.NeedNotWait = true, r.IntN(2) == 0
	case 3:
		st.Exact.Event = uint64(r.IntN(20))
	case 4:
		said.Reason, st.Reason = "é\u2028\x7f\"\\<&>\n😀", "é\u2028\x7f\"\\<&>\n😀"
		said.Stand, st.Command = domain.StandAside, "stand-aside"
	}
	a := newAttempt(t, r, string(st.Bytes()))
	a.g.Credential = []byte{byte(r.IntN(len(algorithmNames) + 1))}
	for i, name := range algorithmNames {
		if r.IntN(10) > 0 && bytes.Equal(testKey(t, name).public, a.cose) {
			a.g.Credential = []byte{byte(i)}
		}
	}
	said.Signature = a.g
	d.put(index, "person/alice", said)
	line := string(d.events[index])
	at := func() int { return strings.Index(line, `,"`) + 1 }
	switch r.IntN(10) {
	case 0:
		line = line[:at()] + `"more":` + oneOf(r, oddJSON) + "," + line[at():]
	case 1:
		name := oneOf(r, []string{"specversion", "source", "type", "subject", "time", "index", "actor", "onbehalfof", "effective", "cause", "data"})
		line = line[:at()] + `"` + name + `":` + oneOf(r, oddJSON) + "," + line[at():]
	case 2:
		name := oneOf(r, []string{"proposal", "version", "seat", "person", "needNotWait", "stand", "heard", "signature", "other"})
		line = strings.Replace(line, `"data":{`, `"data":{"`+name+`":`+oneOf(r, oddJSON)+`,`, 1)
	case 3:
		old := oneOf(r, []string{`"version":1`, `"seat":"U1"`, `"stand":"consent"`, `"effective":"2026-01-27"`, `"source":"/groups/trafford"`, `"onbehalfof":"seat/U1"`})
		name, _, _ := strings.Cut(old, ":")
		line = strings.Replace(line, old, name+":"+oneOf(r, oddJSON), 1)
	case 4:
		line = string(spoil(r, []byte(line)))
	}
	return []byte(line)
}

// newOddBundle is a bundle of a few of these events, as a zip; half of them with a file
// that was spoiled and sums that fit again, and some with a zip that was spoiled.
func newOddBundle(t testing.TB, r *rand.Rand) []byte {
	l := oddLog()
	f := files{checkpointFile: l.all, policyFile: l.policy, readmeFile: readme, pageFile: []byte("page")}
	add := func(index uint64) {
		b := l.bundle(t, index)
		proof, err := b.proof(&b.Events[0])
		require.NoError(t, err)
		f[eventFile(index)], f[proofFile(index)] = l.lines[index], proof
	}
	for index := range uint64(len(algorithmNames) + 1) {
		if r.IntN(8) > 0 {
			add(index)
		}
	}
	for range r.IntN(3) {
		add(uint64(r.IntN(logSize)))
	}
	if r.IntN(2) == 0 {
		spoilBundle(r, f)
	}
	if r.IntN(20) > 0 {
		f[sumsFile] = f.sums()
	}
	zipped := writeZip(f)
	if r.IntN(10) == 0 {
		return spoil(r, zipped)
	}
	return zipped
}

// spoilBundle spoils one file, in a way that suits text or in any.
func spoilBundle(r *rand.Rand, f files) {
	names := slices.Sorted(maps.Keys(f))
	name := oneOf(r, []string{oneOf(r, names), policyFile, checkpointFile})
	before := f[name]
	lines := strings.SplitAfter(string(before), "\n")
	i, j := r.IntN(len(lines)), r.IntN(len(lines))
	switch r.IntN(9) {
	case 0:
		delete(f, name)
		return
	case 1:
		delete(f, name)
		f[oneOf(r, []string{"events/7.json", "Events/00000007.json", "events/000000007.json", "proofs/00000007.tlog-proof", "events/00000399.json", "verify.py", "a", "../x", "events/٠٠٠٠٠٠٠٧.json"})] = before
		return
	case 2:
		lines[i], lines[j] = lines[j], lines[i]
	case 3:
		lines = slices.Insert(lines, i, lines[j])
	case 4:
		lines = slices.Delete(lines, i, i+1)
	case 5:
		lines[i] = strings.Replace(lines[i], "\n", oneOf(r, []string{"\r\n", "\r", "\n\n", " \n", "\t\n", "\v\n", "\u2028"}), 1)
	case 6:
		words := strings.SplitAfter(lines[i], " ")
		words[r.IntN(len(words))] = oneOf(r, []string{"any ", "all ", "0 ", "1 ", "2 ", "02 ", "none\n", "w0 ", "w1 ", "w9 ", "#", "quorum ", "log ", "group ", "é ", "1000000000000 ", "-1 "})
		lines[i] = strings.Join(words, "")
	case 7:
		lines[i] = oneOf(r, []string{"\n", " \n", "# é\n", "#\xff\n", "quorum none\n", "group g 1 w0\n", "group g all w0 w0\n", "witness w3 x\n", "— x AAAAAAAA\n", "extra AAAA\n"})
	default:
		f[name] = spoil(r, before)
		lines = nil
	}
	if lines != nil {
		f[name] = []byte(strings.Join(lines, ""))
	}
	if name == checkpointFile && r.IntN(2) == 0 {
		for other := range f {
			f[other] = bytes.Replace(f[other], before, f[name], 1)
		}
	}
}

func TestVerifiersAgreeOnBundles(t *testing.T) {
	if testing.Short() {
		t.Skip("it does one thing after the other, for long")
	}
	found := map[string]int{}
	r := rand.New(rand.NewPCG(2, 9))
	for range 1_500 {
		report, err := agreeOnZip(t, newOddBundle(t, r), nil)
		if err != nil {
			found["fails"]++
			continue
		}
		found["holds"]++
		found["persons"] += len(report.Persons)
		found["unchecked"] += len(report.Unchecked)
		found["not proved"] += len(report.NotProved)
	}
	t.Log(found)
	for _, verdict := range []string{"fails", "holds", "persons", "unchecked", "not proved"} {
		require.Greater(t, found[verdict], 15, "of each kind there are enough: %v", found)
	}
}

// FuzzVerifiersOnSignature: the two agree on whatever a browser and a device say.
func FuzzVerifiersOnSignature(f *testing.F) {
	r := rand.New(rand.NewPCG(5, 5))
	for range 30 {
		a := newAttempt(f, r, "this")
		f.Add(a.g.ClientDataJSON, a.g.AuthenticatorData, a.g.Signature, a.cose, a.party)
	}
	f.Fuzz(func(t *testing.T, client, device, signature, cose []byte, party string) {
		agreeOnAssertion(t, &domain.Signature{Statement: "this", ClientDataJSON: client, AuthenticatorData: device, Signature: signature}, cose, strings.ToValidUTF8(party, "?"))
	})
}

// FuzzVerifiersOnJSON: the two read the same out of JSON, or neither does.
func FuzzVerifiersOnJSON(f *testing.F) {
	for _, odd := range oddJSON {
		f.Add([]byte(odd))
	}
	f.Fuzz(func(t *testing.T, text []byte) { agreeOnJSON(t, text) })
}

// FuzzVerifiersOnBundle: the two agree on whatever bundle.
func FuzzVerifiersOnBundle(f *testing.F) {
	for seed := range uint64(10) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) { agreeOnZip(t, newOddBundle(t, rand.New(rand.NewPCG(seed, 1))), nil) })
}

// deviceData is authenticatorData of somebody who was there, with extensions if there are any.
func deviceData(party string, extensions []byte) []byte {
	hash := sha256.Sum256([]byte(party))
	flags := byte(5)
	if extensions != nil {
		flags |= 0x80
	}
	return append(binary.BigEndian.AppendUint32(append(hash[:], flags), 7), extensions...)
}

// signedBytes are what a key signs.
func signedBytes(g *domain.Signature) []byte {
	sum := sha256.Sum256(g.ClientDataJSON)
	return slices.Concat(g.AuthenticatorData, sum[:])
}
