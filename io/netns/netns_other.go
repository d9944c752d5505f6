//go:build !linux

package netns

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
)

var errOtherSystem = errors.New("network namespaces are Linux'; this is " + runtime.GOOS)

// Check tells why the process is not alone on its network; nil: it is.
func Check() error { return errOtherSystem }

// Reexec runs this program again in a network namespace of its own, where the system has such.
func Reexec([]string) (code int, err error) { return 0, errOtherSystem }

// Lend does nothing: programs that cmd starts reach what this process reaches.
func Lend(*exec.Cmd) (end func(), err error) { return func() {}, nil }

// DialContext connects to an address as the DialContext of a net.Dialer does.
func DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, network, address)
}

// LookupHost resolves a host name as net.DefaultResolver does.
func LookupHost(ctx context.Context, host string) ([]string, error) {
	return net.DefaultResolver.LookupHost(ctx, host)
}

// NotifyContext is signal.NotifyContext.
func NotifyContext(ctx context.Context, sigs ...os.Signal) (_ context.Context, stop context.CancelFunc) {
	return signal.NotifyContext(ctx, sigs...)
}
