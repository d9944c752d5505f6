package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"
	"unicode"

	"github.com/beamfit/beamfit/io/shellwords"
	"github.com/beamfit/beamfit/pipelines/picture"
)

//go:embed page.html
var pageText string

//go:embed page.css
var styleText string

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"shown": shown, "number": number, "words": shellwords.Join,
	"join": func(s []string) string { return strings.Join(s, ", ") },
}).Parse(pageText))

// largestMatrix is the most classes of which a page has a confusion matrix: a larger one would be unreadable there, and large.
const largestMatrix = 200

// Write writes the page.
func (d *Document) Write(w io.Writer) error {
	p := page{Document: d, Style: template.CSS(styleText)}
	if len(d.History.Iterations) > 0 {
		figures, err := picture.Histories([]picture.Fit{d.History}, picture.ByIteration)
		if err != nil {
			return err
		}
		for i, f := range figures {
			s := d.History.Scores[i]
			if err := add(&p.Curves, f, fmt.Sprintf("%s by iteration, at the end %.6g", s.Name, s.Training[len(s.Training)-1])); err != nil {
				return err
			}
		}
	}
	if d.Rows != nil {
		for _, o := range d.Rows.Outputs {
			j, err := judge(o)
			if err != nil {
				return err
			}
			p.Judged = append(p.Judged, j)
		}
	}
	return pageTemplate.Execute(w, p)
}

// add draws a figure.
func add(to *[]drawing, f *picture.Figure, alt string) error {
	svg, err := f.Inline()
	// The text of the SVG is escaped by who writes it, and holds no element that acts (package picture has the test).
	*to = append(*to, drawing{template.HTML(svg), alt})
	return err
}

// judge adds the pictures of an output.
func judge(o Output) (judged, error) {
	j := judged{Output: o}
	for _, f := range o.Curves {
		if err := add(&j.Drawn, f, "curves of the classes of "+o.Variable); err != nil {
			return j, err
		}
	}
	c := o.Confusion
	if c == nil {
		return j, nil
	}
	for i, name := range c.Classes {
		precision, recall := c.Of(i)
		f1 := 0.0
		if precision+recall > 0 {
			f1 = 2 * precision * recall / (precision + recall)
		}
		j.Classes = append(j.Classes, classRow{name, c.Rows(i), percent(precision), percent(recall), percent(f1)})
	}
	if len(c.Classes) > largestMatrix {
		return j, nil
	}
	f, err := picture.Confusion(c)
	if err != nil {
		return j, err
	}
	right, rows := c.Total()
	var one []drawing
	if err := add(&one, f, fmt.Sprintf("confusion matrix of %s: %d of %d rows right", o.Variable, right, rows)); err != nil {
		return j, err
	}
	j.Matrix = &one[0]
	return j, nil
}

func percent(x float64) string { return fmt.Sprintf("%.2f %%", 100*x) }

// number writes a whole number with thin spaces between thousands.
func number(n int64) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "\u202f" + text[i:]
	}
	return text
}

// shown is a text without characters that show nothing or turn text round; lines stay lines.
func shown(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) || r == '\n' || r == '\t' {
			return r
		}
		return unicode.ReplacementChar
	}, text)
}
