// Package moment reads dates, timestamps and times of day from ISO's texts, as PostgreSQL prints them, and writes moments in UTC: one parser for
// those who make numbers of them (features) and those who compare them (sqlkey).
//
// Words: a Moment is a day of the proleptic Gregorian calendar and a clock, both those of its zone; a zone is how far its clock is ahead of UTC.
//
//	date   = YYYY-MM-DD                                  years of 4 to 7 digits
//	clock  = HH[:MM[:SS[.fraction]]]                     fractions of up to 9 digits; 24:00 and the second 60 are those that follow
//	zone   = "Z" | ("+" | "-") clock
//	moment = date [(" " | "T") clock [zone]] [" BC"]     blanks around it do not count
//
// # Guarantees
//
// A Moment is exact, to the nanosecond. Texts of the same moment, in whatever form and zone, have the same text in UTC, which Parse reads as that moment.
//
// # Failure
//
// A text of any other form, as infinity, or of a day that no calendar has, is ok=false. Nothing is guessed.
package moment

import (
	"fmt"
	"strings"
	"time"
)

// A Moment is what a text says.
type Moment struct {
	Day   int           // since 1970-01-01, in its zone
	Clock time.Duration // since midnight there
	Zoned bool          // the text has a zone; one without is understood in UTC
	East  time.Duration // how far the zone's clock is ahead of UTC
}

// Parse reads a date or a timestamp.
func Parse(text string) (m Moment, ok bool) {
	text = strings.TrimSpace(text)
	date, rest := text, ""
	if i := strings.IndexAny(text, " T"); i >= 0 {
		date, rest = text[:i], text[i+1:]
	}
	rest, bc := strings.CutSuffix(rest, "BC")
	if bc {
		rest = strings.TrimSpace(rest)
	}
	day, ok := civil(date, bc)
	if !ok {
		return Moment{}, false
	}
	if rest == "" {
		return Moment{Day: day}, true
	}
	m, ok = ParseClock(rest)
	m.Day = day
	return m, ok
}

// ParseClock reads a time of day, with a zone or without, as that of day 0.
func ParseClock(text string) (m Moment, ok bool) {
	clock, zone := strings.TrimSpace(text), ""
	if i := strings.IndexAny(clock, "+-Z"); i >= 0 {
		clock, zone = clock[:i], clock[i:]
	}
	if m.Clock, ok = sexagesimal(clock); !ok || zone == "" {
		return m, ok
	}
	m.Zoned = true
	if zone == "Z" {
		return m, true
	}
	m.East, ok = sexagesimal(zone[1:])
	if zone[0] == '-' {
		m.East = -m.East
	}
	return m, ok && zone[0] != 'Z'
}

// UTC is the moment in UTC as PostgreSQL prints it, 2020-02-29 13:05:00.25+00; before the year 1 there is 1 BC.
func (m Moment) UTC() string {
	t := time.Unix(int64(m.Day)*86400, 0).UTC().Add(m.Clock - m.East)
	year, era := t.Year(), ""
	if year <= 0 {
		year, era = 1-year, " BC"
	}
	return fmt.Sprintf("%04d", year) + t.Format("-01-02 15:04:05.999999999") + "+00" + era
}

// civil is the number of a day of the proleptic Gregorian calendar, 0 for 1970-01-01.
//
// Source: H. Hinnant, "chrono-compatible low-level date algorithms", days_from_civil.
func civil(date string, bc bool) (day int, ok bool) {
	parts := strings.Split(date, "-")
	if len(parts) != 3 || len(parts[0]) < 4 || len(parts[0]) > 7 || len(parts[1]) != 2 || len(parts[2]) != 2 {
		return 0, false
	}
	var ymd [3]int
	for i, p := range parts {
		if ymd[i], ok = digits(p); !ok {
			return 0, false
		}
	}
	y, m, d := ymd[0], ymd[1], ymd[2]
	if y == 0 {
		return 0, false
	}
	if bc {
		y = 1 - y
	}
	leap := y%4 == 0 && (y%100 != 0 || y%400 == 0)
	lengths := [...]int{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}
	if leap {
		lengths[1] = 29
	}
	if m < 1 || m > 12 || d < 1 || d > lengths[m-1] {
		return 0, false
	}
	if m <= 2 {
		y--
	}
	era := y / 400
	if y < 0 {
		era = (y - 399) / 400
	}
	year := y - era*400
	return era*146097 + year*365 + year/4 - year/100 + (153*((m+9)%12)+2)/5 + d - 1 - 719468, true
}

// sexagesimal is the time of HH, HH:MM, HH:MM:SS or HH:MM:SS.fraction.
func sexagesimal(text string) (d time.Duration, ok bool) {
	whole, fraction, _ := strings.Cut(text, ".")
	parts := strings.Split(whole, ":")
	if len(parts) > 3 || fraction != "" && len(parts) != 3 {
		return 0, false
	}
	for i, unit := range []time.Duration{time.Hour, time.Minute, time.Second}[:len(parts)] {
		n, ok := digits(parts[i])
		if !ok || len(parts[i]) != 2 || n > [...]int{24, 59, 60}[i] {
			return 0, false
		}
		d += time.Duration(n) * unit
	}
	ok = true
	if fraction != "" {
		var n int
		n, ok = digits(fraction)
		for range 9 - len(fraction) {
			n *= 10
		}
		d += time.Duration(n)
	}
	return d, ok && (parts[0] != "24" || d == 24*time.Hour)
}

// digits is a number of up to 9 decimal digits only.
func digits(text string) (n int, ok bool) {
	if text == "" || len(text) > 9 {
		return 0, false
	}
	for _, c := range []byte(text) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int(c-'0')
	}
	return n, true
}
