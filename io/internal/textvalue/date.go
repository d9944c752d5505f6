package textvalue

import "time"

// A Moment is what kind of day or time a text is, in the form of ISO 8601 that PostgreSQL prints.
type Moment int

const (
	NoMoment Moment = iota
	Date            // 2024-02-29
	// Timestamp is one without a time zone: 2024-02-29 23:59:59.123456, with at most six digits of a second, none of them a zero at the end.
	Timestamp
)

// MomentOf tells whether a text is a date or a timestamp of the years 1 to 9999. Other spellings are neither: they would have to be changed to be
// the same in every store.
func MomentOf(t []byte) Moment {
	const day, clock = len("2006-01-02"), len(" 15:04:05")
	if len(t) < day || t[4] != '-' || t[7] != '-' {
		return NoMoment
	}
	if _, err := time.Parse(time.DateOnly, string(t[:day])); err != nil || string(t[:4]) == "0000" {
		return NoMoment
	}
	if len(t) == day {
		return Date
	}
	if len(t) < day+clock || t[day] != ' ' {
		return NoMoment
	}
	if _, err := time.Parse(" "+time.TimeOnly, string(t[day:day+clock])); err != nil {
		return NoMoment
	}
	fraction := t[day+clock:]
	if len(fraction) == 0 {
		return Timestamp
	}
	if fraction[0] != '.' || len(fraction) < 2 || len(fraction) > 7 || fraction[len(fraction)-1] == '0' {
		return NoMoment
	}
	for _, c := range fraction[1:] {
		if c < '0' || c > '9' {
			return NoMoment
		}
	}
	return Timestamp
}
