package paper

import (
	"rsc.io/qr"

	"goldenthread/projections"
)

// Sizes of a letter, in millimetres.
const (
	codeSize = 34.0 // of the square with the link
	boxSize  = 3.6
	fillLine = 9.5 // of a line that is filled in by hand
)

// Letters are letters to practices in one PDF, each on a page of its own: to whom, what is
// asked, the link as a square to point a phone's camera at, with its code, and an answer on
// paper to send back.
func Letters(all []projections.MandateLetter) ([]byte, error) {
	title := "Letter to a practice"
	switch len(all) {
	case 0:
		title = "Letters to practices: there is nobody to write to"
	case 1:
		title = "Letter to " + all[0].Practice.Name
	default:
		title = "Letters to practices"
	}
	p := blankSheet(title)
	if len(all) == 0 {
		p.AddPage()
		p.para("Each practice is behind the group, or has answered.", 0)
	}
	for i := range all {
		if err := p.letter(&all[i]); err != nil {
			return nil, err
		}
	}
	return p.bytes()
}

func (p *sheet) letter(l *projections.MandateLetter) error {
	m := l.Of
	p.AddPage()
	p.Bookmark(clean(l.Practice.Name), 0, -1)
	p.para(m.Group+"\n"+m.On.Words(), 0)
	p.SetFont("go", "B", 13)
	p.MultiCell(0, 6.5, clean("To the partners of "+l.Practice.Name+" ("+l.Practice.Code+")"), "", "L", false)
	p.Ln(2)
	p.strong(l.Asked())
	for _, words := range l.Words() {
		p.para(words, 0)
	}
	if l.Code != "" {
		p.keepTogether(codeSize + 12)
		p.strong("To answer in a browser")
		if err := p.square(l.Link); err != nil {
			return err
		}
		top := p.GetY()
		p.SetRightMargin(margin + codeSize + 4)
		p.para(l.ByCode(), 0)
		p.SetRightMargin(margin)
		p.SetY(max(p.GetY(), top+codeSize+1))
	}
	p.answer(m, "Our answer, "+l.Practice.Name+" ("+l.Practice.Code+")")
	return nil
}

// answer is the part that is torn off, filled in and sent back.
func (p *sheet) answer(m *projections.MandateLetters, heading string) {
	subjects := m.Subjects()
	p.keepTogether(40 + float64((len(subjects)+1)/2)*line + float64(len(m.FillIn()))*fillLine)
	p.Ln(1)
	p.SetDashPattern([]float64{2, 1.5}, 0)
	wide, _ := p.GetPageSize()
	p.Line(margin, p.GetY(), wide-margin, p.GetY())
	p.SetDashPattern(nil, 0)
	p.Ln(3)
	p.strong(heading)
	p.box("Yes, for everything", margin)
	p.Ln(line + 0.6)
	p.box("Yes, for these subjects only:", margin)
	p.Ln(line + 0.6)
	half := (wide - 2*margin) / 2
	for i, subject := range subjects {
		p.box(subject, margin+indented+float64(i%2)*half)
		if i%2 == 1 || i == len(subjects)-1 {
			p.Ln(line + 0.6)
		}
	}
	p.box("No", margin)
	p.Ln(line + 2)
	for _, words := range m.FillIn() {
		p.SetFont("go", "", text)
		p.CellFormat(0, fillLine, clean(words), "B", 1, "LM", false, 0, "")
	}
	p.Ln(2)
	p.para(m.Return(), 0)
}

// box is a box to tick, at that distance from the left, and what it says.
func (p *sheet) box(words string, left float64) {
	p.Rect(left, p.GetY()+0.9, boxSize, boxSize, "D")
	p.SetFont("go", "", text)
	p.SetX(left + boxSize + 2)
	p.CellFormat(0, line, clean(words), "", 0, "L", false, 0, "")
}

func (p *sheet) strong(words string) {
	p.SetFont("go", "B", text)
	p.MultiCell(0, line, clean(words), "", "L", false)
	p.Ln(1)
}

// keepTogether begins a new page if there is not so much room on this one.
func (p *sheet) keepTogether(high float64) {
	if _, page := p.GetPageSize(); p.GetY()+high > page-margin {
		p.AddPage()
	}
}

// square draws the link as a QR code at the right.
func (p *sheet) square(link string) error {
	code, err := qr.Encode(link, qr.M)
	if err != nil {
		return err
	}
	wide, _ := p.GetPageSize()
	left, top, dot := wide-margin-codeSize, p.GetY(), codeSize/float64(code.Size)
	p.SetFillColor(0, 0, 0)
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			from := x
			for x < code.Size && code.Black(x, y) {
				x++
			}
			if x > from { // one rectangle for dots beside each other, so that no lines show between them
				p.Rect(left+float64(from)*dot, top+float64(y)*dot, float64(x-from)*dot, dot, "F")
			}
		}
	}
	p.LinkString(left, top, codeSize, codeSize, link)
	return nil
}
