// Package picturetest compares pictures with golden ones, for tests.
package picturetest

import (
	"bytes"
	"image"
	"image/png"
	"testing"
)

// Differing is the share of the pixels of two PNG pictures that differ by more than shade, of 65535, in red, green or blue. It is 1 where the pictures
// are not of one size.
func Differing(t testing.TB, a, b []byte, shade int) float64 {
	t.Helper()
	pictures := make([]image.Image, 2)
	for i, data := range [][]byte{a, b} {
		var err error
		if pictures[i], err = png.Decode(bytes.NewReader(data)); err != nil {
			t.Fatal(err)
		}
	}
	size := pictures[0].Bounds()
	if size != pictures[1].Bounds() {
		return 1
	}
	differ := 0
	for y := range size.Dy() {
		for x := range size.Dx() {
			r0, g0, b0, _ := pictures[0].At(x, y).RGBA()
			r1, g1, b1, _ := pictures[1].At(x, y).RGBA()
			for _, d := range []int{int(r0) - int(r1), int(g0) - int(g1), int(b0) - int(b1)} {
				if max(d, -d) > shade {
					differ++
					break
				}
			}
		}
	}
	return float64(differ) / float64(size.Dx()*size.Dy())
}
