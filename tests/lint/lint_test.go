package lint

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/beamfit/beamfit"

type pkg struct {
	ImportPath, Dir, Doc string
	Imports              []string
	GoFiles              []string
	IgnoredGoFiles       []string
}

// layers are the parts of the tree from the top to the bottom. A package may import its own layer and those that allow
// lists; "model/*" names are folders, their sub-packages included.
var layers = []struct {
	folder string
	allow  []string
}{
	{everywhere, nil},
	{"cmd", []string{"pipelines", "serve", "io", "model"}},
	{"serve/sqltext", nil},
	{"serve/poll", nil},
	{"serve/wire", []string{"serve/poll"}},
	{"serve/loan", []string{"serve/wire"}},
	{"serve/madlib", []string{"pipelines", "io/table"}},
	{"serve", []string{"pipelines", "io/pgio"}},
	{"pipelines/internal/argument", nil},
	{"pipelines/internal/tables", []string{"pipelines/internal/argument", "transforms", "io/table", "model"}},
	{"pipelines/internal/gpus", nil},
	{"pipelines/internal/runner", []string{"io/table", "io/netns", "model/kernels"}},
	{"pipelines/internal/job", []string{"model/plan/cuda", "model/kernels", "pipelines/internal/argument", "pipelines/internal/tables", "pipelines/internal/runner", "pipelines/internal/account", "transforms", "io/table", "io/netns"}},
	{"pipelines/internal/picturetest", nil},
	{"pipelines/internal/jobtest", []string{"pipelines/internal/job", "io/netns"}},
	{"pipelines/internal/inference", []string{"pipelines/internal/argument", "pipelines/internal/tables", "pipelines/internal/job", "transforms", "io/table", "model"}},
	{"pipelines/internal/rounds", []string{"transforms/outer", "model/params", "model/trainer"}},
	{"pipelines/internal/fitting", []string{"pipelines/internal/tables", "pipelines/internal/job", "pipelines/internal/rounds", "pipelines/internal/fitlog", "transforms", "io/table", "model"}},
	{"pipelines/internal/reporting", []string{"pipelines/report", "pipelines/picture", "pipelines/internal/job", "pipelines/internal/tables", "transforms", "io/table", "model"}},
	{"pipelines/picture", []string{"model/curve"}},
	{"pipelines/report", []string{"pipelines/picture", "io/shellwords", "model/curve"}},
	{"pipelines/outcomes", []string{"io/table", "model/curve", "transforms"}},
	{"pipelines", []string{"transforms", "io/table", "io/tfevents", "io/kerasio", "model"}},
	{"transforms", []string{"io/table", "io/ownerlock", "model/trainer", "model/plan", "model/keras", "model/params", "model/expr", "model/buffer", "model/lookup", "model/kernels"}},
	{"io/pgio", []string{"io/table", "io/netns", "io/ownerlock"}},
	{"io/fileio", []string{"io/table", "io/ownerlock", "io/internal"}},
	{"io/exchange", []string{"io/csvio", "io/jsonlio", "io/parquetio", "io/table", "io/ownerlock", "io/internal"}},
	{"io/csvio", []string{"io/table", "io/shellwords", "io/internal"}},
	{"io/jsonlio", []string{"io/table", "io/internal"}},
	{"io/parquetio", []string{"io/table", "io/internal"}},
	{"io/internal", []string{"io/table"}},
	{"io/iotest", []string{"io/table"}},
	{"io/table", nil},
	{"io/netns", nil},
	{"io/shellwords", nil},
	{"io/tfevents", nil},
	{"io/kerasio", []string{"io/ownerlock"}},
	{"io/ownerlock", nil},
	{"model/trainer", []string{"model/plan", "model/graph", "model/optimizer", "model/loss", "model/metric", "model/keras", "model/params", "model/expr", "model/kernels"}},
	{"model/plan/plantest", []string{"model/loss", "model/optimizer", "model/keras", "model/params", "model/expr"}},
	{"model/plan", []string{"model/lookup", "model/graph", "model/loss", "model/optimizer", "model/keras", "model/kernels"}},
	{"model/callback", []string{"model/expr", "model/optimizer", "model/metric", "model/params"}},
	{"model/graph", []string{"model/loss", "model/keras", "model/expr", "model/kernels"}},
	{"model/optimizer", []string{"model/params"}},
	{"model/loss", []string{"model/params", "model/expr", "model/kernels"}},
	{"model/metric", []string{"model/loss", "model/params", "model/expr"}},
	{"model/initializer", []string{"model/keras"}},
	{"model/weights", []string{"model/keras"}},
	{"model/keras", []string{"model/lookup"}},
	{"model/lookup", nil},
	{"model/expr", []string{"model/params"}},
	{"model/params", nil},
	{"model/curve", nil},
	{"model/buffer", nil},
	{"model/kernels", nil},
	{"tests", nil},
	{"scripts", []string{"pipelines", "io", "model"}},
}

// everywhere is what any package may import: it imports nothing of beamfit.
const everywhere = "model/nearest"

// homes are the only folders that may import a library, tests excepted.
var homes = []struct {
	library string
	folders []string
	why     string
}{
	{"github.com/jackc/pgx/", []string{"io/pgio", "serve"}, "PostgreSQL is spoken by its store and its proxy"},
	{"gorgonia.org/gorgonia", []string{"model/graph", "model/plan"}, "the graph is built in model/graph and lowered in model/plan"},
	{"gorgonia.org/cu", []string{"model/plan/cuda"}, "it ends the process where no GPU is"},
	{"github.com/apache/arrow/", []string{"model/buffer", "io/fileio", "io/internal/arrowvec", "io/parquetio"}, "a move to another Arrow version must touch few folders"},
	{"github.com/google/flatbuffers/", []string{"io/fileio/internal/ipcmeta"}, "the metadata of Arrow files are read in one place"},
	{"github.com/apache/beam/", []string{"transforms", "pipelines"}, "stores and models know nothing of Beam"},
	{"github.com/klauspost/cpuid/", []string{"model/kernels", "scripts/bench", "scripts/convergence"}, "only kernels and the tables of figures differ by processor"},
	{"google.golang.org/", []string{"pipelines/internal/runner", "model/plan/onnx"}, "engines are spoken to in one place, and ONNX files written in one"},
	{"gonum.org/v1/plot", []string{"pipelines/picture"}, "pictures are drawn in one place"},
	{"github.com/dgryski/go-farm", []string{"model/lookup"}, "the hashes of TensorFlow are those of categories"},
	{"github.com/dchest/siphash", []string{"model/lookup"}, "the hashes of TensorFlow are those of categories"},
	{"github.com/spf13/cobra", []string{"cmd"}, "only commands parse command lines"},
}

func packages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Dir,Doc,Imports,GoFiles,IgnoredGoFiles", module+"/...")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var pkgs []pkg
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		p.addIgnored(t)
		pkgs = append(pkgs, p)
	}
	if len(pkgs) < 10 {
		t.Fatalf("go list found %d packages only", len(pkgs))
	}
	return pkgs
}

// addIgnored adds what the files import that this build leaves out: those of other systems and of the tag gpu.
func (p *pkg) addIgnored(t *testing.T) {
	t.Helper()
	for _, name := range p.IgnoredGoFiles {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, imp := range f.Imports {
			to, err := strconv.Unquote(imp.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Contains(p.Imports, to) {
				p.Imports = append(p.Imports, to)
			}
		}
	}
}

func within(pkgPath, folder string) bool {
	return pkgPath == folder || strings.HasPrefix(pkgPath, folder+"/")
}

// layerOf is the layer of a package path inside the module, -1 when it has none.
func layerOf(p string) int {
	return slices.IndexFunc(layers, func(l struct {
		folder string
		allow  []string
	},
	) bool {
		return within(p, l.folder)
	})
}

// Nothing is imported that layers do not allow, and nothing is allowed that nobody imports.
func TestImportsPointOneWay(t *testing.T) {
	used := make([][]bool, len(layers)) // what is allowed
	for i, l := range layers {
		used[i] = make([]bool, len(l.allow))
	}
	for _, p := range packages(t) {
		from, _ := strings.CutPrefix(p.ImportPath, module+"/")
		i := layerOf(from)
		if i < 0 {
			t.Errorf("%s has no place in the layers: add its folder here and to docs/architecture.md", from)
			continue
		}
		for _, imp := range p.Imports {
			to, ours := strings.CutPrefix(imp, module+"/")
			if !ours || within(to, layers[i].folder) || within(to, everywhere) {
				continue
			}
			allowed := false
			for k, f := range layers[i].allow {
				if within(to, f) {
					allowed, used[i][k] = true, true
				}
			}
			if !allowed {
				t.Errorf("%s imports %s: %s may import only %s", from, to, layers[i].folder, strings.Join(layers[i].allow, ", "))
			}
		}
	}
	for i, l := range layers {
		for k, f := range l.allow {
			if !used[i][k] {
				t.Errorf("%s may import %s, and no package of it does: take it from the layers", l.folder, f)
			}
		}
	}
}

func TestLibrariesStayAtHome(t *testing.T) {
	for _, p := range packages(t) {
		from, _ := strings.CutPrefix(p.ImportPath, module+"/")
		for _, imp := range p.Imports {
			for _, h := range homes {
				if !strings.HasPrefix(imp, h.library) {
					continue
				}
				if !slices.ContainsFunc(h.folders, func(f string) bool { return within(from, f) }) {
					t.Errorf("%s imports %s, whose home is %s: %s", from, imp, strings.Join(h.folders, ", "), h.why)
				}
			}
		}
	}
}

// testSupport are the packages that only tests use: conformance suites.
var testSupport = []string{"tests", "io/iotest", "pipelines/internal/runner/runnertest", "pipelines/internal/jobtest", "pipelines/internal/picturetest", "model/plan/cuda/hosttest", "model/plan/plantest", "model/params/paramstest"}

func TestTestSupportStaysInTests(t *testing.T) {
	supports := func(p string) bool {
		return slices.ContainsFunc(testSupport, func(s string) bool { return within(p, s) })
	}
	for _, p := range packages(t) {
		from, _ := strings.CutPrefix(p.ImportPath, module+"/")
		for _, imp := range p.Imports {
			to, ours := strings.CutPrefix(imp, module+"/")
			if !supports(from) && (imp == "testing" || ours && supports(to)) {
				t.Errorf("%s imports %s: only tests may", from, imp)
			}
		}
	}
}

func TestEveryPackageHasAComment(t *testing.T) {
	for _, p := range packages(t) {
		if len(p.GoFiles) > 0 && p.Doc == "" {
			t.Errorf("%s has no package comment: say its purpose, vocabulary, guarantees and failure behaviour", p.ImportPath)
		}
	}
}

func TestNoGoFilesWhereFoldersOnlyGroup(t *testing.T) {
	for _, p := range packages(t) {
		switch from := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/"); from {
		case "", "internal", "io", "model", "transforms", "cmd":
			t.Errorf("%q holds Go files %v: it only groups packages", path.Join(module, from), p.GoFiles)
		}
	}
}
