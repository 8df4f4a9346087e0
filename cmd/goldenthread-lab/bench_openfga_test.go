package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/stretchr/testify/require"

	"goldenthread/cmd/internal/programtest"
)

// The bench's row about OpenFGA, which others take to ask whether somebody may do something.

const (
	fgaEnv    = "GOLDENTHREAD_OPENFGA" // folder of OpenFGA's server, which make openfga fetches
	fgaLimit  = 200_000_00             // pence
	fgaMonths = 12
)

// fgaModel says that a person may commit on a matter within the limit and the term that they
// were given there: the one condition that it has of the check's rules.
const fgaModel = `{"schema_version":"1.1","type_definitions":[{"type":"user"},{"type":"matter","relations":{"can_commit":{"this":{}}},
	"metadata":{"relations":{"can_commit":{"directly_related_user_types":[{"type":"user","condition":"within"}]}}}}],
	"conditions":{"within":{"name":"within","expression":"amount <= most && months <= longest","parameters":{
	"amount":{"type_name":"TYPE_NAME_INT"},"months":{"type_name":"TYPE_NAME_INT"},"most":{"type_name":"TYPE_NAME_INT"},"longest":{"type_name":"TYPE_NAME_INT"}}}}}`

// besideOpenFGA asks the real program the check and OpenFGA, with its memory store, whether the
// same people may commit to the same sums on the same matters, in turns, by the same client.
func (b *bench) besideOpenFGA() {
	file := filepath.Join(os.Getenv(fgaEnv), "openfga")
	if _, err := os.Stat(file); os.Getenv(fgaEnv) == "" || err != nil {
		b.Log("OpenFGA is not here: its row is left out. make openfga fetches it")
		return
	}
	asks, _, _ := b.requests()
	ours := &contestant{name: "ours", program: start(b.T, b.generated, "--reads", "10000000", "--clock-is-right")}
	defer ours.program.Stop()
	theirs := &contestant{name: "OpenFGA", program: b.startOpenFGA(file)}
	defer theirs.program.Stop()
	theirs.asks = b.fgaAsks(theirs.program, asks)
	b.compete("one caller over HTTP", []*contestant{ours, theirs}, 1, checks/callers*8, asks)
	b.compete("64 callers over HTTP", []*contestant{ours, theirs}, callers, checks/2, asks)
}

// startOpenFGA starts it on this machine, with nothing in its store.
func (b *bench) startOpenFGA(file string) *program {
	var at [2]string
	for i := range at { // it takes no port of the system's choosing
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(b, err)
		at[i] = l.Addr().String()
		require.NoError(b, l.Close())
	}
	p := &program{&programtest.Program{T: b, URL: "http://" + at[0]}}
	p.Cmd = exec.Command(file, "run", "--datastore-engine", "memory", "--http-addr", at[0], "--grpc-addr", at[1], "--playground-enabled=false", "--metrics-enabled=false", "--profiler-enabled=false", "--log-level", "none")
	require.NoError(b, p.Cmd.Start())
	b.Cleanup(p.Stop)
	require.Eventually(b, func() bool {
		res, err := http.Get(p.URL + "/healthz")
		if err == nil {
			res.Body.Close()
		}
		return err == nil && res.StatusCode == http.StatusOK
	}, 20*time.Second, 50*time.Millisecond)
	return p
}

// fgaAsks writes who may commit on what into its store, and are the questions as it is asked them.
func (b *bench) fgaAsks(p *program, asks []benchAsk) (all []benchAsk) {
	store := b.fgaSend(p, "/stores", `{"name":"bench"}`)["id"].(string)
	model := b.fgaSend(p, "/stores/"+store+"/authorization-models", fgaModel)["authorization_model_id"].(string)
	written := map[string]bool{}
	for i := range asks {
		q := &asks[i].question
		key := fmt.Sprintf(`"user":"user:%s/%s","relation":"can_commit","object":"matter:%s/%s"`, asks[i].group, q.Person, asks[i].group, q.Matter)
		if !written[key] {
			written[key] = true
			b.fgaSend(p, "/stores/"+store+"/write", fmt.Sprintf(`{"writes":{"tuple_keys":[{%s,"condition":{"name":"within","context":{"most":%d,"longest":%d}}}]}}`, key, fgaLimit, fgaMonths))
		}
		amount, months := 0, 0
		if q.Amount != nil {
			amount = int(*q.Amount)
		}
		if q.Months != nil {
			months = *q.Months
		}
		body := fmt.Appendf(nil, `{"authorization_model_id":%q,"tuple_key":{%s},"context":{"amount":%d,"months":%d}}`, model, key, amount, months)
		all = append(all, benchAsk{request: post("/stores/"+store+"/check", "none", body), verdict: fmt.Appendf(nil, `"allowed":%t`, amount <= fgaLimit && months <= fgaMonths)})
	}
	return all
}

func (b *bench) fgaSend(p *program, path, body string) (answer map[string]any) {
	res, err := http.Post(p.URL+path, "application/json", bytes.NewReader([]byte(body)))
	require.NoError(b, err)
	defer res.Body.Close()
	require.NoError(b, json.NewDecoder(res.Body).Decode(&answer))
	require.Less(b, res.StatusCode, 300, "%s: %v", path, answer)
	return answer
}
