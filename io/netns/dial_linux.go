package netns

import (
	"context"
	"fmt"
	"net"
	"os"
)

// DialContext connects to an address as the DialContext of a net.Dialer does: in the network of the parent, where there is
// one.
func DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	p := self()
	if p.parent == nil {
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
	_, file, err := p.ask(ctx, request{Network: network, Address: address})
	if ctx.Err() != nil && err != nil {
		return nil, dialError("dial", network, address, endedBy(ctx))
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return net.FileConn(file)
}

// LookupHost resolves a host name as net.DefaultResolver does: in the network of the parent, where there is one.
func LookupHost(ctx context.Context, host string) ([]string, error) {
	p := self()
	if p.parent == nil {
		return net.DefaultResolver.LookupHost(ctx, host)
	}
	r, _, err := p.ask(ctx, request{Host: host})
	if ctx.Err() != nil && err != nil {
		e := endedBy(ctx)
		return nil, &net.DNSError{UnwrapErr: e.cause, Err: e.text, Name: host, IsTimeout: e.Timeout()}
	}
	return r.Addresses, err
}

// ask puts a request to the parent. What comes back with a request for a connection is a connected socket.
func (p *process) ask(ctx context.Context, req request) (reply, *os.File, error) {
	var r reply
	file, err := p.exchange(ctx, req, &r)
	switch {
	case err != nil:
		return r, nil, fmt.Errorf("asking the parent process for the connection: %w", err)
	case r.Failure != nil:
		return r, nil, r.Failure.err()
	case file == nil && req.Address != "":
		return r, nil, fmt.Errorf("the parent process sent no connection to %s", req.Address)
	}
	return r, file, nil
}

// exchange sends the request with a socket of its own for the reply. When ctx ends the socket is closed, and the parent gives up.
func (p *process) exchange(ctx context.Context, req request, r *reply) (*os.File, error) {
	mine, theirs, err := socketPair()
	if err != nil {
		return nil, err
	}
	answers, err := unixConn(mine)
	if err != nil {
		theirs.Close()
		return nil, err
	}
	defer answers.Close()
	err = send(p.parent, req, int(theirs.Fd()))
	theirs.Close()
	if err != nil {
		return nil, err
	}
	defer context.AfterFunc(ctx, func() { answers.Close() })()
	return receive(answers, r)
}
