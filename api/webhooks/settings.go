package webhooks

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"github.com/go-json-experiment/json"

	"goldenthread/eventstore/stream"
)

// A Destination is where messages about one group go.
type Destination struct {
	Group  string `json:"group"`
	Name   string `json:"name"`   // as the operator calls it
	URL    string `json:"url"`    // with what lets messages in there: it is shown nowhere
	Secret string `json:"secret"` // whsec_ and base64, with which messages are signed
	Format Format `json:"format"`
}

// Format is how a message is written.
type Format string

const (
	Teams Format = "teams" // a message with an Adaptive Card, as Teams' workflows take it
	Plain Format = "json"  // for programs
)

const (
	mostDestinations = 50
	leastSecret      = 24 // bytes, as Standard Webhooks says
	secretPrefix     = "whsec_"
)

// ReadDestinations reads the operator's file. One that others can read is refused, and so
// is any destination that is not https, or on this machine.
func ReadDestinations(file string) ([]Destination, error) {
	if file == "" {
		return nil, nil
	}
	b, err := stream.ReadSecretFile(file)
	if err != nil {
		return nil, fmt.Errorf("the file of webhooks: %w", err)
	}
	var all []Destination
	if err := json.UnmarshalRead(bytes.NewReader(b), &all, json.RejectUnknownMembers(true)); err != nil {
		return nil, fmt.Errorf(`%s is no list of webhooks, such as [{"group":"trafford","name":"Board channel","url":"https://…","secret":"whsec_…","format":"teams"}]`, file)
	}
	if len(all) > mostDestinations {
		return nil, fmt.Errorf("%s has %d webhooks; %d are the most", file, len(all), mostDestinations)
	}
	seen := map[string]bool{}
	for i := range all {
		if err := all[i].check(); err != nil {
			return nil, fmt.Errorf("%s, webhook %d: %w", file, i+1, err)
		}
		if seen[all[i].key()] {
			return nil, fmt.Errorf("%s, webhook %d: this group has that address already", file, i+1)
		}
		seen[all[i].key()] = true
	}
	return all, nil
}

// check says what is wrong, never with the address or the secret in it.
func (d *Destination) check() error {
	u, err := url.Parse(d.URL)
	switch {
	case d.Group == "" || d.Name == "":
		return errors.New("give it a group and a name")
	case d.Format != Teams && d.Format != Plain:
		return errors.New("its format is teams or json")
	case err != nil || u.Host == "" || u.User != nil:
		return errors.New("its url can't be used")
	case u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())):
		return errors.New("its url begins with https://; only one on this machine may begin with http://")
	}
	if _, err := d.secret(); err != nil {
		return errors.New("its secret is whsec_ and the base64 of 24 random bytes or more, such as openssl rand -base64 32 makes")
	}
	return nil
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

func (d *Destination) secret() ([]byte, error) {
	encoded, found := strings.CutPrefix(d.Secret, secretPrefix)
	b, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || !found || len(b) < leastSecret {
		return nil, errors.New("no secret")
	}
	return b, nil
}

// Host is the host alone.
func (d *Destination) Host() string {
	u, err := url.Parse(d.URL)
	if err != nil {
		return ""
	}
	return u.Hostname()
}
