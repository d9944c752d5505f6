package job

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/beamfit/beamfit/io/table"
)

// claimTime is short, since stores keep table.MaxClaimNote bytes of a note.
const claimTime = "2006-01-02T15:04Z"

// A claimed table is one that a job keeps for itself.
type claimed struct {
	what  string
	claim table.Claim
}

// Claim keeps tables for this job, among all that use the store: a second one that would make one of them fails here, before it reads
// what this one is going to replace and long before it would commit.
func (j *Job) Claim(ctx context.Context, what string, names ...table.Name) error {
	host, _ := os.Hostname() // the rest of the note says enough
	// What a store may cut off comes last.
	note := fmt.Sprintf("%s since %s, process %d on %s", j.Name, time.Now().UTC().Format(claimTime), os.Getpid(), host)
	if j.RunID != "" {
		note = "run " + j.RunID + ", " + note
	}
	for _, name := range names {
		c, err := j.Store.Claim(ctx, name, note)
		if err != nil {
			return fmt.Errorf("%s table: %w", what, err)
		}
		j.claims = append(j.claims, claimed{what, c})
	}
	return nil
}

// CheckClaims reports a table that is no longer kept for this job. A job that takes long, and whose loss is large, asks before every
// commit, so that nothing that another job may have written since is replaced.
func (j *Job) CheckClaims(ctx context.Context) error {
	for _, c := range j.claims {
		if err := c.claim.Held(ctx); err != nil {
			return fmt.Errorf("%s table: %w", c.what, err)
		}
	}
	return nil
}

// ReleaseClaims frees the tables.
func (j *Job) ReleaseClaims() {
	for _, c := range j.claims {
		c.claim.Release()
	}
	j.claims = nil
}
