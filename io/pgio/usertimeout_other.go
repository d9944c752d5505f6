//go:build !linux

package pgio

import (
	"net"
	"time"
)

// A userTimeout is Linux'. Elsewhere there is none; keep-alive and the stall timeout are left.
type userTimeout struct{}

func newUserTimeout(*net.TCPConn, time.Duration) *userTimeout { return nil }

func (*userTimeout) adjust() {}
