package trainer

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/beamfit/beamfit/model/metric"
)

// scoreVersion is the first byte of a Score's bytes.
const scoreVersion = 3

// MarshalBinary writes the version (1 byte), the penalty of regularizers, the number of outputs and, per output: name, loss
// weight, loss, number of metrics, and per metric its name and state. Numbers and lengths are uvarints; texts and states have
// their length before them.
func (s Score) MarshalBinary() ([]byte, error) {
	b := []byte{scoreVersion}
	b = appendMean(b, &s.penalty)
	b = binary.AppendUvarint(b, uint64(len(s.outputs)))
	for i := range s.outputs {
		o := &s.outputs[i]
		b = appendText(b, o.name)
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(o.lossWeight))
		b = appendMean(b, &o.loss)
		b = binary.AppendUvarint(b, uint64(len(o.metrics)))
		for k := range o.metrics {
			b = appendText(b, o.names[k])
			state, _ := o.metrics[k].AppendBinary(nil) // never fails
			b = append(binary.AppendUvarint(b, uint64(len(state))), state...)
		}
	}
	return b, nil
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendMean(b []byte, m *metric.Mean) []byte {
	b, _ = m.AppendBinary(b) // never fails
	return b
}

// UnmarshalBinary reads what MarshalBinary wrote.
func (s *Score) UnmarshalBinary(b []byte) error {
	if len(b) == 0 || b[0] != scoreVersion {
		return fmt.Errorf("trainer: %d bytes are not a score of version %d", len(b), scoreVersion)
	}
	r := &reader{rest: b[1:]}
	var read Score
	r.mean(&read.penalty)
	for range r.count() {
		o := outputScore{name: r.text(), lossWeight: math.Float64frombits(binary.LittleEndian.Uint64(r.take(8)))}
		r.mean(&o.loss)
		for range r.count() {
			o.names = append(o.names, r.text())
			o.metrics = append(o.metrics, r.state())
		}
		read.outputs = append(read.outputs, o)
	}
	if r.err == nil && len(r.rest) > 0 {
		r.err = fmt.Errorf("trainer: %d bytes after the end of a score", len(r.rest))
	}
	if r.err != nil {
		return r.err
	}
	*s = read
	return nil
}

// A reader takes a score's bytes apart; after the first problem it returns zeros.
type reader struct {
	rest []byte
	err  error
}

var errShortScore = errors.New("trainer: a score ends too early")

// take is the next n bytes.
func (r *reader) take(n int) []byte {
	if r.err == nil && n > len(r.rest) {
		r.err = errShortScore
	}
	if r.err != nil {
		return make([]byte, min(n, 16))
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

// count is the next number; each thing counted takes at least one byte.
func (r *reader) count() int {
	n, used := binary.Uvarint(r.rest)
	if used <= 0 || n > uint64(len(r.rest)) {
		r.err = errShortScore
	}
	if r.err != nil {
		return 0
	}
	r.rest = r.rest[used:]
	return int(n)
}

func (r *reader) text() string {
	n := r.count()
	return string(r.take(n))
}

func (r *reader) state() (s metric.State) {
	b := r.take(r.count())
	if r.err == nil {
		r.err = s.UnmarshalBinary(b)
	}
	return s
}

func (r *reader) mean(m *metric.Mean) {
	b := r.take(metric.MeanBytes)
	if r.err == nil {
		r.err = m.UnmarshalBinary(b)
	}
}
