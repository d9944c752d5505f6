package e2e

import (
	"crypto/sha256"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/model/plan/cuda/hosttest"
)

// cudaEnv names the beamfit-cuda under test; scripts/cuda/test sets it.
const cudaEnv = "BEAMFIT_TEST_CUDA"

// besideCUDA makes the binary under test the plain one with beamfit-cuda beside it, and the stand-in driver the driver.
func besideCUDA(t *testing.T) {
	t.Helper()
	other := os.Getenv(cudaEnv)
	if other == "" {
		t.Skip(cudaEnv + " is not set: run scripts/cuda/test")
	}
	hosttest.Driver(t)
	plain, dir := binary, t.TempDir()
	t.Cleanup(func() { binary = plain })
	binary = filepath.Join(dir, "beamfit")
	if err := errors.Join(os.Link(plain, binary), os.Symlink(other, filepath.Join(dir, "beamfit-cuda"))); err != nil {
		t.Fatal(err)
	}
}

// gpuFit trains the page's network and returns the digest of its weights.
func (u user) gpuFit(model string, flags ...string) string {
	u.t.Helper()
	u.beamfit(append([]string{
		"fit", "iris_train_packed", model, "--arch", "model_arch_library", "--id", "1", "--compile", compile, "--fit", fitArgs, "--iterations", "4", "--seed", "3", "--replace",
	}, flags...)...)
	file := filepath.Join(u.t.TempDir(), "weights.npz")
	u.beamfit("export-model", model, "--out", file)
	f, err := os.Open(file)
	if err != nil {
		u.t.Fatal(err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		u.t.Fatal(err)
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:8])
}

// probabilities are the prob column of an exported table of predictions.
func (u user) probabilities(name string) []float64 {
	u.t.Helper()
	file := filepath.Join(u.t.TempDir(), name+".csv")
	u.beamfit("export", name, file)
	f, err := os.Open(file)
	if err != nil {
		u.t.Fatal(err)
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil {
		u.t.Fatal(err)
	}
	var all []float64
	for _, line := range lines[1:] {
		for i, column := range lines[0] {
			if column == "prob" {
				p, err := strconv.ParseFloat(line[i], 64)
				if err != nil {
					u.t.Fatal(err)
				}
				all = append(all, p)
			}
		}
	}
	return all
}

// TestGPUPage: the page's example with --gpus, on the stand-in driver. It gives the CPU's predictions, the same bits in every order of
// threads, with compiled kernels and with the PTX that a driver would get, and on prism.
func TestGPUPage(t *testing.T) {
	besideCUDA(t)
	u := fileUser(t)
	u.irisPrepared("0")
	u.gpuFit("on_cpu")
	bits := u.gpuFit("on_gpu", "--gpus")
	for _, way := range []string{"order=-1", "order=7,eager", "ptx", "devices=2"} {
		t.Setenv("FAKECUDA", way)
		if got := u.gpuFit("again", "--gpus"); got != bits {
			t.Errorf("FAKECUDA=%s: weights %s, else %s", way, got, bits)
		}
	}
	t.Setenv("FAKECUDA", "")
	for _, flags := range [][]string{{"--workers", "1"}, {"--runner", "prism"}} {
		if got := u.gpuFit("again", append(flags, "--gpus")...); got != bits {
			t.Errorf("with %v: weights %s, else %s", flags, got, bits)
		}
	}
	for _, m := range []string{"on_cpu", "on_gpu"} {
		var flags []string
		if m == "on_gpu" {
			flags = []string{"--gpus"}
		}
		u.beamfit(append([]string{"evaluate", m, "iris_test_packed", m + "_validate"}, flags...)...)
		u.beamfit(append([]string{"predict", m, "iris_test", m + "_predict", "--id-column", "id", "--independent", "attributes"}, flags...)...)
	}
	cpu, gpu := u.probabilities("on_cpu_predict"), u.probabilities("on_gpu_predict")
	if len(cpu) != 90 || len(gpu) != 90 {
		t.Fatalf("%d and %d predictions, want 90", len(cpu), len(gpu))
	}
	for i := range cpu {
		if !(math.Abs(cpu[i]-gpu[i]) <= 1e-5) {
			t.Errorf("prediction %d: %v on the GPU, %v on the CPU", i, gpu[i], cpu[i])
		}
	}
	u.beamfit("load-model", "byom", "../../cmd/beamfit/internal/iris/iris_mlp.json", "--weights-from", "on_gpu")
	u.beamfit("predict-byom", "byom", "1", "iris_test", "byom_predict", "--gpus", "--id-column", "id", "--independent", "attributes")
	if got := u.probabilities("byom_predict"); len(got) != 90 {
		t.Errorf("%d predictions of predict-byom, want 90", len(got))
	}
}

// TestGPUSyncEvery: with averages inside of iterations, warm-up and an outer rule the GPU is as near to the CPU as without, has the same bits in every
// order of threads, and other ones than without.
func TestGPUSyncEvery(t *testing.T) {
	besideCUDA(t)
	u := fileUser(t)
	u.irisPrepared("0")
	plain := u.gpuFit("plain", "--gpus")
	for name, flags := range map[string][]string{
		"every": {"--sync-every", "3"},
		"outer": {"--sync-every", "2", "--warm-up-passes", "3", "--outer", "nesterov"},
	} {
		u.gpuFit(name+"_cpu", flags...)
		onGPU := append([]string{"--gpus"}, flags...)
		bits := u.gpuFit(name+"_gpu", onGPU...)
		if bits == plain {
			t.Errorf("%v changes nothing", flags)
		}
		for _, way := range []string{"order=7,eager", "devices=2"} {
			t.Setenv("FAKECUDA", way)
			if got := u.gpuFit("again", onGPU...); got != bits {
				t.Errorf("%v, FAKECUDA=%s: weights %s, else %s", flags, way, got, bits)
			}
		}
		t.Setenv("FAKECUDA", "")
		for _, where := range []string{"_cpu", "_gpu"} {
			u.beamfit("predict", name+where, "iris_test", name+where+"_predict", "--id-column", "id", "--independent", "attributes")
		}
		cpu, gpu := u.probabilities(name+"_cpu_predict"), u.probabilities(name+"_gpu_predict")
		if len(cpu) != 90 || len(gpu) != 90 {
			t.Fatalf("%d and %d predictions, want 90", len(cpu), len(gpu))
		}
		for i := range cpu {
			if !(math.Abs(cpu[i]-gpu[i]) <= 1e-5) {
				t.Errorf("%v, prediction %d: %v on the GPU, %v on the CPU", flags, i, gpu[i], cpu[i])
			}
		}
	}
}

// TestGPUMath: each math has bits of its own, the same in every order of threads and with the PTX interpreted, and a
// GPU without tensor cores is refused before any work.
func TestGPUMath(t *testing.T) {
	besideCUDA(t)
	u := fileUser(t)
	u.irisPrepared("0")
	seen := map[string]string{u.gpuFit("plain", "--gpus"): "nothing"}
	if got := u.gpuFit("named", "--gpus", "--gpu-math", "float32"); seen[got] == "" {
		t.Error("float32 is not the default")
	}
	for _, m := range []string{"tf32x3", "tf32"} {
		bits := u.gpuFit("on_"+m, "--gpus", "--gpu-math", m)
		if other := seen[bits]; other != "" {
			t.Errorf("%s has the weights of %s", m, other)
		}
		seen[bits] = m
		t.Setenv("FAKECUDA", "ptx,order=7,eager")
		if got := u.gpuFit("again", "--gpus", "--gpu-math", m); got != bits {
			t.Errorf("%s as PTX: weights %s, else %s", m, got, bits)
		}
		t.Setenv("FAKECUDA", "")
		u.beamfit("evaluate", "plain", "iris_test_packed", m+"_validate", "--gpus", "--gpu-math", m)
		u.beamfit("predict", "plain", "iris_test", m+"_predict", "--id-column", "id", "--independent", "attributes", "--gpus", "--gpu-math", m)
		if plan := u.beamfit("plan", "model_arch_library", "1", "--gpus", "--gpu-math", m); !strings.Contains(plan, "gemm_nn_64_"+m+"\n") && !strings.Contains(plan, "gemm_nn_64_"+m+" ") {
			t.Errorf("plan with %s says\n%s", m, plan)
		}
	}
	u.beamfit("predict", "plain", "iris_test", "plain_predict", "--id-column", "id", "--independent", "attributes", "--gpus")
	apart := map[string]float64{}
	want := u.probabilities("plain_predict")
	for _, m := range []string{"tf32x3", "tf32"} {
		for i, p := range u.probabilities(m + "_predict") {
			apart[m] = max(apart[m], math.Abs(p-want[i]))
		}
	}
	if !(apart["tf32x3"] <= 1e-6 && 1e-5 <= apart["tf32"] && apart["tf32"] <= 1e-2) {
		t.Errorf("predictions are %v from those with float32", apart)
	}
	t.Setenv("FAKECUDA", "capability=75")
	_, err := u.try("evaluate", "plain", "iris_test_packed", "old", "--gpus", "--gpu-math", "tf32x3")
	if err == nil || !strings.Contains(err.Error(), "its compute capability is 7.5, expected 8.0 or later for GPU math tf32x3") {
		t.Errorf("a GPU without tensor cores: %v", err)
	}
	if _, err := u.try("show", "old"); err == nil {
		t.Error("there is a table")
	}
}

// TestGPURefused: what is wrong is said before any work, and no table is left.
func TestGPURefused(t *testing.T) {
	besideCUDA(t)
	u := fileUser(t)
	u.irisPrepared("0")
	fit := []string{"fit", "iris_train_packed", "m", "--arch", "model_arch_library", "--id", "1", "--compile", compile, "--fit", fitArgs, "--iterations", "1"}
	refused := func(want string, args ...string) {
		t.Helper()
		if _, err := u.try(args...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v\nwant %s", strings.Join(args, " "), err, want)
		}
		if _, err := u.try("show", "m"); err == nil {
			t.Error("there is a model")
		}
	}
	for env, want := range map[string]string{
		"nodevice":      "the CUDA driver finds no GPU",
		"version=11040": "the driver is too old: it supports CUDA 11.4",
		"memory=10000":  "shard ", // which one is chance
	} {
		t.Setenv("FAKECUDA", env)
		refused(want, append(fit, "--gpus")...)
	}
	t.Setenv("FAKECUDA", "memory=10000")
	refused("bytes, there is room for 3000 (0.9 of its 10000 bytes, shared by 3 shards)", append(fit, "--gpus")...)
	t.Setenv("FAKECUDA", "")
	t.Setenv(hosttest.LibEnv, "/nothing/libcuda.so.1")
	refused("no CUDA driver: /nothing/libcuda.so.1", append(fit, "--gpus")...)
	for _, args := range [][]string{
		{"evaluate", "m", "iris_test_packed", "v", "--gpus"},
		{"predict", "m", "iris_test", "p", "--id-column", "id", "--independent", "attributes", "--gpus"},
	} {
		refused("no CUDA driver", args...)
	}
	if err := os.Remove(filepath.Join(filepath.Dir(binary), "beamfit-cuda")); err != nil {
		t.Fatal(err)
	}
	refused("this program has no GPU support", append(fit, "--gpus")...)
}

// TestGPUShares: shards that share a GPU are warned of, and plan shows the step of a GPU without one.
func TestGPUShares(t *testing.T) {
	besideCUDA(t)
	u := fileUser(t)
	u.irisPrepared("0")
	cmd := u.command(t.Context(), "fit", "iris_train_packed", "m", "--arch", "model_arch_library", "--id", "1", "--compile", compile, "--fit", fitArgs,
		"--iterations", "1", "--gpus")
	out, err := cmd.CombinedOutput()
	if want := "warning: 3 shards share 1 GPU: on GPU 0 (stand-in for a GPU) a shard may take "; err != nil || !strings.Contains(string(out), want) {
		t.Errorf("%v\n%s\nwant %s", err, out, want)
	}
	t.Setenv(hosttest.LibEnv, "/nothing")
	plan := u.beamfit("plan", "model_arch_library", "1", "--gpus", "--batch", "5")
	if want := "launches in 1 graph"; !strings.Contains(plan, want) || !strings.Contains(plan, "kernels") {
		t.Errorf("plan says\n%s\nwant %s", plan, want)
	}
}

// TestPlainBinaryIsStatic: what is not built with the tag gpu needs no library.
func TestPlainBinaryIsStatic(t *testing.T) {
	if _, err := exec.LookPath("ldd"); err != nil {
		t.Skip(err)
	}
	out, err := exec.Command("ldd", binary).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "not a dynamic executable") {
		t.Errorf("ldd says %s", out)
	}
}
