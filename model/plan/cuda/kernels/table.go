package kernels

import (
	"fmt"
	"maps"
	"reflect"

	"github.com/beamfit/beamfit/model/plan"
)

// A row is what is known about an opcode.
type row struct {
	attr    reflect.Type // of Instr.Attr; that of none where there is none
	bind    func(attr any, o operands) []Launch
	scratch func(attr any) int  // nil: none
	native  func(attr any) bool // nil: always
	held    bool                // the kernels do nothing in a step that is held
}

// none is the type of the attributes of an opcode that has none.
type none struct{}

// of is the row of an opcode whose attributes are an A.
func of[A any](bind func(a A, o operands) []Launch) row {
	return row{attr: reflect.TypeFor[A](), bind: func(attr any, o operands) []Launch {
		a, _ := attr.(A) // none stays none; Native has checked all others
		return bind(a, o)
	}}
}

// withScratch is the row of an opcode whose launches want memory for themselves, in float32.
func withScratch[A any](bind func(a A, o operands) []Launch, scratch func(a A) int) row {
	r := of(bind)
	r.scratch = func(attr any) int { return scratch(attr.(A)) }
	return r
}

// where is the row r for those attributes that have kernels.
func where[A any](r row, native func(a A) bool) row {
	r.native = func(attr any) bool { return native(attr.(A)) }
	return r
}

// held is the row r whose kernels look at what the step says of holding.
func held(r row) row {
	r.held = true
	return r
}

// table is every opcode that has kernels: a new one is a function in the file of its family and a row there.
var table = join(batchnormRows, convRows, ctcRows, elementwiseRows, gemmRows, layoutRows, lossRows, optimizerRows, poolRows, recurrentRows, rowsRows)

func join(families ...map[string]row) map[string]row {
	all := map[string]row{}
	for _, f := range families {
		maps.Copy(all, f)
	}
	return all
}

// find is the row of an instruction that is native.
func find(in *plan.Instr) (r row, native bool) {
	r, ok := table[in.Code]
	if !ok || in.Held && !r.held {
		return r, false
	}
	if found := reflect.TypeOf(in.Attr); found != r.attr && (found != nil || r.attr != reflect.TypeFor[none]()) {
		return r, false
	}
	return r, r.native == nil || r.native(in.Attr)
}

// Native says whether an instruction has kernels. It looks at the opcode, the attributes and whether it may be held only.
func Native(in *plan.Instr) bool {
	_, native := find(in)
	return native
}

// Scratch is how many float32 a native instruction wants for itself; 0 for all others.
func Scratch(in *plan.Instr) int {
	r, native := find(in)
	if !native || r.scratch == nil {
		return 0
	}
	return r.scratch(in.Attr)
}

// Bind are the launches of a native instruction, in their order. An instruction without elements has none.
func Bind(in *plan.Instr, at Places, m Math) ([]Launch, error) {
	r, native := find(in)
	if !native {
		return nil, fmt.Errorf("kernels: no kernels for opcode %q with %+v", in.Code, in.Attr)
	}
	one := func(ref plan.Ref) place { return place{at.At(ref), ref.Len} }
	all := func(refs []plan.Ref) []place {
		places := make([]place, len(refs))
		for i, ref := range refs {
			places[i] = one(ref)
		}
		return places
	}
	o := operands{in: all(in.In), side: all(in.Side), out: one(in.Out), step: place{at.Step, StepStateBytes / 4}, put: at.Data}
	if in.Scratch.Len > 0 {
		o.scratch = one(in.Scratch)
	}
	launches := r.bind(in.Attr, o)
	for i := range launches {
		launches[i].Kernel = m.kernel(launches[i].Kernel)
	}
	return launches, nil
}
