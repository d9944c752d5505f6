package picture

import (
	"image/color"
	"strings"
	"unicode"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// palette are the colours of Okabe and Ito (Color Universal Design, 2002), less the yellow; neighbours differ in lightness.
var palette = []color.Color{
	rgb(0x0072b2), rgb(0xd55e00), rgb(0x009e73), rgb(0xcc79a7), rgb(0xe69f00), rgb(0x56b4e9), rgb(0x000000),
}

var (
	white = rgb(0xffffff)
	ink   = rgb(0x222222)
	pale  = rgb(0xdddddd) // of grids
	grey  = rgb(0x777777) // of what lines are compared with
)

func rgb(x uint32) color.RGBA {
	return color.RGBA{R: uint8(x >> 16), G: uint8(x >> 8), B: uint8(x), A: 255}
}

// marks are drawn at points, in another order than the colours.
var marks = []draw.GlyphDrawer{draw.CircleGlyph{}, draw.SquareGlyph{}, draw.PyramidGlyph{}, draw.RingGlyph{}, draw.BoxGlyph{}}

// dashed is the pattern of lines of validation.
var dashed = []vg.Length{vg.Points(4), vg.Points(2)}

// markSize is the radius of marks.
const markSize = 1.75 * vg.Length(1)

// MaxStyles is the most lines that a legend can tell apart.
const MaxStyles = 21

// lineOf is the style of the line at a place of the legend. Where colours are used again lines are dashed otherwise.
func lineOf(place int, validation bool) draw.LineStyle {
	s := draw.LineStyle{Color: palette[place%len(palette)], Width: vg.Points(1.25)}
	switch round := place / len(palette); {
	case validation:
		s.Dashes = dashed
	case round > 0:
		s.Dashes = []vg.Length{vg.Points(float64(6 / round)), vg.Points(1.5)}
	}
	return s
}

// markOf is the mark at points of the line at a place of the legend.
func markOf(place int) draw.GlyphStyle {
	return draw.GlyphStyle{Color: palette[place%len(palette)], Radius: markSize, Shape: marks[place%len(marks)]}
}

// Sizes of text.
const (
	small  = 7
	normal = 8
)

// textStyle is text of a size.
func textStyle(size float64) text.Style {
	return text.Style{
		Color: ink, Font: font.From(font.Font{Typeface: "Liberation", Variant: "Sans"}, vg.Points(size)), Handler: plot.DefaultTextHandler,
		YAlign: draw.YCenter,
	}
}

// restyle changes the style of text that is drawn, and leaves how it stands.
func restyle(s *text.Style, size float64) {
	to := textStyle(size)
	s.Color, s.Font = to.Color, to.Font
}

// longest is the most characters of a name that are drawn.
const longest = 40

// shown is a name as it is drawn.
func shown(name string) string { return cut(name, longest) }

// cut is a name of at most so many characters, without those that show nothing or, as marks of direction, change what stands beside them.
func cut(name string, most int) string {
	name = strings.Map(func(r rune) rune {
		// A PDF has no place for characters above U+FFFF.
		if !unicode.IsPrint(r) || r > 0xffff {
			return unicode.ReplacementChar
		}
		return r
	}, name)
	if letters := []rune(name); len(letters) > most {
		return string(letters[:most-1]) + "…"
	}
	return name
}
