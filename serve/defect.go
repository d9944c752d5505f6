package serve

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime"
)

// errDefect: a panic has ended what was done.
var errDefect = errors.New("a defect of beamfit")

// defectMessage is what clients hear of one.
const defectMessage = "beamfit failed; its log tells how"

// guard makes errDefect of a panic: one session's must not end the others, nor their jobs.
func guard(log *slog.Logger, do func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = defect(log, v)
		}
	}()
	return do()
}

// defect tells the log of a panic that was just recovered from. What only the runtime has written is logged as it is: other texts may
// hold arguments, and so may those of the functions on the stack.
func defect(log *slog.Logger, v any) error {
	what := fmt.Sprintf("%T", v)
	if e, is := v.(runtime.Error); is {
		what = e.Error()
	}
	var stack [64]uintptr
	frames := runtime.CallersFrames(stack[:runtime.Callers(2, stack[:])])
	var where []string
	for {
		f, more := frames.Next()
		where = append(where, fmt.Sprintf("%s %s:%d", f.Function, f.File, f.Line))
		if !more {
			break
		}
	}
	log.Error("defect", "panic", what, "stack", where)
	return errDefect
}
