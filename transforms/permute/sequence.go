package permute

import "math/bits"

const (
	// ahead is how many places a Sequence finds at a time.
	ahead = 128
	// lanes is how many numbers go through the network together.
	lanes = 4
	// spare is the index of a place that nobody asks for.
	spare = ahead
	// tableBits is the most bits of a half whose rounds are looked up: the tables of 12 bits, of up to 2^24 numbers, are 64 KB.
	tableBits = 12
)

// rounded is what a round makes of the right half.
type rounded [1 << tableBits]uint16

// A Sequence gives where numbers go that are asked for one after the other. It finds the places of the next ones together, for the rounds of
// one number wait for each other and those of several do not. Where a half of a number has few bits, what the rounds make of each half is looked
// up as soon as that has paid. It is used by one goroutine.
type Sequence struct {
	p      *Permutation
	asked  uint64           // numbers that were sent through the network
	tables *[rounds]rounded // nil: the rounds are computed
	first  int64            // the number that goes to places[0]
	n      int              // how many places are known
	places [256]uint64      // as many as an index has values
	// walking are the indexes of the places that are not below the permutation's n yet.
	walking [ahead + lanes]uint8
}

// Sequence begins anywhere.
func (p *Permutation) Sequence() *Sequence { return &Sequence{p: p} }

// At is where number i goes, as of the permutation.
func (s *Sequence) At(i int64) int64 {
	if k := uint64(i - s.first); k < uint64(s.n) {
		return int64(s.places[k])
	}
	return s.look(i)
}

// look finds the places of the numbers from i on.
func (s *Sequence) look(i int64) int64 {
	if uint64(i) >= s.p.n {
		panic(outOfRange)
	}
	s.first, s.n = i, int(min(ahead, s.p.n-uint64(i)))
	if s.p.n == 1 {
		s.places[0] = 0
		return 0
	}
	for k := range s.n {
		s.places[k], s.walking[k] = uint64(i)+uint64(k), uint8(k)
	}
	if s.asked += uint64(s.n); s.tables == nil && s.p.half <= tableBits && s.asked >= 1<<s.p.half {
		s.tables = s.p.tables()
	}
	for n := s.n; n > 0; {
		n = s.step(n)
	}
	return int64(s.places[0])
}

// tables are the rounds of all right halves. They cost as many as 2^half numbers have.
func (p *Permutation) tables() *[rounds]rounded {
	var all [rounds]rounded
	mask := uint64(1)<<p.half - 1
	for k, key := range p.keys {
		for right := range mask + 1 {
			all[k][right] = uint16(mix(right^key) & mask)
		}
	}
	return &all
}

// step sends the first n of those that walk through the network once, and returns how many of them go on.
func (s *Sequence) step(n int) (left int) {
	for k := range lanes { // the last group may have places left
		s.walking[n+k] = spare
	}
	p := s.p
	half, mask := p.half, uint64(1)<<p.half-1
	for k := 0; k < n; k += lanes {
		group := (*[lanes]uint8)(s.walking[k:])
		a, b, c, d := group[0], group[1], group[2], group[3]
		l0, r0 := s.places[a]>>half, s.places[a]&mask
		l1, r1 := s.places[b]>>half, s.places[b]&mask
		l2, r2 := s.places[c]>>half, s.places[c]&mask
		l3, r3 := s.places[d]>>half, s.places[d]&mask
		if s.tables != nil {
			for t := range s.tables {
				of := &s.tables[t]
				l0, r0 = r0, l0^uint64(of[r0&(1<<tableBits-1)])
				l1, r1 = r1, l1^uint64(of[r1&(1<<tableBits-1)])
				l2, r2 = r2, l2^uint64(of[r2&(1<<tableBits-1)])
				l3, r3 = r3, l3^uint64(of[r3&(1<<tableBits-1)])
			}
		} else {
			for _, key := range p.keys {
				l0, r0 = r0, l0^(mix(r0^key)&mask)
				l1, r1 = r1, l1^(mix(r1^key)&mask)
				l2, r2 = r2, l2^(mix(r2^key)&mask)
				l3, r3 = r3, l3^(mix(r3^key)&mask)
			}
		}
		left += s.put(left, a, l0<<half|r0)
		left += s.put(left, b, l1<<half|r1)
		left += s.put(left, c, l2<<half|r2)
		left += s.put(left, d, l3<<half|r3)
	}
	for left > 0 && s.walking[left-1] == spare {
		left--
	}
	return left
}

// put is a place that was found, whose number goes on as the one at index next if it is not below n; it returns 1 then, else 0. No processor
// can foretell which, so nothing branches on it.
func (s *Sequence) put(next int, index uint8, place uint64) int {
	s.places[index], s.walking[next] = place, index
	_, below := bits.Sub64(place, s.p.n, 0)
	return 1 - int(below)
}
