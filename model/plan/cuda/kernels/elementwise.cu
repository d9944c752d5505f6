// elementwise.cu: operations on single elements. A thread does one.
#include "activations.h"

KERNEL(elementwise_activation, 256, long long n, long long kind, const float *x, float *y) {
	long long i = index();
	if (i < n) y[i] = activated((int)kind, x[i]);
}

// From the output y.
KERNEL(elementwise_activation_grad, 256, long long n, long long kind, const float *y, const float *dy, float *dx) {
	long long i = index();
	if (i < n) dx[i] = passedOfOutput((int)kind, y[i], dy[i]);
}

// From the input x.
KERNEL(elementwise_activation_grad_x, 256, long long n, long long kind, const float *x, const float *dy, float *dx) {
	long long i = index();
	if (i >= n) return;
	if (kind == LINEAR || kind == RELU) dx[i] = passedOfOutput((int)kind, x[i], dy[i]);
	else dx[i] = (float)((double)dy[i] * slopeOfInput((int)kind, x[i]));
}

KERNEL(elementwise_function, 256, long long n, long long kind, const float *x, float *y) {
	long long i = index();
	if (i < n) y[i] = (float)valueOf((int)kind, x[i]);
}

KERNEL(elementwise_function_grad, 256, long long n, long long kind, const float *x, const float *dy, float *dx) {
	long long i = index();
	if (i < n) dx[i] = (float)((double)dy[i] * slopeOf((int)kind, x[i]));
}

// What a layer does to its sums beyond what its own kernel knows: an activation, then a dropout.
KERNEL(elementwise_epilogue, 256, const StepState *s, long long n, long long kind, double rate, long long number, const float *x, float *y) {
	long long i = index();
	if (i < n) y[i] = dropped(dropOf(s, rate, number), i, activated((int)kind, x[i]));
}

KERNEL(elementwise_dropout, 256, const StepState *s, long long n, double rate, long long number, const float *x, float *y) {
	long long i = index();
	if (i < n) y[i] = dropped(dropOf(s, rate, number), i, x[i]);
}

KERNEL(elementwise_relu_dropout_grad, 256, long long n, double rate, const float *y, const float *dy, float *dx) {
	long long i = index();
	if (i < n) dx[i] = y[i] > 0 ? dy[i] * (float)(1.0 / (1.0 - rate)) : 0.0f;
}

// noise is a normally distributed number, by Box and Muller.
DEVICE float noise(stream keys, double stddev, unsigned i) {
	double u = ((double)drawn(keys, 2 * i) + 1.0) / 4294967296.0, v = (double)drawn(keys, 2 * i + 1) / 4294967296.0;
	return (float)(stddev * sqrt(-2.0 * logd(u)) * cosd(6.283185307179586 * v));
}

KERNEL(elementwise_noise_add, 256, const StepState *s, long long n, double stddev, long long number, const float *x, float *y) {
	long long i = index();
	if (i < n) y[i] = x[i] + noise(streamOf(s, number), stddev, (unsigned)i);
}

KERNEL(elementwise_noise_multiply, 256, const StepState *s, long long n, double stddev, long long number, const float *x, float *y) {
	long long i = index();
	if (i < n) y[i] = x[i] * (1.0f + noise(streamOf(s, number), stddev, (unsigned)i));
}

KERNEL(elementwise_add, 256, long long n, const float *x, const float *y, float *z) {
	long long i = index();
	if (i < n) z[i] = x[i] + y[i];
}

KERNEL(elementwise_multiply, 256, long long n, const float *x, const float *y, float *z) {
	long long i = index();
	if (i < n) z[i] = x[i] * y[i];
}

KERNEL(elementwise_divide, 256, long long n, const float *x, const float *y, float *z) {
	long long i = index();
	if (i < n) z[i] = x[i] / y[i];
}

KERNEL(elementwise_power, 256, long long n, const float *x, const float *y, float *z) {
	long long i = index();
	if (i < n) z[i] = (float)powd(x[i], y[i]);
}

// relation: the numbers of kernels.Relation.
KERNEL(elementwise_compare, 256, long long n, long long relation, const float *x, const float *y, float *z) {
	long long i = index();
	if (i >= n) return;
	float a = x[i], b = y[i];
	bool holds = a != b;
	switch (relation) {
	case 0: holds = a < b; break;
	case 1: holds = a <= b; break;
	case 2: holds = a > b; break;
	case 3: holds = a >= b; break;
	case 4: holds = a == b; break;
	}
	z[i] = holds ? 1.0f : 0.0f;
}

KERNEL(elementwise_scale, 256, long long n, double factor, double offset, const float *x, float *y) {
	long long i = index();
	if (i < n) y[i] = (float)factor * x[i] + (float)offset;
}

// The larger one, or the smaller; NaN of either is the result, and of zeros -0 is the smaller.
KERNEL(elementwise_extremum, 256, long long n, long long smallest, const float *x, const float *y, float *z) {
	long long i = index();
	if (i >= n) return;
	float a = x[i], b = y[i];
	if (a == b && a == 0) z[i] = smallest ? -(-a + -b) : a + b;
	else if (b != b) z[i] = b;
	else z[i] = a != a || (smallest ? a < b : a > b) ? a : b;
}

KERNEL(elementwise_extremum_grad, 256, long long n, long long smallest, long long second, const float *x, const float *y, const float *dz, float *d) {
	long long i = index();
	if (i >= n) return;
	bool first = smallest ? x[i] <= y[i] : x[i] >= y[i];
	d[i] = first == (second != 0) ? 0.0f : dz[i];
}

KERNEL(elementwise_copy, 256, long long n, const float *x, float *y) {
	long long i = index();
	if (i < n) y[i] = x[i];
}

KERNEL(elementwise_fill, 256, long long n, double value, float *y) {
	long long i = index();
	if (i < n) y[i] = (float)value;
}

KERNEL(elementwise_ramp, 256, long long n, double most, double slope, double threshold, const float *x, float *y) {
	long long i = index();
	if (i >= n) return;
	float v = x[i];
	if (v <= (float)threshold) v = (float)slope * (v - (float)threshold);
	else if (v > (float)most) v = (float)most;
	y[i] = v;
}

KERNEL(elementwise_ramp_grad, 256, long long n, double most, double slope, double threshold, const float *x, const float *dy, float *dx) {
	long long i = index();
	if (i >= n) return;
	float v = x[i], d = dy[i];
	if (v <= (float)threshold) d *= (float)slope;
	else if (v >= (float)most) d = 0;
	dx[i] = d;
}

KERNEL(elementwise_elu, 256, long long n, double alpha, const float *x, float *y) {
	long long i = index();
	if (i < n) y[i] = x[i] > 0 ? x[i] : (float)alpha * (float)expm1d(x[i]);
}

KERNEL(elementwise_elu_grad, 256, long long n, double alpha, const float *y, const float *dy, float *dx) {
	long long i = index();
	if (i < n) dx[i] = y[i] > 0 ? dy[i] : dy[i] * (y[i] + (float)alpha);
}

// moving: a running average towards a value of a batch.
KERNEL(elementwise_moving, 256, long long n, double momentum, const float *batch, const float *old, float *y) {
	long long i = index();
	if (i < n) y[i] = (float)momentum * old[i] + (float)(1.0 - momentum) * batch[i];
}

KERNEL(elementwise_round_bfloat16, 256, long long n, const float *x, float *y) {
	long long i = index();
	if (i < n) y[i] = bfloat16(x[i]);
}
