package safetensors

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"testing"
)

func file(header string, values []byte) []byte {
	return slices.Concat(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), []byte(header), values)
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	arrays := []Values{{"b/kernel", []int{1, 3}, []float32{1, 2, 3}}, {"a", nil, []float32{4}}, {"none", []int{0}, nil}}
	var out bytes.Buffer
	if err := Write(&out, arrays, map[string]string{"k": "v"}); err != nil {
		t.Fatal(err)
	}
	if !Is(out.Bytes()) {
		t.Error("the file is not recognised")
	}
	f, err := Open(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil {
		t.Fatal(err)
	}
	if f.Metadata["k"] != "v" || len(f.Arrays) != 3 {
		t.Fatalf("%d arrays, metadata %v", len(f.Arrays), f.Metadata)
	}
	for i, a := range f.Arrays {
		b := make([]byte, 4*a.Len())
		if err := a.Float32s(b); err != nil {
			t.Fatal(err)
		}
		if a.Name != arrays[i].Name || !slices.Equal(a.Shape, arrays[i].Shape) {
			t.Errorf("array %d is %q of shape %v", i, a.Name, a.Shape)
		}
		for k, v := range arrays[i].Values {
			if math.Float32frombits(binary.LittleEndian.Uint32(b[4*k:])) != v {
				t.Errorf("%s[%d] differs", a.Name, k)
			}
		}
	}
}

func TestRefused(t *testing.T) {
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"overlap":  {file(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}`, make([]byte, 3)), "overlap"},
		"outside":  {file(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, make([]byte, 7)), "bytes 0 to 8 of 7"},
		"size":     {file(`{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}`, make([]byte, 8)), "for shape [3]"},
		"negative": {file(`{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,0]}}`, nil), "shape [-1]"},
		"type":     {file(`{"a":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}}`, make([]byte, 1)), `"F8_E4M3" are not supported`},
		"length":   {binary.LittleEndian.AppendUint64(nil, 1<<40), "a header of"},
		"JSON":     {file(`{"a":`, nil), "header"},
	} {
		if _, err := Open(bytes.NewReader(c.data), int64(len(c.data))); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %s", name, err, c.want)
		}
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(file(`{"__metadata__":{"a":"b"},"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},"b":{"dtype":"I64","shape":[],"data_offsets":[4,12]}}`, make([]byte, 12)))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Open(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return
		}
		for _, a := range s.Arrays {
			if a.Len() > len(data) {
				t.Fatalf("%d values in %d bytes", a.Len(), len(data))
			}
			if err := a.Float32s(make([]byte, 4*a.Len())); err != nil {
				t.Errorf("%s: %v", a.Name, err)
			}
		}
	})
}
