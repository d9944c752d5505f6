package report

import (
	"bytes"
	"encoding/base64"
	"html/template"
	"image"
	"image/color"
	"image/png"
	"math"
)

// An Image is a small picture for a page; the zero Image is none.
type Image struct {
	URL           template.URL
	Width, Height int
}

// Bounds of what is shown as a picture: a side of fewer pixels says little, one of more would make pages large.
const (
	leastSide   = 4
	longestSide = 256
)

// ImageOf is a row of features of shape H W, H W 1 or H W 3 as a picture, black to white from the least value to the greatest. Other shapes have
// none.
func ImageOf(shape []int, values []float32) Image {
	if len(shape) == 2 {
		shape = append(shape[:2:2], 1)
	}
	if len(shape) != 3 || shape[2] != 1 && shape[2] != 3 || min(shape[0], shape[1]) < leastSide || max(shape[0], shape[1]) > longestSide ||
		len(values) != shape[0]*shape[1]*shape[2] {
		return Image{}
	}
	low, high := float32(math.Inf(1)), float32(math.Inf(-1))
	for _, v := range values {
		low, high = min(low, v), max(high, v)
	}
	level := func(v float32) uint8 {
		if !(high > low) {
			return 0
		}
		return uint8(math.Round(255 * float64(v-low) / float64(high-low)))
	}
	img := image.NewNRGBA(image.Rect(0, 0, shape[1], shape[0]))
	c := shape[2]
	for i := range shape[0] * shape[1] {
		pixel := values[i*c : (i+1)*c]
		img.SetNRGBA(i%shape[1], i/shape[1], color.NRGBA{R: level(pixel[0]), G: level(pixel[c/2]), B: level(pixel[c-1]), A: 255})
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return Image{} // never: the memory takes all
	}
	return Image{template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes())), shape[1], shape[0]}
}
