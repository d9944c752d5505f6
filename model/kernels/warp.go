package kernels

import (
	"fmt"
	"math"
)

// An Edge says what lies beyond the edge of an image.
type Edge uint8

// The edges, by the names of Keras' fill_mode, of an image a b c d.
const (
	EdgeConstant Edge = iota // k k k k | a b c d | k k k k
	EdgeNearest              // a a a a | a b c d | d d d d
	EdgeReflect              // d c b a | a b c d | d c b a
	EdgeWrap                 // a b c d | a b c d | a b c d
	numEdges
)

// WarpNumbers is how many numbers a transform has.
const WarpNumbers = 6

// A WarpShape is the size of images N x H x W x C that are moved into images N x OH x OW x C, and how pixels are made.
type WarpShape struct {
	N, H, W, C, OH, OW int
	Nearest            bool // the nearest pixel is taken, else the four around a place are weighted
	Edge               Edge
	Value              float32 // beyond an EdgeConstant
	// Inverse says that the transforms are those of the way back.
	Inverse bool
}

// Warp makes the images y of x by a transform for each image, which is WarpNumbers numbers: the pixel of y in column j and line i
// is the one of x in column t[0]·j + t[1]·i + t[2] and line t[3]·j + t[4]·i + t[5].
//
// Source: tensorflow/core/kernels/image/image_ops.h, ProjectiveGenerator, which follows scipy.ndimage.
func Warp(s *WarpShape, x, transforms, y []float32) {
	if s.Edge >= numEdges {
		panic(fmt.Sprintf("kernels: Warp: inconsistent shape %+v", *s))
	}
	atLeast("Warp", "x", len(x), s.N*s.H*s.W*s.C)
	atLeast("Warp", "transforms", len(transforms), s.N*WarpNumbers)
	atLeast("Warp", "y", len(y), s.N*s.OH*s.OW*s.C)
	for n := range s.N {
		t := [WarpNumbers]float32(transforms[n*WarpNumbers:])
		if s.Inverse {
			t = inverse(t)
		}
		image, to := x[n*s.H*s.W*s.C:(n+1)*s.H*s.W*s.C], y[n*s.OH*s.OW*s.C:]
		for i := range s.OH {
			for j := range s.OW {
				column := float32(float32(t[0]*float32(j))+float32(t[1]*float32(i))) + t[2]
				line := float32(float32(t[3]*float32(j))+float32(t[4]*float32(i))) + t[5]
				s.pixel(image, s.Edge.inside(line, s.H), s.Edge.inside(column, s.W), to[(i*s.OW+j)*s.C:][:s.C])
			}
		}
	}
}

// inverse is the transform of the way back.
func inverse(t [WarpNumbers]float32) [WarpNumbers]float32 {
	var d [WarpNumbers]float64
	for i, v := range t {
		d[i] = float64(v)
	}
	det := float64(d[0]*d[4]) - float64(d[1]*d[3])
	return [WarpNumbers]float32{
		float32(d[4] / det), float32(-d[1] / det), float32((float64(d[1]*d[5]) - float64(d[2]*d[4])) / det),
		float32(-d[3] / det), float32(d[0] / det), float32((float64(d[2]*d[3]) - float64(d[0]*d[5])) / det),
	}
}

// far is beyond every image; places that are farther are taken for it, so that they can be counted.
const far = 1 << 24

// inside brings a place along a line of n pixels to one of them, as the edge says; beyond an EdgeConstant it stays.
func (e Edge) inside(at float32, n int) float32 {
	if !(at > -far && at < far) {
		at = -far
	}
	size, last := float32(n), float32(n-1)
	switch {
	case e == EdgeConstant:
		return at
	case e == EdgeNearest:
	case n == 1:
		return 0
	case e == EdgeReflect && at < 0:
		at += float32(2 * size * floor32(-at/(2*size)))
		if at < -size {
			at += 2 * size
		} else {
			at = -at - 1
		}
	case e == EdgeReflect && at > last:
		at -= float32(2 * size * floor32(at/(2*size)))
		if at >= size {
			at = 2*size - at - 1
		}
	case e == EdgeWrap && at < 0:
		at += float32(size * (floor32(-at/last) + 1))
	case e == EdgeWrap && at > last:
		at -= float32(size * floor32(at/last))
	}
	return min(max(at, 0), last)
}

// floor32 is the largest whole number up to v.
func floor32(v float32) float32 { return float32(math.Floor(float64(v))) }

// pixel makes a pixel of the image at a place.
func (s *WarpShape) pixel(image []float32, line, column float32, to []float32) {
	if s.Nearest {
		if from := s.at(image, nearestTo(line), nearestTo(column)); from != nil {
			copy(to, from)
		} else {
			Fill(s.Value, to)
		}
		return
	}
	top, left := floor32(line), floor32(column)
	below, right := line-top, column-left // the shares of the lines and columns behind
	above, before := top+1-line, left+1-column
	i, j := int(top), int(left)
	corners := [4][]float32{s.at(image, i, j), s.at(image, i, j+1), s.at(image, i+1, j), s.at(image, i+1, j+1)}
	for c := range to {
		var v [4]float32
		for k, from := range corners {
			v[k] = s.Value
			if from != nil {
				v[k] = from[c]
			}
		}
		first, second := float32(before*v[0])+float32(right*v[1]), float32(before*v[2])+float32(right*v[3])
		to[c] = float32(above*first) + float32(below*second)
	}
}

// nearestTo is the nearest whole number; halves go away from 0.
func nearestTo(v float32) int {
	if v < 0 {
		return -int(math.Floor(0.5 - float64(v)))
	}
	return int(math.Floor(float64(v) + 0.5))
}

// at is the pixel in a line and a column, nil where the image has none.
func (s *WarpShape) at(image []float32, line, column int) []float32 {
	if line < 0 || line >= s.H || column < 0 || column >= s.W {
		return nil
	}
	return image[(line*s.W+column)*s.C:][:s.C]
}
