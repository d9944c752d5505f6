package plan

import (
	"crypto/sha256"
	"fmt"
	"reflect"
	"strings"
)

// String shows the instruction on one line: the places of its result and operands, with the shapes of those that have more than one
// dimension, its attributes, and whether it may be held.
func (in *Instr) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s = %s", in.operand(in.Out, len(in.In)), in.Code)
	if in.Attr != nil {
		fmt.Fprintf(&b, "%+v", reflect.Indirect(reflect.ValueOf(in.Attr)))
	}
	for i, r := range in.In {
		separator := ","
		if i == 0 {
			separator = ""
		}
		fmt.Fprintf(&b, "%s %s", separator, in.operand(r, i))
	}
	for _, r := range in.Side {
		fmt.Fprintf(&b, "; side %v", r)
	}
	if in.Scratch.Len > 0 {
		fmt.Fprintf(&b, "; scratch %v", in.Scratch)
	}
	if in.Held {
		b.WriteString("; held")
	}
	return b.String()
}

// operand is a place with the shape of operand i.
func (in *Instr) operand(r Ref, i int) string {
	if shape := in.shape(i); len(shape) > 1 {
		return fmt.Sprintf("%v %s", r, shapeText(shape))
	}
	return r.String()
}

// shapeText is a shape as 2x3.
func shapeText(shape []int) string {
	return strings.ReplaceAll(strings.Trim(fmt.Sprint(shape), "[]"), " ", "x")
}

// String lists the instructions and the sizes.
func (p *Plan) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "batch %d", p.Batch)
	p.Sizes.write(&b)
	for i := range p.Instrs {
		fmt.Fprintf(&b, "%4d  %v\n", i, &p.Instrs[i])
	}
	return b.String()
}

// write ends a line with the sizes.
func (s Sizes) write(b *strings.Builder) {
	for space, n := range s {
		fmt.Fprintf(b, ", %v %d", Space(space), n)
	}
	b.WriteByte('\n')
}

// String lists the instructions of every stage for the first slice, which those of the others repeat at other places: of them it shows
// a hash. Of the sets that finish the step it shows how often each part has an instruction, and the first and the last of them.
func (s *Split) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d slices, %d stages, %d sets to finish", len(s.Stages[0]), len(s.Stages), len(s.Finish))
	s.Sizes.write(&b)
	for k, stage := range s.Stages {
		for i, p := range stage {
			fmt.Fprintf(&b, "stage %d, slice %d: ", k+1, i+1)
			if i == 0 {
				b.WriteString(p.String())
			} else {
				fmt.Fprintf(&b, "%d instructions, %x\n", len(p.Instrs), sha256.Sum256([]byte(p.String())))
			}
		}
	}
	for k, set := range s.Finish {
		for i, p := range set {
			fmt.Fprintf(&b, "set %d, part %d\n", k+1, i+1)
			p.summarise(&b)
		}
	}
	return b.String()
}

// summarise shows instructions of one code together.
func (p *Plan) summarise(b *strings.Builder) {
	count, last := map[string]int{}, map[string]*Instr{}
	for i := range p.Instrs {
		in := &p.Instrs[i]
		count[in.Code]++
		last[in.Code] = in
	}
	shown := map[string]bool{}
	for i := range p.Instrs {
		in := &p.Instrs[i]
		if shown[in.Code] {
			continue
		}
		shown[in.Code] = true
		fmt.Fprintf(b, "%4d x %v\n", count[in.Code], in)
		if count[in.Code] > 1 {
			fmt.Fprintf(b, "    to %v\n", last[in.Code])
		}
	}
}
