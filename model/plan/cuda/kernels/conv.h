// conv.h is what the kernels of convolutions have in common, whatever computes their tiles (conv.cu, tensor.cu): the products of tile.h without
// ever writing the image as a matrix. A row of A is an output pixel, a column a tap and a channel. Groups of channels are products of their own.
//
// shape is kernels.Conv2DShape as numbers, in constant bytes of the program.
#pragma once
#include "tile.h"

struct convShape {
	long long N, H, W, C, KH, KW, F, SH, SW, DH, DW, top, left, OH, OW, groups;
};

// A pixel is an image pixel or an output pixel: where its image begins and where its window does.
struct pixel { int image, h, w; };
// A tap is a place in the window, and a channel.
struct tap { int dh, dw, offset; };

// An unfolded is the matrix of output pixels x (tap, channel) of one group.
struct unfolded {
	typedef pixel row;
	typedef tap column;
	const float *x;
	int H, W, C, SH, SW, DH, DW, top, left;
	divider ow, oh, channels, kw;
	DEVICE unfolded(const convShape &s, const float *x, int group)
		: x(x + group * (s.C / s.groups)), H(s.H), W(s.W), C(s.C), SH(s.SH), SW(s.SW), DH(s.DH), DW(s.DW), top(s.top), left(s.left),
		  ow(s.OW), oh(s.OH), channels(s.C / s.groups), kw(s.KW) {}
	DEVICE pixel rowOf(int i) const {
		int w = ow.take(i), h = oh.take(i);
		return {i * H * W * C, h * SH - top, w * SW - left};
	}
	DEVICE tap columnOf(int j) const {
		int c = channels.take(j), w = kw.take(j);
		return {j * DH, w * DW, (j * DH * W + w * DW) * C + c};
	}
	DEVICE float at(pixel p, tap t) const {
		int h = p.h + t.dh, w = p.w + t.dw;
		return (unsigned)h < (unsigned)H && (unsigned)w < (unsigned)W ? x[p.image + (p.h * W + p.w) * C + t.offset] : 0.0f;
	}
};

// An unfoldedT is its transpose.
struct unfoldedT : unfolded {
	typedef tap row;
	typedef pixel column;
	DEVICE unfoldedT(const convShape &s, const float *x, int group) : unfolded(s, x, group) {}
	DEVICE tap rowOf(int i) const { return unfolded::columnOf(i); }
	DEVICE pixel columnOf(int j) const { return unfolded::rowOf(j); }
	DEVICE float at(tap t, pixel p) const { return unfolded::at(p, t); }
};

// A scattered is the matrix of image pixels x (tap, filter) that holds the gradient of the output pixel which saw the pixel at that tap.
struct scattered {
	typedef pixel row;
	typedef tap column;
	const float *dy;
	int OH, OW, F, DH, DW, top, left;
	divider sh, sw, w, h, filters, kw;
	DEVICE scattered(const convShape &s, const float *dy, int group)
		: dy(dy + group * (s.F / s.groups)), OH(s.OH), OW(s.OW), F(s.F), DH(s.DH), DW(s.DW), top(s.top), left(s.left), sh(s.SH), sw(s.SW), w(s.W), h(s.H),
		  filters(s.F / s.groups), kw(s.KW) {}
	DEVICE pixel rowOf(int i) const {
		int x = w.take(i), y = h.take(i);
		return {i * OH * OW * F, y + top, x + left};
	}
	DEVICE tap columnOf(int j) const {
		int f = filters.take(j), x = kw.take(j);
		return {j * DH, x * DW, f};
	}
	DEVICE float at(pixel p, tap t) const {
		int y = p.h - t.dh, x = p.w - t.dw;
		if (y < 0 || x < 0) return 0.0f;
		if (sh.take(y) != 0 || sw.take(x) != 0 || y >= OH || x >= OW) return 0.0f;
		return dy[p.image + (y * OW + x) * F + t.offset];
	}
};

// A turned is the kernel as a matrix of (tap, filter) x channels.
struct turnedKernel {
	typedef int row;
	typedef int column;
	const float *k;
	int channels, F;
	divider filters;
	DEVICE turnedKernel(const convShape &s, const float *k, int group) : k(k + group * (s.F / s.groups)), channels(s.C / s.groups), F(s.F), filters(s.F / s.groups) {}
	DEVICE int rowOf(int i) const {
		int f = filters.take(i);
		return i * channels * F + f;
	}
	DEVICE int columnOf(int j) const { return j * F; }
	DEVICE float at(int r, int c) const { return k[r + c]; }
};

#define CONV_PARAMETERS const convShape *shape, const float *x, const float *k, const float *bias, float *y, long long relu

#define CONV_BODY(TILE) \
	__shared__ __attribute__((aligned(16))) float shared[SHARED_FLOATS(TILE)]; \
	convShape c = *shape; \
	int group = blockIdx.z, filters = c.F / c.groups, depth = c.KH * c.KW * (c.C / c.groups); \
	unfolded left(c, x, group); \
	matrix right = {k + group * filters, (int)c.F}; \
	ending end(y + group * filters, c.F, bias ? bias + group * filters : nullptr, relu != 0, false); \
	multiply<TILE, true, false>(left, right, end, (int)(c.N * c.OH * c.OW), filters, 0, depth, shared);

#define CONV_DX_PARAMETERS const convShape *shape, const float *dy, const float *k, float *dx

#define CONV_DX_BODY(TILE) \
	__shared__ __attribute__((aligned(16))) float shared[SHARED_FLOATS(TILE)]; \
	convShape c = *shape; \
	int group = blockIdx.z, channels = c.C / c.groups, depth = c.KH * c.KW * (c.F / c.groups); \
	scattered left(c, dy, group); \
	turnedKernel right(c, k, group); \
	ending end(dx + group * channels, c.C, nullptr, false, false); \
	multiply<TILE, true, true>(left, right, end, (int)(c.N * c.H * c.W), channels, 0, depth, shared);

// The kernel's gradient: (tap, channel) x output pixels times output pixels x filters. Output pixels are divided into parts, which
// gemm_sum adds up.
#define CONV_DK_PARAMETERS const convShape *shape, long long chunk, long long next, const float *x, const float *dy, float *dk

#define CONV_DK_BODY(TILE) \
	__shared__ __attribute__((aligned(16))) float shared[SHARED_FLOATS(TILE)]; \
	convShape c = *shape; \
	int group = blockIdx.z % (int)c.groups, part = blockIdx.z / (int)c.groups, filters = c.F / c.groups, rows = c.KH * c.KW * (c.C / c.groups); \
	int from = part * (int)chunk, to = min((int)(c.N * c.OH * c.OW), from + (int)chunk); \
	unfoldedT left(c, x, group); \
	matrix right = {dy + group * filters, (int)c.F}; \
	ending end(dk + part * next + group * filters, c.F, nullptr, false, false); \
	multiply<TILE, false, false>(left, right, end, rows, filters, from, to, shared);
