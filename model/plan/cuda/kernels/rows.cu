// rows.cu: operations on the rows of a matrix, rows x n. A warp has a row, a lane every 32nd element of it, so that a result may take the place of an
// operand: a lane reads an element before it writes it.
#include "rows.h"

// softmaxOf computes the softmax of the first seen elements of a row; the others become 0. counts is 0, or says which elements count.
DEVICE void softmaxOf(const row &r, int seen, const float *x, const float *counts, float *y) {
	float top = -INFINITY;
	for (int j = r.lane; j < seen; j += 32) top = higher(top, counts && counts[j] == 0 ? -INFINITY : x[j]);
	top = warpMax(top);
	float sum = 0;
	for (int j = r.lane; j < seen; j += 32) {
		float e = exponent((counts && counts[j] == 0 ? -INFINITY : x[j]) - top);
		y[j] = e;
		sum += e;
	}
	sum = warpSum(sum);
	for (int j = r.lane; j < r.n; j += 32) y[j] = j < seen ? y[j] / sum : 0.0f;
}

KERNEL(rows_softmax, 256, long long rows, long long n, const float *x, float *y) {
	row r(rows, n);
	if (r.exists) softmaxOf(r, r.n, x + r.start, nullptr, y + r.start);
}

// Row t of a matrix of queries rows sees t+1 elements.
KERNEL(rows_softmax_causal, 256, long long rows, long long n, long long queries, const float *x, float *y) {
	row r(rows, n);
	if (r.exists) softmaxOf(r, min((int)(r.number % queries) + 1, r.n), x + r.start, nullptr, y + r.start);
}

// A maskedRow is a row of Batch x Heads matrices Queries x N: its mask, whether any element counts.
struct maskedRow {
	const float *mask;
	int seen;
	bool any;
	DEVICE maskedRow(const row &r, long long heads, long long queries, long long causal, const float *masks) {
		long long t = r.number % queries, batch = r.number / queries / heads;
		mask = masks + (batch * queries + t) * r.n;
		seen = causal ? min((int)t + 1, r.n) : r.n;
		int found = 0;
		for (int j = r.lane; j < seen; j += 32) found += mask[j] != 0;
		any = warpSum(found) > 0;
	}
};

KERNEL(rows_softmax_masked, 256, long long rows, long long n, long long heads, long long queries, long long causal, long long emptyIsZero, const float *x, const float *masks, float *y) {
	row r(rows, n);
	if (!r.exists) return;
	maskedRow m(r, heads, queries, causal, masks);
	if (m.any) {
		softmaxOf(r, m.seen, x + r.start, m.mask, y + r.start);
		return;
	}
	float even = emptyIsZero ? 0.0f : 1.0f / (float)r.n;
	for (int j = r.lane; j < r.n; j += 32) y[r.start + j] = even;
}

DEVICE void softmaxGrad(const row &r, const float *y, const float *dy, float *dx) {
	double dot = 0;
	for (int j = r.lane; j < r.n; j += 32) dot = fma((double)y[j], (double)dy[j], dot);
	dot = warpSum(dot);
	for (int j = r.lane; j < r.n; j += 32) dx[j] = (float)((double)y[j] * ((double)dy[j] - dot));
}

KERNEL(rows_softmax_grad, 256, long long rows, long long n, const float *y, const float *dy, float *dx) {
	row r(rows, n);
	if (r.exists) softmaxGrad(r, y + r.start, dy + r.start, dx + r.start);
}

KERNEL(rows_softmax_masked_grad, 256, long long rows, long long n, long long heads, long long queries, long long causal, const float *y, const float *dy, const float *masks, float *dx) {
	row r(rows, n);
	if (!r.exists) return;
	if (maskedRow(r, heads, queries, causal, masks).any) {
		softmaxGrad(r, y + r.start, dy + r.start, dx + r.start);
		return;
	}
	for (int j = r.lane; j < r.n; j += 32) dx[r.start + j] = 0;
}

KERNEL(rows_log_softmax, 256, long long rows, long long n, const float *x, float *y) {
	row r(rows, n);
	if (!r.exists) return;
	double total = logSumExp(r, x + r.start);
	for (int j = r.lane; j < r.n; j += 32) y[r.start + j] = (float)((double)x[r.start + j] - total);
}

KERNEL(rows_log_softmax_grad, 256, long long rows, long long n, const float *y, const float *dy, float *dx) {
	row r(rows, n);
	if (!r.exists) return;
	double sum = rowSum(r, dy + r.start);
	for (int j = r.lane; j < r.n; j += 32) {
		long long at = r.start + j;
		dx[at] = (float)((double)dy[at] - expd(y[at]) * sum);
	}
}

// A rowElement is an element of a row, with its place.
struct rowElement {
	float v;
	int at;
};

// precedes says whether v comes before w in descending order, in which NaN is larger than everything: only where every two numbers have an order do all lanes
// find the same element.
DEVICE bool precedes(float v, float w) { return v > w || (v != v && w == w); }

// following is the element after another one in descending order, equal ones in their own; at < 0: the first.
DEVICE rowElement following(const row &r, const float *x, rowElement last) {
	rowElement next = {0, -1};
	for (int j = r.lane; j < r.n; j += 32) {
		float v = x[j];
		if (last.at >= 0 && (precedes(v, last.v) || (!precedes(last.v, v) && j <= last.at))) continue;
		if (next.at < 0 || precedes(v, next.v)) next = {v, j};
	}
	for (int d = 16; d > 0; d /= 2) {
		rowElement other = {__shfl_xor_sync(~0u, next.v, d), __shfl_xor_sync(~0u, next.at, d)};
		bool first = other.at >= 0 && (next.at < 0 || precedes(other.v, next.v) || (!precedes(next.v, other.v) && other.at < next.at));
		if (first) next = other;
	}
	return next;
}

// A support is how many elements of a row a sparsemax leaves, and its threshold.
struct support {
	int k;
	double threshold;
	DEVICE support(const row &r, const float *x) : k(0) {
		double cumulated = 0, sum = 0;
		rowElement last = {0, -1};
		while (k < r.n) {
			last = following(r, x, last);
			double next = cumulated + (double)last.v;
			if ((double)last.v <= (next - 1.0) / (double)(k + 1)) break;
			k++;
			cumulated = next;
			sum += cumulated;
		}
		threshold = (sum - 1.0) / (double)k;
	}
};

KERNEL(rows_sparsemax, 256, long long rows, long long n, const float *x, float *y) {
	row r(rows, n);
	if (!r.exists) return;
	support s(r, x + r.start);
	for (int j = r.lane; j < r.n; j += 32) y[r.start + j] = (float)bigger((double)x[r.start + j] - s.threshold, 0.0);
}

KERNEL(rows_sparsemax_grad, 256, long long rows, long long n, const float *x, const float *dy, float *dx) {
	row r(rows, n);
	if (!r.exists) return;
	x += r.start, dy += r.start, dx += r.start;
	support s(r, x);
	double sum = 0;
	for (int j = r.lane; j < r.n; j += 32)
		if (!((double)x[j] < s.threshold)) sum += dy[j];
	sum = warpSum(sum);
	for (int j = r.lane; j < r.n; j += 32) dx[j] = (double)x[j] < s.threshold ? 0.0f : dy[j];
	rowElement last = {0, -1};
	for (int k = 0; k < s.k; k++) {
		last = following(r, x, last);
		if (last.at % 32 == r.lane) dx[last.at] -= (float)(sum * (double)(s.k - k) / (double)s.k);
	}
}

// y = a·sigmoid(b), where a and b are the halves of a row of 2n numbers. A thread per element of y.
KERNEL(rows_glu, 256, long long size, long long n, const float *x, float *y) {
	long long i = index();
	if (i >= size) return;
	const float *a = x + i / n * 2 * n + i % n;
	y[i] = (float)((double)a[0] * sigmoidd(a[n]));
}

KERNEL(rows_glu_grad, 256, long long size, long long n, const float *x, const float *dy, float *dx) {
	long long i = index();
	if (i >= size) return;
	long long at = i / n * 2 * n + i % n;
	double a = x[at], gate = sigmoidd(x[at + n]), d = dy[i];
	dx[at] = (float)(d * gate);
	dx[at + n] = (float)(d * (a * gate * (1.0 - gate)));
}

// The index of the first maximum; NaN is never larger.
KERNEL(rows_argmax, 256, long long rows, long long n, const float *x, float *y) {
	row r(rows, n);
	if (!r.exists) return;
	x += r.start;
	rowElement best = {x[0], 0};
	for (int j = r.lane; j < r.n; j += 32)
		if (x[j] > best.v) best = {x[j], j};
	for (int d = 16; d > 0; d /= 2) {
		rowElement other = {__shfl_xor_sync(~0u, best.v, d), __shfl_xor_sync(~0u, best.at, d)};
		if (other.v > best.v || (other.v == best.v && other.at < best.at)) best = other;
	}
	if (r.lane == 0) y[r.number] = (float)best.at;
}

// ---- normalisation of rows

KERNEL(rows_standardise, 256, long long rows, long long n, double eps, const float *x, float *y, float *factor) {
	row r(rows, n);
	if (!r.exists) return;
	x += r.start, y += r.start;
	double mean = rowSum(r, x) / (double)r.n, squares = 0;
	for (int j = r.lane; j < r.n; j += 32) {
		double d = (double)x[j] - mean;
		squares = fma(d, d, squares);
	}
	double f = 1.0 / sqrt(warpSum(squares) / (double)r.n + eps);
	for (int j = r.lane; j < r.n; j += 32) y[j] = (float)(((double)x[j] - mean) * f);
	if (r.lane == 0) factor[r.number] = (float)f;
}

KERNEL(rows_standardise_grad, 256, long long rows, long long n, const float *y, const float *dy, const float *factor, float *dx) {
	row r(rows, n);
	if (!r.exists) return;
	y += r.start, dy += r.start, dx += r.start;
	double mean = rowSum(r, dy) / (double)r.n, along = rowDot(r, y, dy) / (double)r.n, f = factor[r.number];
	for (int j = r.lane; j < r.n; j += 32) dx[j] = (float)(f * ((double)dy[j] - mean - (double)y[j] * along));
}

// y = x·factor with a factor of the squares: rms is set for 1/√(mean + eps), else it is min(1/√sum, 1/eps).
KERNEL(rows_norm, 256, long long rows, long long n, long long rms, double eps, const float *x, float *y, float *factor) {
	row r(rows, n);
	if (!r.exists) return;
	x += r.start, y += r.start;
	double squares = rowDot(r, x, x), f = rms ? 1.0 / sqrt(squares / (double)r.n + eps) : 1.0 / sqrt(squares);
	if (!rms && f > 1.0 / eps) f = 1.0 / eps;
	for (int j = r.lane; j < r.n; j += 32) y[j] = (float)((double)x[j] * f);
	if (r.lane == 0) factor[r.number] = (float)f;
}

KERNEL(rows_norm_grad, 256, long long rows, long long n, long long rms, const float *y, const float *dy, const float *factor, float *dx) {
	row r(rows, n);
	if (!r.exists) return;
	y += r.start, dy += r.start, dx += r.start;
	double along = rowDot(r, y, dy), f = factor[r.number];
	if (rms) along = along / (double)r.n;
	for (int j = r.lane; j < r.n; j += 32) dx[j] = (float)(f * ((double)dy[j] - (double)y[j] * along));
}

// ---- masks

KERNEL(rows_mask, 256, long long rows, long long n, double value, const float *x, float *mask) {
	row r(rows, n);
	if (!r.exists) return;
	int other = 0;
	for (int j = r.lane; j < r.n; j += 32) other += x[r.start + j] != (float)value;
	other = warpSum(other);
	if (r.lane == 0) mask[r.number] = other > 0 ? 1.0f : 0.0f;
}

// A thread per element.
KERNEL(rows_masked, 256, long long size, long long n, const float *x, const float *mask, float *y) {
	long long i = index();
	if (i < size) y[i] = mask[i / n] == 0 ? 0.0f : x[i];
}

// The mean over the steps that count; a thread per row and element. x is rows x steps x n.
KERNEL(rows_masked_mean, 256, long long size, long long steps, long long n, const float *x, const float *mask, float *y) {
	long long i = index();
	if (i >= size) return;
	long long r = i / n, j = i % n;
	float sum = 0, count = 0;
	for (long long t = 0; t < steps; t++)
		if (mask[r * steps + t] != 0) sum = sum + x[(r * steps + t) * n + j], count += 1;
	y[i] = sum * (1.0f / count);
}

KERNEL(rows_masked_mean_grad, 256, long long size, long long steps, long long n, const float *dy, const float *mask, float *dx) {
	long long i = index();
	if (i >= size) return;
	long long r = i / n, j = i % n;
	float count = 0;
	for (long long t = 0; t < steps; t++) count += mask[r * steps + t] != 0 ? 1.0f : 0.0f;
	float share = dy[i] * (1.0f / count);
	for (long long t = 0; t < steps; t++) dx[(r * steps + t) * n + j] = mask[r * steps + t] == 0 ? 0.0f : share;
}

// l1·Σ|x| + l2·Σx² of each row.
KERNEL(rows_penalty, 256, long long rows, long long n, double l1, double l2, const float *x, float *y) {
	row r(rows, n);
	if (!r.exists) return;
	double sizes = 0, squares = 0;
	for (int j = r.lane; j < r.n; j += 32) {
		double v = x[r.start + j];
		sizes += fabs(v);
		squares = fma(v, v, squares);
	}
	sizes = warpSum(sizes), squares = warpSum(squares);
	if (r.lane == 0) y[r.number] = (float)(l1 * sizes + l2 * squares);
}
