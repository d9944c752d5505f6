package moment

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParse(t *testing.T) {
	const hour = time.Hour
	for _, c := range []struct {
		text string
		want Moment
		utc  string
	}{
		{"1970-01-02", Moment{Day: 1}, "1970-01-02 00:00:00+00"},
		{" 1970-01-02 03:00 ", Moment{Day: 1, Clock: 3 * hour}, "1970-01-02 03:00:00+00"},
		{"1970-01-02T03:00:00Z", Moment{Day: 1, Clock: 3 * hour, Zoned: true}, "1970-01-02 03:00:00+00"},
		{"1970-01-01 01:00:00.250+02", Moment{Clock: hour + hour/14400, Zoned: true, East: 2 * hour}, "1969-12-31 23:00:00.25+00"},
		{"1970-01-01 01:00:00.123456789-00:00:36", Moment{Clock: hour + 123456789, Zoned: true, East: -36 * time.Second}, "1970-01-01 01:00:36.123456789+00"},
		{"1970-01-01 24:00:00+00", Moment{Clock: 24 * hour, Zoned: true}, "1970-01-02 00:00:00+00"},
		{"1970-01-01 23:59:60+00", Moment{Clock: 24 * hour, Zoned: true}, "1970-01-02 00:00:00+00"},
		{"0001-01-01 01:00:00+02", Moment{Day: -719162, Clock: hour, Zoned: true, East: 2 * hour}, "0001-12-31 23:00:00+00 BC"},
		{"0001-12-31 23:00:00+00 BC", Moment{Day: -719163, Clock: 23 * hour, Zoned: true}, "0001-12-31 23:00:00+00 BC"},
		{"9999999-12-31 00:00:00+00", Moment{Day: 3651705471, Zoned: true}, "9999999-12-31 00:00:00+00"},
	} {
		got, ok := Parse(c.text)
		if !ok || got != c.want || got.UTC() != c.utc {
			t.Errorf("%q: %+v, %s, %t; want %+v, %s", c.text, got, got.UTC(), ok, c.want, c.utc)
		}
	}
	for _, text := range []string{
		"", "infinity", "2024-02-30", "2024-1-01", "2024-01-01+00", "2024-01-01 +00", "2024-01-01 1:00", "2024-01-01 25:00", "2024-01-01 10:61", "2024-01-01 10:00 +00",
		"2024-01-01 10:00:00.1234567890+00", "2024-01-01 10:00:00.-1+00", "2024-01-01 10:00.5", "2024-01-01 10:00Z1", "2024-01-01 10:00+", "2024-01-01 10:00+1", "2024-01-01 10:00+01:00:00:00",
		"2024-01-01 24:00:60+00", "2024-01-01 24:30", "2024-01-01 24:00:00.5+00", "2024-01-01 10:60", "2024-01-01 10:00:61", "0000-01-01 12:00:00+00",
	} {
		if m, ok := Parse(text); ok {
			t.Errorf("%q is %+v", text, m)
		}
	}
	if m, ok := ParseClock("13:30:00-02"); !ok || m != (Moment{Clock: 13*hour + hour/2, Zoned: true, East: -2 * hour}) {
		t.Errorf("%+v, %t", m, ok)
	}
	if _, ok := ParseClock("2024-01-01 13:30"); ok {
		t.Error("a timestamp is no time of day")
	}
}

// The text in UTC is that of the moment in any zone, and reads as that moment again.
func TestUTC(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(-60_000_000_000, 250_000_000_000).Draw(t, "seconds"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanoseconds"))
		east := rapid.IntRange(-16*3600, 16*3600).Draw(t, "east")
		zone := time.Unix(int64(max(east, -east)), 0).UTC().Format("15:04:05") // Go prints no seconds of zones west of Greenwich
		local, ok := Parse(at.In(time.FixedZone("", east)).Format("2006-01-02T15:04:05.000000000") + map[bool]string{true: "-", false: "+"}[east < 0] + zone)
		want := at.UTC().Format("2006-01-02 15:04:05.999999999") + "+00"
		if !ok || local.UTC() != want {
			t.Fatalf("%v: %+v, %t, %s", at, local, ok, local.UTC())
		}
		again, ok := Parse(want)
		if !ok || again.UTC() != want || again.East != 0 {
			t.Fatalf("%s: %+v, %t", want, again, ok)
		}
	})
}
