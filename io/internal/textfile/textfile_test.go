package textfile

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/klauspost/compress/zstd"
)

func file(t testing.TB, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "in.txt")
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func gzipped(data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(data)
	_ = w.Close()
	return b.Bytes()
}

func zstandard(data []byte) []byte {
	w, _ := zstd.NewWriter(nil)
	return w.EncodeAll(data, nil)
}

func wide(text string, big, mark bool) (out []byte) {
	if mark {
		text = "\uFEFF" + text
	}
	for _, u := range utf16.Encode([]rune(text)) {
		if big {
			out = append(out, byte(u>>8), byte(u))
		} else {
			out = append(out, byte(u), byte(u>>8))
		}
	}
	return out
}

func TestRead(t *testing.T) {
	const text = "id,name\n1,größe\n2,𝄞\n"
	long := strings.Repeat("1234567,abc\n", 50_000)
	for name, c := range map[string]struct {
		data           []byte
		encoding, want string
	}{
		"plain":               {[]byte(text), "", text},
		"empty":               {nil, "", ""},
		"a mark":              {[]byte("\uFEFF" + text), "", text},
		"gzip":                {gzipped([]byte(long)), "", long},
		"two gzip members":    {append(gzipped([]byte(text)), gzipped([]byte(text))...), "", text + text},
		"zstd":                {zstandard([]byte(long)), "", long},
		"UTF-16LE":            {wide(text, false, true), "", text},
		"UTF-16BE":            {wide(text, true, true), "", text},
		"UTF-16LE, no mark":   {wide("a,b\n1,2\n", false, false), "", "a,b\n1,2\n"},
		"UTF-16BE, no mark":   {wide("a,b\n1,2\n", true, false), "", "a,b\n1,2\n"},
		"UTF-16 in gzip":      {gzipped(wide(text, true, true)), "", text},
		"UTF-16, named":       {wide(text, true, true), "utf-16", text},
		"UTF-16BE, named":     {wide(text, true, true), "utf-16be", text},
		"Latin-1":             {[]byte("gr\xf6\xdfe\x80"), "latin1", "größe\u0080"},
		"windows-1252":        {[]byte("gr\xf6\xdfe\x80"), "Windows-1252", "größe€"},
		"Shift JIS":           {[]byte("\x93\xfa\x96\x7b"), "shift_jis", "日本"},
		"no UTF-8":            {[]byte("gr\xf6\xdfe"), "", "gr\xf6\xdfe"},
		"no UTF-8, though so": {[]byte("gr\xf6\xdfe"), "utf-8", "gr\xf6\xdfe"},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := Open(file(t, c.data), c.encoding)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			for range 2 {
				head, err := f.Head()
				if err != nil || !strings.HasPrefix(c.want, string(head)) || len(head) < min(len(c.want), HeadBytes/2) {
					t.Errorf("head of %d bytes, %v", len(head), err)
				}
				got, err := io.ReadAll(f)
				if err != nil || string(got) != c.want {
					t.Errorf("got %.100q, %v", got, err)
				}
				if err := f.Rewind(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func TestRefused(t *testing.T) {
	for begin, want := range map[string]string{
		"\xFD7zXZ\x00\x00": "xz", "BZh91AY&SY": "bzip2", "PK\x03\x04": "zip archive", "PAR1": "--format parquet", "\xFF\xFE\x00\x00": "UTF-32",
	} {
		path := file(t, []byte(begin+strings.Repeat("\x00", 100)))
		if _, err := Open(path, ""); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%q: error %v, want %s", begin, err, want)
		}
	}
	for _, name := range []string{"klingon", "replacement", "x-user-defined"} {
		if _, err := Open(file(t, nil), name); err == nil || !strings.Contains(err.Error(), "is not known") {
			t.Errorf("%s: error %v", name, err)
		}
	}
	for name, data := range map[string][]byte{"gzip": gzipped(make([]byte, 100_000)), "zstd": zstandard(make([]byte, 100_000))} {
		f, err := Open(file(t, data[:len(data)-8]), "utf-8")
		if err == nil {
			_, err = io.ReadAll(f)
			_ = f.Close()
		}
		if err == nil {
			t.Errorf("%s that is cut off was read", name)
		}
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none"), ""); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got error %v", err)
	}
}

// FuzzRead reads whatever there is to its end or to an error, twice to the same bytes.
func FuzzRead(f *testing.F) {
	for _, data := range [][]byte{nil, []byte("a,b\n"), gzipped([]byte("a")), zstandard([]byte("a,b\n1,2\n")), wide("a,b\n", true, true), []byte("\xFF\xFE\x00")} {
		f.Add(data, "")
	}
	f.Add([]byte("\x93\xfa"), "shift_jis")
	f.Add([]byte("\x1b$B"), "iso-2022-jp")
	f.Fuzz(func(t *testing.T, data []byte, name string) {
		in, err := Open(file(t, data), name)
		if err != nil {
			return
		}
		defer in.Close()
		first, err := io.ReadAll(io.LimitReader(in, 1<<20))
		if err != nil || len(first) == 1<<20 {
			return
		}
		if err := in.Rewind(); err != nil {
			t.Fatal(err)
		}
		if again, err := io.ReadAll(in); err != nil || !bytes.Equal(first, again) {
			t.Errorf("%q and then %q, %v", first, again, err)
		}
	})
}
