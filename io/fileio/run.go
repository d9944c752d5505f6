package fileio

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/beamfit/beamfit/io/internal/oserr"
	"github.com/beamfit/beamfit/io/ownerlock"
	"github.com/beamfit/beamfit/io/table"
)

// The names of the files of a run, behind its ID.
const (
	runFactsFile  = ".json"       // runFacts, never changed; its lock tells that the process lives
	runStateFile  = ".state.json" // runState
	runCancelFile = ".cancel"     // its being there asks the run to stop
)

// runFacts are what a run begins with.
type runFacts struct {
	ID      string    `json:"id"`
	Command string    `json:"command"`
	Args    []string  `json:"arguments"`
	Runner  string    `json:"runner,omitempty"`
	Host    string    `json:"host,omitempty"`
	Process int       `json:"process,omitempty"`
	Version string    `json:"version,omitempty"`
	Resumes string    `json:"resumes,omitempty"`
	Started time.Time `json:"started"`
}

// A runState is what changes while a run is at work.
type runState struct {
	State      table.RunState `json:"state"`
	Heartbeat  time.Time      `json:"heartbeat"`
	Ended      *time.Time     `json:"ended,omitempty"`
	Message    string         `json:"message,omitempty"`
	Stopping   bool           `json:"stopping,omitempty"`
	Job        string         `json:"job,omitempty"`
	Stage      string         `json:"stage,omitempty"`
	Unit       string         `json:"unit,omitempty"`
	Done       int64          `json:"units_done,omitempty"`
	Total      int64          `json:"units_total,omitempty"`
	Iteration  int            `json:"iteration,omitempty"`
	Iterations int            `json:"iterations,omitempty"`
	Loss       string         `json:"loss,omitempty"` // text: JSON has no NaN
}

// stateRoom is how long a file of a state is at the least, by blanks at its end: in so much, a block of most file systems, the last state of a
// run finds room when the disk is full.
const stateRoom = 4 << 10

// encode is the content of a file of so many bytes, or more where the state needs them.
func (s runState) encode(bytes int) ([]byte, error) {
	data, err := json.MarshalIndent(s, "", " ")
	if err != nil {
		return nil, err
	}
	for len(data) < bytes-1 {
		data = append(data, ' ')
	}
	return append(data, '\n'), nil
}

// A runRecord is a run that is at work.
type runRecord struct {
	store *Store
	id    string
	facts []byte // of the first file

	mu    sync.Mutex
	ended bool
	lock  *lock // nil: the files are not there yet, or the run has ended
}

func (s *Store) runPath(id, file string) string { return s.control(runsFolder, id+file) }

// Record writes the files of a run, after those of old ones are removed. A store that is not there yet is not made for it: the run has
// its files as soon as something else has made the store.
func (s *Store) Record(ctx context.Context, run table.Run) (table.RunRecord, error) {
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	if err := run.Check(); err != nil {
		return nil, err
	}
	s.sweepRuns()
	if s.disk.exists(s.runPath(run.ID, runFactsFile)) {
		return nil, fmt.Errorf("run %s %w", run.ID, table.ErrExist)
	}
	data, err := json.MarshalIndent(runFacts{
		run.ID, run.Command, run.Args, run.Runner, run.Host, run.Process, run.Version, run.Resumes, time.Now(),
	}, "", " ")
	if err != nil {
		return nil, err
	}
	r := &runRecord{store: s, id: run.ID, facts: append(data, '\n')}
	if err := r.write(newRunState(table.RunStatus{}, table.RunRunning, "")); err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.runs[r] = struct{}{}
	s.mu.Unlock()
	return r, nil
}

// write replaces the state of the run, in a store that is there. It is not synced: a machine that fails ends the run too.
func (r *runRecord) write(state runState) error {
	if !r.store.disk.exists(r.store.control()) {
		return nil
	}
	data, err := state.encode(stateRoom)
	if err != nil {
		return err
	}
	if r.lock == nil {
		if err := r.store.makeFolders(privateMode); err != nil {
			return err
		}
	}
	if err := r.store.disk.swap(r.store.runPath(r.id, runStateFile), data); err != nil || r.lock != nil {
		return err
	}
	if r.lock, err = r.store.writeFacts(r.id, r.facts); err != nil {
		_ = r.store.disk.removeAll(r.store.runPath(r.id, runStateFile))
	}
	return err
}

// overwrite puts the last state of a run into the file that is there, where no new one finds room: without its message if that is too long.
// A reader may see a part of it.
func (r *runRecord) overwrite(last runState) error {
	path := r.store.runPath(r.id, runStateFile)
	if err := r.store.disk.may("overwrite", path); err != nil {
		return err
	}
	f, err := r.store.disk.root.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return oserr.Named(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return oserr.Named(err)
	}
	room := int(info.Size())
	data, err := last.encode(room)
	if err == nil && len(data) > room {
		last.Message = ""
		data, err = last.encode(room)
	}
	if err != nil {
		return err
	}
	if len(data) > room {
		return fmt.Errorf("file %s: %d bytes have no room in %d", path, len(data), room)
	}
	_, err = f.WriteAt(data, 0)
	return oserr.Named(err)
}

// writeFacts writes the first file of a run, which is locked from the moment at which it is there. No other user may write to it, in a
// shared store neither: what is in it may be run again.
func (s *Store) writeFacts(id string, data []byte) (*lock, error) {
	path := s.runPath(id, runFactsFile)
	next := path + newSuffix
	if err := s.disk.may("create", next); err != nil {
		return nil, err
	}
	f, err := s.disk.freshMode(next, s.disk.mode()&0o644)
	if err != nil {
		return nil, oserr.Named(err)
	}
	ok, err := ownerlock.TryLock(f, true)
	if err == nil && !ok {
		err = errors.New("file " + next + " is locked by another process")
	}
	if err == nil {
		_, err = f.Write(data)
	}
	if err == nil {
		err = s.disk.rename(next, path)
	}
	if err != nil {
		_ = s.disk.removeAll(next)
		_ = f.Close()
		return nil, oserr.Named(err)
	}
	return &lock{f}, nil
}

// Beat replaces the state.
func (r *runRecord) Beat(ctx context.Context, status table.RunStatus) (cancel bool, err error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		return false, table.RunEnded(r.id)
	}
	err = r.write(newRunState(status, table.RunRunning, ""))
	return r.store.disk.exists(r.store.runPath(r.id, runCancelFile)), err
}

// End writes the last state and lets go of the run. Without that state it would be one of a process that died.
func (r *runRecord) End(_ context.Context, status table.RunStatus, state table.RunState, message string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		return table.RunEnded(r.id)
	}
	last := newRunState(status, state, message)
	err := r.write(last)
	if err != nil && r.lock != nil {
		if e := r.overwrite(last); e != nil {
			err = errors.Join(err, e)
		} else {
			err = nil
		}
	}
	r.release()
	return err
}

// Forget removes the files.
func (r *runRecord) Forget(context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		return table.RunEnded(r.id)
	}
	err := r.store.removeRun(r.id)
	r.release()
	return err
}

// shut lets go of a run whose end was not noted.
func (r *runRecord) shut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.release()
}

func (r *runRecord) release() {
	r.ended = true
	r.lock.release()
	r.lock = nil
	r.store.mu.Lock()
	delete(r.store.runs, r)
	r.store.mu.Unlock()
}

func newRunState(s table.RunStatus, state table.RunState, message string) runState {
	now := time.Now()
	out := runState{
		State: state, Heartbeat: now, Message: table.RunText(message), Stopping: s.Stopping,
		Job: table.RunText(s.Job), Stage: table.RunText(s.Stage), Unit: table.RunText(s.Unit), Done: s.Done, Total: s.Total,
		Iteration: s.Iteration, Iterations: s.Iterations,
	}
	if s.Loss != nil {
		out.Loss = strconv.FormatFloat(*s.Loss, 'g', -1, 64)
	}
	if state != table.RunRunning {
		out.Ended = &now
	}
	return out
}

// CancelRun makes the file that asks a run to stop.
func (s *Store) CancelRun(ctx context.Context, id string) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	if !table.IsRunID(id) {
		return table.NoRun(id)
	}
	run, err := s.readRun(id)
	if err != nil {
		return err
	}
	if !run.State.AtWork() {
		return table.RunEnded(id)
	}
	return s.disk.swap(s.runPath(id, runCancelFile), nil)
}

// removeRun removes the files of a run, those too that a killed process was writing; the first one last, without which it is no run.
func (s *Store) removeRun(id string) error {
	var errs []error
	for _, file := range []string{runCancelFile, runStateFile, runFactsFile} {
		errs = append(errs, s.disk.removeAll(s.runPath(id, file+newSuffix)), s.disk.removeAll(s.runPath(id, file)))
	}
	return errors.Join(errs...)
}

// sweepRuns removes runs that have ended: old ones, and those that are too many. What cannot be removed stays.
func (s *Store) sweepRuns() {
	entries, err := s.disk.readDir(s.control(runsFolder))
	if err != nil {
		return
	}
	last := map[string]time.Time{} // by ID, the latest change of a file of it
	for _, e := range entries {
		id, _, _ := strings.Cut(e.Name(), ".")
		if !table.IsRunID(id) {
			continue
		}
		if info, err := e.Info(); err == nil && info.ModTime().After(last[id]) {
			last[id] = info.ModTime()
		}
	}
	ids := make([]string, 0, len(last))
	for id := range last {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b string) int { return last[b].Compare(last[a]) })
	for i, id := range ids {
		if i < s.maxRuns-1 && time.Since(last[id]) < table.RunsKept {
			continue
		}
		if l, err := s.disk.tryTake(s.runPath(id, runFactsFile), true); err == nil && (l != nil || !s.disk.exists(s.runPath(id, runFactsFile))) {
			_ = s.removeRun(id)
			l.release()
		}
	}
}
