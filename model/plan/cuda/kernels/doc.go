// Package kernels has the kernels of the GPU device, and how instructions of a plan become launches of them.
//
//	*.cu, *.h   the kernels, one file per family: CUDA C++ that a C++ compiler understands too
//	kernels.ptx what scripts/cuda/ptx makes of all.cu, and what drivers load
//	tensor.ptx  what it makes of tensor.cu, for GPUs with tensor cores; loaded for a Math that wants them
//	*.go        the table from opcodes to launches, a file per family
//
// # Vocabulary
//
// A launch is a kernel, its grid and its arguments. A family is a group of kernels of one kind, in one .cu file and one Go file of the same
// name. An instruction is native when it has kernels; the device runs all others on the CPU. A math is how products are computed: the kernels of
// products and convolutions have a form for each.
//
// # Guarantees
//
// Kernels compute what package model/kernels does for the same instruction, within rounding: they read and leave every place in the CPU's
// form. Their bits are the same on every GPU and in the build for CPUs that tests use (package hosttest): products are fused with sums
// only where the source says so, sums have an order that follows from the attributes, elementary functions are the folder's own
// (functions.h), grids do not depend on the GPU. Those of tensor.cu are the exception: what an instruction of tensor cores does to its sums is not
// defined, so their bits are the same on GPUs of one generation, and those of the build for CPUs are its own. Masks of dropout and numbers of noise are those of the CPU, to the bit for masks.
//
// Launches of one instruction run in order. They allocate nothing, read nothing that the instruction does not name, and rely on no memory
// being zero. What changes from step to step is in a StepState in the GPU's memory.
//
// # Failure
//
// Native is false for what has no kernels, whatever the reason: opcode, form of a loss, size. Bind refuses such an instruction.
package kernels
