package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"goldenthread/api/identity"
	"goldenthread/eventstore/witness"
)

const alertsFile, dashboardFile = "monitoring/alerts.yml", "monitoring/dashboard.json"

// An alertRule is a rule in alerts.yml.
type alertRule struct {
	Alert       string
	Expr        string
	For         string
	Labels      struct{ Severity string }
	Annotations struct{ Summary string }
}

func alertRules(t *testing.T) []alertRule {
	f, err := os.Open(alertsFile)
	require.NoError(t, err)
	defer f.Close()
	var file struct {
		Groups []struct {
			Name  string
			Rules []alertRule
		}
	}
	in := yaml.NewDecoder(f)
	in.KnownFields(true)
	require.NoError(t, in.Decode(&file))
	require.Len(t, file.Groups, 1)
	return file.Groups[0].Rules
}

// dashboardQueries gives the expression and the legend of each query, and checks the frame
// that Grafana needs around them.
func dashboardQueries(t *testing.T) (queries [][2]string) {
	text, err := os.ReadFile(dashboardFile)
	require.NoError(t, err)
	var dashboard struct {
		Title, UID string
		Templating struct {
			List []struct{ Name, Type, Query string }
		}
		Panels []struct {
			ID         int
			Type       string
			Title      string
			Datasource struct{ Type, UID string }
			GridPos    struct{ X, Y, W, H int }
			Targets    []struct{ RefID, Expr, LegendFormat string }
		}
	}
	require.NoError(t, json.Unmarshal(text, &dashboard))
	require.NotEmpty(t, dashboard.UID)
	require.Equal(t, "datasource", dashboard.Templating.List[0].Name)
	require.Equal(t, "prometheus", dashboard.Templating.List[0].Query)
	seen := map[int]bool{}
	for _, p := range dashboard.Panels {
		require.False(t, seen[p.ID], "two panels have the id %d", p.ID)
		seen[p.ID] = true
		require.Equal(t, "${datasource}", p.Datasource.UID, p.Title)
		require.LessOrEqual(t, p.GridPos.X+p.GridPos.W, 24, p.Title)
		require.NotEmpty(t, p.Targets, p.Title)
		for _, q := range p.Targets {
			queries = append(queries, [2]string{q.Expr, q.LegendFormat})
		}
	}
	return queries
}

// The parts of an expression in PromQL that are looked at.
var (
	promMatchers = regexp.MustCompile(`\{([^}]*)\}`)
	promMatcher  = regexp.MustCompile(`([a-z_]+)(?:=|!=|=~|!~)"([^"]*)"`)
	promBy       = regexp.MustCompile(`\bby \(([^)]*)\)`)
	promRange    = regexp.MustCompile(`\[[^\]]*\]`)
	promName     = regexp.MustCompile(`[A-Za-z_:][A-Za-z0-9_:]*`)
	promWords    = []string{"or", "unless", "sum", "rate", "increase", "changes", "absent", "time", "histogram_quantile", "topk"}
	promSuffix   = regexp.MustCompile(`_(sum|count|bucket)$`)
	legendLabel  = regexp.MustCompile(`\{\{ ?(?:\$labels\.)?([a-z_]+) ?\}\}`)
	sampleLine   = regexp.MustCompile(`(?m)^([A-Za-z_:][A-Za-z0-9_:]*)(?:\{(.*)\})? \S+$`)
)

// exposedMetrics reads what /metrics lists: the names, and which values each label has.
func exposedMetrics(text string) (names map[string]bool, labels map[string]map[string]bool) {
	// Prometheus itself gives "up", and to every sample the labels job and instance.
	names = map[string]bool{"up": true}
	labels = map[string]map[string]bool{"job": {"goldenthread": true}, "instance": {}}
	for _, m := range sampleLine.FindAllStringSubmatch(text, -1) {
		names[m[1]] = true
		for _, l := range promMatcher.FindAllStringSubmatch(m[2], -1) {
			if labels[l[1]] == nil {
				labels[l[1]] = map[string]bool{}
			}
			labels[l[1]][l[2]] = true
		}
	}
	return names, labels
}

// TestAlertsAndDashboardUseMetricsThatThereAre holds every metric, label and label's value that
// the files name against what a server with a witness really lists.
func TestAlertsAndDashboardUseMetricsThatThereAre(t *testing.T) {
	signer, err := witness.OpenKey(filepath.Join(t.TempDir(), "key.pem"), "lmc.example/witness")
	require.NoError(t, err)
	dir := filepath.Join(t.TempDir(), "data")
	tokenFile := filepath.Join(dir, "metrics-token")
	p := start(t, dir, "--example", "trafford", "--metrics-token-file", tokenFile,
		"--witness", "http://127.0.0.1:1,"+signer.Verifier().String()) // nobody answers there
	token, err := identity.OpenMetricsToken(tokenFile) // which the start made
	require.NoError(t, err)
	p.Tokens["prometheus"] = token
	p.Send("", "GET", "/readyz", "") // so that something was asked
	status, text := p.Send("prometheus", "GET", "/metrics", "")
	require.Equal(t, 200, status)
	names, labels := exposedMetrics(string(text))
	require.True(t, names["goldenthread_log_unwitnessed_events"])

	used := map[string]bool{}
	check := func(where, expr, said string) {
		for _, inside := range promMatchers.FindAllStringSubmatch(expr, -1) {
			for _, m := range promMatcher.FindAllStringSubmatch(inside[1], -1) {
				require.True(t, labels[m[1]][m[2]], "%s: no sample has %s", where, m[0])
			}
		}
		for _, by := range promBy.FindAllStringSubmatch(expr, -1) {
			for _, label := range promName.FindAllString(by[1], -1) {
				require.Contains(t, labels, label, "%s: %s", where, expr)
			}
		}
		for _, label := range legendLabel.FindAllStringSubmatch(said, -1) {
			require.Contains(t, labels, label[1], "%s: %s", where, said)
		}
		expr = promRange.ReplaceAllString(promBy.ReplaceAllString(promMatchers.ReplaceAllString(expr, ""), ""), "")
		for _, name := range promName.FindAllString(expr, -1) {
			if !slices.Contains(promWords, name) {
				require.True(t, names[name], "%s: /metrics lists no %s", where, name)
				used[promSuffix.ReplaceAllString(name, "")] = true
			}
		}
	}
	for _, r := range alertRules(t) {
		check(r.Alert, r.Expr, r.Annotations.Summary)
	}
	for _, q := range dashboardQueries(t) {
		check(dashboardFile, q[0], q[1])
	}
	for name := range names { // nothing of its own that nobody looks at
		if strings.HasPrefix(name, "goldenthread_") {
			require.True(t, used[promSuffix.ReplaceAllString(name, "")], "no alert and no panel has %s", name)
		}
	}
}

// Each alert says how bad it is and, in whole sentences, what to do.
func TestAlertsSayWhatToDo(t *testing.T) {
	does := regexp.MustCompile(`(?:^|\. |, |[;] )(?:If .*?, )?(?:Check|Run|Stop|Read|Ask|Look for|Raise|Give) `)
	seen := map[string]bool{}
	for _, r := range alertRules(t) {
		require.False(t, seen[r.Alert], "two alerts are called %s", r.Alert)
		seen[r.Alert] = true
		require.Regexp(t, `^GoldenThread[A-Z]`, r.Alert)
		require.Contains(t, []string{"critical", "warning"}, r.Labels.Severity, r.Alert)
		require.Regexp(t, does, r.Annotations.Summary, r.Alert)
		require.True(t, strings.HasSuffix(r.Annotations.Summary, "."), r.Alert)
		for _, flag := range regexp.MustCompile(`--[a-z-]+`).FindAllString(r.Annotations.Summary, -1) {
			require.NotNil(t, serveCommand().Flags().Lookup(strings.TrimPrefix(flag, "--")), "%s: %s", r.Alert, flag)
		}
		for _, m := range regexp.MustCompile(`goldenthread (doctor|repair|[a-z]+-[a-z]+)`).FindAllStringSubmatch(r.Annotations.Summary, -1) {
			cmd, _, err := rootCommand().Find(m[1:])
			require.NoError(t, err, r.Alert)
			require.Equal(t, m[1], cmd.Name(), r.Alert)
		}
	}
}

// Prometheus' own tool takes the rules, and they fire when they should.
func TestAlertsUnderPromtool(t *testing.T) {
	const tests = "monitoring/alerts_test.yml"
	text, err := os.ReadFile(tests)
	require.NoError(t, err)
	for _, r := range alertRules(t) {
		require.Contains(t, string(text), `{alertname="`+r.Alert+`"}`)
	}
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("there is no promtool here")
	}
	for _, args := range [][]string{{"check", "rules", alertsFile}, {"test", "rules", tests}} {
		said, err := exec.Command(promtool, args...).CombinedOutput()
		require.NoError(t, err, "%s", said)
	}
}
