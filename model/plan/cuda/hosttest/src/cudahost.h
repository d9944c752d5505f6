// cudahost.h makes a C++ compiler understand the kernels: CUDA's words on the fibers of fibers.h, and a registry of kernels by name.
//
//   g++ -x c++ -std=c++17 -O2 -mfma -ffp-contract=off -I hosttest -I kernels kernels/all.cu
#pragma once
#include <cmath>
#include <map>
#include <string>
#include <type_traits>
#include <utility>
#include "fibers.h"

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...)
// Shared memory may be declared in kernels only, which are not inline.
#define __shared__ static __attribute__((section("cushared")))

struct alignas(16) float4 { float x, y, z, w; };
struct alignas(8) float2 { float x, y; };

namespace cudahost {
template <class T> uint64_t bitsOf(T v) {
	uint64_t u = 0;
	memcpy(&u, &v, sizeof v);
	return u;
}
template <class To, class From> To copied(From u) {
	To v;
	memcpy(&v, &u, sizeof v);
	return v;
}

// A kernel takes its arguments as cuLaunchKernel does: one pointer to each.
struct kernel {
	int threads; // the launch bound
	std::vector<int> sizes; // of the parameters in bytes
	bool (*call)(dim3 grid, dim3 block, size_t shared, void **arguments);
};
inline std::map<std::string, kernel> &registry() {
	static std::map<std::string, kernel> kernels;
	return kernels;
}
template <auto F> struct bound;
template <class... A, void (*F)(A...)> struct bound<F> {
	template <size_t... I> static void apply(void **p, std::index_sequence<I...>) { F(*(std::remove_const_t<A> *)p[I]...); }
	static void body(void *p) { apply((void **)p, std::make_index_sequence<sizeof...(A)>{}); }
	static bool call(dim3 grid, dim3 block, size_t shared, void **p) { return launch(grid, block, shared, body, p); }
	static std::vector<int> sizes() { return {(int)sizeof(A)...}; }
};
struct registered {
	registered(const char *name, int threads, std::vector<int> sizes, bool (*call)(dim3, dim3, size_t, void **)) {
		registry()[name] = {threads, std::move(sizes), call};
	}
};
} // namespace cudahost

// KERNEL declares a kernel and registers it.
#define KERNEL(name, threads, ...) \
	extern "C" void name(__VA_ARGS__); \
	static const cudahost::registered name##Registered(#name, threads, cudahost::bound<&name>::sizes(), cudahost::bound<&name>::call); \
	extern "C" void name(__VA_ARGS__)

#define threadIdx cudahost::threadAt
#define blockIdx cudahost::blockAt
#define blockDim cudahost::blockSize
#define gridDim cudahost::gridSize

static inline void __syncthreads() { cudahost::barrier(); }
template <class T> T __shfl_sync(unsigned mask, T v, int lane) { return cudahost::copied<T>(cudahost::exchange(mask, cudahost::bitsOf(v), lane & 31)); }
template <class T> T __shfl_xor_sync(unsigned mask, T v, int other) {
	return cudahost::copied<T>(cudahost::exchange(mask, cudahost::bitsOf(v), (cudahost::self() ^ other) % 32));
}
static inline unsigned __ballot_sync(unsigned mask, int holds) {
	int t = cudahost::self(), first = t / cudahost::WARP * cudahost::WARP;
	cudahost::exchange(mask, holds != 0, 0);
	unsigned lanes = cudahost::all.arrived[first / cudahost::WARP] & mask, ballot = 0;
	for (int l = 0; l < cudahost::WARP; l++)
		if (lanes >> l & 1) ballot |= (unsigned)(cudahost::all.left[cudahost::all.parity[t]][first + l] & 1) << l;
	return ballot;
}

// tf32 is cvt.rna.tf32.f32. The 13 lowest bits may be anything on a GPU; here they are set, so that a kernel that takes them for a number shows.
static inline unsigned tf32(float v) {
	unsigned u = (unsigned)cudahost::bitsOf(v);
	return v != v ? 0x7fffffff : (u + 0x1000) | 0x1fff;
}
// mma is mma.sync.m16n8k8 of TF32 with sums of float32: every lane leaves its numbers, then computes its own four results. A result is the sum of d and
// the eight products in their order, in double precision, in which each product is exact, rounded once. That order is this file's: what a tensor
// core does inside of an instruction is its own affair.
static inline void mma(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
	static unsigned of[2][cudahost::MOST_THREADS][6];
	int t = cudahost::self(), lane = t % cudahost::WARP, parity = cudahost::all.parity[t] ^ 1; // that of the exchange which follows
	memcpy(of[parity][t], a, sizeof a), memcpy(of[parity][t] + 4, b, sizeof b);
	cudahost::exchange(~0u, 0, lane);
	const unsigned(*warp)[6] = of[parity] + (t - lane);
	auto number = [](unsigned u) { return (double)cudahost::copied<float>(u & 0xffffe000); };
	for (int i = 0; i < 4; i++) {
		int row = lane / 4 + i / 2 * 8, column = lane % 4 * 2 + i % 2;
		double sum = d[i];
		for (int k = 0; k < 8; k++) sum += number(warp[row % 8 * 4 + k % 4][row / 8 + k / 4 * 2]) * number(warp[column * 4 + k % 4][4 + k / 4]);
		d[i] = (float)sum;
	}
}
static inline int __ffs(int v) { return __builtin_ffs(v); }
static inline int __float_as_int(float f) { return cudahost::copied<int>(f); }
static inline float __int_as_float(int i) { return cudahost::copied<float>(i); }
static inline long long __double_as_longlong(double d) { return cudahost::copied<long long>(d); }
static inline double __longlong_as_double(long long i) { return cudahost::copied<double>(i); }
static inline int min(int a, int b) { return a < b ? a : b; }
static inline int max(int a, int b) { return a > b ? a : b; }
using std::ceil, std::fabs, std::floor, std::fma, std::rint, std::sqrt, std::trunc;
