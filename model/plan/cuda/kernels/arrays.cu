// arrays.cu: the rules of optimizers that look at a whole array of weights, as package model/kernels has them: Lamb, Adafactor, Muon.
//
// Sums over an array are of double precision. The array is divided into parts of ARRAY_PART elements, a block each; the sums of a part lie in memory, and
// whoever wants those of the array adds up the parts in a fixed order. Nothing is done in a step that is held: what is in scratch memory then is used by
// nobody.
#include "common.h"

const long long ARRAY_PART = 16 << 10;

// An ofBlock is a block's part of an array of n elements.
struct ofBlock {
	long long from, to;
	DEVICE ofBlock(long long n) : from(blockIdx.x * ARRAY_PART), to(from + ARRAY_PART < n ? from + ARRAY_PART : n) {}
};
#define EACH_OF_PART \
	ofBlock own(n); \
	for (long long i = own.from + threadIdx.x; i < own.to; i += blockDim.x)

// keepSums leaves two sums of the block's part; kept is that of blockSum.
DEVICE void keepSums(double first, double second, double *sums, double *kept) {
	first = blockSum(first, kept), second = blockSum(second, kept);
	if (threadIdx.x == 0) sums[2 * blockIdx.x] = first, sums[2 * blockIdx.x + 1] = second;
}

// totals are the sums of all parts, for every thread of the block.
struct totals {
	double first, second;
	DEVICE totals(const double *sums, double *kept) : first(0), second(0) {
		for (int p = threadIdx.x; p < (int)gridDim.x; p += blockDim.x) first += sums[2 * p], second += sums[2 * p + 1];
		first = blockSum(first, kept), second = blockSum(second, kept);
	}
};

// ---- Lamb

DEVICE double lambStep(const StepState *s, float m, float v, double eps) { return s->mean * (double)m / (sqrt(s->square * (double)v) + eps); }

// The running means, and the sums of the squares of weights and of steps.
KERNEL(update_lamb_means, 256, const StepState *s, long long n, const float *p, const float *g, float *m, float *v, double beta1, double beta2, double eps, double *sums) {
	__shared__ double kept[33];
	if (s->hold) return;
	double weights = 0, steps = 0;
	EACH_OF_PART {
		float d = g[i], a = m[i] + (d - m[i]) * (float)(1.0 - beta1), q = v[i] + (d * d - v[i]) * (float)(1.0 - beta2);
		m[i] = a, v[i] = q;
		double step = lambStep(s, a, q, eps);
		weights = weights + (double)p[i] * (double)p[i], steps = steps + step * step;
	}
	keepSums(weights, steps, sums, kept);
}

KERNEL(update_lamb, 256, const StepState *s, long long n, float *p, const float *m, const float *v, double eps, const double *sums) {
	__shared__ double kept[33];
	if (s->hold) return;
	totals t(sums, kept);
	double ratio = (t.first > 0 && t.second > 0 ? sqrt(t.first) / sqrt(t.second) : 1.0) * s->rate;
	EACH_OF_PART p[i] = p[i] - (float)(ratio * lambStep(s, m[i], v[i], eps));
}

// ---- Adafactor: matrices of rows x columns that follow one another, with the means r of the rows and c of the columns of each; or a vector, where
// columns is 0 and r has the mean square of each element.

// running is a running mean with one more number.
DEVICE float running(const StepState *s, float mean, double v) { return (float)(s->square * (double)mean + (1.0 - s->square) * v); }

DEVICE double squareOf(float d, double eps) { return (double)d * (double)d + eps; }

// A warp has a row of a matrix; lines are those of all matrices.
KERNEL(update_adafactor_rows, 256, const StepState *s, long long lines, long long columns, const float *g, double eps, float *r) {
	long long line = index() / 32;
	if (line >= lines || s->hold) return;
	double sum = 0;
	for (long long j = threadIdx.x % 32; j < columns; j += 32) sum += squareOf(g[line * columns + j], eps);
	sum = warpSum(sum);
	if (threadIdx.x % 32 == 0) r[line] = running(s, r[line], sum / (double)columns);
}

// A thread has a column of a matrix.
KERNEL(update_adafactor_columns, 256, const StepState *s, long long n, long long rows, long long columns, const float *g, double eps, float *c) {
	long long i = index();
	if (i >= n || s->hold) return;
	const float *first = g + i / columns * rows * columns + i % columns;
	double sum = 0;
	for (long long k = 0; k < rows; k++) sum += squareOf(first[k * columns], eps);
	c[i] = running(s, c[i], sum / (double)rows);
}

// The mean of the rows' means of each matrix; a warp has a matrix.
KERNEL(update_adafactor_mean, 256, long long matrices, long long rows, const float *r, double *means) {
	long long matrix = index() / 32;
	if (matrix >= matrices) return;
	double sum = 0;
	for (long long k = threadIdx.x % 32; k < rows; k += 32) sum += (double)r[matrix * rows + k];
	sum = warpSum(sum);
	if (threadIdx.x % 32 == 0) means[matrix] = sum / (double)rows;
}

// A factored is where an element of a matrix has the means that its size is the product of.
struct factored {
	double row, column; // mean(r)/r, 1/c
	DEVICE factored(long long i, long long rows, long long columns, const float *r, const float *c, const double *means) {
		long long line = i / columns, matrix = line / rows;
		row = means[matrix] / (double)r[line];
		column = 1.0 / (double)c[matrix * columns + i % columns];
	}
};

// The sums of the squares of weights and of gradients over their sizes. A vector's means are taken here, too.
KERNEL(update_adafactor_sums, 256, const StepState *s, long long n, long long rows, long long columns, const float *p, const float *g, double eps, float *r, const float *c,
	const double *means, double *sums) {
	__shared__ double kept[33];
	if (s->hold) return;
	double weights = 0, steps = 0;
	EACH_OF_PART {
		double d = g[i];
		weights = weights + (double)p[i] * (double)p[i];
		if (columns == 0) {
			float q = running(s, r[i], squareOf(g[i], eps));
			r[i] = q;
			steps = steps + d * d / (double)q;
		} else {
			factored f(i, rows, columns, r, c, means);
			steps = steps + d * d * f.column * f.row;
		}
	}
	keepSums(weights, steps, sums, kept);
}

KERNEL(update_adafactor, 256, const StepState *s, long long n, long long rows, long long columns, double least, double threshold, float *p, const float *g, const float *r,
	const float *c, const double *means, const double *sums) {
	__shared__ double kept[33];
	if (s->hold) return;
	totals t(sums, kept);
	double size = sqrt(t.first / (double)n), length = sqrt(t.second / (double)n) / threshold;
	double rate = higher(least, size) * s->corrected / higher(1.0, length);
	EACH_OF_PART {
		double d = g[i], step;
		if (columns == 0) {
			step = rate * d / sqrt((double)r[i]);
		} else {
			factored f(i, rows, columns, r, c, means);
			step = rate * sqrt(f.row) * d * sqrt(f.column);
		}
		p[i] = p[i] - (float)step;
	}
}

// ---- Muon: x, rows x columns and no higher than wide, becomes the momentum of a matrix, or of its transpose where turned is set, and is made orthogonal by
// products of gemm.cu.

// turnedAt is where element i of x lies in the matrix.
DEVICE long long turnedAt(long long i, long long rows, long long columns, long long turned) { return turned ? i % columns * rows + i / columns : i; }

// The direction of the step, and the sum of its squares.
KERNEL(update_muon_momentum, 256, const StepState *s, long long n, double momentum, long long nesterov, const float *g, float *m, float *direction, double *sums) {
	__shared__ double kept[33];
	if (s->hold) return;
	double squares = 0;
	EACH_OF_PART {
		float a = m[i] + (g[i] + m[i] * (float)(momentum - 1.0));
		m[i] = a;
		if (nesterov) a = g[i] + (float)momentum * a;
		direction[i] = a;
		squares = fma((double)a, (double)a, squares);
	}
	keepSums(squares, 0, sums, kept);
}

KERNEL(update_muon_begin, 256, long long n, long long rows, long long columns, long long turned, const float *direction, const double *sums, float *x) {
	__shared__ double kept[33];
	totals t(sums, kept);
	float factor = (float)(1.0 / (sqrt(t.first) + 1e-7));
	EACH_OF_PART x[i] = factor * direction[turnedAt(i, rows, columns, turned)];
}

// y = a·x + b·y.
KERNEL(update_muon_combine, 256, long long n, double a, const float *x, double b, float *y) {
	long long i = index();
	if (i < n) y[i] = (float)a * x[i] + (float)b * y[i];
}

KERNEL(update_muon, 256, const StepState *s, long long n, long long rows, long long columns, long long turned, double scale, const float *x, float *p) {
	long long i = index();
	if (i >= n || s->hold) return;
	long long at = turnedAt(i, rows, columns, turned);
	p[at] = fmaf((float)-(s->rate * scale), x[i], p[at]);
}
