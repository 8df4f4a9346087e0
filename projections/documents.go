package projections

import (
	"cmp"
	"slices"

	"goldenthread/domain"
)

// A DocumentLine is a document that was attached.
type DocumentLine struct {
	About     string     `json:"about"`
	Name      string     `json:"name"`
	SHA256    string     `json:"sha256"`
	MediaType string     `json:"mediaType"`
	Bytes     int64      `json:"bytes"`
	Elsewhere bool       `json:"elsewhere,omitempty" doc:"whoever attached it keeps it: its bytes were not brought here"`
	By        Who        `json:"by"`
	On        domain.Day `json:"on"`
	Index     uint64     `json:"index"`
}

// Documents is what was attached to what, as it stands on a day.
type Documents struct {
	Stamp
	Documents []DocumentLine `json:"documents" doc:"the newest first"`
}

// Documents answers for that day.
func (g *backing) Documents(at domain.Day) Documents {
	l := Documents{g.stamp(at), []DocumentLine{}}
	for _, d := range g.state.Documents {
		if d.On <= at {
			l.Documents = append(l.Documents, DocumentLine{d.About, d.Name, d.SHA256, d.MediaType, d.Bytes, d.Elsewhere, g.who(d.By), d.On, d.Index})
		}
	}
	slices.SortStableFunc(l.Documents, func(a, b DocumentLine) int { return cmp.Compare(b.Index, a.Index) })
	return l
}
