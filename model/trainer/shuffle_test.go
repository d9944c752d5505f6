package trainer

import (
	"slices"
	"testing"
)

func TestShuffleIsAPermutation(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, 10, 1000} {
		order := make([]int32, n)
		shuffle(order, 42)
		sorted := slices.Clone(order)
		slices.Sort(sorted)
		for i, v := range sorted {
			if int(v) != i {
				t.Fatalf("%d rows: not a permutation", n)
			}
		}
		again := make([]int32, n)
		shuffle(again, 42)
		if !slices.Equal(order, again) {
			t.Errorf("%d rows: the same seed gives two permutations", n)
		}
		shuffle(again, 43)
		if n >= 10 && slices.Equal(order, again) {
			t.Errorf("%d rows: another seed gives the same permutation", n)
		}
	}
}

// TestShuffleIsEven: over many seeds, every number comes to every place about equally often. With 60,000 draws of 6 the
// expected count is 10,000 and its standard deviation 91; the bound is five of them.
func TestShuffleIsEven(t *testing.T) {
	var counts [6][6]int
	order := make([]int32, 6)
	for seed := range uint64(60000) {
		shuffle(order, mix(seed))
		for place, v := range order {
			counts[place][v]++
		}
	}
	for place, row := range counts {
		for v, n := range row {
			if n < 10000-456 || n > 10000+456 {
				t.Errorf("number %d came to place %d %d times of 60000", v, place, n)
			}
		}
	}
}

func TestShuffleBatches(t *testing.T) {
	order := make([]int32, 23)
	shuffleBatches(order, 5, 1)
	var firsts []int32
	for k := range 4 {
		batch := order[k*5 : k*5+5]
		firsts = append(firsts, batch[0])
		for i, v := range batch {
			if v != batch[0]+int32(i) || batch[0]%5 != 0 {
				t.Fatalf("batch %d is %v", k, batch)
			}
		}
	}
	if slices.IsSorted(firsts) {
		t.Errorf("batches stayed in order: %v", firsts)
	}
	slices.Sort(firsts)
	if !slices.Equal(firsts, []int32{0, 5, 10, 15}) || !slices.Equal(order[20:], []int32{20, 21, 22}) {
		t.Errorf("batches %v, last %v", firsts, order[20:])
	}
}

func TestMix(t *testing.T) {
	seen := map[uint64]bool{}
	for _, numbers := range [][]uint64{{}, {0}, {0, 0}, {0, 1}, {1, 0}, {1}, {0, 0, 0}, {1, 2, 3}, {3, 2, 1}} {
		s := mix(numbers...)
		if seen[s] {
			t.Errorf("%v gives a seed that another list gave", numbers)
		}
		seen[s] = true
	}
}
