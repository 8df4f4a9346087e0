package domain

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReadPence(t *testing.T) {
	for s, pence := range map[string]Pence{
		"12000": 12_000_00, "£12,000": 12_000_00, "12,000.50": 12_000_50, "0": 0, "£ 5": 5_00, " £5 ": 5_00, "1,234,567": 1_234_567_00, "0.05": 5,
		"12k": 12_000_00, "£12.5K": 12_500_00, "£12,000.00": 12_000_00, "0.25k": 250_00,
	} {
		got, err := ReadPence(s)
		require.NoError(t, err, s)
		require.Equal(t, pence, got, s)
	}
	for _, s := range []string{"", "lots", "12,50", "1.5", "1.234", "12000p", "1e3", "99999999999999999999", "£", "1,,000", ",5", "-1", "1.2.3", ".50", "k", "1234,567", "12,0001"} {
		_, err := ReadPence(s)
		require.Error(t, err, s)
	}
}

func TestReadDay(t *testing.T) {
	for s, day := range map[string]string{"9 March 2026": "2026-03-09", "9 Mar 2026": "2026-03-09", "9/3/2026": "2026-03-09", "09/03/2026": "2026-03-09", "2026-03-09": "2026-03-09"} {
		d, err := ReadDay(s)
		require.NoError(t, err, s)
		require.Equal(t, day, d.String())
	}
	for _, s := range []string{"soon", "31 February 2026", "3/2026", "1 May 3026"} {
		_, err := ReadDay(s)
		require.Error(t, err, s)
	}
}

func TestReadTime(t *testing.T) {
	for s, at := range map[string]string{"7pm": "19:00", "7:30pm": "19:30", "7.30 PM": "19:30", "14:00": "14:00", "9am": "09:00", "09.15": "09:15"} {
		got, err := ReadTime(s)
		require.NoError(t, err, s)
		require.Equal(t, at, got, s)
	}
	for _, s := range []string{"", "noonish", "25:00", "14", "13pm"} {
		_, err := ReadTime(s)
		require.Error(t, err, s)
	}
}

// What a command's member holds is read back from how it is written.
func TestWrittenIsReadBack(t *testing.T) {
	amount, months := Pence(12_000_50), 6
	for _, c := range []any{
		&RecordCommitment{Meeting: NewDay(2026, 3, 9), Matter: "access", Words: "Two.", Amount: &amount, Months: &months, OpenEnded: true, Consulted: []string{"LMC", "U42898"}, Given: Subject},
		&AdoptPosition{Replaces: []PositionRef{{Agreement: "P1", Matter: "access"}, {Agreement: "P2"}}},
		&ScheduleMeeting{At: "19:30", Agenda: []AgendaItem{{Matter: "workforce", Title: "Care coordinators"}, {Title: "Any other business: news"}}},
		&SetAgenda{Items: []GroupAgendaItem{{About: "P4", Title: "Its words"}, {Matter: "access/evenings", Title: "Evenings"}, {Title: "A: b"}, {About: "P4", Matter: "access", Title: "A: b"}, {About: "agenda/2026-02-09", Title: "The minutes"}}},
		&ItemMinute{Decisions: []ItemDecision{{Words: "To ask."}, {Words: "Not yet: later", Ref: "P4"}, {Ref: "E2"}}},
		&WithdrawMandate{Everything: true},
		&AnswerPriorities{Choices: []string{"Y2", "Y1"}},
	} {
		v := reflect.ValueOf(c).Elem()
		back := reflect.New(v.Type()).Elem()
		for _, f := range Describe(c).Fields {
			for _, s := range f.Written(v.FieldByIndex(f.Index)) {
				require.NoError(t, f.Read(back.FieldByIndex(f.Index), s), f.Name)
			}
		}
		require.Equal(t, v.Interface(), back.Interface())
	}
}
