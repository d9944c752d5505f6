package netns

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestCheck(t *testing.T) {
	if err := Check(); err == nil || err != errShared {
		t.Errorf("outside: %v", err)
	}
	if got := output(t, scenario(t, "check", "")); got != "<nil>\n" {
		t.Errorf("inside: %s", got)
	}
	// What the variable says is not believed.
	here, err := currentNamespace()
	if err != nil {
		t.Fatal(err)
	}
	for _, value := range []string{"", "x", "0:1:2", "99:1:2", fmt.Sprintf("1:%d:%d", here.device, here.inode)} {
		got := output(t, scenario(t, "check", "", sharedEnv+"=1", marker+"="+value))
		if !strings.HasPrefix(got, "the process shares its network with other processes: BEAMFIT_NETNS=") {
			t.Errorf("%s=%s: %s", marker, value, got)
		}
	}
}

// A socket to the parent is no namespace.
func TestCheckInTheSameNamespace(t *testing.T) {
	here, err := currentNamespace()
	if err != nil {
		t.Fatal(err)
	}
	mine, theirs, err := socketPair()
	if err != nil {
		t.Fatal(err)
	}
	defer mine.Close()
	cmd := scenario(t, "check", "", sharedEnv+"=1", fmt.Sprintf("%s=3:%d:%d", marker, here.device, here.inode))
	cmd.ExtraFiles = []*os.File{theirs}
	if got := output(t, cmd); got != errShared.Error()+"\n" {
		t.Errorf("found %s", got)
	}
}

func TestTheSameProgram(t *testing.T) {
	cmd := scenario(t, "words", "")
	cmd.Args = append(cmd.Args, "one", "two words", "--three")
	cmd.Stdin = strings.NewReader("from standard input")
	if got, want := output(t, cmd), `[one two words --three] from standard input ""`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestErrorsAreThoseOfNet(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := l.Addr().String()
	l.Close()
	inside := output(t, scenario(t, "errors", closed))
	outside := output(t, scenario(t, "errors", closed, sharedEnv+"=1"))
	if inside != outside {
		t.Errorf("inside:\n%s\noutside:\n%s", inside, outside)
	}
	if !strings.Contains(inside, "connection refused") {
		t.Errorf("no error of a closed port:\n%s", inside)
	}
}

func TestConnections(t *testing.T) {
	var addresses []string
	for network, address := range map[string]string{"tcp": "127.0.0.1:0", "unix": filepath.Join(t.TempDir(), "socket")} {
		addresses = append(addresses, echoServer(t, network, address))
	}
	addresses = append(addresses, echoServer(t, "unix", fmt.Sprintf("@netns-test-%d", os.Getpid())))
	if strings.HasPrefix(addresses[0], "/") {
		addresses[0], addresses[1] = addresses[1], addresses[0]
	}
	if got := output(t, scenario(t, "echo", strings.Join(addresses, " "))); got != "done\n" {
		t.Errorf("found:\n%s", got)
	}
}

// echoServer sends back what it gets, until the test ends.
func echoServer(t *testing.T, network, address string) string {
	t.Helper()
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _ = io.Copy(c, c)
			}()
		}
	}()
	return l.Addr().String()
}

// A connection that is given up inside is given up by the parent, too.
func TestCancel(t *testing.T) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	port := name.(*unix.SockaddrInet4).Port
	address := fmt.Sprintf("127.0.0.1:%d", port)
	// Connections that nobody accepts, until the kernel answers no more.
	for range 8 {
		if c, err := net.DialTimeout("tcp", address, 50*time.Millisecond); err == nil {
			defer c.Close()
		}
	}
	s := start(t, scenario(t, "cancel", address))
	want := []string{
		fmt.Sprintf(`"dial tcp %s: i/o timeout", timeout true, operation dial on tcp, is context deadline exceeded`, address),
		fmt.Sprintf(`"dial tcp %s: operation was canceled", timeout false, operation dial on tcp, is context canceled`, address),
	}
	for _, w := range want {
		if got := s.line(); got != w {
			t.Errorf("got  %s\nwant %s", got, w)
		}
	}
	connecting := func() bool {
		sockets, err := os.ReadFile("/proc/net/tcp")
		if err != nil {
			t.Fatal(err)
		}
		return strings.Contains(string(sockets), fmt.Sprintf("0100007F:%04X 02 ", port)) // to the port, SYN_SENT
	}
	eventually(t, "the parent to give up", func() bool { return !connecting() })
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func TestNobodyConnects(t *testing.T) {
	s := start(t, scenario(t, "listen", ""))
	port := s.number("listening")
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addresses {
		c, err := net.DialTimeout("tcp", net.JoinHostPort(a.(*net.IPNet).IP.String(), fmt.Sprint(port)), time.Second)
		if err == nil {
			t.Errorf("%s connects to port %d", c.RemoteAddr(), port)
			c.Close()
		}
	}
	_ = s.Process.Kill()
	if line := s.line(); line != "" {
		t.Error(line)
	}
}

// Without rights, with those of root but for the two that a namespace takes, and with all, files are the user's and locks
// hold across namespaces.
func TestFiles(t *testing.T) {
	users := map[string]func(*exec.Cmd){"this user": func(*exec.Cmd) {}}
	if os.Getuid() == 0 {
		users["nobody"] = func(cmd *exec.Cmd) {
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		}
	}
	for name, become := range users {
		t.Run(name, func(t *testing.T) {
			dir, err := os.MkdirTemp("", "netns-test-") // of a path that everybody may walk
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { os.RemoveAll(dir) })
			if err := os.Chmod(dir, 0o777); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, "file")
			cmd := scenario(t, "file", path)
			cmd.Path = publicProgram(t, dir)
			become(cmd)
			stdin, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			s := start(t, cmd)
			uid, gid := os.Getuid(), os.Getgid()
			if cmd.SysProcAttr != nil {
				uid, gid = 65534, 65534
			}
			if got, want := s.line(), fmt.Sprintf("%d %d <nil>", uid, gid); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			f, err := os.OpenFile(path, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			info, err := f.Stat()
			if err != nil {
				t.Fatal(err)
			}
			if st := info.Sys().(*syscall.Stat_t); int(st.Uid) != uid || int(st.Gid) != gid {
				t.Errorf("the file is of user %d and group %d, want %d and %d", st.Uid, st.Gid, uid, gid)
			}
			if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != syscall.EWOULDBLOCK {
				t.Errorf("a lock that is held inside: %v", err)
			}
			stdin.Close()
			if err := s.Wait(); err != nil {
				t.Error(err)
			}
		})
	}
}

// publicProgram is a copy of this program that every user may run.
func publicProgram(t *testing.T, dir string) string {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "program")
	if err := os.WriteFile(path, data, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// A machine that gives no namespace is named with the setting that forbids it.
func TestRefused(t *testing.T) {
	const limits = "echo 0 >/proc/sys/user/max_user_namespaces && echo 0 >/proc/sys/user/max_net_namespaces && exec \"$0\""
	cmd := scenario(t, "check", "")
	cmd.Path, cmd.Args = "/bin/sh", []string{"sh", "-c", limits, cmd.Path}
	// The limits are those of a user namespace.
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := cmd.Output()
	if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != exitRefused {
		t.Skipf("no user namespace with limits of its own: %v %s", err, out)
	}
	want := "refused: this machine gives the process no network namespace of its own (the sysctl user.max_user_namespaces is 0; " +
		"the sysctl user.max_net_namespaces is 0"
	if !strings.HasPrefix(string(out), want) || !strings.Contains(string(out), "the limit on namespaces is reached") {
		t.Errorf("found %s", out)
	}
}
