package netns

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The variables of a test that runs this program again, as a program that uses the package.
const (
	scenarioEnv = "NETNS_TEST_SCENARIO"
	argumentEnv = "NETNS_TEST_ARGUMENT"
	sharedEnv   = "NETNS_TEST_SHARED" // set: the scenario runs without a namespace
)

// exitRefused is the exit code of a scenario on a machine that gives no namespace.
const exitRefused = 99

func TestMain(m *testing.M) {
	name := os.Getenv(scenarioEnv)
	if name == "" {
		os.Exit(m.Run())
	}
	if os.Getenv(sharedEnv) == "" && Check() != nil {
		code, err := Reexec(os.Args)
		if err != nil {
			fmt.Println("refused:", err)
			code = exitRefused
		}
		os.Exit(code)
	}
	scenarios[name](os.Getenv(argumentEnv))
}

// scenarios are what the program does in the namespace.
var scenarios = map[string]func(argument string){
	"check": func(string) { fmt.Println(Check()) },
	"exit":  func(code string) { n, _ := strconv.Atoi(code); os.Exit(n) },
	"die":   func(string) { _ = syscall.Kill(os.Getpid(), syscall.SIGKILL) },
	"wait":  func(string) { fmt.Println("ready", os.Getpid()); select {} },
	"words": func(string) {
		in, _ := io.ReadAll(os.Stdin)
		fmt.Printf("%s %s %q", os.Args[1:], in, os.Getenv(marker))
	},
	"errors": describeErrors,
	"echo":   echoes,
	"listen": listen,
	"cancel": cancelled,
	"signals": func(string) {
		ctx, stop := NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
		fmt.Println("ready", os.Getpid())
		<-ctx.Done()
		stop()
		fmt.Println("stopped")
		for {
			time.Sleep(20 * time.Millisecond)
			fmt.Println("alive")
		}
	},
	"file": func(path string) {
		f, err := os.Create(path)
		if err != nil {
			panic(err)
		}
		fmt.Println(os.Getuid(), os.Getgid(), syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB))
		_, _ = io.ReadAll(os.Stdin)
	},
}

// scenario is this program as one that uses the package, not started.
func scenario(t *testing.T, name, argument string, env ...string) *exec.Cmd {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, program)
	cmd.Env = append(append(os.Environ(), scenarioEnv+"="+name, argumentEnv+"="+argument), env...)
	return cmd
}

// output runs a scenario to its end.
func output(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	skipRefused(t, cmd, string(out))
	if err != nil {
		t.Fatalf("%v\n%s%s", err, out, stderr.String())
	}
	return string(out)
}

func skipRefused(t *testing.T, cmd *exec.Cmd, out string) {
	t.Helper()
	if cmd.ProcessState.ExitCode() == exitRefused {
		t.Skip(out)
	}
}

// started is a scenario that runs.
type started struct {
	*exec.Cmd
	t     *testing.T
	lines *bufio.Scanner
}

func start(t *testing.T, cmd *exec.Cmd) started {
	t.Helper()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return started{cmd, t, bufio.NewScanner(stdout)}
}

// line is the next line of the scenario, "" at its end.
func (s started) line() string {
	s.t.Helper()
	if !s.lines.Scan() {
		return ""
	}
	if strings.HasPrefix(s.lines.Text(), "refused: ") {
		s.t.Skip(s.lines.Text())
	}
	return s.lines.Text()
}

// number is the number in the next line, after the word.
func (s started) number(word string) int {
	s.t.Helper()
	line := s.line()
	n, err := strconv.Atoi(strings.TrimPrefix(line, word+" "))
	if err != nil {
		s.t.Fatalf("found %q, want %q and a number", line, word)
	}
	return n
}

// describeErrors prints what callers can ask of the errors of connections that fail; closed is an address where nobody listens.
func describeErrors(closed string) {
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	late, cancel := context.WithDeadline(context.Background(), time.Unix(1, 0))
	defer cancel()
	dial := func(ctx context.Context, network, address string) {
		c, err := DialContext(ctx, network, address)
		fmt.Printf("dial %s %s: %v, %s\n", network, address, c, describe(err))
	}
	lookup := func(ctx context.Context, host string) {
		addresses, err := LookupHost(ctx, host)
		fmt.Printf("lookup %.20s: %v, %s\n", host, addresses, describe(err))
	}
	background := context.Background()
	dial(background, "tcp", closed)
	dial(background, "unix", "/no/such/socket")
	dial(background, "unix", "@"+strings.Repeat("x", 200))
	dial(background, "tcp", "127.0.0.1")
	dial(background, "tcp", "127.0.0.1:no-such-service")
	dial(background, "tcpx", closed)
	dial(background, "tcp", "a..b:1")
	dial(ended, "tcp", closed)
	dial(late, "tcp", closed)
	lookup(background, "127.0.0.1")
	lookup(background, "::1")
	lookup(background, "a..b")
	lookup(background, "")
	// The rest of the text depends on the resolver.
	for _, ctx := range []context.Context{ended, late} {
		var dns *net.DNSError
		_, err := LookupHost(ctx, "example.invalid")
		fmt.Println(errors.As(err, &dns) && dns.Name == "example.invalid", dns.IsTimeout, errors.Is(err, ctx.Err()))
	}
}

func describe(err error) string {
	if err == nil {
		return "no error"
	}
	var network net.Error
	var op *net.OpError
	var dns *net.DNSError
	text := fmt.Sprintf("%q", err)
	if errors.As(err, &network) {
		text += fmt.Sprintf(", timeout %v", network.Timeout())
	}
	if errors.As(err, &op) {
		text += fmt.Sprintf(", operation %s on %s", op.Op, op.Net)
	}
	if errors.As(err, &dns) {
		text += fmt.Sprintf(", name %s not found %v, timeout %v", dns.Name, dns.IsNotFound, dns.IsTimeout)
	}
	for _, cause := range []error{syscall.ECONNREFUSED, syscall.ENOENT, syscall.EINVAL, context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, cause) {
			text += ", is " + cause.Error()
		}
	}
	return text
}

// echoes opens many connections to the echo servers at once, and one that only the parent can.
func echoes(servers string) {
	if c, err := net.Dial("tcp", strings.Fields(servers)[0]); err == nil {
		fmt.Println("connected without the parent to", c.RemoteAddr())
	}
	var wg sync.WaitGroup
	for i := range 50 {
		for _, address := range strings.Fields(servers) {
			wg.Go(func() {
				network := "tcp"
				if strings.HasPrefix(address, "/") || strings.HasPrefix(address, "@") {
					network = "unix"
				}
				if err := echo(network, address, fmt.Sprintf("word %d", i)); err != nil {
					fmt.Println(err)
				}
			})
		}
	}
	wg.Wait()
	fmt.Println("done")
}

func echo(network, address, word string) error {
	c, err := DialContext(context.Background(), network, address)
	if err != nil {
		return err
	}
	defer c.Close()
	if c.RemoteAddr().String() != address {
		return fmt.Errorf("the connection to %s is to %s", address, c.RemoteAddr())
	}
	if _, err := io.WriteString(c, word); err != nil {
		return err
	}
	back := make([]byte, len(word))
	if _, err := io.ReadFull(c, back); err != nil {
		return err
	}
	if string(back) != word {
		return fmt.Errorf("sent %q, got %q back", word, back)
	}
	_ = c.SetReadDeadline(time.Now().Add(time.Millisecond))
	if _, err := c.Read(back); !errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("a read without an answer: %v", err)
	}
	return nil
}

// listen listens on all interfaces, and shows that it can be reached from inside.
func listen(string) {
	l, err := net.Listen("tcp", ":0")
	if err != nil {
		panic(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	for _, host := range []string{"127.0.0.1", "::1", "localhost"} {
		c, err := net.Dial("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
		if err != nil {
			panic(err)
		}
		c.Close()
		accepted, _ := l.Accept()
		accepted.Close()
	}
	fmt.Println("listening", port)
	for {
		if c, err := l.Accept(); err == nil {
			fmt.Println("somebody came:", c.RemoteAddr())
			c.Close()
		}
	}
}

// cancelled gives up a connection that nobody answers.
func cancelled(address string) {
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	_, err := DialContext(ctx, "tcp", address)
	fmt.Println(describe(err))
	ctx, cancel = context.WithCancel(context.Background())
	time.AfterFunc(100*time.Millisecond, cancel)
	_, err = DialContext(ctx, "tcp", address)
	fmt.Println(describe(err))
	select {}
}
