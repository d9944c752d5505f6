package parquetio

import (
	"math"
	"math/bits"

	"github.com/beamfit/beamfit/io/table"
)

const (
	// sampled is after how many values, and at the end of each page, a column chunk may be found to have no use for a dictionary: most of its
	// values must have been there before.
	sampled = 2048
	// maxDictionary is the most bytes of a dictionary.
	maxDictionary = 1 << 20
)

// A dictionary is the different values of a column chunk, in the order in which they first came.
type dictionary struct {
	given  bool // up: further pages are plain
	plain  []byte
	values int // in plain
	seen   int // that were asked for

	texts   map[string]uint32
	numbers numberTable
	places  []uint32 // of the values of a page
}

// begin empties the dictionary for a chunk of a kind of values.
func (d *dictionary) begin(k table.Kind) {
	d.given = k == table.Bool
	d.plain, d.values, d.seen = d.plain[:0], 0, 0
	clear(d.texts)
	d.numbers.reset()
}

// add looks values up, adds those that are new, and returns the places of all that are not NULL; ok is false where the dictionary is given up,
// and the page must be plain.
func (d *dictionary) add(v *table.Vector, null []bool, from, to int) (places []uint32, ok bool) {
	if d.given {
		return nil, false
	}
	size, count, seen := len(d.plain), d.values, d.seen
	d.places = d.places[:0]
	for i := from; i < to; i++ {
		if null != nil && null[i] {
			continue
		}
		if v.Type.Kind == table.Bytes && len(v.Bytes[i]) > maxDictionary || v.Strings != nil && len(v.Strings[i]) > maxDictionary {
			d.given = true // before it is copied
			break
		}
		d.seen++
		d.places = append(d.places, d.place(v, i))
		if len(d.plain) > maxDictionary || d.seen%sampled == 0 && d.mostDiffer() {
			d.given = true
			break
		}
	}
	if d.given = d.given || d.mostDiffer(); d.given {
		// The values of this page are in plain pages; the dictionary is that of the pages before.
		d.plain, d.values, d.seen = d.plain[:size], count, seen
		return nil, false
	}
	return d.places, len(d.places) > 0 // of nothing there is no dictionary
}

func (d *dictionary) mostDiffer() bool { return d.values > d.seen/2 }

// place is the place of a value, which is added if it is new.
func (d *dictionary) place(v *table.Vector, i int) uint32 {
	var place uint32
	var found bool
	next := uint32(d.values)
	switch v.Type.Kind {
	case table.Int16:
		place, found = d.numbers.place(uint64(uint16(v.Int16s[i])), next)
	case table.Int32:
		place, found = d.numbers.place(uint64(uint32(v.Int32s[i])), next)
	case table.Int64:
		place, found = d.numbers.place(uint64(v.Int64s[i]), next)
	case table.Float32:
		place, found = d.numbers.place(uint64(math.Float32bits(v.Float32s[i])), next)
	case table.Float64:
		place, found = d.numbers.place(math.Float64bits(v.Float64s[i]), next)
	case table.Bytes:
		if place, found = d.texts[string(v.Bytes[i])]; !found {
			d.text(string(v.Bytes[i]))
		}
	default:
		if place, found = d.texts[v.Strings[i]]; !found {
			d.text(v.Strings[i])
		}
	}
	if found {
		return place
	}
	d.plain = appendValue(d.plain, v, i)
	d.values++
	return next
}

func (d *dictionary) text(s string) {
	if d.texts == nil {
		d.texts = map[string]uint32{}
	}
	d.texts[s] = uint32(d.values)
}

// A numberTable finds places by the bits of numbers: a hash table with open addresses, for a map takes three times as long.
type numberTable struct {
	keys   []uint64
	places []uint32 // plus 1; 0: free
	n      int
}

const leastTable = 1 << 10

func (t *numberTable) reset() {
	clear(t.places)
	t.n = 0
}

// place returns the place of a number, or puts it at next.
func (t *numberTable) place(key uint64, next uint32) (place uint32, found bool) {
	if 2*t.n >= len(t.places) {
		t.grow()
	}
	at := t.slot(key)
	if p := t.places[at]; p > 0 {
		return p - 1, true
	}
	t.keys[at], t.places[at] = key, next+1
	t.n++
	return next, false
}

// slot is where a number is, or would be.
func (t *numberTable) slot(key uint64) int {
	mask := len(t.places) - 1
	at := int(key * 0x9E3779B97F4A7C15 >> (64 - bits.Len(uint(mask))))
	for t.places[at] > 0 && t.keys[at] != key {
		at = (at + 1) & mask
	}
	return at
}

func (t *numberTable) grow() {
	old := *t
	size := max(leastTable, 2*len(old.places))
	*t = numberTable{keys: make([]uint64, size), places: make([]uint32, size), n: old.n}
	for i, p := range old.places {
		if p > 0 {
			at := t.slot(old.keys[i])
			t.keys[at], t.places[at] = old.keys[i], p
		}
	}
}
