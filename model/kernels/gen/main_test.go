package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestGeneratedFilesAreCurrent: the files in the tree are what the generator writes, and no others.
func TestGeneratedFilesAreCurrent(t *testing.T) {
	files, err := generate()
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range files {
		got, err := os.ReadFile(filepath.Join("..", path))
		if err != nil {
			t.Error(err)
		} else if !bytes.Equal(got, want) {
			t.Errorf("%s differs from what gen writes; run go generate", path)
		}
	}
	for _, pattern := range []string{"*_avx2_amd64.*", "*_avx512_amd64.*"} {
		for _, folder := range []string{".", "fmapeak"} {
			found, err := filepath.Glob(filepath.Join("..", folder, pattern))
			if err != nil {
				t.Fatal(err)
			}
			for _, path := range found {
				if _, ok := files[filepath.Join(folder, filepath.Base(path))]; !ok {
					t.Errorf("%s is no longer written by gen", path)
				}
			}
		}
	}
}
