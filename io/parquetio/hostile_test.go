package parquetio

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/golang/snappy"
	"github.com/klauspost/compress/zstd"

	"github.com/beamfit/beamfit/io/table"
)

// A lie is a Parquet file with one column, repeated in the schema as often as columns says, whose metadata say what the test wants.
type lie struct {
	typ, codec, encoding int64
	pages                []liePage
	values               int64 // of the chunk, and rows of the file; 0: those of the pages
	columns              int   // 0: one
	repetition           int64 // 0 required, 1 optional
	footer               []byte
	footerBytes          uint32 // 0: the true length
}

type liePage struct {
	dictionary   bool
	values       int64
	uncompressed int64 // -1: as many as data has
	data         []byte
}

func (l lie) file() []byte {
	out := []byte(magic)
	var dictionary, data int64
	values := int64(0)
	for _, p := range l.pages {
		at := int64(len(out))
		if p.uncompressed < 0 {
			p.uncompressed = int64(len(p.data))
		}
		var w thriftWriter
		w.begin()
		typ := int64(dataPage)
		if p.dictionary {
			typ = dictionaryPage
		}
		w.intField(1, thriftI32, typ)
		w.intField(2, thriftI32, p.uncompressed)
		w.intField(3, thriftI32, int64(len(p.data)))
		if p.dictionary {
			dictionary = at
			w.field(7, thriftStruct)
			w.begin()
			w.intField(1, thriftI32, p.values)
			w.intField(2, thriftI32, 0)
			w.end()
		} else {
			if data == 0 {
				data = at
			}
			values += p.values
			w.field(5, thriftStruct)
			w.begin()
			w.intField(1, thriftI32, p.values)
			w.intField(2, thriftI32, l.encoding)
			w.intField(3, thriftI32, 3)
			w.intField(4, thriftI32, 3)
			w.end()
		}
		w.end()
		out = append(append(out, w.out...), p.data...)
	}
	if l.values == 0 {
		l.values = values
	}
	footer := l.footer
	if footer == nil {
		footer = l.metadata(int64(len(out))-int64(len(magic)), data, dictionary)
	}
	out = append(out, footer...)
	n := l.footerBytes
	if n == 0 {
		n = uint32(len(footer))
	}
	return append(binary.LittleEndian.AppendUint32(out, n), magic...)
}

func (l lie) metadata(size, data, dictionary int64) []byte {
	columns := max(1, l.columns)
	var w thriftWriter
	w.begin()
	w.intField(1, thriftI32, 2)
	w.field(2, thriftList)
	w.list(columns+1, thriftStruct)
	w.begin()
	w.field(4, thriftBinary)
	w.text("schema")
	w.intField(5, thriftI32, int64(columns))
	w.end()
	for i := range columns {
		w.begin()
		w.intField(1, thriftI32, l.typ)
		w.intField(3, thriftI32, l.repetition)
		w.field(4, thriftBinary)
		w.text(fmt.Sprint("c", i))
		w.end()
	}
	w.intField(3, thriftI64, l.values)
	groups := 1
	if l.columns > 0 {
		groups = 0
	}
	w.field(4, thriftList)
	w.list(groups, thriftStruct)
	for range groups {
		w.begin()
		w.field(1, thriftList)
		w.list(1, thriftStruct)
		w.begin()
		w.intField(2, thriftI64, 4)
		w.field(3, thriftStruct)
		w.begin()
		w.intField(1, thriftI32, l.typ)
		w.field(2, thriftList)
		w.list(1, thriftI32)
		w.int(l.encoding)
		w.field(3, thriftList)
		w.list(1, thriftBinary)
		w.text("c0")
		w.intField(4, thriftI32, l.codec)
		w.intField(5, thriftI64, l.values)
		w.intField(6, thriftI64, size)
		w.intField(7, thriftI64, size)
		w.intField(9, thriftI64, data)
		if dictionary > 0 {
			w.intField(11, thriftI64, dictionary)
		}
		w.end()
		w.end()
		w.intField(2, thriftI64, size)
		w.intField(3, thriftI64, l.values)
		w.end()
	}
	w.end()
	return w.out
}

// packed compresses zeros with each codec.
func packed(t *testing.T, codec int64, data []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	var err error
	switch codec {
	case codecSnappy:
		return snappy.Encode(nil, data)
	case 2:
		w := gzip.NewWriter(&out)
		_, err = w.Write(data)
		err = errors.Join(err, w.Close())
	case 4:
		w := brotli.NewWriterLevel(&out, 3)
		_, err = w.Write(data)
		err = errors.Join(err, w.Close())
	case codecZstd:
		var w *zstd.Encoder
		if w, err = zstd.NewWriter(&out); err == nil { // states no size
			_, err = w.Write(data)
			err = errors.Join(err, w.Close())
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func hostileFiles(t *testing.T) map[string][]byte {
	t.Helper()
	const int64Type, byteArray, most = 2, 6, 1<<31 - 1
	plain8 := make([]byte, 8)
	levels := binary.LittleEndian.AppendUint32(nil, 6) // definition levels: one run of 0, the longest
	levels = append(levels, 0xFE, 0xFF, 0xFF, 0xFF, 0x0F, 0)
	huge := binary.AppendUvarint(nil, 1<<33)
	delta := func(block, minis uint64, total []byte) []byte {
		return append(append(binary.AppendUvarint(binary.AppendUvarint(nil, block), minis), total...), 0, 0, 0, 0, 0, 0, 0, 0)
	}
	files := map[string][]byte{
		"footer of 4 GB":         lie{typ: int64Type, footerBytes: 0xFFFFFFF0}.file(),
		"footer list of 2^31":    lie{footer: []byte{0x15, 0x04, 0x19, 0xFC, 0xFF, 0xFF, 0xFF, 0xFF, 0x07, 0x00}}.file(),
		"footer of nested lists": lie{footer: append([]byte{0x19}, bytes.Repeat([]byte{0x19}, 100_000)...)}.file(),
		"footer of many structs": lie{footer: append(append([]byte{0x15, 0x04, 0x19, 0xFC}, binary.AppendUvarint(nil, 8_000_000)...), bytes.Repeat([]byte{0x48, 0x00, 0x00}, 8_000_000)...)}.file(),
		"50,000 columns":         lie{typ: int64Type, columns: 50_000}.file(),
		"page of 2 GB":           lie{typ: int64Type, pages: []liePage{{false, 1, most, plain8}}}.file(),
		"page of 2^31 values":    lie{typ: int64Type, pages: []liePage{{false, most, -1, plain8}}}.file(),
		"2^31 NULLs":             lie{typ: int64Type, repetition: 1, pages: []liePage{{false, most, -1, levels}}, values: most}.file(),
		"dictionary of 2^31":     lie{typ: byteArray, encoding: 8, pages: []liePage{{true, most, -1, plain8}, {false, 1, -1, []byte{1, 2, 0}}}}.file(),
		"snappy says 4 GB":       lie{typ: int64Type, codec: codecSnappy, pages: []liePage{{false, 1, 8, append(binary.AppendUvarint(nil, 0xFFFFFFFF), plain8...)}}}.file(),
		"snappy dictionary":      lie{typ: byteArray, codec: codecSnappy, encoding: 8, pages: []liePage{{true, 1, 8, append(binary.AppendUvarint(nil, 0xFFFFFFFF), plain8...)}, {false, 1, 8, plain8}}}.file(),
		"zstd says 1 TB":         lie{typ: int64Type, codec: codecZstd, pages: []liePage{{false, 1, 8, []byte{0x28, 0xB5, 0x2F, 0xFD, 0xE0, 0, 0, 0, 0, 0, 1, 0, 0, 0x01, 0, 0}}}}.file(),
		"lz4 of 2 GB":            lie{typ: int64Type, codec: codecLZ4Raw, pages: []liePage{{false, 1, most, plain8}}}.file(),
		"lz4 too short":          lie{typ: int64Type, codec: codecLZ4Raw, pages: []liePage{{false, 1, 8, []byte{0x10, 1}}}}.file(),
		"hadoop's of 4 GB":       lie{typ: int64Type, codec: codecLZ4, pages: []liePage{{false, 1, 8, bytes.Repeat([]byte{0xFF}, 16)}}}.file(),
		"streams of odd length":  lie{typ: int64Type, encoding: byteStreamSplit, pages: []liePage{{false, 1, -1, []byte{1, 2, 3}}}}.file(),
		"delta that grows":       lie{typ: int64Type, encoding: 5, pages: []liePage{{false, most, -1, delta(1<<20, 1, binary.AppendUvarint(nil, 1<<24))}}}.file(),
		"delta total":            lie{typ: int64Type, encoding: 5, pages: []liePage{{false, 2, -1, delta(128, 4, huge)}}}.file(),
		"delta block":            lie{typ: int64Type, encoding: 5, pages: []liePage{{false, 2, -1, delta(1<<35, 1, []byte{2})}}}.file(),
		"delta miniblocks":       lie{typ: int64Type, encoding: 5, pages: []liePage{{false, 2, -1, delta(1<<36, 1<<33, []byte{2})}}}.file(),
		"delta lengths":          lie{typ: byteArray, encoding: 6, pages: []liePage{{false, 2, -1, delta(128, 4, huge)}}}.file(),
		"delta prefixes":         lie{typ: byteArray, encoding: 7, pages: []liePage{{false, 2, -1, delta(128, 4, huge)}}}.file(),
		"delta prefixes of 2^31": lie{typ: byteArray, encoding: 7, pages: []liePage{{false, most, -1, delta(128, 4, huge)}}}.file(),
	}
	// One text of 48 MB and a million rows of it.
	text := append(binary.LittleEndian.AppendUint32(nil, 48<<20), make([]byte, 48<<20)...)
	for name, codec := range map[string]int64{"snappy": codecSnappy, "gzip": 2, "brotli": 4, "zstd": codecZstd} {
		small := packed(t, codec, text)
		rows := packed(t, codec, []byte{1, 0x80, 0x89, 0x7A, 0})
		files[name+" dictionary bomb"] = lie{typ: byteArray, codec: codec, encoding: 8, pages: []liePage{{true, 1, int64(len(text)), small}, {false, 1_000_000, 5, rows}}}.file()
		if name == "snappy" {
			continue // does not grow enough
		}
		bomb := lie{typ: byteArray, codec: codec}
		for range 300 {
			bomb.pages = append(bomb.pages, liePage{false, 1, int64(len(text)), small})
		}
		files[name+" bomb"] = bomb.file()
		files[name+" empty page"] = lie{typ: byteArray, codec: codec, pages: []liePage{{false, 1, 0, small}}}.file()
	}
	return files
}

const hostileFile = "BEAMFIT_TEST_HOSTILE_FILE"

// raceDetector: the race detector is on.
var raceDetector bool

// TestHostile reads files that ask for gigabytes or for hours, each in a process of its own: an error below 1 GB, no panic, no
// end of the process for want of memory.
func TestHostile(t *testing.T) {
	if path := os.Getenv(hostileFile); path != "" {
		fmt.Println("result:", readWhole(path))
		return
	}
	if raceDetector {
		t.Skip("the race detector takes several times the memory that is bounded here")
	}
	dir := t.TempDir()
	for name, data := range hostileFiles(t) {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, "f.parquet")
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			guard, cancel := context.WithTimeout(ctx, 20*time.Second)
			defer cancel()
			cmd := exec.CommandContext(guard, os.Args[0], "-test.run=^TestHostile$")
			cmd.Env = append(os.Environ(), hostileFile+"="+path)
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%d bytes: %v: %.600s", len(data), err, out)
			}
			_, result, _ := strings.Cut(string(out), "result: ")
			result, _, _ = strings.Cut(result, "\n")
			if !strings.Contains(result, table.ErrCorrupt.Error()) || !strings.Contains(result, path) {
				t.Errorf("%d bytes: %s", len(data), result)
			}
			kb := cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss
			if kb > 900_000 {
				t.Errorf("%d bytes: took %d KB of memory: %s", len(data), kb, result)
			}
			t.Logf("%d bytes, %d MB, %v: %s", len(data), kb/1000, cmd.ProcessState.UserTime(), strings.ReplaceAll(result, path, "f"))
		})
	}
}

func readWhole(path string) error {
	r, err := Open(ctx, path, nil)
	if err != nil {
		return err
	}
	defer r.Close()
	for {
		if _, err := r.Next(ctx); err != nil {
			return err
		}
	}
}
