package fileio

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/beamfit/beamfit/io/internal/oserr"
	"github.com/beamfit/beamfit/io/ownerlock"
	"github.com/beamfit/beamfit/io/table"
)

func (s runState) status() table.RunStatus {
	out := table.RunStatus{
		Job: s.Job, Stage: s.Stage, Unit: s.Unit, Done: s.Done, Total: s.Total, Iteration: s.Iteration, Iterations: s.Iterations, Stopping: s.Stopping,
	}
	if loss, err := strconv.ParseFloat(s.Loss, 64); s.Loss != "" && (err == nil || math.IsInf(loss, 0)) {
		out.Loss = &loss
	}
	return out
}

// Runs reads the files of all runs. Files that are no run's, and those that a run is writing at this moment, are passed over.
func (s *Store) Runs(ctx context.Context) ([]table.Run, error) {
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	entries, err := s.disk.readDir(s.control(runsFolder))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	var runs []table.Run
	for _, e := range entries {
		if id, ok := strings.CutSuffix(e.Name(), runFactsFile); ok && table.IsRunID(id) {
			run, err := s.readRun(id)
			if err == nil {
				runs = append(runs, run)
			} else if errors.Is(err, table.ErrPermission) || ctx.Err() != nil {
				return nil, errors.Join(err, ctx.Err())
			}
		}
	}
	slices.SortStableFunc(runs, func(a, b table.Run) int { return b.Started.Compare(a.Started) })
	return runs, nil
}

// readRun reads one run. One that is not there is ErrNotExist.
func (s *Store) readRun(id string) (run table.Run, err error) {
	path := s.runPath(id, runFactsFile)
	f, err := s.disk.open(path)
	if errors.Is(err, os.ErrNotExist) {
		return run, table.NoRun(id)
	}
	if err != nil {
		return run, err
	}
	defer f.Close()
	var facts runFacts
	if err := readJSON(f, path, &facts); err != nil {
		return run, err
	}
	if facts.ID != id {
		return run, corrupt(path, "it is of run %q", facts.ID)
	}
	run = table.Run{
		ID: id, Command: facts.Command, Args: facts.Args, Runner: facts.Runner, Host: facts.Host, Process: facts.Process,
		Version: facts.Version, Resumes: facts.Resumes, Started: facts.Started,
	}
	if run.Owner, run.Mine, err = ownerOf(f); err != nil {
		return run, err
	}
	// The state is written before the end of the lock.
	free, err := ownerlock.TryLock(f, false)
	if err != nil {
		return run, err
	}
	var state runState
	statePath := s.runPath(id, runStateFile)
	sf, err := s.disk.open(statePath)
	if err != nil {
		return run, err
	}
	defer sf.Close()
	if err := readJSON(sf, statePath, &state); err != nil {
		return run, err
	}
	run.RunStatus, run.Message, run.Heartbeat = state.status(), state.Message, state.Heartbeat
	cancel := state.Stopping || s.disk.exists(s.runPath(id, runCancelFile))
	run.State = table.NewRunState(state.State, cancel, !free)
	if state.Ended != nil {
		run.Ended = *state.Ended
	} else if free {
		run.Ended = state.Heartbeat
	}
	return run, nil
}

// maxRunFile bounds the files of a run; command lines are shorter.
const maxRunFile = 4 << 20

func readJSON(f *os.File, path string, into any) error {
	data, err := io.ReadAll(io.LimitReader(f, maxRunFile))
	if err != nil {
		return oserr.Named(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		return corrupt(path, "%w", err)
	}
	return nil
}
