// pool.cu: pooling over windows, and over whole images. A thread has an element of the result; gradients gather what windows pass on, in the order
// of the windows.
#include "tile.h"

struct poolShape {
	long long N, H, W, C, KH, KW, SH, SW, top, left, OH, OW;
};

// A poolPlace is an element of an array N x height x width x C.
struct poolPlace {
	int n, h, w, c;
	DEVICE poolPlace(int i, long long height, long long width, long long channels) {
		c = i % (int)channels, i /= (int)channels;
		w = i % (int)width, i /= (int)width;
		h = i % (int)height, n = i / (int)height;
	}
};

// A poolRange is the part of a line that a window covers, or the windows that cover a pixel.
struct poolRange { int from, to; };
DEVICE poolRange covered(int o, long long stride, long long pad, long long taps, long long size) {
	int from = o * (int)stride - (int)pad;
	return {max(from, 0), min(from + (int)taps, (int)size)};
}
DEVICE poolRange covering(int i, long long stride, long long pad, long long taps, long long outputs) {
	int last = i + (int)pad, first = last - (int)taps + 1;
	return {first <= 0 ? 0 : (first + (int)stride - 1) / (int)stride, min(last / (int)stride + 1, (int)outputs)};
}

KERNEL(pool_max, 256, const poolShape *shape, const float *x, float *y, int *taps) {
	poolShape s = *shape;
	int i = (int)index();
	if (i >= s.N * s.OH * s.OW * s.C) return;
	poolPlace o(i, s.OH, s.OW, s.C);
	poolRange h = covered(o.h, s.SH, s.top, s.KH, s.H), w = covered(o.w, s.SW, s.left, s.KW, s.W);
	int firstH = o.h * (int)s.SH - (int)s.top, firstW = o.w * (int)s.SW - (int)s.left;
	float best = -INFINITY;
	int tap = (h.from - firstH) * (int)s.KW + w.from - firstW;
	for (int p = h.from; p < h.to; p++)
		for (int q = w.from; q < w.to; q++) {
			float v = x[((o.n * s.H + p) * s.W + q) * s.C + o.c];
			if (v > best || v != v) best = v, tap = (p - firstH) * (int)s.KW + q - firstW;
		}
	y[i] = best;
	taps[i] = tap;
}

KERNEL(pool_max_grad, 256, const poolShape *shape, const float *dy, const int *taps, float *dx) {
	poolShape s = *shape;
	int i = (int)index();
	if (i >= s.N * s.H * s.W * s.C) return;
	poolPlace o(i, s.H, s.W, s.C);
	poolRange h = covering(o.h, s.SH, s.top, s.KH, s.OH), w = covering(o.w, s.SW, s.left, s.KW, s.OW);
	float sum = 0;
	for (int p = h.from; p < h.to; p++)
		for (int q = w.from; q < w.to; q++) {
			long long at = ((o.n * s.OH + p) * s.OW + q) * s.C + o.c;
			int tap = (o.h + (int)s.top - p * (int)s.SH) * (int)s.KW + o.w + (int)s.left - q * (int)s.SW;
			if (taps[at] == tap) sum = sum + dy[at];
		}
	dx[i] = sum;
}

KERNEL(pool_average, 256, const poolShape *shape, const float *x, float *y) {
	poolShape s = *shape;
	int i = (int)index();
	if (i >= s.N * s.OH * s.OW * s.C) return;
	poolPlace o(i, s.OH, s.OW, s.C);
	poolRange h = covered(o.h, s.SH, s.top, s.KH, s.H), w = covered(o.w, s.SW, s.left, s.KW, s.W);
	float sum = 0;
	for (int p = h.from; p < h.to; p++)
		for (int q = w.from; q < w.to; q++) sum = sum + x[((o.n * s.H + p) * s.W + q) * s.C + o.c];
	y[i] = sum * (1.0f / (float)((h.to - h.from) * (w.to - w.from)));
}

KERNEL(pool_average_grad, 256, const poolShape *shape, const float *dy, float *dx) {
	poolShape s = *shape;
	int i = (int)index();
	if (i >= s.N * s.H * s.W * s.C) return;
	poolPlace o(i, s.H, s.W, s.C);
	poolRange h = covering(o.h, s.SH, s.top, s.KH, s.OH), w = covering(o.w, s.SW, s.left, s.KW, s.OW);
	float sum = 0;
	for (int p = h.from; p < h.to; p++)
		for (int q = w.from; q < w.to; q++) {
			poolRange a = covered(p, s.SH, s.top, s.KH, s.H), b = covered(q, s.SW, s.left, s.KW, s.W);
			sum = fmaf(1.0f / (float)((a.to - a.from) * (b.to - b.from)), dy[((o.n * s.OH + p) * s.OW + q) * s.C + o.c], sum);
		}
	dx[i] = sum;
}

// The maximum of each channel of an image; a thread per image and channel.
KERNEL(pool_global_max, 256, long long n, long long pixels, long long channels, const float *x, float *y) {
	long long i = index();
	if (i >= n) return;
	x += i / channels * pixels * channels + i % channels;
	float top = x[0];
	for (long long p = 1; p < pixels; p++) top = higher(top, x[p * channels]);
	y[i] = top;
}

// Pixels that are the maximum share its gradient.
KERNEL(pool_global_max_grad, 256, long long n, long long pixels, long long channels, const float *x, const float *y, const float *dy, float *dx) {
	long long i = index();
	if (i >= n) return;
	long long first = i / channels * pixels * channels + i % channels;
	float count = 0, top = y[i];
	for (long long p = 0; p < pixels; p++) count += x[first + p * channels] == top ? 1.0f : 0.0f;
	float share = dy[i] / count;
	for (long long p = 0; p < pixels; p++) dx[first + p * channels] = x[first + p * channels] == top ? share : 0.0f;
}
