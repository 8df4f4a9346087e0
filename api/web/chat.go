package web

import (
	"strconv"
	"strings"

	"goldenthread/domain"
	"goldenthread/projections"
)

// A Chat is a message to be copied into a group of people elsewhere, such as one on
// WhatsApp or Teams. It has the words and the address, and nobody's name beyond an office.
type Chat struct {
	ID    string // of its field, on the page
	About string // reference
	Text  string
	Kept  bool // only members see here what it is about
}

// mostChat is how much of a wording stands in a message, in characters.
const mostChat = 500

// chatFor is the message of something said, with the address of the page on which it is.
func (p *Page) chatFor(id, say, place string, kept bool) Chat {
	return Chat{"copy-" + id, id, say + "\n" + p.Origin + pagesAt + p.Group + "/" + place, kept}
}

// ChatOf is the message about the proposal: that it was agreed, or that everybody is asked.
// It is for today alone, and empty where there is nothing to say.
func (p *Page) ChatOf(b *Proposal) Chat {
	v := b.Current()
	wording := "\n\n“" + domain.ClipTo(strings.TrimSpace(v.Text), mostChat) + "”\n\n"
	title := b.Ref + ", " + b.ProposalLine.Title
	switch {
	case !p.Now():
		return Chat{}
	case b.Stage == domain.Agreed && b.SetAside == nil:
		return p.chatFor(b.Ref, p.Name+" agreed "+title+", on "+b.AgreedOn.Words()+"."+wording+"Who agreed, and what it puts in place:", "proposals/"+b.Ref, b.Kept)
	case b.Stage == domain.Open:
		return p.chatFor(b.Ref, p.Name+" asks for responses to "+title+" (version "+strconv.Itoa(v.Version)+"), by "+b.Closes.Words()+". No response is no consent."+wording+"Sign in to respond:", "proposals/"+b.Ref, b.Kept)
	}
	return Chat{}
}

// ChatOfNotice is the message about a notice to the practices.
func (p *Page) ChatOfNotice(n projections.NoticeLine) Chat {
	if !p.Now() {
		return Chat{}
	}
	return p.chatFor(n.Ref, p.Name+", "+n.On.Words()+": "+n.Text, noticePlace(n.Ref), false)
}

// ChatOfRecord is the message to those who are to confirm a record, without what it says:
// that can be about a person.
func (p *Page) ChatOfRecord(r WaitingRow) Chat {
	if !p.Now() {
		return Chat{}
	}
	return p.chatFor(r.Ref, p.Name+" asks you to say whether "+r.Ref+" is right. It counts only once somebody else has confirmed it. Sign in to answer:", "waiting#"+r.Ref, false)
}
