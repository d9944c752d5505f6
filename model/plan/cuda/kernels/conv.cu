// conv.cu: convolutions, by the products of tile.h without ever writing the image as a matrix: a row of A is an output pixel, a column a tap and
// a channel. Groups of channels are products of their own; where every channel is a group (depthwise), a thread computes an element
// directly.
//
// shape is kernels.Conv2DShape as numbers, in constant bytes of the program.
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

#define CONV_BODY(BM, BN, TM, TN) \
	__shared__ __attribute__((aligned(16))) float shared[SHARED_FLOATS(BM, BN)]; \
	convShape c = *shape; \
	int group = blockIdx.z, filters = c.F / c.groups, depth = c.KH * c.KW * (c.C / c.groups); \
	unfolded left(c, x, group); \
	matrix right = {k + group * filters, (int)c.F}; \
	ending end(y + group * filters, c.F, bias ? bias + group * filters : nullptr, relu != 0, false); \
	multiply<BM, BN, TM, TN, true, false>(left, right, end, (int)(c.N * c.OH * c.OW), filters, 0, depth, shared);

// Tiles are 64 or 32 filters wide.
KERNEL(conv_forward_64, THREADS, CONV_PARAMETERS) { CONV_BODY(128, 64, 8, 4) }
KERNEL(conv_forward_32, THREADS, CONV_PARAMETERS) { CONV_BODY(128, 32, 4, 4) }

#define CONV_DX_BODY(BM, BN, TM, TN) \
	__shared__ __attribute__((aligned(16))) float shared[SHARED_FLOATS(BM, BN)]; \
	convShape c = *shape; \
	int group = blockIdx.z, channels = c.C / c.groups, depth = c.KH * c.KW * (c.F / c.groups); \
	scattered left(c, dy, group); \
	turnedKernel right(c, k, group); \
	ending end(dx + group * channels, c.C, nullptr, false, false); \
	multiply<BM, BN, TM, TN, true, true>(left, right, end, (int)(c.N * c.H * c.W), channels, 0, depth, shared);

KERNEL(conv_dx_64, THREADS, const convShape *shape, const float *dy, const float *k, float *dx) { CONV_DX_BODY(128, 64, 8, 4) }
KERNEL(conv_dx_32, THREADS, const convShape *shape, const float *dy, const float *k, float *dx) { CONV_DX_BODY(128, 32, 4, 4) }

// The kernel's gradient: (tap, channel) x output pixels times output pixels x filters. Output pixels are divided into parts, which
// gemm_sum adds up.
#define CONV_DK_BODY(BM, BN, TM, TN) \
	__shared__ __attribute__((aligned(16))) float shared[SHARED_FLOATS(BM, BN)]; \
	convShape c = *shape; \
	int group = blockIdx.z % (int)c.groups, part = blockIdx.z / (int)c.groups, filters = c.F / c.groups, rows = c.KH * c.KW * (c.C / c.groups); \
	int from = part * (int)chunk, to = min((int)(c.N * c.OH * c.OW), from + (int)chunk); \
	unfoldedT left(c, x, group); \
	matrix right = {dy + group * filters, (int)c.F}; \
	ending end(dk + part * next + group * filters, c.F, nullptr, false, false); \
	multiply<BM, BN, TM, TN, false, false>(left, right, end, rows, filters, from, to, shared);

KERNEL(conv_dk_64, THREADS, const convShape *shape, long long chunk, long long next, const float *x, const float *dy, float *dk) { CONV_DK_BODY(64, 64, 4, 4) }
KERNEL(conv_dk_32, THREADS, const convShape *shape, long long chunk, long long next, const float *x, const float *dy, float *dk) { CONV_DK_BODY(128, 32, 4, 4) }

// ---- depthwise: groups = C, a thread per element. The kernel is KH KW 1 F, filter f sees channel f/(F/C).

KERNEL(conv_depthwise, 256, CONV_PARAMETERS) {
	convShape c = *shape;
	int i = (int)index();
	if (i >= c.N * c.OH * c.OW * c.F) return;
	int f = i % (int)c.F, p = i / (int)c.F;
	unfolded u(c, x, 0);
	pixel at = u.rowOf(p);
	int channel = f / (int)(c.F / c.C);
	float sum = 0;
	for (int kh = 0; kh < (int)c.KH; kh++)
		for (int kw = 0; kw < (int)c.KW; kw++) {
			int h = at.h + kh * u.DH, w = at.w + kw * u.DW;
			if ((unsigned)h < (unsigned)u.H && (unsigned)w < (unsigned)u.W)
				sum = fmaf(u.x[at.image + (h * u.W + w) * u.C + channel], k[(kh * (int)c.KW + kw) * (int)c.F + f], sum);
		}
	if (bias) sum = sum + bias[f];
	y[i] = relu ? rectified(sum) : sum;
}

KERNEL(conv_depthwise_dx, 256, const convShape *shape, const float *dy, const float *k, float *dx) {
	convShape c = *shape;
	int i = (int)index();
	if (i >= c.N * c.H * c.W * c.C) return;
	int channel = i % (int)c.C, per = c.F / c.C;
	scattered s(c, dy, 0);
	pixel at = s.rowOf(i / (int)c.C);
	float sum = 0;
	for (int kh = 0; kh < (int)c.KH; kh++)
		for (int kw = 0; kw < (int)c.KW; kw++)
			for (int f = channel * per; f < channel * per + per; f++)
				sum = fmaf(s.at(at, {kh * s.DH, kw * s.DW, f}), k[(kh * (int)c.KW + kw) * (int)c.F + f], sum);
	dx[i] = sum;
}

// A block per tap and 32 filters; 8 threads share a filter's output pixels.
KERNEL(conv_depthwise_dk, 256, const convShape *shape, const float *x, const float *dy, float *dk) {
	__shared__ float kept[8][33];
	convShape c = *shape;
	int f = blockIdx.y * 32 + threadIdx.x % 32, lane = threadIdx.x / 32, kh = blockIdx.x / (int)c.KW, kw = blockIdx.x % (int)c.KW;
	unfolded u(c, x, 0);
	float sum = 0;
	if (f < c.F) {
		int channel = f / (int)(c.F / c.C), pixels = c.N * c.OH * c.OW;
		tap t = {kh * u.DH, kw * u.DW, (kh * u.DH * u.W + kw * u.DW) * u.C + channel};
		for (int p = lane; p < pixels; p += 8) sum = fmaf(u.at(u.rowOf(p), t), dy[(long long)p * c.F + f], sum);
	}
	kept[lane][threadIdx.x % 32] = sum;
	__syncthreads();
	if (lane > 0 || f >= c.F) return;
	for (int j = 1; j < 8; j++) sum = sum + kept[j][threadIdx.x];
	dk[blockIdx.x * c.F + f] = sum;
}
