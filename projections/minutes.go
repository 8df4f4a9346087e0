package projections

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"goldenthread/domain"
)

// Minutes are the minutes of a meeting of the group, drafted from what the ledger says
// of the day, with the words that they were given around it: a later meeting approves them
// (rule T3).
type Minutes struct {
	Title string
	State string // how finished they are, in a sentence
	Parts []MinutesPart
}

// A MinutesPart is one of the parts of minutes. Where there is nothing to say it has no lines.
type MinutesPart struct {
	Title string
	Lines []MinutesLine
}

// A MinutesLine is a paragraph or an item of a list. Its text is plain.
type MinutesLine struct {
	Kind   MinutesLineKind
	Number int  // of a numbered item
	Below  bool // it belongs to the item above
	Text   string
}

// A MinutesLineKind is how a line of minutes is set.
type MinutesLineKind string

// The kinds of lines.
const (
	MinutesParagraph MinutesLineKind = "paragraph"
	MinutesBullet    MinutesLineKind = "bullet"
	MinutesNumbered  MinutesLineKind = "numbered"
	MinutesQuote     MinutesLineKind = "quote"   // somebody's words, of one or more lines
	MinutesHeading   MinutesLineKind = "heading" // within a part
)

// Minutes drafts the minutes of the group's meeting on that day.
func (g *business) Minutes(on, at domain.Day) (*Minutes, *domain.Refusal) {
	meeting := g.state.GroupMeetings[on]
	if meeting == nil || meeting.Set > at {
		return nil, &domain.Refusal{Rule: "T3", Say: "There is no meeting of this group on " + on.Words() + ".", Class: domain.NotFound}
	}
	m := g.ownMeeting(meeting, at)
	d := &Minutes{Title: g.state.Name + ": minutes of " + on.Words(), State: "Draft, made from the ledger up to event " + fmt.Sprint(g.state.Next-1) + ". A later meeting approves it."}
	if m.Approved != 0 {
		d.State = "Approved by the meeting of " + m.Approved.Words() + ". Made from the ledger up to event " + fmt.Sprint(g.state.Next-1) + "."
	}
	words := wordsOf(&m)
	if words.Opening != "" {
		d.section("Introduction")
		d.paragraphs(words.Opening, false)
	}
	g.minuteAttendance(d, &m)
	if m.Approved != 0 && m.Changes != "" {
		d.section("Put right before they were approved")
		d.line(m.Changes)
	}
	g.minuteBetween(d, &m)
	g.minuteAgenda(d, &m)
	if m.Notes != "" {
		d.section("Notes")
		d.line(m.Notes)
	}
	if on <= at {
		g.minuteProposals(d, on)
		g.minutePositions(d, on)
		g.minuteObjections(d, on)
		g.minuteAgreements(d, on)
		g.minuteDepartures(d, on)
	}
	d.section("Actions")
	for _, a := range m.Actions {
		d.action(&a)
	}
	if words.Closing != "" {
		d.section("Close")
		d.paragraphs(words.Closing, false)
	}
	d.section("Documents")
	for _, doc := range g.state.Documents {
		if doc.About == domain.GroupMeetingRef(on) && doc.On <= at {
			d.item(doc.Name, ", SHA-256 "+doc.SHA256)
		}
	}
	return d, nil
}

// wordsOf are the words of the minutes around what is recorded; none where there are none.
func wordsOf(m *OwnMeeting) domain.MinutesWords {
	if m.Words == nil {
		return domain.MinutesWords{}
	}
	return m.Words.MinutesWords
}

// minutesWords are the words of minutes, one after the other.
func minutesWords(w *domain.MinutesWords) []string {
	all := []string{w.Opening}
	for _, item := range w.Items {
		all = append(all, "item "+fmt.Sprint(item.Item)+": "+item.Words)
	}
	return slices.DeleteFunc(append(all, w.Closing), func(s string) bool { return s == "" })
}

func refWords(ref string) string {
	if ref == "" {
		return ""
	}
	return " (" + ref + ")"
}

func (g *business) minuteAttendance(d *Minutes, m *OwnMeeting) {
	d.section("Present")
	if !m.Held {
		d.line("The meeting has not been recorded yet.")
		return
	}
	for _, w := range m.Present {
		d.item(w.Words(), "")
	}
	d.line("Chaired by " + m.Chaired.Words() + ".")
	if len(m.InAttendance) > 0 {
		d.line("In attendance: " + domain.List(attendingWords(m.InAttendance)) + ".")
	}
	if len(m.Apologies) > 0 {
		var offices []string
		for _, w := range m.Apologies {
			offices = append(offices, w.Office)
		}
		d.line("Apologies: " + domain.List(offices) + ".")
	}
	if len(m.Absent) > 0 {
		var names []string
		for _, b := range m.Absent {
			names = append(names, b.Name)
		}
		d.line("No one was present for " + domain.List(names) + ".")
	}
}

// attendingWords say who was in attendance, and for whom.
func attendingWords(attending []Attending) []string {
	var words []string
	for _, a := range attending {
		w := a.Office()
		if a.For != nil {
			w += " (for " + a.For.Name + ")"
		}
		words = append(words, w)
	}
	return words
}

// minuteBetween is what was decided since the meeting before (rule T3).
func (g *business) minuteBetween(d *Minutes, m *OwnMeeting) {
	d.section("Decided since the meeting before")
	for _, b := range m.Between {
		d.item(b.On.Words()+": "+b.Text, " (event "+fmt.Sprint(b.Index)+")")
	}
}

// minuteAgenda is each item of the agenda, with the interests that it touches,
// what was said and decided on it, and the actions that it raised (rules T3, R7).
func (g *business) minuteAgenda(d *Minutes, m *OwnMeeting) {
	d.section("Agenda")
	words := map[int]string{}
	for _, w := range wordsOf(m).Items {
		words[w.Item] = w.Words
	}
	for _, item := range m.Items {
		d.add(MinutesLine{Kind: MinutesNumbered, Number: item.Number, Text: sentenceOf(item.Title, refWords(item.About))})
		for _, i := range item.Interests {
			d.below("Interest: "+i.Person.Office, ", "+string(i.Kind)+": "+i.Words)
		}
		d.paragraphs(words[item.Number], true)
		d.quote(item.Note)
		for _, decision := range item.Decisions {
			d.below("Decided: "+decisionWords(decision), "")
		}
		for _, a := range item.Actions {
			d.below("Action: "+a.What, refWords(a.Ref))
		}
	}
}

func itemDecisionsWords(decisions []domain.ItemDecision) []string {
	var words []string
	for _, d := range decisions {
		words = append(words, decisionWords(d))
	}
	return words
}

func decisionWords(decision domain.ItemDecision) string {
	if strings.TrimSpace(decision.Words) == "" {
		return decision.Ref
	}
	return domain.Clause(decision.Words) + refWords(decision.Ref)
}

// minuteProposals are what was put to the seats or amended on the day.
func (g *business) minuteProposals(d *Minutes, on domain.Day) {
	d.section("Proposed")
	for _, p := range byNumber(g.state.Proposals) {
		for i := range p.Versions {
			if v := &p.Versions[i]; v.Put == on {
				d.item(v.Title, ": "+p.Number+", version "+fmt.Sprint(v.Number)+", put by "+g.name(p.Seat)+" on "+p.Matter)
				d.quote(v.Text)
			}
		}
		for _, o := range p.Offers {
			if o.On == on {
				d.item(g.office(o.Person), " offered other words for "+p.Number+":")
				d.quote(o.Words)
			}
		}
	}
}

// minutePositions are those taken on the day, whatever became of them (rule C12).
func (g *business) minutePositions(d *Minutes, on domain.Day) {
	d.section("Positions taken")
	for _, p := range byNumber(g.state.Proposals) {
		for i := range p.Positions {
			if pos := &p.Positions[i]; domain.DayOf(time.UnixMilli(pos.Time)) == on {
				d.item(g.name(pos.Seat), ": "+standWords(pos.Stand)+", "+p.Number+" version "+fmt.Sprint(pos.Version)+after(". ", pos.Reason))
			}
		}
	}
}

func standWords(s domain.Stand) string {
	if s == domain.Consent {
		return "consented"
	}
	return "stood aside"
}

// minuteObjections are those raised or let go on the day, with why (rule C3).
func (g *business) minuteObjections(d *Minutes, on domain.Day) {
	d.section("Objections")
	for _, o := range byNumber(g.state.Objections) {
		if o.On == on {
			d.item(g.name(o.Seat), ", "+string(o.Grade)+" on "+o.Proposal+" ("+o.Number+"): "+clause(o.Why)+after(". It would resolve it: ", o.WouldResolve))
		}
		if o.How != "" && o.Ended == on {
			d.item(o.Number+" of "+g.name(o.Seat), " no longer stands: "+string(o.How)+after(". ", o.Words))
		}
	}
}

// minuteAgreements are what was agreed on the day, with the roll, by name and
// never by percentage (rules C7, C12).
func (g *business) minuteAgreements(d *Minutes, on domain.Day) {
	d.section("Agreed")
	for _, p := range byNumber(g.state.Proposals) {
		if p.Stage == domain.Agreed && p.AgreedOn == on {
			d.item(p.Title(), " ("+p.Number+", event "+fmt.Sprint(p.Agreement)+"). "+domain.RollWords(p.Roll))
			d.quote(p.Version().Text)
		}
		if p.SetAside == on {
			d.item(p.Title(), " ("+p.Number+") was set aside by "+p.SetAsideBy)
		}
	}
}

func (g *business) minuteDepartures(d *Minutes, on domain.Day) {
	d.section("Departures")
	for _, x := range byNumber(g.state.Departures) {
		if x.Recorded == on {
			d.item(g.name(x.Organisation), " goes its own way on "+x.Agreement+" from "+x.From.Words()+" ("+x.Number+"): "+clip(x.Reason))
		}
		for _, r := range x.Answers {
			if r.On == on {
				d.item(g.office(r.By), " answered "+x.Number+": "+clip(r.Words))
			}
		}
	}
}

func (m *Minutes) section(title string) { m.Parts = append(m.Parts, MinutesPart{Title: title}) }

func (m *Minutes) add(l MinutesLine) {
	part := &m.Parts[len(m.Parts)-1]
	part.Lines = append(part.Lines, l)
}

func (m *Minutes) line(text string) { m.add(MinutesLine{Kind: MinutesParagraph, Text: text}) }

// paragraphs adds somebody's words, a line for each of their paragraphs.
func (m *Minutes) paragraphs(text string, below bool) {
	for line := range strings.SplitSeq(text, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			m.add(MinutesLine{Kind: MinutesParagraph, Below: below, Text: line})
		}
	}
}

// item adds a list's item: somebody's words first, then ours and theirs.
func (m *Minutes) item(title, rest string) {
	m.add(MinutesLine{Kind: MinutesBullet, Text: sentenceOf(title, rest)})
}

// below adds what belongs to the item above.
func (m *Minutes) below(title, rest string) {
	m.add(MinutesLine{Kind: MinutesBullet, Below: true, Text: sentenceOf(title, rest)})
}

func sentenceOf(title, rest string) string {
	return domain.Sentence(domain.Clause(title) + rest)
}

func (m *Minutes) action(a *ActionLine) {
	m.item(a.What, ", "+a.Owner.Office+", supported by "+a.Supporter.Office+", by "+a.Due.Words()+" ("+a.Ref+")")
}

func (m *Minutes) quote(text string) {
	if text = strings.TrimSpace(text); text != "" {
		m.add(MinutesLine{Kind: MinutesQuote, Text: text})
	}
}

// Markdown are the minutes as a Markdown document. A part without anything in it says so:
// that nothing was agreed is worth reading.
func (m *Minutes) Markdown() string {
	var b strings.Builder
	b.WriteString("# " + plainMarkdown(m.Title) + "\n\n" + m.State + "\n\n")
	for _, part := range m.Parts {
		b.WriteString("## " + part.Title + "\n\n")
		if len(part.Lines) == 0 {
			b.WriteString("Nothing.\n\n")
		}
		for i := range part.Lines {
			part.Lines[i].markdown(&b)
		}
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

func (l *MinutesLine) markdown(b *strings.Builder) {
	mark := ""
	switch l.Kind {
	case MinutesParagraph:
	case MinutesBullet:
		mark = "- "
	case MinutesNumbered:
		mark = fmt.Sprintf("%d. ", l.Number)
	case MinutesQuote:
		for line := range strings.SplitSeq(l.Text, "\n") {
			b.WriteString("  > " + plainMarkdown(line) + "\n")
		}
		b.WriteString("\n")
		return
	case MinutesHeading:
		mark = "### "
	}
	if l.Below {
		mark = "   " + mark
	}
	b.WriteString(mark + plainMarkdown(l.Text) + "\n\n")
}

var markdownMarks = strings.NewReplacer("\\", "\\\\", "*", "\\*", "_", "\\_", "`", "\\`", "[", "\\[", "]", "\\]", "<", "&lt;", "#", "\\#", "|", "\\|", "\r", "")

// plainMarkdown keeps others' words from becoming headings, links or markup.
func plainMarkdown(s string) string { return markdownMarks.Replace(s) }
