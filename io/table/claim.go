package table

import (
	"context"
	"fmt"
	"os"
	"time"
)

// MaxClaimNote is how much of the note of a claim every store keeps, in bytes; the rest may be cut off.
const MaxClaimNote = 63

// A Claim are names that are kept for one command.
type Claim interface {
	// Held reports a claim that was lost, as with the connection that held it: another may have the names by now.
	Held(ctx context.Context) error
	// Release frees the names. Releasing again does nothing.
	Release()
}

// ClaimNote tells who finds a name claimed what has it: a command, by the ID of its run, of which the store tells all else, or since when and in which
// process it works where no run is recorded. What a store may cut off comes last.
func ClaimNote(command, runID string) string {
	host, _ := os.Hostname() // the rest says enough
	if runID != "" {
		return fmt.Sprintf("run %s, %s on %s", runID, command, host)
	}
	return fmt.Sprintf("%s since %s, process %d on %s", command, time.Now().UTC().Format("2006-01-02T15:04Z"), os.Getpid(), host)
}
