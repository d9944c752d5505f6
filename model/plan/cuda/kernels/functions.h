// functions.h has the elementary functions. Those of CUDA and of a C library differ in their last bits; these consist of operations that
// IEEE 754 defines, so that they do not. Polynomials are Taylor series over ranges that are small enough, but for erfc.
#pragma once
#include "common.h"

DEVICE float power2(int n) { return __int_as_float((n + 127) << 23); }              // n from -126 to 127
DEVICE double power2d(int n) { return __longlong_as_double((long long)(n + 1023) << 52); } // n from -1022 to 1023

// ---- in single precision, with errors of about 1 unit in the last place (exponent, logistic) or 2.5 (hyperbolicTangent)

// exponent is e^x. x = n·ln 2 + r, and e^r is a polynomial.
DEVICE float exponent(float x) {
	float c = x > 89.0f ? 89.0f : x >= -104.0f ? x : -104.0f; // NaN: any number
	float n = rintf(c * 1.44269504f);
	float r = fmaf(n, -0.693145752f, c);
	r = fmaf(n, -1.42860677e-06f, r);
	float p = 1.98412698e-04f;
	p = fmaf(p, r, 1.38888889e-03f);
	p = fmaf(p, r, 8.33333333e-03f);
	p = fmaf(p, r, 4.16666667e-02f);
	p = fmaf(p, r, 1.66666667e-01f);
	p = fmaf(p, r, 0.5f);
	p = fmaf(p, r, 1.0f);
	p = fmaf(p, r, 1.0f);
	int e = (int)n, half = e / 2; // in two steps: results may be subnormal or infinite
	return x != x ? x : p * power2(half) * power2(e - half);
}

// logistic is 1/(1 + e^-x).
DEVICE float logistic(float x) {
	float e = exponent(x > 0 ? -x : x);
	return (x > 0 ? 1.0f : e) / (1.0f + e);
}

// hyperbolicTangent is tanh x.
DEVICE float hyperbolicTangent(float x) {
	float a = fabsf(x), s = x * x;
	float p = 5.90027441e-04f; // the series of tanh, to x^17
	p = fmaf(p, s, -1.45583438e-03f);
	p = fmaf(p, s, 3.59212803e-03f);
	p = fmaf(p, s, -8.86323552e-03f);
	p = fmaf(p, s, 2.18694885e-02f);
	p = fmaf(p, s, -5.39682540e-02f);
	p = fmaf(p, s, 1.33333333e-01f);
	p = fmaf(p, s, -3.33333333e-01f);
	float near = fmaf(p * s, x, x);
	float e = exponent(-2.0f * a);
	float far = (1.0f - e) / (1.0f + e);
	return a < 0.5f ? near : x < 0 ? -far : far; // NaN comes through exponent
}

// ---- in double precision, for results that are rounded to single precision: losses, the rarer activations, functions

DEVICE double bigger(double a, double b) { return a != a || a > b ? a : b; }
DEVICE double limited(double x, double low, double high) { return x < low ? low : x > high ? high : x; }
DEVICE double signOf(double x) { return x > 0 ? 1.0 : x < 0 ? -1.0 : 0.0 * x; }

// expSeries is (e^r - 1)/r for |r| up to about 0.35.
DEVICE double expSeries(double r) {
	double p = 1.0 / 87178291200.0;
	p = fma(p, r, 1.0 / 6227020800.0);
	p = fma(p, r, 1.0 / 479001600.0);
	p = fma(p, r, 1.0 / 39916800.0);
	p = fma(p, r, 1.0 / 3628800.0);
	p = fma(p, r, 1.0 / 362880.0);
	p = fma(p, r, 1.0 / 40320.0);
	p = fma(p, r, 1.0 / 5040.0);
	p = fma(p, r, 1.0 / 720.0);
	p = fma(p, r, 1.0 / 120.0);
	p = fma(p, r, 1.0 / 24.0);
	p = fma(p, r, 1.0 / 6.0);
	p = fma(p, r, 0.5);
	return fma(p, r, 1.0);
}

DEVICE double expd(double x) {
	double c = x > 710.0 ? 710.0 : x >= -746.0 ? x : -746.0;
	double n = rint(c * 1.4426950408889634);
	double r = fma(n, -6.93147180369123816490e-01, c); // ln 2 in two parts
	r = fma(n, -1.90821492927058770002e-10, r);
	int e = (int)n, half = e / 2;
	return x != x ? x : fma(expSeries(r), r, 1.0) * power2d(half) * power2d(e - half);
}

DEVICE double expm1d(double x) {
	return fabs(x) < 0.34 ? x * expSeries(x) : expd(x) - 1.0;
}

// logd is ln x. x = 2^e·m with m from √½ to √2, and ln m = 2·artanh((m-1)/(m+1)).
DEVICE double logd(double x) {
	if (!(x > 0)) return x == 0 ? -(double)INFINITY : (double)NAN;
	if (x - x != 0) return x; // +Inf
	int e = 0;
	if (x < 2.2250738585072014e-308) x *= 18014398509481984.0, e = -54;
	long long bits = __double_as_longlong(x);
	long long above = bits - 0x3fe6a09e667f3bcdLL; // that of √½
	int shift = (int)(above >> 52);
	e += shift;
	double m = __longlong_as_double(bits - ((long long)shift << 52));
	double s = (m - 1.0) / (m + 1.0), q = s * s;
	double p = 1.0 / 23.0;
	p = fma(p, q, 1.0 / 21.0);
	p = fma(p, q, 1.0 / 19.0);
	p = fma(p, q, 1.0 / 17.0);
	p = fma(p, q, 1.0 / 15.0);
	p = fma(p, q, 1.0 / 13.0);
	p = fma(p, q, 1.0 / 11.0);
	p = fma(p, q, 1.0 / 9.0);
	p = fma(p, q, 1.0 / 7.0);
	p = fma(p, q, 1.0 / 5.0);
	p = fma(p, q, 1.0 / 3.0);
	double log = fma(p * q, 2.0 * s, 2.0 * s);
	return fma((double)e, 6.93147180559945286227e-01, fma((double)e, 2.31904681384629955842e-17, log));
}

// log1pd is ln(1 + x): the rounding error of 1 + x is put right by a step of Newton's.
DEVICE double log1pd(double x) {
	double u = 1.0 + x;
	if (u == 1.0) return x;
	double l = logd(u);
	return u - u != 0 || u <= 0 ? l : l - ((u - 1.0) - x) / u;
}

DEVICE double tanhd(double x) {
	double e = expm1d(-2.0 * fabs(x)), t = -e / (e + 2.0);
	return x < 0 ? -t : t;
}

DEVICE double sigmoidd(double x) { return 1.0 / (1.0 + expd(-x)); }
DEVICE double softplusd(double x) { return bigger(x, 0.0) + log1pd(expd(-fabs(x))); }
DEVICE double sinhd(double x) {
	double e = expm1d(fabs(x)), s = 0.5 * (e + e / (e + 1.0));
	if (fabs(x) > 709.0) { double h = expd(0.5 * fabs(x)); s = 0.5 * h * h; }
	return x < 0 ? -s : s;
}
DEVICE double coshd(double x) {
	double h = expd(0.5 * fabs(x));
	return fabs(x) > 700.0 ? 0.5 * h * h : 0.5 * (h * h + 1.0 / (h * h));
}

// powd is x^y as C and Go define it, for finite y.
DEVICE double powd(double x, double y) {
	if (y == 0.0 || x == 1.0) return 1.0;
	if (x != x || y != y) return x + y;
	bool whole = rint(y) == y, odd = whole && rint(0.5 * y) != 0.5 * y && fabs(y) < 9007199254740992.0;
	double a = fabs(x), v;
	if (a == 0.0) {
		v = y > 0 ? 0.0 : (double)INFINITY;
	} else if (a - a != 0) {
		v = y > 0 ? (double)INFINITY : 0.0;
	} else if (y - y != 0) {
		v = a == 1.0 ? 1.0 : (a > 1.0) == (y > 0) ? (double)INFINITY : 0.0;
	} else if (y == 0.5) {
		v = sqrt(a);
	} else if (y == 1.0) {
		v = a;
	} else if (y == 2.0) {
		v = a * a;
	} else {
		v = expd(y * logd(a));
	}
	bool negative = x < 0 || (x == 0.0 && __double_as_longlong(x) < 0);
	if (!negative) return v;
	if (x != 0.0 && a - a == 0 && !whole) return (double)NAN;
	return odd ? -v : v;
}

// erfcd is the complementary error function: t·e^(P(t) - x²) with t = 2/(2+x) for x from 0 on, P being a Chebyshev fit of degree 17 that is
// off by less than 2e-13; beyond x = 13.5 the result is too small for single precision.
DEVICE double erfcd(double x) {
	double a = fabs(x) > 13.5 ? 13.5 : fabs(x); // NaN stays
	double t = 2.0 / (2.0 + a), u = fma(2.2962962962962963, t, -1.2962962962962963);
	double p = -1.4217957535037652e-07;
	p = fma(p, u, 2.3626456515491294e-07);
	p = fma(p, u, 9.82988383209045e-07);
	p = fma(p, u, -2.6733070016704704e-06);
	p = fma(p, u, -2.0838325912858817e-06);
	p = fma(p, u, 1.5812847602076424e-05);
	p = fma(p, u, -1.0028569823961766e-05);
	p = fma(p, u, -6.313712446487003e-05);
	p = fma(p, u, 1.2439943940162975e-04);
	p = fma(p, u, 1.7051866679028698e-04);
	p = fma(p, u, -8.101851159678944e-04);
	p = fma(p, u, -1.3727938051751596e-04);
	p = fma(p, u, 4.696874423624755e-03);
	p = fma(p, u, -2.2535874563157764e-03);
	p = fma(p, u, -3.3345096885386845e-02);
	p = fma(p, u, 2.154309449162866e-02);
	p = fma(p, u, 5.94388630863865e-01);
	p = fma(p, u, -5.843163361342808e-01);
	double c = t * expd(fma(-a, a, p));
	if (x > 13.5) c = 0;
	return x < 0 ? 2.0 - c : c;
}

// A quadrant is an angle from -π/4 to π/4 and how many quarter turns were taken off.
struct quadrant { double angle; int turns; };

// twoOverPi are 32 bits of 2/π = 0.A2F9836E…, of which word 0 are the first.
DEVICE unsigned long long twoOverPi(int word) {
	switch (word) {
	case 0: return 0xA2F9836E;
	case 1: return 0x4E441529;
	case 2: return 0xFC2757D1;
	case 3: return 0xF534DDC0;
	case 4: return 0xDB629599;
	case 5: return 0x3C439041;
	case 6: return 0xFE5163AB;
	}
	return 0xDEBBC561;
}

// reducedLarge takes x = m·2^e with a whole number m below 2^24 and e from 2 on, as numbers of single precision from 2^26 on are. What m is multiplied
// with, 2^e·2/π without multiples of 4, are 2 bits of whole quarter turns and 94 of fractions; so multiples of whole turns drop out.
DEVICE quadrant reducedLarge(double x) {
	int e = (int)(__double_as_longlong(fabs(x)) >> 52) - 1023 - 23;
	unsigned long long m = (unsigned long long)(fabs(x) * power2d(-e)), high, low;
	int word = (e - 2) / 32, shift = (e - 2) % 32;
	high = twoOverPi(word) << 32 | twoOverPi(word + 1), low = twoOverPi(word + 2) << 32 | twoOverPi(word + 3);
	if (shift > 0) high = high << shift | low >> (64 - shift), low <<= shift;
	unsigned long long sum = m * high + (m * (low >> 32) >> 32);
	int turns = (int)(sum >> 62);
	double fraction = (double)(long long)(sum << 2) * 5.421010862427522e-20; // 2^-64, from -1/2: the nearest quarter turn
	if (fraction < 0) turns = (turns + 1) % 4;
	double angle = fraction * 1.5707963267948966;
	return x < 0 ? quadrant{-angle, (4 - turns) % 4} : quadrant{angle, turns};
}

// reduced is for numbers of single precision, and for others up to 2^26.
DEVICE quadrant reduced(double x) {
	if (fabs(x) >= 67108864.0) return reducedLarge(x);
	double n = rint(x * 0.63661977236758134308);
	double r = fma(-n, 1.5707963267948966, x);
	r = fma(-n, 6.123233995736766e-17, r);
	int turns = (int)n % 4;
	return {r, turns < 0 ? turns + 4 : turns};
}

DEVICE double sinSeries(double r) {
	double q = r * r, p = -1.0 / 1307674368000.0;
	p = fma(p, q, 1.0 / 6227020800.0);
	p = fma(p, q, -1.0 / 39916800.0);
	p = fma(p, q, 1.0 / 362880.0);
	p = fma(p, q, -1.0 / 5040.0);
	p = fma(p, q, 1.0 / 120.0);
	p = fma(p, q, -1.0 / 6.0);
	return fma(p * q, r, r);
}

DEVICE double cosSeries(double r) {
	double q = r * r, p = 1.0 / 20922789888000.0;
	p = fma(p, q, -1.0 / 87178291200.0);
	p = fma(p, q, 1.0 / 479001600.0);
	p = fma(p, q, -1.0 / 3628800.0);
	p = fma(p, q, 1.0 / 40320.0);
	p = fma(p, q, -1.0 / 720.0);
	p = fma(p, q, 1.0 / 24.0);
	p = fma(p, q, -0.5);
	return fma(p, q, 1.0);
}

// turned is the sine of an angle after so many more quarter turns.
DEVICE double turned(double x, int more) {
	if (x - x != 0) return x - x;
	quadrant q = reduced(x);
	int t = (q.turns + more) % 4;
	double s = sinSeries(q.angle), c = cosSeries(q.angle), v = t % 2 == 0 ? s : c;
	return t < 2 ? v : -v;
}
DEVICE double sind(double x) { return turned(x, 0); }
DEVICE double cosd(double x) { return turned(x, 1); }
