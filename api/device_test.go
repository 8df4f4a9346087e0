package api

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"goldenthread/domain"
)

// A device is a browser with an authenticator in it, as the specification
// (Web Authentication, level 3) describes them, and none of a real one's care:
// a test has it lie.
type device struct {
	t      testing.TB
	w      *world
	web    *http.Client
	origin string // what it says that it is at
	key    *ecdsa.PrivateKey
	id     []byte
	owner  []byte // user handle
	count  uint32
	still  bool // it does not count, as some do not
	more   any  // of its key, that no key should have
}

func newDevice(w *world) *device {
	jar, err := cookiejar.New(nil)
	require.NoError(w.t, err)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(w.t, err)
	id := make([]byte, 16)
	rand.Read(id)
	return &device{
		t: w.t, w: w, key: key, id: id, origin: w.origin(),
		web: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
}

// origin is where browsers find the server: by name, not by address.
func (w *world) origin() string { return strings.Replace(w.web.URL, "127.0.0.1", "localhost", 1) }

// send sends as the browser does, with its cookies.
func (d *device) send(method, path, body string, header ...string) reply {
	req, err := http.NewRequest(method, d.w.origin()+path, strings.NewReader(body))
	require.NoError(d.t, err)
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	r, err := d.web.Do(req)
	require.NoError(d.t, err)
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	require.NoError(d.t, err)
	return reply{r, b, req}
}

// options begins a ceremony and gives what the server wants of the device.
func (d *device) options(path string) map[string]any {
	return d.w.must(200, d.send("POST", path, "{}")).json(d.t)["publicKey"].(map[string]any)
}

func encoded(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func (d *device) decoded(s any) []byte {
	b, err := base64.RawURLEncoding.DecodeString(s.(string))
	require.NoError(d.t, err)
	return b
}

func (d *device) clientData(kind string, options map[string]any) []byte {
	b, err := json.Marshal(map[string]any{
		"type": kind, "challenge": options["challenge"], "origin": d.origin, "crossOrigin": false,
		"other_keys_can_be_added_here": "do not compare clientDataJSON against a template",
	})
	require.NoError(d.t, err)
	return b
}

// authenticatorData says present and verified, and what more there is.
func (d *device) authenticatorData(flags byte, more []byte) []byte {
	if !d.still {
		d.count++
	}
	party := sha256.Sum256([]byte("localhost"))
	b := append(party[:], 0x05|flags)
	return append(binary.BigEndian.AppendUint32(b, d.count), more...)
}

// registered is the device's answer to the options of a registration.
func (d *device) registered(options map[string]any, name string) map[string]any {
	d.owner = d.decoded(options["user"].(map[string]any)["id"])
	point, err := d.key.PublicKey.Bytes()
	require.NoError(d.t, err)
	cose := map[int]any{1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]}
	if d.more != nil {
		cose[4] = d.more
	}
	public, err := cbor.Marshal(cose)
	require.NoError(d.t, err)
	attested := append(make([]byte, 16), 0, byte(len(d.id)))
	attested = append(append(attested, d.id...), public...)
	object, err := cbor.Marshal(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": d.authenticatorData(0x40, attested)})
	require.NoError(d.t, err)
	return d.answer(name, map[string]any{
		"clientDataJSON": encoded(d.clientData("webauthn.create", options)), "attestationObject": encoded(object),
	})
}

// asserted is the device's answer to the options of a sign-in.
func (d *device) asserted(options map[string]any) map[string]any {
	client, data := d.clientData("webauthn.get", options), d.authenticatorData(0, nil)
	hash := sha256.Sum256(client)
	signed := sha256.Sum256(append(append([]byte{}, data...), hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, d.key, signed[:])
	require.NoError(d.t, err)
	return d.answer("", map[string]any{
		"clientDataJSON": encoded(client), "authenticatorData": encoded(data), "signature": encoded(signature), "userHandle": encoded(d.owner),
	})
}

func (d *device) answer(name string, response map[string]any) map[string]any {
	return map[string]any{"name": name, "credential": map[string]any{
		"id": encoded(d.id), "rawId": encoded(d.id), "type": "public-key", "clientExtensionResults": map[string]any{}, "response": response,
	}}
}

// but is the answer with one part of its response changed.
func but(answer map[string]any, part, value string) map[string]any {
	credential := maps.Clone(answer["credential"].(map[string]any))
	response := maps.Clone(credential["response"].(map[string]any))
	response[part], credential["response"] = value, response
	return map[string]any{"name": answer["name"], "credential": credential}
}

func (d *device) finish(path string, answer map[string]any) reply {
	b, err := json.Marshal(answer)
	require.NoError(d.t, err)
	return d.send("POST", path, string(b))
}

// accept takes an invitation up.
// accept takes an invitation up and, if the new passkey waits, has another seat holder
// confirm it (rule L11).
func (d *device) accept(code, name string) reply {
	r := d.acceptAlone(code, name)
	state, err := d.w.store.State(d.t.Context(), "trafford")
	require.NoError(d.t, err)
	if k := state.Ways[domain.WayOfPasskey(d.id)]; r.StatusCode == http.StatusOK && k != nil && state.WaitsOn(k, domain.DayOf(d.w.clock())) {
		by := "lmc-chair"
		if state.Person(by) == nil || state.Person(by).ID == k.Person {
			by = "cd-south"
		}
		confirm := &domain.ConfirmRecord{Records: []string{k.Number}}
		_, err := d.w.store.Execute(d.t.Context(), domain.Request{Group: "trafford", ID: uuid.New(), Hash: domain.HashOf(confirm), Actor: by, Command: confirm})
		require.NoError(d.t, err)
	}
	return r
}

// acceptAlone takes an invitation up.
func (d *device) acceptAlone(code, name string) reply {
	return d.finish("/invitation/"+code+"/finish", d.registered(d.options("/invitation/"+code+"/begin"), name))
}

func (d *device) signIn() reply {
	return d.finish("/sign-in/finish", d.asserted(d.options("/sign-in/begin")))
}
