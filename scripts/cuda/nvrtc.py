#!/usr/bin/env python3
"""Compiles a CUDA file to PTX with NVRTC, which needs neither a GPU nor a C++ compiler.

    nvrtc.py SOURCE OUTPUT OPTION...

libnvrtc.so.11.2 must be where the loader finds it. Exits 1 with the compiler's messages when the file does not compile, or compiles with warnings.
"""

import ctypes
import os
import sys


def main(source, output, options):
    nvrtc = ctypes.CDLL("libnvrtc.so.11.2")
    nvrtc.nvrtcGetErrorString.restype = ctypes.c_char_p

    def call(name, *args):
        return getattr(nvrtc, name)(*args)

    def must(name, *args):
        if code := call(name, *args):
            raise SystemExit(f"{name}: {nvrtc.nvrtcGetErrorString(code).decode()}")

    def text(what):
        size = ctypes.c_size_t()
        must(f"nvrtcGet{what}Size", program, ctypes.byref(size))
        buffer = ctypes.create_string_buffer(size.value)
        must(f"nvrtcGet{what}", program, buffer)
        return buffer.value

    program = ctypes.c_void_p()
    with open(source, "rb") as f:
        must("nvrtcCreateProgram", ctypes.byref(program), f.read(), os.path.basename(source).encode(), 0, None, None)
    arguments = (ctypes.c_char_p * len(options))(*(o.encode() for o in options))
    code = call("nvrtcCompileProgram", program, len(options), arguments)
    if log := text("ProgramLog").decode().strip():
        raise SystemExit(log)
    if code:
        raise SystemExit(nvrtc.nvrtcGetErrorString(code).decode())
    with open(output, "wb") as f:
        f.write(text("PTX"))


if __name__ == "__main__":
    if len(sys.argv) < 3:
        raise SystemExit(__doc__)
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
