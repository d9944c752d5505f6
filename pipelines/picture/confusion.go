package picture

import (
	"fmt"
	"image/color"
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/beamfit/beamfit/model/curve"
)

// Sizes of a confusion matrix.
const (
	cellSize    = 9 * vg.Millimeter
	largest     = 220 * vg.Millimeter // of all cells; those of more classes are smaller
	longestName = 16                  // characters of a class
)

// MaxClasses is the most classes that a confusion matrix is drawn of: more cells would be smaller than a tenth of a millimetre.
const MaxClasses = 2000

// Confusion draws a confusion matrix: a row per true class, a column per predicted one, shaded by the share of the true class's rows. Cells
// have their number where there is room for it.
func Confusion(c *curve.Confusion) (*Figure, error) {
	k := len(c.Classes)
	if k > MaxClasses {
		return nil, fmt.Errorf("%d classes: a confusion matrix is drawn of at most %d", k, MaxClasses)
	}
	right, rows := c.Total()
	title := "no rows"
	if rows > 0 {
		title = fmt.Sprintf("%d of %d rows right (%.2f %%)", right, rows, 100*float64(right)/float64(rows))
	}
	p := newPlot(title, "predicted", "true")
	cell := min(cellSize, largest/vg.Length(k))
	side := cell * vg.Length(k)
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = -0.5, float64(k)-0.5, -0.5, float64(k)-0.5
	p.X.Tick.Length, p.Y.Tick.Length = vg.Points(2), vg.Points(2)
	// Names stand where their lines do not touch.
	every := max(1, int(math.Ceil(float64(lineHeight/cell))))
	var xs, ys namedTicks
	widest := vg.Length(0)
	for i := 0; i < k; i += every {
		name := cut(c.Classes[i], longestName)
		xs = append(xs, plot.Tick{Value: float64(i), Label: name})
		ys = append(ys, plot.Tick{Value: float64(k - 1 - i), Label: name})
		widest = max(widest, textStyle(normal).Width(name))
	}
	p.X.Tick.Marker, p.Y.Tick.Marker = xs, ys
	if names := vg.Points(3); widest+names > cell*vg.Length(every) {
		p.X.Tick.Label.Rotation, p.X.Tick.Label.XAlign, p.X.Tick.Label.YAlign = math.Pi/2, draw.XRight, draw.YCenter
		for i := range xs {
			xs[i].Label += "\u00a0\u00a0" // between the name and the axis
		}
	}
	p.Add(&cells{c, cell})
	// The plot takes what axes, names and title need from the panel.
	edge := 12*vg.Millimeter + widest
	return &Figure{across: 1, panels: []panel{{p, max(side+edge, 60*vg.Millimeter), side + edge + 8*vg.Millimeter}}}, nil
}

// cells are the cells of a confusion matrix.
type cells struct {
	*curve.Confusion
	size vg.Length
}

// Plot draws the cells that have rows, and the edge of the matrix.
func (m *cells) Plot(c draw.Canvas, p *plot.Plot) {
	trX, trY := p.Transforms(&c)
	k := len(m.Classes)
	written := m.size >= 6*vg.Millimeter
	for truth, counts := range m.Counts {
		rows := m.Rows(truth)
		for predicted, n := range counts {
			x, y := float64(predicted), float64(k-1-truth)
			if n > 0 {
				c.FillPolygon(shade(float64(n)/float64(rows)), rectangle(trX(x-0.5), trY(y-0.5), trX(x+0.5), trY(y+0.5)))
			}
			if !written {
				continue
			}
			style := textStyle(normal)
			style.XAlign = draw.XCenter
			text := strconv.FormatInt(n, 10)
			switch {
			case n == 0:
				style.Color = grey
			case float64(n)/float64(rows) > 0.5:
				style.Color = white
			}
			if style.Width(text) > m.size-vg.Points(2) {
				text = brief(n)
			}
			c.FillText(style, vg.Point{X: trX(x), Y: trY(y)}, text)
		}
	}
	if written {
		line := draw.LineStyle{Color: pale, Width: vg.Points(0.5)}
		for i := range k + 1 {
			at := float64(i) - 0.5
			c.StrokeLine2(line, trX(at), trY(-0.5), trX(at), trY(float64(k)-0.5))
			c.StrokeLine2(line, trX(-0.5), trY(at), trX(float64(k)-0.5), trY(at))
		}
		return
	}
	edge := rectangle(trX(-0.5), trY(-0.5), trX(float64(k)-0.5), trY(float64(k)-0.5))
	c.StrokeLines(draw.LineStyle{Color: grey, Width: vg.Points(0.5)}, append(edge, edge[0]))
}

func rectangle(x0, y0, x1, y1 vg.Length) []vg.Point {
	return []vg.Point{{X: x0, Y: y0}, {X: x1, Y: y0}, {X: x1, Y: y1}, {X: x0, Y: y1}}
}

// shade is white for 0 and the darkest blue for 1; small shares are seen too.
func shade(share float64) color.Color {
	t := math.Sqrt(share)
	mix := func(from, to uint8) uint8 { return uint8(math.Round(float64(from) + t*(float64(to)-float64(from)))) }
	light, dark := rgb(0xf2f8fc), rgb(0x00507d)
	return color.RGBA{R: mix(light.R, dark.R), G: mix(light.G, dark.G), B: mix(light.B, dark.B), A: 255}
}

// brief writes a number with at most three digits: 12k, 3.4M.
func brief(n int64) string {
	x, unit := float64(n), ""
	for _, u := range []string{"k", "M", "G", "T"} {
		if x < 999.5 {
			break
		}
		x, unit = x/1000, u
	}
	digits := 0
	if x < 9.95 && unit != "" {
		digits = 1
	}
	return strconv.FormatFloat(x, 'f', digits, 64) + unit
}
