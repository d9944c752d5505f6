package hosttest

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/cpu"

	"github.com/beamfit/beamfit/model/plan/cuda/kernels"
)

//go:embed src
var sources embed.FS

// compiler is what the tests of a machine without a GPU need. flags: fused products only where the source says so.
const compiler = "g++"

var flags = []string{"-std=c++17", "-O2", "-mfma", "-ffp-contract=off", "-fPIC", "-fvisibility=hidden", "-Wall", "-Wno-unknown-pragmas"}

// objects are the sources, in the folders src and kernels, and programs what they become.
var (
	objects  = []string{"kernels/all.cu", "kernels/tensor.cu", "src/fibers.cpp", "src/kernelrun.cpp", "src/fakecuda.cpp", "src/planted.cu"}
	programs = map[string][]string{
		"kernelrun":      {"kernels/all.cu", "kernels/tensor.cu", "src/fibers.cpp", "src/kernelrun.cpp"},
		"planted":        {"src/planted.cu", "src/fibers.cpp", "src/kernelrun.cpp"},
		"libfakecuda.so": {"kernels/all.cu", "kernels/tensor.cu", "src/fibers.cpp", "src/fakecuda.cpp"},
	}
)

// Build is the folder of what the C++ compiler makes of the kernels and of this package's sources. The test is skipped where it cannot be made.
func Build(t testing.TB) (folder string) {
	t.Helper()
	if runtime.GOARCH != "amd64" || runtime.GOOS != "linux" {
		t.Skipf("kernels run on the CPU on linux/amd64, not on %s/%s", runtime.GOOS, runtime.GOARCH)
	}
	if _, err := exec.LookPath(compiler); err != nil {
		t.Skipf("kernels run on the CPU where there is %s: %v", compiler, err)
	}
	if !cpu.X86.HasFMA {
		t.Skip("kernels run on a CPU that has fused multiply-add")
	}
	folder, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

// built builds once per process, and once per content of the sources.
var built = sync.OnceValues(func() (string, error) {
	files := map[string][]byte{}
	for name, from := range map[string]fs.FS{"src": sub(sources, "src"), "kernels": kernels.Sources} {
		err := fs.WalkDir(from, ".", func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			files[name+"/"+path], err = fs.ReadFile(from, path)
			return err
		})
		if err != nil {
			return "", err
		}
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	folder := filepath.Join(cache, "beamfit", "hosttest", digest(files))
	if _, err := os.Stat(folder); err == nil {
		return folder, nil
	}
	if err := os.MkdirAll(filepath.Dir(folder), 0o755); err != nil {
		return "", err
	}
	work, err := os.MkdirTemp(filepath.Dir(folder), "building-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(work)
	if err := build(work, files); err != nil {
		return "", err
	}
	if err := os.Rename(work, folder); err != nil && !errors.Is(err, fs.ErrExist) { // another process may have been first
		if _, other := os.Stat(folder); other != nil {
			return "", err
		}
	}
	return folder, nil
})

func sub(f fs.FS, name string) fs.FS {
	s, err := fs.Sub(f, name)
	if err != nil {
		panic(err)
	}
	return s
}

// digest names the sources, the flags and the compiler.
func digest(files map[string][]byte) string {
	h := sha256.New()
	version, _ := exec.Command(compiler, "--version").Output()
	fmt.Fprintf(h, "%s %q\n", version, flags)
	for _, name := range sorted(files) {
		fmt.Fprintf(h, "%s %d\n%s", name, len(files[name]), files[name])
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// build compiles the objects side by side and links them.
func build(folder string, files map[string][]byte) error {
	for name, text := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			return err
		}
	}
	errs := make([]error, len(objects))
	var wait sync.WaitGroup
	for i, o := range objects {
		wait.Go(func() {
			errs[i] = run(folder, append(append([]string{}, flags...), "-Isrc", "-Ikernels", "-c", "-o", object(o), "-x", "c++", o))
		})
	}
	wait.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	for _, name := range sorted(programs) {
		var parts []string
		if strings.HasSuffix(name, ".so") {
			parts = []string{"-shared", "-Wl,-soname,libcuda.so.1"}
		}
		for _, o := range programs[name] {
			parts = append(parts, object(o))
		}
		if err := run(folder, append([]string{"-o", name}, parts...)); err != nil {
			return err
		}
	}
	return nil
}

// object is the name of a source's object file.
func object(source string) string { return filepath.Base(source) + ".o" }

func run(folder string, args []string) error {
	cmd := exec.Command(compiler, args...)
	cmd.Dir = folder
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %q: %w\n%s", compiler, args, err, out)
	}
	return nil
}
