// Package gpus finds the NVIDIA GPUs of this machine without CUDA: it asks nvidia-smi, which knows what a container may use, and where that
// program is not there, the driver's files below /proc. A machine without a driver has none, which is no error. A driver that does not
// answer is one, since GPUs may be there that nobody can use; one that answers that it finds none is not.
package gpus

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// timeout is how long nvidia-smi may take. It starts the driver where nobody uses that, which takes seconds per GPU.
const timeout = time.Minute

// A source is where GPUs are looked for: the program nvidia-smi by its name or path, and the driver's folder.
type source struct{ program, folder string }

// List describes the GPUs of this machine, one line each, as nvidia-smi -L does: "GPU 0: NVIDIA H200 (UUID: GPU-...)".
func List(ctx context.Context) ([]string, error) {
	return source{program: "nvidia-smi", folder: "/proc/driver/nvidia/gpus"}.list(ctx)
}

func (s source) list(ctx context.Context) ([]string, error) {
	program, err := exec.LookPath(s.program)
	if errors.Is(err, exec.ErrNotFound) {
		return s.files()
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.program, err)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, "-L")
	cmd.WaitDelay = time.Second
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	said := strings.Join(append(lines(stdout.Bytes()), lines(stderr.Bytes())...), " ")
	if err == nil || cmd.ProcessState != nil && cmd.ProcessState.ExitCode() == notFound || strings.Contains(strings.ToLower(said), noDevices) {
		return slices.DeleteFunc(lines(stdout.Bytes()), func(line string) bool { return !strings.HasPrefix(line, "GPU ") }), nil
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if said != "" {
		said = ": " + said
	}
	return nil, fmt.Errorf("the NVIDIA driver does not answer: %s -L: %w%s", program, err, said)
}

// What nvidia-smi says where there is a driver and no GPU: a sentence, on either output, with the exit code 0, 6 or 255. 6 is that what was asked for was not found.
const (
	noDevices = "no devices "
	notFound  = 6
)

// lines are the GPUs, or what else a program says, without empty lines and those indented, which are parts of a GPU.
func lines(output []byte) (found []string) {
	for scan := bufio.NewScanner(bytes.NewReader(output)); scan.Scan(); {
		if line := scan.Text(); strings.TrimSpace(line) != "" && !strings.HasPrefix(line, " ") {
			found = append(found, strings.TrimSpace(line))
		}
	}
	return found
}

// files reads the file of every GPU that the driver has.
func (s source) files() (found []string, err error) {
	files, err := filepath.Glob(filepath.Join(s.folder, "*", "information"))
	if err != nil {
		return nil, err
	}
	for i, file := range files { // in the order of their places on the bus, as nvidia-smi numbers them
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("the NVIDIA driver: %w", err)
		}
		found = append(found, fmt.Sprintf("GPU %d: %s (UUID: %s)", i, field(text, "Model"), field(text, "GPU UUID")))
	}
	return found, nil
}

// field is the value of a line "name: value"; "unknown" where there is none.
func field(text []byte, name string) string {
	for scan := bufio.NewScanner(bytes.NewReader(text)); scan.Scan(); {
		if key, value, ok := strings.Cut(scan.Text(), ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}
