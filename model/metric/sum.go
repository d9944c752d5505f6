package metric

import (
	"encoding/binary"
	"errors"
	"math"
	"math/big"
	"math/bits"
)

// A Sum adds float32 numbers exactly: it is a fixed-point number of 384 bits whose last bit is worth 2^-149, the smallest
// float32. Addition is therefore associative and commutative, so that a sum does not depend on any order. It holds more
// than 2^100 of the largest float32 before it could overflow. The zero value is 0.
//
// NaN and infinities are counted beside the number and decide the result as IEEE addition would.
type Sum struct {
	words  [6]uint64 // two's complement, least significant first
	nan    uint64
	posInf uint64
	negInf uint64
}

// sumBytes is the length of a Sum in bytes.
const sumBytes = 9 * 8

// Add adds one number.
func (s *Sum) Add(v float32) {
	b := math.Float32bits(v)
	exp, mant := b>>23&0xff, uint64(b&(1<<23-1))
	if exp == 0xff {
		s.addSpecial(v)
		return
	}
	if exp != 0 {
		mant |= 1 << 23
		exp--
	}
	if mant == 0 {
		return
	}
	word, shift := exp/64, exp%64
	lo, hi := mant<<shift, mant>>1>>(63-shift)
	var carry uint64
	if b>>31 == 0 {
		s.words[word], carry = bits.Add64(s.words[word], lo, 0)
		s.words[word+1], carry = bits.Add64(s.words[word+1], hi, carry)
		for i := word + 2; carry != 0 && i < 6; i++ {
			s.words[i], carry = bits.Add64(s.words[i], 0, carry)
		}
		return
	}
	s.words[word], carry = bits.Sub64(s.words[word], lo, 0)
	s.words[word+1], carry = bits.Sub64(s.words[word+1], hi, carry)
	for i := word + 2; carry != 0 && i < 6; i++ {
		s.words[i], carry = bits.Sub64(s.words[i], 0, carry)
	}
}

func (s *Sum) addSpecial(v float32) {
	switch f := float64(v); {
	case math.IsInf(f, 1):
		s.posInf++
	case math.IsInf(f, -1):
		s.negInf++
	default:
		s.nan++
	}
}

// Merge adds another sum.
func (s *Sum) Merge(other Sum) {
	var carry uint64
	for i := range s.words {
		s.words[i], carry = bits.Add64(s.words[i], other.words[i], carry)
	}
	s.nan += other.nan
	s.posInf += other.posInf
	s.negInf += other.negInf
}

// Float64 is the sum rounded once to float64.
func (s *Sum) Float64() float64 {
	switch {
	case s.nan > 0 || s.posInf > 0 && s.negInf > 0:
		return math.NaN()
	case s.posInf > 0:
		return math.Inf(1)
	case s.negInf > 0:
		return math.Inf(-1)
	}
	words := s.words
	negative := words[5]>>63 == 1
	if negative {
		carry := uint64(1)
		for i := range words {
			words[i], carry = bits.Add64(^words[i], 0, carry)
		}
	}
	var raw [48]byte
	for i, w := range words {
		binary.BigEndian.PutUint64(raw[(5-i)*8:], w)
	}
	sum := new(big.Float).SetInt(new(big.Int).SetBytes(raw[:]))
	sum.SetMantExp(sum, -149)
	f, _ := sum.Float64()
	if negative {
		f = -f
	}
	return f
}

// AppendBinary appends the sum's bytes: the words and the three counts, little-endian.
func (s *Sum) AppendBinary(b []byte) ([]byte, error) {
	for _, w := range s.words {
		b = binary.LittleEndian.AppendUint64(b, w)
	}
	b = binary.LittleEndian.AppendUint64(b, s.nan)
	b = binary.LittleEndian.AppendUint64(b, s.posInf)
	return binary.LittleEndian.AppendUint64(b, s.negInf), nil
}

// UnmarshalBinary reads what AppendBinary wrote.
func (s *Sum) UnmarshalBinary(b []byte) error {
	if len(b) != sumBytes {
		return errors.New("metric: a sum has 72 bytes")
	}
	for i := range s.words {
		s.words[i] = binary.LittleEndian.Uint64(b[i*8:])
	}
	s.nan = binary.LittleEndian.Uint64(b[48:])
	s.posInf = binary.LittleEndian.Uint64(b[56:])
	s.negInf = binary.LittleEndian.Uint64(b[64:])
	return nil
}
