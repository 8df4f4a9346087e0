package stream

import (
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

func TestASettingThatCouldLoseEventsIsRefused(t *testing.T) {
	for name, spoil := range map[string]func(*jetstream.StreamConfig){
		"memory":   func(c *jetstream.StreamConfig) { c.Storage = jetstream.MemoryStorage },
		"async":    func(c *jetstream.StreamConfig) { c.PersistMode = jetstream.AsyncPersistMode },
		"age":      func(c *jetstream.StreamConfig) { c.MaxAge = time.Hour },
		"old":      func(c *jetstream.StreamConfig) { c.Discard = jetstream.DiscardOld },
		"direct":   func(c *jetstream.StreamConfig) { c.AllowDirect = true },
		"rollup":   func(c *jetstream.StreamConfig) { c.AllowRollup = true },
		"subjects": func(c *jetstream.StreamConfig) { c.Subjects = []string{"ledger.>"} },
		"replicas": func(c *jetstream.StreamConfig) { c.Replicas = 0 },
		"s2":       func(c *jetstream.StreamConfig) { c.Compression = jetstream.S2Compression },
	} {
		c := Config(1)
		require.NoError(t, checkConfig(c, Config(1)))
		spoil(&c)
		require.Error(t, checkConfig(c, Config(1)), name)
	}
}

// A leader that most replicas have not answered of late may be none any more, and
// where nobody leads, any replica answers.
func TestOnlyALeaderHeardByMostIsBelieved(t *testing.T) {
	replica := func(name string, heard time.Duration) *jetstream.PeerInfo {
		return &jetstream.PeerInfo{Name: name, Active: heard}
	}
	for name, c := range map[string]*jetstream.ClusterInfo{
		"one server":               nil,
		"one copy":                 {Leader: "a"},
		"all answer":               {Leader: "a", Replicas: []*jetstream.PeerInfo{replica("b", time.Second), replica("c", time.Millisecond)}},
		"one of the others is off": {Leader: "a", Replicas: []*jetstream.PeerInfo{replica("b", time.Second), replica("c", time.Hour)}},
	} {
		require.NoError(t, checkLeads(c), name)
	}
	for name, c := range map[string]*jetstream.ClusterInfo{
		"nobody leads":         {Replicas: []*jetstream.PeerInfo{replica("b", time.Second), replica("c", time.Second)}},
		"not the leader":       {Leader: "b", Replicas: []*jetstream.PeerInfo{replica("b", time.Second), replica("c", time.Second)}},
		"cut off":              {Leader: "a", Replicas: []*jetstream.PeerInfo{replica("b", 3*time.Second), replica("c", 4*time.Second)}},
		"never heard":          {Leader: "a", Replicas: []*jetstream.PeerInfo{replica("b", 0), replica("c", 0)}},
		"two of five answered": {Leader: "a", Replicas: []*jetstream.PeerInfo{replica("b", time.Second), replica("c", time.Hour), replica("d", time.Hour), replica("e", time.Hour)}},
	} {
		require.True(t, IsSilent(checkLeads(c)), name)
	}
}
