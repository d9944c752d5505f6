//go:build gpu

// Every function of the CUDA driver as a jump through a table, which beamfit_cuda_load fills from libcuda.so.1 (or from the file that
// BEAMFIT_LIBCUDA names). So the program links without a driver and starts without one: package cu calls cuInit before main and ends the
// process when it fails, so cuInit here succeeds, and beamfit_cuda_init tells how the real one went.
#include <dlfcn.h>
#include <stdlib.h>

static int missing(void) { return 34; } // CUDA_ERROR_STUB_LIBRARY

#define SYM(i, name) at_##name,
enum {
#include "cuda_symbols.h"
	count
};
#undef SYM
#define SYM(i, name) #name,
static const char *const names[] = {
#include "cuda_symbols.h"
};
#undef SYM
__attribute__((visibility("hidden"))) void *beamfit_cuda_table[count] = {[0 ... count - 1] = (void *)missing};

#if defined(__x86_64__)
#define JUMP(name, n) "jmp *beamfit_cuda_table+8*" n "(%rip)\n"
#elif defined(__aarch64__)
#define JUMP(name, n) "adrp x16, beamfit_cuda_table+8*" n "\nldr x16, [x16, :lo12:beamfit_cuda_table+8*" n "]\nbr x16\n"
#endif
#define SYM(i, name) SYM_(i, name)
#define SYM_(i, name) __asm__(".text\n.globl " #name "\n.type " #name ",@function\n" #name ":\n" JUMP(name, #i) ".size " #name ",.-" #name "\n");
#define cuInit beamfit_unused_cuInit
#include "cuda_symbols.h"
#undef cuInit

int cuInit(unsigned flags) { return 0; }

static const char *why;

static int load(void) {
	why = 0;
	const char *file = getenv("BEAMFIT_LIBCUDA");
	void *lib = dlopen(file && *file ? file : "libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
	if (!lib) { why = dlerror(); return 34; }
	for (int i = 0; i < count; i++) {
		void *f = dlsym(lib, names[i]);
		if (f) beamfit_cuda_table[i] = f;
	}
	int (*init)(unsigned) = (int (*)(unsigned))dlsym(lib, "cuInit");
	if (!init) { why = "no cuInit in the library"; return 34; }
	return init(0);
}

// beamfit_cuda_init loads the driver and returns what cuInit returned, 34 where there is no driver. Start calls it until it succeeds.
int beamfit_cuda_init(const char **reason) {
	int status = load();
	*reason = why;
	return status;
}
