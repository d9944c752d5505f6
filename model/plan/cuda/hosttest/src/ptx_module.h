// ptx_module.h reads PTX: the text that drivers compile, as kernels of decoded instructions.
//
// It knows what NVRTC makes of this project's kernels. Whatever else it finds is an error when the module is loaded, never a wrong result.
// Kernels are taken for complete: they call no function and use no global variable.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace ptx {
typedef std::vector<std::string> words;

// An operand is a register, a number, a special register, a place in memory (a register or none, and an offset), or a list of operands.
struct operand {
	enum { reg, number, special, memory, list } kind = number;
	int at = -1;        // the register, or the special register's number
	uint64_t value = 0; // the number's bits, or the offset
	std::vector<operand> all;
};

struct thread;
struct instruction;
typedef void (*action)(thread &, const instruction &);

enum space : char { nowhere = 0, global = 'g', shared = 's', local = 'l', parameter = 'p' };

struct instruction {
	enum { plain, branch, leave } kind = plain;
	action run = nullptr;
	int guard = -1; // a predicate register that decides whether it runs; -1: it does
	bool negated = false;
	int target = -1;           // of a branch
	std::vector<operand> o;    // the result first
	int how = 0;               // the comparison or the kind of shuffle
	space where = nowhere;     // of a load or store
	int bytes = 0, count = 1;  // of an element, and the number of elements
	std::string text;
};

struct entry {
	std::string name;
	std::vector<int> sizes, offsets; // of parameters
	int parameterBytes = 0, sharedBytes = 0, localBytes = 0, threads = 1024, registers = 0;
	std::vector<instruction> code;
};

// The special registers, by their numbers.
inline const char *const specials[] = {"%tid.x", "%tid.y", "%tid.z", "%ctaid.x", "%ctaid.y", "%ctaid.z", "%ntid.x", "%ntid.y", "%ntid.z", "%nctaid.x", "%nctaid.y", "%nctaid.z", "%laneid"};

inline std::string trimmed(const std::string &s) {
	size_t a = s.find_first_not_of(" \t\n"), b = s.find_last_not_of(" \t\n");
	return a == std::string::npos ? "" : s.substr(a, b - a + 1);
}
inline bool starts(const std::string &s, const char *with) { return s.rfind(with, 0) == 0; }

// separated cuts a text at a character outside of brackets.
inline words separated(const std::string &s, char by) {
	words w;
	std::string now;
	int depth = 0;
	for (char c : s) {
		depth += (c == '{' || c == '[' || c == '(') - (c == '}' || c == ']' || c == ')');
		if (c == by && depth == 0) {
			w.push_back(trimmed(now));
			now.clear();
		} else {
			now += c;
		}
	}
	w.push_back(trimmed(now));
	return w;
}

action find(const std::string &operation, const std::string &type); // ptx_operations.h
int comparison(const std::string &name, bool ofFloats);
action shuffleAction();
action packAction(bool apart);
action loadAction();
action storeAction();
action compareAction(const std::string &type, const std::string &combined);

// A reader makes one entry of its text.
class reader {
	entry &e;
	std::map<std::string, int> registers, labels, parameters;
	std::map<std::string, uint64_t> symbols; // offsets of arrays in shared and local memory

	[[noreturn]] void fail(const std::string &what) const { throw std::runtime_error("PTX of " + e.name + ": " + what); }

	template <class M> typename M::mapped_type known(const M &m, const std::string &name) const {
		auto i = m.find(name);
		if (i == m.end()) fail("unknown name " + name);
		return i->second;
	}

	operand operandOf(const std::string &s) {
		operand o;
		if (s.empty()) fail("an operand is missing");
		if (s[0] == '{') {
			o.kind = operand::list;
			for (auto &part : separated(s.substr(1, s.size() - 2), ',')) o.all.push_back(operandOf(part));
			return o;
		}
		if (s[0] == '[') {
			o.kind = operand::memory;
			std::string in = s.substr(1, s.size() - 2);
			size_t plus = in.find('+');
			std::string base = trimmed(in.substr(0, plus));
			if (plus != std::string::npos) o.value = std::stoll(in.substr(plus + 1));
			if (base[0] == '%') o.at = known(registers, base);
			else if (parameters.count(base)) o.value += e.offsets[parameters[base]];
			else o.value += known(symbols, base);
			return o;
		}
		for (int k = 0; k < (int)(sizeof specials / sizeof *specials); k++)
			if (s == specials[k]) {
				o.kind = operand::special, o.at = k;
				return o;
			}
		if (s[0] == '%') {
			o.kind = operand::reg, o.at = known(registers, s.substr(0, s.find('|')));
			return o;
		}
		if (symbols.count(s)) o.value = symbols[s];
		else if (starts(s, "0f") || starts(s, "0d")) o.value = std::stoull(s.substr(2), nullptr, 16);
		else if (s[0] == '-') o.value = (uint64_t)std::stoll(s, nullptr, 0);
		else if (isdigit(s[0])) o.value = std::stoull(s, nullptr, 0);
		else fail("unknown operand " + s);
		return o;
	}

	void decode(instruction &i, std::string s) {
		i.text = s;
		if (s[0] == '@') {
			size_t space = s.find(' ');
			std::string guard = s.substr(1, space - 1);
			if (guard[0] == '!') i.negated = true, guard.erase(0, 1);
			i.guard = known(registers, guard);
			s = trimmed(s.substr(space));
		}
		size_t space = s.find_first_of(" \t");
		std::string operation = s.substr(0, space), rest = space == std::string::npos ? "" : trimmed(s.substr(space));
		words arguments = rest.empty() ? words() : separated(rest, ','), parts = separated(operation, '.');
		if (parts[0] == "bra") {
			i.kind = instruction::branch, i.target = known(labels, arguments[0]);
			return;
		}
		if (parts[0] == "ret" || parts[0] == "exit") {
			i.kind = instruction::leave;
			return;
		}
		for (auto &a : arguments) i.o.push_back(operandOf(a));
		std::string type = parts.back(), head = operation.substr(0, operation.size() - type.size() - 1);
		if (parts[0] == "ld" || parts[0] == "st") {
			i.bytes = std::stoi(type.substr(1)) / 8;
			for (auto &p : parts) {
				if (p == "v2") i.count = 2;
				if (p == "v4") i.count = 4;
				if (p == "global" || p == "shared" || p == "local") i.where = (enum space)p[0];
				if (p == "param") i.where = parameter;
			}
			if (i.where == nowhere) fail("generic address: " + i.text);
			i.run = parts[0] == "ld" ? loadAction() : storeAction();
			return;
		}
		if (parts[0] == "setp") {
			i.how = comparison(parts[1], type[0] == 'f');
			if (i.how >= 0) i.run = compareAction(type, parts.size() == 4 ? parts[2] : "");
		} else if (starts(operation, "shfl.sync.")) {
			i.how = parts[2][0], i.run = shuffleAction();
		} else if (parts[0] == "mov" && (i.o[0].kind == operand::list || i.o[1].kind == operand::list)) {
			i.bytes = std::stoi(type.substr(1)) / 8;
			i.run = packAction(i.o[0].kind == operand::list);
		} else if (parts[0] == "bar" || parts[0] == "mma") {
			i.run = find(operation, "");
		} else {
			i.run = find(head, type);
		}
		if (!i.run) fail("unknown instruction: " + i.text);
	}

	// declare takes a .reg, .shared or .local statement.
	void declare(const std::string &s) {
		if (starts(s, ".reg")) {
			std::istringstream w(s.substr(4));
			std::string type, names;
			w >> type;
			std::getline(w, names);
			for (auto &n : separated(names, ',')) {
				size_t open = n.find('<');
				if (open == std::string::npos) registers[n] = e.registers++;
				else
					for (int k = 0, count = std::stoi(n.substr(open + 1)); k < count; k++) registers[n.substr(0, open) + std::to_string(k)] = e.registers++;
			}
		} else if (starts(s, ".shared") || starts(s, ".local")) {
			int &total = s[1] == 's' ? e.sharedBytes : e.localBytes;
			int align = std::stoi(s.substr(s.find(".align") + 6));
			size_t open = s.find('['), name = s.find_last_of(' ', open) + 1;
			total = (total + align - 1) / align * align;
			symbols[s.substr(name, open - name)] = total;
			total += std::stoi(s.substr(open + 1));
		} else if (!starts(s, ".loc") && !starts(s, ".pragma")) {
			fail("unknown directive: " + s);
		}
	}

	void parametersOf(const std::string &list) {
		for (auto &p : separated(list, ',')) {
			if (p.empty()) continue;
			words v;
			std::istringstream w(p);
			for (std::string x; w >> x;) v.push_back(x);
			std::string type = v.size() > 1 ? v[1] : "";
			if (v[0] != ".param" || v.size() != 3) fail("unknown parameter " + p);
			int size = std::stoi(type.substr(2)) / 8;
			e.parameterBytes = (e.parameterBytes + size - 1) / size * size;
			parameters[v[2]] = (int)e.sizes.size();
			e.sizes.push_back(size), e.offsets.push_back(e.parameterBytes);
			e.parameterBytes += size;
		}
	}

public:
	// text is the module without comments and line ends; at is where it says .entry.
	reader(entry &e, const std::string &text, size_t at) : e(e) {
		size_t open = text.find('(', at), close = text.find(')', open), body = text.find('{', close);
		e.name = trimmed(text.substr(at + 7, open - at - 7));
		parametersOf(text.substr(open + 1, close - open - 1));
		std::string between = text.substr(close, body - close);
		if (size_t m = between.find(".maxntid "); m != std::string::npos) e.threads = std::stoi(between.substr(m + 9));
		// Statements end with ; and labels with : – braces at the beginning of a statement are scopes, others lists of operands.
		words code;
		std::string now;
		int depth = 1, lists = 0;
		for (size_t k = body + 1; depth > 0; k++) {
			char c = text.at(k);
			if ((c == '{' || c == '}') && trimmed(now).empty()) {
				depth += c == '{' ? 1 : -1;
				continue;
			}
			lists += (c == '{') - (c == '}');
			if (c == ';') {
				std::string s = trimmed(now);
				now.clear();
				if (s[0] == '.') declare(s);
				else code.push_back(s);
			} else if (c == ':' && lists == 0 && now.find('%') == std::string::npos) {
				labels[trimmed(now)] = (int)code.size();
				now.clear();
			} else {
				now += c;
			}
		}
		e.code.resize(code.size());
		for (size_t k = 0; k < code.size(); k++) decode(e.code[k], code[k]);
	}
};

// parse reads a module. Kernels are decoded when they are first wanted: a test uses few of them.
class module {
	std::string text;
	std::map<std::string, size_t> places; // of kernels in text
	std::map<std::string, std::shared_ptr<entry>> read;

public:
	explicit module(const std::string &ptx) {
		for (size_t i = 0; i < ptx.size(); i++) {
			if (ptx.compare(i, 2, "//") == 0)
				while (i < ptx.size() && ptx[i] != '\n') i++;
			text += i < ptx.size() && ptx[i] != '\t' && ptx[i] != '\n' ? ptx[i] : ' ';
		}
		for (size_t at = text.find(".entry "); at != std::string::npos; at = text.find(".entry ", at + 1)) {
			size_t open = text.find('(', at);
			places[trimmed(text.substr(at + 7, open - at - 7))] = at;
		}
	}
	// kernel is the one of a name; nullptr: there is none. It throws where the kernel cannot be read.
	std::shared_ptr<entry> kernel(const std::string &name) {
		auto known = read.find(name);
		if (known != read.end()) return known->second;
		auto at = places.find(name);
		if (at == places.end()) return nullptr;
		auto e = std::make_shared<entry>();
		reader(*e, text, at->second);
		return read[name] = e;
	}
	words names() const {
		words w;
		for (auto &p : places) w.push_back(p.first);
		return w;
	}
};
} // namespace ptx
