// ptx.h runs kernels as their PTX says, on the fibers of fibers.h. Registers that nothing was written to hold NaN.
#pragma once
#include "ptx_operations.h"

namespace ptx {
inline const entry *running;

inline void interpret(void *) {
	const entry &e = *running;
	std::vector<uint64_t> registers(e.registers + 1, 0x7fc0dead7fc0dead);
	std::vector<char> local(e.localBytes + 16, (char)0xff);
	thread t{registers.data(), local.data(), (size_t)e.localBytes};
	for (size_t at = 0; at < e.code.size();) {
		const instruction &i = e.code[at++];
		if (i.guard >= 0 && (t.registers[i.guard] != 0) == i.negated) continue;
		if (i.kind == instruction::leave) return;
		if (i.kind == instruction::branch) {
			at = i.target;
			continue;
		}
		try {
			i.run(t, i);
		} catch (std::exception &x) {
			static std::string what;
			what = x.what();
			cudahost::failure = what.c_str();
			return;
		}
	}
}

// launch is cudahost::launch for a kernel of PTX.
inline bool launch(const entry &e, dim3 grid, dim3 block, size_t dynamic, void **arguments) {
	std::vector<char> packed(e.parameterBytes + 16);
	for (size_t k = 0; k < e.sizes.size(); k++) memcpy(packed.data() + e.offsets[k], arguments[k], e.sizes[k]);
	parameters = packed.data(), running = &e;
	return cudahost::launch(grid, block, e.sharedBytes + dynamic, interpret, nullptr);
}
} // namespace ptx
