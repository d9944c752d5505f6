package fileio_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	_ "github.com/beamfit/beamfit/io/fileio"
	"github.com/beamfit/beamfit/io/iotest"
)

func TestConformance(t *testing.T) {
	iotest.Run(t, func(t *testing.T) iotest.Site {
		root := filepath.Join(t.TempDir(), "store")
		return iotest.Site{URL: "file:" + root, Staging: func(t *testing.T) []string { return staging(t, root) }}
	})
}

// staging lists what is in a store's folder besides tables, the catalogue and locks.
func staging(t *testing.T, root string) []string {
	t.Helper()
	catalog, err := os.ReadFile(filepath.Join(root, ".beamfit", "catalog.json"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	var left []string
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == root {
			return nil // the folder may not have been made
		}
		rel, _ := filepath.Rel(root, path)
		depth := strings.Count(rel, string(filepath.Separator))
		inControl := strings.HasPrefix(rel, ".beamfit")
		switch {
		case inControl && (depth == 0 || depth == 1 && (d.IsDir() || d.Name() == "lock" || d.Name() == "catalog.json")):
		case inControl && slices.Contains([]string{"locks", "claims", "runs"}, filepath.Base(filepath.Dir(rel))):
		case !inControl && depth == 0 && strings.Contains(string(catalog), `"folder": "`+d.Name()+`"`):
		case !inControl && depth == 1 && strings.Contains(string(catalog), `"generation": "`+d.Name()+`"`):
		case !inControl && depth == 2 && (d.Name() == "table.json" || strings.HasSuffix(d.Name(), ".arrow")):
		default:
			left = append(left, rel)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return left
}
