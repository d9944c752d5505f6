//go:build gpu

package drv

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// TestKeepCompiled: the driver is given a folder where it would have none, and none that others can write to.
func TestKeepCompiled(t *testing.T) {
	home, tmp := t.TempDir(), t.TempDir()
	file := filepath.Join(home, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(tmp, fmt.Sprint("beamfit-cuda-", os.Geteuid()))
	t.Setenv("TMPDIR", tmp)
	for _, c := range []struct {
		what, home, given, want string
		mode                    os.FileMode
	}{
		{"a home", home, "", "", 0},
		{"a folder that is given", file, "/elsewhere", "/elsewhere", 0},
		{"no home", file, "", folder, 0},
		{"no name of a home", "", "", folder, 0},
		{"no home, a folder of everybody's", file, "", "", 0o777},
	} {
		t.Setenv("HOME", c.home)
		t.Setenv(cacheEnv, c.given)
		if c.mode != 0 {
			if err := os.Chmod(folder, c.mode); err != nil {
				t.Fatal(err)
			}
		}
		keepCompiled()
		if got := os.Getenv(cacheEnv); got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
}
