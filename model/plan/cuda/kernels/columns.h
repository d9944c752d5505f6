// columns.h walks over the columns of a matrix, rows x n: a block has a range of rows and width columns, width being a power of two of at most 32;
// 256/width threads share a column.
#pragma once
#include "activations.h"

struct columns {
	int column, lane, lanes, from, to;
	bool inside;
	DEVICE columns(long long rows, long long n, long long width, long long chunk) {
		int w = (int)width;
		lane = threadIdx.x / w, lanes = 256 / w;
		column = blockIdx.x * w + threadIdx.x % w;
		from = blockIdx.y * (int)chunk, to = min((int)rows, from + (int)chunk);
		inside = column < n;
	}
	// total adds up what the threads of a column have, in their order; the result is that of lane 0. kept has room for 256 numbers. All threads
	// must call.
	DEVICE double total(double sum, double *kept) const {
		__syncthreads(); // kept may still be read
		kept[threadIdx.x] = sum;
		__syncthreads();
		if (lane == 0)
			for (int i = 1; i < lanes; i++) sum += kept[i * (256 / lanes) + threadIdx.x];
		return sum;
	}
};
