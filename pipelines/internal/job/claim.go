package job

import (
	"context"
	"fmt"

	"github.com/beamfit/beamfit/io/table"
)

// A claimed is what a job keeps for itself: tables, and what they are to it.
type claimed struct {
	what  string
	claim table.Claim
}

// Claim keeps tables for this job, among all that use the store: a second one that would make one of them fails here, before it reads
// what this one is going to replace and long before it would commit.
func (j *Job) Claim(ctx context.Context, what string, names ...table.Name) error {
	c, err := j.Store.Claim(ctx, table.ClaimNote(j.Name, j.RunID), names...)
	if err != nil {
		return fmt.Errorf("%s table: %w", what, err)
	}
	j.claims = append(j.claims, claimed{what, c})
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
