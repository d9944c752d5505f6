package sqlkey

import (
	"strings"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/transforms/moment"
)

// isMoment reports the type timestamp with time zone, whose text depends on the time zone of the session that read it.
func isMoment(t table.Type) bool {
	return t.Kind == table.Other && strings.TrimSuffix(t.SQL, "[]") == "timestamp with time zone"
}

// inUTC is a timestamp with time zone in UTC, as PostgreSQL prints it there. Any other text, such as infinity, or a timestamp without a zone,
// stays as it is.
func inUTC(text string) string {
	if isInUTC(text) {
		return text
	}
	m, ok := moment.Parse(text)
	if !ok || !m.Zoned {
		return text
	}
	return m.UTC()
}

// isInUTC reports without reading them most of the texts that are in UTC already: those of 2020-02-29 13:05:00.25+00 that have no zero
// at the end of a fraction, and no hour 24 or second 60.
func isInUTC(text string) bool {
	at := len("2020-02-29 13:05:00")
	end := len(text) - len("+00")
	if end < at || text[end:] != "+00" || text[10] != ' ' || text[11:13] >= "24" || text[14:16] >= "60" || text[17:19] >= "60" {
		return false
	}
	return end == at || text[at] == '.' && text[end-1] != '.' && text[end-1] != '0'
}
