package metric

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"math/bits"
)

// A Sum adds float64 numbers exactly: it is a fixed-point number of 2176 bits whose last bit is worth 2^-1074, the
// smallest float64. Addition is therefore associative and commutative, so that a sum does not depend on any order. It
// holds more than 2^70 of the largest float64 before it could overflow. The zero value is 0.
//
// NaN and infinities are counted beside the number and decide the result as IEEE addition would.
type Sum struct {
	words  [sumWords]uint64 // two's complement, least significant first
	nan    uint64
	posInf uint64
	negInf uint64
}

const (
	sumWords = 34
	// sumBytes is the length of a Sum in bytes.
	sumBytes = (sumWords + 3) * 8
	// sumExponent is that of the last bit.
	sumExponent = -1074
)

// Add adds one number.
func (s *Sum) Add(v float64) {
	b := math.Float64bits(v)
	exp, mant := b>>52&0x7ff, b&(1<<52-1)
	if exp == 0x7ff {
		s.addSpecial(v)
		return
	}
	if exp != 0 {
		mant |= 1 << 52
		exp--
	}
	if mant == 0 {
		return
	}
	word, shift := exp/64, exp%64
	lo, hi := mant<<shift, mant>>1>>(63-shift)
	var carry uint64
	if b>>63 == 0 {
		s.words[word], carry = bits.Add64(s.words[word], lo, 0)
		s.words[word+1], carry = bits.Add64(s.words[word+1], hi, carry)
		for i := word + 2; carry != 0 && i < sumWords; i++ {
			s.words[i], carry = bits.Add64(s.words[i], 0, carry)
		}
		return
	}
	s.words[word], carry = bits.Sub64(s.words[word], lo, 0)
	s.words[word+1], carry = bits.Sub64(s.words[word+1], hi, carry)
	for i := word + 2; carry != 0 && i < sumWords; i++ {
		s.words[i], carry = bits.Sub64(s.words[i], 0, carry)
	}
}

func (s *Sum) addSpecial(v float64) {
	switch {
	case math.IsInf(v, 1):
		s.posInf++
	case math.IsInf(v, -1):
		s.negInf++
	default:
		s.nan++
	}
}

// Merge adds another sum.
func (s *Sum) Merge(other *Sum) {
	var carry uint64
	for i := range s.words {
		s.words[i], carry = bits.Add64(s.words[i], other.words[i], carry)
	}
	s.nan += other.nan
	s.posInf += other.posInf
	s.negInf += other.negInf
}

// special is the result where a number was not finite.
func (s *Sum) special() (v float64, ok bool) {
	switch {
	case s.nan > 0 || s.posInf > 0 && s.negInf > 0:
		return math.NaN(), true
	case s.posInf > 0:
		return math.Inf(1), true
	case s.negInf > 0:
		return math.Inf(-1), true
	}
	return 0, false
}

// Float64 is the sum rounded once to float64.
func (s *Sum) Float64() float64 {
	if v, ok := s.special(); ok {
		return v
	}
	f, _ := new(big.Float).SetMantExp(new(big.Float).SetInt(s.units()), sumExponent).Float64()
	return f
}

// units is the finite part of the sum in units of its last bit.
func (s *Sum) units() *big.Int {
	words := s.words
	negative := words[sumWords-1]>>63 == 1
	if negative {
		carry := uint64(1)
		for i := range words {
			words[i], carry = bits.Add64(^words[i], 0, carry)
		}
	}
	var raw [8 * sumWords]byte
	for i, w := range words {
		binary.BigEndian.PutUint64(raw[(sumWords-1-i)*8:], w)
	}
	n := new(big.Int).SetBytes(raw[:])
	if negative {
		n.Neg(n)
	}
	return n
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
		return fmt.Errorf("metric: a sum has %d bytes, found %d", sumBytes, len(b))
	}
	for i := range s.words {
		s.words[i] = binary.LittleEndian.Uint64(b[i*8:])
	}
	b = b[8*sumWords:]
	s.nan = binary.LittleEndian.Uint64(b)
	s.posInf = binary.LittleEndian.Uint64(b[8:])
	s.negInf = binary.LittleEndian.Uint64(b[16:])
	return nil
}
