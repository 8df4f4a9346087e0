package pages

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/domain"
)

// A refusal finds its row though others were left empty, in rows within rows too.
func TestRefusalFindsItsRow(t *testing.T) {
	f := &filling{values: url.Values{
		"powers-0-matter": {""}, "powers-1-matter": {"access"}, "powers-1-may": {"decide"},
		"powers-1-conditions-0-when": {""}, "powers-1-conditions-1-when": {"before"}, "powers-1-conditions-1-body": {"LMC"},
	}}
	var one domain.GrantDelegation
	f.read(&one)
	require.Len(t, one.Powers, 1)
	require.Equal(t, domain.Power{Matter: "access", May: []string{"decide"}, Conditions: []domain.Condition{{When: "before", Body: "LMC"}}}, one.Powers[0])
	require.Equal(t, "/powers/1/conditions/1/body", f.origin("/powers/0/conditions/0/body"))
}
