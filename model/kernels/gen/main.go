// Command gen writes the assembly of package kernels and of package fmapeak below it with avo: for each family of kernels
// and each instruction set one file NAME_ISA_amd64.s and the Go declarations NAME_ISA_amd64.go beside it. Run it with
// "go generate" in model/kernels; it writes into the current directory.
package main

import (
	"bytes"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/printer"
	"github.com/mmcloughlin/avo/reg"
)

// families are the files to write, by the function that fills them.
var families = []struct {
	folder, name string
	emit         func(*assembler)
}{
	{".", "tile", tile},
	{".", "pack", pack},
	{".", "vector", vector},
	{".", "bfloat16", bfloat16},
	{".", "activation", activation},
	{".", "optimizer", optimizer},
	{".", "dropout", dropout},
	{".", "softmax", softmax},
	{".", "columns", columns},
	{".", "pool2d", pool2D},
	{".", "winograd", winograd},
	{".", "depthwise", depthwise},
	{"fmapeak", "run", peak},
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("gen: ")
	files, err := generate()
	if err != nil {
		log.Fatal(err)
	}
	for path, text := range files {
		if err := os.WriteFile(path, text, 0o644); err != nil {
			log.Fatal(err)
		}
	}
}

// generate returns the text of all files by their path in model/kernels.
func generate() (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, set := range []instructionSet{avx2, avx512} {
		for _, f := range families {
			a := &assembler{Context: build.NewContext(), set: set}
			a.ConstraintExpr("amd64,!noasm")
			f.emit(a)
			base := filepath.Join(f.folder, fmt.Sprintf("%s_%s_amd64", f.name, set.file))
			if err := compile(a.Context, set, packageName(f.folder), base, files); err != nil {
				return nil, fmt.Errorf("%s for %s: %w", f.name, set.file, err)
			}
		}
	}
	return files, nil
}

// compile adds the text of base.s and base.go, which hold the functions of a context.
func compile(c *build.Context, set instructionSet, pkg, base string, files map[string][]byte) error {
	file, err := c.Result()
	if err != nil {
		return err
	}
	if err := pass.Compile.Execute(file); err != nil {
		return err
	}
	if err := checkRegisters(file, set); err != nil {
		return err
	}
	pruneSelfMoves(file)
	config := printer.Config{Name: "gen", Argv: []string{"go", "generate"}, Pkg: pkg}
	for _, out := range []struct {
		suffix  string
		printer printer.Printer
	}{{".s", printer.NewGoAsm(config)}, {".go", printer.NewStubs(config)}} {
		text, err := out.printer.Print(file)
		if err != nil {
			return err
		}
		files[base+out.suffix] = bytes.ReplaceAll(text, []byte("by command: go generate."), []byte("by go generate."))
	}
	return nil
}

// checkRegisters fails when a function has more vectors alive than the instruction set has registers. avo gives out 32.
func checkRegisters(file *ir.File, set instructionSet) error {
	for _, f := range file.Functions() {
		for _, i := range f.Instructions() {
			for _, r := range append(i.InputRegisters(), i.OutputRegisters()...) {
				if p, ok := r.(reg.VecPhysical); ok && int(p.PhysicalIndex()) >= len(set.regs) {
					return fmt.Errorf("%s: %s is out of reach", f.Name, p.Asm())
				}
			}
		}
	}
	return nil
}

// pruneSelfMoves removes moves of a vector to itself, which are left where a copy gets the register of what it copies. avo does so for
// general registers only.
func pruneSelfMoves(file *ir.File) {
	for _, f := range file.Functions() {
		f.Nodes = slices.DeleteFunc(f.Nodes, func(n ir.Node) bool {
			i, ok := n.(*ir.Instruction)
			return ok && i.Opcode == "VMOVAPS" && len(i.Operands) == 2 && i.Operands[0] == i.Operands[1]
		})
	}
}

// packageName is the package in a folder.
func packageName(folder string) string {
	if folder == "." {
		return "kernels"
	}
	return folder
}
