package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestMemoryOfLoadModel: a model's weights are in memory once while they go from a file to a store, whatever the store. 80 MB are the program's.
func TestMemoryOfLoadModel(t *testing.T) {
	const inputs, units, size = 5000, 6400, 4 * 5000 * 6400
	arch := filepath.Join(t.TempDir(), "wide.json")
	text := fmt.Sprintf(`{"class_name": "Sequential", "config": {"name": "wide", "layers": [
		{"class_name": "Dense", "config": {"name": "a", "units": %d, "use_bias": false, "batch_input_shape": [null, %d]}}]}}`, units, inputs)
	if err := os.WriteFile(arch, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	weights := largeArray(t, "a/kernel", inputs, units)
	for name, userOf := range users(t) {
		t.Run(name, func(t *testing.T) {
			cmd := userOf(t).command(context.Background(), "load-model", "arch", arch, "--weights", weights)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			most := cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
			t.Logf("%d MB for a file of %d MB", most/1e6, size/1000000)
			if most > 2*size {
				t.Errorf("load-model took %d MB for a file of %d MB, expected twice as much at most", most/1e6, size/1000000)
			}
		})
	}
}

// largeArray is a .safetensors file with one matrix. It is written in small pieces: Linux counts the memory of this process as that of the commands that it starts.
func largeArray(t *testing.T, name string, rows, columns int) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "wide.safetensors")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	head := fmt.Sprintf(`{%q: {"dtype": "F32", "shape": [%d, %d], "data_offsets": [0, %d]}}`, name, rows, columns, 4*rows*columns)
	for _, part := range []io.Reader{
		bytes.NewReader([]byte{byte(len(head)), 0, 0, 0, 0, 0, 0, 0}),
		strings.NewReader(head),
		io.LimitReader(rand.NewChaCha8([32]byte{}), int64(4*rows*columns)),
	} {
		if _, err := io.Copy(f, part); err != nil {
			t.Fatal(err)
		}
	}
	return path
}
