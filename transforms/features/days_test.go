package features

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestDays(t *testing.T) {
	for _, c := range []struct {
		text, kind string
		want       float64
		ok         bool
	}{
		{"1970-01-01", "date", 0, true},
		{" 2020-02-29 ", "date", 18321, true},
		{"10000-01-01", "date", 2932897, true},
		{"0001-01-01", "date", -719162, true},
		{"0001-12-31 BC", "date", -719163, true},
		{"4713-01-01 BC", "date", -2440550, true}, // in the proleptic Gregorian calendar
		{"2020-02-29 24:00:00", "timestamp without time zone", 18322, true},
		{"2020-02-29 06:00:00 BC", "timestamp without time zone", 0, false}, // 2020 BC had none
		{"2021-02-28 06:00:00 BC", "timestamp without time zone", -1457259.75, true},
		{"1970-01-01 00:00:00.000001", "timestamp without time zone", 1e-6 / 86400, true},
		{"1970-01-01T03:00:00+03:00:00", "timestamp with time zone", 0, true},
		{"1970-01-01 00:00:00-00:00:36", "timestamp with time zone", 36. / 86400, true},
		{"1970-01-01 23:00:00.1+23", "timestamp with time zone", .1 / 86400, true},
		{"13:30", "time without time zone", 0.5625, true},
		{"2020-02-30", "date", 0, false},
		{"2021-02-29", "date", 0, false},
		{"2020-2-1", "date", 0, false},
		{"29/02/2020", "date", 0, false},
		{"20200229", "date", 0, false},
		{"", "date", 0, false},
		{"-infinity", "date", 0, false},
		{"2020-01-01 25:00", "timestamp without time zone", 0, false},
		{"2020-01-01 10:61", "timestamp without time zone", 0, false},
		{"2020-01-01 10:00:00.", "timestamp without time zone", 18262 + 10./24, true},
		{"2020-01-01 10:00.5", "timestamp without time zone", 0, false},
		{"2020-01-01 10:00Z1", "timestamp with time zone", 0, false},
		{"1:30", "time without time zone", 0, false},
	} {
		got, err := days(c.text, c.kind)
		if got != c.want || (err == nil) != c.ok {
			t.Errorf("%q: %v, %v, want %v", c.text, got, err, c.want)
		}
	}
}

// Days count as Go's calendar does.
func TestDaysCount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seconds := rapid.Int64Range(-60_000_000_000, 250_000_000_000).Draw(t, "seconds")
		at := time.Unix(seconds, 0).UTC()
		got, err := days(fmt.Sprintf("%04d-%02d-%02d %s", at.Year(), at.Month(), at.Day(), at.Format("15:04:05")), "timestamp without time zone")
		day := seconds / 86400
		if seconds%86400 < 0 {
			day--
		}
		if want := float64(day) + float64(seconds-86400*day)/86400; err != nil || got != want {
			t.Fatalf("%v: %v, %v, want %v", at, got, err, want)
		}
	})
}
