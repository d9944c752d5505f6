package sqlkey

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/beamfit/beamfit/io/table"
)

// isMoment reports the type timestamp with time zone, whose text depends on the time zone of the session that read it.
func isMoment(t table.Type) bool {
	return t.Kind == table.Other && strings.TrimSuffix(t.SQL, "[]") == "timestamp with time zone"
}

// inUTC is a timestamp with time zone, as PostgreSQL prints it, in UTC. Any other text, such as infinity, stays as it is.
func inUTC(text string) string {
	if strings.HasSuffix(text, "+00") {
		return text
	}
	rest, bc := strings.CutSuffix(text, " BC")
	date, clock, _ := strings.Cut(rest, " ")
	i := strings.LastIndexAny(clock, "+-")
	if i < 0 {
		return text
	}
	clock, zone := clock[:i], clock[i:]
	clock, fraction, _ := strings.Cut(clock, ".")
	days, ok := numbers(date, "-", 3)
	hours, ok2 := numbers(clock, ":", 3)
	offset, ok3 := numbers(zone[1:], ":", strings.Count(zone, ":")+1)
	if !ok || !ok2 || !ok3 || len(offset) > 3 {
		return text
	}
	year := days[0]
	if bc {
		year = 1 - year
	}
	east := 1
	if zone[0] == '-' {
		east = -1
	}
	seconds := 0
	for i, unit := range []int{3600, 60, 1}[:len(offset)] {
		seconds += east * unit * offset[i]
	}
	local := time.Date(year, time.Month(days[1]), days[2], hours[0], hours[1], hours[2], 0, time.UTC)
	if local.Month() != time.Month(days[1]) || local.Day() != days[2] || local.Hour() != hours[0] {
		return text // no day of the calendar
	}
	return momentText(local.Add(-time.Duration(seconds)*time.Second), fraction)
}

// momentText is a time in UTC as PostgreSQL prints it; before the year 1 there is 1 BC.
func momentText(t time.Time, fraction string) string {
	year, era := t.Year(), ""
	if year <= 0 {
		year, era = 1-year, " BC"
	}
	if fraction != "" {
		fraction = "." + fraction
	}
	return fmt.Sprintf("%04d", year) + t.Format("-01-02 15:04:05") + fraction + "+00" + era
}

// numbers are the n parts of a text, which are all digits.
func numbers(text, between string, n int) (out []int, ok bool) {
	for part := range strings.SplitSeq(text, between) {
		x, err := strconv.ParseUint(part, 10, 31)
		if err != nil {
			return nil, false
		}
		out = append(out, int(x))
	}
	return out, len(out) == n
}
