package netns

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// Messages are JSON in packets: a request, with the socket for its reply, from the process to the parent; a notice the other way.

// maxMessage is the most bytes of a message.
const maxMessage = 64 << 10

// A request asks for a connection to Address or, where there is none, for the addresses of Host.
type request struct {
	Network, Address string `json:",omitempty"`
	Host             string `json:",omitempty"`
}

// A reply has the addresses of a host, or comes with a connected socket, or tells why not.
type reply struct {
	Addresses []string `json:",omitempty"`
	Failure   *failure `json:",omitempty"`
}

// A notice tells of a signal that the parent got.
type notice struct{ Signal syscall.Signal }

// send writes a message, with a descriptor unless fd is negative.
func send(c *net.UnixConn, message any, fd int) error {
	data, err := json.Marshal(message)
	if err != nil {
		return err
	}
	if len(data) > maxMessage {
		return fmt.Errorf("a message of %d bytes is longer than %d", len(data), maxMessage)
	}
	var rights []byte
	if fd >= 0 {
		rights = unix.UnixRights(fd)
	}
	_, _, err = c.WriteMsgUnix(data, rights, nil)
	return err
}

var errHungUp = errors.New("the process at the other end is gone")

// receive reads a message and the descriptor that came with it, nil where none did.
func receive(c *net.UnixConn, message any) (file *os.File, err error) {
	data, oob := make([]byte, maxMessage), make([]byte, unix.CmsgSpace(4))
	n, oobn, flags, _, err := c.ReadMsgUnix(data, oob)
	if err != nil {
		return nil, err
	}
	if n == 0 && oobn == 0 {
		return nil, errHungUp
	}
	controls, err := unix.ParseSocketControlMessage(oob[:oobn])
	if err != nil {
		return nil, err
	}
	for _, control := range controls {
		fds, err := unix.ParseUnixRights(&control)
		if err != nil {
			return nil, err
		}
		for _, fd := range fds {
			file = os.NewFile(uintptr(fd), "received")
		}
	}
	if flags&(unix.MSG_TRUNC|unix.MSG_CTRUNC) != 0 {
		err = fmt.Errorf("a message is longer than %d bytes", maxMessage)
	} else {
		err = json.Unmarshal(data[:n], message)
	}
	if err != nil && file != nil {
		file.Close()
		file = nil
	}
	return file, err
}

// socketPair makes two connected sockets that keep the borders of messages.
func socketPair() (a, b *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	return os.NewFile(uintptr(fds[0]), "socket"), os.NewFile(uintptr(fds[1]), "socket"), nil
}

// unixConn makes a connection of a socket, and closes file.
func unixConn(file *os.File) (*net.UnixConn, error) {
	defer file.Close()
	c, err := net.FileConn(file)
	if err != nil {
		return nil, err
	}
	u, ok := c.(*net.UnixConn)
	if !ok {
		c.Close()
		return nil, fmt.Errorf("expected a unix socket, found a %s one", c.LocalAddr().Network())
	}
	return u, nil
}
