package kernels

import "fmt"

// atLeast panics unless an argument holds the elements that the sizes demand.
func atLeast(kernel, arg string, have, want int) {
	if have < want {
		panicLength(kernel, arg, have, "at least", want)
	}
}

// exactly panics unless an argument has the length of the others.
func exactly(kernel, arg string, have, want int) {
	if have != want {
		panicLength(kernel, arg, have, "exactly", want)
	}
}

// sizes panics when a size is negative.
func sizes(kernel string, a, b, c int) {
	if a|b|c < 0 {
		panic(fmt.Sprintf("kernels: %s: sizes %d, %d, %d: want none negative", kernel, a, b, c))
	}
}

// matrix panics unless a slice holds rows x cols with leading dimension ld.
func matrix(kernel, arg string, have, rows, cols, ld int) {
	if ld < cols {
		panicLength(kernel, "leading dimension of "+arg, ld, "at least", cols)
	}
	if rows > 0 && cols > 0 {
		atLeast(kernel, arg, have, (rows-1)*ld+cols)
	}
}

func panicLength(kernel, arg string, have int, how string, want int) {
	panic(fmt.Sprintf("kernels: %s: %s has %d elements, want %s %d", kernel, arg, have, how, want))
}
