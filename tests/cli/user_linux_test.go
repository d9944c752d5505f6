package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestUnknownUser runs the program as a user that the system does not know, without any environment, as a container does.
func TestUnknownUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can become another user")
	}
	program, err := os.Open(filepath.Join(binDir, "beamfit"))
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	const nobodyHasIt = 1_234_567_890
	cmd := exec.Command("/proc/self/fd/3", "version") // its folder is root's alone
	cmd.ExtraFiles = []*os.File{program}
	cmd.Env, cmd.Dir = []string{}, "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobodyHasIt, Gid: nobodyHasIt}}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.HasPrefix(string(out), "beamfit ") {
		t.Errorf("%v\n%.300s", err, out)
	}
}
