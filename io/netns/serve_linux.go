package netns

import (
	"context"
	"net"
	"syscall"
)

// serve answers the requests that come from the process until it is gone. Where this process has a parent itself, it asks there.
func serve(from *net.UnixConn) {
	defer from.Close()
	for {
		var req request
		file, err := receive(from, &req)
		if err != nil {
			return
		}
		if file == nil {
			continue // nowhere to answer to
		}
		if to, err := unixConn(file); err == nil {
			go answer(req, to)
		}
	}
}

// answer dials or resolves, until the other end is closed.
func answer(req request, to *net.UnixConn) {
	defer to.Close()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		defer cancel()
		_, _ = to.Read(make([]byte, 1)) // nothing is sent: comes back when either end is closed
	}()
	if req.Address == "" {
		addresses, err := LookupHost(ctx, req.Host)
		r := reply{Addresses: addresses}
		if err != nil {
			r.Failure = failureOf(err)
		}
		_ = send(to, r, -1)
		return
	}
	c, err := DialContext(ctx, req.Network, req.Address)
	if err != nil {
		_ = send(to, reply{Failure: failureOf(err)}, -1)
		return
	}
	defer c.Close()
	raw, err := c.(syscall.Conn).SyscallConn()
	if err != nil {
		_ = send(to, reply{Failure: failureOf(err)}, -1)
		return
	}
	_ = raw.Control(func(fd uintptr) { _ = send(to, reply{}, int(fd)) })
}
