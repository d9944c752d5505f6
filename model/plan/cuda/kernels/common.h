// common.h is what all kernels share: how a kernel is declared, indexes, sums in a fixed order.
//
// The files of this folder are compiled three times: by NVRTC to the PTX that drivers load, and by a C++ compiler, with
// ../hosttest/cudahost.h, for tests on machines without a GPU. The same bits must come out of all, on every GPU:
//
//   - a product is fused with a sum where fmaf or fma stands, and nowhere else (-fmad=false, -ffp-contract=off);
//   - sums have an order that follows from the shapes alone; there are no atomic operations on numbers;
//   - functions beyond + - * / sqrt are those of functions.h.
//
// Every parameter of a kernel has 8 bytes: an address, a long long or a double; a number of single precision comes as a double. Indexes of
// elements are long long where a kernel does not divide them; where it does, the Go side leaves larger arrays to the CPU.
#pragma once

#if defined(__CUDACC_RTC__) || defined(__CUDACC__)
// KERNEL declares a kernel of at most so many threads per block.
#define KERNEL(name, threads, ...) extern "C" __global__ void __launch_bounds__(threads) name(__VA_ARGS__)
#define INFINITY __int_as_float(0x7f800000)
#define NAN __int_as_float(0x7fffffff)
#else
#include "cudahost.h"
#endif

#define DEVICE __device__ __forceinline__

// A StepState is what changes from one step to the next: plan.Step, as EncodeStep writes it. It lies in device memory, so that the launches of a
// step never change.
struct StepState {
	unsigned long long seed, counter;
	double rate, corrected, mean, gradient, square; // optimizer.Scalars
	short first, overwrite, hold, begin;
};

// bfloat16 is the nearest number of bfloat16, ties to even; a NaN stays one, quiet.
DEVICE float bfloat16(float v) {
	unsigned bits = (unsigned)__float_as_int(v);
	return __int_as_float((int)((v != v ? bits | 0x00400000 : bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000));
}

// index is the number of the thread in the grid, both of one dimension.
DEVICE long long index() { return (long long)blockIdx.x * blockDim.x + threadIdx.x; }

// warpSum and warpMax give every lane the sum or the maximum of all lanes. All 32 must call.
template <class T> DEVICE T warpSum(T v) {
	for (int d = 16; d > 0; d /= 2) v = v + __shfl_xor_sync(~0u, v, d);
	return v;
}

// higher is the larger one; NaN is larger than everything.
template <class T> DEVICE T higher(T a, T b) { return a != a || a > b ? a : b; }

template <class T> DEVICE T warpMax(T v) {
	for (int d = 16; d > 0; d /= 2) v = higher(v, __shfl_xor_sync(~0u, v, d));
	return v;
}

// blockSum gives every thread the sum of all threads of a block of at most 1024, in the order of a tree. kept is shared memory for
// 33 elements. All threads must call.
template <class T> DEVICE T blockSum(T v, T *kept) {
	int warp = threadIdx.x / 32, lane = threadIdx.x % 32, warps = (blockDim.x + 31) / 32;
	v = warpSum(v);
	__syncthreads(); // kept may still be read
	if (lane == 0) kept[warp] = v;
	__syncthreads();
	if (warp == 0) {
		T sum = warpSum(lane < warps ? kept[lane] : T(0));
		if (lane == 0) kept[32] = sum;
	}
	__syncthreads();
	return kept[32];
}
