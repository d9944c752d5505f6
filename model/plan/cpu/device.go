package cpu

import (
	"fmt"
	"reflect"
	"unsafe"

	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/plan"
)

// Device is the CPU. The zero value is ready.
type Device struct{}

// Name is "cpu".
func (Device) Name() string { return "cpu" }

// Slices is true: a core does one slice.
func (Device) Slices() bool { return true }

// Scratch is the workspace that the instruction's kernel wants.
func (Device) Scratch(in *plan.Instr) (int, error) {
	row, err := rowOf(in)
	if err != nil || row.scratch == nil {
		return 0, err
	}
	return row.scratch(in.Attr), nil
}

// rowOf finds the row of an instruction. It refuses what the device does not know: opcodes, attributes and kinds.
func rowOf(in *plan.Instr) (row, error) {
	r, ok := table[in.Code]
	if !ok {
		return row{}, fmt.Errorf("cpu: unknown opcode %q", in.Code)
	}
	if found := reflect.TypeOf(in.Attr); found != r.attr && (found != nil || r.attr != reflect.TypeFor[none]()) {
		return row{}, fmt.Errorf("cpu: attributes of opcode %q are of type %v, want %v", in.Code, found, r.attr)
	}
	known := true
	switch a := in.Attr.(type) {
	case graph.LossAttr:
		known = a.Form != nil && losses[a.Form.Kind()].form == reflect.TypeOf(a.Form)
	case plan.UpdateAttr:
		known = a.Rule != nil && rules[a.Rule.Kind()].rule == reflect.TypeOf(a.Rule) && rules[a.Rule.Kind()].fits(a.Shape)
	case plan.ClipAttr:
		known = clips[a.Clip.Kind] != nil
	}
	if !known {
		return row{}, fmt.Errorf("cpu: opcode %q of an unknown kind: %#v", in.Code, in.Attr)
	}
	return r, nil
}

// A memory is all spaces in one allocation.
type memory struct{ spaces [len(plan.Sizes{})][]float32 }

// alignment is that of every space: a cache line, in float32.
const alignment = 16

// NewMemory allocates all spaces at once. It does not fail.
func (Device) NewMemory(sizes plan.Sizes) (plan.Memory, error) {
	total := alignment
	for _, n := range sizes {
		total += n + alignment
	}
	all := make([]float32, total)
	hugePages(all)
	skip := func() { // to the next multiple of alignment
		if off := int(uintptr(unsafe.Pointer(unsafe.SliceData(all))) / 4 % alignment); off > 0 {
			all = all[alignment-off:]
		}
	}
	m := &memory{}
	for s, n := range sizes {
		skip()
		m.spaces[s], all = all[:n:n], all[n:]
	}
	return m, nil
}

// Host is the memory itself.
func (m *memory) Host(r plan.Ref) []float32 {
	return m.spaces[r.Space][r.Off : r.Off+r.Len : r.Off+r.Len]
}

// Upload does nothing.
func (m *memory) Upload(plan.Ref) error { return nil }

// Download does nothing.
func (m *memory) Download(plan.Ref) error { return nil }

// A call is one instruction with its operands, or several that are joined.
type call func(s *plan.Step)

// A program is a plan with its operands.
type program []call

// Bind looks up every kernel and its operands.
func (Device) Bind(p *plan.Plan, m plan.Memory) (plan.Program, error) {
	mem, ok := m.(*memory)
	if !ok {
		return nil, fmt.Errorf("cpu: memory of another device (%T)", m)
	}
	instrs, err := bindAll(p, mem)
	if err != nil {
		return nil, err
	}
	return join(instrs), nil
}

// bindAll binds every instruction.
func bindAll(p *plan.Plan, mem *memory) ([]*bound, error) {
	instrs := make([]*bound, len(p.Instrs))
	for i := range p.Instrs {
		in := &p.Instrs[i]
		row, err := rowOf(in)
		if err != nil {
			return nil, err
		}
		b := bind(row, in.Attr, operands{
			in: mem.all(in.In), out: mem.Host(in.Out), side: mem.all(in.Side), scratch: mem.Host(in.Scratch),
		})
		if in.Held { // it joins no other, which would be held with it
			b.call, b.sweep, b.images = held(b.call), nil, nil
		}
		instrs[i] = b
	}
	return instrs, nil
}

func (m *memory) all(refs []plan.Ref) [][]float32 {
	s := make([][]float32, len(refs))
	for i, r := range refs {
		s[i] = m.Host(r)
	}
	return s
}

// Run makes one step. It does not fail.
func (p program) Run(s *plan.Step) error {
	for _, f := range p {
		f(s)
	}
	return nil
}
