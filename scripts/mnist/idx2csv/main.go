// Command idx2csv turns MNIST's IDX files into one CSV file with the columns id, image, label: image is a flat array of
// 784 bytes in PostgreSQL's {...} form, row-major, top left first.
//
//	idx2csv IMAGES LABELS >FILE.csv
//
// The files may be compressed with gzip. A file that is not what its header says is an error and nothing useful is written.
package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"strconv"
)

// IDX magic numbers: unsigned bytes in three dimensions (images) and in one (labels).
const (
	imagesMagic = 0x00000803
	labelsMagic = 0x00000801
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: idx2csv IMAGES LABELS >FILE.csv")
		os.Exit(2)
	}
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	err := convert(os.Args[1], os.Args[2], out)
	if err == nil {
		err = out.Flush()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "idx2csv:", err)
		os.Exit(1)
	}
}

func convert(imagesPath, labelsPath string, w *bufio.Writer) error {
	shape, pixels, err := read(imagesPath, imagesMagic, 3)
	if err != nil {
		return err
	}
	labelShape, labels, err := read(labelsPath, labelsMagic, 1)
	if err != nil {
		return err
	}
	if shape[0] != labelShape[0] {
		return fmt.Errorf("%s has %d images and %s has %d labels", imagesPath, shape[0], labelsPath, labelShape[0])
	}
	size := shape[1] * shape[2]
	line := make([]byte, 0, 5*size)
	fmt.Fprintln(w, "id,image,label")
	for i := range shape[0] {
		line = append(strconv.AppendInt(line[:0], int64(i), 10), ',', '"', '{')
		for j, p := range pixels[i*size : (i+1)*size] {
			if j > 0 {
				line = append(line, ',')
			}
			line = strconv.AppendInt(line, int64(p), 10)
		}
		line = append(strconv.AppendInt(append(line, '}', '"', ','), int64(labels[i]), 10), '\n')
		if _, err := w.Write(line); err != nil {
			return err
		}
	}
	return nil
}

// read returns the dimensions and the bytes of an IDX file.
func read(path string, magic uint32, dims int) ([]int, []byte, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, err
	}
	if bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", path, err)
		}
		if data, err = io.ReadAll(z); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	header := 4 + 4*dims
	if len(data) < header || binary.BigEndian.Uint32(data) != magic {
		return nil, nil, fmt.Errorf("%s: not an IDX file of unsigned bytes in %d dimensions", path, dims)
	}
	shape, size := make([]int, dims), 1
	for i := range shape {
		shape[i] = int(binary.BigEndian.Uint32(data[4+4*i:]))
		size *= shape[i]
	}
	if size != len(data)-header {
		return nil, nil, fmt.Errorf("%s: %d bytes of data, the header says %v", path, len(data)-header, shape)
	}
	return shape, data[header:], nil
}
