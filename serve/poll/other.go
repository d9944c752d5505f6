//go:build !linux

package poll

import "errors"

// Supported tells whether sockets can be held on this system.
const Supported = false

// A loop holds nothing.
type loop struct{}

func (*loop) stay([2]*Socket, func(int) bool) error { return errors.ErrUnsupported }

func receive(int, []byte) (int, error) { return 0, ErrNothing }

func send(int, []byte) (int, error) { return 0, nil }
