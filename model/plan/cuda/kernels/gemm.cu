// gemm.cu: matrix products, for dense layers and their gradients, for attention and recurrent layers, and the sums of columns that are a bias'
// gradient.
#include "columns.h"
#include "gemm.h"

typedef fused<64, 64, 4, 4> gemm64;
typedef fused<128, 128, 8, 8> gemm128;

KERNEL(gemm_nn_64, THREADS, GEMM_PARAMETERS) { GEMM_NN(gemm64) }
KERNEL(gemm_nt_64, THREADS, GEMM_PARAMETERS) { GEMM_NT(gemm64) }
KERNEL(gemm_tn_64, THREADS, GEMM_PARAMETERS) { GEMM_TN(gemm64) }
KERNEL(gemm_tt_64, THREADS, GEMM_PARAMETERS) { GEMM_TT(gemm64) }
KERNEL(gemm_nn_128, THREADS, GEMM_PARAMETERS) { GEMM_NN(gemm128) }
KERNEL(gemm_nt_128, THREADS, GEMM_PARAMETERS) { GEMM_NT(gemm128) }
KERNEL(gemm_tn_128, THREADS, GEMM_PARAMETERS) { GEMM_TN(gemm128) }

// The sum of the parts of a product, in their order. c has rows of width elements, stride apart.
KERNEL(gemm_sum, 256, long long size, long long parts, long long width, const float *from, float *c, long long stride, const float *bias, long long relu) {
	long long i = index();
	if (i >= size) return;
	float v = from[i];
	for (int p = 1; p < (int)parts; p++) v = v + from[p * size + i];
	if (bias) v = v + bias[i % width];
	c[i / width * stride + i % width] = relu ? rectified(v) : v;
}

// The sums of columns of x, rows x n, in double precision. With one part the result is y, else partial sums that columns_total adds up.
KERNEL(columns_sum, 256, long long rows, long long n, long long width, long long chunk, const float *x, double *partial, float *y) {
	__shared__ double kept[256];
	columns c(rows, n, width, chunk);
	double sum = 0;
	if (c.inside)
		for (int r = c.from + c.lane; r < c.to; r += c.lanes) sum += x[r * n + c.column];
	sum = c.total(sum, kept);
	if (c.lane > 0 || !c.inside) return;
	if (y) y[c.column] = (float)sum;
	else partial[blockIdx.y * n + c.column] = sum;
}

KERNEL(columns_total, 256, long long n, long long parts, const double *partial, float *y) {
	long long i = index();
	if (i >= n) return;
	double sum = 0;
	for (int p = 0; p < (int)parts; p++) sum += partial[p * n + i];
	y[i] = (float)sum;
}

// The gradient of an activation from its output and, where share is not 0, of a dropout behind RELU, with the sums of its columns as in
// columns_sum.
KERNEL(columns_activation_grad, 256, long long rows, long long n, long long width, long long chunk, long long kind, double share, const float *y, const float *dy, float *dz, double *partial, float *db) {
	__shared__ double kept[256];
	columns c(rows, n, width, chunk);
	float scale = (float)(1.0 / (1.0 - share));
	double sum = 0;
	if (c.inside)
		for (int r = c.from + c.lane; r < c.to; r += c.lanes) {
			long long at = r * n + c.column;
			float d = share != 0 ? (y[at] > 0 ? dy[at] * scale : 0.0f) : passedOfOutput((int)kind, y[at], dy[at]);
			dz[at] = d;
			sum += d;
		}
	sum = c.total(sum, kept);
	if (c.lane > 0 || !c.inside) return;
	if (db) db[c.column] = (float)sum;
	else partial[blockIdx.y * n + c.column] = sum;
}
