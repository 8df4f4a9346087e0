package feeds

import (
	"bytes"
	"context"
	"encoding/xml"
	"time"

	"goldenthread/api/access"
	"goldenthread/api/caller"
	"goldenthread/domain"
	"goldenthread/projections"
)

const atomType = "application/atom+xml; charset=utf-8"

// An atomFeed is a feed as RFC 4287 writes it.
type atomFeed struct {
	XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	ID      string      `xml:"id"`
	Title   string      `xml:"title"`
	Sub     string      `xml:"subtitle"`
	Updated string      `xml:"updated"`
	Author  string      `xml:"author>name"`
	Links   []atomLink  `xml:"link"`
	Entries []atomEntry `xml:"entry"`
}

type atomEntry struct {
	ID        string       `xml:"id"`
	Title     string       `xml:"title"`
	Links     []atomLink   `xml:"link"`
	Published string       `xml:"published"`
	Updated   string       `xml:"updated"`
	Category  atomCategory `xml:"category"`
	Content   atomText     `xml:"content"`
}

type atomLink struct {
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr"`
	Href string `xml:"href,attr"`
}

// toPage leads from the feed or an entry to the page that says it.
func toPage(address string) atomLink { return atomLink{"alternate", "text/html", address} }

type atomCategory struct {
	Term string `xml:"term,attr"`
}

type atomText struct {
	Type string `xml:"type,attr"`
	Text string `xml:",chardata"`
}

type practiceFeedInput struct {
	access.Terms
	ODS string `path:"ods" doc:"the practice's ODS code" example:"P91018"`
	Key string `query:"key" doc:"a key of this one feed, in place of a token: see feed-keys"`
}

// offerPracticeFeed registers a practice's notices for feed readers (rule T1).
func (s *Feeds) offerPracticeFeed(at string) {
	access.Feed(s.ledgers, s.api, "practice-feed", at+"/practices/{ods}/feed.atom", atomType, "A practice's notices, for feed readers (Atom).", access.Notices,
		func(_ context.Context, q *access.Question, in *practiceFeedInput) ([]byte, error) {
			page, err := access.OrRefused(q.Practice(in.ODS, q.At))
			if err != nil {
				return nil, err
			}
			return practiceAtom(q, &page, in)
		})
}

func practiceAtom(q *access.Question, page *projections.PracticePage, in *practiceFeedInput) ([]byte, error) {
	state, shown := q.State(), q.Origin()+"/g/"+in.Group+"/practices/"+page.Practice.Code
	newest := state.Established.Start()
	feed := atomFeed{
		ID: q.ID("practices", page.Practice.Code, "notices").URN(), Title: state.Name + ": " + page.Practice.Name,
		Sub: "What was agreed in your practice's name, and whether it binds you", Author: state.Name,
		Links: []atomLink{{"self", "application/atom+xml", q.Origin() + "/v1/groups/" + in.Group + "/practices/" + in.ODS + "/feed.atom"}, toPage(shown)},
	}
	for i := range page.Notices {
		n := &page.Notices[i]
		if n.Updated.After(newest) {
			newest = n.Updated
		}
		text := n.Text
		if n.Binds != "" {
			text += " " + n.Binds
		}
		feed.Entries = append(feed.Entries, atomEntry{
			ID: q.ID("practices", page.Practice.Code, "notices", n.Ref).URN(), Title: n.Ref + ", " + n.On.Words() + ": " + domain.ClipTo(n.Text, 100), Links: []atomLink{toPage(shown + "#notice-" + n.Ref)},
			Published: n.Published.Format(time.RFC3339), Updated: n.Updated.Format(time.RFC3339),
			Category: atomCategory{string(n.Kind)}, Content: atomText{"text", text},
		})
	}
	if say := feedEnding(q); say != "" {
		began := q.Caller.FeedEnds.Add(-caller.FeedKeySoon).UTC()
		if began.After(newest) {
			newest = began
		}
		feed.Entries = append(feed.Entries, atomEntry{
			ID: q.ID("practices", page.Practice.Code, "address", began.String()).URN(), Title: "The address of this feed ends", Links: []atomLink{toPage(q.Origin() + "/account")},
			Published: began.Format(time.RFC3339), Updated: began.Format(time.RFC3339), Category: atomCategory{"address"}, Content: atomText{"text", say},
		})
	}
	feed.Updated = newest.UTC().Format(time.RFC3339)
	var b bytes.Buffer
	b.WriteString(xml.Header)
	e := xml.NewEncoder(&b)
	e.Indent("", " ")
	err := e.Encode(feed)
	return b.Bytes(), err
}

// feedEnding says, in the feed itself, that its key ends; "" long before.
func feedEnding(q *access.Question) string {
	ends := q.Caller.FeedEnds
	if ends.IsZero() || q.At.Start().Before(ends.Add(-caller.FeedKeySoon)) {
		return ""
	}
	return "The address of this feed ends on " + domain.DayOf(ends).Words() + ". Replace it at " + q.Origin() + "/account."
}
