package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNets: every network is one that beamfit reads, with as many weights as Keras counts.
func TestNets(t *testing.T) {
	for name, weights := range map[string]int{
		"iris": 193, "mnist_mlp": 669706, "mnist_cnn": 1199882, "cifar_cnn": 1250858, "resnet20": 274442, "text_lstm": 353674,
	} {
		_, spec, err := load(findNet(name), crossentropy)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if spec.NumWeights != weights {
			t.Errorf("%s: %d weights, want %d", name, spec.NumWeights, weights)
		}
	}
}

// TestGoldenNets: the networks whose plans the tests of package plan know are these.
func TestGoldenNets(t *testing.T) {
	for _, n := range nets {
		got, err := n.keras()
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile("../../model/plan/testdata/" + n.name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != strings.TrimSpace(string(want)) {
			t.Errorf("%s: model/plan/testdata has another network", n.name)
		}
	}
}

// TestNames: no two works are the same row of the table.
func TestNames(t *testing.T) {
	seen := map[string]bool{}
	for _, w := range works() {
		if key := w.key() + w.peer; seen[key] {
			t.Errorf("%s, against %s, is there twice", w.name, w.peer)
		} else {
			seen[key] = true
		}
	}
}

// TestUpdate: rows that were measured replace their own, others stay, in the order of the works.
func TestUpdate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "doc.md")
	a, b, c := &work{name: "a", peer: "keras"}, &work{name: "a", peer: "torch"}, &work{name: "b", peer: "keras"}
	begin, end := marks("Maker")
	other, otherEnd := marks("Other")
	before := "before\n" + other + "\n| a | 1 | other | torch | x |\n" + otherEnd + "\n"
	old := before + begin + "\nold head\n\n| a | 1 | old | torch | x |\n| b | 1 | old | keras | x |\n| gone | 1 | old | keras | x |\n" + end + "\nafter\n"
	if err := os.WriteFile(path, []byte(old), 0o644); err != nil {
		t.Fatal(err)
	}
	one := result{mine: []float64{2}, theirs: []float64{3}, ratios: []float64{1.5}}
	if err := update(path, "Maker", "numpy 1.2", []*work{a, b, c}, map[*work]string{a: a.line(one), c: c.line(one)}); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := string(got)
	rows := strings.Split(text[strings.Index(text, header)+len(header):], "\n")
	if !strings.HasPrefix(text, before+begin) || !strings.Contains(text, "; numpy 1.2.\n") || !strings.HasSuffix(text, end+"\nafter\n") || strings.Contains(text, "gone") ||
		!strings.Contains(rows[0], "**1.50**") || rows[1] != "| a | 1 | old | torch | x |" || !strings.HasPrefix(rows[2], "| b | 0 | 2 s |") {
		t.Errorf("the file is now\n%s", text)
	}
	if err := update(path, "Nobody", "", nil, nil); err == nil || !strings.Contains(err.Error(), "bench:begin Nobody") {
		t.Errorf("a maker without marks: %v", err)
	}
}
