// fibers.h runs the threads of one CUDA block on one thread of the CPU.
//
// A CUDA thread is a fiber: it runs until it waits, for its block (barrier) or for its warp (exchange), and then the next one runs. So a
// thread runs as far as it may before others have begun, and a barrier that is missing shows as a wrong result. Threads and blocks run in an
// order that a test chooses: results that differ between orders are a race. Shared memory is full of NaN when a block begins.
//
// What a GPU calls undefined is a failure here: threads of a warp that wait for different things, a warp operation whose mask names a thread that
// has ended, threads that wait for ever. One launch runs at a time.
#pragma once
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

struct dim3 {
	unsigned x, y, z;
	constexpr dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
	size_t count() const { return (size_t)x * y * z; }
};

// The section that holds the static shared memory of all kernels, so that it can be filled at once.
extern "C" char __start_cushared[], __stop_cushared[];
static __attribute__((section("cushared"), used)) char cusharedIsNeverEmpty[16];

namespace cudahost {
const int WARP = 32, MOST_THREADS = 1024;
const size_t STACK = 128 << 10;

inline int order = 1;                            // of threads and blocks: 1 forward, -1 backward, else the seed of a shuffle
inline const char *failure = nullptr;            // why the latest launch failed; nullptr: it did not
inline dim3 threadAt, blockAt, gridSize, blockSize; // threadIdx, blockIdx, gridDim, blockDim
inline char *dynamic = nullptr;                  // dynamic shared memory of the block
inline size_t dynamicSize = 0;

// A fiber is a stack. It runs one CUDA thread after the other as long as they do not wait.
struct fiber {
	void *stackPointer = nullptr;
	int thread = 0;
};

// cudahostSwitch goes on with another stack; registers that a function must preserve (System V ABI for x86-64) stay on the old one.
extern "C" void cudahostSwitch(void **save, void *load);

enum state : uint8_t { fresh, running, atBarrier, atWarp, ended };

// A scheduler is the block that runs, with everything about its threads.
struct scheduler {
	void *home = nullptr; // the stack of launch
	fiber *now = nullptr;
	std::vector<fiber *> idle, of; // of: by thread
	std::vector<state> is;         // by thread
	std::vector<int> turns;        // the order of threads
	size_t begun = 0;              // how many of turns have begun
	void (*body)(void *) = nullptr;
	void *argument = nullptr;
	int threads = 0;
	// Values that the lanes of a warp leave for each other, twice: who is ahead does not overwrite what others still read.
	uint64_t left[2][MOST_THREADS];
	uint8_t parity[MOST_THREADS];
	uint32_t mask[MOST_THREADS], arrived[MOST_THREADS / WARP];

	static void bottom(); // of every fiber
	fiber *newFiber();
	void place(int t) { threadAt = {t % blockSize.x, t / blockSize.x % blockSize.y, t / (blockSize.x * blockSize.y)}; }

	// wait gives the CPU away; it returns when the thread is resumed.
	void wait(state s) {
		fiber *self = now;
		is[self->thread] = s;
		cudahostSwitch(&self->stackPointer, home);
		place(self->thread);
	}
	void resume(int t) {
		is[t] = running;
		now = of[t];
		cudahostSwitch(&home, now->stackPointer);
	}
	void beginOthers();
	bool resumeWarps();   // those whose threads all wait for the warp
	bool resumeBarrier(); // if all living threads wait at it
	bool runBlock();
};
inline scheduler all;

inline int self() { return all.now->thread; }

// barrier is __syncthreads.
inline void barrier() { all.wait(atBarrier); }

// exchange leaves a value and returns that of another lane of the warp, once all lanes of the mask have left theirs.
inline uint64_t exchange(uint32_t mask, uint64_t value, int lane) {
	int t = self(), warp = t / WARP, p = all.parity[t] ^= 1;
	all.left[p][t] = value;
	all.mask[t] = mask;
	if (!(mask >> t % WARP & 1)) failure = "a thread is not in the mask of its own warp operation";
	all.wait(atWarp);
	return all.left[p][warp * WARP + lane];
}

inline void scheduler::bottom() {
	for (;;) {
		while (all.begun < all.turns.size()) {
			int t = all.turns[all.begun++];
			all.now->thread = t, all.of[t] = all.now, all.is[t] = running;
			all.place(t);
			all.body(all.argument);
			all.is[t] = ended, all.of[t] = nullptr;
		}
		all.idle.push_back(all.now);
		cudahostSwitch(&all.now->stackPointer, all.home);
	}
}

inline fiber *scheduler::newFiber() {
	if (!idle.empty()) {
		fiber *f = idle.back();
		idle.pop_back();
		return f;
	}
	fiber *f = new fiber;
	void **sp = (void **)((char *)aligned_alloc(64, STACK) + STACK - 64);
	*--sp = nullptr;         // where a function begins, the stack is 8 bytes off a multiple of 16
	*--sp = (void *)&bottom; // where the first switch returns to
	for (int i = 0; i < 6; i++) *--sp = nullptr; // the registers that it restores
	f->stackPointer = sp;
	return f;
}

inline void scheduler::beginOthers() {
	while (begun < turns.size()) {
		fiber *f = newFiber();
		now = f;
		cudahostSwitch(&home, f->stackPointer);
	}
}

inline bool scheduler::resumeWarps() {
	bool moved = false;
	for (int from = 0; from < threads && !failure; from += WARP) {
		int to = std::min(threads, from + WARP), waiting = 0, alive = 0;
		uint32_t here = 0, masks = 0;
		for (int t = from; t < to; t++) {
			alive += is[t] != ended;
			if (is[t] == atWarp) waiting++, here |= 1u << (t - from), masks |= mask[t];
		}
		if (waiting == 0) continue;
		if (waiting != alive) failure = "some threads of a warp wait for the warp, others for the block";
		else if (masks & ~here) failure = "a thread of the mask of a warp operation has ended";
		if (failure) return false;
		arrived[from / WARP] = here;
		for (size_t i = 0; i < turns.size(); i++)
			if (int t = turns[i]; t >= from && t < to && here >> (t - from) & 1) resume(t);
		moved = true;
	}
	return moved;
}

inline bool scheduler::resumeBarrier() {
	bool waiting = false;
	for (int t = 0; t < threads; t++) {
		if (is[t] != ended && is[t] != atBarrier) return false;
		waiting |= is[t] == atBarrier;
	}
	if (!waiting) return false;
	std::vector<int> here;
	for (int t : turns)
		if (is[t] == atBarrier) here.push_back(t);
	for (int t : here) is[t] = running;
	for (int t : here) resume(t);
	return true;
}

// runBlock runs all threads of one block to their ends.
inline bool scheduler::runBlock() {
	memset(__start_cushared, 0xff, __stop_cushared - __start_cushared);
	memset(dynamic, 0xff, dynamicSize);
	begun = 0;
	std::fill(is.begin(), is.end(), fresh);
	for (;;) {
		beginOthers();
		if (failure) return false;
		if (std::all_of(is.begin(), is.end(), [](state s) { return s == ended; })) return true;
		if (!resumeWarps() && !failure && !resumeBarrier() && !failure) failure = "threads wait for ever";
	}
}

// arrange puts 0..n-1 into the order that the test has chosen.
inline std::vector<int> arrange(size_t n) {
	std::vector<int> v(n);
	for (size_t i = 0; i < n; i++) v[i] = (int)i;
	if (order == -1) std::reverse(v.begin(), v.end());
	uint64_t x = order;
	for (size_t i = n; order > 1 && i > 1; i--) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		std::swap(v[i - 1], v[(x >> 33) % i]);
	}
	return v;
}

// launch runs body once for every thread of the grid; false: see failure, and the stacks of the block are lost.
inline bool launch(dim3 grid, dim3 block, size_t shared, void (*body)(void *), void *argument) {
	failure = nullptr;
	if (block.count() > MOST_THREADS) {
		failure = "more than 1024 threads in a block";
		return false;
	}
	gridSize = grid, blockSize = block;
	all.threads = (int)block.count(), all.body = body, all.argument = argument;
	all.of.assign(all.threads, nullptr), all.is.assign(all.threads, fresh);
	memset(all.parity, 0, sizeof all.parity);
	all.turns = arrange(all.threads);
	std::vector<char> memory(shared + 64);
	dynamic = (char *)(((uintptr_t)memory.data() + 63) & ~(uintptr_t)63), dynamicSize = shared;
	for (int b : arrange(grid.count())) {
		blockAt = {b % grid.x, b / grid.x % grid.y, b / (grid.x * grid.y)};
		if (!all.runBlock()) return false;
	}
	return true;
}
} // namespace cudahost
