package weights

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/beamfit/beamfit/model/keras"
)

func model(t testing.TB, name string) *keras.Spec {
	t.Helper()
	spec, err := keras.Parse([]byte(`{"class_name": "Sequential", "config": {"name": "` + name + `", "layers": [
		{"class_name": "Dense", "config": {"name": "a", "units": 2, "batch_input_shape": [null, 1]}},
		{"class_name": "Dense", "config": {"name": "b", "units": 1}}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

func TestEncode(t *testing.T) {
	got := Encode([]float32{1, -2.5})
	if want := []byte{0, 0, 0x80, 0x3f, 0, 0, 0x20, 0xc0}; !bytes.Equal(got, want) {
		t.Errorf("% x, want % x", got, want)
	}
	if got := Encode(nil); len(got) != 0 {
		t.Errorf("no weights give %d bytes", len(got))
	}
}

func TestDecodeKeepsAllBits(t *testing.T) {
	spec := model(t, "m")
	vector := []float32{0, float32(math.Copysign(0, -1)), math.SmallestNonzeroFloat32, math.MaxFloat32, float32(math.Inf(-1)), math.Float32frombits(0x7fa00001), 3}
	got, err := Decode(spec, Encode(vector))
	if err != nil {
		t.Fatal(err)
	}
	for i := range vector {
		if math.Float32bits(got[i]) != math.Float32bits(vector[i]) {
			t.Errorf("weight %d: %08x became %08x", i, math.Float32bits(vector[i]), math.Float32bits(got[i]))
		}
	}
}

// TestTake: the values are those of Decode, aligned or not, and others' memory behind them is out of reach.
func TestTake(t *testing.T) {
	spec := model(t, "m")
	vector := make([]float32, spec.NumWeights)
	for i := range vector {
		vector[i] = float32(i) - 7.5
	}
	for shift := range 4 {
		memory := make([]byte, shift+4*len(vector)+8)
		data := append(memory[shift:shift:len(memory)], Encode(vector)...)
		got, err := Take(spec, data)
		if err != nil || !slices.Equal(got, vector) || cap(got) != len(got) {
			t.Errorf("shifted by %d: %v, capacity %d, %v", shift, got, cap(got), err)
		}
	}
	if _, err := Take(spec, make([]byte, 4)); err == nil {
		t.Error("no error for weights of another model")
	}
}

func TestDecodeRefusesOtherLengths(t *testing.T) {
	tests := []struct {
		name  string
		bytes int
		want  string
	}{
		{"iris", 24, `model "iris" has 7 weights (28 bytes), found 6 weights (24 bytes)`},
		{"iris", 29, `model "iris" has 7 weights (28 bytes), found no whole number of float32 weights (29 bytes)`},
		{"", 0, `the model has 7 weights (28 bytes), found 0 weights (0 bytes)`},
	}
	for _, tt := range tests {
		_, err := Decode(model(t, tt.name), make([]byte, tt.bytes))
		var length *LengthError
		if !errors.As(err, &length) {
			t.Errorf("%d bytes: error %v", tt.bytes, err)
		} else if err.Error() != tt.want {
			t.Errorf("error is %q, want %q", err, tt.want)
		}
	}
}

func TestView(t *testing.T) {
	spec := model(t, "m")
	vector := []float32{0, 1, 2, 3, 4, 5, 6}
	want := [][]float32{{0, 1}, {2, 3}, {4, 5}, {6}} // a: kernel (1, 2), bias (2); b: kernel (2, 1), bias (1)
	for i, w := range spec.Weights {
		if got := View(w, vector); !slices.Equal(got, want[i]) {
			t.Errorf("%s/%s is %v, want %v", w.Layer, w.Name, got, want[i])
		}
	}
	View(spec.Weights[1], vector)[0] = 9
	if vector[2] != 9 {
		t.Error("a view is a copy")
	}
	if _ = append(View(spec.Weights[0], vector), 7); vector[2] != 9 {
		t.Error("appending to a view changes the array after it")
	}
}

func FuzzDecode(f *testing.F) {
	spec := model(f, "m")
	f.Add(Encode([]float32{1, 2, 3, 4, 5, 6, 7}))
	f.Add([]byte{1, 2, 3})
	f.Fuzz(func(t *testing.T, data []byte) {
		vector, err := Decode(spec, data)
		if err != nil {
			return
		}
		if !bytes.Equal(Encode(vector), data) {
			t.Errorf("% x does not come back", data)
		}
	})
}
