package webhooks

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"goldenthread/api/web"
	"goldenthread/domain"
)

// A saying is what is said of one kind of event.
type saying struct {
	thing string // which the charter can keep to members
	say   string // % stands for the number
}

// said are the events of which something leaves, and what. Of any other nothing does.
var said = map[string]saying{
	"proposal.put.v1":       {"proposals", "% is open for responses."},
	"proposal.amended.v1":   {"proposals", "% has a new version: everybody is asked again."},
	"objection.raised.v1":   {"objections", "There is an objection to %."},
	"agreement.reached.v1":  {"proposals", "% is agreed."},
	"proposal.withdrawn.v1": {"proposals", "% was withdrawn."},
	"proposal.lapsed.v1":    {"proposals", "% has lapsed."},
	"exercise.recorded.v1":  {"powers", "The decision % was recorded."},
	"exercise.called-in.v1": {"powers", "The decision % was called in."},
	"power.suspended.v1":    {"powers", "% was suspended."},
	"delegation.granted.v1": {"powers", "The power % was given."},
	"delegation.ended.v1":   {"powers", "The power % ended."},
	"meeting.scheduled.v1":  {"agenda", "A meeting is on the calendar, or its agenda changed."},
	"meeting.moved.v1":      {"agenda", "A meeting was moved."},
	"meeting.cancelled.v1":  {"agenda", "A meeting was cancelled."},
	"agenda.set.v1":         {"agenda", "The agenda of a meeting was set."},
}

// numbered is what may stand in a message as a number.
var numbered = regexp.MustCompile(`^[A-Z][1-9][0-9]{0,8}$`)

// A line is what is said of one event.
type line struct {
	Say  string `json:"say"`
	Link string `json:"link"` // of its page, where people sign in; "" where the pages' address is not known
}

// lineOf is what leaves of the event; false if nothing does.
func lineOf(e *domain.Event, state *domain.State, pages string) (line, bool) {
	s, allowed := said[strings.TrimPrefix(e.Kind(), "goldenthread.")]
	if !allowed || state.Established == 0 || slices.Contains(state.Charter().MembersOnly, s.thing) {
		return line{}, false
	}
	subject := e.Data.Subject()
	_, number, _ := strings.Cut(subject, "/")
	if strings.Contains(s.say, "%") && !numbered.MatchString(number) {
		return line{}, false
	}
	l := line{Say: strings.ReplaceAll(s.say, "%", number)}
	if pages == "" {
		return l, true
	}
	l.Link = pages + "/g/" + state.Group
	if place := web.SubjectPlace(subject); place != "" && strings.Contains(s.say, "%") {
		l.Link += "/" + place
	}
	return l, true
}

// A message is what is sent at once.
type message struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Data      struct {
		Group string `json:"group"`
		Name  string `json:"name"` // of the group
		Lines []line `json:"lines"`
	} `json:"data"`
}

// body writes the message in the destination's format.
func body(format Format, m *message) ([]byte, error) {
	if format == Plain {
		return json.Marshal(m, json.Deterministic(true))
	}
	text := func(say string, more map[string]any) map[string]any {
		block := map[string]any{"type": "TextBlock", "text": say, "wrap": true}
		for name, value := range more {
			block[name] = value
		}
		return block
	}
	blocks := []any{text(m.Data.Name, map[string]any{"weight": "Bolder", "size": "Medium"})}
	for _, l := range m.Data.Lines {
		if l.Link == "" {
			blocks = append(blocks, text(l.Say, nil))
		} else {
			blocks = append(blocks, text("["+l.Say+"]("+l.Link+")", nil))
		}
	}
	card := map[string]any{"type": "AdaptiveCard", "version": "1.4", "body": blocks}
	return json.Marshal(map[string]any{
		"type": "message", "attachments": []any{map[string]any{"contentType": "application/vnd.microsoft.card.adaptive", "content": card}},
	}, json.Deterministic(true))
}
