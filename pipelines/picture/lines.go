package picture

import (
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg/draw"
)

// An xy is a point of a line.
type xy = plotter.XY

// addLine draws a line through points, with gaps where one is not finite, and with marks at its points, or where mark is nil at none. A point
// that stands alone always has one.
func addLine(p *plot.Plot, points []xy, style draw.LineStyle, mark *draw.GlyphStyle) {
	for _, part := range finiteParts(points) {
		p.Add(&plotter.Line{XYs: part, LineStyle: style})
		if mark == nil && len(part) == 1 {
			p.Add(&plotter.Scatter{XYs: part, GlyphStyle: draw.GlyphStyle{Color: style.Color, Radius: markSize, Shape: draw.CircleGlyph{}}})
		} else if mark != nil {
			p.Add(&plotter.Scatter{XYs: part, GlyphStyle: *mark})
		}
	}
}

// finiteParts are the stretches of a line that have a place.
func finiteParts(points []xy) []plotter.XYs {
	var parts []plotter.XYs
	open := false
	for _, pt := range points {
		if !finite(pt.X) || !finite(pt.Y) {
			open = false
			continue
		}
		if !open {
			parts = append(parts, nil)
		}
		parts[len(parts)-1] = append(parts[len(parts)-1], pt)
		open = true
	}
	return parts
}

// finite tells numbers that have a place: no NaN, and none so large that the length of an axis would be infinite.
func finite(x float64) bool { return math.Abs(x) < 1e300 }

// finest is the distance, in parts of the axes, below which points are not told apart.
const finest = 1.0 / 1500

// thin leaves out points of a line in the unit square that cannot be seen: those nearer to the last one than finest. It keeps both ends.
func thin(points []xy) []xy {
	if len(points) < 3 {
		return points
	}
	out := points[:1:1]
	for _, pt := range points[1 : len(points)-1] {
		last := out[len(out)-1]
		if math.Abs(pt.X-last.X) >= finest || math.Abs(pt.Y-last.Y) >= finest {
			out = append(out, pt)
		}
	}
	return append(out, points[len(points)-1])
}

// addGrid draws lines at the ticks; it goes first.
func addGrid(p *plot.Plot) {
	g := plotter.NewGrid()
	g.Vertical.Color, g.Horizontal.Color = pale, pale
	g.Vertical.Width, g.Horizontal.Width = 0.5, 0.5
	p.Add(g)
}
