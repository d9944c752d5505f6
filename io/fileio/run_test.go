package fileio

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/beamfit/beamfit/io/table"
)

// runStore is a store that is there, with its folder.
func runStore(t *testing.T) (*Store, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "store")
	s := openFolder(t, dir)
	if err := s.makeFolders(privateMode); err != nil {
		t.Fatal(err)
	}
	return s, dir
}

func openFolder(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(context.Background(), "file:"+dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func recordRun(t *testing.T, s *Store) (table.RunRecord, string) {
	t.Helper()
	id := table.NewRunID()
	r, err := s.Record(context.Background(), table.Run{ID: id, Command: "fit", Args: []string{"a", "b"}})
	if err != nil {
		t.Fatal(err)
	}
	return r, id
}

// runIDs are the IDs of the runs that the store tells of, sorted.
func runIDs(t *testing.T, s *Store) (ids []string) {
	t.Helper()
	runs, err := s.Runs(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range runs {
		ids = append(ids, r.ID)
	}
	slices.Sort(ids)
	return ids
}

// TestRunsAreSwept: with the next run go those that ended long ago, those that are too many, and what a process that was killed left in
// writing; a run at work stays, however old.
func TestRunsAreSwept(t *testing.T) {
	s, dir := runStore(t)
	ended := func() string {
		r, id := recordRun(t, s)
		if err := r.End(context.Background(), table.RunStatus{}, table.RunDone, ""); err != nil {
			t.Fatal(err)
		}
		return id
	}
	file := func(id, name string) string { return filepath.Join(dir, controlFolder, runsFolder, id+name) }
	age := func(by time.Duration, id string, names ...string) {
		for _, name := range names {
			if err := os.Chtimes(file(id, name), time.Time{}, time.Now().Add(-by)); err != nil {
				t.Fatal(err)
			}
		}
	}
	_, working := recordRun(t, s)
	old, torn := ended(), table.NewRunID()
	age(table.RunsKept+time.Hour, working, runFactsFile, runStateFile)
	age(table.RunsKept+time.Hour, old, runFactsFile, runStateFile)
	if err := os.WriteFile(file(torn, runFactsFile+newSuffix), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	age(table.RunsKept+time.Hour, torn, runFactsFile+newSuffix)
	kept := ended()
	want := []string{working, kept}
	slices.Sort(want)
	if got := runIDs(t, s); !slices.Equal(got, want) {
		t.Errorf("kept %v, want %v", got, want)
	}
	age(time.Hour, kept, runFactsFile, runStateFile)
	s.maxRuns = 3
	var latest []string
	for i := range 6 {
		id := ended()
		age(time.Duration(6-i)*time.Minute, id, runFactsFile, runStateFile)
		latest = append(latest, id)
	}
	want = append([]string{working}, latest[3:]...)
	slices.Sort(want)
	if got := runIDs(t, s); !slices.Equal(got, want) {
		t.Errorf("kept %v, want %v", got, want)
	}
	entries, err := os.ReadDir(filepath.Join(dir, controlFolder, runsFolder))
	if err != nil || len(entries) != 2*len(want) {
		t.Errorf("%d files for %d runs: %v, %v", len(entries), len(want), entries, err)
	}
}

// TestRunMakesNoStore: a run in a folder that is no store leaves none, unless its command has made one.
func TestRunMakesNoStore(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	s := openFolder(t, dir)
	for _, made := range []bool{false, true} {
		r, id := recordRun(t, s)
		if _, err := r.Beat(context.Background(), table.RunStatus{}); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Lstat(dir); !errors.Is(err, os.ErrNotExist) {
			t.Fatalf("the folder is there: %v", err)
		}
		if made {
			if err := s.makeFolders(privateMode); err != nil {
				t.Fatal(err)
			}
		}
		if err := r.End(context.Background(), table.RunStatus{}, table.RunDone, ""); err != nil {
			t.Fatal(err)
		}
		if got := runIDs(t, s); made != slices.Equal(got, []string{id}) {
			t.Errorf("made %t: runs %v", made, got)
		}
	}
}

// TestRunsOfOthers: a run is a user's own only where nobody else can have written what it began with.
func TestRunsOfOthers(t *testing.T) {
	s, dir := runStore(t)
	if err := os.Chmod(filepath.Join(dir, controlFolder), sharedMode.Perm()); err != nil {
		t.Fatal(err)
	}
	_, id := recordRun(t, s)
	path := filepath.Join(dir, controlFolder, runsFolder, id+runFactsFile)
	mine := func() bool {
		t.Helper()
		runs, err := s.Runs(context.Background())
		if err != nil || len(runs) != 1 {
			t.Fatalf("%d runs, %v", len(runs), err)
		}
		return runs[0].Mine
	}
	if !mine() {
		t.Error("a run of a shared store is not its user's own")
	}
	link := filepath.Join(dir, "link")
	for name, change := range map[string][2]func() error{
		"others may write": {func() error { return os.Chmod(path, 0o660) }, func() error { return os.Chmod(path, 0o640) }},
		"a second name":    {func() error { return os.Link(path, link) }, func() error { return os.Remove(link) }},
		"another user's":   {func() error { return os.Chown(path, 65534, -1) }, func() error { return os.Chown(path, os.Geteuid(), -1) }},
	} {
		if name == "another user's" && os.Geteuid() != 0 {
			continue
		}
		if err := change[0](); err != nil {
			t.Fatal(err)
		}
		if mine() {
			t.Errorf("%s: a run is its user's own", name)
		}
		if err := change[1](); err != nil {
			t.Fatal(err)
		}
	}
	if !mine() {
		t.Error("the run is no longer its user's own")
	}
}

// TestDamagedRuns: files that are no run's are passed over, whatever they are.
func TestDamagedRuns(t *testing.T) {
	s, dir := runStore(t)
	_, good := recordRun(t, s)
	facts, err := os.ReadFile(s.runPath(good, runFactsFile))
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(dir, controlFolder, runsFolder)
	for i, bad := range []string{"", "{", "[]", "null", string(facts) /* of another ID */, `{"id":"zzzzzzzz","arguments":7}`} {
		id := "zzzzzzz" + string(rune('a'+i))
		if err := os.WriteFile(filepath.Join(folder, id+runFactsFile), []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	stateless := table.NewRunID()
	if err := os.WriteFile(filepath.Join(folder, stateless+runFactsFile), []byte(`{"id":"`+stateless+`","command":"fit"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(folder, good+runFactsFile), filepath.Join(folder, "yyyyyyyy"+runFactsFile)); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(folder, "xxxxxxxx"+runFactsFile), 0o700); err != nil {
		t.Fatal(err)
	}
	if got := runIDs(t, s); !slices.Equal(got, []string{good}) {
		t.Errorf("runs %v, want %s alone", got, good)
	}
}

func FuzzRunFiles(f *testing.F) {
	f.Add([]byte(`{"id":"abcdefgh","command":"fit","arguments":["a"],"started":"2026-01-02T03:04:05Z"}`), []byte(`{"state":"running","loss":"NaN"}`))
	f.Add([]byte(`{"id":"abcdefgh","command":"fit"}`), []byte(`{"state":"done","ended":"2026-01-02T03:04:05Z","loss":"x"}`))
	f.Add([]byte(`{"id":"abcdefgh","arguments":null,"process":-1}`), []byte(`null`))
	f.Fuzz(func(t *testing.T, facts, state []byte) {
		s, _ := runStore(t)
		for name, data := range map[string][]byte{runFactsFile: facts, runStateFile: state} {
			if err := os.WriteFile(s.runPath("abcdefgh", name), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		runs, err := s.Runs(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range runs {
			if r.ID != "abcdefgh" || r.State.AtWork() {
				t.Errorf("%+v", r)
			}
		}
	})
}

// TestEndWithoutRoom: the last state of a run takes the place of the one before where no new file can be made, without its message if that is too long.
func TestEndWithoutRoom(t *testing.T) {
	for message, want := range map[string]string{"boom": "boom", strings.Repeat("\x01", 1000): ""} { // 6000 bytes in the file
		s, _ := runStore(t)
		r, id := recordRun(t, s)
		s.disk.before = func(op, _ string) error {
			if op == "create" {
				return table.ErrFull
			}
			return nil
		}
		if err := r.End(t.Context(), table.RunStatus{Iteration: 2}, table.RunFailed, message); err != nil {
			t.Error(err)
		}
		run, err := s.readRun(id)
		if err != nil || run.State != table.RunFailed || run.Message != want || run.Iteration != 2 || run.Ended.IsZero() {
			t.Errorf("%+v, %v", run, err)
		}
	}
}
