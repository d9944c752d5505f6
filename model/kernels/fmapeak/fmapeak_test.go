package fmapeak

import (
	"testing"
	"time"
)

func TestFLOPS(t *testing.T) {
	run, _ := loop()
	got := FLOPS(time.Millisecond)
	if run == nil {
		if got != 0 {
			t.Errorf("FLOPS = %v without a loop", got)
		}
		return
	}
	if got <= 0 {
		t.Errorf("FLOPS = %v", got)
	}
}
