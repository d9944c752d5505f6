package kernels_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"unsafe"

	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/plan"
	"github.com/beamfit/beamfit/model/plan/cpu"
	"github.com/beamfit/beamfit/model/plan/cuda/hosttest"
	"github.com/beamfit/beamfit/model/plan/cuda/kernels"
)

// guard is the memory between two operands, in float32: kernels must not touch it. It is also the alignment of a place in the arena.
const guard = 16

// stateAt and dataAt are where the state of the step and constants lie, from hosttest.Base on; operands follow.
const (
	stateAt = 0
	dataAt  = 256
	dataEnd = 1 << 20
)

// A stand runs single instructions both on the CPU's device and by their kernels.
type stand struct {
	runner *hosttest.Runner
	modes  []hosttest.Mode
	math   kernels.Math
	step   plan.Step
	// interpreted are the kernels that ran as the PTX says. With every, an instruction that has others runs so, too.
	interpreted map[string]bool
	every       bool
	// tolerance is how far results may be apart, and worst how far they were, as a share of the largest element.
	tolerance, worst float64
}

// compiled are orders of threads and blocks. The first mode gives the bits that the others must repeat.
var compiled = []hosttest.Mode{{Order: 1}, {Order: -1}, {Order: 7}}

func newStand(t testing.TB, modes []hosttest.Mode) *stand {
	t.Helper()
	s := &stand{runner: hosttest.Start(t), modes: modes, step: plan.Step{Seed: 5, Counter: 3}, interpreted: map[string]bool{}, tolerance: tolerance}
	if err := s.runner.Memory(1 << 30); err != nil {
		t.Fatal(err)
	}
	return s
}

// compiler is a plan.Device for plan.Compile whose scratch is enough for both.
type compiler struct{ cpu.Device }

func (c compiler) Scratch(in *plan.Instr) (int, error) {
	n, err := c.Device.Scratch(in)
	return max(n, kernels.Scratch(in)), err
}

// reads says whether an instruction reads what it writes: those of an optimizer do.
func reads(code string) bool {
	return slices.Contains([]string{plan.CodeAccumulate, plan.CodeBegin, plan.CodeClip, plan.CodeDecay, plan.CodeUpdate, plan.CodeAverage, plan.CodeConstrain}, code)
}

// float32Bytes is the same memory as bytes.
func float32Bytes(s []float32) []byte {
	if len(s) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&s[0])), 4*len(s))
}

// compare runs an instruction whose operands are in mem on the CPU's device, which changes mem, and by its kernels in every mode. It returns the
// largest difference, as a share of the largest element of the same result, and an error where results differ in what must be equal.
func (s *stand) compare(in *plan.Instr, mem plan.Memory) (worst float64, err error) {
	refs := slices.Concat(in.In, []plan.Ref{in.Out}, in.Side)
	if in.Scratch.Len > 0 {
		refs = append(refs, in.Scratch)
	}
	// Places that overlap keep their distance: the arena has the ranges that they cover together.
	ranges := covers(refs)
	arena, offsets := []float32{}, make([]int, len(ranges))
	nan := math.Float32frombits(0xffffffff)
	pad := func() {
		for len(arena)%guard != 0 || len(arena) == 0 {
			arena = append(arena, nan)
		}
		for range guard {
			arena = append(arena, nan)
		}
	}
	pad()
	for i, r := range ranges {
		offsets[i] = len(arena)
		arena = append(arena, mem.Host(r)...)
		pad()
	}
	place := func(r plan.Ref) int {
		for i, c := range ranges {
			if c.Space == r.Space && c.Off <= r.Off && r.Off+r.Len <= c.Off+c.Len {
				return offsets[i] + r.Off - c.Off
			}
		}
		panic("a place that no range covers")
	}
	// What only the kernels write is NaN before.
	written := append([]plan.Ref{in.Out}, in.Side...)
	if !reads(in.Code) {
		for _, r := range written {
			at := place(r)
			for i := range r.Len {
				if !slices.ContainsFunc(in.In, func(q plan.Ref) bool { return q.Space == r.Space && q.Off <= r.Off+i && r.Off+i < q.Off+q.Len }) {
					arena[at+i] = nan
				}
			}
		}
	}
	if in.Scratch.Len > 0 {
		written = append(written, in.Scratch)
		at := place(in.Scratch)
		for i := range in.Scratch.Len {
			arena[at+i] = nan
		}
	}
	mine := make([]bool, len(arena)) // elements that may be written
	for _, r := range written {
		for i := range r.Len {
			mine[place(r)+i] = true
		}
	}

	data := uint64(dataAt)
	at := kernels.Places{
		At:   func(r plan.Ref) uint64 { return hosttest.Base + dataEnd + 4*uint64(place(r)) },
		Step: hosttest.Base + stateAt,
		Data: func(bytes []byte) uint64 {
			address := hosttest.Base + data
			data += (uint64(len(bytes)) + 63) / 64 * 64
			if err2 := s.runner.Write(address, bytes); err2 != nil && err == nil {
				err = err2
			}
			return address
		},
	}
	launches, bindErr := kernels.Bind(in, at, s.math)
	if bindErr != nil || err != nil {
		return 0, fmt.Errorf("bind: %w, %w", bindErr, err)
	}
	state := kernels.EncodeStep(&s.step)
	if err := s.runner.Write(hosttest.Base+stateAt, state[:]); err != nil {
		return 0, err
	}
	modes := s.modes
	if s.every && slices.ContainsFunc(launches, func(l kernels.Launch) bool { return !s.interpreted[l.Kernel] }) {
		modes = append(slices.Clone(modes), hosttest.Mode{PTX: true, Order: 3})
	}
	results := make([][]float32, len(modes))
	for i, mode := range modes {
		if err := s.runner.Write(hosttest.Base+dataEnd, float32Bytes(arena)); err != nil {
			return 0, err
		}
		for _, l := range launches {
			if err := s.runner.Launch(l, mode); err != nil {
				return 0, fmt.Errorf("%+v: %w", mode, err)
			}
			if mode.PTX {
				s.interpreted[l.Kernel] = true
			}
		}
		results[i] = make([]float32, len(arena))
		if err := s.runner.Read(hosttest.Base+dataEnd, float32Bytes(results[i])); err != nil {
			return 0, err
		}
	}

	program, err := cpu.Device{}.Bind(&plan.Plan{Instrs: []plan.Instr{*in}}, mem)
	if err != nil {
		return 0, err
	}
	if err := program.Run(&s.step); err != nil {
		return 0, err
	}
	first := results[0]
	for i, result := range results {
		for k, v := range result {
			if !mine[k] && math.Float32bits(v) != math.Float32bits(arena[k]) {
				return 0, fmt.Errorf("%+v: element %d of the arena was written outside of the results", modes[i], k)
			}
		}
	}
	for _, r := range append([]plan.Ref{in.Out}, in.Side...) {
		want, got := mem.Host(r), first[place(r):place(r)+r.Len]
		for i, result := range results[1:] {
			for k, v := range result[place(r) : place(r)+r.Len] {
				if math.Float32bits(v) != math.Float32bits(got[k]) && !(v != v && got[k] != got[k]) {
					return 0, fmt.Errorf("%+v gives %v for element %d, %+v gives %v", modes[i+1], v, k, modes[0], got[k])
				}
			}
		}
		d, err := difference(want, got)
		if rounds(in.Code) {
			d, err = steps(want, got)
		}
		if doubles(in.Code) && r == in.Out {
			d, err = difference(float64s(want), float64s(got))
		}
		if err != nil {
			return d, err
		}
		worst = max(worst, d)
	}
	return worst, nil
}

// covers are the smallest ranges that hold all places.
func covers(refs []plan.Ref) (ranges []plan.Ref) {
	refs = slices.Clone(refs)
	slices.SortFunc(refs, func(a, b plan.Ref) int {
		if a.Space != b.Space {
			return int(a.Space) - int(b.Space)
		}
		return a.Off - b.Off
	})
	for _, r := range refs {
		if n := len(ranges); n > 0 && ranges[n-1].Space == r.Space && r.Off < ranges[n-1].Off+ranges[n-1].Len {
			last := &ranges[n-1]
			last.Len = max(last.Len, r.Off+r.Len-last.Off)
			continue
		}
		ranges = append(ranges, r)
	}
	return ranges
}

// rounds says whether an instruction rounds sums of products to bfloat16.
func rounds(code string) bool {
	return code == graph.CodeRecurrentBfloat16 || code == graph.CodeRecurrentBfloat16Grad || code == graph.CodeRecurrentBfloat16KernelGrad
}

// steps is difference for such: where a sum in another order falls to the other side, an element is a step of bfloat16 apart, and so are some that follow from
// it. More than one in four are not, as without the rounding all are.
func steps(want, got []float32) (float64, error) {
	const step = 1.0 / 128
	worst, err := difference(want, got)
	scale, apart := 0.0, 0
	for _, w := range want {
		scale = max(scale, math.Abs(float64(w)))
	}
	for i, w := range want {
		if math.Abs(float64(w)-float64(got[i])) > tolerance*scale {
			apart++
		}
	}
	if err == nil && (worst > step || 4*apart > len(want)) {
		err = fmt.Errorf("%d of %d elements are apart", apart, len(want))
	}
	return 0, err
}

// doubles says whether the result of an instruction is numbers of double precision.
func doubles(code string) bool { return code == "batchnorm.sums" || code == "batchnorm.grad.sums" }

func float64s(s []float32) []float64 {
	d := make([]float64, len(s)/2)
	for i := range d {
		d[i] = math.Float64frombits(uint64(math.Float32bits(s[2*i+1]))<<32 | uint64(math.Float32bits(s[2*i])))
	}
	return d
}

// difference is the largest difference as a share of the largest finite number that was wanted. What is NaN or infinite must be the same.
func difference[F float32 | float64](want, got []F) (float64, error) {
	scale, worst := 0.0, 0.0
	for i, w := range want {
		w, g := float64(w), float64(got[i])
		if w-w == 0 && g-g == 0 {
			scale = max(scale, math.Abs(w))
			worst = max(worst, math.Abs(w-g))
			continue
		}
		if !(w == g || w != w && g != g) {
			return math.Inf(1), fmt.Errorf("element %d of %d is %v, want %v", i, len(want), g, w)
		}
	}
	if worst <= math.SmallestNonzeroFloat32 {
		return 0, nil
	}
	if scale == 0 {
		return math.Inf(1), fmt.Errorf("zeros became %v", worst)
	}
	return worst / scale, nil
}
