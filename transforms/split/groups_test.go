package split

import (
	"reflect"
	"testing"
)

var exampleGroups = groups{map[int]map[string]int64{0: {"": 3, "a": 1 << 40}, 2: {"b\x00": 5}, 7: {}}}

func TestGroups(t *testing.T) {
	g, err := decodeGroups(encodeGroups(exampleGroups))
	if err != nil || !reflect.DeepEqual(g, exampleGroups) {
		t.Errorf("read back: %v, %v", g, err)
	}
	g = groups{map[int]map[string]int64{0: {"a": 3, "b": 1}, 1: {"a": 2}, 2: {"a": 5, "c": 1}}}
	if got := g.sizes(); got["a"] != 10 || got["b"] != 1 || got["c"] != 1 {
		t.Errorf("sizes %v", got)
	}
	if g.first(2, "a") != 5 || g.first(0, "a") != 0 || g.first(2, "b") != 1 {
		t.Errorf("first ordinals %d, %d, %d", g.first(2, "a"), g.first(0, "a"), g.first(2, "b"))
	}
}

func FuzzDecodeGroups(f *testing.F) {
	f.Add(encodeGroups(exampleGroups))
	f.Add([]byte{1, 0, 0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Add([]byte{1, 0, 1, 9, 'a'})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		g, err := decodeGroups(b)
		if err != nil {
			return
		}
		if again, err := decodeGroups(encodeGroups(g)); err != nil || !reflect.DeepEqual(again, g) {
			t.Errorf("%v became %v, %v", g, again, err)
		}
	})
}
