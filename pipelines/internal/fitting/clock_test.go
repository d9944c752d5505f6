package fitting

import (
	"testing"
	"time"
)

// Scores that were there before the fit began, by another clock, are of its beginning.
func TestElapsed(t *testing.T) {
	f := &Fit{Began: time.Now(), earlier: time.Minute}
	for _, c := range []struct{ after, want time.Duration }{{-time.Hour, time.Minute}, {0, time.Minute}, {time.Second, 61 * time.Second}} {
		if got := f.elapsed(f.Began.Add(c.after)); got != c.want {
			t.Errorf("%v after the beginning: %v, want %v", c.after, got, c.want)
		}
	}
}
