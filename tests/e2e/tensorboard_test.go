package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"
)

// boardStart is how long TensorBoard may take until it answers.
const boardStart = time.Minute

// startBoard starts TensorBoard on a folder and returns its URL. The test skips where there is none.
func startBoard(t *testing.T, folder string) string {
	t.Helper()
	python := os.Getenv("BEAMFIT_KERAS_PYTHON")
	if python == "" {
		t.Skip("BEAMFIT_KERAS_PYTHON is not set: the Python that scripts/keras-python prints")
	}
	if err := exec.Command(python, "-c", "import tensorboard").Run(); err != nil {
		t.Skipf("%s has no tensorboard", python)
	}
	cmd := exec.CommandContext(t.Context(), python, "-m", "tensorboard.main", "--logdir", folder, "--host", "127.0.0.1", "--port", "0", "--load_fast", "false")
	out, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	address := make(chan string, 1)
	go func() {
		at := regexp.MustCompile(`http://127\.0\.0\.1:\d+/`)
		for s := bufio.NewScanner(out); s.Scan(); {
			if found := at.FindString(s.Text()); found != "" {
				address <- found
			}
		}
	}()
	select {
	case a := <-address:
		return a
	case <-time.After(boardStart):
		t.Fatal("TensorBoard does not start")
		return ""
	}
}

// ask is what TensorBoard answers, as soon as good says that it is all.
func ask[T any](t *testing.T, at string, good func(T) bool) (answer T) {
	t.Helper()
	for end := time.Now().Add(boardStart); ; time.Sleep(200 * time.Millisecond) {
		resp, err := http.Get(at)
		if err == nil {
			err = json.NewDecoder(resp.Body).Decode(&answer)
			_ = resp.Body.Close()
			if err == nil && good(answer) {
				return answer
			}
		}
		if time.Now().After(end) {
			t.Fatalf("%s: %v, error %v", at, answer, err)
		}
	}
}

// TensorBoard, started for real on the folder of a fit, shows its runs, scalars, histograms and network.
func TestTensorBoardShowsAFit(t *testing.T) {
	u, folder := fileUser(t), filepath.Join(t.TempDir(), "logs")
	base := startBoard(t, folder) // before there is anything
	u.irisPrepared("0")
	u.beamfit("fit", "iris_train_packed", "model", "--arch", "model_arch_library", "--id", "1", "--compile", compile, "--iterations", "4",
		"--fit", fmt.Sprintf("batch_size=5, callbacks=[TensorBoard(log_dir='%s', histogram_freq=1)]", folder), "--validation", "iris_test_packed")

	ask(t, base+"data/runs", func(runs []string) bool {
		slices.Sort(runs)
		return slices.Equal(runs, []string{"train", "validation"})
	})
	tag := func(plugin, run, tag string) string {
		return fmt.Sprintf("%sdata/plugin/%s?run=%s&tag=%s", base, plugin, run, url.QueryEscape(tag))
	}
	loss := ask(t, tag("scalars/scalars", "train", "epoch_loss"), func(points [][3]float64) bool { return len(points) == 4 })
	for i, p := range loss {
		if int(p[1]) != i || !(p[2] > 0 && p[2] < 3) {
			t.Errorf("point %d of the loss is %v", i, p)
		}
	}
	ask(t, tag("scalars/scalars", "validation", "epoch_categorical_accuracy"), func(points [][3]float64) bool { return len(points) == 4 })
	rate := ask(t, tag("scalars/scalars", "train", "epoch_learning_rate"), func(points [][3]float64) bool { return len(points) == 4 })
	if float32(rate[0][2]) != 0.001 {
		t.Errorf("learning rate %v", rate)
	}
	ask(t, base+"data/plugin/histograms/tags", func(tags map[string]map[string]any) bool { return len(tags["train"]) == 6 })
	ask(t, base+"data/plugin/graphs/info", func(info map[string]any) bool { return info["train"] != nil })
}
