package parquetio

import "encoding/binary"

// A hybrid writes small numbers as Parquet's runs (RLE/bit-packing hybrid): eight equal ones or more as a count and the number, others
// packed in groups of eight.
// https://parquet.apache.org/docs/file-format/data-pages/encodings/#run-length-encoding--bit-packing-hybrid-rle--3
type hybrid struct {
	out   []byte
	width uint // bits of a number

	value uint32 // of the run that may still grow
	run   int
	group [8]uint32 // that is not full
	n     int       // numbers in group
	head  int       // where the header of the packed groups is that may still become more
	count int       // of these groups, 0: none
}

// mostGroups is what a header of one byte can say.
const mostGroups = 63

// begin empties the hybrid and gives its numbers so many bits.
func (h *hybrid) begin(width uint) { *h = hybrid{out: h.out[:0], width: width} }

// put adds a number n times.
func (h *hybrid) put(value uint32, n int) {
	if n == 0 {
		return
	}
	if value != h.value {
		h.settle()
		h.value = value
	}
	h.run += n
}

// settle writes the run.
func (h *hybrid) settle() {
	for ; h.run > 0 && (h.n > 0 || h.run < 8); h.run-- {
		h.group[h.n] = h.value
		if h.n++; h.n == 8 {
			h.pack()
		}
	}
	if h.run == 0 {
		return
	}
	h.count = 0
	h.out = binary.AppendUvarint(h.out, uint64(h.run)<<1)
	for bits := uint(0); bits < h.width; bits += 8 {
		h.out = append(h.out, byte(h.value>>bits))
	}
	h.run = 0
}

// pack writes the group.
func (h *hybrid) pack() {
	if h.count == 0 || h.count == mostGroups {
		h.head, h.count = len(h.out), 0
		h.out = append(h.out, 0)
	}
	h.count++
	h.out[h.head] = byte(h.count<<1 | 1)
	var acc uint64
	bits := uint(0)
	for _, x := range h.group {
		acc |= uint64(x) << bits
		for bits += h.width; bits >= 8; bits -= 8 {
			h.out = append(h.out, byte(acc))
			acc >>= 8
		}
	}
	h.n = 0
}

// end returns all that was written. The last group is filled with zeros, which readers do not look at.
func (h *hybrid) end() []byte {
	h.settle()
	if h.n > 0 {
		clear(h.group[h.n:])
		h.pack()
	}
	return h.out
}
