// gemm.cu: matrix products, for dense layers and their gradients, for attention and recurrent layers, and the sums of columns that are a bias'
// gradient.
//
// One signature serves all products. c is m x n, k is divided into parts of chunk. With several parts the block of part p writes its sums to c +
// p·next, without bias and so on, and gemm_sum adds them up. With several matrices (batches·heads of them, then one part) block z computes
// matrix z, whose operands begin at multiples of their strides.
#include "columns.h"
#include "tile.h"

#define GEMM_PARAMETERS \
	long long m, long long n, long long k, long long chunk, long long heads, const float *a, long long lda, long long batchA, long long headA, \
	const float *b, long long ldb, long long batchB, long long headB, float *c, long long ldc, long long batchC, long long headC, long long next, \
	const float *bias, long long relu, long long accumulate

#define GEMM_BODY(BM, BN, TM, TN, A, A_ALONG_K, B, B_ALONG_K) \
	__shared__ __attribute__((aligned(16))) float shared[SHARED_FLOATS(BM, BN)]; \
	int z = blockIdx.z, part = next ? z : 0, batch = next ? 0 : z / (int)heads, head = next ? 0 : z % (int)heads; \
	int from = part * (int)chunk, to = min((int)k, from + (int)chunk); \
	A left = {a + batch * batchA + head * headA, (int)lda}; \
	B right = {b + batch * batchB + head * headB, (int)ldb}; \
	ending end(c + part * next + batch * batchC + head * headC, ldc, bias, relu != 0, accumulate != 0); \
	multiply<BM, BN, TM, TN, A_ALONG_K, B_ALONG_K>(left, right, end, (int)m, (int)n, from, to, shared);

// nn: a·b, nt: a·bᵀ, tn: aᵀ·b, tt: aᵀ·bᵀ, with tiles of 64 x 64, or of 128 x 128 for products that are large enough.
KERNEL(gemm_nn_64, THREADS, GEMM_PARAMETERS) { GEMM_BODY(64, 64, 4, 4, matrix, true, matrix, false) }
KERNEL(gemm_nt_64, THREADS, GEMM_PARAMETERS) { GEMM_BODY(64, 64, 4, 4, matrix, true, transposed, true) }
KERNEL(gemm_tn_64, THREADS, GEMM_PARAMETERS) { GEMM_BODY(64, 64, 4, 4, transposed, false, matrix, false) }
KERNEL(gemm_tt_64, THREADS, GEMM_PARAMETERS) { GEMM_BODY(64, 64, 4, 4, transposed, false, transposed, true) }
KERNEL(gemm_nn_128, THREADS, GEMM_PARAMETERS) { GEMM_BODY(128, 128, 8, 8, matrix, true, matrix, false) }
KERNEL(gemm_nt_128, THREADS, GEMM_PARAMETERS) { GEMM_BODY(128, 128, 8, 8, matrix, true, transposed, true) }
KERNEL(gemm_tn_128, THREADS, GEMM_PARAMETERS) { GEMM_BODY(128, 128, 8, 8, transposed, false, matrix, false) }

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
