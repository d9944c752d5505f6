// Package hosttest runs the kernels of package kernels on the CPU, for tests on machines without a GPU.
//
//	src/fibers.h, fibers.cpp        the threads of a block as fibers, barriers and warps, orders of threads
//	src/cudahost.h                  CUDA's words for a C++ compiler
//	src/ptx_*.h, ptx.h              an interpreter of PTX on the same fibers
//	src/kernelrun.cpp               a program that launches kernels as it is told: Runner
//	src/planted.cu                  kernels with mistakes, for this package's own tests
//	src/fakecuda.cpp                a driver, libcuda.so.1, over the same
//
// # Guarantees
//
// A kernel that is compiled for the CPU and its PTX that is interpreted give the same bits as a GPU would: each operation is one that IEEE 754
// defines. Wrong synchronisation is found where a GPU would only sometimes show it: threads run in an order that the test chooses, shared
// memory is full of NaN when a block begins.
//
// Build keeps what g++ made in the user's cache folder, by a hash of the sources; a test is skipped where there is no g++ or the processor is not
// x86-64.
package hosttest
