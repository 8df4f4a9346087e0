package main

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"

	"goldenthread/api/lists"
	"goldenthread/domain"
)

// mostPCNs is the most PCNs of one generated place: beyond that a sub-ICB is
// cut into parts.
const mostPCNs = 10

const generatedSource = "NHS England, Organisation Data Service; list sizes are made up"

// A part is a place as it is generated: a sub-ICB, or a part of a large one.
type part struct {
	group     string // name in addresses
	code      string // of the place
	name      string // in sentences
	pcns      []domain.OrganisationRow
	practices []domain.OrganisationRow
}

// An england is what the lists say, by sub-ICB. Only what is open counts, and
// it is taken to have been there from the first day on.
type england struct {
	from      domain.Day
	pcns      map[string][]domain.OrganisationRow // by sub-ICB
	practices map[string]string                   // sub-ICB, by practice
	member    map[string]string                   // PCN, by practice
}

// readEngland reads lists of practices, PCNs and memberships.
func readEngland(organisations []string, memberships string, from domain.Day) (*england, error) {
	e := &england{from: from, pcns: map[string][]domain.OrganisationRow{}, practices: map[string]string{}, member: map[string]string{}}
	for _, name := range organisations {
		if err := readLines(name, e.addOrganisation); err != nil {
			return nil, err
		}
	}
	return e, readLines(memberships, e.addMembership)
}

func readLines(name string, add func(lists.Line)) error {
	b, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	return lists.ReadLines(lists.File{Name: name, Body: b}, add)
}

func (e *england) addOrganisation(line lists.Line) {
	within := line.First("sub_icb")
	if line.First("close") != "" || within == "" || line.Has("status") && line.First("status") != "ACTIVE" {
		return
	}
	if code := line.First("pcn"); code != "" {
		e.pcns[within] = append(e.pcns[within], domain.OrganisationRow{Code: code, Kind: domain.PCN, Name: line.First("name"), Opened: e.from, Source: generatedSource})
		return
	}
	e.practices[line.First("ods")] = within
}

// addMembership takes the membership that has no end.
func (e *england) addMembership(line lists.Line) {
	if line.First("end") == "" {
		e.member[line.First("practice")] = line.First("pcn")
	}
}

// parts are the places, in order of their names. A practice is in the part of
// its PCN; one without a PCN is left out, and so is a PCN without a practice.
func (e *england) parts() []*part {
	of := map[string][]string{} // practices, by PCN
	for code := range e.practices {
		of[e.member[code]] = append(of[e.member[code]], code)
	}
	var parts []*part
	for within, pcns := range e.pcns {
		pcns = slices.DeleteFunc(pcns, func(p domain.OrganisationRow) bool { return len(of[p.Code]) == 0 })
		slices.SortFunc(pcns, func(a, b domain.OrganisationRow) int { return cmp.Compare(a.Code, b.Code) })
		n := (len(pcns) + mostPCNs - 1) / mostPCNs
		for i := range n {
			p := &part{code: within, name: within, pcns: pcns[i*len(pcns)/n : (i+1)*len(pcns)/n]}
			if n > 1 {
				p.code += "-" + strconv.Itoa(i+1)
				p.name += " " + strconv.Itoa(i+1)
			}
			p.group = strings.ToLower(p.code)
			p.fill(of, e.from)
			parts = append(parts, p)
		}
	}
	slices.SortFunc(parts, func(a, b *part) int { return cmp.Compare(a.group, b.group) })
	return parts
}

// fill puts the PCNs and their practices into the place.
func (p *part) fill(of map[string][]string, from domain.Day) {
	span := domain.Span{From: from}
	for i := range p.pcns {
		pcn := &p.pcns[i]
		pcn.Parents = []domain.MembershipRow{{In: p.code, Span: span}}
		for _, code := range slices.Sorted(slices.Values(of[pcn.Code])) {
			p.practices = append(p.practices, domain.OrganisationRow{
				Code: code, Kind: domain.Practice, Name: "Practice " + code, Opened: from, Source: generatedSource,
				Parents: []domain.MembershipRow{{In: p.code, Span: span}, {In: pcn.Code, Span: span}},
			})
		}
	}
}

// luck is the place's own source of chance: the same for the same seed,
// whatever other places there are.
func (p *part) luck(seed uint64) *rand.Rand {
	h := fnv.New64a()
	fmt.Fprint(h, p.group)
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}
