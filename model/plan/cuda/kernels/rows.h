// rows.h gives each row of a matrix, rows x n, a warp of a block of 256 threads.
#pragma once
#include "activations.h"

struct row {
	long long number, start; // start: of its elements
	int n, lane;
	bool exists;
	DEVICE row(long long rows, long long n) : n((int)n) {
		number = index() / 32, lane = threadIdx.x % 32;
		start = number * n;
		exists = number < rows;
	}
};

// Sums of a row in double precision, to all lanes.
DEVICE double rowSum(const row &r, const float *x) {
	double sum = 0;
	for (int j = r.lane; j < r.n; j += 32) sum += x[j];
	return warpSum(sum);
}
DEVICE double rowDot(const row &r, const float *x, const float *y) {
	double sum = 0;
	for (int j = r.lane; j < r.n; j += 32) sum = fma((double)x[j], (double)y[j], sum);
	return warpSum(sum);
}
DEVICE double logSumExp(const row &r, const float *x) {
	float top = -INFINITY;
	for (int j = r.lane; j < r.n; j += 32) top = higher(top, x[j]);
	top = warpMax(top);
	double sum = 0;
	for (int j = r.lane; j < r.n; j += 32) sum += expd((double)x[j] - (double)top);
	return (double)top + logd(warpSum(sum));
}
