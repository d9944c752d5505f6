package netns

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// marker is the variable by which Reexec tells its copy the descriptor of the socket to the parent, and the parent's namespace.
const marker = "BEAMFIT_NETNS"

// A process is what this one is.
type process struct {
	parent  *net.UnixConn // nil where there is none
	err     error         // why the process is not alone on its network
	signals signals
}

var errShared = errors.New("the process shares its network with other processes")

// self finds out once what this process is, and makes it ready.
var self = sync.OnceValue(func() *process {
	value, given := os.LookupEnv(marker)
	if !given {
		return &process{err: errShared}
	}
	_ = os.Unsetenv(marker) // it does not hold for programs that this one starts
	parent, outside, err := inherit(value)
	if err != nil {
		return &process{err: fmt.Errorf("%w: %s=%s: %w", errShared, marker, value, err)}
	}
	p := &process{parent: parent, err: enter(outside)}
	p.signals.watch()
	go p.listen()
	return p
})

// Check tells why the process is not alone on its network; nil: it is.
func Check() error { return self().err }

// inherit takes over the socket to the parent.
func inherit(value string) (parent *net.UnixConn, outside namespace, err error) {
	var fd int
	if _, err := fmt.Sscanf(value, "%d:%d:%d", &fd, &outside.device, &outside.inode); err != nil {
		return nil, outside, err
	}
	// The parent made both ends of the socket, so it is the peer.
	peer, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return nil, outside, fmt.Errorf("descriptor %d: %w", fd, err)
	}
	if int(peer.Pid) != os.Getppid() {
		return nil, outside, fmt.Errorf("descriptor %d comes from process %d, not from the parent, %d", fd, peer.Pid, os.Getppid())
	}
	unix.CloseOnExec(fd)
	parent, err = unixConn(os.NewFile(uintptr(fd), marker))
	return parent, outside, err
}

// listen takes the notices of the parent. It does not outlive the parent.
func (p *process) listen() {
	for {
		var n notice
		if _, err := receive(p.parent, &n); err != nil {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			return
		}
		p.signals.passedOn(n.Signal)
	}
}

// A namespace is identified by a file of the kernel.
type namespace struct{ device, inode uint64 }

// currentNamespace is the network namespace of this process.
func currentNamespace() (namespace, error) {
	var st unix.Stat_t
	if err := unix.Stat("/proc/self/ns/net", &st); err != nil {
		return namespace{}, &os.PathError{Op: "stat", Path: "/proc/self/ns/net", Err: err}
	}
	return namespace{st.Dev, st.Ino}, nil
}

// enter checks that this process is not in the namespace outside, and starts the loopback interface.
func enter(outside namespace) error {
	inside, err := currentNamespace()
	if err != nil {
		return err
	}
	if inside == outside {
		return errShared
	}
	if err := startLoopback(); err != nil {
		return refused(fmt.Errorf("starting the loopback interface: %w", err))
	}
	interfaces, err := net.Interfaces()
	if err != nil {
		return err
	}
	for _, i := range interfaces {
		if i.Flags&net.FlagUp != 0 && i.Flags&net.FlagLoopback == 0 {
			return fmt.Errorf("%w: the interface %s leads out of it", errShared, i.Name)
		}
	}
	return nil
}

// startLoopback gives the namespace 127.0.0.1 and ::1.
func startLoopback() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	defer unix.Close(fd)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFFLAGS, lo); err != nil {
		return os.NewSyscallError("ioctl SIOCGIFFLAGS", err)
	}
	lo.SetUint16(lo.Uint16() | unix.IFF_UP)
	return os.NewSyscallError("ioctl SIOCSIFFLAGS", unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo))
}
