package lists

import (
	"strings"
	"unicode"
)

// kept are words that stay in capitals, besides those that no vowel makes readable.
var kept = words("NHS LMC PCN PCNS GP GPS ICB ICS CIC LLP PLC UK II III IV VI NE NW SE SW ABC HMG APMS PMS GMS OOH UTC")

// lower are words that stay small inside a name.
var lower = words("and of the at in on for to by with upon under le de la du next near")

// written are words that are written in a way of their own.
var written = map[string]string{
	"DR": "Dr", "DRS": "Drs", "ST": "St", "STS": "Sts", "MR": "Mr", "MRS": "Mrs", "MS": "Ms", "LTD": "Ltd", "NR": "nr", "MT": "Mt", "LYNN": "Lynn",
	"GPNET": "GPnet", "NHS": "NHS", "BY": "by", "MY": "My", "RD": "Rd", "HTH": "Hth", "CTR": "Ctr", "PRACT": "Pract", "SGY": "Sgy", "MED": "Med",
}

func words(s string) map[string]bool {
	set := map[string]bool{}
	for word := range strings.FieldsSeq(strings.ToUpper(s)) {
		set[word] = true
	}
	return set
}

// OrdinaryCase is a name that a list writes in capitals as people write it:
// "WHITEFIELD DISTRICT & COMMUNITY PCN" is "Whitefield District & Community PCN". A
// name that has small letters already is left as it is, but for its spaces.
func OrdinaryCase(name string) string {
	name = strings.Join(strings.Fields(name), " ")
	if strings.ContainsFunc(name, unicode.IsLower) {
		return name
	}
	var b strings.Builder
	first := true
	for i := 0; i < len(name); {
		n := strings.IndexFunc(name[i:], func(r rune) bool { return !partOfWord(r) })
		if n < 0 {
			n = len(name) - i
		}
		if n > 0 {
			inside := i > 0 && strings.ContainsRune(" -", rune(name[i-1])) && !first
			if n <= 3 && i > 0 && name[i-1] == '(' && strings.HasPrefix(name[i+n:], ")") { // such as (ACF)
				b.WriteString(name[i : i+n])
			} else {
				b.WriteString(ordinaryWord(name[i:i+n], inside))
			}
			first = false
			i += n
			continue
		}
		r := []rune(name[i:])[0]
		b.WriteRune(r)
		first = first || strings.ContainsRune("(/:", r)
		i += len(string(r))
	}
	return b.String()
}

func partOfWord(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '\'' || r == '’' || r == '.'
}

// ordinaryWord is one word; inside says that another stands before it.
func ordinaryWord(word string, inside bool) string {
	bare := strings.TrimRight(word, ".")
	switch {
	case inside && lower[bare]:
		return strings.ToLower(word)
	case written[bare] != "" && (inside || bare != "BY"):
		return written[bare] + word[len(bare):]
	case kept[bare], len(bare) <= 7 && strings.ContainsFunc(bare, unicode.IsDigit), strings.Contains(bare, "."), len(bare) <= 5 && !strings.ContainsAny(bare, "AEIOUY'’"):
		return word
	}
	runes := []rune(strings.ToLower(word))
	up := func(i int) {
		if i < len(runes) {
			runes[i] = unicode.ToUpper(runes[i])
		}
	}
	up(0)
	if strings.HasPrefix(word, "MC") && len(runes) > 4 {
		up(2)
	}
	for i, r := range runes { // O'Brien, but Mary's
		if (r == '\'' || r == '’') && i == 1 && len(runes) > 3 {
			up(i + 1)
		}
	}
	return string(runes)
}
