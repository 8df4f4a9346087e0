package domain

import "testing"

// A line of a card is left out just if it says in everything what the line above it says.
func TestCardLinesSayTheSame(t *testing.T) {
	one := CheckAnswer{Verdict: MayCommitNow, Say: "Yes.", Reasons: []Reason{{"R2", "a"}}, Limits: []Limit{{Of: "R1"}}, Conditions: []string{"a"}}
	if other := one; !one.saysAs(&other) {
		t.Error("an answer does not say what it says")
	}
	for name, change := range map[string]func(*CheckAnswer){
		"verdict":    func(a *CheckAnswer) { a.Verdict = MustNot },
		"say":        func(a *CheckAnswer) { a.Say = "No." },
		"reasons":    func(a *CheckAnswer) { a.Reasons = []Reason{{"R3", "a"}} },
		"limits":     func(a *CheckAnswer) { a.Limits = nil },
		"conditions": func(a *CheckAnswer) { a.Conditions = []string{"b"} },
	} {
		other := one
		change(&other)
		if one.saysAs(&other) {
			t.Errorf("another %s says the same", name)
		}
	}
	other := one
	other.Reasons = []Reason{{"R2", "in other words"}}
	if !one.saysAs(&other) {
		t.Error("the same rule in other words is another answer")
	}
}
