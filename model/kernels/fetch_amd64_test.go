//go:build amd64 && !noasm

package kernels

import (
	"fmt"
	"slices"
	"testing"
)

// withFetching runs f with fetching off and on, on whatever processor, by tiles of AVX-512 or AVX2.
func withFetching(t *testing.T, v variant, f func() [][]float32) (off, on [][]float32) {
	t.Helper()
	if !slices.Contains(available(), v) {
		t.Skipf("no %v here", v)
	}
	force(t, v)
	avx512, avx2 := fetchingAVX512, fetchingAVX2
	defer func() { fetchingAVX512, fetchingAVX2 = avx512, avx2 }()
	fetchingAVX512, fetchingAVX2 = false, false
	off = f()
	fetchingAVX512, fetchingAVX2 = true, true
	return off, f()
}

// TestFetchingKeepsProducts: fetching, and the copies that it goes with, change no bit of a product, over tiles of all sizes, several
// blocks, rows of A that crowd cache sets or lie pages apart, and B large enough to be fetched.
func TestFetchingKeepsProducts(t *testing.T) {
	d := draw(1)
	shapes := [][3]int{{515, 300, 64}, {1024, 260, 70}, {1024, 128, 70}, {512, 300, 260}, {70, 512, 512}, {65, 1025, 800}, {64, 129, 1030}}
	for m := range 30 {
		shapes = append(shapes, [3]int{m + 1, 33, 32}, [3]int{m + 1, 1 + d.intn(40), 1 + d.intn(300)})
	}
	transposeForms(func(transA, transB, accumulate bool) {
		for _, s := range shapes {
			m, n, k := s[0], s[1], s[2]
			a, b, c := d.fill(make([]float32, m*k)), d.fill(make([]float32, k*n)), d.fill(make([]float32, m*n))
			lda, ldb := k, n
			if transA {
				lda = m
			}
			if transB {
				ldb = k
			}
			off, on := withFetching(t, variantAVX512, func() [][]float32 {
				var g guards
				y, ws := g.output("c", m*n, 0), g.output("ws", GemmWorkspace(transA, transB, m, n, k), 3)
				copy(y, c)
				call := func() { Gemm(transA, transB, m, n, k, a, lda, b, ldb, accumulate, y, n, ws) }
				call()
				g.intact(t, "Gemm")
				result := slices.Clone(y)
				if got := testing.AllocsPerRun(1, call); got != 0 {
					t.Errorf("%v allocations", got)
				}
				return [][]float32{result}
			})
			if !slices.Equal(off[0], on[0]) {
				t.Fatalf("transA=%v transB=%v accumulate=%v m=%d n=%d k=%d: fetching changes the product", transA, transB, accumulate, m, n, k)
			}
		}
	})
}

// TestFetchingKeepsConvolutions: the same for convolutions of every form and their gradients.
func TestFetchingKeepsConvolutions(t *testing.T) {
	for _, v := range []variant{variantAVX512, variantAVX2} {
		t.Run(v.String(), func(t *testing.T) { fetchingKeepsConvolutions(t, v) })
	}
}

func fetchingKeepsConvolutions(t *testing.T, v variant) {
	d := draw(2)
	for _, s := range []*Conv2DShape{
		squareConv(9, 18, 16, 3, 16, 1, true),  // Winograd's filtering in several blocks
		squareConv(3, 13, 40, 3, 70, 1, false), // panels with a rest
		squareConv(3, 13, 16, 5, 40, 1, true),  // direct
		squareConv(3, 28, 1, 3, 32, 1, false),  // one channel
		squareConv(3, 16, 16, 3, 32, 2, true),  // strides
		squareConv(3, 16, 80, 1, 32, 1, true),  // one tap
		convShape(3, 12, 14, 32, 5, 5, 64, 2, 1, 1, 1, 1, [4]int{1, 0, 2, 1}),
		convShape(2, 26, 26, 32, 3, 3, 64, 1, 1, 2, 2, 2, [4]int{}), // groups, dilation
	} {
		x, k, dy := d.fill(make([]float32, s.sizeX())), d.fill(make([]float32, s.sizeK())), d.fill(make([]float32, s.sizeY()))
		off, on := withFetching(t, v, func() [][]float32 {
			var g guards
			y, dx, dk := g.output("y", s.sizeY(), 0), g.output("dx", s.sizeX(), 0), g.output("dk", s.sizeK(), 0)
			calls := []func(){
				func() { Conv2D(s, x, k, nil, ReLU, Drop{}, y, g.output("ws", Conv2DWorkspace(s), 1), Around{}) },
				func() { Conv2DInputGrad(s, dy, k, dx, g.output("ws", Conv2DInputGradWorkspace(s), 1), Around{}) },
				func() { Conv2DKernelGrad(s, x, dy, dk, g.output("ws", Conv2DKernelGradWorkspace(s), 1), Around{}) },
			}
			for _, call := range calls {
				call()
			}
			g.intact(t, fmt.Sprint(*s))
			return [][]float32{y, dx, dk}
		})
		for i, name := range []string{"y", "dx", "dk"} {
			if !slices.Equal(off[i], on[i]) {
				t.Errorf("%+v: fetching changes %s", *s, name)
			}
		}
	}
}

// TestUpcoming: every line of both stretches is handed out once, in order, and then no more.
func TestUpcoming(t *testing.T) {
	x, y := make([]float32, 10*cacheLine), make([]float32, 3*100+1)
	var u upcoming
	u.add(whole(x))
	u.add(stretch{y, 100})
	for i, want := range []struct {
		next *float32
		step int
	}{{&x[0], 4 * cacheLine}, {&x[7*cacheLine], 4 * cacheLine}, {&y[0], 400}, {nil, 0}, {nil, 0}} {
		if next, step := u.take(7); next != want.next || step != want.step {
			t.Errorf("take %d: %p and %d, want %p and %d", i, next, step, want.next, want.step)
		}
	}
	if u.some() {
		t.Error("there is something left")
	}
	if next, _ := (*upcoming)(nil).take(1); next != nil {
		t.Error("nothing has something to fetch")
	}
}

// TestShare: tiles get the lines of all stretches between them, each as many, but for what a share leaves where its stretch ends, and nothing when
// there is nothing left.
func TestShare(t *testing.T) {
	force(t, variantAVX2)
	before := fetchingAVX2
	defer func() { fetchingAVX2 = before }()
	x, y := make([]float32, 10*cacheLine), make([]float32, 4*cacheLine)
	for _, on := range []bool{false, true} {
		fetchingAVX2 = on
		var u upcoming
		u.add(whole(x))
		u.add(whole(y))
		u.spread(7)
		for i, want := range []*float32{&x[0], &x[6*cacheLine], &y[0], nil} {
			lines, next, step := u.share(3)
			switch {
			case !on || want == nil:
				if lines != 0 || next != nil {
					t.Errorf("fetching %v, share %d: %d lines at %p, want none", on, i, lines, next)
				}
			case lines != 2 || next != want || step != 4*cacheLine:
				t.Errorf("share %d: %d lines at %p, %d apart, want 2 at %p", i, lines, next, step, want)
			}
		}
	}
	if lines, _, _ := (*upcoming)(nil).share(1); lines != 0 {
		t.Error("nothing has something to share")
	}
}
