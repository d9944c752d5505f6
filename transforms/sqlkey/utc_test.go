package sqlkey

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/beamfit/beamfit/transforms/moment"
)

// What is taken for a text in UTC without being read is what reading makes of it.
func TestInUTCAlready(t *testing.T) {
	for _, text := range []string{"2024-01-01 12:00:00+00", "2024-01-01 23:59:59.25+00"} {
		if !isInUTC(text) {
			t.Errorf("%s is in UTC", text)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`2024-0[0-3]-[0-3][0-9][ T][0-2][0-9]:[0-6][0-9](:[0-6][0-9](\.[0-9]{0,10})?)?(\+00|\+00|Z)`).Draw(t, "text")
		if m, ok := moment.Parse(text); ok && isInUTC(text) && m.UTC() != text {
			t.Fatalf("%q is %s", text, m.UTC())
		}
	})
	for _, text := range []string{"2024-01-01 24:00:00+00", "2024-01-01 12:60:00+00", "2024-01-01 12:00:60+00", "2024-01-01 12:00:00.+00", "2024-01-01 12:00:00.50+00", "2024-01-01T12:00:00+00", "2024-01-01 12:00+00"} {
		if isInUTC(text) {
			t.Errorf("%s is written otherwise in UTC", text)
		}
	}
}
