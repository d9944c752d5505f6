package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/beamfit/beamfit/scripts/faults.d/internal/flink"
	"github.com/beamfit/beamfit/scripts/faults.d/internal/stores"
)

// A campaign is what the cases have in common.
type campaign struct {
	work    string // folder for everything
	plan    *plan
	keep    string // folder for logs; "": made when there is one to keep
	verbose bool
	limits  limits

	server        *stores.Server // nil: not started
	cluster       *flink.Cluster // nil: not started
	templates     map[*storeKind]bool
	references    map[subject]*reference
	pairs         map[pair][]stores.State
	scenes        int // made so far
	smallMounted  bool
	hasTablespace bool
}

func newCampaign(work string, p *plan, keep string, verbose bool, l limits) *campaign {
	return &campaign{
		work: work, plan: p, keep: keep, verbose: verbose, limits: l,
		templates: map[*storeKind]bool{}, references: map[subject]*reference{}, pairs: map[pair][]stores.State{},
	}
}

// beamfit is the path of the program, as scripts/faults builds it.
func (c *campaign) beamfit() string { return filepath.Join(c.work, "bin", "beamfit") }

func (c *campaign) close() (err error) {
	if c.cluster != nil {
		err = c.cluster.Stop(context.Background())
	}
	if c.server != nil {
		err = errors.Join(err, c.server.Proxy.Close())
	}
	return err
}

// errInterrupted: cases were left out from one on.
var errInterrupted = errors.New("interrupted")

// runAll runs cases and returns those that fail. Their logs are kept, or those of all.
func (c *campaign) runAll(ctx context.Context, cases []*faultCase, keepAll bool, t *tally) (failed []*faultCase, err error) {
	for _, fc := range cases {
		begun := time.Now()
		v, err := c.run(ctx, fc)
		if ctx.Err() != nil {
			t.Ranges[0].End = fc.number
			return failed, errInterrupted
		}
		if err != nil {
			return failed, fmt.Errorf("case %v: %w\n%s", fc, err, v.log)
		}
		t.add(c.plan.row(fc.kind, fc.engine), v)
		end := "ok"
		if len(v.wrong) > 0 {
			end = "FAILED"
			failed = append(failed, fc)
		}
		fmt.Printf("%v: %s, %.1f s: %s\n", fc, v.outcome, time.Since(begun).Seconds(), end)
		for _, line := range v.wrong {
			fmt.Printf("    %s\n", line)
		}
		if c.verbose {
			fmt.Print(v.log)
		}
		if len(v.wrong) == 0 && !keepAll {
			continue
		}
		path, err := c.keepLog(fmt.Sprintf("%s-seed-%d-case-%d.log", strings.ReplaceAll(c.plan.name, " ", "-"), t.Seed, fc.number), v.log)
		if err != nil {
			return failed, err
		}
		fmt.Printf("    log: %s\n", path)
	}
	return failed, nil
}

// keepLog writes a log where it stays.
func (c *campaign) keepLog(name, text string) (path string, err error) {
	if c.keep == "" {
		if c.keep, err = os.MkdirTemp("", "beamfit-faults-logs-"); err != nil {
			return "", err
		}
	}
	if err := os.MkdirAll(c.keep, 0o755); err != nil {
		return "", err
	}
	path = filepath.Join(c.keep, name)
	return path, os.WriteFile(path, []byte(text), 0o644)
}

// cases draws the cases of a seed, count of them from the number first on, and keeps those of the kinds whose name contains text.
func (p *plan) cases(seed uint64, first, count int, text string) (cases []*faultCase) {
	for number := first; number < first+count; number++ {
		if fc := p.draw(seed, number); strings.Contains(fc.kind.name, text) {
			cases = append(cases, fc)
		}
	}
	return cases
}
