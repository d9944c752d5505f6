// optimizer.cu: what an optimizer does to weights and gradients, operation by operation as package model/kernels has it, and the gradients of
// penalties. A thread has a weight; numbers are rounded to single precision where they are there.
#include "activations.h"

// Nothing but adding up is done in a step that is held.

// UPDATE declares the kernel of a rule: p are weights, g gradients.
#define UPDATE(name, ...) KERNEL(name, 256, const StepState *s, long long n, float *p, const float *g, __VA_ARGS__)
#define EACH_WEIGHT \
	long long i = index(); \
	if (i >= n || s->hold) return; \
	float d = g[i];

UPDATE(update_sgd, long long) {
	EACH_WEIGHT
	p[i] = fmaf((float)-s->rate, d, p[i]);
}

UPDATE(update_sgd_momentum, float *v, double momentum, long long nesterov) {
	EACH_WEIGHT
	float step = (float)s->rate * d, w = (float)momentum * v[i] - step;
	v[i] = w;
	p[i] = p[i] + (nesterov ? (float)momentum * w - step : w);
}

// mom and mg are 0 without momentum, or where the square is not centered.
UPDATE(update_rmsprop, float *square, float *mom, float *mg, double rho, double momentum, double eps) {
	EACH_WEIGHT
	float keep = (float)rho, take = (float)(1.0 - rho), q = keep * square[i] + take * (d * d);
	square[i] = q;
	if (mg) {
		float a = keep * mg[i] + take * d;
		mg[i] = a;
		q = q - a * a;
	}
	float step = (float)s->rate * d / sqrt(q + (float)eps);
	if (mom) {
		step = step + (float)momentum * mom[i];
		mom[i] = step;
	}
	p[i] = p[i] - step;
}

// vhat is 0 for Adam itself, else the largest v so far.
UPDATE(update_adam, float *m, float *v, float *vhat, double beta1, double beta2, double eps) {
	EACH_WEIGHT
	float a = m[i] + (d - m[i]) * (float)(1.0 - beta1), q = v[i] + (d * d - v[i]) * (float)(1.0 - beta2);
	m[i] = a, v[i] = q;
	if (vhat) {
		float old = vhat[i];
		q = old != old ? old : higher(q, old);
		vhat[i] = q;
	}
	p[i] = p[i] - (float)s->corrected * a / (sqrt(q) + (float)eps);
}

UPDATE(update_adagrad, float *square, double eps) {
	EACH_WEIGHT
	float q = square[i] + d * d;
	square[i] = q;
	p[i] = p[i] - (float)s->rate * d / sqrt(q + (float)eps);
}

UPDATE(update_adadelta, float *square, float *u, double rho, double eps) {
	EACH_WEIGHT
	float keep = (float)rho, take = (float)(1.0 - rho), e = (float)eps, q = keep * square[i] + take * (d * d);
	float step = d * sqrt(u[i] + e) / sqrt(q + e);
	square[i] = q;
	u[i] = keep * u[i] + take * (step * step);
	p[i] = p[i] - (float)s->rate * step;
}

UPDATE(update_adamax, float *m, float *u, double beta1, double beta2, double eps) {
	EACH_WEIGHT
	float a = m[i] + (d - m[i]) * (float)(1.0 - beta1), q = higher((float)beta2 * u[i], fabsf(d));
	m[i] = a, u[i] = q;
	p[i] = p[i] - (float)s->corrected * a / (q + (float)eps);
}

UPDATE(update_nadam, float *m, float *v, double beta1, double beta2, double eps) {
	EACH_WEIGHT
	float a = m[i] + (d - m[i]) * (float)(1.0 - beta1), q = v[i] + (d * d - v[i]) * (float)(1.0 - beta2);
	m[i] = a, v[i] = q;
	p[i] = p[i] - (float)s->rate * ((float)s->mean * a + (float)s->gradient * d) / (sqrt((float)s->square * q) + (float)eps);
}

UPDATE(update_ftrl, float *square, float *z, double power, double l1, double l2, double shrinkage, double beta) {
	EACH_WEIGHT
	double rate = s->rate, l = l2 + beta / (2.0 * rate), old = square[i], q = old + (double)d * (double)d;
	double before = powd(old, -power), after = powd(q, -power), w = p[i];
	double linear = (double)z[i] + (double)d + 2.0 * shrinkage * w - (after - before) / rate * w;
	p[i] = (float)((limited(linear, -l1, l1) - linear) / (after / rate + 2.0 * l));
	square[i] = (float)q, z[i] = (float)linear;
}

UPDATE(update_lion, float *m, double beta1, double beta2) {
	EACH_WEIGHT
	float c = m[i] * (float)beta1 + d * (float)(1.0 - beta1), rate = (float)s->rate;
	p[i] = p[i] - (c > 0 ? rate : c < 0 ? -rate : c); // c: 0 or NaN
	m[i] = m[i] * (float)beta2 + d * (float)(1.0 - beta2);
}

// z starts as the weights (update_begin).
UPDATE(update_schedule_free, float *z, float *v, double beta1, double beta2, double eps) {
	EACH_WEIGHT
	float q = v[i] + (d * d - v[i]) * (float)(1.0 - beta2);
	v[i] = q;
	double weight = s->mean, last = 1.0 - beta1, before = z[i];
	double after = before - s->corrected * (double)d / (sqrt(s->square * (double)q) + eps);
	z[i] = (float)after;
	p[i] = (float)((1.0 - weight) * ((double)p[i] - last * before) + (1.0 - beta1 + beta1 * weight) * after);
}

// ---- beside the rule

KERNEL(update_accumulate, 256, const StepState *s, long long n, double count, float *g, float *sum) {
	long long i = index();
	if (i >= n) return;
	float d = g[i] + sum[i];
	if (!s->hold) g[i] = d / (float)count;
	sum[i] = s->hold ? d : 0.0f;
}

KERNEL(update_begin, 256, const StepState *s, long long n, const float *p, float *slot) {
	long long i = index();
	if (i < n && s->begin) slot[i] = p[i];
}

KERNEL(update_decay, 256, const StepState *s, long long n, double decay, float *p) {
	long long i = index();
	if (i < n && !s->hold) p[i] = p[i] - p[i] * (float)decay * (float)s->rate;
}

KERNEL(update_average, 256, const StepState *s, long long n, double momentum, float *p, float *average) {
	long long i = index();
	if (i >= n) return;
	float a = s->first ? p[i] : (float)(momentum * (double)average[i] + (1.0 - momentum) * (double)p[i]);
	average[i] = a;
	if (s->overwrite) p[i] = a;
}

// s is 0 where no step is held.
KERNEL(update_clip_value, 256, const StepState *s, long long n, double low, double high, float *g) {
	long long i = index();
	if (i >= n || (s && s->hold)) return;
	float v = g[i];
	g[i] = v < (float)low ? (float)low : v > (float)high ? (float)high : v;
}

// A clipPart is a range of gradients, and the parts of all gradients whose norm counts with its own.
struct clipPart { long long from, to, first, end; };

// The sum of squares of each part; a block has a part.
KERNEL(update_clip_squares, 256, const clipPart *parts, const float *g, double *squares) {
	__shared__ double kept[33];
	clipPart c = parts[blockIdx.x];
	double sum = 0;
	for (long long i = c.from + threadIdx.x; i < c.to; i += blockDim.x) sum = fma((double)g[i], (double)g[i], sum);
	sum = blockSum(sum, kept);
	if (threadIdx.x == 0) squares[blockIdx.x] = sum;
}

// A norm that is NaN or infinite makes all of its gradients NaN.
KERNEL(update_clip_norm, 256, const StepState *s, const clipPart *parts, double bound, const double *squares, float *g) {
	__shared__ double kept[33];
	clipPart c = parts[blockIdx.x];
	double sum = 0;
	for (long long i = c.first + threadIdx.x; i < c.end; i += blockDim.x) sum += squares[i];
	double norm = sqrt(blockSum(sum, kept));
	if (norm <= bound || s->hold) return;
	float factor = (float)(bound / norm + (norm - norm));
	for (long long i = c.from + threadIdx.x; i < c.to; i += blockDim.x) g[i] = factor * g[i];
}

// Weights whose norm is bounded: those at starts[i] + steps[j] for all j. A thread per start.
KERNEL(update_constrain, 256, long long n, long long count, double least, double most, double rate, const int *starts, const int *steps, float *w) {
	long long i = index();
	if (i >= n) return;
	float *first = w + starts[i];
	double norm = 0;
	for (long long j = 0; j < count; j++) {
		double v = first[steps[j]];
		norm = fma(v, v, norm);
	}
	norm = sqrt(norm);
	double bounded = norm != norm ? norm : norm < least ? least : norm > most ? most : norm;
	double factor = (rate * bounded + (1.0 - rate) * norm) / (norm + 1e-7);
	for (long long j = 0; j < count; j++) first[steps[j]] = (float)((double)first[steps[j]] * factor);
}

// ---- penalties

// g + scale·(l1·sign(x) + 2·l2·x); g may be 0.
KERNEL(penalty_grad, 256, long long n, double scale, double l1, double l2, const float *x, const float *g, float *y) {
	long long i = index();
	if (i >= n) return;
	float v = x[i], first = (float)scale * (float)l1, d = (float)scale * 2.0f * (float)l2 * v;
	if (v > 0) d = d + first;
	else if (v < 0) d = d - first;
	y[i] = g ? d + g[i] : d;
}

// A penaltyRow is a row of a matrix w, rows x columns, or a column where transposed is set; a warp has it.
struct penaltyRow {
	long long number, n, start, stride;
	int lane;
	bool exists;
	DEVICE penaltyRow(long long rows, long long columns, long long transposed) : n(transposed ? rows : columns), stride(transposed ? columns : 1) {
		number = index() / 32, lane = threadIdx.x % 32;
		start = transposed ? number : number * columns;
		exists = number < (transposed ? columns : rows);
	}
};

// Rows divided by their norms: unit, with 1/norm (at most 1e7).
KERNEL(penalty_units, 256, long long rows, long long columns, long long transposed, const float *w, float *inverse, float *unit) {
	penaltyRow r(rows, columns, transposed);
	if (!r.exists) return;
	double squares = 0;
	for (long long j = r.lane; j < r.n; j += 32) {
		double v = w[r.start + j * r.stride];
		squares = fma(v, v, squares);
	}
	double size = 1.0 / sqrt(warpSum(squares));
	float factor = (float)(size > 1e7 ? 1e7 : size);
	for (long long j = r.lane; j < r.n; j += 32) unit[r.number * r.n + j] = factor * w[r.start + j * r.stride];
	if (r.lane == 0) inverse[r.number] = factor;
}

// The signs of the products of different rows, rows x rows.
KERNEL(penalty_signs, 256, long long size, long long rows, float *products) {
	long long i = index();
	if (i >= size) return;
	float v = products[i];
	if (i / rows == i % rows) v = 0;
	products[i] = v > 0 ? 1.0f : v < 0 ? -1.0f : v; // NaN stays
}

KERNEL(penalty_orthogonal_grad, 256, long long rows, long long columns, long long transposed, double factor, const float *inverse, const float *unit, const float *direction, const float *g,
	float *y) {
	penaltyRow r(rows, columns, transposed);
	if (!r.exists) return;
	long long count = transposed ? columns : rows;
	unit += r.number * r.n, direction += r.number * r.n;
	double along = 0; // the part of the direction along the row, which the division by the norm takes away
	if (inverse[r.number] < 1e7f)
		for (long long j = r.lane; j < r.n; j += 32) along = fma((double)unit[j], (double)direction[j], along);
	float shift = (float)warpSum(along), scale = (float)factor / ((float)count * (float)(count - 1) / 2.0f) * inverse[r.number];
	for (long long j = r.lane; j < r.n; j += 32) {
		long long at = r.start + j * r.stride;
		y[at] = g[at] + scale * (direction[j] - shift * unit[j]);
	}
}
