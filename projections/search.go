package projections

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"goldenthread/domain"
)

// Search finds words, numbers such as P7, organisations, offices and sums in everything that
// the pages show. What a page shows of something is one text, made of the answer from which
// the page is made, so nothing is found that could not be read there. The texts of a snapshot
// are kept in memory with it, for one day; what is recorded next makes them anew.

// Found is what a search found.
type Found struct {
	Stamp
	Words string `json:"words" doc:"that were looked for"`
	Hits  []Hit  `json:"hits" doc:"the best first"`
}

// A Hit is something that holds all the words.
type Hit struct {
	Kind  SearchKind `json:"kind" doc:"what it is" example:"proposal"`
	Ref   string     `json:"ref,omitempty" doc:"its number or code, if it has one" example:"P7"`
	Title string     `json:"title" example:"Review of the executive's powers"`
	Text  string     `json:"text,omitempty" doc:"the part that holds the first of the words" example:"We raise the limit to £25,000."`
	On    domain.Day `json:"on,omitzero" doc:"its day"`
}

// Numbered says whether people know it by its number.
func (h *Hit) Numbered() bool {
	return h.Kind != FindPeople && !strings.Contains(h.Ref, "/") && h.Ref != ""
}

// SearchKind is what something that can be found is: its page, and who may see it, go by that.
type SearchKind string

const (
	FindProposals      SearchKind = "proposal"
	FindPowers         SearchKind = "power"
	FindDecisions      SearchKind = "decision"
	FindAppointments   SearchKind = "representative"
	FindMeetings       SearchKind = "system meeting"
	FindPositions      SearchKind = "position"
	FindInterests      SearchKind = "interest"
	FindCommitments    SearchKind = "commitment"
	FindApproaches     SearchKind = "approach"
	FindActions        SearchKind = "action"
	FindQuestions      SearchKind = "question"
	FindDepartures     SearchKind = "departure"
	FindPriorities     SearchKind = "priority"
	FindOwnMeetings    SearchKind = "meeting"
	FindOrganisations  SearchKind = "organisation"
	FindPeople         SearchKind = "person"
	FindMandates       SearchKind = "mandate"
	mostHits                      = 100
	mostSnippet                   = 200 // characters
	leastLettersSought            = 2
)

// searchText is one thing that can be found.
type searchText struct {
	Hit
	pieces []string // as they are shown
	lower  string   // all of them, in small letters, with the title and number first
}

// Search finds what holds all the words among the kinds that the caller may see, on that day;
// nothing for less than two letters. More are people by their names, which no memory keeps.
func (g *Group) Search(words string, at domain.Day, sees func(SearchKind) bool, more ...Hit) Found {
	f := Found{Stamp: g.stamp(at), Words: strings.TrimSpace(words), Hits: []Hit{}}
	sought := soughtWords(f.Words)
	if len(sought) == 0 {
		return f
	}
	texts := slices.Clone(g.index.textsOn(g, at))
	for _, h := range more {
		texts = slices.DeleteFunc(texts, func(t searchText) bool { return t.Kind == h.Kind && t.Ref == h.Ref })
		texts = append(texts, newText(h, reflect.ValueOf(h.Text)))
	}
	type ranked struct {
		Hit
		rank int
	}
	var hits []ranked
	for i := range texts {
		t := &texts[i]
		if sees(t.Kind) && t.holdsAll(sought) {
			h := t.Hit
			h.Text = t.snippet(sought)
			hits = append(hits, ranked{h, t.rank(sought)})
		}
	}
	slices.SortStableFunc(hits, func(a, b ranked) int { return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(b.On, a.On)) })
	for _, h := range hits[:min(len(hits), mostHits)] {
		f.Hits = append(f.Hits, h.Hit)
	}
	return f
}

// A soughtWord is one of the words: any of its spellings is enough.
type soughtWord struct {
	spellings []string
	whole     bool // a number or a sum, which is found as a whole
}

// soughtWords reads what is typed: "12k" is also £12,000.
func soughtWords(words string) []soughtWord {
	var all []soughtWord
	letters := 0
	for _, w := range strings.Fields(strings.ToLower(words)) {
		w = strings.TrimFunc(w, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '£' })
		if w == "" {
			continue
		}
		letters += len([]rune(w))
		s := soughtWord{spellings: []string{w}, whole: strings.ContainsAny(w, "0123456789")}
		if sum, err := domain.ReadPence(w); err == nil && s.whole {
			s.spellings = append(s.spellings, strings.ToLower(sum.String()))
		}
		all = append(all, s)
	}
	if letters < leastLettersSought {
		return nil
	}
	return all
}

func (s *soughtWord) in(text string) bool {
	return slices.ContainsFunc(s.spellings, func(w string) bool { return placeIn(text, w, s.whole) >= 0 })
}

// placeIn is where the word stands in the text; -1 if it does not. A whole one has no letter,
// digit or further thousand beside it.
func placeIn(text, word string, whole bool) int {
	for from := 0; ; {
		i := strings.Index(text[from:], word)
		if i < 0 {
			return -1
		}
		i += from
		end := i + len(word)
		if !whole || !(i > 0 && isWord(text[i-1])) && !(end < len(text) && (isWord(text[end]) || text[end] == ',' && end+1 < len(text) && isDigit(text[end+1]))) {
			return i
		}
		from = end
	}
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
func isWord(c byte) bool  { return isDigit(c) || 'a' <= c && c <= 'z' || c == ',' }

func (t *searchText) holdsAll(sought []soughtWord) bool {
	return !slices.ContainsFunc(sought, func(s soughtWord) bool { return !s.in(t.lower) })
}

// rank is 0 for what has just that number or name, 1 where the title holds the words, else 2.
func (t *searchText) rank(sought []soughtWord) int {
	if len(sought) == 1 && slices.Contains(sought[0].spellings, strings.ToLower(t.Ref)) {
		return 0
	}
	title := strings.ToLower(t.Title)
	if !slices.ContainsFunc(sought, func(s soughtWord) bool { return !s.in(title) }) {
		return 1
	}
	return 2
}

// snippet is the piece that holds the first word that neither the title nor the number does, cut to its
// neighbourhood; "" if the title holds them all.
func (t *searchText) snippet(sought []soughtWord) string {
	title := strings.ToLower(t.Title)
	for _, s := range sought {
		if s.in(title) || slices.Contains(s.spellings, strings.ToLower(t.Ref)) {
			continue
		}
		for _, piece := range t.pieces {
			for _, w := range s.spellings {
				if i := placeIn(strings.ToLower(piece), w, s.whole); i >= 0 && piece != t.Ref {
					return around(piece, i)
				}
			}
		}
	}
	return ""
}

// around is the text near that place.
func around(piece string, at int) string {
	piece = strings.Join(strings.Fields(piece), " ")
	runes := []rune(piece)
	if len(runes) <= mostSnippet {
		return piece
	}
	from := max(0, min(len([]rune(piece[:min(at, len(piece))]))-mostSnippet/3, len(runes)-mostSnippet))
	cut := strings.TrimSpace(string(runes[from : from+mostSnippet]))
	if from > 0 {
		cut = "…" + cut
	}
	if from+mostSnippet < len(runes) {
		cut += "…"
	}
	return cut
}

// newText is what can be found of the answer that shows it.
func newText(h Hit, answer reflect.Value) searchText {
	t := searchText{Hit: h}
	collectShown(answer, &t.pieces)
	t.lower = strings.ToLower(h.Ref + "\n" + h.Title + "\n" + strings.Join(t.pieces, "\n"))
	return t
}

// collectShown adds every text, sum and day of an answer. Bytes are not shown.
func collectShown(v reflect.Value, pieces *[]string) {
	switch shown := asAny(v).(type) {
	case domain.Pence:
		if shown != 0 {
			*pieces = append(*pieces, shown.String())
		}
		return
	case domain.Day:
		if shown != 0 {
			*pieces = append(*pieces, shown.Words())
		}
		return
	}
	switch v.Kind() {
	case reflect.String:
		if s := v.String(); s != "" {
			*pieces = append(*pieces, s)
		}
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			collectShown(v.Elem(), pieces)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && f.Tag.Get("json") != "-" {
				collectShown(v.Field(i), pieces)
			}
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() != reflect.Uint8 {
			for i := range v.Len() {
				collectShown(v.Index(i), pieces)
			}
		}
	}
}

func asAny(v reflect.Value) any {
	if v.IsValid() && v.CanInterface() {
		return v.Interface()
	}
	return nil
}

// searchTexts are the texts of everything that can be found on that day, but for proposals.
func (g *Group) searchTexts(at domain.Day) []searchText {
	texts := []searchText{}
	add := func(kind SearchKind, ref, title string, on domain.Day, answer any) {
		texts = append(texts, newText(Hit{Kind: kind, Ref: ref, Title: title, On: on}, reflect.ValueOf(answer)))
	}
	for _, d := range g.Powers(at).Delegations {
		exercises := d.Exercises
		d.Exercises, d.Chain, d.Running = nil, nil, nil
		to := "the executive"
		if d.Person != nil {
			to = d.Person.Office
		}
		add(FindPowers, d.Ref, "Delegated to "+to, d.From, d)
		for _, x := range exercises {
			x.Chain = nil
			add(FindDecisions, x.Ref, x.What, x.On, x)
		}
	}
	g.searchRepresentation(at, add)
	g.searchWork(at, add)
	for _, o := range g.Register(at).Organisations {
		add(FindOrganisations, o.Code, o.Name, o.Opened, o)
	}
	for _, p := range g.People(at).People {
		p.ID = ""
		add(FindPeople, p.Handle, p.Office, p.Since, p)
	}
	if m, refused := g.Mandate("", at); refused == nil {
		for _, e := range m.Entries {
			add(FindMandates, e.Ref, e.Organisation.Name, e.From, e)
		}
	}
	return texts
}

func (g *Group) searchRepresentation(at domain.Day, add func(SearchKind, string, string, domain.Day, any)) {
	r := g.Representation(at)
	for _, a := range r.Appointments {
		add(FindAppointments, a.Ref, a.Person.Office+" at "+a.ForumName, a.From, a)
	}
	for _, m := range r.Meetings {
		add(FindMeetings, m.Ref, m.ForumName+", "+m.On.Words(), m.On, m)
	}
	for _, p := range r.Positions {
		add(FindPositions, "matter/"+p.Matter, "Position on "+domain.MatterWords(p.Matter), p.From, p)
	}
	for _, i := range r.Interests {
		add(FindInterests, i.Ref, i.Person.Office, i.Declared, i)
	}
	for _, k := range g.Commitments(at).Commitments {
		add(FindCommitments, k.Ref, k.Person.Office+", "+k.ForumName, k.Meeting, k)
	}
}

func (g *Group) searchWork(at domain.Day, add func(SearchKind, string, string, domain.Day, any)) {
	approaches := g.Approaches(at)
	for _, a := range approaches.Approaches {
		add(FindApproaches, a.Ref, a.What, a.On, a)
	}
	for _, s := range approaches.Side {
		add(FindApproaches, s.Ref, s.What, s.On, s)
	}
	for _, a := range g.Actions(at).Actions {
		add(FindActions, a.Ref, a.What, a.Created, a)
	}
	for _, q := range g.Questions(at).Questions {
		add(FindQuestions, q.Ref, q.Practice.Name, q.Asked, q)
	}
	for _, d := range g.departureLines(at) {
		add(FindDepartures, d.Ref, d.Organisation.Name+" and "+d.Agreement, d.From, d)
	}
	p := g.Priorities(at)
	for _, one := range p.LongList {
		add(FindPriorities, one.Ref, one.Title, one.Listed, one)
	}
	for _, round := range p.Rounds {
		add(FindPriorities, round.Ref, "What the practices answered, "+round.Asked.Words(), round.Asked, round)
	}
	for _, m := range g.meetingsWithAgenda(at) {
		add(FindOwnMeetings, domain.GroupMeetingRef(m.On), "Our own meeting, "+m.On.Words(), m.On, m)
	}
}
