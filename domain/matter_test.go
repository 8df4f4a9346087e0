package domain

import "testing"

// Words that are nearly a subject's are offered that subject; others are not.
func TestSubjectsThatSoundAlike(t *testing.T) {
	for _, is := range []struct {
		words, matter string
		alike         bool
	}{
		{"work force", "workforce", true}, {"vacination", "vaccination", true}, {"vaccinations", "vaccination", true}, {"Extended hour", "access/extended-hours", true},
		{"estate", "estates", true}, {"comunications", "communications", true}, {"local scheme", "contracts/local-schemes", true},
		{"dentistry", "digital", false}, {"nurses", "workforce", false}, {"it", "estates", false}, {"", "access", false}, {"acess", "access", true},
	} {
		if soundsLike(is.words, is.matter) != is.alike {
			t.Errorf("%q and %s: alike is %v", is.words, is.matter, !is.alike)
		}
	}
}
