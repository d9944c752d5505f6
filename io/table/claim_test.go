package table

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// A note tells of a run and its host, with room for 30 letters of it beside the longest command, and without a run of the process.
func TestClaimNote(t *testing.T) {
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	const command = "preprocess"
	got := ClaimNote(command, NewRunID())
	if !strings.HasPrefix(got, "run ") || !strings.HasSuffix(got, ", preprocess on "+host) || len(got)-len(host)+30 > MaxClaimNote {
		t.Errorf("%q", got)
	}
	if got := ClaimNote(command, ""); !strings.HasPrefix(got, "preprocess since 20") || !strings.HasSuffix(got, fmt.Sprintf(", process %d on %s", os.Getpid(), host)) {
		t.Errorf("%q", got)
	}
}
