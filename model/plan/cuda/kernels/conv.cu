// conv.cu: convolutions. Where every channel is a group (depthwise), a thread computes an element directly.
#include "conv.h"

// Tiles are 64 or 32 filters, or channels, wide.
typedef fused<128, 64, 8, 4> conv64;
typedef fused<128, 32, 4, 4> conv32;
typedef fused<64, 64, 4, 4> convKernel64;

KERNEL(conv_forward_64, THREADS, CONV_PARAMETERS) { CONV_BODY(conv64) }
KERNEL(conv_forward_32, THREADS, CONV_PARAMETERS) { CONV_BODY(conv32) }
KERNEL(conv_dx_64, THREADS, CONV_DX_PARAMETERS) { CONV_DX_BODY(conv64) }
KERNEL(conv_dx_32, THREADS, CONV_DX_PARAMETERS) { CONV_DX_BODY(conv32) }
KERNEL(conv_dk_64, THREADS, CONV_DK_PARAMETERS) { CONV_DK_BODY(convKernel64) }
KERNEL(conv_dk_32, THREADS, CONV_DK_PARAMETERS) { CONV_DK_BODY(conv32) }

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

// A block per tap, 32 filters and part of the output pixels, which 8 threads share. Parts lie size elements apart; gemm_sum adds them up.
KERNEL(conv_depthwise_dk, 256, const convShape *shape, long long chunk, long long size, const float *x, const float *dy, float *dk) {
	__shared__ float kept[8][33];
	convShape c = *shape;
	int f = blockIdx.y * 32 + threadIdx.x % 32, lane = threadIdx.x / 32, kh = blockIdx.x / (int)c.KW, kw = blockIdx.x % (int)c.KW;
	unfolded u(c, x, 0);
	float sum = 0;
	if (f < c.F) {
		int channel = f / (int)(c.F / c.C), pixels = c.N * c.OH * c.OW, from = blockIdx.z * (int)chunk, to = min(from + (int)chunk, pixels);
		tap t = {kh * u.DH, kw * u.DW, (kh * u.DH * u.W + kw * u.DW) * u.C + channel};
		for (int p = from + lane; p < to; p += 8) sum = fmaf(u.at(u.rowOf(p), t), dy[(long long)p * c.F + f], sum);
	}
	kept[lane][threadIdx.x % 32] = sum;
	__syncthreads();
	if (lane > 0 || f >= c.F) return;
	for (int j = 1; j < 8; j++) sum = sum + kept[j][threadIdx.x];
	dk[blockIdx.z * size + blockIdx.x * c.F + f] = sum;
}
