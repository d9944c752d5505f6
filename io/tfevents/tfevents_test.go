package tfevents

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var began = time.Unix(1_700_000_000, 250_000_000)

// A file of two events, byte by byte: the version of the format, and a scalar.
func TestBytes(t *testing.T) {
	var b bytes.Buffer
	w := NewWriter(&b, began)
	w.Scalar(began, 3, "a", 1.5)
	if b.Len() != 0 {
		t.Error("written before Flush")
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	want := "\x18\x00\x00\x00\x00\x00\x00\x00" + "\xa3\x7f\x4b\x22" + // 24 bytes; the checksum is that of TensorFlow's files
		"\x09\xff\xff\x0f\x40\xfc\x54\xd9\x41" + "\x1a\x0dbrain.Event:2"
	if !strings.HasPrefix(b.String(), want) {
		t.Errorf("the file begins with %q, want %q", b.String()[:len(want)], want)
	}
	rest := b.Bytes()
	for n := 0; len(rest) > 0; n++ {
		length := binary.LittleEndian.Uint64(rest)
		data := rest[12:][:length]
		if sum := binary.LittleEndian.Uint32(rest[8:]); sum != checksum(rest[:8]) {
			t.Errorf("record %d: checksum %x of its length", n, sum)
		}
		if sum := binary.LittleEndian.Uint32(rest[12+length:]); sum != checksum(data) {
			t.Errorf("record %d: checksum %x", n, sum)
		}
		if rest = rest[16+length:]; n == 1 && !bytes.Contains(data, []byte("scalars")) {
			t.Errorf("record %d is %q", n, data)
		}
	}
}

func TestBuckets(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	var empty bucket
	for name, c := range map[string]struct {
		values      []float32
		first, last bucket
	}{
		"none":      {nil, empty, empty},
		"no number": {[]float32{nan, inf, -inf}, empty, empty},
		"one value": {[]float32{2, 2, nan, 2}, bucket{2, 2, 0}, bucket{2, 2, 3}},
		"two":       {[]float32{0, 30, 1, 0.5}, bucket{0, 1, 2}, bucket{29, 30, 1}},
	} {
		b := bucketsOf(c.values)
		if len(b) != numBuckets || b[0] != c.first || b[numBuckets-1] != c.last {
			t.Errorf("%s: from %v to %v, want %v to %v", name, b[0], b[numBuckets-1], c.first, c.last)
		}
	}
}

// What is written is what TensorBoard reads, also of a run that was begun again.
func TestTensorBoardReads(t *testing.T) {
	python := os.Getenv("BEAMFIT_KERAS_PYTHON")
	if python == "" {
		t.Skip("BEAMFIT_KERAS_PYTHON is not set: the Python that scripts/keras-python prints")
	}
	dir := t.TempDir()
	write := func(number int, events func(w *Writer)) {
		t.Helper()
		file, err := os.Create(filepath.Join(dir, Name(began, number)))
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		w := NewWriter(file, began)
		events(w)
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	write(0, func(w *Writer) {
		w.Start(began, 0)
		w.Model(began, 0, "keras", []byte(`{"class_name": "Sequential"}`))
		for step := range int64(4) {
			w.Scalar(began, step, "epoch_loss", 1/float64(step+1))
		}
		for step := range int64(3) {
			w.Histogram(began, step, "dense/kernel/histogram", []float32{0, 30, 1, 0.5})
		}
	})
	write(1, func(w *Writer) {
		w.Start(began, 2)
		w.Scalar(began.Add(time.Minute), 2, "epoch_loss", 7)
	})
	out, err := exec.CommandContext(t.Context(), python, "testdata/read.py", dir).Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, err.(*exec.ExitError).Stderr)
	}
	type event struct {
		Step   int64
		Wall   float64
		Values json.RawMessage
	}
	found := map[string]struct {
		Plugin string
		Class  int
		Events []event
	}{}
	if err := json.Unmarshal(out, &found); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	if s := found["epoch_loss"]; s.Plugin != "scalars" || s.Class != 1 || len(s.Events) != 3 || string(s.Events[1].Values) != "0.5" ||
		string(s.Events[2].Values) != "7.0" || s.Events[2].Step != 2 || math.Abs(s.Events[0].Wall-1_700_000_000.25) > 1e-6 {
		t.Errorf("scalars %+v", s)
	}
	var buckets [][3]float64
	h := found["dense/kernel/histogram"] // that of step 2 is void
	if h.Plugin != "histograms" || h.Class != 2 || len(h.Events) != 2 {
		t.Errorf("histograms %+v", h)
	} else if err := json.Unmarshal(h.Events[1].Values, &buckets); err != nil || len(buckets) != 30 || buckets[1] != [3]float64{1, 2, 1} {
		t.Errorf("histogram %v, error %v", buckets, err)
	}
	if k := found["keras"]; k.Plugin != "graph_keras_model" || len(k.Events) != 1 || !strings.Contains(string(k.Events[0].Values), "Sequential") {
		t.Errorf("graph %+v", k)
	}
}
