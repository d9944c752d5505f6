package features

import (
	"math"
	"math/big"
	"math/bits"
	"slices"
)

// An exactSum is a sum of float64 numbers, or of their squares, without any rounding, so that the order of the additions does not
// matter. It is a fixed-point number whose digits count 2^32 each and may exceed that, or be negative, until they are normalised.
//
// Source: U. Kulisch, Computer Arithmetic and Validity, 2013, chapter 8: the long accumulator.
type exactSum struct {
	// Digits[i] counts 2^(32·(Low+i)-bias).
	Digits []int64
	Low    int
	// Adds is how many numbers were added since the digits were normalised.
	Adds int
}

const (
	bias = 2176 // a multiple of 32 below which no bit of a square lies: 2^-2148 is the least
	// maxAdds keeps digits within int64: each addition changes a digit by less than 2^32.
	maxAdds = 1 << 29
)

// add adds x, which is finite.
func (s *exactSum) add(x float64) {
	mantissa, exponent := integer(x)
	s.addInteger(0, mantissa, exponent, x < 0)
}

// addSquare adds x·x.
func (s *exactSum) addSquare(x float64) {
	mantissa, exponent := integer(x)
	hi, lo := bits.Mul64(mantissa, mantissa)
	s.addInteger(hi, lo, 2*exponent, false)
}

// integer is |x| as mantissa·2^exponent.
func integer(x float64) (mantissa uint64, exponent int) {
	b := math.Float64bits(x)
	mantissa, exponent = b&(1<<52-1), int(b>>52&0x7ff)
	if exponent == 0 {
		return mantissa, -1074
	}
	return mantissa | 1<<52, exponent - 1075
}

// addInteger adds (hi·2^64 + lo)·2^exponent.
func (s *exactSum) addInteger(hi, lo uint64, exponent int, negative bool) {
	if hi|lo == 0 {
		return
	}
	if s.Adds == maxAdds {
		s.normalise()
	}
	s.Adds++
	place := exponent + bias
	shift := uint(place & 31)
	parts := [5]uint64{
		lo << shift & math.MaxUint32, lo >> (32 - shift) & math.MaxUint32,
		(hi<<32 | lo>>32) >> (32 - shift) & math.MaxUint32, hi >> (32 - shift) & math.MaxUint32, hi >> 32 >> (32 - shift),
	}
	digits := s.room(place>>5, len(parts))
	for i, p := range parts {
		if negative {
			digits[i] -= int64(p)
		} else {
			digits[i] += int64(p)
		}
	}
}

// room are n digits from the one with that number on.
func (s *exactSum) room(first, n int) []int64 {
	if s.Digits == nil {
		s.Low = first
	}
	if below := s.Low - first; below > 0 {
		s.Digits = slices.Insert(s.Digits, 0, make([]int64, below)...)
		s.Low = first
	}
	if above := first + n - s.Low - len(s.Digits); above > 0 {
		s.Digits = append(s.Digits, make([]int64, above)...)
	}
	return s.Digits[first-s.Low:][:n]
}

// normalise carries, so that all digits are between 0 and 2^32-1, but for the last, which is between -2^31 and 2^31-1.
func (s *exactSum) normalise() {
	s.Adds = 1
	var carry int64
	for i, d := range s.Digits {
		d += carry
		if carry = d >> 32; i == len(s.Digits)-1 {
			if d == int64(int32(d)) {
				s.Digits[i] = d
				return
			}
			s.Digits[i] = d & math.MaxUint32
			s.Digits = append(s.Digits, carry)
			return
		}
		s.Digits[i] = d & math.MaxUint32
	}
}

// merge adds another sum, whose memory it does not keep.
func (s *exactSum) merge(t exactSum) {
	if t.Digits == nil {
		return
	}
	t.Digits = slices.Clone(t.Digits)
	t.normalise()
	s.normalise()
	for i, d := range s.room(t.Low, len(t.Digits)) {
		s.Digits[t.Low-s.Low+i] = d + t.Digits[i]
	}
	s.normalise()
}

// value is the sum.
func (s *exactSum) value() *big.Rat {
	sum := new(big.Int)
	for i := len(s.Digits) - 1; i >= 0; i-- {
		sum.Lsh(sum, 32)
		sum.Add(sum, big.NewInt(s.Digits[i]))
	}
	r := new(big.Rat)
	if exponent := 32*s.Low - bias; exponent >= 0 {
		return r.SetInt(sum.Lsh(sum, uint(exponent)))
	} else {
		return r.SetFrac(sum, new(big.Int).Lsh(big.NewInt(1), uint(-exponent)))
	}
}
