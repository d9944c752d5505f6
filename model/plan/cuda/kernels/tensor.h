// tensor.h computes tiles of products on tensor cores, which multiply numbers of TF32: 8 bits of exponent, 10 of fraction.
//
// With PRODUCTS = 3 an operand is the sum of two of them, big + small, and a product is small·big + big·small + big·big: what is left out,
// small·small, is below the rounding of float32. With PRODUCTS = 1 operands are rounded to TF32. Sums along k begin anew for every STEP terms,
// inside of the tensor cores, and these are added up in float32: tensor cores truncate, so a long chain in them would drift.
#pragma once
#include "tile.h"

const int STEP = 8; // the depth of an mma.sync of TF32

#if defined(__CUDACC_RTC__) || defined(__CUDACC__)
// tf32 is the nearest number of TF32, of two the one that is farther from 0. The 13 lowest bits of the register, which mma ignores, are what the hardware leaves
// there.
DEVICE unsigned tf32(float v) {
	unsigned r;
	asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(r) : "f"(v));
	return r;
}
// mma adds the product of 16 x 8 numbers a and 8 x 8 numbers b to d, which a warp has together. Lane l has of a the rows l/4 and l/4 + 8 of columns
// l%4 and l%4 + 4, of b the column l/4 of rows l%4 and l%4 + 4, of d the rows of a and the columns l%4·2 and l%4·2 + 1.
DEVICE void mma(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
	asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
		: "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
		: "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}
#endif

// A parted is a number as TF32 has it, with what is left of it.
template <int PRODUCTS, int N> struct parted {
	unsigned big[N], small[N];
	DEVICE void take(int i, float v) {
		big[i] = tf32(v);
		if (PRODUCTS == 3) small[i] = tf32(v - __int_as_float((int)(big[i] & 0xffffe000)));
	}
};

// A tensor is a thread's share of a tile that eight warps compute, four below each other and two side by side: groups of 16 rows and of 8 columns.
template <int BM, int BN, int PRODUCTS> struct tensor {
	static const int ROWS = BM, COLUMNS = BN, PAD = 8; // with which the lanes of a warp read from as many banks
	static const int HEIGHT = BM / 4, WIDTH = BN / 2, GM = HEIGHT / 16, GN = WIDTH / 8, PA = BM + PAD, PB = BN + PAD;
	static_assert(THREADS == 8 * 32 && GM * 16 == HEIGHT && GN * 8 == WIDTH && DEPTH % STEP == 0, "tile");
	int row, column, line, at; // the first row and column of the warp, and the lane's place in groups
	float sums[GM][GN][4];

	DEVICE tensor() : row(threadIdx.x / 64 * HEIGHT), column(threadIdx.x / 32 % 2 * WIDTH), line(threadIdx.x % 32 / 4), at(threadIdx.x % 4) {
#pragma unroll
		for (int i = 0; i < GM; i++)
#pragma unroll
			for (int j = 0; j < GN; j++)
#pragma unroll
				for (int e = 0; e < 4; e++) sums[i][j][e] = 0;
	}
	DEVICE void add(const float *as, const float *bs) {
#pragma unroll
		for (int k = 0; k < DEPTH; k += STEP) {
			parted<PRODUCTS, 4> a[GM];
			parted<PRODUCTS, 2> b[GN];
#pragma unroll
			for (int i = 0; i < GM; i++)
#pragma unroll
				for (int e = 0; e < 4; e++) a[i].take(e, as[(k + at + e / 2 * 4) * PA + row + i * 16 + line + e % 2 * 8]);
#pragma unroll
			for (int j = 0; j < GN; j++)
#pragma unroll
				for (int e = 0; e < 2; e++) b[j].take(e, bs[(k + at + e * 4) * PB + column + j * 8 + line]);
#pragma unroll
			for (int i = 0; i < GM; i++)
#pragma unroll
				for (int j = 0; j < GN; j++) {
					float step[4] = {0, 0, 0, 0};
					if (PRODUCTS == 3) mma(step, a[i].small, b[j].big), mma(step, a[i].big, b[j].small);
					mma(step, a[i].big, b[j].big);
#pragma unroll
					for (int e = 0; e < 4; e++) sums[i][j][e] = sums[i][j][e] + step[e];
				}
		}
	}
	template <class C> DEVICE void give(const C &c, int m, int n, int row0, int column0) const {
#pragma unroll
		for (int j = 0; j < GN; j++)
#pragma unroll
			for (int e = 0; e < 2; e++) {
				int y = column0 + column + j * 8 + at * 2 + e;
				if (y >= n) continue;
				float shift = c.shift(y);
#pragma unroll
				for (int i = 0; i < GM; i++)
#pragma unroll
					for (int half = 0; half < 2; half++) {
						int x = row0 + row + i * 16 + half * 8 + line;
						if (x < m) c.put(c.line(x) + y, sums[i][j][half * 2 + e] + shift);
					}
			}
	}
};
