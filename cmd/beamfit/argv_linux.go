package main

import (
	"fmt"
	"os"
	"strings"
	"unsafe"
)

// hidePasswords overwrites the passwords of URLs, and the secrets of engines, among the arguments of this process in the memory that the system shows as its
// command line, and returns the arguments as they were. args must be os.Args, whose strings are that memory: Go does not copy it.
func hidePasswords(args []string) []string {
	whole := make([]string, len(args))
	for i, arg := range args {
		whole[i] = strings.Clone(arg)
		spans := secretSpans(arg)
		if m := secretPair.FindStringSubmatchIndex(arg); m != nil {
			spans = append(spans, [2]int{m[4], m[5]})
		}
		if len(spans) == 0 || !inCommandLine(arg) {
			continue
		}
		memory := unsafe.Slice(unsafe.StringData(arg), len(arg))
		for _, span := range spans {
			for k := span[0]; k < span[1]; k++ {
				memory[k] = 'x'
			}
		}
	}
	return whole
}

// inCommandLine reports whether a string lies in the memory of the command line, which may be written to.
func inCommandLine(s string) bool {
	stat, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return false
	}
	// Field 2, the name, may hold anything; behind it come fields 3 and on. 48 and 49 are arg_start and arg_end.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	const first = 3
	if len(fields) <= 49-first {
		return false
	}
	var begin, end uintptr
	if n, err := fmt.Sscan(fields[48-first]+" "+fields[49-first], &begin, &end); n != 2 || err != nil {
		return false
	}
	at := uintptr(unsafe.Pointer(unsafe.StringData(s)))
	return begin <= at && at+uintptr(len(s)) <= end
}
