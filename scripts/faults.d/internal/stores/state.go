package stores

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A State has the digest of every table by its name, and of every file by "file " and its path. The order of a table's rows does not
// count.
type State map[string]string

// unlike are the columns in which two runs differ: times, and an id that is drawn.
var unlike = []string{"start_training_time", "end_training_time", "metrics_elapsed_time", "__internal_madlib_id__"}

// Diff says how a state differs from the wanted one, a line per table or file, sorted.
func (s State) Diff(want State) (lines []string) {
	names := maps.Clone(s)
	maps.Copy(names, want)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		got, is := s[name]
		wanted, expected := want[name]
		switch {
		case is && !expected:
			lines = append(lines, fmt.Sprintf("%s is there (%s), expected none", name, got))
		case !is && expected:
			lines = append(lines, fmt.Sprintf("%s is missing, expected %s", name, wanted))
		case got != wanted:
			lines = append(lines, fmt.Sprintf("%s is %s, expected %s", name, got, wanted))
		}
	}
	return lines
}

// Without is the state but for one table.
func (s State) Without(name string) State {
	rest := maps.Clone(s)
	delete(rest, name)
	return rest
}

// Hidden tells whether a file's name begins with a dot: it is being written, or was when its writer was killed.
func Hidden(path string) bool { return strings.HasPrefix(filepath.Base(path), ".") }

// AddFiles adds the files of a folder, but hidden ones.
func (s State) AddFiles(dir string) error {
	paths, err := Files(dir)
	if err != nil {
		return err
	}
	for _, path := range paths {
		if Hidden(path) {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, path))
		if err != nil {
			return err
		}
		s["file "+path] = fmt.Sprintf("%d bytes, SHA-256 %x", len(data), sha256.Sum256(data))
	}
	return nil
}

// digest is what a State has of a table: the texts of its rows in any order.
func digest(rows []string) string {
	slices.Sort(rows)
	return fmt.Sprintf("%d rows, SHA-256 %x", len(rows), sha256.Sum256([]byte(strings.Join(rows, "\n"))))
}

// Files are the paths of the files in a folder and in those below, sorted.
func Files(dir string) (paths []string, err error) {
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		paths = append(paths, rel)
		return err
	})
	return paths, err
}

// Size is the number of bytes of the files in a folder and in those below.
func Size(dir string) (bytes int64, err error) {
	paths, err := Files(dir)
	if err != nil {
		return 0, err
	}
	for _, path := range paths {
		info, err := os.Stat(filepath.Join(dir, path))
		if err != nil {
			return 0, err
		}
		bytes += info.Size()
	}
	return bytes, nil
}
