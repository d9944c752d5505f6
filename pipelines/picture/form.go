package picture

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgpdf"
	"gonum.org/v1/plot/vg/vgsvg"
)

// A Form is that of a picture's file.
type Form struct {
	name   string
	canvas func(w, h vg.Length) vg.CanvasWriterTo
}

// String is the name: svg, png or pdf.
func (f Form) String() string { return f.name }

// pngDPI makes text of 8 points 21 pixels high.
const pngDPI = 192

var forms = []Form{
	{"svg", func(w, h vg.Length) vg.CanvasWriterTo { return &svgCanvas{Canvas: vgsvg.New(w, h)} }},
	{"png", func(w, h vg.Length) vg.CanvasWriterTo {
		return vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(w, h), vgimg.UseDPI(pngDPI))}
	}},
	{"pdf", func(w, h vg.Length) vg.CanvasWriterTo { return vgpdf.New(w, h) }},
}

// SVG is the form of pictures inside pages.
var SVG = forms[0]

// FormOf is the form that the end of a file's name asks for.
func FormOf(path string) (Form, error) {
	end := strings.TrimPrefix(strings.ToLower(filepath.Ext(path)), ".")
	i := slices.IndexFunc(forms, func(f Form) bool { return f.name == end })
	if i < 0 {
		return Form{}, fmt.Errorf("%q: the name of a picture must end in .svg, .png or .pdf", path)
	}
	return forms[i], nil
}

// A svgCanvas makes text as wide as it was meant to be, whatever font a machine has in the place of Liberation Sans.
type svgCanvas struct {
	*vgsvg.Canvas
	widths []vg.Length // of the texts, in their order
}

// FillString writes a text.
func (c *svgCanvas) FillString(f font.Face, at vg.Point, text string) {
	c.widths = append(c.widths, f.Width(text))
	c.Canvas.FillString(f, at, text)
}

// WriteTo writes the SVG. What it looks for is in no text: there < is written as &lt; and a quotation mark as &#34;.
func (c *svgCanvas) WriteTo(w io.Writer) (int64, error) {
	var b bytes.Buffer
	if _, err := c.Canvas.WriteTo(&b); err != nil {
		return 0, err
	}
	text := strings.ReplaceAll(b.String(), `style="font-family:Liberation Sans;`, `style="font-family:Liberation Sans,Arial,Helvetica,sans-serif;`)
	const element = "<text "
	var out strings.Builder
	for i, part := range strings.Split(text, element) {
		if i > 0 {
			fmt.Fprintf(&out, `%stextLength="%.4g" lengthAdjust="spacingAndGlyphs" `, element, c.widths[i-1].Points())
		}
		out.WriteString(part)
	}
	n, err := io.WriteString(w, out.String())
	return int64(n), err
}

// Write draws the figure in a form.
func (f *Figure) Write(w io.Writer, form Form) error {
	width, height := f.size()
	canvas := form.canvas(width, height)
	f.draw(draw.NewCanvas(canvas, width, height))
	_, err := canvas.WriteTo(w)
	return err
}

// Inline is the figure as an SVG element that can stand in a page of HTML.
func (f *Figure) Inline() (string, error) {
	var b strings.Builder
	if err := f.Write(&b, SVG); err != nil {
		return "", err
	}
	text := b.String()
	return text[max(0, strings.Index(text, "<svg")):], nil
}
