package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/beamfit/beamfit/scripts/faults.d/internal/stores"
)

// A subject is what a fault happens to.
type subject struct {
	command *command
	store   *storeKind
	engine  *engine
}

func (s subject) String() string {
	text := s.command.name + ", " + s.store.name
	if s.command.pipeline {
		text += ", " + s.engine.name
	}
	return text
}

// args is the command line.
func (s subject) args() []string { return onEngine(s.command, s.engine) }

func onEngine(c *command, e *engine) []string {
	if !c.pipeline {
		return c.args
	}
	return slices.Concat(c.args, e.args)
}

// A reference is what the command does when nothing disturbs it.
type reference struct {
	states []stores.State // before, after the command, after the same command once more
	codes  []int          // of the two commands
	took   time.Duration
	lines  int   // of standard error
	growth int64 // bytes that the store and the files grow by
}

// after is a share of the command's time.
func (r *reference) after(share float64) time.Duration {
	return time.Duration(share * float64(r.took))
}

// reference runs the command of a subject. Every engine must give the same bits.
func (c *campaign) reference(ctx context.Context, sub subject) (*reference, error) {
	if r := c.references[sub]; r != nil {
		return r, nil
	}
	var known *reference // of the first engine: what the command does a second time does not depend on the engine
	if first := c.plan.engines[0]; sub.engine.workers {
		var err error
		if known, err = c.reference(ctx, subject{sub.command, sub.store, first}); err != nil {
			return nil, err
		}
	}
	s, err := c.newScene(ctx, sub.store, sub.engine, false)
	if err != nil {
		return nil, err
	}
	r, err := s.undisturbed(ctx, sub, known)
	if err != nil {
		return nil, fmt.Errorf("%s, undisturbed: %w", sub, err)
	}
	for _, e := range c.plan.engines {
		other := c.references[subject{sub.command, sub.store, e}]
		if other == nil {
			continue
		}
		if diff := r.states[1].Diff(other.states[1]); diff != nil {
			return nil, fmt.Errorf("%s, undisturbed: not what engine %s gives:\n%s", sub, e.name, strings.Join(diff, "\n"))
		}
	}
	c.references[sub] = r
	return r, s.remove(ctx)
}

// undisturbed runs the command of a subject, and again where nothing is known of the second time.
func (s *scene) undisturbed(ctx context.Context, sub subject, known *reference) (*reference, error) {
	r := &reference{}
	state, err := s.state(ctx)
	if err != nil {
		return nil, err
	}
	r.states = append(r.states, state)
	before, err := s.size(ctx)
	if err != nil {
		return nil, err
	}
	for i := range 2 {
		if i > 0 && known != nil {
			r.states, r.codes = append(r.states, known.states[2]), append(r.codes, known.codes[1])
			break
		}
		e, err := s.run(ctx, sub.args())
		if err != nil {
			return nil, err
		}
		if state, err = s.state(ctx); err != nil {
			return nil, err
		}
		r.states, r.codes = append(r.states, state), append(r.codes, e.code)
		if i > 0 {
			continue
		}
		if e.code != exitOK {
			return nil, fmt.Errorf("exit code %d\n%s", e.code, e.stderr)
		}
		after, err := s.size(ctx)
		if err != nil {
			return nil, err
		}
		r.took, r.lines, r.growth = e.took, strings.Count(e.stderr, "\n"), max(after-before, 16<<10)
	}
	left, err := s.leftovers(ctx)
	if err == nil && len(left) > 0 {
		err = fmt.Errorf("left over:\n%s", strings.Join(left, "\n"))
	}
	return r, err
}

// A pair is two subjects on one store.
type pair struct{ first, second subject }

// serial are the states after two commands one after the other, in both orders, where both succeed.
func (c *campaign) serial(ctx context.Context, p pair) ([]stores.State, error) {
	if states, ok := c.pairs[p]; ok {
		return states, nil
	}
	states := []stores.State{}
	for _, order := range [][]subject{{p.first, p.second}, {p.second, p.first}} {
		s, err := c.newScene(ctx, p.first.store, p.first.engine, false)
		if err != nil {
			return nil, err
		}
		all := true
		for _, sub := range order {
			e, err := s.run(ctx, sub.args())
			if err != nil {
				return nil, err
			}
			all = all && e.code == exitOK
		}
		if all {
			state, err := s.state(ctx)
			if err != nil {
				return nil, err
			}
			states = append(states, state)
		}
		if err := s.remove(ctx); err != nil {
			return nil, err
		}
	}
	c.pairs[p] = states
	return states, nil
}
