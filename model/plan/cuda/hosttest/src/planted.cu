// planted.cu has kernels with mistakes, which the tests of this package want to be found.
#include "common.h"

// A thread reads what another one has left, without a barrier between.
KERNEL(planted_race, 64, float *y) {
	__shared__ float kept[64];
	kept[threadIdx.x] = (float)threadIdx.x;
	y[threadIdx.x] = kept[63 - threadIdx.x];
}

// The same with a barrier.
KERNEL(planted_none, 64, float *y) {
	__shared__ float kept[64];
	kept[threadIdx.x] = (float)threadIdx.x;
	__syncthreads();
	y[threadIdx.x] = kept[63 - threadIdx.x];
}

// Half a warp waits for the block, the other half for the warp.
KERNEL(planted_divergence, 32, float *y) {
	if (threadIdx.x < 16) __syncthreads();
	else y[threadIdx.x] = __shfl_xor_sync(~0u, 1.0f, 1);
}

// A warp sums what its lanes have, one of which has ended.
KERNEL(planted_mask, 32, float *y) {
	if (threadIdx.x == 5) return;
	y[threadIdx.x] = warpSum(1.0f);
}
