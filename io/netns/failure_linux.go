package netns

import (
	"context"
	"errors"
	"net"
	"os"
	"syscall"
)

// A failure is an error of package net on its way from the parent to the process: what callers ask of such errors.
type failure struct {
	Op, Net, Addr string        `json:",omitempty"` // of the *net.OpError around the cause; Op is "" where there is none
	DNS           *net.DNSError `json:",omitempty"` // the cause, where it is one
	Syscall       string        `json:",omitempty"` // of the *os.SyscallError around Errno
	Errno         syscall.Errno `json:",omitempty"`
	Text          string        `json:",omitempty"` // of any other cause
	Timeout       bool          `json:",omitempty"`
}

func failureOf(err error) *failure {
	f := &failure{}
	var op *net.OpError
	if errors.As(err, &op) {
		f.Op, f.Net, err = op.Op, op.Net, op.Err
		if op.Addr != nil {
			f.Addr = op.Addr.String()
		}
	}
	var system *os.SyscallError
	if errors.As(err, &system) {
		f.Syscall = system.Syscall
	}
	var timeout interface{ Timeout() bool }
	switch {
	case errors.As(err, &f.DNS):
		dns := *f.DNS
		dns.UnwrapErr = nil // an interface, which JSON cannot read back
		f.DNS = &dns
	case errors.As(err, &f.Errno):
	default:
		f.Text = err.Error()
		f.Timeout = errors.As(err, &timeout) && timeout.Timeout()
	}
	return f
}

// err is the error that f was made of.
func (f *failure) err() error {
	var cause error
	switch {
	case f.DNS != nil:
		cause = f.DNS
	case f.Syscall != "":
		cause = os.NewSyscallError(f.Syscall, f.Errno)
	case f.Errno != 0:
		cause = f.Errno
	case f.Timeout:
		cause = &ended{f.Text, context.DeadlineExceeded}
	default:
		cause = errors.New(f.Text)
	}
	if f.Op == "" {
		return cause
	}
	return dialError(f.Op, f.Net, f.Addr, cause)
}

func dialError(op, network, address string, cause error) error {
	e := &net.OpError{Op: op, Net: network, Err: cause}
	if address != "" {
		e.Addr = remote{network, address}
	}
	return e
}

// remote is the address in an error.
type remote struct{ network, address string }

func (r remote) Network() string { return r.network }
func (r remote) String() string  { return r.address }

// ended is the error of a call whose context has ended or whose time is up, in the words of package net.
type ended struct {
	text  string
	cause error
}

func endedBy(ctx context.Context) *ended {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return &ended{"i/o timeout", ctx.Err()}
	}
	return &ended{"operation was canceled", ctx.Err()}
}

func (e *ended) Error() string { return e.text }
func (e *ended) Unwrap() error { return e.cause }
func (e *ended) Timeout() bool { return errors.Is(e.cause, context.DeadlineExceeded) }

func (e *ended) Temporary() bool { return e.Timeout() }
