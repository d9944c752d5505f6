// layout.cu: elements go to other places, or are repeated, or summed up where they were repeated. A thread has an element of the result.
#include "rows.h"

// A walk is an array's shape with the steps that one of its elements and the next one along a dimension are apart in another array; step 0 repeats.
// It is numbers in constant bytes: each dimension's size and step, the first dimension first.
DEVICE long long walked(long long i, const long long *walk, int dims) {
	long long at = 0;
	for (int d = dims - 1; d > 0; d--) {
		unsigned size = (unsigned)walk[2 * d], left = (unsigned)i % size;
		at += left * walk[2 * d + 1];
		i = (unsigned)i / size;
	}
	return at + i * walk[1];
}

KERNEL(layout_walk, 256, long long n, const long long *walk, long long dims, const float *x, float *y) {
	long long i = index();
	if (i < n) y[i] = x[walked(i, walk, (int)dims)];
}

// The sums of what was repeated, in double precision: kept walks to an element's first place, repeated from there to the others, of which there are
// count. A warp has an element.
KERNEL(layout_walk_sum, 256, long long n, const long long *kept, long long keptDims, long long count, const long long *repeated, long long repeatedDims, const float *x, float *y) {
	long long i = index() / 32;
	int lane = threadIdx.x % 32;
	if (i >= n) return;
	x += walked(i, kept, (int)keptDims);
	double sum = 0;
	for (long long k = lane; k < count; k += 32) sum += x[walked(k, repeated, (int)repeatedDims)];
	sum = warpSum(sum);
	if (lane == 0) y[i] = (float)sum;
}

// Columns of one matrix become columns of another one: width of them, whose rows are strides apart.
KERNEL(layout_columns, 256, long long n, long long width, long long fromStride, const float *x, long long toStride, float *y) {
	long long i = index();
	if (i < n) y[i / width * toStride + i % width] = x[i / width * fromStride + i % width];
}

// Blocks of size elements in the opposite order.
KERNEL(layout_reverse, 256, long long n, long long size, const float *x, float *y) {
	long long i = index();
	if (i < n) y[i] = x[n - size - i / size * size + i % size];
}

// The same values in every row.
KERNEL(layout_repeat, 256, long long n, long long size, const float *values, float *y) {
	long long i = index();
	if (i < n) y[i] = values[i % size];
}

// Images are moved into frames of zeros. shape is kernels.FrameShape: N, H, W, C, Top, Left, OH, OW.
KERNEL(layout_frame, 256, long long n, const long long *shape, const float *x, float *y) {
	int i = (int)index();
	if (i >= n) return;
	int at = i, H = (int)shape[1], W = (int)shape[2], C = (int)shape[3], OH = (int)shape[6], OW = (int)shape[7];
	int c = at % C;
	at /= C;
	int w = at % OW - (int)shape[5];
	at /= OW;
	int h = at % OH - (int)shape[4];
	at /= OH;
	bool inside = (unsigned)h < (unsigned)H && (unsigned)w < (unsigned)W;
	y[i] = inside ? x[((long long)(at * H + h) * W + w) * C + c] : 0.0f;
}

// Images N x H x W x C become N x OH x OW x C, rows and columns of pixels by lists: row h is the sum of weights times rows, those from firstRow[h] to
// firstRow[h+1]-1 in the lists. The gradient has lists of the other direction.
KERNEL(layout_resample, 256, long long n, long long H, long long W, long long C, long long OH, long long OW, const int *firstRow, const int *rows, const float *rowWeights,
	const int *firstColumn, const int *columns, const float *columnWeights, const float *x, float *y) {
	int i = (int)index();
	if (i >= n) return;
	int at = i, c = at % (int)C;
	at /= (int)C;
	int w = at % (int)OW;
	at /= (int)OW;
	int h = at % (int)OH, image = at / (int)OH;
	float sum = 0;
	for (int q = firstColumn[w]; q < firstColumn[w + 1]; q++) {
		float line = 0;
		for (int p = firstRow[h]; p < firstRow[h + 1]; p++)
			line = fmaf(rowWeights[p], x[((long long)(image * (int)H + rows[p]) * W + columns[q]) * C + c], line);
		sum = fmaf(columnWeights[q], line, sum);
	}
	y[i] = sum;
}

// ---- embedding

// tableRow is the row of a table that a number names, -1: none.
DEVICE int tableRow(float v, long long rows) {
	if (!(v > -1.0f && v < (float)rows)) return -1;
	return (int)v < rows ? (int)v : -1;
}

KERNEL(layout_embed, 256, long long size, long long rows, long long n, const float *x, const float *table, float *y) {
	long long i = index();
	if (i >= size) return;
	int at = tableRow(x[i / n], rows);
	y[i] = at < 0 ? NAN : table[at * n + i % n];
}

// The gradient of a table: a block has a row of it and 128 columns. Each of its 8 warps looks for the row in a part of x, and sums what belongs to it in
// the order of x; then the parts are added up in their order.
KERNEL(layout_embed_grad, 256, long long count, long long rows, long long n, const float *x, const float *dy, float *table) {
	__shared__ float kept[8][128];
	int lane = threadIdx.x % 32, warp = threadIdx.x / 32, row = blockIdx.x;
	long long part = ((count + 7) / 8 + 31) / 32 * 32, from = warp * part, to = from + part < count ? from + part : count, first = blockIdx.y * 128LL + lane;
	float sums[4] = {0, 0, 0, 0};
	for (long long i = from; i < to; i += 32) {
		unsigned found = __ballot_sync(~0u, i + lane < to && tableRow(x[i + lane], rows) == row);
		while (found) {
			const float *line = dy + (i + __ffs((int)found) - 1) * n;
			found &= found - 1;
#pragma unroll
			for (int k = 0; k < 4; k++)
				if (first + 32 * k < n) sums[k] = sums[k] + line[first + 32 * k];
		}
	}
#pragma unroll
	for (int k = 0; k < 4; k++) kept[warp][lane + 32 * k] = sums[k];
	__syncthreads();
	int j = threadIdx.x;
	long long column = blockIdx.y * 128LL + j;
	if (j >= 128 || column >= n) return;
	float sum = kept[0][j];
	for (int w = 1; w < 8; w++) sum = sum + kept[w][j];
	table[row * n + column] = sum;
}

// ---- normalisation by known numbers, which are repeated along a walk

DEVICE float deviation(float variance) {
	float d = sqrt(variance);
	return d < 1e-7f ? 1e-7f : d;
}

KERNEL(layout_known_norm, 256, long long n, const long long *walk, long long dims, long long invert, const float *x, const float *mean, const float *variance, float *y) {
	long long i = index();
	if (i >= n) return;
	long long at = walked(i, walk, (int)dims);
	float d = deviation(variance[at]);
	y[i] = invert ? mean[at] + x[i] * d : (x[i] - mean[at]) / d;
}

KERNEL(layout_known_norm_grad, 256, long long n, const long long *walk, long long dims, long long invert, const float *dy, const float *variance, float *dx) {
	long long i = index();
	if (i >= n) return;
	float d = deviation(variance[walked(i, walk, (int)dims)]);
	dx[i] = invert ? dy[i] * d : dy[i] / d;
}

// Dropout whose mask is repeated: the element of the mask decides.
KERNEL(layout_dropout, 256, const StepState *s, long long n, double rate, long long number, const long long *walk, long long dims, const float *x, float *y) {
	long long i = index();
	if (i < n) y[i] = dropped(dropOf(s, rate, number), walked(i, walk, (int)dims), x[i]);
}

// ---- what moves images at random

// Random numbers from low up to high.
KERNEL(layout_uniform, 256, const StepState *s, long long n, double low, double high, long long number, float *y) {
	long long i = index();
	if (i < n) y[i] = (float)(low + (high - low) * ((double)drawn(streamOf(s, number), (unsigned)i) / 4294967296.0));
}

// inside brings a place along a line of n pixels to one of them, as the edge says (kernels.Edge); beyond a constant one it stays.
DEVICE float inside(int edge, float at, int n) {
	if (!(at > -16777216.0f && at < 16777216.0f)) at = -16777216.0f;
	float size = (float)n, last = (float)(n - 1);
	if (edge == 0) return at;
	if (edge != 1 && n == 1) return 0;
	if (edge == 2 && at < 0) {
		at = at + 2 * size * floorf(-at / (2 * size));
		at = at < -size ? at + 2 * size : -at - 1;
	} else if (edge == 2 && at > last) {
		at = at - 2 * size * floorf(at / (2 * size));
		if (at >= size) at = 2 * size - at - 1;
	} else if (edge == 3 && at < 0) {
		at = at + size * (floorf(-at / last) + 1);
	} else if (edge == 3 && at > last) {
		at = at - size * floorf(at / last);
	}
	return at < 0 ? 0.0f : at > last ? last : at;
}

// nearestTo is the nearest whole number; halves go away from 0.
DEVICE int nearestTo(float v) { return v < 0 ? -(int)floor(0.5 - (double)v) : (int)floor((double)v + 0.5); }

// A warped image: height, width and channels, and what lies beyond its edges.
struct warped {
	const float *pixels;
	int H, W, C;
	float value;
	DEVICE float at(int line, int column, int c) const {
		bool exists = line >= 0 && line < H && column >= 0 && column < W;
		return exists ? pixels[((long long)line * W + column) * C + c] : value;
	}
};

// Images are moved by a transform of 6 numbers each. shape is H, W, C, OH, OW of kernels.WarpShape, whether the nearest pixel is taken, the edge, and
// whether the transforms are those of the way back.
KERNEL(layout_warp, 256, long long n, const long long *shape, double value, const float *x, const float *transforms, float *y) {
	int i = (int)index();
	if (i >= n) return;
	int H = (int)shape[0], W = (int)shape[1], C = (int)shape[2], OH = (int)shape[3], OW = (int)shape[4], edge = (int)shape[6];
	int at = i, c = at % C;
	at /= C;
	int column = at % OW;
	at /= OW;
	int line = at % OH, image = at / OH;
	float t[6];
#pragma unroll
	for (int k = 0; k < 6; k++) t[k] = transforms[(long long)image * 6 + k];
	if (shape[7]) {
		double a = t[0], b = t[1], u = t[2], d = t[3], e = t[4], v = t[5], det = a * e - b * d;
		t[0] = (float)(e / det), t[1] = (float)(-b / det), t[2] = (float)((b * v - u * e) / det);
		t[3] = (float)(-d / det), t[4] = (float)(a / det), t[5] = (float)((u * d - a * v) / det);
	}
	float px = inside(edge, t[0] * (float)column + t[1] * (float)line + t[2], W), py = inside(edge, t[3] * (float)column + t[4] * (float)line + t[5], H);
	warped from = {x + (long long)image * H * W * C, H, W, C, (float)value};
	if (shape[5]) {
		y[i] = from.at(nearestTo(py), nearestTo(px), c);
		return;
	}
	float top = floorf(py), left = floorf(px), below = py - top, right = px - left, above = top + 1 - py, before = left + 1 - px;
	int r = (int)top, s = (int)left;
	float first = before * from.at(r, s, c) + right * from.at(r, s + 1, c), second = before * from.at(r + 1, s, c) + right * from.at(r + 1, s + 1, c);
	y[i] = above * first + below * second;
}
