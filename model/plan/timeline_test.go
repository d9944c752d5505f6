package plan

import "testing"

// TestTimelineOfDeepModels places the values of a step of a chain of layers, of which those of the way there live until the way
// back comes by, and of a chain with two sizes. A search looks at a few ranges of a few nodes, however many layers there are.
func TestTimelineOfDeepModels(t *testing.T) {
	const most = 8
	for _, layers := range []int{1000, 2000, 4000} {
		var blocks []*block
		for i := range layers {
			size := 64 * (1 + i%2)
			blocks = append(blocks, &block{size: size, first: i, last: 3*layers - 2*i}) // a result
			back := 3*layers - 2*i
			blocks = append(blocks, &block{size: size, first: back, last: back + 2}, &block{size: 16, first: back + 1, last: back + 1})
		}
		taken := newTimeline(3*layers + 3)
		for _, b := range blocks {
			b.off = taken.free(b)
			taken.add(b)
		}
		for n := range taken.all {
			if len(taken.all[n]) > most || len(taken.any[n]) > most {
				t.Fatalf("%d layers: node %d has %d and %d ranges, want at most %d", layers, n, len(taken.all[n]), len(taken.any[n]), most)
			}
		}
	}
}
