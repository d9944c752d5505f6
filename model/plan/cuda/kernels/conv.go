package kernels

import (
	"encoding/binary"

	"github.com/beamfit/beamfit/model/graph"
	host "github.com/beamfit/beamfit/model/kernels"
)

// convRows are the convolutions: conv.cu.
var convRows = map[string]row{
	graph.CodeConv2D:           where(of(conv2D), convFits),
	graph.CodeConv2DInputGrad:  where(of(conv2DInputGrad), convFits),
	graph.CodeConv2DKernelGrad: where(withScratch(conv2DKernelGrad, conv2DKernelGradScratch), convKernelFits),
}

// mostElements is the length of arrays from which on kernels that divide indexes leave them to the CPU.
const mostElements = 1 << 30

// convFits says whether the kernels' indexes are large enough.
func convFits(a *graph.Conv2DAttr) bool {
	return a.N*a.H*a.W*a.C < mostElements && a.N*a.OH*a.OW*a.F < mostElements && conv2DKernelRows(a)*a.F < mostElements && convGroups(a) <= mostZ
}

// convKernelFits is convFits for the gradient of the kernel, whose blocks are of a group and a part of the pixels.
func convKernelFits(a *graph.Conv2DAttr) bool {
	if !convFits(a) {
		return false
	}
	parts, _, _, _, _ := conv2DKernelParts(a)
	return parts*groupsApart(a) <= mostZ
}

func convGroups(a *graph.Conv2DAttr) int { return max(a.Groups, 1) }

// groupsApart is how many groups have blocks of their own in the gradient of the kernel.
func groupsApart(a *graph.Conv2DAttr) int {
	if depthwise(a) {
		return 1
	}
	return convGroups(a)
}

// depthwise says whether every channel is a group.
func depthwise(a *graph.Conv2DAttr) bool { return a.Groups > 1 && a.Groups == a.C }

// numbers are whole numbers as constant bytes of a program.
func numbers(o operands, values ...int) place {
	var b []byte
	for _, v := range values {
		b = binary.LittleEndian.AppendUint64(b, uint64(v))
	}
	return o.data(b)
}

func convShape(a *graph.Conv2DAttr, o operands) place {
	return numbers(o, a.N, a.H, a.W, a.C, a.KH, a.KW, a.F, a.SH, a.SW, a.DH, a.DW, a.PadTop, a.PadLeft, a.OH, a.OW, convGroups(a))
}

// convTile is the width of tiles for so many filters, or channels, and the end of the kernel's name.
func convTile(filters int) (width int, suffix string) {
	if filters > 32 {
		return 64, "_64"
	}
	return 32, "_32"
}

func conv2D(a *graph.Conv2DAttr, o operands) []Launch {
	relu := a.Then.Act == host.ReLU
	args := []any{convShape(a, o), o.in[0], o.in[1], o.optional(2), o.out, relu}
	if depthwise(a) {
		return append([]Launch{kernel("conv_depthwise", flat(o.out.n), 256, args...)}, epilogue(a.Then, o)...)
	}
	filters := a.F / convGroups(a)
	width, suffix := convTile(filters)
	return append([]Launch{
		kernel("conv_forward"+suffix, grid(ceil(a.N*a.OH*a.OW, 128), ceil(filters, width), convGroups(a)), 256, args...),
	}, epilogue(a.Then, o)...)
}

func conv2DInputGrad(a *graph.Conv2DAttr, o operands) []Launch {
	args := []any{convShape(a, o), o.in[0], o.in[1], o.out}
	if depthwise(a) {
		return []Launch{kernel("conv_depthwise_dx", flat(o.out.n), 256, args...)}
	}
	channels := a.C / convGroups(a)
	width, suffix := convTile(channels)
	return []Launch{kernel("conv_dx"+suffix, grid(ceil(a.N*a.H*a.W, 128), ceil(channels, width), convGroups(a)), 256, args...)}
}

// conv2DKernelParts is how the output pixels are divided, and the height and the width of tiles.
func conv2DKernelParts(a *graph.Conv2DAttr) (parts, chunk, height, width int, suffix string) {
	if depthwise(a) { // a block has a tap and 32 filters
		parts, chunk = split(a.KH*a.KW*ceil(a.F, 32), a.N*a.OH*a.OW)
		return parts, chunk, 1, 32, ""
	}
	filters := a.F / convGroups(a)
	width, suffix = convTile(filters)
	height = map[int]int{64: 64, 32: 128}[width]
	tiles := ceil(conv2DKernelRows(a), height) * ceil(filters, width) * convGroups(a)
	parts, chunk = split(ceil(tiles, 4), a.N*a.OH*a.OW)
	return parts, chunk, height, width, suffix
}

// conv2DKernelRows is the number of taps and channels that a filter sees.
func conv2DKernelRows(a *graph.Conv2DAttr) int { return a.KH * a.KW * a.C / convGroups(a) }

func conv2DKernelGradScratch(a *graph.Conv2DAttr) int {
	if parts, _, _, _, _ := conv2DKernelParts(a); parts > 1 {
		return parts * conv2DKernelRows(a) * a.F
	}
	return 0
}

func conv2DKernelGrad(a *graph.Conv2DAttr, o operands) []Launch {
	parts, chunk, height, width, suffix := conv2DKernelParts(a)
	name := "conv_dk" + suffix
	if depthwise(a) {
		name = "conv_depthwise_dk"
	}
	shape, size := convShape(a, o), grid(ceil(conv2DKernelRows(a), height), ceil(a.F/groupsApart(a), width), parts*groupsApart(a))
	if parts == 1 {
		return []Launch{kernel(name, size, 256, shape, chunk, 0, o.in[0], o.in[1], o.out)}
	}
	return []Launch{
		kernel(name, size, 256, shape, chunk, o.out.n, o.in[0], o.in[1], o.scratch),
		elements("gemm_sum", o.out.n, parts, a.F, o.scratch, o.out, a.F, place{}, false),
	}
}
