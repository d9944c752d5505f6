package tfevents

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"time"
)

// A Writer writes events to a file.
type Writer struct {
	to  io.Writer
	buf []byte // of events that are not flushed
}

// Name is the name of an event file that a process of this machine begins: TensorBoard reads the files of a folder in the order of their
// names. Several files of a moment need different numbers.
func Name(began time.Time, number int) string {
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	return fmt.Sprintf("events.out.tfevents.%010d.%s.%d.%d.v2", began.Unix(), host, os.Getpid(), number)
}

// NewWriter begins an event file.
func NewWriter(to io.Writer, began time.Time) *Writer {
	w := &Writer{to: to}
	w.event(began, 0, message{}.text(fieldFileVersion, "brain.Event:2"))
	return w
}

// Start says that the run begins with a step, or goes on there: TensorBoard forgets what earlier files of the folder have from that step
// on, where they began so as well.
func (w *Writer) Start(at time.Time, step int64) {
	const start = 1
	w.event(at, step, message{}.sub(fieldSessionLog, message{}.number(1, start)))
}

// Scalar is a value of a series.
func (w *Writer) Scalar(at time.Time, step int64, tag string, value float64) {
	const class = 1
	content := binary.LittleEndian.AppendUint32(nil, float32bits(value))
	w.value(at, step, tag, "scalars", nil, class, tensor(dtypeFloat, nil).bytes(fieldTensorContent, content))
}

// Histogram is how values are distributed: over buckets of one width, from the least to the largest. Values that are NaN or infinite are left out.
func (w *Writer) Histogram(at time.Time, step int64, tag string, values []float32) {
	const class = 2
	buckets := bucketsOf(values)
	w.value(at, step, tag, "histograms", nil, class, tensor(dtypeDouble, []int{len(buckets), 3}).bytes(fieldTensorContent, contentOf(buckets)))
}

// Model is the architecture of a Keras model, as JSON.
func (w *Writer) Model(at time.Time, step int64, tag string, json []byte) {
	const class = 3
	w.value(at, step, tag, "graph_keras_model", []byte("1"), class, tensor(dtypeString, nil).bytes(fieldStringValue, json))
}

// value adds an event with a value of a plugin of TensorBoard.
func (w *Writer) value(at time.Time, step int64, tag, plugin string, content []byte, class uint64, t message) {
	data := message{}.text(1, plugin)
	if content != nil {
		data = data.bytes(2, content)
	}
	metadata := message{}.sub(1, data).number(4, class)
	value := message{}.text(1, tag).sub(9, metadata).sub(8, t)
	w.event(at, step, message{}.sub(fieldSummary, message{}.sub(1, value)))
}

// event adds an event.
func (w *Writer) event(at time.Time, step int64, rest message) {
	m := message{}.double(1, float64(at.UnixNano())/1e9)
	if step != 0 {
		m = m.number(2, uint64(step))
	}
	w.record(append(m, rest...))
}

// record adds a record.
func (w *Writer) record(data []byte) {
	length := binary.LittleEndian.AppendUint64(nil, uint64(len(data)))
	w.buf = append(w.buf, length...)
	w.buf = binary.LittleEndian.AppendUint32(w.buf, checksum(length))
	w.buf = append(w.buf, data...)
	w.buf = binary.LittleEndian.AppendUint32(w.buf, checksum(data))
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(data []byte) uint32 {
	crc := crc32.Checksum(data, castagnoli)
	return (crc>>15 | crc<<17) + 0xa282ead8
}

// Flush writes what was added.
func (w *Writer) Flush() error {
	_, err := w.to.Write(w.buf)
	w.buf = w.buf[:0]
	return err
}
