// ptx_operations.h is what each PTX instruction does to the registers of a thread and to memory.
//
// Left out on purpose, so that loading fails: float32 sums and products without a rounding mode, which ptxas may fuse (a module that was compiled
// without -fmad=false), approximations, and flushing of small numbers to zero. Their bits depend on the GPU.
#pragma once
#include <cmath>
#include <functional>
#include "cudahost.h"
#include "ptx_module.h"

namespace ptx {
struct thread {
	uint64_t *registers;
	char *local;
	size_t localBytes;
};
inline char *parameters; // of the launch that runs

inline uint64_t specialValue(int k) {
	const dim3 *of[] = {&cudahost::threadAt, &cudahost::blockAt, &cudahost::blockSize, &cudahost::gridSize};
	if (k == 12) return cudahost::self() % cudahost::WARP;
	const dim3 &d = *of[k / 3];
	return k % 3 == 0 ? d.x : k % 3 == 1 ? d.y : d.z;
}
template <class T> T get(thread &t, const operand &o) {
	return cudahost::copied<T>(o.kind == operand::reg ? t.registers[o.at] : o.kind == operand::special ? specialValue(o.at) : o.value);
}
template <class T> void set(thread &t, const operand &o, T v) { t.registers[o.at] = cudahost::bitsOf(v); }

[[noreturn]] inline void fault(const instruction &i, const char *what) { throw std::runtime_error(std::string(what) + ": " + i.text); }

// address is where a load or store reaches.
inline char *address(thread &t, const instruction &i, const operand &o) {
	uint64_t a = o.value + (o.at >= 0 ? t.registers[o.at] : 0);
	if (i.where == shared) a = (uint32_t)a;
	if (a % (i.bytes * i.count)) fault(i, "misaligned");
	switch (i.where) {
	case shared:
		if (a + i.bytes * i.count > cudahost::dynamicSize) fault(i, "beyond shared memory");
		return cudahost::dynamic + a;
	case local:
		if (a + i.bytes * i.count > t.localBytes) fault(i, "beyond local memory");
		return t.local + a;
	case parameter: return parameters + a;
	default: return (char *)a;
	}
}
inline action loadAction() {
	return [](thread &t, const instruction &i) {
		char *a = address(t, i, i.o[1]);
		for (int k = 0; k < i.count; k++) {
			uint64_t v = 0;
			memcpy(&v, a + k * i.bytes, i.bytes);
			t.registers[i.count > 1 ? i.o[0].all[k].at : i.o[0].at] = v;
		}
	};
}
inline action storeAction() {
	return [](thread &t, const instruction &i) {
		char *a = address(t, i, i.o[0]);
		for (int k = 0; k < i.count; k++) {
			uint64_t v = get<uint64_t>(t, i.count > 1 ? i.o[1].all[k] : i.o[1]);
			memcpy(a + k * i.bytes, &v, i.bytes);
		}
	};
}
// packAction is a mov between a register and its parts, the lowest first.
inline action packAction(bool apart) {
	if (apart)
		return [](thread &t, const instruction &i) {
			uint64_t v = get<uint64_t>(t, i.o[1]);
			int bits = i.bytes * 8 / (int)i.o[0].all.size();
			for (auto &o : i.o[0].all) {
				set<uint64_t>(t, o, v & ((1ull << bits) - 1));
				v >>= bits;
			}
		};
	return [](thread &t, const instruction &i) {
		uint64_t v = 0;
		int bits = i.bytes * 8 / (int)i.o[1].all.size(), shift = 0;
		for (auto &o : i.o[1].all) v |= (get<uint64_t>(t, o) & ((1ull << bits) - 1)) << shift, shift += bits;
		set<uint64_t>(t, i.o[0], v);
	};
}

// Comparisons: those of ordered numbers, then those that NaN fulfils, then the two about NaN.
enum { EQ, NE, LT, LE, GT, GE, EQU, NEU, LTU, LEU, GTU, GEU, NUM, ISNAN };
inline int comparison(const std::string &name, bool ofFloats) {
	static const char *const names[] = {"eq", "ne", "lt", "le", "gt", "ge", "equ", "neu", "ltu", "leu", "gtu", "geu", "num", "nan"};
	for (int k = 0; k < 14; k++)
		if (name == names[k]) return k == NE && !ofFloats ? NEU : k;
	static const std::map<std::string, int> ofUnsigned = {{"lo", LT}, {"ls", LE}, {"hi", GT}, {"hs", GE}};
	auto i = ofUnsigned.find(name);
	return i == ofUnsigned.end() ? -1 : i->second;
}
template <class T> bool holds(int how, T a, T b) {
	switch (how) {
	case EQ: return a == b;
	case NE: return a < b || a > b;
	case LT: return a < b;
	case LE: return a <= b;
	case GT: return a > b;
	case GE: return a >= b;
	case EQU: return !(a < b || a > b);
	case NEU: return !(a == b);
	case LTU: return !(a >= b);
	case LEU: return !(a > b);
	case GTU: return !(a <= b);
	case GEU: return !(a < b);
	case NUM: return a == a && b == b;
	default: return a != a || b != b;
	}
}
template <class T> action compareOf(const std::string &combined) {
#define COMPARED holds(i.how, get<T>(t, i.o[1]), get<T>(t, i.o[2]))
	if (combined.empty()) return [](thread &t, const instruction &i) { t.registers[i.o[0].at] = COMPARED; };
	if (combined == "and") return [](thread &t, const instruction &i) { t.registers[i.o[0].at] = COMPARED && t.registers[i.o[3].at]; };
	if (combined == "or") return [](thread &t, const instruction &i) { t.registers[i.o[0].at] = COMPARED || t.registers[i.o[3].at]; };
#undef COMPARED
	return nullptr;
}
inline action compareAction(const std::string &type, const std::string &combined) {
	if (type == "s16") return compareOf<int16_t>(combined);
	if (type == "u16" || type == "b16") return compareOf<uint16_t>(combined);
	if (type == "s32") return compareOf<int32_t>(combined);
	if (type == "u32" || type == "b32") return compareOf<uint32_t>(combined);
	if (type == "s64") return compareOf<int64_t>(combined);
	if (type == "u64" || type == "b64") return compareOf<uint64_t>(combined);
	if (type == "f32") return compareOf<float>(combined);
	if (type == "f64") return compareOf<double>(combined);
	return nullptr;
}

inline action shuffleAction() {
	return [](thread &t, const instruction &i) {
		uint32_t v = get<uint32_t>(t, i.o[1]), b = get<uint32_t>(t, i.o[2]) & 31, c = get<uint32_t>(t, i.o[3]), mask = get<uint32_t>(t, i.o[4]);
		int lane = cudahost::self() % cudahost::WARP, segment = ~(c >> 8) & 31, first = lane & ~segment & 31, last = first | (c & 31 & segment);
		int from = i.how == 'b' ? lane ^ (int)b : i.how == 'd' ? lane + (int)b : i.how == 'u' ? lane - (int)b : first | ((int)b & segment);
		bool inside = i.how == 'u' ? from >= last : from <= last;
		set<uint32_t>(t, i.o[0], (uint32_t)cudahost::exchange(mask, v, inside ? from & 31 : lane));
	};
}

typedef std::map<std::string, action> actions;

#define DO(T, expression) \
	[](thread &t, const instruction &i) { \
		T a = get<T>(t, i.o[1]); \
		(void)a; \
		set(t, i.o[0], expression); \
	}
#define B get<decltype(a)>(t, i.o[2])
#define C get<decltype(a)>(t, i.o[3])
#define COUNT get<uint32_t>(t, i.o[2])

template <class T> void integers(actions &m, const std::string &type) {
	typedef std::make_unsigned_t<T> U;
	const int width = 8 * sizeof(T);
	m["mov." + type] = DO(T, a);
	m["add." + type] = DO(T, (T)((U)a + (U)B));
	m["sub." + type] = DO(T, (T)((U)a - (U)B));
	m["mul.lo." + type] = DO(T, (T)((uint64_t)a * (uint64_t)B));
	m["mad.lo." + type] = DO(T, (T)((uint64_t)a * (uint64_t)B + (uint64_t)C));
	m["div." + type] = DO(T, (B == 0 ? (T)-1 : (T)(a / B)));
	m["rem." + type] = DO(T, (B == 0 ? a : (T)(a % B)));
	m["and." + type] = DO(T, (T)(a & B));
	m["or." + type] = DO(T, (T)(a | B));
	m["xor." + type] = DO(T, (T)(a ^ B));
	m["not." + type] = DO(T, (T)~a);
	m["neg." + type] = DO(T, (T)(0 - (U)a));
	m["abs." + type] = DO(T, (a < 0 ? (T)(0 - (U)a) : a));
	m["min." + type] = DO(T, (B < a ? B : a));
	m["max." + type] = DO(T, (B > a ? B : a));
	m["shl." + type] = DO(T, (COUNT >= width ? (T)0 : (T)((U)a << COUNT)));
	m["shr." + type] = DO(T, (COUNT >= width ? (T)(a < 0 ? -1 : 0) : (T)(a >> COUNT)));
	m["selp." + type] = [](thread &t, const instruction &i) { set(t, i.o[0], t.registers[i.o[3].at] ? get<T>(t, i.o[1]) : get<T>(t, i.o[2])); };
}
template <class T> void floats(actions &m, const std::string &type) {
	m["mov." + type] = DO(T, a);
	m["add.rn." + type] = DO(T, a + B);
	m["sub.rn." + type] = DO(T, a - B);
	m["mul.rn." + type] = DO(T, a * B);
	m["div.rn." + type] = DO(T, a / B);
	m["fma.rn." + type] = DO(T, std::fma(a, B, C));
	m["sqrt.rn." + type] = DO(T, std::sqrt(a));
	m["rcp.rn." + type] = DO(T, (T)1 / a);
	m["neg." + type] = DO(T, -a);
	m["abs." + type] = DO(T, std::fabs(a));
	m["min." + type] = DO(T, (a != a ? B : B != B ? a : a == B ? (std::signbit(a) ? a : B) : a < B ? a : B));
	m["max." + type] = DO(T, (a != a ? B : B != B ? a : a == B ? (std::signbit(a) ? B : a) : a > B ? a : B));
	m["selp." + type] = [](thread &t, const instruction &i) { set(t, i.o[0], t.registers[i.o[3].at] ? get<T>(t, i.o[1]) : get<T>(t, i.o[2])); };
	m["cvt.rni." + type + "." + type] = DO(T, std::nearbyint(a));
	m["cvt.rmi." + type + "." + type] = DO(T, std::floor(a));
	m["cvt.rpi." + type + "." + type] = DO(T, std::ceil(a));
	m["cvt.rzi." + type + "." + type] = DO(T, std::trunc(a));
}
// truncated is a float as a whole number: NaN is 0, what is too large the largest.
template <class I, class F> I truncated(F v) {
	const F low = (F)std::numeric_limits<I>::min(), high = std::ldexp((F)1, std::numeric_limits<I>::digits);
	return v != v ? 0 : v >= high ? std::numeric_limits<I>::max() : v <= low ? std::numeric_limits<I>::min() : (I)v;
}
template <class I> void conversions(actions &m, const std::string &type) {
	m["cvt.rzi." + type + ".f32"] = DO(float, truncated<I>(a));
	m["cvt.rzi." + type + ".f64"] = DO(double, truncated<I>(a));
	m["cvt.rn.f32." + type] = DO(I, (float)a);
	m["cvt.rn.f64." + type] = DO(I, (double)a);
	m["cvt." + type + ".s16"] = DO(int16_t, (I)a);
	m["cvt." + type + ".u16"] = DO(uint16_t, (I)a);
	m["cvt." + type + ".s32"] = DO(int32_t, (I)a);
	m["cvt." + type + ".u32"] = DO(uint32_t, (I)a);
	m["cvt." + type + ".s64"] = DO(int64_t, (I)a);
	m["cvt." + type + ".u64"] = DO(uint64_t, (I)a);
}

inline actions everything() {
	actions m;
	integers<int16_t>(m, "s16"), integers<uint16_t>(m, "u16"), integers<uint16_t>(m, "b16");
	integers<int32_t>(m, "s32"), integers<uint32_t>(m, "u32"), integers<uint32_t>(m, "b32");
	integers<int64_t>(m, "s64"), integers<uint64_t>(m, "u64"), integers<uint64_t>(m, "b64");
	floats<float>(m, "f32"), floats<double>(m, "f64");
	conversions<int16_t>(m, "s16"), conversions<uint16_t>(m, "u16");
	conversions<int32_t>(m, "s32"), conversions<uint32_t>(m, "u32"), conversions<int64_t>(m, "s64"), conversions<uint64_t>(m, "u64");
	m["cvt.f64.f32"] = DO(float, (double)a);
	m["cvt.rn.f32.f64"] = DO(double, (float)a);
	m["cvt.rn.f64.u32"] = DO(uint32_t, (double)a);
	m["mul.wide.s32"] = DO(int32_t, (int64_t)a * B);
	m["mul.wide.u32"] = DO(uint32_t, (uint64_t)a * B);
	m["mul.wide.s16"] = DO(int16_t, (int32_t)a * B);
	m["mul.wide.u16"] = DO(uint16_t, (uint32_t)a * B);
	m["mul.hi.s32"] = DO(int32_t, (int32_t)((int64_t)a * B >> 32));
	m["mul.hi.u32"] = DO(uint32_t, (uint32_t)((uint64_t)a * B >> 32));
	m["mul.hi.s64"] = DO(int64_t, (int64_t)((__int128)a * B >> 64));
	m["mul.hi.u64"] = DO(uint64_t, (uint64_t)((unsigned __int128)a * B >> 64));
	m["mad.wide.s32"] = DO(int32_t, (int64_t)a * B + get<int64_t>(t, i.o[3]));
	m["mad.wide.u32"] = DO(uint32_t, (uint64_t)a * B + get<uint64_t>(t, i.o[3]));
	m["clz.b32"] = DO(uint32_t, (a == 0 ? 32u : (uint32_t)__builtin_clz(a)));
	m["clz.b64"] = DO(uint64_t, (a == 0 ? 64u : (uint32_t)__builtin_clzll(a)));
	m["brev.b32"] = [](thread &t, const instruction &i) {
		uint32_t a = get<uint32_t>(t, i.o[1]), r = 0;
		for (int bit = 0; bit < 32; bit++) r |= (a >> bit & 1) << (31 - bit);
		set(t, i.o[0], r);
	};
	m["bfind.shiftamt.u32"] = DO(uint32_t, (a == 0 ? ~0u : (uint32_t)__builtin_clz(a)));
	m["popc.b32"] = DO(uint32_t, (uint32_t)__builtin_popcount(a));
	m["vote.sync.ballot.b32"] = [](thread &t, const instruction &i) { set(t, i.o[0], __ballot_sync(get<uint32_t>(t, i.o[2]), t.registers[i.o[1].at] != 0)); };
	m["bfi.b32"] = [](thread &t, const instruction &i) {
		uint32_t from = get<uint32_t>(t, i.o[1]), to = get<uint32_t>(t, i.o[2]), at = get<uint32_t>(t, i.o[3]) & 255, n = get<uint32_t>(t, i.o[4]) & 255;
		uint32_t mask = at >= 32 || n == 0 ? 0 : (n >= 32 ? ~0u : (1u << n) - 1) << at;
		set<uint32_t>(t, i.o[0], (to & ~mask) | (from << (at & 31) & mask));
	};
	m["mov.pred"] = DO(uint64_t, a);
	m["not.pred"] = DO(uint64_t, (uint64_t)!a);
	m["and.pred"] = DO(uint64_t, a & B);
	m["or.pred"] = DO(uint64_t, a | B);
	m["xor.pred"] = DO(uint64_t, a ^ B);
	for (const char *s : {"cvta.to.global.u64", "cvta.global.u64", "cvta.to.local.u64", "cvta.local.u64"}) m[s] = DO(uint64_t, a);
	m["cvt.rna.tf32.f32"] = DO(float, tf32(a));
	m["mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32"] = [](thread &t, const instruction &i) {
		float d[4];
		unsigned a[4], b[2];
		for (int k = 0; k < 4; k++) d[k] = get<float>(t, i.o[3].all[k]), a[k] = get<unsigned>(t, i.o[1].all[k]);
		for (int k = 0; k < 2; k++) b[k] = get<unsigned>(t, i.o[2].all[k]);
		mma(d, a, b);
		for (int k = 0; k < 4; k++) set(t, i.o[0].all[k], d[k]);
	};
	m["bar.sync"] = [](thread &, const instruction &) { cudahost::barrier(); };
	return m;
}
#undef DO
#undef B
#undef C
#undef COUNT

inline action find(const std::string &operation, const std::string &type) {
	static const actions known = everything();
	auto i = known.find(type.empty() ? operation : operation + "." + type);
	return i == known.end() ? nullptr : i->second;
}
} // namespace ptx
