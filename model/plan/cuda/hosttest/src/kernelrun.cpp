// kernelrun launches kernels on a CPU as it is told on its standard input: the test side of package kernels, which needs no driver and no cgo.
//
// A command is a letter, its numbers (8 bytes each, little-endian) and its bytes; the answer is a number, 0 or the length of an error's text, which
// follows, and then what was asked for.
//
//	M bytes            makes memory of so many bytes at BASE, in place of what was there
//	P length, text     loads PTX
//	W address, length, bytes
//	R address, length  answers with the bytes
//	L ptx order gx gy gz bx by bz shared length, name, count, arguments of 8 bytes each
#include <sys/mman.h>
#include <unistd.h>
#include "ptx.h"

namespace {
char *const BASE = (char *)0x600000000000;
const size_t MOST = 1ull << 34;

bool take(void *to, size_t n) {
	char *p = (char *)to;
	while (n > 0) {
		ssize_t got = read(0, p, n);
		if (got <= 0) return false;
		p += got, n -= got;
	}
	return true;
}
void give(const void *from, size_t n) {
	const char *p = (const char *)from;
	while (n > 0) {
		ssize_t put = write(1, p, n);
		if (put <= 0) _exit(1);
		p += put, n -= put;
	}
}
uint64_t number() {
	uint64_t v;
	if (!take(&v, sizeof v)) _exit(1);
	return v;
}
std::string text() {
	std::string s(number(), 0);
	if (!take(s.data(), s.size())) _exit(1);
	return s;
}
void answer(const std::string &error) {
	uint64_t n = error.size();
	give(&n, sizeof n);
	give(error.data(), error.size());
}

std::unique_ptr<ptx::module> loaded;

std::string launch() {
	bool interpreted = number();
	cudahost::order = (int)number();
	dim3 d[2];
	for (dim3 &x : d) x.x = (unsigned)number(), x.y = (unsigned)number(), x.z = (unsigned)number();
	size_t shared = number();
	std::string name = text();
	std::vector<uint64_t> values(number());
	for (uint64_t &v : values) v = number();
	std::vector<void *> arguments;
	for (uint64_t &v : values) arguments.push_back(&v);
	auto known = cudahost::registry().find(name);
	if (known == cudahost::registry().end()) return "no kernel of this name";
	const cudahost::kernel &k = known->second;
	if (k.sizes.size() != values.size()) return "it has " + std::to_string(k.sizes.size()) + " parameters, found " + std::to_string(values.size()) + " arguments";
	for (int size : k.sizes)
		if (size != 8) return "a parameter has not 8 bytes";
	if (d[1].count() > (size_t)k.threads || d[1].count() == 0 || d[0].count() == 0 || d[0].x > 2147483647 || d[0].y > 65535 || d[0].z > 65535 || shared > 48 << 10) return "the launch is out of bounds";
	if (!interpreted) return k.call(d[0], d[1], shared, arguments.data()) ? "" : cudahost::failure;
	if (!loaded) return "no PTX was loaded";
	try {
		auto e = loaded->kernel(name);
		if (!e) return "the PTX has no kernel of this name";
		if (e->sizes != k.sizes) return "the PTX has other parameters than the source";
		return ptx::launch(*e, d[0], d[1], shared, arguments.data()) ? "" : cudahost::failure;
	} catch (std::exception &x) {
		return x.what();
	}
}
} // namespace

int main() {
	for (char command; take(&command, 1);) {
		switch (command) {
		case 'M':
			munmap(BASE, MOST);
			answer(mmap(BASE, number(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) == BASE ? "" : "no memory");
			break;
		case 'P':
			loaded = std::make_unique<ptx::module>(text());
			answer("");
			break;
		case 'W': {
			char *to = (char *)number();
			size_t n = number();
			if (!take(to, n)) return 1;
			answer("");
			break;
		}
		case 'R': {
			char *from = (char *)number();
			size_t n = number();
			answer("");
			give(from, n);
			break;
		}
		case 'L': answer(launch()); break;
		default: return 1;
		}
	}
}
