// Package textfile opens the text files that a user names: whatever they are compressed with and encoded in, UTF-8 comes out.
//
// # Compression
//
// gzip and Zstandard are told by their first bytes, whatever the file's name is. Other compressed files and archives, and files that are
// no text at all, are refused by name.
//
// # Encodings
//
// Without a name the text is UTF-8, or UTF-16 where it begins with a byte order mark or every second byte of its beginning is zero, as in
// Latin text. Other encodings must be named: utf-8, utf-16le, utf-16be, utf-16, or a label of the WHATWG's Encoding Standard, such as
// windows-1252; latin1 and its other names mean ISO 8859-1. Byte order marks are dropped. What is no text in UTF-8 comes out as it is,
// for whoever reads it to refuse with its place; bytes that another encoding has no character for become U+FFFD.
//
// # Failure
//
// Text streams: memory is bounded by the window of the compression, at most 128 MiB. Files that end too early or are damaged end in an error.
package textfile

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/beamfit/beamfit/io/internal/inputfile"
	"github.com/beamfit/beamfit/io/internal/oserr"
)

// HeadBytes is how much of the text Head returns at the most.
const HeadBytes = 64 << 10

const maxWindow = 128 << 20

// magics are the first bytes of files that are not text, and what to do about them.
var magics = []struct{ begin, problem string }{
	{"\xFD7zXZ\x00", "it is compressed with xz; decompress it first, or use gzip or zstd"},
	{"BZh", "it is compressed with bzip2; decompress it first, or use gzip or zstd"},
	{"PK\x03\x04", "it is a zip archive, as Excel's workbooks are; unpack it, or save the sheet as CSV"},
	{"\xD0\xCF\x11\xE0", "it is a document of an old Office program; save the sheet as CSV"},
	{"PAR1", "it is a Parquet file; --format parquet reads it"},
	{"ARROW1", "it is an Arrow file; save it as Parquet or CSV"},
	{"SQLite format 3\x00", "it is an SQLite database; export its table as CSV"},
	{"\x89HDF", "it is an HDF5 file; save the table as Parquet or CSV"},
	{"\xFF\xFE\x00\x00", "it is UTF-32; save it as UTF-8"},
}

// A File is an open text file.
type File struct {
	path     string
	f        *os.File
	encoding string // as named
	in       *bufio.Reader
	unpack   io.Closer // nil: not compressed
}

// CheckEncoding refuses the name of an encoding that Open does not know.
func CheckEncoding(name string) error {
	_, err := named(name)
	return err
}

// Open opens a file or pipe; name is that of its encoding, "" to find it.
func Open(path, name string) (*File, error) {
	if _, err := named(name); err != nil {
		return nil, fmt.Errorf("file %s: %w", path, err)
	}
	f, err := inputfile.Open(path)
	if err != nil {
		return nil, err
	}
	t := &File{path: path, f: f, encoding: name}
	if err := t.begin(); err != nil {
		_ = t.Close()
		return nil, err
	}
	return t, nil
}

// named is the encoding of a name, nil for UTF-8 and for a name that is empty.
func named(name string) (encoding.Encoding, error) {
	switch lower := strings.ToLower(strings.TrimSpace(name)); lower {
	case "", "utf-8", "utf8":
		return nil, nil
	case "utf-16", "utf16":
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), nil
	case "latin1", "latin-1", "iso-8859-1", "iso8859-1", "iso_8859-1": // which the WHATWG takes for windows-1252
		return charmap.ISO8859_1, nil
	case "replacement", "x-user-defined":
	default:
		if e, err := htmlindex.Get(lower); err == nil {
			return e, nil
		}
	}
	return nil, fmt.Errorf("encoding %q is not known; utf-8, utf-16, latin1, windows-1252 are, and the other names of https://encoding.spec.whatwg.org", name)
}

// begin sets the readers up at the beginning of the file.
func (t *File) begin() error {
	raw := bufio.NewReaderSize(t.f, HeadBytes)
	head, err := raw.Peek(20)
	if err != nil && !errors.Is(err, io.EOF) {
		return t.fail(oserr.Named(err))
	}
	for _, m := range magics {
		if bytes.HasPrefix(head, []byte(m.begin)) {
			return t.fail(errors.New(m.problem))
		}
	}
	t.in = raw
	switch {
	case bytes.HasPrefix(head, []byte("\x1F\x8B")):
		z, err := gzip.NewReader(raw)
		if err != nil {
			return t.fail(err)
		}
		t.unpack, t.in = z, bufio.NewReaderSize(z, HeadBytes)
	case bytes.HasPrefix(head, []byte("\x28\xB5\x2F\xFD")):
		z, err := zstd.NewReader(raw, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return t.fail(err)
		}
		t.unpack, t.in = z.IOReadCloser(), bufio.NewReaderSize(z, HeadBytes)
	}
	return t.decode()
}

// decode puts the decoder of the text's encoding before it.
func (t *File) decode() error {
	e, _ := named(t.encoding) // checked by Open
	if t.encoding == "" {
		head, err := t.Head()
		if err != nil {
			return err
		}
		e = guess(head)
	}
	if e != nil {
		t.in = bufio.NewReaderSize(transform.NewReader(t.in, e.NewDecoder()), HeadBytes)
	}
	if mark, _ := t.in.Peek(3); string(mark) == "\xEF\xBB\xBF" {
		_, _ = t.in.Discard(len(mark))
	}
	return nil
}

// guess tells UTF-16 from UTF-8, which is nil.
func guess(head []byte) encoding.Encoding {
	little, big := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	switch {
	case bytes.HasPrefix(head, []byte("\xFF\xFE")):
		return little
	case bytes.HasPrefix(head, []byte("\xFE\xFF")):
		return big
	}
	var zeros [2]int
	for i, c := range head {
		if c == 0 {
			zeros[i%2]++
		}
	}
	half := len(head) / 2
	switch {
	case half > 1 && zeros[1] >= half*9/10 && zeros[0] == 0:
		return little
	case half > 1 && zeros[0] >= half*9/10 && zeros[1] == 0:
		return big
	}
	return nil
}

func (t *File) fail(err error) error { return fmt.Errorf("file %s: %w", t.path, err) }

// Name is the path of the file.
func (t *File) Name() string { return t.path }

// Head is the beginning of the text that comes next, HeadBytes or all of it, which stays to be read.
func (t *File) Head() ([]byte, error) {
	head, err := t.in.Peek(HeadBytes)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, t.fail(oserr.Named(err))
	}
	return head, nil
}

// Read reads the text.
func (t *File) Read(p []byte) (int, error) { return t.in.Read(p) }

// CanRewind reports that the text can be read again; that of a pipe cannot.
func (t *File) CanRewind() bool {
	_, err := t.f.Seek(0, io.SeekCurrent)
	return err == nil
}

// Rewind goes back to the beginning of the text.
func (t *File) Rewind() error {
	if t.unpack != nil {
		_ = t.unpack.Close()
		t.unpack = nil
	}
	if _, err := t.f.Seek(0, io.SeekStart); err != nil {
		return oserr.Named(err)
	}
	return t.begin()
}

// Close closes the file.
func (t *File) Close() error {
	if t.unpack != nil {
		_ = t.unpack.Close()
	}
	return t.f.Close()
}
