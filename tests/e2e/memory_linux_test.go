package e2e

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestMemoryOfModelFiles: a model's weights are in memory once while they go from a file to a store and back, whatever the store. 80 MB are the program's.
func TestMemoryOfModelFiles(t *testing.T) {
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
			u, copied := userOf(t), filepath.Join(t.TempDir(), "copied.safetensors")
			for _, args := range [][]string{
				{"load-model", "arch", arch, "--weights", weights},
				{"export-model", "arch", "--id", "1", "--out", copied},
			} {
				cmd := u.command(context.Background(), args...)
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
				most := cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
				t.Logf("%s: %d MB for a file of %d MB", args[0], most/1e6, size/1000000)
				if most > 2*size {
					t.Errorf("%s took %d MB for a file of %d MB, expected twice as much at most", args[0], most/1e6, size/1000000)
				}
			}
			if want, got := sumOfArrays(t, weights), sumOfArrays(t, copied); got != want {
				t.Errorf("the arrays that were written have the SHA-256 %s, expected %s", got, want)
			}
		})
	}
}

// sumOfArrays is the SHA-256 of what stands behind the head of a .safetensors file. It is read in small pieces, as largeArray writes.
func sumOfArrays(t *testing.T, path string) string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	head := make([]byte, 8)
	if _, err := io.ReadFull(f, head); err != nil {
		t.Fatal(err)
	}
	sum := sha256.New()
	if _, err = f.Seek(int64(head[0])|int64(head[1])<<8|int64(head[2])<<16, io.SeekCurrent); err == nil {
		_, err = io.Copy(sum, f)
	}
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%x", sum.Sum(nil))
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
