// Package damage damages a file as a disk or a broken copy does: flipped bits, other or zero bytes, a cut end, no file at all.
package damage

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
)

// Way is a way to damage bytes; nil is a file that is missing.
type way struct {
	name string
	do   func(r *rand.Rand, data []byte) []byte
}

var ways = []way{
	{"a bit flipped", func(r *rand.Rand, data []byte) []byte {
		data[r.IntN(len(data))] ^= 1 << r.IntN(8)
		return data
	}},
	{"another byte", func(r *rand.Rand, data []byte) []byte {
		data[r.IntN(len(data))] ^= byte(1 + r.IntN(255))
		return data
	}},
	{"bytes zeroed", func(r *rand.Rand, data []byte) []byte {
		from := r.IntN(len(data))
		clear(data[from:min(len(data), from+1+r.IntN(64))])
		return data
	}},
	{"bytes left out", func(r *rand.Rand, data []byte) []byte {
		from := r.IntN(len(data))
		return append(data[:from:from], data[min(len(data), from+1+r.IntN(16)):]...)
	}},
	{"the end cut off", func(r *rand.Rand, data []byte) []byte { return data[:r.IntN(len(data))] }},
	{"emptied", func(_ *rand.Rand, _ []byte) []byte { return nil }},
	{"removed", nil},
}

// A Damage is what was done to a file.
type Damage struct {
	Path string
	Way  string

	intact, damaged []byte
	mode            fs.FileMode
}

func (d *Damage) String() string { return fmt.Sprintf("%s: %s", d.Path, d.Way) }

// File damages a file that is not empty, by chance.
func File(r *rand.Rand, path string) (*Damage, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	intact, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if len(intact) == 0 {
		return nil, fmt.Errorf("%s is empty: it has nothing to damage", path)
	}
	d := &Damage{Path: path, intact: intact, mode: info.Mode().Perm()}
	for d.Way == "" || bytes.Equal(d.damaged, intact) { // zeroing may change nothing
		w := ways[r.IntN(len(ways))]
		d.Way = w.name
		if w.do == nil {
			d.damaged = nil
			return d, os.Remove(path)
		}
		d.damaged = w.do(r, bytes.Clone(intact))
	}
	return d, os.WriteFile(path, d.damaged, d.mode)
}

// Undo gives the file its bytes back, unless another program has written it since. It reports whether it did.
func (d *Damage) Undo() (undone bool, err error) {
	now, err := os.ReadFile(d.Path)
	missing := errors.Is(err, fs.ErrNotExist)
	if err != nil && !missing {
		return false, err
	}
	if missing != (d.damaged == nil && d.Way == "removed") || !bytes.Equal(now, d.damaged) {
		return false, nil
	}
	return true, os.WriteFile(d.Path, d.intact, d.mode)
}
