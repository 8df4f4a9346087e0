package projections

import (
	"reflect"
	"strings"
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

// Only the settings that are counted in days are said in days.
func TestSettingsInTheirOwnUnits(t *testing.T) {
	for _, set := range domain.Settings {
		for _, value := range []int{1, set.Default} {
			words := SettingLine{Name: set.Name, Value: value}.Amount()
			require.Equal(t, strings.HasSuffix(set.Name, "Days"), strings.Contains(words, "day"), "%s: %s", set.Called, words)
		}
	}
	require.Equal(t, "3", SettingLine{Name: "quorumPeople", Value: 3}.Amount())
}
