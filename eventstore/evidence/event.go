package evidence

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"goldenthread/eventstore/signature"
)

// An event is one as it is read in a bundle, of whatever kind (FORMAT.md).
type event struct {
	index, cause                                  uint64
	group, kind, subject, time, actor, onBehalfOf string
	effective                                     string
	data                                          map[string]any
	line                                          []byte // exact bytes
}

const (
	lineDepth    = 16    // arrays and objects in each other
	mostEnvelope = 1_000 // bytes of each text beside the data
)

var sourceForm = regexp.MustCompile(`^/groups/[a-z0-9-]{1,60}$`)

// readEvent reads the line of an event.
func readEvent(line []byte) (*event, error) {
	v, err := signature.ReadJSON(line, mostLine, lineDepth)
	if err != nil {
		return nil, fmt.Errorf("what it says can't be read: %v", err) // no signature's form
	}
	members, _ := v.(map[string]any)
	e := &event{line: line}
	for name, to := range map[string]*string{
		"source": &e.group, "type": &e.kind, "subject": &e.subject, "time": &e.time, "actor": &e.actor, "onbehalfof": &e.onBehalfOf, "effective": &e.effective,
	} {
		text, ok := members[name].(string)
		if !ok || len(text) > mostEnvelope || strings.ContainsFunc(text, unicode.IsControl) {
			return nil, fmt.Errorf("it is not an event: its %s", name)
		}
		*to = text
	}
	index, ok := members["index"].(int64)
	cause, caused := members["cause"].(int64)
	if !caused {
		if _, there := members["cause"]; there {
			ok = false
		}
		cause = index
	}
	var isObject bool
	e.data, isObject = members["data"].(map[string]any)
	if !ok || index < 0 || cause < 0 || !isObject || members["specversion"] != "1.0" || !sourceForm.MatchString(e.group) {
		return nil, errors.New("it is not an event")
	}
	e.index, e.cause, e.group = uint64(index), uint64(cause), strings.TrimPrefix(e.group, "/groups/")
	return e, nil
}
