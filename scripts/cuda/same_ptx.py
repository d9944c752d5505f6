#!/usr/bin/env python3
"""Says whether two files of PTX have the same kernels: the same parameters, and the same instructions, counted.

    same_ptx.py ONE OTHER

NVRTC makes one source into PTX that differs from run to run in the numbers of registers, and in what it loads from shared memory as a vector; so
moves between registers and loads from shared memory do not count.
"""

import collections
import re
import sys


def kernels(path):
    found, name = {}, None
    with open(path) as f:
        for line in f:
            if entry := re.search(r"\.entry (\w+)", line):
                name = entry.group(1)
                found[name] = collections.Counter()
            words = re.sub(r"^\s*(@!?%p\d+\s+)?", "", line).split()
            if name is None or not words:
                continue
            if words[0] == ".param":
                found[name]["parameter " + words[1]] += 1
            elif re.match(r"[a-z]", words[0]) and not words[0].startswith(("mov.", "ld.shared.")):
                found[name][words[0]] += 1
    return found


def main(one, other):
    a, b = kernels(one), kernels(other)
    different = sorted(k for k in a.keys() | b.keys() if a.get(k) != b.get(k))
    if different:
        raise SystemExit("kernels that differ: " + " ".join(different))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    main(sys.argv[1], sys.argv[2])
