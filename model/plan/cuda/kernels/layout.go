package kernels

import (
	"encoding/binary"
	"math"

	"github.com/beamfit/beamfit/model/graph"
	host "github.com/beamfit/beamfit/model/kernels"
)

// layoutRows move, repeat and gather elements: layout.cu.
var layoutRows = map[string]row{
	graph.CodeBroadcast:        where(of(broadcast), broadcastFits),
	graph.CodeBroadcastGrad:    where(withScratch(broadcastGrad, broadcastGradScratch), broadcastFits),
	graph.CodeConcat:           of(concat),
	graph.CodeConcatGrad:       of(concatGrad),
	graph.CodeConstant:         of(constant),
	graph.CodeDropoutBroadcast: where(of(dropoutBroadcast), func(a *graph.DropoutBroadcastAttr) bool { return sizeOf(a.Shape) < mostElements }),
	graph.CodeEmbedding:        of(embedding),
	graph.CodeEmbeddingGrad:    where(of(embeddingGrad), func(a graph.EmbeddingAttr) bool { return ceil(a.N, 128) <= mostZ }),
	graph.CodeFrame:            where(of(frame), func(s *host.FrameShape) bool { return s.N*max(s.H*s.W, s.OH*s.OW)*s.C < mostElements }),
	graph.CodeKnownNorm:        where(of(knownNorm), func(a *graph.KnownNormAttr) bool { return broadcastFits(&a.BroadcastAttr) }),
	graph.CodeKnownNormGrad:    where(of(knownNormGrad), func(a *graph.KnownNormAttr) bool { return broadcastFits(&a.BroadcastAttr) }),
	graph.CodePermute:          where(of(permute), func(a *graph.PermuteAttr) bool { return sizeOf(a.Shape) < mostElements }),
	graph.CodeResample:         where(of(resample), resampleFits),
	graph.CodeResampleGrad:     where(of(resampleGrad), resampleFits),
	graph.CodeReverse:          of(reverse),
	graph.CodeUniform:          of(uniform),
	graph.CodeWarp:             where(of(warp), func(s *host.WarpShape) bool { return s.N*max(s.H*s.W, s.OH*s.OW)*s.C < mostElements }),
}

func sizeOf(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// A walk goes through an array in order and, at the same time, through another one by steps of its own per dimension.
type walk struct{ sizes, steps []int }

// add appends a dimension. Where one step continues another one they are one dimension, and one of a single element is none.
func (w *walk) add(size, step int) {
	last := len(w.sizes) - 1
	switch {
	case size == 1:
	case last >= 0 && w.steps[last] == size*step:
		w.sizes[last] *= size
		w.steps[last] = step
	default:
		w.sizes, w.steps = append(w.sizes, size), append(w.steps, step)
	}
}

// put are the numbers of the walk on the device, and its dimensions.
func (w *walk) put(o operands) (numbersAt place, dims int) {
	if len(w.sizes) == 0 {
		w.sizes, w.steps = []int{1}, []int{0}
	}
	var values []int
	for d, size := range w.sizes {
		values = append(values, size, w.steps[d])
	}
	return numbers(o, values...), len(w.sizes)
}

// strides are those of the dimensions of an array without gaps.
func strides(shape []int) []int {
	s := make([]int, len(shape))
	size := 1
	for d := len(shape) - 1; d >= 0; d-- {
		s[d] = size
		size *= shape[d]
	}
	return s
}

func permute(a *graph.PermuteAttr, o operands) []Launch {
	var w walk
	of := strides(a.Shape)
	for _, from := range a.From {
		w.add(a.Shape[from], of[from])
	}
	at, dims := w.put(o)
	return each("layout_walk", o, at, dims, o.in[0], o.out)
}

func broadcastFits(a *graph.BroadcastAttr) bool { return sizeOf(a.Big) < mostElements }

// repeating goes through a big array, with a step of 0 in a small one along every dimension that repeats.
func repeating(small, big []int) *walk {
	w := &walk{}
	of := strides(small)
	for d, size := range big {
		if small[d] > 1 {
			w.add(size, of[d])
		} else {
			w.add(size, 0)
		}
	}
	return w
}

func broadcast(a *graph.BroadcastAttr, o operands) []Launch {
	at, dims := repeating(a.Small, a.Big).put(o)
	return each("layout_walk", o, at, dims, o.in[0], o.out)
}

// ofColumns says whether a small array is the last dimensions of the big one, so that its gradient is the sum of columns.
func ofColumns(a *graph.BroadcastAttr) bool {
	repeats := true
	for d, size := range a.Small {
		if size != a.Big[d] {
			if !repeats {
				return false
			}
		} else if size > 1 {
			repeats = false
		}
	}
	return true
}

func broadcastColumns(a *graph.BroadcastAttr) columnWalk {
	n := sizeOf(a.Small)
	return walkColumns(sizeOf(a.Big)/n, n)
}

func broadcastGradScratch(a *graph.BroadcastAttr) int {
	if ofColumns(a) {
		return broadcastColumns(a).scratch(1)
	}
	return 0
}

func broadcastGrad(a *graph.BroadcastAttr, o operands) []Launch {
	if ofColumns(a) {
		return broadcastColumns(a).sums("columns_sum", o.scratch, o.out, o.in[0])
	}
	kept, repeated, count := walk{}, walk{}, 1
	of := strides(a.Big)
	for d, size := range a.Big {
		if a.Small[d] == size {
			kept.add(size, of[d])
		} else {
			repeated.add(size, of[d])
			count *= size
		}
	}
	keptAt, keptDims := kept.put(o)
	repeatedAt, repeatedDims := repeated.put(o)
	return []Launch{kernel("layout_walk_sum", flat(32*o.out.n), 256, o.out.n, keptAt, keptDims, count, repeatedAt, repeatedDims, o.in[0], o.out)}
}

// columnsMoved copies width columns of rows, which are strides apart.
func columnsMoved(rows, width, fromStride int, from place, toStride int, to place) Launch {
	return elements("layout_columns", rows*width, width, fromStride, from, toStride, to)
}

func concat(a *graph.ConcatAttr, o operands) (launches []Launch) {
	total, at := 0, 0
	for _, w := range a.Widths {
		total += w
	}
	for i, w := range a.Widths {
		launches = append(launches, columnsMoved(a.Rows, w, w, o.in[i], total, o.out.at(at)))
		at += w
	}
	return launches
}

func concatGrad(a *graph.ConcatAttr, o operands) []Launch {
	total, at := 0, 0
	for i, w := range a.Widths {
		if i < a.Part {
			at += w
		}
		total += w
	}
	w := a.Widths[a.Part]
	return []Launch{columnsMoved(a.Rows, w, total, o.in[0].at(at), w, o.out)}
}

// floats are numbers of single precision as constant bytes of a program.
func floats(o operands, values []float32) place {
	var b []byte
	for _, v := range values {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return o.data(b)
}

func constant(a *graph.ConstantAttr, o operands) []Launch {
	return []Launch{elements("layout_repeat", a.Rows*len(a.Values), len(a.Values), floats(o, a.Values), o.out)}
}

func reverse(a graph.RowsAttr, o operands) []Launch {
	return []Launch{elements("layout_reverse", a.Rows*a.N, a.N, o.in[0], o.out)}
}

func frame(s *host.FrameShape, o operands) []Launch {
	return each("layout_frame", o, numbers(o, s.N, s.H, s.W, s.C, s.Top, s.Left, s.OH, s.OW), o.in[0], o.out)
}

func embedding(a graph.EmbeddingAttr, o operands) []Launch {
	return each("layout_embed", o, a.Rows, a.N, o.in[0], o.in[1], o.out)
}

func embeddingGrad(a graph.EmbeddingAttr, o operands) []Launch {
	return []Launch{kernel("layout_embed_grad", grid(a.Rows, ceil(a.N, 128)), 256, a.Count, a.Rows, a.N, o.in[0], o.in[1], o.out)}
}

func knownNorm(a *graph.KnownNormAttr, o operands) []Launch {
	at, dims := repeating(a.Small, a.Big).put(o)
	mean, variance := known(a, o)
	return each("layout_known_norm", o, at, dims, a.Invert, o.in[0], mean, variance, o.out)
}

func knownNormGrad(a *graph.KnownNormAttr, o operands) []Launch {
	at, dims := repeating(a.Small, a.Big).put(o)
	_, variance := known(a, o)
	return each("layout_known_norm_grad", o, at, dims, a.Invert, o.in[0], variance, o.out)
}

// known are the means and variances of an instruction: operands, or attributes.
func known(a *graph.KnownNormAttr, o operands) (mean, variance place) {
	if a.Mean != nil {
		return floats(o, a.Mean), floats(o, a.Variance)
	}
	return o.in[1], o.in[2]
}

func dropoutBroadcast(a *graph.DropoutBroadcastAttr, o operands) []Launch {
	at, dims := repeating(a.Mask, a.Shape).put(o)
	return []Launch{stepElements("layout_dropout", o, o.out.n, a.Rate, a.Stream, at, dims, o.in[0], o.out)}
}

func resampleFits(s *host.ResampleShape) bool {
	return s.N*s.C*max(s.H*s.W, len(s.Rows.First)*len(s.Columns.First)) < mostElements
}

// tapLists are, for each element of a line, which elements of another line it is made from, and their weights, one list behind the other.
type tapLists struct {
	first, elements []int
	weights         []float32
}

// listsOf are those of taps, or, backwards, of n elements that the taps are applied to.
func listsOf(t host.Taps, n int, backwards bool) (l tapLists) {
	lists, weights := make([][]int, len(t.First)), make([][]float32, len(t.First))
	if backwards {
		lists, weights = make([][]int, n), make([][]float32, n)
	}
	for i, first := range t.First {
		for k, w := range t.Weights[i] {
			to, from := i, first+k
			if backwards {
				to, from = from, to
			}
			lists[to], weights[to] = append(lists[to], from), append(weights[to], w)
		}
	}
	l.first = []int{0}
	for i := range lists {
		l.elements, l.weights = append(l.elements, lists[i]...), append(l.weights, weights[i]...)
		l.first = append(l.first, len(l.elements))
	}
	return l
}

func (l tapLists) args(o operands) []any {
	return []any{indexes(o, l.first), indexes(o, l.elements), floats(o, l.weights)}
}

func resampled(s *host.ResampleShape, o operands, backwards bool) []Launch {
	h, w, oh, ow := s.H, s.W, len(s.Rows.First), len(s.Columns.First)
	rows, columns := listsOf(s.Rows, h, backwards), listsOf(s.Columns, w, backwards)
	if backwards {
		h, w, oh, ow = oh, ow, h, w
	}
	args := append([]any{h, w, s.C, oh, ow}, append(rows.args(o), columns.args(o)...)...)
	return each("layout_resample", o, append(args, o.in[0], o.out)...)
}

func resample(s *host.ResampleShape, o operands) []Launch     { return resampled(s, o, false) }
func resampleGrad(s *host.ResampleShape, o operands) []Launch { return resampled(s, o, true) }

func uniform(a graph.UniformAttr, o operands) []Launch {
	return []Launch{stepElements("layout_uniform", o, o.out.n, a.Low, a.High, a.Stream, o.out)}
}

func warp(s *host.WarpShape, o operands) []Launch {
	nearest, inverse := 0, 0
	if s.Nearest {
		nearest = 1
	}
	if s.Inverse {
		inverse = 1
	}
	shape := numbers(o, s.H, s.W, s.C, s.OH, s.OW, nearest, int(s.Edge), inverse)
	return each("layout_warp", o, shape, s.Value, o.in[0], o.in[1], o.out)
}
