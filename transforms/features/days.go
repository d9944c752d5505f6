package features

import (
	"fmt"
	"strconv"
	"strings"
)

// days is a date, a timestamp or a time of day in days since the beginning of 1970, UTC, or since midnight. The text is ISO's, as PostgreSQL
// prints it: 2020-02-29, 2020-02-29 13:05:00.25+02, 13:05.
func days(text, kind string) (float64, error) {
	wrong := func() (float64, error) {
		return 0, fmt.Errorf("%q is no %s such as 2020-02-29, 2020-02-29 13:05:00.25 or 13:05", text, kind)
	}
	rest := strings.TrimSpace(text)
	day := 0
	if !strings.HasPrefix(kind, "time ") {
		var ok bool
		var date string
		date, rest, _ = cutAny(rest, " T")
		bc := strings.HasSuffix(rest, "BC")
		if bc {
			rest = strings.TrimSpace(strings.TrimSuffix(rest, "BC"))
		}
		if day, ok = civil(date, bc); !ok {
			return wrong()
		}
		if rest == "" {
			return float64(day), nil
		}
	}
	clock, zone := rest, ""
	if i := strings.IndexAny(rest, "+-Z"); i >= 0 {
		clock, zone = rest[:i], rest[i:]
	}
	seconds, ok := sexagesimal(clock)
	if !ok {
		return wrong()
	}
	if zone != "" && zone != "Z" {
		offset, ok := sexagesimal(zone[1:])
		if !ok || zone[0] == 'Z' {
			return wrong()
		}
		if zone[0] == '+' {
			offset = -offset
		}
		seconds += offset
	}
	return float64(day) + seconds/86400, nil
}

func cutAny(s, chars string) (before, after string, found bool) {
	if i := strings.IndexAny(s, chars); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
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

// sexagesimal are the seconds of HH, HH:MM, HH:MM:SS or HH:MM:SS.fraction.
func sexagesimal(text string) (seconds float64, ok bool) {
	whole, fraction, _ := strings.Cut(text, ".")
	parts := strings.Split(whole, ":")
	if len(parts) > 3 || fraction != "" && len(parts) != 3 {
		return 0, false
	}
	total := 0
	for i := range 3 {
		n := 0
		if i < len(parts) {
			if n, ok = digits(parts[i]); !ok || len(parts[i]) != 2 || i > 0 && n > 60 || i == 0 && n > 24 {
				return 0, false
			}
		}
		total = 60*total + n
	}
	if fraction == "" {
		return float64(total), true
	}
	if _, ok := digits(fraction); !ok || len(fraction) > 9 {
		return 0, false
	}
	f, err := strconv.ParseFloat("0."+fraction, 64)
	return float64(total) + f, err == nil
}

// digits is a number of decimal digits only.
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
