package projections

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/domain"
)

// Whoever consents to another charter is told of each setting that it changes, and who
// asks for the charter is told of each that it has.
func TestEverySettingOfTheCharterIsSaid(t *testing.T) {
	g := sit(t).found().fold()
	now := *g.state.Charter()
	same := g.charterSay(&domain.ChangeCharter{Version: 1, Charter: now})
	require.Contains(t, same, "says the same")
	answer := g.Charter(day("2026-01-10"))
	require.Equal(t, answer, g.Charter(day("2026-01-10")))
	for i := range reflect.TypeFor[domain.Charter]().NumField() {
		name := reflect.TypeFor[domain.Charter]().Field(i).Name
		if name == "Zero" { // names what is asked to be 0, and is said with it
			continue
		}
		other := now
		switch field := reflect.ValueOf(&other).Elem().Field(i); field.Kind() {
		case reflect.Int:
			field.SetInt(field.Int() + 1)
		case reflect.Bool:
			field.SetBool(!field.Bool())
		case reflect.String:
			field.SetString(field.String() + "-other")
		case reflect.Slice:
			field.Set(reflect.ValueOf([]string{"other"}))
		default:
			t.Errorf("%s is a %s", name, field.Kind())
		}
		require.NotEqual(t, same, g.charterSay(&domain.ChangeCharter{Version: 1, Charter: other}), "charterSay says nothing of %s", name)
		*g.state.Charter() = other
		require.NotEqual(t, answer, g.Charter(day("2026-01-10")), "CharterInForce says nothing of %s", name)
		*g.state.Charter() = now
	}
}
