package kerasio

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/beamfit/beamfit/io/kerasio/hdf5"
	"github.com/beamfit/beamfit/io/kerasio/npy"
	"github.com/beamfit/beamfit/io/kerasio/safetensors"
	"github.com/beamfit/beamfit/io/ownerlock"
)

// A Layout is how the arrays of a file are named.
type Layout int

// The layouts.
const (
	Tree Layout = iota
	Layers
	Named
	Ordered
)

// A Kind is what a file is, in words.
type Kind string

// OrderKey is the key of the metadata of a safetensors file that names the arrays in the order of get_weights, as a JSON list.
const OrderKey = "weights"

// The kinds of files.
const (
	KerasKind       Kind = "a .keras archive"
	HDF5Kind        Kind = "an HDF5 file"
	NpzKind         Kind = "an .npz archive of NumPy"
	NpyKind         Kind = "an array of NumPy (.npy)"
	SafetensorsKind Kind = "a safetensors file"
)

// An Array is an array of numbers in a file.
type Array struct {
	Name  string
	Shape []int
	read  func(dst []byte) error
}

// Float32s reads the values as float32 into dst, row-major, in little-endian order, 4 bytes each.
func (a *Array) Float32s(dst []byte) error { return a.read(dst) }

// A Layer is a layer of a file of the layout Layers.
type Layer struct {
	Name   string
	Arrays []Array
}

// A File is an open file with weights.
type File struct {
	Path   string
	Size   int64
	Kind   Kind
	Layout Layout
	// Config is the JSON of the model, with the version of Keras that wrote it; nil where the file has weights only.
	Config []byte
	// Backend is what Keras computed with, where the file says it: tensorflow, theano, cntk.
	Backend string
	// Vocabularies are those of layers that were adapted, by the place of the layer in the layout Tree.
	Vocabularies map[string][]byte
	// Arrays are all arrays; nil in the layout Layers.
	Arrays []Array
	// Layers are those with weights, of the layout Layers.
	Layers []Layer
	// Order names the arrays in the order of get_weights, where the file says it.
	Order []string

	file    *os.File
	scratch *os.File
}

// ErrUnknown is the error for a file of none of the kinds that are read here.
var ErrUnknown = errors.New("the kind of the file is unknown")

// Open opens a file. One that is none of the kinds is an error of ErrUnknown, or says what it is. No JSON is read that has more than maxJSON bytes.
func Open(path string, maxJSON int64) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	fail := func(err error) (*File, error) {
		_ = f.Close()
		return nil, fmt.Errorf("file %s: %w", path, err)
	}
	info, err := f.Stat()
	if err != nil {
		return fail(err)
	}
	if !info.Mode().IsRegular() {
		return fail(errors.New("it is no regular file; one is needed, which can be read in any order"))
	}
	out := &File{Path: path, Size: info.Size(), file: f}
	if err := out.open(maxJSON); err != nil {
		_ = out.Close()
		return nil, fmt.Errorf("file %s: %w", path, err)
	}
	return out, nil
}

// Close closes the file; what Arrays read is gone then.
func (f *File) Close() error {
	err := f.file.Close()
	if f.scratch != nil {
		err = errors.Join(err, f.scratch.Close())
	}
	return err
}

func (f *File) open(maxJSON int64) error {
	head := make([]byte, 16)
	n, err := f.file.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	head = head[:n]
	switch {
	case bytes.HasPrefix(head, []byte(hdf5.Signature)):
		f.Kind = HDF5Kind
		return f.hdf5(f.file, f.Size, maxJSON)
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return f.zip(maxJSON)
	case bytes.HasPrefix(head, []byte(npy.Magic)):
		f.Kind, f.Layout = NpyKind, Ordered
		a, err := npy.One(f.file, f.Size)
		if err != nil {
			return err
		}
		f.Arrays = []Array{{a.Name, a.Shape, a.Float32s}}
		return nil
	case safetensors.Is(head):
		return f.safetensors()
	}
	return ErrUnknown
}

func (f *File) safetensors() error {
	f.Kind, f.Layout = SafetensorsKind, Named
	s, err := safetensors.Open(f.file, f.Size)
	if err != nil {
		return err
	}
	for _, a := range s.Arrays {
		f.Arrays = append(f.Arrays, Array{a.Name, a.Shape, a.Float32s})
	}
	if text := s.Metadata[OrderKey]; text != "" {
		if err := json.Unmarshal([]byte(text), &f.Order); err != nil {
			return fmt.Errorf("metadata %q: %w", OrderKey, err)
		}
	}
	return nil
}

// zip reads a .keras archive or one of NumPy's.
func (f *File) zip(maxJSON int64) error {
	z, err := zip.NewReader(f.file, f.Size)
	if err != nil {
		return err
	}
	entries := map[string]*zip.File{}
	pickle := false
	for _, e := range z.File {
		if entries[e.Name] != nil {
			return fmt.Errorf("the archive has %q twice", e.Name)
		}
		entries[e.Name] = e
		pickle = pickle || strings.HasSuffix(e.Name, "data.pkl")
	}
	switch {
	case entries[ConfigName] != nil:
		f.Kind = KerasKind
		return f.keras(entries, maxJSON)
	case pickle:
		return errors.New("it is an archive of PyTorch, which holds a pickle of Python: that can run code and is never read; safetensors files are")
	case len(z.File) > 0 && slices.ContainsFunc(z.File, func(e *zip.File) bool { return strings.HasSuffix(e.Name, ".npy") }):
		f.Kind = NpzKind
		return f.npz(z)
	}
	return errors.New("it is a zip archive, but neither of Keras (.keras, with a config.json) nor of NumPy (.npz)")
}

func (f *File) npz(z *zip.Reader) error {
	arrays, err := npy.Archive(z)
	if err != nil {
		return err
	}
	f.Layout = Named
	for _, a := range arrays {
		f.Arrays = append(f.Arrays, Array{a.Name, a.Shape, a.Float32s})
	}
	// arr_0, arr_1 and so on are the names of arrays that were given none.
	numbered := make([]Array, len(arrays))
	for i, a := range arrays {
		var n int
		if k, err := fmt.Sscanf(a.Name, "arr_%d", &n); k != 1 || err != nil || n < 0 || n >= len(arrays) || a.Name != fmt.Sprintf("arr_%d", n) {
			return nil
		}
		numbered[n] = f.Arrays[i]
	}
	f.Arrays, f.Layout = numbered, Ordered
	return nil
}

// Names of the files of a .keras archive.
const (
	ConfigName   = "config.json"
	MetadataName = "metadata.json"
	WeightsName  = "model.weights.h5"
)

func (f *File) keras(entries map[string]*zip.File, maxJSON int64) (err error) {
	if f.Config, err = readEntry(entries[ConfigName], maxJSON); err != nil {
		return err
	}
	version := ""
	if e := entries[MetadataName]; e != nil {
		text, err := readEntry(e, maxJSON)
		if err != nil {
			return err
		}
		var metadata struct {
			Version string `json:"keras_version"`
		}
		if err := json.Unmarshal(text, &metadata); err != nil {
			return fmt.Errorf("%s: %w", MetadataName, err)
		}
		version = metadata.Version
	}
	f.Config = withVersion(f.Config, version)
	if err := f.vocabularies(entries, maxJSON); err != nil {
		return err
	}
	e := entries[WeightsName]
	if e == nil {
		if entries["model.weights.json"] != nil {
			return errors.New("its weights are divided into several files (max_shard_size), which is not supported; save it without")
		}
		return fmt.Errorf("the archive has no %s", WeightsName)
	}
	r, size, err := f.entry(e)
	if err != nil {
		return fmt.Errorf("%s: %w", WeightsName, err)
	}
	if err := f.hdf5(r, size, maxJSON); err != nil {
		return fmt.Errorf("%s: %w", WeightsName, err)
	}
	return nil
}

// Where an archive has the vocabularies of layers.
const (
	assets         = "assets/"
	vocabularyName = "/vocabulary.txt"
)

// vocabularies reads those of the archive, which together have at most so many bytes.
func (f *File) vocabularies(entries map[string]*zip.File, most int64) error {
	f.Vocabularies = map[string][]byte{}
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		layer, asset := strings.CutPrefix(name, assets)
		layer, ok := strings.CutSuffix(layer, vocabularyName)
		if !asset || !ok {
			continue
		}
		text, err := readEntry(entries[name], most)
		if err != nil {
			return err
		}
		f.Vocabularies[layer] = text
		most -= int64(len(text))
	}
	return nil
}

// readEntry reads a file of an archive whole.
func readEntry(e *zip.File, most int64) ([]byte, error) {
	r, err := e.Open()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", e.Name, err)
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, most+1))
	if err == nil && int64(len(data)) > most {
		err = fmt.Errorf("more than %d bytes", most)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", e.Name, err)
	}
	return data, nil
}

// entry is a file of an archive that can be read in any order. One that is compressed is inflated into a scratch file.
func (f *File) entry(e *zip.File) (io.ReaderAt, int64, error) {
	if e.Method == zip.Store && e.Flags&1 == 0 && e.CompressedSize64 == e.UncompressedSize64 {
		at, err := e.DataOffset()
		if err != nil {
			return nil, 0, err
		}
		size := int64(e.CompressedSize64)
		if at < 0 || size < 0 || size > f.Size-at {
			return nil, 0, errors.New("it lies outside the archive")
		}
		return io.NewSectionReader(f.file, at, size), size, nil
	}
	r, err := e.Open()
	if err != nil {
		return nil, 0, err
	}
	defer r.Close()
	if f.scratch, err = ownerlock.Unnamed(os.TempDir()); err != nil {
		return nil, 0, err
	}
	size, err := io.Copy(f.scratch, r) // no more than the archive says, by archive/zip
	return f.scratch, size, err
}
