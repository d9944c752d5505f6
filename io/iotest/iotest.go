package iotest

import (
	"os"
	"testing"
)

// A Site is a place for one store that is empty when a test begins and that no other test uses.
type Site struct {
	// URL opens the store; it may be opened several times.
	URL string
	// Staging names what is staged there now (tables or folders that belong to unfinished outputs), nil when nothing is.
	// The suite requires that nothing stays behind. Without it those checks are left out.
	Staging func(t *testing.T) []string
}

// Run runs the whole suite; site makes an empty place for each test and cleans it when the test ends.
func Run(t *testing.T, site func(t *testing.T) Site) {
	if os.Getenv(childURL) != "" {
		childMain(t)
		return
	}
	for _, group := range []struct {
		name  string
		cases []testCase
	}{
		{"values", valueCases},
		{"float32", float32Cases},
		{"names", nameCases},
		{"lookup", lookupCases},
		{"read", readCases},
		{"snapshot", snapshotCases},
		{"output", outputCases},
		{"ordered", orderedCases},
		{"replace", replaceCases},
		{"fetch", fetchCases},
		{"owned", ownedCases},
		{"cut", cutCases},
		{"mutate", mutateCases},
		{"drop", dropCases},
		{"cancel", cancelCases},
		{"ref", refCases},
		{"claim", claimCases},
		{"killed", killedCases},
	} {
		t.Run(group.name, func(t *testing.T) {
			for _, c := range group.cases {
				t.Run(c.name, func(t *testing.T) { c.run(t, site(t)) })
			}
		})
	}
}

type testCase struct {
	name string
	run  func(t *testing.T, site Site)
}
