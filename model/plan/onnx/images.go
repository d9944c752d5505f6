package onnx

import (
	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/kernels"
)

// channelsFirst is the order of images in ONNX: rows, channels, height, width.
var channelsFirst = []int{0, 3, 1, 2}

// images are images with their channels first, as an operator has made them.
func images(n *node) value { return inOrder(n.out, channelsFirst) }

// imageDims are the dimensions of images in the order of ONNX.
func imageDims(shape []dim) []dim {
	out := make([]dim, len(channelsFirst))
	for i, d := range channelsFirst {
		out[i] = shape[d]
	}
	return out
}

// pads are what is added around images, in the order of ONNX.
func pads(top, left, bottom, right int) []int { return []int{top, left, bottom, right} }

func conv2D(l *lowering, a *graph.Conv2DAttr, in instr) value {
	x := l.whole(in.in[0], channelsFirst)
	kernel := l.whole(in.in[1], []int{3, 2, 0, 1}) // out, in, height, width
	operands := []*tensor{x, kernel}
	if a.Bias {
		operands = append(operands, l.plain(in.in[2]))
	}
	n := l.add("Conv", imageDims(in.out), operands...).
		attr("kernel_shape", []int{a.KH, a.KW}).attr("strides", []int{a.SH, a.SW}).attr("dilations", []int{a.DH, a.DW}).
		attr("pads", pads(a.PadTop, a.PadLeft, a.PadBottom, a.PadRight)).attr("group", a.Groups)
	return l.activate(a.Then.Act, images(n))
}

// conv2DTranspose is the gradient of a convolution from the result to the input.
func conv2DTranspose(l *lowering, a *graph.Conv2DAttr, in instr) value {
	rest := func(size, windows, stride, taps, dilation, before, behind int) int {
		return size - ((windows-1)*stride + (taps-1)*dilation + 1 - before - behind)
	}
	n := l.add("ConvTranspose", imageDims(in.out), l.whole(in.in[0], channelsFirst), l.whole(in.in[1], []int{3, 2, 0, 1})).
		attr("kernel_shape", []int{a.KH, a.KW}).attr("strides", []int{a.SH, a.SW}).attr("dilations", []int{a.DH, a.DW}).
		attr("pads", pads(a.PadTop, a.PadLeft, a.PadBottom, a.PadRight)).attr("group", a.Groups).
		attr("output_padding", []int{
			rest(a.H, a.OH, a.SH, a.KH, a.DH, a.PadTop, a.PadBottom), rest(a.W, a.OW, a.SW, a.KW, a.DW, a.PadLeft, a.PadRight),
		})
	return images(n)
}

func maxPool2D(l *lowering, s *kernels.Pool2DShape, in instr) value { return l.pool("MaxPool", s, in) }

// avgPool2D does not count what is added around images.
func avgPool2D(l *lowering, s *kernels.Pool2DShape, in instr) value {
	if s.KH == s.H && s.KW == s.W && s.OH == 1 && s.OW == 1 {
		return images(l.add("GlobalAveragePool", imageDims(in.out), l.whole(in.in[0], channelsFirst)))
	}
	return l.pool("AveragePool", s, in)
}

func (l *lowering) pool(op string, s *kernels.Pool2DShape, in instr) value {
	return images(l.add(op, imageDims(in.out), l.whole(in.in[0], channelsFirst)).
		attr("kernel_shape", []int{s.KH, s.KW}).attr("strides", []int{s.SH, s.SW}).
		attr("pads", pads(s.PadTop, s.PadLeft, s.PadBottom, s.PadRight)))
}

// globalMax is the maximum over what is between the rows and the channels.
func globalMax(l *lowering, a graph.GlobalMaxAttr, in instr) value {
	x := in.in[0]
	if len(x.shape) != 4 {
		x = l.reshaped(x, []dim{in.out[0], {n: a.Pixels}, {n: 1}, {n: a.C}})
	}
	return l.reshaped(l.reduce("ReduceMax", x, 1, 2), in.out)
}

// resample multiplies the columns and the rows of images by matrices of taps; where each pixel is one of the image they are taken.
func resample(l *lowering, s *kernels.ResampleShape, in instr) value {
	rows, picksRows := picks(s.Rows)
	columns, picksColumns := picks(s.Columns)
	if picksRows && picksColumns {
		return l.pick(l.pick(in.in[0], 1, rows), 2, columns)
	}
	x := l.whole(in.in[0], channelsFirst)
	dims := imageDims(in.in[0].shape)
	dims[2] = in.out[1]
	y := l.node("MatMul", dims, l.taps(s.Rows, s.H, false), x)
	return images(l.add("MatMul", imageDims(in.out), y, l.taps(s.Columns, s.W, true)))
}

// taps are the matrix that makes a line from one of size elements, or its transpose.
func (l *lowering) taps(t kernels.Taps, size int, transposed bool) *tensor {
	out := len(t.First)
	values := make([]float32, out*size)
	for o, first := range t.First {
		for k, w := range t.Weights[o] {
			if transposed {
				values[(first+k)*out+o] = w
			} else {
				values[o*size+first+k] = w
			}
		}
	}
	if transposed {
		return l.array(values, size, out)
	}
	return l.array(values, out, size)
}

// picks are the elements that a line is made of, where each of it is one element.
func picks(t kernels.Taps) (at []int64, ok bool) {
	for i, first := range t.First {
		if len(t.Weights[i]) != 1 || t.Weights[i][0] != 1 {
			return nil, false
		}
		at = append(at, int64(first))
	}
	return at, true
}

// pick takes elements of a dimension.
func (l *lowering) pick(v value, axis int, at []int64) value {
	v = l.asStored(v)
	dims, shape := append([]dim(nil), v.t.dims...), append([]dim(nil), v.shape...)
	dims[v.at[axis]], shape[axis] = dim{n: len(at)}, dim{n: len(at)}
	return value{l.add("Gather", dims, v.t, l.whole64(at...)).attr("axis", v.at[axis]).out, v.at, shape}
}
