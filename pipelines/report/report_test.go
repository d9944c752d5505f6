package report

import (
	"bytes"
	"context"
	"encoding/base64"
	"flag"
	"fmt"
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"codeberg.org/go-fonts/liberation/liberationmonoregular"
	"codeberg.org/go-fonts/liberation/liberationsansbold"
	"codeberg.org/go-fonts/liberation/liberationsansregular"

	"github.com/beamfit/beamfit/model/curve"
	"github.com/beamfit/beamfit/pipelines/internal/picturetest"
	"github.com/beamfit/beamfit/pipelines/picture"
)

var update = flag.Bool("update", false, "write the golden pictures anew")

// hostile is a name that would act if it were read as HTML.
const hostile = `<script>document.title='owned'</script><img src=x onerror="document.title='owned'">"'&amp;</style>` + "\u202e\x1b[2J"

// document is a page with everything on it.
func document(t *testing.T, name string) *Document {
	t.Helper()
	history := picture.Fit{Name: name}
	loss, accuracy := picture.Score{Name: "loss"}, picture.Score{Name: "categorical_accuracy"}
	for i := range 20 {
		x := math.Exp(-float64(i) / 6)
		history.Iterations, history.Seconds = append(history.Iterations, i+1), append(history.Seconds, float64(i))
		loss.Training, loss.Validation = append(loss.Training, 2.3*x), append(loss.Validation, 2.3*x+0.1)
		accuracy.Training, accuracy.Validation = append(accuracy.Training, 1-0.9*x), append(accuracy.Validation, 0.97-0.9*x)
	}
	history.Scores = []picture.Score{loss, accuracy}
	matrix := curve.NewConfusion([]string{name, "Iris-versicolor", "Iris-virginica"})
	for i, counts := range [][]int64{{9, 0, 0}, {0, 8, 2}, {0, 1, 10}} {
		copy(matrix.Counts[i], counts)
	}
	var scored []curve.Row
	for i := range 40 {
		scored = append(scored, curve.Row{Score: float64(i%20)/20 + 0.02, Positive: i%20+i/4 > 14})
	}
	roc, err := curve.ROC(scored)
	if err != nil {
		t.Fatal(err)
	}
	figure, err := picture.ROC([]picture.Class{{Name: name, Curve: roc}})
	if err != nil {
		t.Fatal(err)
	}
	digit := make([]float32, 28*28)
	for i := range digit {
		y, x := float64(i/28)-13.5, float64(i%28)-13.5
		digit[i] = float32(math.Exp(-math.Pow(math.Hypot(x, y*0.8)-7, 2) / 4))
	}
	d := &Document{
		Name: name, Description: "A network of " + name, Made: "beamfit 0.1.0",
		Notes:     []string{"Beware: the training table was packed with normalizing constant 255, the validation table with 1."},
		Results:   []Fact{{"training loss", "0.0972"}, {"training " + name, "0.9615"}, {"validation loss", "0.1972"}, {"iteration", "20"}},
		Arguments: []Fact{{"compile_params", "loss='categorical_crossentropy', optimizer='adam', metrics=['categorical_accuracy']"}, {"fit_params", "batch_size=5, epochs=3"}, {"source_table", name}},
		History:   history,
		Network: Network{
			Inputs: []Fact{{"input_1", "28 × 28"}}, Outputs: []Fact{{"dense_2", "3"}}, Parameters: 1_199_882, Trainable: 1_199_882,
			Layers: []Layer{{Name: name, Class: "InputLayer", Shape: "28 × 28"}, {Name: "dense_1", Class: "Dense", Shape: "512", Parameters: 1_196_032}, {Name: "dense_2", Class: "Dense", Shape: "3", Parameters: 3850, Frozen: true, From: []string{"dense_1", name}}},
		},
		Rows: &Rows{Table: name, Kind: "validation", Count: 30, Outputs: []Output{
			{Variable: name, Confusion: matrix, Curves: []*picture.Figure{figure}, Worst: []Row{
				{Place: "7 of buffer 0", Truth: name, TruthProb: "0.0131", Predicted: "Iris-virginica", PredictedProb: "0.9731", Image: ImageOf([]int{28, 28}, digit)},
				{Place: "3 of buffer 2", Truth: "Iris-virginica", TruthProb: "0.3100", Predicted: "Iris-versicolor", PredictedProb: "0.6540", Features: "5.9, 3, 5.1, 1.8"},
			}},
			{Variable: "price", Errors: []Fact{{"mean absolute error", "2.31"}, {"R²", "0.87"}}, Worst: []Row{{Place: "1 of buffer 0", Truth: "50", Predicted: "21.3", Facts: []Fact{{"error", "28.7"}}}}},
		}},
		Runs: []Run{
			{ID: "k3x7qabd", Command: []string{"beamfit", "fit", "iris_train_packed", name, "--compile=loss='mse'"}, State: "done", Started: "2026-11-29 18:45:28 UTC", Took: "3m5s", Where: "ann@db1", Version: "0.1.0"},
			{ID: "x4n4rtnk", Command: []string{"beamfit", "evaluate", name}, State: "failed", Started: "2026-11-29 18:55:28 UTC", Took: "1s", Where: "ann@db1", Message: name},
		},
	}
	return d
}

func html(t *testing.T, d *Document) string {
	t.Helper()
	var b bytes.Buffer
	if err := d.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestNothingIsFetchedOrRun looks for what a browser would fetch or run.
func TestNothingIsFetchedOrRun(t *testing.T) {
	for _, name := range []string{"iris_model", hostile} {
		page := html(t, document(t, name))
		for _, bad := range []string{"<script", "<link", "<iframe", "<object", "@import", "url(", "javascript:", "onerror=\"", " src=\"http", "href=", "\u202e", "\x1b"} {
			if strings.Contains(page, bad) {
				t.Errorf("the page has %q", bad)
			}
		}
		if n := strings.Count(page, "<img "); n != 1 {
			t.Errorf("%d pictures, want the one of a row", n)
		}
		if !strings.Contains(page, `content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"`) {
			t.Error("the page does not forbid to fetch and run")
		}
		if page != html(t, document(t, name)) {
			t.Error("the same document is another page")
		}
	}
	if page := html(t, document(t, hostile)); !strings.Contains(page, "&lt;script&gt;document.title=&#39;owned&#39;&lt;/script&gt;") {
		t.Error("the name is not shown")
	}
}

func TestLittle(t *testing.T) {
	page := html(t, &Document{Name: "m"})
	for _, absent := range []string{"<section", "<table", "<svg", "<footer", "no value", "nil"} {
		if strings.Contains(page, absent) {
			t.Errorf("a page of nothing has %s", absent)
		}
	}
	if !strings.Contains(page, "<h1>m</h1>") {
		t.Error(page)
	}
}

func TestImageOf(t *testing.T) {
	for _, c := range []struct {
		shape []int
		ok    bool
	}{{[]int{28, 28}, true}, {[]int{28, 28, 1}, true}, {[]int{8, 9, 3}, true}, {[]int{784}, false}, {[]int{28, 28, 2}, false}, {[]int{2, 2}, false}, {[]int{300, 300}, false}, {[]int{4, 4, 4, 4}, false}} {
		n := 1
		for _, d := range c.shape {
			n *= d
		}
		values := make([]float32, n)
		values[n-1] = 2
		img := ImageOf(c.shape, values)
		if (img.URL != "") != c.ok {
			t.Errorf("%v: %.30s", c.shape, img.URL)
		}
		if !c.ok {
			continue
		}
		data, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(string(img.URL), "data:image/png;base64,"))
		if err != nil {
			t.Fatal(err)
		}
		decoded, err := png.Decode(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		size := decoded.Bounds()
		if _, _, b, _ := decoded.At(size.Dx()-1, size.Dy()-1).RGBA(); size.Dx() != c.shape[1] || size.Dy() != c.shape[0] || b != 0xffff {
			t.Errorf("%v: %v, the last pixel is %x", c.shape, size, b)
		}
	}
	if ImageOf([]int{4, 4}, make([]float32, 5)).URL != "" {
		t.Error("too few values are a picture")
	}
	if ImageOf([]int{4, 4}, make([]float32, 16)).URL == "" {
		t.Error("a row of zeros is no picture")
	}
}

func TestNumber(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1 000", 1234567: "1 234 567", -1000: "-1 000", -100: "-100"} {
		if got := strings.ReplaceAll(number(n), "\u202f", " "); got != want {
			t.Errorf("%d: %q", n, got)
		}
	}
}

// chromium is a headless Chromium, "" where there is none.
func chromium(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("BEAMFIT_CHROMIUM"); path != "" {
		return path
	}
	for _, name := range []string{"chromium-headless-shell", "chromium", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	unpacked, err := filepath.Abs("../../.venv/chromium/chromium")
	if err == nil {
		if _, err = os.Stat(unpacked); err == nil {
			return unpacked
		}
	}
	t.Skip("no Chromium: scripts/chromium fetches one, or BEAMFIT_CHROMIUM names one")
	return ""
}

// browse opens a page in Chromium.
func browse(t *testing.T, page string, args ...string) []byte {
	t.Helper()
	path := chromium(t)
	file := filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(file, []byte(page), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	args = append([]string{
		"--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--force-device-scale-factor=1", "--user-data-dir=" + t.TempDir(),
	}, append(args, "file://"+file)...)
	cmd := exec.CommandContext(ctx, path, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", path, err, stderr.String())
	}
	return out
}

// TestHostileNamesInABrowser lets a browser read a page whose names would change its title.
func TestHostileNamesInABrowser(t *testing.T) {
	page := html(t, document(t, hostile))
	dom := string(browse(t, page, "--dump-dom"))
	if strings.Contains(dom, "<title>owned") || !strings.Contains(dom, "<title>&lt;script&gt;") {
		t.Errorf("the title is %.200s", dom[strings.Index(dom, "<title>"):])
	}
	// The browser runs scripts where a page lets it: the test would see them.
	open := strings.Replace(page, "</body>", "<script>document.title='owned'</script></body>", 1)
	open = strings.Replace(open, "default-src 'none'", "default-src 'unsafe-inline'", 1)
	if dom := string(browse(t, open, "--dump-dom")); !strings.Contains(dom, "<title>owned") {
		t.Errorf("a script does not run where it may: %.300s", dom)
	}
	forbidden := strings.Replace(page, "</body>", "<script>document.title='owned'</script></body>", 1)
	if dom := string(browse(t, forbidden, "--dump-dom")); strings.Contains(dom, "<title>owned") {
		t.Error("the page lets a script run")
	}
}

// withFonts gives the page fonts of its own, so that it looks alike on all machines.
func withFonts(page string) string {
	face := func(family, weight string, font []byte) string {
		return fmt.Sprintf(`@font-face { font-family: "%s"; font-weight: %s; src: url(data:font/ttf;base64,%s); }`, family, weight, base64.StdEncoding.EncodeToString(font))
	}
	fonts := face("Liberation Sans", "normal", liberationsansregular.TTF) + face("Liberation Sans", "bold", liberationsansbold.TTF) + face("Liberation Mono", "normal", liberationmonoregular.TTF)
	page = strings.Replace(page, "<style>", "<style>"+fonts, 1)
	return strings.Replace(page, "img-src data:", "img-src data:; font-src data:", 1)
}

// TestGolden looks at a page at the width of a desk and of a phone, as it was when somebody looked at it; -update writes the pictures anew.
func TestGolden(t *testing.T) {
	page := withFonts(html(t, document(t, "Iris-setosa")))
	for name, size := range map[string]string{"desktop": "1280,2550", "phone": "390,3800"} {
		file := filepath.Join(t.TempDir(), name+".png")
		browse(t, page, "--window-size="+size, "--screenshot="+file)
		got, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		golden := filepath.Join("testdata", name+".png")
		if *update {
			if err := os.WriteFile(golden, got, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if share := picturetest.Differing(t, want, got, visible); share > 0.02 {
			kept := filepath.Join(t.ArtifactDir(), name+".png")
			if err := os.WriteFile(kept, got, 0o644); err != nil {
				t.Fatal(err)
			}
			t.Errorf("%s: %.2f %% of the pixels differ from %s: see %s; where it is as good, run the test with -update", name, 100*share, golden, kept)
		}
	}
}

// visible is the least difference between two colours that counts.
const visible = 0x4000 // the edges of letters differ by less between two versions of a browser
