package lookup

import (
	"fmt"
	"strconv"
	"unsafe"

	"github.com/dchest/siphash"
	"github.com/dgryski/go-farm"
)

// An Encoder finds the indices of texts. It is safe for concurrent use, and finding allocates nothing, but where the text of a number is not the decimal
// one of a whole number.
type Encoder struct {
	known map[string]float64
	words int // of them in the vocabulary
	// Text that is not known has one of buckets indices from first on.
	first, buckets uint64
	salt           []uint64
	dtype          *dtype // of numbers; nil: of text
	tokenizer      *tokenizer
}

// Encoder makes the Encoder of a Lookup that Check accepts.
func (l *Lookup) Encoder() *Encoder {
	e := &Encoder{known: make(map[string]float64, len(l.Vocabulary)+1), words: len(l.Vocabulary), salt: l.Salt}
	if l.Mask != nil {
		e.known[*l.Mask] = float64(l.MaskIndex)
	}
	if l.Layer == Hashing {
		e.buckets = uint64(l.Bins)
		if l.Mask != nil && l.Bins > 1 {
			e.first, e.buckets = 1, e.buckets-1
		}
		if l.Numbers != "" {
			e.dtype = dtypes[l.Numbers]
		}
		return e
	}
	if l.Layer == TextVectorization {
		e.tokenizer = newTokenizer(l)
	}
	e.first, e.buckets = uint64(l.start()), uint64(l.OOV)
	for i, text := range l.Vocabulary {
		e.known[text] = float64(l.start() + l.OOV + i)
	}
	return e
}

// Index is the index of a text, or of the decimal text of a number, of a layer that does not cut it. A text that the Lookup has no index for is an error, as it is in Keras.
func (e *Encoder) Index(text string) (float64, error) {
	if e.dtype != nil {
		return e.number(text)
	}
	if index, ok := e.known[text]; ok {
		return index, nil
	}
	if e.buckets == 0 {
		return 0, fmt.Errorf("%s is not in the vocabulary of %d texts, and the layer has no index for others (num_oov_indices is 0)", short(text), e.words)
	}
	return e.hashed(bytesOf(text)), nil
}

// number is the index of a number: that of its decimal text, without what stands behind the point.
//
// Source: keras/src/layers/preprocessing/hashing.py, _hash_values_to_bins.
func (e *Encoder) number(text string) (float64, error) {
	v, err := e.dtype.parse(text)
	if err != nil {
		return 0, err
	}
	var space [20]byte
	decimal := strconv.AppendInt(space[:0], v.integer, 10)
	if index, ok := e.known[string(decimal)]; ok && v.whole {
		return index, nil
	}
	if string(decimal) == text {
		return e.hashed(bytesOf(text)), nil
	}
	return e.hashed([]byte(string(decimal))), nil // the hash would take space to the heap for every number
}

// bytesOf are the bytes of a text, which must not be changed.
func bytesOf(text string) []byte { return unsafe.Slice(unsafe.StringData(text), len(text)) }

// hashed is one of the indices of text that is not known.
//
// Source: tensorflow/core/kernels/string_to_hash_bucket_op.h (the remainders of Fingerprint64 and StrongKeyedHash).
func (e *Encoder) hashed(text []byte) float64 {
	if e.buckets == 1 {
		return float64(e.first)
	}
	if e.salt != nil {
		return float64(e.first + siphash.Hash(e.salt[0], e.salt[1], text)%e.buckets)
	}
	return float64(e.first + farm.Fingerprint64(text)%e.buckets)
}
