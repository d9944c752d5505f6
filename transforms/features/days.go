package features

import (
	"fmt"
	"strings"

	"github.com/beamfit/beamfit/transforms/moment"
)

// days is a date, a timestamp or a time of day in days since the beginning of 1970, UTC, or since midnight.
func days(text, kind string) (float64, error) {
	parse := moment.Parse
	if strings.HasPrefix(kind, "time ") {
		parse = moment.ParseClock
	}
	m, ok := parse(text)
	if !ok {
		return 0, fmt.Errorf("%q is no %s such as 2020-02-29, 2020-02-29 13:05:00.25 or 13:05", text, kind)
	}
	return float64(m.Day) + (m.Clock-m.East).Seconds()/86400, nil
}
