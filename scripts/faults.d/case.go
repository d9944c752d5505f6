package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"syscall"
)

// A faultCase is one fault that happens to one command.
type faultCase struct {
	number int
	kind   *kind
	subject
	fault
}

func (fc *faultCase) String() string {
	text := fmt.Sprintf("%d: %s: %s", fc.number, fc.kind.name, fc.subject)
	if fc.text != "" {
		text += ": " + fc.text
	}
	if fc.hasty {
		text += "; then at once"
	} else if fc.resume {
		text += "; then"
	}
	if fc.resume {
		text += " resume"
	}
	return text
}

// draw draws a case. The kinds take turns, each as often as it weighs; the rest follows from the seed.
func (p *plan) draw(seed uint64, number int) *faultCase {
	turns := slices.Clone(p.kinds)
	for _, k := range p.kinds {
		for range k.weight - 1 {
			turns = append(turns, k)
		}
	}
	r := random(seed, uint64(number))
	fc := &faultCase{number: number, kind: turns[number%len(turns)]}
	fit, engines := p.commands, fc.kind.takesOf(p.engines)
	if takes := fc.kind.takes; takes != nil {
		fit = slices.DeleteFunc(slices.Clone(fit), func(c *command) bool { return !takes(c) })
	}
	fc.subject = subject{fit[r.IntN(len(fit))], fc.kind.stores[r.IntN(len(fc.kind.stores))], engines[r.IntN(len(engines))]}
	if !fc.command.pipeline {
		fc.engine = p.engines[0]
	}
	fc.fault = fc.kind.draw(r, fc.subject)
	if p.byEngine {
		fc.resume, fc.hasty = r.IntN(2) == 0, fc.engine.cluster && r.IntN(2) == 0
	}
	return fc
}

// random is a source that follows from numbers. Numbers beside each other give sources that have nothing in common.
func random(numbers ...uint64) *rand.Rand {
	var key [32]byte
	for i, n := range numbers {
		binary.LittleEndian.PutUint64(key[8*i:], n)
	}
	return rand.New(rand.NewChaCha8(key))
}

// A verdict is what a case gave.
type verdict struct {
	outcome outcome // of the command
	wrong   []string
	log     string
}

// run runs a case. Its error is that of the campaign, not of beamfit.
func (c *campaign) run(ctx context.Context, fc *faultCase) (v verdict, err error) {
	ref, err := c.reference(ctx, fc.subject)
	if err != nil {
		return v, err
	}
	s, err := c.newScene(ctx, fc.store, fc.engine, fc.small)
	if err != nil {
		return v, err
	}
	defer func() {
		v.log = s.log.String()
		err = errors.Join(err, s.remove(context.WithoutCancel(ctx)))
	}()
	s.say("case %v", fc)
	ends, err := s.play(ctx, fc, ref)
	if err != nil {
		return v, err
	}
	v.outcome = ends[0].outcome()
	for _, e := range ends {
		v.wrong = slices.Concat(v.wrong, judgeEnd(e), judgeFault(e, fc.expect))
	}
	if fc.beside != nil && *fc.beside == fc.subject {
		v.wrong = append(v.wrong, judgeTwice(fc.command, ends)...)
	}
	wrong, err := c.judgeStates(ctx, s, fc, ref, ends)
	v.wrong = append(v.wrong, wrong...)
	for _, line := range v.wrong {
		s.say("WRONG: %s", line)
	}
	return v, err
}

// play lets the fault happen and mends it. It returns how the command ended, and the one beside it.
func (s *scene) play(ctx context.Context, fc *faultCase, ref *reference) (ends []ended, err error) {
	if fc.prepare != nil {
		if err := fc.prepare(ctx, s, fc.subject, ref); err != nil {
			return nil, err
		}
	}
	p, err := s.start(ctx, slices.Concat(fc.subject.args(), fc.fault.args))
	if err != nil {
		return nil, err
	}
	processes := []*process{p}
	if fc.beside != nil {
		p.sleep(ref.after(fc.besideAfter))
		q, err := s.start(ctx, fc.beside.args())
		if err != nil {
			return nil, err
		}
		processes = append(processes, q)
	}
	if fc.strike != nil {
		err = fc.strike(ctx, s, p, ref)
	}
	for _, p := range processes {
		ends = append(ends, s.ended(p))
	}
	if fc.mend != nil {
		err = errors.Join(err, fc.mend(ctx, s))
	}
	if err := errors.Join(err, ctx.Err()); err != nil || fc.hasty {
		return ends, err
	}
	return ends, s.settle(ctx)
}

// judgeStates compares what there is after a case, after the same command once more, and after the next commands, with what there
// must be.
func (c *campaign) judgeStates(ctx context.Context, s *scene, fc *faultCase, ref *reference, ends []ended) (wrong []string, err error) {
	complain := func(when string, lines []string) {
		for _, line := range lines {
			wrong = append(wrong, when+": "+line)
		}
	}
	state, err := s.state(ctx)
	if err != nil {
		return []string{"the tables cannot be read: " + err.Error()}, ctx.Err()
	}
	checkpoint := fc.command.checkpoint
	_, resumes := state[checkpoint]
	rest := state.Without(checkpoint)
	switch {
	case fc.expect.otherValues && ends[0].outcome() == succeeded:
		complain("after the fault", untouched(ref.states[0], rest, fc.command.writes))
	case fc.beside != nil && *fc.beside != fc.subject:
		results, err := c.resultsTogether(ctx, fc, ref, ends)
		if err != nil {
			return wrong, err
		}
		_, lines := find(rest, results)
		complain("after both commands", lines)
	default:
		is, lines := find(rest, allowed(ends, ref.states))
		if resumes && is.successes > 0 {
			lines = append(lines, checkpoint+" is there beside what the command makes")
		}
		complain("after the fault", lines)
		if len(lines) > 0 || is.successes >= len(ref.codes) {
			break
		}
		lines, err := s.again(ctx, fc, ref, is.successes, resumes)
		complain("the same command again", lines)
		if err != nil {
			return wrong, err
		}
	}
	lines, err := s.next(ctx, fc)
	complain("the next command", lines)
	return wrong, err
}

// resultsTogether are the states that there may be after two different commands.
func (c *campaign) resultsTogether(ctx context.Context, fc *faultCase, ref *reference, ends []ended) ([]result, error) {
	other, err := c.reference(ctx, *fc.beside)
	if err != nil {
		return nil, err
	}
	both, err := c.serial(ctx, pair{fc.subject, *fc.beside})
	if err != nil {
		return nil, err
	}
	return allowedTogether(ends[0], ends[1], ref.states[0], ref.states[1], other.states[1], both), nil
}

// again runs the command of a case once more, after so many successes, and says what is wrong. Where there is a checkpoint it must go
// on from there.
func (s *scene) again(ctx context.Context, fc *faultCase, ref *reference, successes int, resumes bool) (wrong []string, err error) {
	args := fc.subject.args()
	if fc.resume {
		id, err := s.unfinishedRun(ctx)
		if err != nil {
			return nil, err
		}
		if id != "" {
			args = []string{"resume", id}
		}
	}
	e, err := s.run(ctx, args)
	if err != nil {
		return nil, err
	}
	if err := s.settle(ctx); err != nil {
		return nil, err
	}
	wrong = judgeEnd(e)
	if want := ref.codes[successes]; e.code != want {
		wrong = append(wrong, fmt.Sprintf("exit code %d, expected %d: %s", e.code, want, e.message()))
	}
	if resumes && successes == 0 && !goesOn.MatchString(e.stdout+e.stderr) {
		wrong = append(wrong, "it began anew, although there is a checkpoint")
	}
	state, err := s.state(ctx)
	if err != nil {
		return append(wrong, "the tables cannot be read: "+err.Error()), ctx.Err()
	}
	return append(wrong, state.Diff(ref.states[successes+1])...), nil
}

// unfinishedRun is the ID of the last run of the store if it has died or failed or was cancelled, else "".
func (s *scene) unfinishedRun(ctx context.Context) (string, error) {
	e, err := s.run(ctx, []string{"runs", "--format", "json"})
	if err != nil {
		return "", err
	}
	var runs []struct{ ID, State string }
	if err := json.Unmarshal([]byte(e.stdout), &runs); err != nil || e.code != exitOK {
		return "", fmt.Errorf("beamfit runs: exit code %d, %w: %s", e.code, err, e.stdout+e.stderr)
	}
	if len(runs) == 0 || !slices.Contains([]string{"died", "failed", "cancelled"}, runs[0].State) {
		return "", nil
	}
	return runs[0].ID, nil
}

// goesOn is what a fit says that goes on from a checkpoint.
var goesOn = regexp.MustCompile(`went on after iteration \d+`)

// next runs the next commands and says what is left over then.
func (s *scene) next(ctx context.Context, fc *faultCase) (wrong []string, err error) {
	engine := fc.engine
	if engine.workers {
		engine = direct // what is left over is removed by any command, and this one is quick
	}
	for _, args := range nextCommands {
		e, err := s.run(ctx, slices.Concat(args, engine.args))
		if err != nil {
			return wrong, err
		}
		wrong = append(wrong, judgeEnd(e)...)
		if e.code != exitOK {
			wrong = append(wrong, fmt.Sprintf("%s: exit code %d: %s", args[0], e.code, e.message()))
		}
	}
	left, err := s.leftovers(ctx)
	for _, line := range left {
		wrong = append(wrong, "left over: "+line)
	}
	return wrong, err
}

// cancels tells whether a signal asks beamfit to stop and clean up.
func cancels(s syscall.Signal) bool { return s == syscall.SIGINT || s == syscall.SIGTERM }
