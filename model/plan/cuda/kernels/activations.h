// activations.h has the functions of kernels.Activation and kernels.Function, by their numbers there, and dropout.
#pragma once
#include "functions.h"

// The numbers of kernels.Activation.
enum activation_kind {
	LINEAR, RELU, SIGMOID, TANH, ELU, SELU, SOFTPLUS, SOFTSIGN, EXPONENTIAL, HARD_SIGMOID, HARD_SIGMOID_V2, RELU6, LEAKY_RELU, SILU, GELU, GELU_TANH, MISH
};

#define SELU_SCALE 1.0507009873554804934193349852946
#define SELU_ALPHA 1.6732632423543772848170429916717
#define GELU_ROOT 0.79788456080286535588 // √(2/π)

DEVICE double normalCDF(double x) { return 0.5 * erfcd(-x * 0.70710678118654752440); }

DEVICE float rectified(float x) { return x < 0 ? 0.0f : x; }

// activated is f(x). Kinds share the functions that they consist of, so that each is written out once in a kernel.
DEVICE float activated(int kind, float x) {
	switch (kind) {
	case LINEAR: return x;
	case RELU: return rectified(x);
	case RELU6: return x < 0 ? 0.0f : x > 6 ? 6.0f : x;
	case LEAKY_RELU: return x > 0 ? x : (float)(0.2 * (double)x);
	case TANH: return hyperbolicTangent(x);
	case SIGMOID: case EXPONENTIAL: {
		float e = exponent(kind == SIGMOID && x > 0 ? -x : x);
		return kind == EXPONENTIAL ? e : (x > 0 ? 1.0f : e) / (1.0f + e);
	}
	}
	double v = x, t = 0;
	if (kind == SOFTPLUS || kind == MISH) t = softplusd(v);
	if (kind == GELU_TANH) t = GELU_ROOT * (v + 0.044715 * v * v * v);
	if (kind == GELU_TANH || kind == MISH) t = tanhd(t);
	if (kind == ELU || kind == SELU) t = v > 0 ? v : expm1d(v);
	switch (kind) {
	case ELU: case SOFTPLUS: v = t; break;
	case SELU: v = SELU_SCALE * (v > 0 ? v : SELU_ALPHA * t); break;
	case SOFTSIGN: v = v / (1.0 + fabs(v)); break;
	case HARD_SIGMOID: v = limited(v / 6.0 + 0.5, 0, 1); break;
	case HARD_SIGMOID_V2: v = limited(v / 5.0 + 0.5, 0, 1); break;
	case SILU: v = v * sigmoidd(v); break;
	case GELU: v = v * normalCDF(v); break;
	case GELU_TANH: v = 0.5 * v * (1.0 + t); break;
	case MISH: v = v * t; break;
	}
	return (float)v;
}

// slopeOfOutput is f'(x) from y = f(x), for the kinds up to LEAKY_RELU.
DEVICE double slopeOfOutput(int kind, double y) {
	switch (kind) {
	case SIGMOID: return y * (1.0 - y);
	case TANH: return 1.0 - y * y;
	case ELU: return y > 0 ? 1.0 : y + 1.0;
	case SELU: return y > 0 ? SELU_SCALE : y + SELU_SCALE * SELU_ALPHA;
	case SOFTPLUS: return -expm1d(-y);
	case SOFTSIGN: { double d = 1.0 - fabs(y); return d * d; }
	case EXPONENTIAL: return y;
	case HARD_SIGMOID: return y > 0 && y < 1 ? 1.0 / 6.0 : 0.0;
	case HARD_SIGMOID_V2: return y > 0 && y < 1 ? 0.2 : 0.0;
	case RELU6: return y > 0 && y < 6 ? 1.0 : 0.0;
	case LEAKY_RELU: return y > 0 ? 1.0 : 0.2;
	}
	return 1.0;
}

// slopeOfInput is f'(x), for all kinds but LINEAR and RELU.
DEVICE double slopeOfInput(int kind, double x) {
	switch (kind) {
	case SIGMOID: case SOFTPLUS: case SILU: {
		double s = sigmoidd(x), other = sigmoidd(-x);
		return kind == SOFTPLUS ? s : kind == SIGMOID ? s * other : s + x * s * other;
	}
	case TANH: { double y = tanhd(x); return 1.0 - y * y; }
	case ELU: case SELU: case EXPONENTIAL: {
		double e = kind == EXPONENTIAL || !(x > 0) ? expd(x) : 1.0;
		return kind != SELU ? e : SELU_SCALE * (x > 0 ? 1.0 : SELU_ALPHA * e);
	}
	case SOFTSIGN: { double d = 1.0 / (1.0 + fabs(x)); return d * d; }
	case HARD_SIGMOID: return x > -3 && x < 3 ? 1.0 / 6.0 : 0.0;
	case HARD_SIGMOID_V2: return x > -2.5 && x < 2.5 ? 0.2 : 0.0;
	case RELU6: return x > 0 && x < 6 ? 1.0 : 0.0;
	case LEAKY_RELU: return x > 0 ? 1.0 : 0.2;
	case GELU: return normalCDF(x) + x * expd(-x * x / 2.0) * 0.39894228040143267794;
	case GELU_TANH: {
		double t = tanhd(GELU_ROOT * (x + 0.044715 * x * x * x));
		return 0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * GELU_ROOT * (1.0 + 3.0 * 0.044715 * x * x);
	}
	case MISH: { double t = tanhd(softplusd(x)); return t + x * (1.0 - t * t) * sigmoidd(x); }
	}
	return 1.0;
}

// passed is dy·f'(x). Where the derivative of RELU is zero the result is zero whatever dy is.
DEVICE float passedOfOutput(int kind, float y, float dy) {
	if (kind == LINEAR) return dy;
	if (kind == RELU) return y > 0 ? dy : 0.0f;
	return (float)((double)dy * slopeOfOutput(kind, y));
}

// The numbers of kernels.Function.
enum function_kind {
	HARD_SILU, HARD_TANH, HARD_SHRINK, SOFT_SHRINK, TANH_SHRINK, LOG_SIGMOID, SPARSE_PLUS, SPARSE_SIGMOID, SQUARE_PLUS, ABSOLUTE, COSINE, LOGARITHM, RECIPROCAL,
	RECIPROCAL_ROOT, ROOT, SINE, TRUNCATE, CEILING, HYPERBOLIC_COSINE, EXPONENTIAL_MINUS_1, FLOOR, LOGARITHM_1_PLUS, ROUND, SIGN, HYPERBOLIC_SINE
};

DEVICE double valueOf(int kind, double x) {
	switch (kind) {
	case HARD_SILU: return x * limited(x / 6.0 + 0.5, 0, 1);
	case HARD_TANH: return limited(x, -1, 1);
	case HARD_SHRINK: return fabs(x) <= 0.5 ? 0.0 : x;
	case SOFT_SHRINK: return x - limited(x, -0.5, 0.5);
	case TANH_SHRINK: return x - tanhd(x);
	case LOG_SIGMOID: return -softplusd(-x);
	case SPARSE_PLUS: return x <= -1 ? 0.0 : x < 1 ? (x + 1.0) * (x + 1.0) / 4.0 : x;
	case SPARSE_SIGMOID: return limited((x + 1.0) / 2.0, 0, 1);
	case SQUARE_PLUS: return (x + sqrt(x * x + 4.0)) / 2.0;
	case ABSOLUTE: return fabs(x);
	case COSINE: return cosd(x);
	case LOGARITHM: return logd(x);
	case RECIPROCAL: return 1.0 / x;
	case RECIPROCAL_ROOT: return 1.0 / sqrt(x);
	case ROOT: return sqrt(x);
	case SINE: return sind(x);
	case TRUNCATE: return trunc(x);
	case CEILING: return ceil(x);
	case HYPERBOLIC_COSINE: return coshd(x);
	case EXPONENTIAL_MINUS_1: return expm1d(x);
	case FLOOR: return floor(x);
	case LOGARITHM_1_PLUS: return log1pd(x);
	case ROUND: return rint(x);
	case SIGN: return signOf(x);
	case HYPERBOLIC_SINE: return sinhd(x);
	}
	return x;
}

DEVICE double slopeOf(int kind, double x) {
	switch (kind) {
	case HARD_SILU: return limited(x / 6.0 + 0.5, 0, 1) + (x > -3 && x < 3 ? x / 6.0 : 0.0);
	case HARD_TANH: return x >= -1 && x <= 1 ? 1.0 : 0.0;
	case HARD_SHRINK: case SOFT_SHRINK: return fabs(x) <= 0.5 ? 0.0 : 1.0;
	case TANH_SHRINK: { double t = tanhd(x); return t * t; }
	case LOG_SIGMOID: return sigmoidd(-x);
	case SPARSE_PLUS: return limited((x + 1.0) / 2.0, 0, 1);
	case SPARSE_SIGMOID: return x > -1 && x < 1 ? 0.5 : 0.0;
	case SQUARE_PLUS: return (1.0 + x / sqrt(x * x + 4.0)) / 2.0;
	case ABSOLUTE: return signOf(x);
	case COSINE: return -sind(x);
	case LOGARITHM: return 1.0 / x;
	case RECIPROCAL: return -1.0 / (x * x);
	case RECIPROCAL_ROOT: return -0.5 / (x * sqrt(x));
	case ROOT: return 0.5 / sqrt(x);
	case SINE: return cosd(x);
	case HYPERBOLIC_COSINE: return sinhd(x);
	case EXPONENTIAL_MINUS_1: return expd(x);
	case LOGARITHM_1_PLUS: return 1.0 / (1.0 + x);
	case HYPERBOLIC_SINE: return coshd(x);
	}
	return 0.0; // of what is flat
}

// ---- random numbers: the streams of kernels.Drop

DEVICE unsigned long long splitMix(unsigned long long z) {
	z += 0x9e3779b97f4a7c15ULL;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

// A stream is one of random numbers: dropout of a layer, or noise, in a step.
struct stream { unsigned key0, key1; };

DEVICE stream streamOf(const StepState *s, long long number) {
	unsigned long long seed = s->seed + ((unsigned long long)number + 1) * 0x9e3779b97f4a7c15ULL;
	unsigned long long z = splitMix(splitMix(seed) + s->counter);
	return {(unsigned)z, (unsigned)(z >> 32)};
}

DEVICE unsigned drawn(stream k, unsigned i) {
	unsigned h = i ^ k.key0;
	h ^= h >> 16;
	h *= 0x7feb352du;
	h ^= h >> 15;
	h += k.key1;
	h *= 0x846ca68bu;
	h ^= h >> 16;
	return h;
}

// A drop is a dropout with its share of elements; share 0 drops nothing.
struct drop { stream keys; unsigned threshold; float scale; };

DEVICE drop dropOf(const StepState *s, double rate, long long number) {
	if (rate == 0) return {{0, 0}, 0, 1.0f};
	return {streamOf(s, number), (unsigned)(rate * 4294967296.0), (float)(1.0 / (1.0 - rate))};
}

// dropped is element i after a dropout.
DEVICE float dropped(const drop &d, long long i, float x) {
	if (d.threshold == 0) return x;
	return drawn(d.keys, (unsigned)i) < d.threshold ? 0.0f : x * d.scale;
}
