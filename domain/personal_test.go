package domain

import "testing"

// What is sealed can't be looked at afterwards, so it is looked at before.
func TestPersonalDataIsLookedAt(t *testing.T) {
	for _, good := range []PersonalData{
		{}, {Name: "Dr Mary O’Neill", Email: "mary.o'neill+gp@nhs.net", Phone: "+44 161 496 0000 (ext. 2)"}, {Email: "a@b.c"}, {Email: "müller@praxis.example"},
	} {
		r := &Request{Command: &RegisterPerson{PersonEntry{Handle: "x", Office: "X", Personal: &good}}}
		if refusal := r.CheckPersonal(); refusal != nil {
			t.Errorf("%+v: %v", good, refusal)
		}
	}
	for _, bad := range []PersonalData{
		{Name: "Mary\nBcc: everybody@nhs.net"}, {Phone: "0161\r\n496"}, {Email: "mary"}, {Email: "mary@nhs"}, {Email: "@nhs.net"}, {Email: "mary@nhs.net, all@nhs.net"},
		{Email: "mary@@nhs.net"}, {Email: "mary @nhs.net"}, {Email: "mary@nhs..net"}, {Email: "mary@.net"}, {Email: "Mary <mary@nhs.net>"}, {Email: "mary@nhs.net\n"}, {Email: "mary@nhs.\u00a0net"},
	} {
		r := &Request{Command: &RegisterPerson{PersonEntry{Handle: "x", Office: "X", Personal: &bad}}}
		if refusal := r.CheckPersonal(); refusal == nil || refusal.Rule != "L7" {
			t.Errorf("%+v: %v", bad, refusal)
		}
	}
}
