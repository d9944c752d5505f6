// tile.h multiplies two matrices that are given as functions of row and column, tile by tile: the core of products and convolutions.
//
// A block of 256 threads computes BM x BN elements of C = A·B. DEPTH columns of A and rows of B at a time lie in shared memory, twice: while
// a thread computes with the one, it reads the next from global memory into registers and leaves them in the other. What a thread computes
// is in a type of its own: fused here, TM x TN elements, each one chain of fmaf along k, so that its bits do not depend on the tiles; tensor
// (tensor.h) on tensor cores. A product whose k is divided among several blocks (parts) is summed up by another kernel.
//
// An operand has the types and functions
//
//	A: row r = a.row(i); column k = a.column(j); float v = a.at(r, k);   B: the same with row(j), column(i)
//
// so that what belongs to a row is computed once and not for every element: the lane that looks at an element looks at the same row, or at
// the same column, of every tile. along says which index is contiguous in memory: neighbouring threads read along it.
#pragma once
#include "activations.h"

const int DEPTH = 16, THREADS = 256;

// A divider divides numbers below 2^31 by a number of at least 1 that is not known when the kernel is compiled: q = n·magic / 2^shift.
struct divider {
	int d, shift;
	unsigned magic;
	DEVICE divider(int d) : d(d), shift(0) {
		while ((1LL << shift) < d) shift++;
		magic = (unsigned)(((1ULL << (31 + shift)) + d - 1) / d);
		shift += 31;
	}
	DEVICE int over(int n) const { return (int)(((unsigned long long)(unsigned)n * magic) >> shift); }
	// take divides n in place and returns the remainder.
	DEVICE int take(int &n) const {
		int q = over(n), left = n - q * d;
		n = q;
		return left;
	}
};

// A matrix lies in memory with its rows stride apart.
struct matrix {
	typedef long long row;
	typedef long long column;
	const float *at0;
	int stride;
	DEVICE row rowOf(int i) const { return (long long)i * stride; }
	DEVICE column columnOf(int j) const { return j; }
	DEVICE float at(row r, column c) const { return at0[r + c]; }
};

// A transposed lies in memory as its transpose.
struct transposed {
	typedef long long row;
	typedef long long column;
	const float *at0;
	int stride;
	DEVICE row rowOf(int i) const { return i; }
	DEVICE column columnOf(int j) const { return (long long)j * stride; }
	DEVICE float at(row r, column c) const { return at0[r + c]; }
};

// A loader brings tiles of one operand to shared memory: SIZE lines of DEPTH elements along k, those of a k PITCH apart. ALONG_K: memory is
// contiguous along k.
template <class OPERAND, bool ROWS, int SIZE, int PITCH, bool ALONG_K> struct loader {
	static const int COUNT = SIZE * DEPTH / THREADS, LINES = ALONG_K ? COUNT : 1;
	const OPERAND &from;
	int first, end, to; // lines from first to end-1 exist, and k below to
	typename OPERAND::row rows[LINES];       // of A: its rows are lines
	typename OPERAND::column columns[LINES]; // of B: its columns are
	float held[COUNT];

	DEVICE int line(int i) const { return ALONG_K ? (int)threadIdx.x / DEPTH + i * (THREADS / DEPTH) : (int)threadIdx.x % SIZE; }
	DEVICE int depth(int i) const { return ALONG_K ? (int)threadIdx.x % DEPTH : (int)threadIdx.x / SIZE + i * (THREADS / SIZE); }

	DEVICE loader(const OPERAND &from, int first, int end, int to) : from(from), first(first), end(end), to(to) {
#pragma unroll
		for (int i = 0; i < LINES; i++) {
			int at = first + line(i);
			if (at >= end) at = end - 1; // what is read there is not used
			if (ROWS) rows[i] = from.rowOf(at);
			else columns[i] = from.columnOf(at);
		}
	}
	// fetch reads the tile that begins at k into registers.
	DEVICE void fetch(int k) {
#pragma unroll
		for (int i = 0; i < COUNT; i++) {
			int at = k + depth(i);
			float v = 0;
			if (at < to) v = ROWS ? from.at(rows[ALONG_K ? i : 0], from.columnOf(at)) : from.at(from.rowOf(at), columns[ALONG_K ? i : 0]);
			held[i] = v;
		}
	}
	// leave writes the registers to shared memory.
	DEVICE void leave(float *shared) const {
#pragma unroll
		for (int i = 0; i < COUNT; i++) shared[depth(i) * PITCH + line(i)] = held[i];
	}
};

// A fused is a thread's share of a tile: groups of 4 rows, GM apart, and of 4 columns, GN apart.
template <int BM, int BN, int TM, int TN> struct fused {
	static_assert(BM / TM * (BN / TN) == THREADS && TM % 4 == 0 && TN % 4 == 0 && THREADS % BM == 0 && THREADS % BN == 0, "tile");
	static const int ROWS = BM, COLUMNS = BN, PAD = 4;
	static const int GM = BM * 4 / TM, GN = BN * 4 / TN, PA = BM + PAD, PB = BN + PAD;
	int tr, tc; // the first row and column
	float sums[TM][TN];

	DEVICE fused() : tr(threadIdx.x / (BN / TN) * 4), tc(threadIdx.x % (BN / TN) * 4) {
#pragma unroll
		for (int i = 0; i < TM; i++)
#pragma unroll
			for (int j = 0; j < TN; j++) sums[i][j] = 0;
	}
	DEVICE void add(const float *as, const float *bs) {
		const float *ak = as + tr, *bk = bs + tc;
#pragma unroll 4
		for (int q = 0; q < DEPTH; q++) {
			float x[TM], y[TN];
#pragma unroll
			for (int i = 0; i < TM; i += 4) {
				float4 v = *(const float4 *)(ak + q * PA + i / 4 * GM);
				x[i] = v.x, x[i + 1] = v.y, x[i + 2] = v.z, x[i + 3] = v.w;
			}
#pragma unroll
			for (int j = 0; j < TN; j += 4) {
				float4 v = *(const float4 *)(bk + q * PB + j / 4 * GN);
				y[j] = v.x, y[j + 1] = v.y, y[j + 2] = v.z, y[j + 3] = v.w;
			}
#pragma unroll
			for (int i = 0; i < TM; i++)
#pragma unroll
				for (int j = 0; j < TN; j++) sums[i][j] = fmaf(x[i], y[j], sums[i][j]);
		}
	}
	template <class C> DEVICE void give(const C &c, int m, int n, int row0, int column0) const {
		float shifts[TN];
		bool here[TN];
#pragma unroll
		for (int j = 0; j < TN; j++) {
			int column = column0 + j / 4 * GN + tc + j % 4;
			here[j] = column < n;
			shifts[j] = here[j] ? c.shift(column) : 0.0f;
		}
#pragma unroll
		for (int i = 0; i < TM; i++) {
			int row = row0 + i / 4 * GM + tr + i % 4;
			if (row >= m) break; // rows of a thread ascend
			float *line = c.line(row) + column0 + tc;
#pragma unroll
			for (int j = 0; j < TN; j++)
				if (here[j]) c.put(line + j / 4 * GN + j % 4, sums[i][j] + shifts[j]);
		}
	}
};

// SHARED_FLOATS is the shared memory that the tiles of a block want.
#define SHARED_FLOATS(T) (2 * DEPTH * (T::ROWS + T::PAD + T::COLUMNS + T::PAD))

// multiply computes the block's tile of the products over k from..to-1: T adds up (add) and gives each element of C (give) to c.put(place,
// value), the place being in c.line(row), after c.shift(column) was added.
template <class T, bool A_ALONG_K, bool B_ALONG_K, class A, class B, class C>
DEVICE void multiply(const A &a, const B &b, const C &c, int m, int n, int from, int to, float *shared) {
	const int PA = T::ROWS + T::PAD, PB = T::COLUMNS + T::PAD;
	int row0 = blockIdx.x * T::ROWS, column0 = blockIdx.y * T::COLUMNS;
	float *as = shared, *bs = shared + 2 * DEPTH * PA;
	loader<A, true, T::ROWS, PA, A_ALONG_K> la(a, row0, m, to);
	loader<B, false, T::COLUMNS, PB, B_ALONG_K> lb(b, column0, n, to);
	T tile;
	la.fetch(from), lb.fetch(from);
	la.leave(as), lb.leave(bs);
	__syncthreads();
	int half = 0;
	for (int k = from; k < to; k += DEPTH, half ^= 1) {
		bool more = k + DEPTH < to;
		if (more) la.fetch(k + DEPTH), lb.fetch(k + DEPTH);
		tile.add(as + half * DEPTH * PA, bs + half * DEPTH * PB);
		if (more) la.leave(as + (half ^ 1) * DEPTH * PA), lb.leave(bs + (half ^ 1) * DEPTH * PB);
		__syncthreads();
	}
	tile.give(c, m, n, row0, column0);
}

// An ending is what happens to a sum on its way to memory: it gets a bias (0: none), is added to what is there (accumulate), and gets RELU where
// relu is set. What else a layer does to its sums has a kernel of its own, elementwise_epilogue: here it would be written out for every
// element of a thread.
struct ending {
	float *out;
	long long stride;
	const float *bias;
	bool accumulate;
	float least; // of the result: 0 with RELU, else -∞
	DEVICE ending(float *out, long long stride, const float *bias, bool relu, bool accumulate)
		: out(out), stride(stride), bias(bias), accumulate(accumulate), least(relu ? 0.0f : -INFINITY) {}
	DEVICE float shift(int column) const { return bias ? bias[column] : 0.0f; }
	DEVICE float *line(int row) const { return out + row * stride; }
	DEVICE void put(float *at, float v) const {
		if (accumulate) v = *at + v;
		*at = v < least ? least : v;
	}
};
