package iotest

import (
	"os"
	"testing"

	"github.com/beamfit/beamfit/io/table"
)

// A Site is a place for one store that is empty when a test begins and that no other test uses.
type Site struct {
	// URL opens the store; it may be opened several times.
	URL string
	// Staging names what is staged there now (tables or folders that belong to unfinished outputs), nil when nothing is.
	// The suite requires that nothing stays behind. Without it those checks are left out.
	Staging func(t *testing.T) []string
	// Ended waits until the store knows that a process has ended that was killed, or gives up in time. Until then the process counts
	// as living, and what it was writing is not swept. The process had its mark in the environment variable ProcessMark. Without
	// Ended the store knows at once.
	Ended func(t *testing.T, mark string)
	// Open opens the store where it has no URL.
	Open func(t *testing.T) table.Store
	// Without are the names of cases and groups that mean nothing to such a store, with the reason.
	Without map[string]string
}

// ProcessMark is the environment variable in which a process that Run kills has a mark of its own. To PostgreSQL it is the name of the
// application.
const ProcessMark = "PGAPPNAME"

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
		{"selection", selectionCases},
		{"output", outputCases},
		{"ordered", orderedCases},
		{"replace", replaceCases},
		{"remove", removeCases},
		{"fetch", fetchCases},
		{"owned", ownedCases},
		{"cut", cutCases},
		{"mutate", mutateCases},
		{"drop", dropCases},
		{"cancel", cancelCases},
		{"ref", refCases},
		{"claim", claimCases},
		{"run", runCases},
		{"killed", killedCases},
	} {
		t.Run(group.name, func(t *testing.T) {
			for _, c := range group.cases {
				t.Run(c.name, func(t *testing.T) {
					s := site(t)
					for _, name := range []string{group.name, group.name + "/" + c.name} {
						if reason := s.Without[name]; reason != "" {
							t.Skip(reason)
						}
					}
					c.run(t, s)
				})
			}
		})
	}
}

type testCase struct {
	name string
	run  func(t *testing.T, site Site)
}
