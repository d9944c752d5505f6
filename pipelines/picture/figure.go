package picture

import (
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A Figure is a picture of one or several panels, with a legend.
type Figure struct {
	panels []panel
	across int // panels side by side
	legend []entry
}

// A panel is a pair of axes with what is drawn there.
type panel struct {
	*plot.Plot
	width, height vg.Length
}

// An entry of a legend.
type entry struct {
	name string
	line draw.LineStyle
	mark *draw.GlyphStyle // nil: none
}

// Sizes of a figure.
const (
	panelWidth  = 95 * vg.Millimeter
	panelHeight = 65 * vg.Millimeter
	margin      = 2 * vg.Millimeter
	sample      = 7 * vg.Millimeter // of a line, in the legend
	lineHeight  = 11 * vg.Length(1) // points
)

// columns are the numbers of panels side by side.
func (f *Figure) columns() int { return max(1, min(f.across, len(f.panels))) }

// rowHeight is that of the panels from i on that stand side by side.
func (f *Figure) rowHeight(i int) (h vg.Length) {
	for _, p := range f.panels[i:min(i+f.columns(), len(f.panels))] {
		h = max(h, p.height)
	}
	return h
}

// size is that of the whole figure.
func (f *Figure) size() (width, height vg.Length) {
	for i := 0; i < len(f.panels); i += f.columns() {
		var row vg.Length
		for _, p := range f.panels[i:min(i+f.columns(), len(f.panels))] {
			row += p.width
		}
		width = max(width, row)
		height += f.rowHeight(i)
	}
	return width, height + f.legendHeight(width)
}

// legendRows are the entries of the legend, in rows of a width.
func (f *Figure) legendRows(width vg.Length) [][]entry {
	var rows [][]entry
	room := vg.Length(0)
	for _, e := range f.legend {
		if w := e.width(); len(rows) == 0 || w > room {
			rows, room = append(rows, nil), width-2*margin
		}
		rows[len(rows)-1] = append(rows[len(rows)-1], e)
		room -= e.width()
	}
	return rows
}

func (e entry) width() vg.Length {
	return sample + vg.Points(12) + textStyle(normal).Width(shown(e.name))
}

func (f *Figure) legendHeight(width vg.Length) vg.Length {
	if len(f.legend) == 0 {
		return 0
	}
	return lineHeight*vg.Length(len(f.legendRows(width))) + margin
}

// draw draws the figure on a canvas of its size.
func (f *Figure) draw(c draw.Canvas) {
	c.SetColor(white)
	c.Fill(c.Rectangle.Path())
	width := c.Max.X - c.Min.X
	top := c.Max.Y - margin
	for _, row := range f.legendRows(width) {
		f.drawLegend(c, row, top-lineHeight/2)
		top -= lineHeight
	}
	top = c.Max.Y - f.legendHeight(width)
	for i := 0; i < len(f.panels); i += f.columns() {
		left, height := c.Min.X, f.rowHeight(i)
		for _, p := range f.panels[i:min(i+f.columns(), len(f.panels))] {
			p.Draw(draw.Canvas{Canvas: c.Canvas, Rectangle: vg.Rectangle{
				Min: vg.Point{X: left + margin, Y: top - p.height + margin},
				Max: vg.Point{X: left + p.width - margin, Y: top - margin},
			}})
			left += p.width
		}
		top -= height
	}
}

// drawLegend draws a row of the legend, whose middle is at y.
func (f *Figure) drawLegend(c draw.Canvas, row []entry, y vg.Length) {
	x := c.Min.X + 2*margin
	for _, e := range row {
		c.StrokeLine2(e.line, x, y, x+sample, y)
		if e.mark != nil {
			c.DrawGlyphNoClip(*e.mark, vg.Point{X: x + sample/2, Y: y})
		}
		style := textStyle(normal)
		c.FillText(style, vg.Point{X: x + sample + vg.Points(3), Y: y + vg.Points(0.8)}, shown(e.name))
		x += e.width()
	}
}
