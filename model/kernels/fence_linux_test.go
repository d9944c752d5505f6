package kernels

import (
	"runtime/debug"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A fence hands out slices that end, or begin, at memory that cannot be touched, so that a kernel that reads beside its
// slices faults. (Guard words only catch writes, and reads that spoil a result.)
type fence struct {
	t     *testing.T
	atEnd bool
}

// slice returns n elements beside the fence.
func (f fence) slice(n int) []float32 {
	page := unix.Getpagesize()
	size := (4*n+page-1)/page*page + 2*page // one page before, one after
	m, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() {
		if err := unix.Munmap(m); err != nil {
			f.t.Error(err)
		}
	})
	for _, p := range [][]byte{m[:page], m[size-page:]} {
		if err := unix.Mprotect(p, unix.PROT_NONE); err != nil {
			f.t.Fatal(err)
		}
	}
	from := page
	if f.atEnd {
		from = size - page - 4*n
	}
	return unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(m[from:]))), n)
}

func (f fence) filled(d *draw, n int) []float32 { return d.fill(f.slice(n)) }

func (f fence) indexes(n int) []int32 {
	x := f.slice(n)
	return unsafe.Slice((*int32)(unsafe.Pointer(unsafe.SliceData(x))), n)
}

// TestNothingIsReadBesideSlices runs every kernel that has assembly between fences.
func TestNothingIsReadBesideSlices(t *testing.T) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	eachVariant(t, func(t *testing.T) {
		for _, atEnd := range []bool{false, true} {
			f, d := fence{t, atEnd}, draw(1)
			for _, n := range []int{1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 65} {
				fencedVectors(f, &d, n)
				fencedRows(f, &d, 3, n)
				for _, m := range []int{1, 5, 15, 65} {
					fencedProducts(f, &d, m, n, 1+d.intn(20))
				}
				for _, stride := range []int{1, 2} {
					s := squareConv(1, 6, 1+d.intn(20), 3, n, stride, n%2 == 0)
					x, k, dy := f.filled(&d, s.sizeX()), f.filled(&d, s.sizeK()), f.filled(&d, s.sizeY())
					Conv2D(s, x, k, f.filled(&d, n), ReLU, Drop{1, 2, 0.5}, f.slice(s.sizeY()), f.slice(Conv2DWorkspace(s)), Around{})
					Conv2DInputGrad(s, dy, k, f.slice(s.sizeX()), f.slice(Conv2DInputGradWorkspace(s)), Around{})
					Conv2DKernelGrad(s, x, dy, f.slice(s.sizeK()), f.slice(Conv2DKernelGradWorkspace(s)), Around{})
				}
				p := poolShape(1, 5, 7, n, 3, 2, 2, 2, [4]int{1, 1, 0, 1})
				argmax := f.indexes(p.sizeY())
				MaxPool2D(p, f.filled(&d, p.sizeX()), f.slice(p.sizeY()), argmax)
				MaxPool2DGrad(p, f.filled(&d, p.sizeY()), argmax, f.slice(p.sizeX()))
			}
		}
	})
}

func fencedVectors(f fence, d *draw, n int) {
	x, y, dst := f.filled(d, n), f.filled(d, n), f.slice(n)
	for _, m := range vectorMaps {
		m.f(x, y, dst)
	}
	for _, e := range elementary {
		e.f(x, dst)
	}
	Sum64(x)
	SumSquares64(x)
	Dropout(Drop{1, 2, 0.5}, x, dst)
	for _, act := range []Activation{ReLU, Sigmoid, Tanh} {
		ActivationForward(act, x, dst)
		ActivationGrad(act, x, y, dst)
	}
	for _, c := range optimizerCases {
		v := make([][]float32, 2+c.states)
		for i := range v {
			v[i] = f.filled(d, n)
		}
		c.sweep(v)
	}
}

func fencedRows(f fence, d *draw, rows, n int) {
	x, y, dst := f.filled(d, rows*n), f.filled(d, rows*n), f.slice(rows*n)
	perRow := f.filled(d, rows)
	Softmax(rows, n, x, dst)
	SoftmaxCrossEntropy(rows, n, x, y, perRow)
	SoftmaxCrossEntropyGrad(rows, n, x, y, perRow, dst)
	a, b, c, e, g := f.filled(d, n), f.filled(d, n), f.slice(n), f.slice(n), f.slice(n)
	bias := make([]float64, BiasSums(n))
	BiasGradSums(rows, n, x, bias)
	ActivationBiasGrad(ReLU, 0.5, rows, n, x, y, dst, bias)
	BiasGrad(bias, c)
	sums := make([]float64, 2*n)
	BatchNormSums(rows, n, x, sums)
	BatchNormMoments(n, rows, sums, 1e-3, c, e, g)
	BatchNormTrain(rows, n, x, a, b, c, g, dst)
	BatchNormGradSums(rows, n, x, y, c, sums)
	BatchNormWeightGrad(n, sums, g, b, e)
	factors := &BatchNormFactors{f.slice(n), f.slice(n), f.slice(n)}
	factors.Set(rows, sums, a, g)
	BatchNormGrad(rows, n, x, y, c, factors, dst)
}

func fencedProducts(f fence, d *draw, m, n, k int) {
	for form := range 4 {
		transA, transB := form&1 != 0, form&2 != 0
		lda, ldb := k, n
		if transA {
			lda = m
		}
		if transB {
			ldb = k
		}
		Gemm(transA, transB, m, n, k, f.filled(d, m*k), lda, f.filled(d, k*n), ldb, form > 1, f.slice(m*n), n,
			f.slice(GemmWorkspace(transA, transB, m, n, k)))
	}
	Dense(m, n, k, f.filled(d, m*k), f.filled(d, k*n), f.filled(d, n), ReLU, Drop{1, 2, 0.5}, f.slice(m*n), f.slice(DenseWorkspace(m, n, k)))
}

// TestFence: touching the element before or after a fenced slice faults, touching the slice does not.
func TestFence(t *testing.T) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	for _, atEnd := range []bool{false, true} {
		x := fence{t, atEnd}.slice(5)
		beside := -1
		if atEnd {
			beside = len(x)
		}
		touch := func(i int) any {
			return panics(func() { *(*float32)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(x)), 4*i)) = 1 })
		}
		if touch(0) != nil || touch(4) != nil {
			t.Errorf("atEnd=%v: the slice cannot be touched", atEnd)
		}
		if touch(beside) == nil {
			t.Errorf("atEnd=%v: element %d can be touched", atEnd, beside)
		}
	}
}
