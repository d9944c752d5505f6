// recurrent.cu: what is left of a step of a recurrent layer when the product of the state with the kernel is known, and its gradient. A thread has a
// unit of a row of the batch: element i = row·units + unit of arrays B x U, and i's gates in arrays B x gates·U.
//
// Products come as parts (gemm.cu), which are added up here: product is the first of them, 0 where the state was zero.
#include "activations.h"

// rounded is a state, or the gradient of a gate, as it is kept: a bfloat16 number where products are of such (mixed).
DEVICE float rounded(float v, long long mixed) { return mixed ? bfloat16(v) : v; }

// A unit is where a thread works.
struct unit {
	long long i, row, first, width; // first: its first gate
	int units;
	bool exists;
	DEVICE unit(long long size, long long u, int gates) : i(index()), width(gates * u), units((int)u) {
		exists = i < size;
		row = i / u;
		first = row * width + i % u;
	}
	DEVICE long long gate(int g) const { return first + (long long)g * units; }
};

// sumOf adds the parts of a product, each size elements long.
DEVICE float sumOf(const float *product, long long parts, long long size, long long at) {
	if (!product) return 0;
	float v = product[at];
	for (int p = 1; p < (int)parts; p++) v = v + product[p * size + at];
	return v;
}

// masked says whether a step does not count for a row: mask is B x steps, or 0.
DEVICE bool masked(const float *mask, long long steps, long long t, long long row) { return mask && mask[row * steps + t] == 0; }

DEVICE float before(const float *state, long long i) { return state ? state[i] : 0.0f; }

// The factors that states are dropped by.
KERNEL(recurrent_drop, 256, const StepState *s, long long n, double rate, long long number, float *factors) {
	long long i = index();
	if (i < n) factors[i] = dropped(dropOf(s, rate, number), i, 1.0f);
}

// States of one or several steps times factors, which have size elements.
KERNEL(recurrent_dropped, 256, long long n, long long size, long long mixed, const float *state, const float *factors, float *y) {
	long long i = index();
	if (i < n) y[i] = rounded(state[i] * factors[i % size], mixed);
}

// h' = act(z + product).
KERNEL(recurrent_simple, 256, long long size, long long units, long long mixed, long long act, const float *z, const float *product, long long parts, const float *mask, long long steps, long long t,
	const float *old, float *gates, float *h) {
	unit u(size, units, 1);
	if (!u.exists) return;
	float v = z[u.i] + sumOf(product, parts, size, u.i);
	gates[u.i] = v;
	h[u.i] = masked(mask, steps, t, u.row) ? before(old, u.i) : rounded(activated((int)act, v), mixed);
}

// Gates i, f, g, o: memory' = f·memory + i·g, h' = o·act(memory').
KERNEL(recurrent_lstm, 256, long long size, long long units, long long mixed, long long act, long long gate, const float *z, const float *product, long long parts, const float *mask, long long steps,
	long long t, const float *old, const float *oldMemory, float *gates, float *memory, float *h) {
	unit u(size, units, 4);
	if (!u.exists) return;
	bool skip = masked(mask, steps, t, u.row);
#pragma unroll 1
	for (int g = 0; g < 4; g++) {
		float v = z[u.gate(g)] + sumOf(product, parts, 4 * size, u.gate(g));
		gates[u.gate(g)] = skip ? v : activated(g == 2 ? (int)act : (int)gate, v);
	}
	float state = before(old, u.i), m = before(oldMemory, u.i);
	if (!skip) {
		m = rounded(gates[u.gate(1)] * m + gates[u.gate(0)] * gates[u.gate(2)], mixed);
		state = rounded(gates[u.gate(3)] * activated((int)act, m), mixed);
	}
	memory[u.i] = m, h[u.i] = state;
}

// Gates u and r of a GRU that resets before its product, and the reset state r·h, which is the memory; factors are those of the third gate or 0.
KERNEL(recurrent_gru_reset, 256, long long size, long long units, long long mixed, long long gate, const float *z, const float *product, long long parts, const float *factors, const float *old, float *gates,
	float *memory) {
	unit u(size, units, 3);
	if (!u.exists) return;
	float r = 0;
#pragma unroll 1
	for (int g = 0; g < 2; g++) {
		long long at = u.row * 2 * units + g * units + u.i % units; // the product has two gates
		r = activated((int)gate, z[u.gate(g)] + sumOf(product, parts, 2 * size, at));
		gates[u.gate(g)] = r;
	}
	r = r * before(old, u.i);
	memory[u.i] = rounded(factors ? r * factors[u.i] : r, mixed);
}

// Its state u·h + (1-u)·g.
KERNEL(recurrent_gru_state, 256, long long size, long long units, long long mixed, long long act, const float *z, const float *product, long long parts, const float *mask, long long steps, long long t,
	const float *old, float *gates, float *h) {
	unit u(size, units, 3);
	if (!u.exists) return;
	float v = z[u.gate(2)] + sumOf(product, parts, size, u.i), state = before(old, u.i);
	if (!masked(mask, steps, t, u.row)) {
		v = activated((int)act, v);
		state = rounded(gates[u.gate(0)] * (state - v) + v, mixed);
	}
	gates[u.gate(2)] = v, h[u.i] = state;
}

// A GRU that resets after its product: memory = product + bias, g = act(z + r·memory). bias has that of the input and that of the state, or is 0.
KERNEL(recurrent_gru_after, 256, long long size, long long units, long long mixed, long long act, long long gate, const float *z, const float *product, long long parts, const float *bias, const float *mask,
	long long steps, long long t, const float *old, float *gates, float *memory, float *h) {
	unit u(size, units, 3);
	if (!u.exists) return;
	long long j = u.i % units;
	float m = sumOf(product, parts, 3 * size, u.gate(2)), state = before(old, u.i);
	if (bias) m = m + bias[5 * units + j];
	bool skip = masked(mask, steps, t, u.row);
#pragma unroll 1
	for (int g = 0; g < 3; g++) {
		float v = z[u.gate(g)];
		if (g < 2) v = v + sumOf(product, parts, 3 * size, u.gate(g));
		if (!skip) {
			if (bias) v = v + bias[g * units + j];
			if (bias && g < 2) v = v + bias[(3 + g) * units + j];
			if (g == 2) v = v + gates[u.gate(1)] * m;
			v = activated(g == 2 ? (int)act : (int)gate, v);
		}
		gates[u.gate(g)] = v;
	}
	if (!skip) state = rounded(gates[u.gate(0)] * (state - gates[u.gate(2)]) + gates[u.gate(2)], mixed);
	memory[u.i] = m, h[u.i] = state;
}

// ---- gradients. dh is the gradient of the state as far as the step after passes it on directly (dh of the last step before the first launch); what
// comes through the product of the step after is the product, and what comes from outside is given, or 0.

DEVICE float stateGrad(const float *dh, const float *product, long long parts, long long size, const float *given, long long i) {
	float d = dh[i] + sumOf(product, parts, size, i);
	return given ? d + given[i] : d;
}

// A buffer is filled with a gradient or with zeros.
KERNEL(recurrent_begin, 256, long long n, const float *from, float *dh, float *dmemory) {
	long long i = index();
	if (i >= n) return;
	dh[i] = from ? from[i] : 0.0f;
	dmemory[i] = 0;
}

KERNEL(recurrent_simple_grad, 256, long long size, long long units, long long mixed, long long act, const float *h, const float *product, long long parts, const float *mask, long long steps, long long t,
	const float *given, float *dh, float *dz) {
	unit u(size, units, 1);
	if (!u.exists) return;
	float d = stateGrad(dh, product, parts, size, given, u.i);
	bool skip = masked(mask, steps, t, u.row);
	dz[u.i] = skip ? 0.0f : rounded(passedOfOutput((int)act, h[u.i], d), mixed);
	dh[u.i] = skip ? d : 0.0f;
}

// dz may be where gates are.
KERNEL(recurrent_lstm_grad, 256, long long size, long long units, long long mixed, long long act, long long gate, const float *gates, const float *memory, const float *oldMemory, const float *product,
	long long parts, const float *mask, long long steps, long long t, const float *given, float *dh, float *dmemory, float *dz) {
	unit u(size, units, 4);
	if (!u.exists) return;
	float d = stateGrad(dh, product, parts, size, given, u.i);
	if (masked(mask, steps, t, u.row)) {
		for (int g = 0; g < 4; g++) dz[u.gate(g)] = 0;
		dh[u.i] = d;
		return;
	}
	float in = gates[u.gate(0)], forget = gates[u.gate(1)], candidate = gates[u.gate(2)], out = gates[u.gate(3)], y = activated((int)act, memory[u.i]);
	float m = dmemory[u.i] + passedOfOutput((int)act, y, d * out);
	dz[u.gate(0)] = rounded(passedOfOutput((int)gate, in, m * candidate), mixed);
	dz[u.gate(1)] = rounded(passedOfOutput((int)gate, forget, m * before(oldMemory, u.i)), mixed);
	dz[u.gate(2)] = rounded(passedOfOutput((int)act, candidate, m * in), mixed);
	dz[u.gate(3)] = rounded(passedOfOutput((int)gate, out, d * y), mixed);
	dmemory[u.i] = m * forget;
	dh[u.i] = 0;
}

// Gates u and g of both kinds of GRU. With dinner (not 0: reset after the product) also r, and the gradient of the memory.
KERNEL(recurrent_gru_grad, 256, long long size, long long units, long long mixed, long long act, long long gate, const float *gates, const float *memory, const float *old, const float *product, long long parts,
	const float *mask, long long steps, long long t, const float *given, float *dh, float *dz, float *dinner) {
	unit u(size, units, 3);
	if (!u.exists) return;
	float d = stateGrad(dh, product, parts, size, given, u.i);
	if (masked(mask, steps, t, u.row)) {
		for (int g = 0; g < 3; g++) dz[u.gate(g)] = 0;
		if (dinner) dinner[u.i] = 0;
		dh[u.i] = d;
		return;
	}
	float update = gates[u.gate(0)], reset = gates[u.gate(1)], candidate = gates[u.gate(2)], kept = d * update;
	float dcandidate = passedOfOutput((int)act, candidate, d - kept);
	dz[u.gate(0)] = rounded(passedOfOutput((int)gate, update, d * (before(old, u.i) - candidate)), mixed);
	dz[u.gate(2)] = rounded(dcandidate, mixed);
	if (dinner) {
		dz[u.gate(1)] = rounded(passedOfOutput((int)gate, reset, dcandidate * memory[u.i]), mixed);
		dinner[u.i] = rounded(dcandidate * reset, mixed);
	}
	dh[u.i] = kept;
}

// Gate r of a GRU that resets before its product: product is the gradient of the reset state, factors those it was dropped by or 0.
KERNEL(recurrent_gru_reset_grad, 256, long long size, long long units, long long mixed, long long gate, const float *gates, const float *old, const float *product, long long parts, const float *factors,
	const float *mask, long long steps, long long t, float *dh, float *dz) {
	unit u(size, units, 3);
	if (!u.exists || masked(mask, steps, t, u.row)) return;
	float d = sumOf(product, parts, size, u.i), reset = gates[u.gate(1)];
	if (factors) d = d * factors[u.i];
	dz[u.gate(1)] = rounded(passedOfOutput((int)gate, reset, d * before(old, u.i)), mixed);
	dh[u.i] = dh[u.i] + d * reset;
}

// What comes through the product of a gate whose state was dropped.
KERNEL(recurrent_pass_dropped, 256, long long size, const float *product, long long parts, const float *factors, float *dh) {
	long long i = index();
	if (i < size) dh[i] = dh[i] + sumOf(product, parts, size, i) * factors[i];
}
