package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"
)

// What an average within a pass costs (fit --sync-every): 16 shards make passes of 50 steps of 128 rows each, with one average in every
// pass or with two.
const (
	syncShards = 16
	syncSteps  = 50
	syncPasses = 20
)

var syncNetwork = network{name: "1MB", units: []int{500, 480}}

// averages measures it on the direct runner and prints a row. Times are the least of several, starting and reading taken off.
func (b *bench) averages(ctx context.Context) error {
	shards := strconv.Itoa(syncShards)
	if err := b.tables(ctx, syncShards*syncSteps*128, "640", []network{syncNetwork}, []string{shards}); err != nil {
		return err
	}
	var one, two time.Duration // 20 passes with so many averages in each
	for range b.pairs {
		for _, m := range []struct {
			every int
			least *time.Duration
		}{{syncSteps, &one}, {syncSteps / 2, &two}} {
			began, err := b.synced(ctx, shards, 1, m.every)
			if err != nil {
				return err
			}
			ended, err := b.synced(ctx, shards, 1+syncPasses, m.every)
			if err != nil {
				return err
			}
			if took := ended - began; *m.least == 0 || took < *m.least {
				*m.least = took
			}
			fmt.Fprintf(os.Stderr, "an average every %d steps: %d passes %v\n", m.every, syncPasses, (ended - began).Round(time.Millisecond))
		}
	}
	round, average := one/syncPasses, (two-one)/syncPasses
	printRow("weights", "shards", "a round of 50 steps", "an average more", "share")
	printRow("---", "---", "---", "---", "---")
	printRow(syncNetwork.name, shards, figure(round), figure(average), fmt.Sprintf("%.1f %%", 100*average.Seconds()/round.Seconds()))
	return nil
}

// synced trains so many passes with an average every so many steps.
func (b *bench) synced(ctx context.Context, shards string, passes, every int) (time.Duration, error) {
	return b.fit(ctx, syncNetwork, shards, b.places()[0], passes, "--sync-every", strconv.Itoa(every))
}
