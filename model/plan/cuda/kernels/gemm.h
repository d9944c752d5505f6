// gemm.h is what the kernels of matrix products have in common, whatever computes their tiles (gemm.cu, tensor.cu).
//
// One signature serves all products. c is m x n, k is divided into parts of chunk. With several parts the block of part p writes its sums to c +
// p·next, without bias and so on, and gemm_sum adds them up. With several matrices (batches·heads of them, then one part) block z computes
// matrix z, whose operands begin at multiples of their strides.
#pragma once
#include "tile.h"

#define GEMM_PARAMETERS \
	long long m, long long n, long long k, long long chunk, long long heads, const float *a, long long lda, long long batchA, long long headA, \
	const float *b, long long ldb, long long batchB, long long headB, float *c, long long ldc, long long batchC, long long headC, long long next, \
	const float *bias, long long relu, long long accumulate

#define GEMM_BODY(TILE, A, A_ALONG_K, B, B_ALONG_K) \
	__shared__ __attribute__((aligned(16))) float shared[SHARED_FLOATS(TILE)]; \
	int z = blockIdx.z, part = next ? z : 0, batch = next ? 0 : z / (int)heads, head = next ? 0 : z % (int)heads; \
	int from = part * (int)chunk, to = min((int)k, from + (int)chunk); \
	A left = {a + batch * batchA + head * headA, (int)lda}; \
	B right = {b + batch * batchB + head * headB, (int)ldb}; \
	ending end(c + part * next + batch * batchC + head * headC, ldc, bias, relu != 0, accumulate != 0); \
	multiply<TILE, A_ALONG_K, B_ALONG_K>(left, right, end, (int)m, (int)n, from, to, shared);

// nn: a·b, nt: a·bᵀ, tn: aᵀ·b, tt: aᵀ·bᵀ, with tiles of 64 x 64, or of 128 x 128 for products that are large enough.
#define GEMM_NN(TILE) GEMM_BODY(TILE, matrix, true, matrix, false)
#define GEMM_NT(TILE) GEMM_BODY(TILE, matrix, true, transposed, true)
#define GEMM_TN(TILE) GEMM_BODY(TILE, transposed, false, matrix, false)
#define GEMM_TT(TILE) GEMM_BODY(TILE, transposed, false, transposed, true)
