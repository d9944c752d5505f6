// batchnorm.cu: batch normalisation of the columns of a matrix, rows x n. Sums are in double precision, as package model/kernels has them: for each
// column the one sum, then for each column the other.
#include "columns.h"

// Σx and Σx² of a part of the rows.
KERNEL(batchnorm_sums, 256, long long rows, long long n, long long width, long long chunk, const float *x, double *partial) {
	__shared__ double kept[256];
	columns c(rows, n, width, chunk);
	double sum = 0, squares = 0;
	if (c.inside)
		for (int r = c.from + c.lane; r < c.to; r += c.lanes) {
			double v = x[r * n + c.column];
			sum += v;
			squares = fma(v, v, squares);
		}
	sum = c.total(sum, kept), squares = c.total(squares, kept);
	if (c.lane > 0 || !c.inside) return;
	partial[2 * blockIdx.y * n + c.column] = sum;
	partial[(2 * blockIdx.y + 1) * n + c.column] = squares;
}

// Σdy and Σdy·(x - mean) of a part of the rows.
KERNEL(batchnorm_grad_sums, 256, long long rows, long long n, long long width, long long chunk, const float *x, const float *dy, const float *mean, double *partial) {
	__shared__ double kept[256];
	columns c(rows, n, width, chunk);
	double sum = 0, products = 0;
	if (c.inside) {
		double m = mean[c.column];
		for (int r = c.from + c.lane; r < c.to; r += c.lanes) {
			double d = dy[r * n + c.column];
			sum += d;
			products = fma(d, (double)x[r * n + c.column] - m, products);
		}
	}
	sum = c.total(sum, kept), products = c.total(products, kept);
	if (c.lane > 0 || !c.inside) return;
	partial[2 * blockIdx.y * n + c.column] = sum;
	partial[(2 * blockIdx.y + 1) * n + c.column] = products;
}

DEVICE double added(long long i, long long n, int parts, const double *partial) {
	double sum = 0;
	for (int p = 0; p < parts; p++) sum += partial[2 * p * n + i];
	return sum;
}

// The sums of all parts; of the gradient (invstd is not 0) also what they are to gamma and beta.
KERNEL(batchnorm_total, 256, long long n, long long parts, const double *partial, double *sums, const float *invstd, float *dgamma, float *dbeta) {
	long long i = index();
	if (i >= n) return;
	double first = added(i, n, (int)parts, partial), second = added(n + i, n, (int)parts, partial);
	sums[i] = first, sums[n + i] = second;
	if (!invstd) return;
	dbeta[i] = (float)first;
	dgamma[i] = (float)(second * (double)invstd[i]);
}

DEVICE float inverseStd(float variance, double eps) { return (float)(1.0 / sqrt((double)variance + eps)); }

// normaliseColumn computes y = (x - mean)·factor + shift.
DEVICE void normaliseColumn(const columns &c, long long n, const float *x, float mean, float factor, float shift, float *y) {
	for (int r = c.from + c.lane; r < c.to; r += c.lanes) {
		long long at = r * n + c.column;
		y[at] = (x[at] - mean) * factor + shift;
	}
}

// slices is the number of pairs of sums, one for each slice of the batch, which has batch rows; gamma and beta are 0 where there are none.
KERNEL(batchnorm_train, 256, long long rows, long long n, long long width, long long chunk, const float *x, long long batch, long long slices, const double *sums,
	const float *gamma, const float *beta, double eps, float *y, float *mean, float *variance, float *invstd) {
	columns c(rows, n, width, chunk);
	if (!c.inside) return;
	int j = c.column;
	double share = 1.0 / (double)batch, sum = added(j, n, (int)slices, sums), squares = added(n + j, n, (int)slices, sums);
	double m = sum * share, v = fma(-m, m, squares * share);
	float mean32 = (float)m, variance32 = (float)(v < 0 ? 0.0 : v);
	float inverse = inverseStd(variance32, eps);
	if (blockIdx.y == 0 && c.lane == 0) mean[j] = mean32, variance[j] = variance32, invstd[j] = inverse;
	normaliseColumn(c, n, x, mean32, gamma ? inverse * gamma[j] : inverse, beta ? beta[j] : 0.0f, y);
}

// mean is 0 for the gradient, which is the same normalisation without shifts.
KERNEL(batchnorm_infer, 256, long long rows, long long n, long long width, long long chunk, const float *x, const float *gamma, const float *beta, const float *mean,
	const float *variance, double eps, float *y) {
	columns c(rows, n, width, chunk);
	if (!c.inside) return;
	int j = c.column;
	float inverse = inverseStd(variance[j], eps);
	normaliseColumn(c, n, x, mean ? mean[j] : 0.0f, gamma ? inverse * gamma[j] : inverse, beta ? beta[j] : 0.0f, y);
}

KERNEL(batchnorm_grad, 256, long long rows, long long n, long long width, long long chunk, const float *x, const float *dy, long long batch, long long slices, const double *sums,
	const float *gamma, const float *mean, const float *invstd, float *dx) {
	columns c(rows, n, width, chunk);
	if (!c.inside) return;
	int j = c.column;
	double sum = added(j, n, (int)slices, sums), products = added(n + j, n, (int)slices, sums);
	float inverse = invstd[j], factor = gamma ? inverse * gamma[j] : inverse, m = mean[j];
	float slope = inverse * ((float)(products * (double)inverse) / (float)batch), shift = (float)sum / (float)batch;
	for (int r = c.from + c.lane; r < c.to; r += c.lanes) {
		long long at = r * n + j;
		dx[at] = factor * (dy[at] - shift - (x[at] - m) * slope);
	}
}
