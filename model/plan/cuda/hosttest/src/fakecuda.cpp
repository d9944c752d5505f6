// A libcuda.so.1 for tests on machines without a GPU: the driver's calls over kernels that run on the CPU (cudahost.h).
//
// It is strict where a real driver is, and unkind where a real one may be:
//   - a call without a current context on the calling OS thread fails (201);
//   - device memory is full of NaN when it is new and cannot be touched by the host (no access outside of kernels and copies);
//   - work of a stream is done as late as allowed (FAKECUDA=eager: at once): a missing synchronisation shows;
//   - what is copied to the device without waiting is read when the copy is done where it lies in pinned memory, and at the call where it does not;
//   - during a capture only what may be captured is, and copies from pinned memory alone;
//   - a launch must agree with the PTX that was loaded: name, number and sizes of the parameters; and with the limits of sm_90;
//   - an error in a kernel is final for its context, as on a GPU;
//   - a context that nobody retains any more is gone with all that was allocated in it.
//
// FAKECUDA is a list: eager, nodevice, devices=N, memory=BYTES (of each device), version=11040, capability=60, order=N (of threads and blocks, see
// fibers.h), trace, slowfree (a fifth of a second for each free), prohibited=N and busy=N (the
// GPU of that number in the machine: its compute mode forbids contexts; it has none to give), mixed (GPUs are in another order than on the bus unless
// CUDA_DEVICE_ORDER asks for that), badptx (modules do not compile, with a log), graphbytes=N (what must be free where a graph is instantiated), traffic (say what was copied and allocated when a context is given back), ptx (interpret the PTX itself). CUDA_VISIBLE_DEVICES is heeded where it lists numbers.
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <pthread.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include "ptx.h"

#define API extern "C" __attribute__((visibility("default"))) int

namespace {
enum error {
	OK = 0, INVALID_VALUE = 1, OUT_OF_MEMORY = 2, NO_DEVICE = 100, INVALID_DEVICE = 101, INVALID_IMAGE = 200, INVALID_CONTEXT = 201, INVALID_PTX = 218,
	INVALID_HANDLE = 400, NOT_FOUND = 500, NOT_READY = 600, LAUNCH_OUT_OF_RESOURCES = 701, LAUNCH_FAILED = 719, CAPTURE_UNSUPPORTED = 900,
	CAPTURE_INVALIDATED = 901, CONTEXT_DESTROYED = 709, DEVICE_UNAVAILABLE = 46, UNSUPPORTED_PTX_VERSION = 222
};

typedef uintptr_t pointer;
typedef std::function<int()> work;

// A context is a device's primary one. It is dead after an error in a kernel, and destroyed, with all that was allocated in it, when nobody retains it
// any more.
struct context { int device; bool dead; int retained; };
struct module { context *ctx; std::unique_ptr<ptx::module> ptx; };
struct function { std::string name; const cudahost::kernel *kernel; module *of; int dynamic; };
struct graph { std::vector<work> nodes; };
struct stream {
	context *ctx;
	std::deque<work> queue;
	graph *capture;
	bool invalid; // what is captured
	int mode;
	pthread_t by;
};
struct event { bool done; double at; };
struct allocation { size_t bytes; int device; };

std::recursive_mutex mu;
thread_local std::vector<context *> current;
std::vector<context *> primary; // by device
std::map<pointer, allocation> device;
std::map<char *, allocation> pinned;
std::vector<stream *> streams;
std::map<int, stream *> legacy; // by device: the default stream
char *arena; // the memory of all devices
size_t arenaUsed;
size_t bytesUp, bytesDown, allocations; // of this process so far
const size_t ARENA = 64ull << 30, PAGE = 4096;

const char *setting(const char *word) {
	const char *all = getenv("FAKECUDA"), *at = all ? strstr(all, word) : nullptr;
	return at ? at + strlen(word) : nullptr;
}
long long number(const char *word, long long otherwise) {
	const char *at = setting(word);
	return at ? atoll(at) : otherwise;
}
// The devices that the process sees, by their numbers in the machine.
const std::vector<int> &visible() {
	static const std::vector<int> all = [] {
		std::vector<int> all;
		const int there = (int)number("devices=", 1);
		const char *only = getenv("CUDA_VISIBLE_DEVICES"), *order = getenv("CUDA_DEVICE_ORDER");
		const bool mixed = setting("mixed") && (!order || strcmp(order, "PCI_BUS_ID"));
		auto at = [=](int i) { return mixed ? there - 1 - i : i; };
		for (int i = 0; !only && i < there; i++) all.push_back(at(i));
		for (char *end; only && *only; only = *end ? end + 1 : end) {
			long i = strtol(only, &end, 10);
			if (end == only || i < 0 || i >= there) break; // as the driver does, which forgets the rest of the list
			all.push_back(at((int)i));
		}
		return all;
	}();
	return all;
}
int devices() { return (int)visible().size(); }
size_t memoryOf() { return (size_t)number("memory=", 16ll << 30); }
size_t usedOf(int dev) {
	size_t n = 0;
	for (auto &a : device) n += a.second.device == dev ? a.second.bytes : 0;
	return n;
}

int complain(int code, const std::string &what) {
	fprintf(stderr, "fakecuda: error %d: %s\n", code, what.c_str());
	return code;
}

context *ctx() { return current.empty() ? nullptr : current.back(); }
#define NEED_CONTEXT() \
	std::lock_guard<std::recursive_mutex> hold(mu); \
	if (!ctx()) return complain(INVALID_CONTEXT, "no context is current on this thread"); \
	if (!ctx()->retained) return complain(CONTEXT_DESTROYED, "the context of this thread has been given back"); \
	if (ctx()->dead) return LAUNCH_FAILED

// The devices' memory is one reserved range, which is readable while kernels and copies run only.
void allow(bool yes) {
	if (arena && arenaUsed) mprotect(arena, (arenaUsed + PAGE - 1) & ~(PAGE - 1), yes ? PROT_READ | PROT_WRITE : PROT_NONE);
}
struct touch {
	touch() { allow(true); }
	~touch() { allow(false); }
};

template <class M, class P> auto holding(M &m, P p) {
	auto it = m.upper_bound(p);
	return it == m.begin() ? m.end() : std::prev(it);
}
bool within(pointer p, size_t n) {
	auto it = holding(device, p);
	return it != device.end() && p + n <= it->first + it->second.bytes && it->second.device == ctx()->device;
}
bool isPinned(const void *p, size_t n) {
	auto it = holding(pinned, (char *)p);
	return it != pinned.end() && (char *)p + n <= it->first + it->second.bytes;
}

int drain(stream *s) {
	while (!s->queue.empty()) {
		work w = std::move(s->queue.front());
		s->queue.pop_front();
		if (int r = w()) {
			s->ctx->dead = true;
			s->queue.clear();
			return r;
		}
	}
	return OK;
}
int drainAll() { // the newest stream first, which no program may rely on
	int r = OK;
	for (auto s = streams.rbegin(); s != streams.rend(); ++s)
		if ((*s)->ctx == ctx())
			if (int e = drain(*s)) r = e;
	return r;
}
stream *byDefault() {
	stream *&s = legacy[ctx()->device];
	if (!s) streams.push_back(s = new stream{ctx(), {}, nullptr, false, 0, {}});
	return s;
}
stream *of(void *h) { return h ? (stream *)h : byDefault(); }
int submit(stream *s, work w) {
	if (s->ctx != ctx()) return complain(INVALID_HANDLE, "a stream of another context");
	if (s->capture) {
		s->capture->nodes.push_back(std::move(w));
		return OK;
	}
	s->queue.push_back(std::move(w));
	return setting("eager") ? drain(s) : OK;
}
// A call that waits or allocates may not be made while this thread captures, nor, in mode 0 (global), while another one does.
int mayWait() {
	for (stream *s : streams)
		if (s->capture && (s->mode == 0 || (s->mode == 1 && pthread_equal(s->by, pthread_self())))) {
			s->invalid = true;
			return complain(CAPTURE_UNSUPPORTED, "a call that waits or allocates during a capture");
		}
	return OK;
}

int copy(stream *s, void *to, const void *from, size_t n, bool async, bool toDevice, bool fromDevice) {
	if (toDevice && !within((pointer)to, n)) return complain(INVALID_VALUE, "a copy to memory that is not the device's");
	if (fromDevice && !within((pointer)from, n)) return complain(INVALID_VALUE, "a copy from memory that is not the device's");
	(toDevice ? bytesUp : bytesDown) += toDevice != fromDevice ? n : 0;
	if (!async) {
		if (int r = mayWait()) return r;
		if (int r = drainAll()) return r;
		touch t;
		memcpy(to, from, n);
		return OK;
	}
	if (toDevice && !fromDevice && !isPinned(from, n)) { // a driver copies it to pinned memory of its own before the call returns
		if (s->capture) return complain(CAPTURE_UNSUPPORTED, "a copy from memory that is not pinned in a capture");
		auto taken = std::make_shared<std::vector<char>>((const char *)from, (const char *)from + n);
		return submit(s, [=] {
			touch t;
			memcpy(to, taken->data(), n);
			return (int)OK;
		});
	}
	int r = submit(s, [=] {
		touch t;
		memmove(to, from, n);
		return (int)OK;
	});
	return r == OK && fromDevice && !toDevice && !isPinned(to, n) ? drain(s) : r; // to memory that is not pinned it waits
}
template <class T> int fill(void *h, pointer p, T v, size_t n) {
	if (!within(p, n * sizeof(T))) return complain(INVALID_VALUE, "a fill of memory that is not the device's");
	return submit(of(h), [=] {
		touch t;
		std::fill_n((T *)p, n, v);
		return (int)OK;
	});
}
// Frees all that was allocated in a context. Streams of it are nobody's from then on.
void destroy(context *c) {
	for (auto it = device.begin(); it != device.end();) it = it->second.device == c->device ? device.erase(it) : std::next(it);
	for (auto it = pinned.begin(); it != pinned.end();) {
		if (it->second.device != c->device) { ++it; continue; }
		free(it->first);
		it = pinned.erase(it);
	}
	for (auto it = streams.begin(); it != streams.end();) {
		if ((*it)->ctx != c) { ++it; continue; }
		(*it)->ctx = nullptr, (*it)->queue.clear();
		it = streams.erase(it);
	}
	legacy.erase(c->device);
	c->dead = false;
}
} // namespace

API cuInit(unsigned) {
	std::lock_guard<std::recursive_mutex> hold(mu);
	if (setting("nodevice") || devices() == 0) return NO_DEVICE;
	if (arena) return OK;
	void *p = mmap((void *)0x700000000000, ARENA, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED) return OUT_OF_MEMORY;
	arena = (char *)p;
	for (int i = 0; i < devices(); i++) primary.push_back(new context{i, false, 0});
	cudahost::order = (int)number("order=", 1);
	return OK;
}
API cuDriverGetVersion(int *v) { *v = (int)number("version=", 13000); return OK; }
API cuDeviceGetCount(int *n) { *n = devices(); return OK; }
API cuDeviceGet(int *d, int i) { *d = i; return i >= 0 && i < devices() ? OK : INVALID_DEVICE; }
API cuDeviceGetName(char *name, int n, int) { snprintf(name, n, "stand-in for a GPU"); return OK; }
API cuDeviceGetUuid_v2(unsigned char *id, int d) {
	if (d < 0 || d >= devices()) return INVALID_DEVICE;
	for (int i = 0; i < 16; i++) id[i] = i < 15 ? 0xfa : (unsigned char)visible()[d];
	return OK;
}
API cuDeviceTotalMem_v2(size_t *n, int) { *n = memoryOf(); return OK; }
API cuDeviceGetAttribute(int *v, int attribute, int d) {
	static const std::map<int, int> known = {{1, 1024}, {2, 1024}, {3, 1024}, {4, 64}, {5, 2147483647}, {6, 65535}, {7, 65535}, {8, 49152}, {10, 32},
		{12, 65536}, {13, 1980000}, {16, 132}, {38, 62914560}, {39, 2048}, {81, 233472}, {95, 1}, {97, 232448}};
	long long capability = number("capability=", 90);
	if (attribute == 75) *v = (int)(capability / 10);
	else if (attribute == 76) *v = (int)(capability % 10);
	else if (attribute == 20) *v = visible()[d] == number("prohibited=", -1) ? 2 : 0;
	else *v = known.count(attribute) ? known.at(attribute) : 0;
	return OK;
}
API cuDevicePrimaryCtxRetain(void **c, int d) {
	std::lock_guard<std::recursive_mutex> hold(mu);
	if (d < 0 || d >= (int)primary.size()) return INVALID_DEVICE;
	if (visible()[d] == number("busy=", -1)) return DEVICE_UNAVAILABLE;
	primary[d]->retained++;
	*c = primary[d];
	return OK;
}
API cuDevicePrimaryCtxRelease_v2(int d) {
	std::lock_guard<std::recursive_mutex> hold(mu);
	if (d < 0 || d >= (int)primary.size()) return INVALID_DEVICE;
	if (!primary[d]->retained) return complain(INVALID_CONTEXT, "a context is given back that nobody has");
	if (--primary[d]->retained == 0) destroy(primary[d]);
	if (setting("traffic")) fprintf(stderr, "fakecuda: %zu bytes up, %zu down, %zu allocations\n", bytesUp, bytesDown, allocations);
	return OK;
}
API cuCtxSetCurrent(void *c) {
	if (!current.empty()) current.pop_back();
	if (c) current.push_back((context *)c);
	return OK;
}
API cuCtxGetCurrent(void **c) { *c = ctx(); return OK; }
API cuCtxGetDevice(int *d) { NEED_CONTEXT(); *d = ctx()->device; return OK; }
API cuCtxSynchronize() {
	NEED_CONTEXT();
	if (int r = mayWait()) return r;
	return drainAll();
}
API cuMemGetInfo_v2(size_t *left, size_t *total) {
	NEED_CONTEXT();
	*total = memoryOf(), *left = *total - usedOf(ctx()->device);
	return OK;
}

API cuModuleLoadDataEx(void **m, const void *image, unsigned n, int *options, void **values) {
	NEED_CONTEXT();
	if (int r = mayWait()) return r;
	char *log = nullptr;
	size_t room = 0;
	for (unsigned i = 0; i < n; i++) {
		if (options[i] == 5) log = (char *)values[i];
		if (options[i] == 6) room = (size_t)values[i];
	}
	auto refused = [&](int code, const char *what) {
		if (log) snprintf(log, room, "%s", what);
		return code;
	};
	std::string text((const char *)image);
	if (text.find(".version") == std::string::npos) return refused(INVALID_IMAGE, "no PTX");
	if (setting("badptx")) return refused(UNSUPPORTED_PTX_VERSION, "ptxas fatal: a version of PTX that is too new");
	try {
		*m = new module{ctx(), std::make_unique<ptx::module>(text)};
	} catch (std::exception &x) {
		return refused(INVALID_PTX, x.what());
	}
	return OK;
}
API cuModuleUnload(void *m) {
	NEED_CONTEXT();
	if (int r = drainAll()) return r;
	delete (module *)m;
	return OK;
}
API cuModuleGetFunction(void **f, void *m, const char *name) {
	NEED_CONTEXT();
	auto *from = (module *)m;
	auto known = cudahost::registry().find(name);
	try {
		auto e = from->ptx->kernel(name);
		if (!e) return NOT_FOUND;
		if (known == cudahost::registry().end()) return complain(NOT_FOUND, std::string("no CPU kernel for ") + name);
		if (e->sizes != known->second.sizes) return complain(INVALID_PTX, std::string("the PTX of ") + name + " has other parameters than its source");
	} catch (std::exception &x) {
		return complain(INVALID_PTX, x.what());
	}
	*f = new function{name, &known->second, from, 48 << 10};
	return OK;
}
API cuFuncSetAttribute(void *f, int attribute, int v) {
	NEED_CONTEXT();
	if (attribute != 8) return OK;
	if (v > 227 << 10) return INVALID_VALUE;
	((function *)f)->dynamic = v;
	return OK;
}

API cuMemAlloc_v2(pointer *p, size_t n) {
	NEED_CONTEXT();
	if (int r = mayWait()) return r;
	if (n == 0) return INVALID_VALUE;
	if (usedOf(ctx()->device) + n > memoryOf()) return OUT_OF_MEMORY;
	size_t offset = (arenaUsed + 2 * PAGE - 1) & ~(PAGE - 1); // a page between two allocations is never used
	if (offset + n > ARENA) return OUT_OF_MEMORY;
	arenaUsed = offset + n;
	*p = (pointer)(arena + offset);
	allocations++;
	device[*p] = {n, ctx()->device};
	touch t;
	memset((void *)*p, 0xff, n);
	return OK;
}
API cuMemFree_v2(pointer p) {
	if (setting("slowfree")) usleep(200000);
	NEED_CONTEXT();
	auto it = device.find(p);
	if (it == device.end()) return complain(INVALID_VALUE, "memory is freed that was not allocated");
	if (int r = drainAll()) return r;
	madvise((void *)p, it->second.bytes, MADV_DONTNEED);
	device.erase(it);
	return OK;
}
API cuMemHostAlloc(void **p, size_t n, unsigned) {
	NEED_CONTEXT();
	if (int r = mayWait()) return r;
	allocations++;
	*p = aligned_alloc(PAGE, (n + PAGE - 1) & ~(PAGE - 1));
	memset(*p, 0xff, n);
	pinned[(char *)*p] = {n, ctx()->device};
	return OK;
}
API cuMemFreeHost(void *p) {
	NEED_CONTEXT();
	if (int r = drainAll()) return r;
	if (!pinned.erase((char *)p)) return complain(INVALID_VALUE, "host memory is freed that was not allocated");
	free(p);
	return OK;
}

API cuMemcpyHtoD_v2(pointer d, const void *h, size_t n) { NEED_CONTEXT(); return copy(byDefault(), (void *)d, h, n, false, true, false); }
API cuMemcpyDtoH_v2(void *h, pointer d, size_t n) { NEED_CONTEXT(); return copy(byDefault(), h, (void *)d, n, false, false, true); }
API cuMemcpyHtoDAsync_v2(pointer d, const void *h, size_t n, void *s) { NEED_CONTEXT(); return copy(of(s), (void *)d, h, n, true, true, false); }
API cuMemcpyDtoHAsync_v2(void *h, pointer d, size_t n, void *s) { NEED_CONTEXT(); return copy(of(s), h, (void *)d, n, true, false, true); }
API cuMemcpyDtoDAsync_v2(pointer d, pointer f, size_t n, void *s) { NEED_CONTEXT(); return copy(of(s), (void *)d, (void *)f, n, true, true, true); }
API cuMemsetD8Async(pointer d, unsigned char v, size_t n, void *s) { NEED_CONTEXT(); return fill(s, d, v, n); }
API cuMemsetD32Async(pointer d, unsigned v, size_t n, void *s) { NEED_CONTEXT(); return fill(s, d, v, n); }

API cuStreamCreate(void **s, unsigned) {
	NEED_CONTEXT();
	if (int r = mayWait()) return r;
	streams.push_back(new stream{ctx(), {}, nullptr, false, 0, {}});
	*s = streams.back();
	return OK;
}
API cuStreamDestroy_v2(void *s) {
	NEED_CONTEXT();
	if (of(s)->ctx != ctx()) return complain(INVALID_HANDLE, "a stream of another context");
	int r = drain(of(s));
	streams.erase(std::find(streams.begin(), streams.end(), of(s)));
	delete (stream *)s;
	return r;
}
API cuStreamSynchronize(void *s) {
	NEED_CONTEXT();
	if (of(s)->ctx != ctx()) return complain(INVALID_HANDLE, "a stream of another context");
	if (int r = mayWait()) return r;
	return drain(of(s));
}
API cuStreamQuery(void *s) { NEED_CONTEXT(); return of(s)->queue.empty() ? OK : (drain(of(s)), NOT_READY); }
API cuEventCreate(void **e, unsigned) { NEED_CONTEXT(); *e = new event{true, 0}; return OK; }
API cuEventDestroy_v2(void *e) { NEED_CONTEXT(); int r = drainAll(); delete (event *)e; return r; }
API cuEventRecord(void *e, void *s) {
	NEED_CONTEXT();
	auto *v = (event *)e;
	v->done = false;
	return submit(of(s), [=] {
		timespec t;
		clock_gettime(CLOCK_MONOTONIC, &t);
		v->done = true, v->at = t.tv_sec * 1e3 + t.tv_nsec * 1e-6;
		return (int)OK;
	});
}
API cuEventSynchronize(void *) {
	NEED_CONTEXT();
	if (int r = mayWait()) return r;
	return drainAll();
}
API cuEventElapsedTime(float *ms, void *a, void *b) {
	NEED_CONTEXT();
	if (!((event *)a)->done || !((event *)b)->done) return NOT_READY;
	*ms = (float)(((event *)b)->at - ((event *)a)->at);
	return OK;
}

API cuLaunchKernel(void *f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared, void *s, void **arguments, void **) {
	NEED_CONTEXT();
	auto *fn = (function *)f;
	if (!fn) return complain(INVALID_HANDLE, "no kernel");
	dim3 grid(gx, gy, gz), block(bx, by, bz);
	if (fn->of->ctx != ctx()) return complain(INVALID_HANDLE, "a kernel of another context");
	if (block.count() > (size_t)fn->kernel->threads) return complain(LAUNCH_OUT_OF_RESOURCES, fn->name + ": more threads than the launch bound");
	if (block.count() == 0 || block.count() > 1024 || bz > 64 || grid.count() == 0 || gx > 2147483647 || gy > 65535 || gz > 65535 || (int)shared > fn->dynamic)
		return complain(INVALID_VALUE, fn->name + ": the launch is out of bounds");
	auto kept = std::make_shared<std::vector<std::vector<char>>>(); // arguments are taken now
	for (size_t i = 0; i < fn->kernel->sizes.size(); i++) kept->emplace_back((char *)arguments[i], (char *)arguments[i] + fn->kernel->sizes[i]);
	return submit(of(s), [=] {
		if (setting("trace")) fprintf(stderr, "fakecuda: %s\n", fn->name.c_str());
		std::vector<void *> p;
		for (auto &v : *kept) p.push_back(v.data());
		touch t;
		try {
			bool ok = setting("ptx") ? ptx::launch(*fn->of->ptx->kernel(fn->name), grid, block, shared, p.data()) : fn->kernel->call(grid, block, shared, p.data());
			return ok ? (int)OK : complain(LAUNCH_FAILED, fn->name + ": " + cudahost::failure);
		} catch (std::exception &x) {
			return complain(LAUNCH_FAILED, fn->name + ": " + x.what());
		}
	});
}

API cuStreamBeginCapture_v2(void *s, int mode) {
	NEED_CONTEXT();
	if (!s) return complain(CAPTURE_UNSUPPORTED, "the default stream cannot be captured");
	stream *t = of(s);
	t->capture = new graph, t->invalid = false, t->mode = mode, t->by = pthread_self();
	return OK;
}
API cuStreamEndCapture(void *s, void **g) {
	NEED_CONTEXT();
	stream *t = of(s);
	*g = t->capture, t->capture = nullptr;
	if (!t->invalid) return *g ? OK : INVALID_VALUE;
	delete (graph *)*g;
	*g = nullptr;
	return CAPTURE_INVALIDATED;
}
API cuGraphInstantiateWithFlags(void **e, void *g, unsigned long long) {
	NEED_CONTEXT();
	if (usedOf(ctx()->device) + number("graphbytes=", 0) > memoryOf()) return OUT_OF_MEMORY;
	*e = new graph(*(graph *)g);
	return OK;
}
API cuGraphLaunch(void *e, void *s) {
	NEED_CONTEXT();
	for (auto &w : ((graph *)e)->nodes)
		if (int r = submit(of(s), w)) return r;
	return OK;
}
API cuGraphExecDestroy(void *g) {
	NEED_CONTEXT();
	int r = drainAll();
	delete (graph *)g;
	return r;
}
API cuGraphDestroy(void *g) { delete (graph *)g; return OK; }
API cuGetErrorString(int, const char **s) { *s = "an error of the stand-in driver"; return OK; }
API cuGetErrorName(int, const char **s) { *s = "CUDA_ERROR"; return OK; }
