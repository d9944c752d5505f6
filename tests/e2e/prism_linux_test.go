package e2e

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestOthersCannotSubmitToPrism attacks a fit on prism as another user: who can connect can run programs as the user of the fit.
// With --prism-open-port the attack succeeds, which shows that it is one.
func TestOthersCannotSubmitToPrism(t *testing.T) {
	u := fileUser(t)
	u.irisPrepared("0")
	for _, c := range []struct {
		name     string
		flags    []string
		succeeds bool
	}{
		{"isolated", nil, false},
		{"open", []string{"--prism-open-port"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			u := u
			u.t = t
			model := "model_" + c.name
			a := newAttacker(t)
			fit := u.command(t.Context(), append([]string{
				"fit", "iris_train_packed", model, "--arch", "model_arch_library", "--id", "1", "--compile", compile,
				"--fit", "batch_size=5, epochs=200", "--iterations", "100", "--runner", "prism",
			}, c.flags...)...)
			progress, err := fit.StderrPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := fit.Start(); err != nil {
				t.Fatal(err)
			}
			var stderr bytes.Buffer
			lines := bufio.NewScanner(progress)
			for lines.Scan() {
				stderr.WriteString(lines.Text() + "\n")
				if strings.Contains(lines.Text(), "iteration 1/100") {
					break
				}
			}
			ports := listening(t, fit.Process.Pid)
			if len(ports) < 2 { // the job service and the workers
				t.Fatalf("the fit listens on the ports %v only\n%s", ports, stderr.String())
			}
			t.Logf("the fit listens on the ports %v", ports)
			report, ran := a.attack(t, ports)
			if len(listening(t, fit.Process.Pid)) == 0 {
				t.Fatal("the fit ended before the attack did: it needs more iterations")
			}
			switch {
			case c.succeeds && !ran:
				t.Fatalf("the attack on an open port is none:\n%s", report)
			case !c.succeeds && (ran || strings.Contains(report, "connected")):
				t.Fatalf("others can connect; their program ran: %v\n%s", ran, report)
			}
			if warned := strings.Contains(stderr.String(), "warning: --prism-open-port: "); warned != c.succeeds {
				t.Errorf("warned of the open port: %v\n%s", warned, stderr.String())
			}
			if c.succeeds {
				_ = fit.Process.Kill() // prism is busy with the job of the attacker for ever
				_ = fit.Wait()
				return
			}
			for lines.Scan() {
				stderr.WriteString(lines.Text() + "\n")
			}
			if err := fit.Wait(); err != nil {
				t.Fatalf("fit: %v\n%s", err, stderr.String())
			}
			if out := u.beamfit("show", model, "--columns", "model_arch", "--format", "csv"); !strings.Contains(out, "Sequential") {
				t.Errorf("the model table: %s", out)
			}
		})
	}
}

// listening are the ports on which a process and its children listen, in whatever network.
func listening(t *testing.T, pid int) []int {
	t.Helper()
	proc := fmt.Sprintf("/proc/%d/", pid)
	sockets := map[string]bool{} // by inode
	descriptors, err := os.ReadDir(proc + "fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range descriptors {
		if target, err := os.Readlink(proc + "fd/" + d.Name()); err == nil && strings.HasPrefix(target, "socket:[") {
			sockets[strings.TrimSuffix(strings.TrimPrefix(target, "socket:["), "]")] = true
		}
	}
	var ports []int
	for _, table := range []string{"tcp", "tcp6"} {
		data, err := os.ReadFile(proc + "net/" + table)
		if errors.Is(err, os.ErrNotExist) {
			continue // a machine without IPv6
		}
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(data)) {
			// sl local_address rem_address st tx:rx tr:tm retrnsmt uid timeout inode
			fields := strings.Fields(line)
			if len(fields) < 10 || fields[3] != "0A" || !sockets[fields[9]] {
				continue
			}
			_, hex, _ := strings.Cut(fields[1], ":")
			port, err := strconv.ParseUint(hex, 16, 16)
			if err != nil {
				t.Fatal(err)
			}
			ports = append(ports, int(port))
		}
	}
	children, err := filepath.Glob(proc + "task/*/children")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range children {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for child := range strings.FieldsSeq(string(data)) {
			n, err := strconv.Atoi(child)
			if err != nil {
				t.Fatal(err)
			}
			ports = append(ports, listening(t, n)...)
		}
	}
	return ports
}

// An attacker is a folder with the attacker, which is this program, the program that it wants to be run, and the mark that this makes.
type attacker struct{ dir, self, program, mark string }

func newAttacker(t *testing.T) attacker {
	t.Helper()
	dir, err := os.MkdirTemp("", "beamfit-attack-") // of a path that everybody may walk
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	a := attacker{dir, filepath.Join(dir, "attacker"), filepath.Join(dir, "program"), filepath.Join(dir, "mark")}
	if err := os.WriteFile(a.self, data, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(a.program, []byte("#!/bin/sh\nid -u >"+a.mark+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return a
}

// attack runs the attacker, as nobody where this process may become another user. It returns what the attacker says, and
// whether its program ran.
func (a attacker) attack(t *testing.T, ports []int) (report string, ran bool) {
	t.Helper()
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	var targets []string
	for _, address := range addresses {
		for _, p := range ports {
			targets = append(targets, net.JoinHostPort(address.(*net.IPNet).IP.String(), strconv.Itoa(p)))
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, a.self, targets...)
	cmd.Dir = a.dir
	cmd.Env = []string{attackEnv + "=" + a.program, "HOME=" + a.dir, "USER=nobody"}
	if os.Getuid() == 0 {
		const nobody = 65534
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	} else {
		t.Log("this process cannot become another user: the same one attacks")
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("the attacker: %v\n%s", err, out)
	}
	if strings.Contains(string(out), "submitted") {
		for end := time.Now().Add(20 * time.Second); !ran && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
			uid, err := os.ReadFile(a.mark)
			ran = err == nil && strings.TrimSpace(string(uid)) == strconv.Itoa(os.Getuid())
		}
	}
	return string(out), ran
}

// Where the machine gives no namespace, prism is refused before anything is done, with the ways out.
func TestPrismIsRefused(t *testing.T) {
	u := fileUser(t)
	u.irisPrepared("0")
	limited := func(args ...string) (string, int) {
		beamfit := u.command(t.Context(), args...)
		cmd := exec.CommandContext(t.Context(), "/bin/sh", append([]string{
			"-c", `echo 0 >/proc/sys/user/max_user_namespaces && echo 0 >/proc/sys/user/max_net_namespaces || exit 99; exec "$0" "$@"`,
		}, beamfit.Args...)...)
		cmd.Env = beamfit.Env
		// The limits are those of a user namespace.
		cmd.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags:  syscall.CLONE_NEWUSER,
			UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
		}
		out, err := cmd.CombinedOutput()
		if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() == 99 {
			t.Skipf("no user namespace with limits of its own: %v\n%s", err, out)
		}
		return string(out), cmd.ProcessState.ExitCode()
	}
	split := []string{"split", "iris_data", "again", "--train", "0.5", "--runner"}
	out, code := limited(append(split, "prism")...)
	if code != 1 {
		t.Errorf("exit code %d", code)
	}
	for _, want := range []string{
		"beamfit: runner prism is refused", "the sysctl user.max_user_namespaces is 0", "--runner direct", "--prism-open-port",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in %s", want, out)
		}
	}
	if out, err := u.try("show", "again"); err == nil {
		t.Errorf("the refused command made a table:\n%s", out)
	}
	if out, code := limited("show", "iris_data", "--limit", "1", "--runner", "prism"); code != 0 {
		t.Errorf("a command without pipelines: exit code %d\n%s", code, out)
	}
	if out, code := limited(append(split, "prism", "--prism-open-port")...); code != 0 {
		t.Errorf("--prism-open-port: exit code %d\n%s", code, out)
	}
}
