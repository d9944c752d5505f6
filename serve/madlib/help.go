package madlib

import (
	"fmt"
	"strings"
)

// helpText is what a call without arguments, or with one word, answers.
func (f *Function) helpText(row []Value) string {
	word := ""
	if len(row) == 1 && !row[0].Null {
		word = row[0].Text
	}
	asked := word
	if !f.exact {
		asked = strings.ToLower(word)
	}
	switch asked {
	case "":
		if f.bare {
			return f.usage()
		}
		return fmt.Sprintf("%s\n\nFor more details on the arguments and the output:\n    SELECT madlib.%s('usage')", f.summary, f.Name)
	case "usage", "help", "?":
		return f.usage()
	}
	return fmt.Sprintf("No such option. Use \"SELECT madlib.%s()\" for help.", f.Name)
}

func (f *Function) usage() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\nUSAGE\n    SELECT madlib.%s(\n", f.summary, f.Name)
	width := 0
	for _, p := range f.Parameters {
		width = max(width, len(p.Name)+len(p.typ)+2)
	}
	for i, p := range f.Parameters {
		comma := ","
		if i == len(f.Parameters)-1 {
			comma = ""
		}
		text := p.use
		if p.need == optional {
			text += " [default " + p.defaultText() + "]"
		}
		fmt.Fprintf(&b, "        %-*s -- %s\n", width, p.Name+" "+string(p.typ)+comma, text)
	}
	fmt.Fprintf(&b, "    );\n\nOUTPUT\n    %s\n", strings.ReplaceAll(f.output, "\n", "\n    "))
	return b.String()
}
