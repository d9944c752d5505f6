//go:build unix

package main

import (
	"os"
	"syscall"
)

// replaceProcess makes this process another program. It returns where that fails.
func replaceProcess(program string, args []string) error {
	return syscall.Exec(program, append([]string{program}, args...), os.Environ())
}
