// ctc.cu: connectionist temporal classification, as kernels.CTC has it: forward-backward on logarithms in double precision. A block has a row; its
// threads share the states of a frame, which are the labels with a blank before and after each: label i is state 2i+1.
#include "rows.h"

#define IMPOSSIBLE -706.89361572265625 // the logarithm of 1e-307 in single precision
#define NEVER (-(double)INFINITY)

DEVICE double logSumExp3(double a, double b, double c) {
	double top = a > b ? a : b;
	top = c > top ? c : top;
	if (top == NEVER) return top;
	return top + logd(expd(a - top) + expd(b - top) + expd(c - top));
}

// A ctcRow is a row's logits, labels and states. Memory is for its use: totals (frames), then after (frames x most states), before (2 x most states).
struct ctcRow {
	int frames, classes, states, most;
	const float *x, *y;
	double *totals, *after, *before;

	DEVICE ctcRow(long long f, long long c, const float *logits, const float *labels, double *memory) : frames((int)f), classes((int)c), most(2 * (int)f + 1) {
		long long r = blockIdx.x;
		x = logits + r * f * c, y = labels + r * f;
		totals = memory + r * (f + f * most + 2 * most), after = totals + f, before = after + f * most;
		int n = 0;
		while (n < frames && y[n] != 0) n++;
		states = 2 * n + 1;
		int lane = threadIdx.x % 32;
		for (int t = threadIdx.x / 32; t < frames; t += blockDim.x / 32) {
			row frame(0, 0);
			frame.n = classes, frame.lane = lane;
			double total = logSumExp(frame, x + (long long)t * classes);
			if (lane == 0) totals[t] = total;
		}
		__syncthreads();
	}
	// classOf is what is read in a state, read the log probability of reading it in a frame.
	DEVICE int classOf(int state) const { return state % 2 == 0 ? 0 : (int)y[state / 2]; }
	DEVICE double read(int t, int state) const { return (double)x[(long long)t * classes + classOf(state)] - totals[t]; }
	// skips says whether a state may follow the second but last one.
	DEVICE bool skips(int state) const { return state % 2 == 1 && state >= 3 && state < states && y[state / 2] != y[state / 2 - 1]; }
	DEVICE double next(int t, int state) const { return after[(t + 1) * most + state] + read(t + 1, state); }

	// backward fills after, the log probability of the frames after one.
	DEVICE void backward() const {
		for (int s = threadIdx.x; s < states; s += blockDim.x) after[(frames - 1) * most + s] = s >= states - 2 ? 0.0 : IMPOSSIBLE;
		for (int t = frames - 2; t >= 0; t--) {
			__syncthreads();
			for (int s = threadIdx.x; s < states; s += blockDim.x)
				after[t * most + s] = logSumExp3(next(t, s), s + 1 < states ? next(t, s + 1) : NEVER, skips(s + 2) ? next(t, s + 2) : NEVER);
		}
		__syncthreads();
	}
	// forward makes before of frame t, that of the frames up to it, from that of the frame before; two frames take turns in memory.
	DEVICE double *forward(int t) const {
		double *now = before + t % 2 * most, *then = before + (t + 1) % 2 * most;
		for (int s = threadIdx.x; s < states; s += blockDim.x) {
			double a = IMPOSSIBLE, b = NEVER, d = NEVER;
			if (t > 0) {
				a = then[s];
				if (s > 0) b = then[s - 1];
				if (skips(s)) d = then[s - 2];
			} else if (s < 2) {
				a = 0;
			} else {
				b = IMPOSSIBLE;
				if (skips(s)) d = IMPOSSIBLE;
			}
			now[s] = logSumExp3(a, b, d) + read(t, s);
		}
		__syncthreads();
		return now;
	}
};

KERNEL(ctc_loss, 128, long long frames, long long classes, const float *x, const float *y, double *memory, float *losses) {
	ctcRow c(frames, classes, x, y, memory);
	c.backward();
	if (threadIdx.x > 0) return;
	double likelihood = c.after[0] + c.read(0, 0);
	if (c.states > 1) likelihood = logSumExp3(likelihood, c.after[1] + c.read(0, 1), NEVER);
	losses[blockIdx.x] = (float)-likelihood;
}

// dx may be where x is.
KERNEL(ctc_grad, 128, long long frames, long long classes, const float *x, const float *y, const float *scale, double *memory, float *dx) {
	__shared__ double kept[33];
	ctcRow c(frames, classes, x, y, memory);
	c.backward();
	double s = scale[blockIdx.x];
	dx += blockIdx.x * frames * classes;
	for (int t = 0; t < c.frames; t++) {
		const double *now = c.forward(t), *after = c.after + t * c.most;
		double top = NEVER;
		for (int i = threadIdx.x; i < c.states; i += blockDim.x) top = higher(top, now[i] + after[i]);
		top = warpMax(top);
		__syncthreads();
		if (threadIdx.x % 32 == 0) kept[threadIdx.x / 32] = top;
		__syncthreads();
		for (int w = 0; w < 4; w++) top = higher(top, kept[w]);
		double sum = 0;
		for (int i = threadIdx.x; i < c.states; i += blockDim.x) sum += expd(now[i] + after[i] - top);
		sum = blockSum(sum, kept);
		// A thread has a class and goes through the states in their order.
		for (int k = threadIdx.x; k < c.classes; k += blockDim.x) {
			long long at = (long long)t * c.classes + k;
			float d = (float)(s * expd((double)c.x[at] - c.totals[t]));
			for (int i = 0; i < c.states; i++)
				if (c.classOf(i) == k) d = d - (float)(s * (expd(now[i] + after[i] - top) / sum));
			dx[at] = d;
		}
		__syncthreads();
	}
}
