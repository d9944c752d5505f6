package stores

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	_ "github.com/beamfit/beamfit/io/fileio" // the scheme file:
	"github.com/beamfit/beamfit/io/table"
)

// A Folder is a copy of a template in the folder store.
type Folder struct{ Dir string }

// URL is the address of the store.
func (f Folder) URL() string { return "file:" + f.Dir }

// State reads all tables.
func (f Folder) State(ctx context.Context) (State, error) {
	s, err := table.Open(ctx, f.URL())
	if err != nil {
		return nil, err
	}
	defer s.Close()
	names, err := s.List(ctx)
	if err != nil {
		return nil, err
	}
	state := State{}
	for _, name := range names {
		rows, err := rowTexts(ctx, s, name)
		if err != nil {
			return nil, err
		}
		state[name.String()] = digest(rows)
	}
	return state, nil
}

// rowTexts are the rows of a table, each as one text.
func rowTexts(ctx context.Context, s table.Store, name table.Name) (rows []string, err error) {
	snap, err := s.Snapshot(ctx, name)
	if err != nil {
		return nil, err
	}
	defer snap.Close()
	parts, err := snap.Partitions(ctx, 1)
	if err != nil {
		return nil, err
	}
	for _, p := range parts {
		err := table.EachBatch(ctx, s, p, table.ReadOptions{}, func(b *table.Batch) error {
			for i := range b.Rows {
				rows = append(rows, rowText(b, i))
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return rows, nil
}

func rowText(b *table.Batch, row int) string {
	var text strings.Builder
	for k := range b.Cols {
		name := b.Schema[k].Name
		if slices.Contains(unlike, name) {
			continue
		}
		value, null := table.FormatValue(&b.Cols[k], row)
		if !null {
			value = strconv.Quote(value)
		}
		fmt.Fprintf(&text, "%s=%s ", name, value)
	}
	return text.String()
}

// Settle has nothing to wait for: what a process wrote is there when it has ended.
func (f Folder) Settle(context.Context) error { return nil }

// Size is the number of bytes that the store takes.
func (f Folder) Size(context.Context) (int64, error) { return Size(f.Dir) }

// Remove removes the store.
func (f Folder) Remove(context.Context) error { return os.RemoveAll(f.Dir) }

// Leftovers are the files that no table of the catalogue has, but for those of locks and claims, which stay.
func (f Folder) Leftovers(context.Context) ([]string, error) {
	known, err := f.known()
	if err != nil {
		return nil, err
	}
	paths, err := Files(f.Dir)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(paths, func(path string) bool {
		return known[path] || HoldsNoRows(path)
	}), nil
}

// HoldsNoRows tells whether a file of the store is the lock of something, or what a run has said of itself, which stays for a while.
func HoldsNoRows(path string) bool {
	return path == ".beamfit/lock" || strings.HasPrefix(path, ".beamfit/locks/") || strings.HasPrefix(path, ".beamfit/claims/") ||
		strings.HasPrefix(path, ".beamfit/runs/")
}

// known are the files that the catalogue and the manifests name.
func (f Folder) known() (map[string]bool, error) {
	var catalog struct {
		Tables []struct{ Folder, Generation string }
	}
	control := filepath.Join(".beamfit", "catalog.json")
	if err := readJSON(filepath.Join(f.Dir, control), &catalog); err != nil {
		return nil, err
	}
	known := map[string]bool{control: true}
	for _, t := range catalog.Tables {
		var manifest struct {
			Parts []struct{ Files []struct{ Name string } }
		}
		path := filepath.Join(t.Folder, t.Generation, "table.json")
		if err := readJSON(filepath.Join(f.Dir, path), &manifest); err != nil {
			return nil, err
		}
		known[path] = true
		for _, p := range manifest.Parts {
			for _, file := range p.Files {
				known[filepath.Join(t.Folder, t.Generation, file.Name)] = true
			}
		}
	}
	return known, nil
}

func readJSON(path string, v any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
