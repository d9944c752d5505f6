// loss.cu: the forms of package model/loss and their gradients, in double precision as there. A warp has a row, but for losses that look at all rows of
// a batch.
#include "rows.h"

#define EPSILON 1e-7

// inside says whether p is not clipped, and clips it to the probabilities that Keras takes a logarithm of.
DEVICE bool clippedTo(double &p, double low, double high) {
	bool inside = !(p < low || p > high);
	p = limited(p, low, high);
	return inside;
}
DEVICE bool clipped(double &p) { return clippedTo(p, (double)1e-7f, (double)(float)(1.0 - 1e-7)); }

// The numbers of elementForms in loss.go: losses that are the mean over the elements of a row.
enum element_kind {
	BINARY, BINARY_LOGITS, FOCAL, FOCAL_LOGITS, HUBER, LOG_COSH, ABSOLUTE_ERROR, PERCENTAGE, SQUARED, SQUARED_LOG, POISSON, HINGE, SQUARED_HINGE
};

// An element is the loss of an element and its parameters: alpha, gamma and balanced of focal forms (gamma also is Huber's delta); smoothing of
// labels.
struct element {
	int kind;
	double alpha, gamma, smoothing;
	bool balanced;

	DEVICE bool hinge() const { return kind == HINGE || kind == SQUARED_HINGE; }
	DEVICE double label(double y) const { return y * (1.0 - smoothing) + smoothing / 2.0; }

	DEVICE static double binary(double p, double t) {
		clipped(p);
		return -(t * logd(p) + (1.0 - t) * logd(1.0 - p));
	}
	DEVICE static double binarySlope(double p, double t) { return clipped(p) ? (1.0 - t) / (1.0 - p) - t / p : 0.0; }
	DEVICE static double logits(double x, double t) { return bigger(x, 0.0) - x * t + log1pd(expd(-fabs(x))); }

	// factor is what a focal form multiplies the cross-entropy with, and its derivative.
	DEVICE double factor(double p, double t, double &slope) const {
		double w = balanced ? t * alpha + (1.0 - t) * (1.0 - alpha) : 1.0, miss = 1.0 - (t * p + (1.0 - t) * (1.0 - p));
		slope = w * powSlope(miss, gamma) * (1.0 - 2.0 * t);
		return w * powd(miss, gamma);
	}
	DEVICE static double powSlope(double v, double e) { return e == 0 ? 0.0 * v : e * powd(v, e - 1.0); }

	DEVICE double value(double p, double y) const {
		double slope;
		switch (kind) {
		case BINARY: return binary(p, label(y));
		case BINARY_LOGITS: return logits(p, label(y));
		case FOCAL: return factor(p, label(y), slope) * binary(p, label(y));
		case FOCAL_LOGITS: return factor(sigmoidd(p), label(y), slope) * logits(p, label(y));
		case HUBER: { double d = fabs(p - y); return d <= gamma ? d * d / 2.0 : gamma * d - gamma * gamma / 2.0; }
		case LOG_COSH: { double d = fabs(p - y); return d + log1pd(expd(-2.0 * d)) - 0.69314718055994530942; }
		case ABSOLUTE_ERROR: return fabs(p - y);
		case PERCENTAGE: return 100.0 * fabs(p - y) / bigger(fabs(y), EPSILON);
		case SQUARED: return (p - y) * (p - y);
		case SQUARED_LOG: { double d = logDifference(p, y); return d * d; }
		case POISSON: return p - y * logd(p + EPSILON);
		case HINGE: return bigger(1.0 - y * p, 0.0);
		}
		double m = bigger(1.0 - y * p, 0.0); // SQUARED_HINGE
		return m * m;
	}
	DEVICE static double logDifference(double p, double y) { return log1pd(bigger(p, EPSILON)) - log1pd(bigger(y, EPSILON)); }

	DEVICE double slope(double p, double y) const {
		double t = label(y), v, s;
		switch (kind) {
		case BINARY: return binarySlope(p, t);
		case BINARY_LOGITS: return sigmoidd(p) - t;
		case FOCAL: v = factor(p, t, s); return v * binarySlope(p, t) + s * binary(p, t);
		case FOCAL_LOGITS: {
			double q = sigmoidd(p);
			v = factor(q, t, s);
			return v * (q - t) + s * q * (1.0 - q) * logits(p, t);
		}
		case HUBER: return limited(p - y, -gamma, gamma);
		case LOG_COSH: return tanhd(p - y);
		case ABSOLUTE_ERROR: return signOf(p - y);
		case PERCENTAGE: return 100.0 * signOf(p - y) / bigger(fabs(y), EPSILON);
		case SQUARED: return 2.0 * (p - y);
		case SQUARED_LOG: return p < EPSILON ? 0.0 : 2.0 * logDifference(p, y) / (1.0 + p);
		case POISSON: return 1.0 - y / (p + EPSILON);
		case HINGE: return 1.0 - y * p < 0 ? 0.0 : -y + 0.0 * p;
		}
		return -2.0 * y * bigger(1.0 - y * p, 0.0); // SQUARED_HINGE
	}
};

// hingeLabels says whether all labels of a row are 0 or 1, which hinges take for -1 and 1.
DEVICE bool zerosAndOnes(const row &r, const float *y) {
	int others = 0;
	for (int j = r.lane; j < r.n; j += 32) others += y[j] != 0 && y[j] != 1;
	return warpSum(others) == 0;
}

KERNEL(loss_elements, 256, long long rows, long long n, long long kind, double alpha, double gamma, double smoothing, long long balanced, const float *p, const float *y, float *losses) {
	row r(rows, n);
	if (!r.exists) return;
	p += r.start, y += r.start;
	element e = {(int)kind, alpha, gamma, smoothing, balanced != 0};
	bool signs = e.hinge() && zerosAndOnes(r, y);
	double sum = 0;
	for (int j = r.lane; j < r.n; j += 32) sum += e.value(p[j], signs ? 2.0 * y[j] - 1.0 : (double)y[j]);
	sum = warpSum(sum);
	if (r.lane == 0) losses[r.number] = (float)(sum / (double)r.n);
}

KERNEL(loss_elements_grad, 256, long long rows, long long n, long long kind, double alpha, double gamma, double smoothing, long long balanced, const float *p, const float *y,
	const float *scale, float *dp) {
	row r(rows, n);
	if (!r.exists) return;
	p += r.start, y += r.start, dp += r.start;
	element e = {(int)kind, alpha, gamma, smoothing, balanced != 0};
	bool signs = e.hinge() && zerosAndOnes(r, y);
	double s = (double)scale[r.number] / (double)r.n;
	for (int j = r.lane; j < r.n; j += 32) dp[j] = (float)(s * e.slope(p[j], signs ? 2.0 * y[j] - 1.0 : (double)y[j]));
}

// ---- of the classes of a row

DEVICE double classLabel(double y, double smoothing, int n) { return y * (1.0 - smoothing) + smoothing / (double)n; }

// From probabilities, which are divided by their sum.
KERNEL(loss_categorical, 256, long long rows, long long n, double smoothing, const float *p, const float *y, float *losses) {
	row r(rows, n);
	if (!r.exists) return;
	p += r.start, y += r.start;
	double sum = rowSum(r, p), loss = 0;
	for (int j = r.lane; j < r.n; j += 32) {
		double t = classLabel(y[j], smoothing, r.n), q = (double)p[j] / sum;
		if (t == 0) continue;
		clipped(q);
		loss -= t * logd(q);
	}
	loss = warpSum(loss);
	if (r.lane == 0) losses[r.number] = (float)loss;
}

KERNEL(loss_categorical_grad, 256, long long rows, long long n, double smoothing, const float *p, const float *y, const float *scale, float *dp) {
	row r(rows, n);
	if (!r.exists) return;
	p += r.start, y += r.start, dp += r.start;
	double sum = rowSum(r, p), s = scale[r.number], mass = 0;
	for (int j = r.lane; j < r.n; j += 32) {
		double q = (double)p[j] / sum;
		if (clipped(q)) mass += classLabel(y[j], smoothing, r.n);
	}
	mass = warpSum(mass);
	for (int j = r.lane; j < r.n; j += 32) {
		double d = mass / sum, t = classLabel(y[j], smoothing, r.n), q = (double)p[j] / sum;
		if (clipped(q) && t != 0) d -= t / (double)p[j];
		dp[j] = (float)(s * d);
	}
}

// An ignored says which rows count for nothing: those of a class, or, where there is no such class (outside 0..n-1), those of none.
struct ignored {
	long long on, number;
	DEVICE bool has(const row &r, const float *y) const {
		if (!on) return false;
		if (number >= 0 && number < r.n) return y[number] != 0;
		int found = 0;
		for (int j = r.lane; j < r.n; j += 32) found += y[j] != 0;
		return warpSum(found) == 0;
	}
};

// From logits. skip: a label of 0 counts as nothing even where the logit is infinite.
KERNEL(loss_softmax, 256, long long rows, long long n, double smoothing, long long ignore, long long ignoredClass, const float *x, const float *y, float *losses) {
	row r(rows, n);
	if (!r.exists) return;
	x += r.start, y += r.start;
	double total = logSumExp(r, x), loss = 0;
	for (int j = r.lane; j < r.n; j += 32) {
		double t = smoothing == 0 ? (double)y[j] : classLabel(y[j], smoothing, r.n);
		if (smoothing != 0 || t != 0) loss += t * (total - (double)x[j]);
	}
	loss = warpSum(loss);
	bool none = ignored{ignore, ignoredClass}.has(r, y);
	if (r.lane == 0) losses[r.number] = none ? 0.0f : (float)loss;
}

KERNEL(loss_softmax_grad, 256, long long rows, long long n, double smoothing, long long ignore, long long ignoredClass, const float *x, const float *y, const float *scale, float *dx) {
	row r(rows, n);
	if (!r.exists) return;
	x += r.start, y += r.start, dx += r.start;
	double total = logSumExp(r, x), s = scale[r.number];
	bool none = ignored{ignore, ignoredClass}.has(r, y);
	for (int j = r.lane; j < r.n; j += 32) {
		double t = smoothing == 0 ? (double)y[j] : classLabel(y[j], smoothing, r.n);
		dx[j] = none ? 0.0f : (float)(s * (expd((double)x[j] - total) - t));
	}
}

// From probabilities that are clipped one by one.
DEVICE double clippedSum(const row &r, const float *p) {
	double sum = 0;
	for (int j = r.lane; j < r.n; j += 32) {
		double q = p[j];
		clipped(q);
		sum += q;
	}
	return warpSum(sum);
}

KERNEL(loss_sparse, 256, long long rows, long long n, long long ignore, long long ignoredClass, const float *p, const float *y, float *losses) {
	row r(rows, n);
	if (!r.exists) return;
	p += r.start, y += r.start;
	double sum = clippedSum(r, p), loss = 0;
	for (int j = r.lane; j < r.n; j += 32) {
		if (y[j] == 0) continue;
		double q = p[j];
		clipped(q);
		loss -= (double)y[j] * logd(q / sum);
	}
	loss = warpSum(loss);
	bool none = ignored{ignore, ignoredClass}.has(r, y);
	if (r.lane == 0) losses[r.number] = none ? 0.0f : (float)loss;
}

KERNEL(loss_sparse_grad, 256, long long rows, long long n, long long ignore, long long ignoredClass, const float *p, const float *y, const float *scale, float *dp) {
	row r(rows, n);
	if (!r.exists) return;
	p += r.start, y += r.start, dp += r.start;
	double sum = clippedSum(r, p), s = scale[r.number];
	bool none = ignored{ignore, ignoredClass}.has(r, y);
	for (int j = r.lane; j < r.n; j += 32) {
		double q = p[j];
		bool inside = clipped(q);
		dp[j] = inside && !none ? (float)(s * (1.0 / sum - (double)y[j] / q)) : 0.0f;
	}
}

// A focalClass is the focal cross-entropy of a class: v, and its derivative by the probability.
struct focalClass {
	double v, slope;
	DEVICE focalClass(double p, double t, double alpha, double gamma) {
		bool inside = clipped(p);
		double log = logd(p), factor = powd(1.0 - p, gamma);
		v = -alpha * t * factor * log;
		slope = inside ? alpha * t * (element::powSlope(1.0 - p, gamma) * log - factor / p) : 0.0;
	}
};

// probability is that of class j: from the output, divided by its sum, or from logits and the logarithm of the sum of their exponentials.
DEVICE double probability(double x, double sum, bool logits) { return logits ? expd(x - sum) : x / sum; }

KERNEL(loss_focal, 256, long long rows, long long n, long long logits, double alpha, double gamma, double smoothing, const float *p, const float *y, float *losses) {
	row r(rows, n);
	if (!r.exists) return;
	p += r.start, y += r.start;
	double sum = logits ? logSumExp(r, p) : rowSum(r, p), loss = 0;
	for (int j = r.lane; j < r.n; j += 32) loss += focalClass(probability(p[j], sum, logits), classLabel(y[j], smoothing, r.n), alpha, gamma).v;
	loss = warpSum(loss);
	if (r.lane == 0) losses[r.number] = (float)loss;
}

KERNEL(loss_focal_grad, 256, long long rows, long long n, long long logits, double alpha, double gamma, double smoothing, const float *p, const float *y, const float *scale, float *dp) {
	row r(rows, n);
	if (!r.exists) return;
	p += r.start, y += r.start, dp += r.start;
	double sum = logits ? logSumExp(r, p) : rowSum(r, p), s = scale[r.number], inner = 0;
	for (int j = r.lane; j < r.n; j += 32) {
		double q = probability(p[j], sum, logits);
		inner += focalClass(q, classLabel(y[j], smoothing, r.n), alpha, gamma).slope * q;
	}
	inner = warpSum(inner);
	for (int j = r.lane; j < r.n; j += 32) {
		double q = probability(p[j], sum, logits), u = focalClass(q, classLabel(y[j], smoothing, r.n), alpha, gamma).slope;
		dp[j] = (float)(logits ? s * q * (u - inner) : s * (u - inner) / sum);
	}
}

// The binary focal cross-entropy of the logits of a softmax.
KERNEL(loss_binary_focal_softmax, 256, long long rows, long long n, double alpha, double gamma, double smoothing, long long balanced, const float *x, const float *y, float *losses) {
	row r(rows, n);
	if (!r.exists) return;
	x += r.start, y += r.start;
	element e = {FOCAL, alpha, gamma, smoothing, balanced != 0};
	double total = logSumExp(r, x), loss = 0, slope;
	for (int j = r.lane; j < r.n; j += 32) {
		double t = e.label(y[j]);
		loss += e.factor(expd((double)x[j] - total), t, slope) * element::logits(x[j], t);
	}
	loss = warpSum(loss);
	if (r.lane == 0) losses[r.number] = (float)(loss / (double)r.n);
}

KERNEL(loss_binary_focal_softmax_grad, 256, long long rows, long long n, double alpha, double gamma, double smoothing, long long balanced, const float *x, const float *y,
	const float *scale, float *dx) {
	row r(rows, n);
	if (!r.exists) return;
	x += r.start, y += r.start, dx += r.start;
	element e = {FOCAL, alpha, gamma, smoothing, balanced != 0};
	double total = logSumExp(r, x), s = (double)scale[r.number] / (double)r.n, sum = 0, slope;
	for (int j = r.lane; j < r.n; j += 32) {
		double t = e.label(y[j]), p = expd((double)x[j] - total);
		e.factor(p, t, slope);
		sum += p * slope * element::logits(x[j], t);
	}
	sum = warpSum(sum);
	for (int j = r.lane; j < r.n; j += 32) {
		double t = e.label(y[j]), q = x[j], p = expd(q - total), factor = e.factor(p, t, slope);
		dx[j] = (float)(s * (factor * (sigmoidd(q) - t) + p * (slope * element::logits(q, t) - sum)));
	}
}

// The probability of a row's class.
DEVICE double ofClass(const row &r, const float *p, const float *y) {
	double sum = 0;
	for (int j = r.lane; j < r.n; j += 32)
		if (y[j] != 0) sum = fma((double)p[j], (double)y[j], sum);
	return warpSum(sum);
}

KERNEL(loss_generalized, 256, long long rows, long long n, double q, const float *p, const float *y, float *losses) {
	row r(rows, n);
	if (!r.exists) return;
	double v = (1.0 - powd(ofClass(r, p + r.start, y + r.start), q)) / q;
	if (r.lane == 0) losses[r.number] = (float)v;
}

KERNEL(loss_generalized_grad, 256, long long rows, long long n, double q, const float *p, const float *y, const float *scale, float *dp) {
	row r(rows, n);
	if (!r.exists) return;
	p += r.start, y += r.start, dp += r.start;
	double slope = -(double)scale[r.number] * powd(ofClass(r, p, y), q - 1.0);
	for (int j = r.lane; j < r.n; j += 32) dp[j] = y[j] == 0 ? 0.0f : (float)(slope * (double)y[j]);
}

// The largest of the other classes, the class itself, and how many are the largest.
struct hingeParts {
	double others, own;
	int ties;
	DEVICE hingeParts(const row &r, const float *p, const float *y) : others(-(double)INFINITY), own(0), ties(0) {
		for (int j = r.lane; j < r.n; j += 32) {
			double t = y[j], q = p[j];
			own = fma(t, q, own);
			others = higher(others, (1.0 - t) * q);
		}
		own = warpSum(own), others = warpMax(others);
		for (int j = r.lane; j < r.n; j += 32) ties += (1.0 - (double)y[j]) * (double)p[j] == others;
		ties = warpSum(ties);
	}
};

KERNEL(loss_categorical_hinge, 256, long long rows, long long n, const float *p, const float *y, float *losses) {
	row r(rows, n);
	if (!r.exists) return;
	hingeParts h(r, p + r.start, y + r.start);
	if (r.lane == 0) losses[r.number] = (float)bigger(h.others - h.own + 1.0, 0.0);
}

KERNEL(loss_categorical_hinge_grad, 256, long long rows, long long n, const float *p, const float *y, const float *scale, float *dp) {
	row r(rows, n);
	if (!r.exists) return;
	p += r.start, y += r.start, dp += r.start;
	hingeParts h(r, p, y);
	double s = scale[r.number], margin = h.others - h.own + 1.0;
	for (int j = r.lane; j < r.n; j += 32) {
		double t = y[j], d = 0.0 * margin;
		if (margin >= 0) {
			d = -t;
			if ((1.0 - t) * (double)p[j] == h.others) d += (1.0 - t) / (double)h.ties;
		}
		dp[j] = (float)(s * d);
	}
}

KERNEL(loss_kl, 256, long long rows, long long n, const float *p, const float *y, float *losses) {
	row r(rows, n);
	if (!r.exists) return;
	double loss = 0;
	for (int j = r.lane; j < r.n; j += 32) {
		double t = y[r.start + j], q = p[r.start + j];
		clippedTo(t, EPSILON, 1), clippedTo(q, EPSILON, 1);
		loss += t * logd(t / q);
	}
	loss = warpSum(loss);
	if (r.lane == 0) losses[r.number] = (float)loss;
}

KERNEL(loss_kl_grad, 256, long long rows, long long n, const float *p, const float *y, const float *scale, float *dp) {
	row r(rows, n);
	if (!r.exists) return;
	for (int j = r.lane; j < r.n; j += 32) {
		double t = y[r.start + j], q = p[r.start + j];
		clippedTo(t, EPSILON, 1);
		double d = clippedTo(q, EPSILON, 1) ? -t / q : 0.0;
		dp[r.start + j] = (float)((double)scale[r.number] * d);
	}
}

KERNEL(loss_cosine, 256, long long rows, long long n, const float *p, const float *y, float *losses) {
	row r(rows, n);
	if (!r.exists) return;
	p += r.start, y += r.start;
	double lengthP = bigger(sqrt(rowDot(r, p, p)), EPSILON), lengthY = bigger(sqrt(rowDot(r, y, y)), EPSILON);
	double cosine = rowDot(r, p, y) / lengthP / lengthY;
	if (r.lane == 0) losses[r.number] = (float)-cosine;
}

KERNEL(loss_cosine_grad, 256, long long rows, long long n, const float *p, const float *y, const float *scale, float *dp) {
	row r(rows, n);
	if (!r.exists) return;
	p += r.start, y += r.start, dp += r.start;
	double lengthP = bigger(sqrt(rowDot(r, p, p)), EPSILON), lengthY = bigger(sqrt(rowDot(r, y, y)), EPSILON);
	double cosine = rowDot(r, p, y) / lengthP / lengthY, s = scale[r.number];
	if (lengthP == EPSILON) cosine = 0;
	for (int j = r.lane; j < r.n; j += 32) dp[j] = (float)(s * ((double)p[j] / lengthP * cosine - (double)y[j] / lengthY) / lengthP);
}

// ---- of a row or of all rows: 1 - num/den of sums (dice, tversky)

// A ratio is of a group of elements: of each row, or of the batch. A block has a group.
struct ratio {
	double num, den, dNum, dY, dOne; // the parts and their derivatives: of num by Σy·p, of den by y and by 1
	DEVICE ratio(long long size, bool tversky, double alpha, double beta, const float *p, const float *y, double *kept) {
		double products = 0, labels = 0, outputs = 0;
		for (long long i = threadIdx.x; i < size; i += blockDim.x) {
			products = fma((double)y[i], (double)p[i], products);
			labels += y[i], outputs += p[i];
		}
		products = blockSum(products, kept), labels = blockSum(labels, kept), outputs = blockSum(outputs, kept);
		if (tversky) {
			num = products, den = products + alpha * (labels - products) + beta * (outputs - products) + EPSILON;
			dNum = 1, dY = 1.0 - alpha - beta, dOne = beta;
		} else {
			num = 2.0 * products, den = labels + outputs + EPSILON;
			dNum = 2, dY = 0, dOne = 1;
		}
	}
};

KERNEL(loss_ratio, 256, long long together, long long n, long long tversky, double alpha, double beta, const float *p, const float *y, float *losses) {
	__shared__ double kept[33];
	long long first = blockIdx.x * together, start = first * n, size = together * n;
	ratio q(size, tversky, alpha, beta, p + start, y + start, kept);
	for (long long i = threadIdx.x; i < together; i += blockDim.x) losses[first + i] = (float)(1.0 - q.num / q.den);
}

KERNEL(loss_ratio_grad, 256, long long together, long long n, long long tversky, double alpha, double beta, const float *p, const float *y, const float *scale, float *dp) {
	__shared__ double kept[33];
	long long first = blockIdx.x * together, start = first * n, size = together * n;
	ratio q(size, tversky, alpha, beta, p + start, y + start, kept);
	double s = 0;
	for (long long i = threadIdx.x; i < together; i += blockDim.x) s += scale[first + i];
	s = blockSum(s, kept);
	for (long long i = threadIdx.x; i < size; i += blockDim.x) {
		double t = y[start + i];
		dp[start + i] = (float)(s * (q.num * (q.dY * t + q.dOne) / q.den - q.dNum * t) / q.den);
	}
}

// ---- circle: of pairs of rows

// A circlePair is what rows i and k of a batch are to each other; exists is false for a row and itself unless diagonal is set.
struct circlePair {
	bool exists, same;
	double value, slope;
	DEVICE circlePair(int i, int k, int n, double gamma, double margin, bool diagonal, const float *p, const float *y) : exists(i != k || diagonal), same(y[i] == y[k]) {
		double dot = 0;
		for (int j = 0; j < n; j++) dot = fma((double)p[(long long)i * n + j], (double)p[(long long)k * n + j], dot);
		double d = 1.0 - dot;
		bool moves = !(d < 0);
		if (!moves) d = 0;
		double weight = same ? margin + d : 1.0 + margin - d, distance = same ? margin - d : 1.0 - margin - d, sign = same ? -1.0 : 1.0, slopeOfWeight = same ? 1.0 : -1.0;
		if (weight < 0) weight = 0, slopeOfWeight = 0;
		value = sign * gamma * weight * distance;
		slope = moves ? -sign * gamma * (slopeOfWeight * distance - weight) : 0.0;
	}
};

// The logarithms of the sums of exponentials over the pairs of a row, of its class and of others, and the loss. A warp has a row.
KERNEL(loss_circle_sums, 256, long long rows, long long n, double gamma, double margin, long long diagonal, const float *p, const float *y, double *same, double *others, float *losses) {
	row r(rows, n);
	if (!r.exists) return;
	int i = (int)r.number;
	double top[2] = {-(double)INFINITY, -(double)INFINITY}, sum[2] = {0, 0};
	for (int k = r.lane; k < (int)rows; k += 32) {
		circlePair q(i, k, r.n, gamma, margin, diagonal != 0, p, y);
		if (!q.exists) continue;
		if (q.same) top[0] = higher(top[0], q.value);
		else top[1] = higher(top[1], q.value);
	}
	top[0] = warpMax(top[0]), top[1] = warpMax(top[1]);
	for (int k = r.lane; k < (int)rows; k += 32) {
		circlePair q(i, k, r.n, gamma, margin, diagonal != 0, p, y);
		if (!q.exists) continue;
		if (q.same) sum[0] += expd(q.value - top[0]);
		else sum[1] += expd(q.value - top[1]);
	}
	double a = top[0] + logd(warpSum(sum[0])), b = top[1] + logd(warpSum(sum[1]));
	if (r.lane > 0) return;
	same[i] = a, others[i] = b;
	losses[i] = (float)softplusd(a + b);
}

// counted is how many rows of the batch have a loss; NaN is one where it says so.
DEVICE double counted(long long rows, const float *losses, bool orNaN, double *kept) {
	double count = 0;
	for (long long i = threadIdx.x; i < rows; i += blockDim.x) count += orNaN ? !(losses[i] <= 0) : losses[i] > 0;
	return blockSum(count, kept);
}

// Losses are divided by the share of rows that have one. One block.
KERNEL(loss_circle_mean, 256, long long rows, float *losses) {
	__shared__ double kept[33];
	double count = counted(rows, losses, false, kept);
	for (long long i = threadIdx.x; i < rows; i += blockDim.x)
		if (losses[i] > 0) losses[i] = (float)((double)losses[i] * (double)rows / count);
}

// What a pair passes on to row i from row k, once as (i, k) and once as (k, i). A thread per pair.
KERNEL(loss_circle_pairs, 256, long long rows, long long n, double gamma, double margin, long long diagonal, const float *p, const float *y, const float *scale, const double *same,
	const double *others, const float *losses, double *passed) {
	long long at = index();
	if (at >= rows * rows) return;
	int i = (int)(at / rows), k = (int)(at % rows);
	circlePair q(i, k, (int)n, gamma, margin, diagonal != 0, p, y);
	double sum = 0;
	if (q.exists)
		for (int turn = 0; turn < 2; turn++) {
			int of = turn == 0 ? i : k;
			if (losses[of] <= 0) continue; // NaN goes on
			double share = (double)scale[of] / (1.0 + expd(-(same[of] + others[of])));
			sum += share * expd(q.value - (q.same ? same[of] : others[of])) * q.slope;
		}
	passed[at] = sum;
}

// A block per row.
KERNEL(loss_circle_grad, 256, long long rows, long long n, const float *p, const float *losses, const double *passed, float *dp) {
	__shared__ double kept[33];
	double count = counted(rows, losses, true, kept), share = (double)rows / (count > 1 ? count : 1.0);
	for (long long j = threadIdx.x; j < n; j += blockDim.x) {
		double sum = 0;
		for (long long k = 0; k < rows; k++) sum = fma(passed[blockIdx.x * rows + k], (double)p[k * n + j], sum);
		dp[blockIdx.x * n + j] = (float)(sum * share);
	}
}
