package pipelines

import (
	"context"
	"fmt"
	"os"
	"time"
)

// claimTime is short, since stores keep table.MaxClaimNote bytes of a note.
const claimTime = "2006-01-02T15:04Z"

// claimTarget keeps the model for this fit, among all that use the store: a second fit of it fails here, before it reads what this
// one is going to replace and long before it would commit.
func (f *fit) claimTarget(ctx context.Context) (err error) {
	host, _ := os.Hostname() // the rest of the note says enough
	// What a store may cut off comes last.
	note := fmt.Sprintf("fit since %s, process %d on %s", time.Now().UTC().Format(claimTime), os.Getpid(), host)
	if f.RunID != "" {
		note = "run " + f.RunID + ", " + note
	}
	if f.claim, err = f.Store.Claim(ctx, f.target, note); err != nil {
		return fmt.Errorf("model table: %w", err)
	}
	return nil
}

// checkClaim reports that the model is no longer kept for this fit. It comes before every commit, so that nothing that another fit
// may have written since is replaced.
func (f *fit) checkClaim(ctx context.Context) error {
	if err := f.claim.Held(ctx); err != nil {
		return fmt.Errorf("model table: %w", err)
	}
	return nil
}

// releaseClaim frees the model, where it is claimed.
func (f *fit) releaseClaim() {
	if f.claim != nil {
		f.claim.Release()
	}
}
