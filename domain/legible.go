package domain

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Words have something to read, and are read in the order and in the form in
// which they are recorded (rules C1, C3, D8 and wherever else words are given).
// Which characters show nothing, and which change how others are shown, is from
// the Unicode Standard: chapter 23 and its annexes 9 (bidirectional text) and 51
// (emoji).

// mostMarks is how many marks may be stacked on one letter: no script needs
// more, and more cover the lines above and below.
const mostMarks = 6

var (
	// showsNothing are letters, marks and symbols that are drawn as nothing at all.
	showsNothing = runes(
		0x034F, 0x034F, // combining grapheme joiner
		0x115F, 0x1160, // Hangul fillers
		0x17B4, 0x17B5, // Khmer inherent vowels
		0x180B, 0x180F, // Mongolian selectors and vowel separator
		0x2065, 0x2065,
		0x3164, 0x3164, // Hangul filler
		0xFE00, 0xFE0F, // variation selectors
		0xFFA0, 0xFFA0, // halfwidth Hangul filler
		0xFFF0, 0xFFF8,
		0xE0000, 0xE0FFF, // tags, variation selectors supplement
	)
	// showsBlank are symbols that are drawn as an empty space.
	showsBlank = runes(0x2800, 0x2800, 0x13441, 0x13442, 0x1D159, 0x1D159)
	// reorders are the characters that turn the order of other text.
	reorders = runes(0x061C, 0x061C, 0x200E, 0x200F, 0x202A, 0x202E, 0x2066, 0x206F)
	// signsBefore are format characters that are drawn: signs before numbers.
	signsBefore = runes(0x0600, 0x0605, 0x06DD, 0x06DD, 0x070F, 0x070F, 0x0890, 0x0891, 0x08E2, 0x08E2, 0x110BD, 0x110BD, 0x110CD, 0x110CD)
	// emojiBlocks are where each year's new emoji get their places.
	emojiBlocks = runes(0x1F000, 0x1FAFF)
	// joined are the scripts in which a joiner or a non-joiner changes a letter's form.
	joined = []*unicode.RangeTable{
		unicode.Arabic, unicode.Syriac, unicode.Mandaic, unicode.Nko, unicode.Mongolian, unicode.Phags_Pa, unicode.Adlam, unicode.Hanifi_Rohingya,
		unicode.Devanagari, unicode.Bengali, unicode.Gurmukhi, unicode.Gujarati, unicode.Oriya, unicode.Tamil, unicode.Telugu, unicode.Kannada,
		unicode.Malayalam, unicode.Sinhala, unicode.Khmer, unicode.Myanmar, unicode.Tibetan, unicode.Balinese, unicode.Javanese,
	}
)

// runes is the table of the pairs of first and last runes, in order.
func runes(pairs ...rune) *unicode.RangeTable {
	t := &unicode.RangeTable{}
	for i := 0; i < len(pairs); i += 2 {
		t.R32 = append(t.R32, unicode.Range32{Lo: uint32(pairs[i]), Hi: uint32(pairs[i+1]), Stride: 1})
	}
	return t
}

// isSeen says whether the rune by itself is something to read.
func isSeen(r rune) bool {
	return unicode.IsGraphic(r) && !unicode.IsSpace(r) && !unicode.IsMark(r) && !unicode.In(r, showsNothing, showsBlank, unicode.Zs) ||
		unicode.Is(signsBefore, r)
}

// isBlank says whether the words are nothing but characters that can't be seen.
func isBlank(words string) bool { return !strings.ContainsFunc(words, isSeen) }

// illegible finds the first character that changes or hides what other
// characters say, or that not every screen shows alike: which one it is, counted
// from 1, and what it does; 0 if there is none.
func illegible(words string) (place int, at rune, does string) {
	if isPlain(words) {
		return 0, 0, ""
	}
	var before rune // 0 at the beginning
	marks, flag := 0, 0
	for i, r := range words {
		place++
		if flag > 0 { // within the tags of a flag
			flag--
			before = r
			continue
		}
		after, _ := utf8.DecodeRuneInString(words[i+utf8.RuneLen(r):])
		if marks++; !unicode.IsMark(r) {
			marks = 0
		}
		if flag = tagsOfFlag(words[i:]); flag == 0 || r != blackFlag {
			flag = 0
			if does := doesTo(r, before, after); does != "" {
				return place, r, does
			}
		}
		if marks > mostMarks {
			return place, r, "more marks are stacked on one letter than any script has"
		}
		before = r
	}
	return 0, 0, ""
}

// isPlain says whether the words are nothing but printable ASCII, as most are.
func isPlain(words string) bool {
	for i := range len(words) {
		if words[i] < ' ' || words[i] > '~' {
			return false
		}
	}
	return true
}

// doesTo says what the rune does between the two beside it that words must not
// hold; "" for nothing of the kind.
func doesTo(r, before, after rune) string {
	switch {
	case r == '\n' || r == '\t' || r == '\r' && after == '\n':
		return ""
	case unicode.IsControl(r):
		return "it is a control character"
	case unicode.Is(reorders, r):
		return "it changes the order in which text is shown"
	case r == 0x2028 || r == 0x2029:
		return "it breaks the line unseen; use an ordinary line break"
	case r == '\u200d' && joinsEmoji(before, after), (r == '\u200c' || r == '\u200d') && joinsLetters(before):
		return ""
	case unicode.Is(unicode.Variation_Selector, r) && selects(r, before), r == 0x180E && unicode.Is(unicode.Mongolian, before):
		return ""
	case unicode.In(r, showsNothing, unicode.Cf) && !unicode.Is(signsBefore, r), r == 0xFFFC:
		return "it can't be seen"
	case unicode.IsMark(r) && before == 0:
		return "it is a mark without a letter"
	case unicode.Is(unicode.Co, r), !assigned(r) && !unicode.Is(emojiBlocks, r):
		return "not every screen shows it alike"
	}
	return ""
}

func assigned(r rune) bool {
	return unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Z, unicode.C) && !unicode.Is(unicode.Noncharacter_Code_Point, r)
}

// joinsEmoji says whether a joiner between them makes one emoji of two.
func joinsEmoji(before, after rune) bool { return isEmoji(before) && isEmoji(after) }

func isEmoji(r rune) bool {
	return unicode.In(r, unicode.So, unicode.Sk, emojiBlocks) || r == 0xFE0F || r == '↔' || r == '↕' || r == '→' || r == '⚕'
}

// joinsLetters says whether the letter or mark before a joiner is of a script
// that has use for one.
func joinsLetters(before rune) bool { return unicode.In(before, joined...) }

// selects says whether the rune before has forms to choose from by that
// variation selector.
func selects(r, before rune) bool {
	switch {
	case unicode.Is(unicode.Mongolian, r) || 0x180B <= r && r <= 0x180F:
		return unicode.Is(unicode.Mongolian, before)
	case r == 0xFE0E || r == 0xFE0F:
		return isEmoji(before) && before != 0xFE0F || unicode.In(before, unicode.Sm, unicode.Po) || strings.ContainsRune("0123456789ℹⓂ〰〽㊗㊙", before)
	default:
		return unicode.Is(unicode.Han, before)
	}
}

const blackFlag = '\U0001F3F4'

// flags are the black flag with the tags that make it the flag of England, Scotland or Wales.
var flags = []string{flagOf("gbeng"), flagOf("gbsct"), flagOf("gbwls")}

func flagOf(region string) string {
	return string(blackFlag) + strings.Map(func(r rune) rune { return 0xE0000 + r }, region) + "\U000E007F"
}

// tagsOfFlag is how many tags follow the black flag that the words begin with,
// where they make the flag of England, Scotland or Wales; 0 where they don't.
func tagsOfFlag(words string) int {
	for _, flag := range flags {
		if strings.HasPrefix(words, flag) {
			return utf8.RuneCountInString(flag) - 1
		}
	}
	return 0
}

// Reorders says whether the rune turns the order in which the text around it is
// shown: no words that are recorded now hold one, and those of an old ledger can.
func Reorders(r rune) bool { return r > unicode.MaxLatin1 && unicode.Is(reorders, r) }

// Hides says whether the rune must not be repeated where somebody's words are
// quoted: it can't be seen, is a control character or turns the order of text.
func Hides(r rune) bool {
	return unicode.IsControl(r) || r == utf8.RuneError || unicode.In(r, reorders, showsNothing, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp)
}
