//go:build unix

package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestLeftoversAreSwept: every command removes the temporary files of killed ones, and nothing else.
func TestLeftoversAreSwept(t *testing.T) {
	for _, args := range [][]string{{"show", "t"}, {"drop", "t", "--if-exists"}, {"export", "t", "t.csv"}, {"version"}} {
		t.Run(args[0], func(t *testing.T) {
			temp, scratch := t.TempDir(), t.TempDir()
			precious := filepath.Join(t.TempDir(), "precious")
			old := time.Now().Add(-2 * time.Hour)
			file := func(dir, name, content string, at time.Time) string {
				path := filepath.Join(dir, name)
				if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
				if err := os.Chtimes(path, at, at); err != nil {
					t.Fatal(err)
				}
				return path
			}
			folder := func(name string) {
				if err := os.MkdirAll(filepath.Join(scratch, name, "deep"), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			file(filepath.Dir(precious), filepath.Base(precious), "", old)
			file(temp, "beamfit-worker-1", "", old)
			file(temp, "beamfit-worker-new", "", time.Now())
			file(temp, "beamfit-worker-full", "x", old)
			file(temp, "beamfit-spool-1", "", old)
			file(temp, ".beamfit-1", "", old)
			file(temp, "beamfit-unnamed-dead", "", time.Now())
			file(scratch, "beamfit-unnamed-dead", "", time.Now())
			file(temp, "other-1", "", old)
			if err := os.Symlink(precious, filepath.Join(temp, "beamfit-worker-link")); err != nil {
				t.Fatal(err)
			}
			folder("beamfit-scratch-dead")
			file(scratch, "beamfit-scratch-dead.lock", "", old)
			folder("beamfit-scratch-living")
			for _, living := range []string{file(scratch, "beamfit-scratch-living.lock", "", old), file(temp, ".beamfit-export-living", "", old)} {
				lock, err := os.Open(living)
				if err != nil {
					t.Fatal(err)
				}
				defer lock.Close()
				if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX); err != nil {
					t.Fatal(err)
				}
			}

			cmd := exec.CommandContext(t.Context(), filepath.Join(binDir, "beamfit"), append(args, "--db", "file:"+filepath.Join(t.TempDir(), "store"))...)
			cmd.Env = append(os.Environ(), "BEAMFIT_DB=", "TMPDIR="+temp, "BEAMFIT_SCRATCH="+scratch)
			_ = cmd.Run() // the table is missing; that does not matter

			for dir, want := range map[string][]string{
				temp:    {".beamfit-export-living", "beamfit-worker-full", "beamfit-worker-link", "beamfit-worker-new", "other-1"},
				scratch: {"beamfit-scratch-living", "beamfit-scratch-living.lock"},
			} {
				entries, err := os.ReadDir(dir)
				var got []string
				for _, e := range entries {
					got = append(got, e.Name())
				}
				if err != nil || !slices.Equal(got, want) {
					t.Errorf("left %q, %v; want %q", got, err, want)
				}
			}
			if _, err := os.Stat(precious); err != nil {
				t.Error(err)
			}
		})
	}
}
