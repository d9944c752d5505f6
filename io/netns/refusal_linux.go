package netns

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// obstacles are the settings of a machine that forbid namespaces.
var obstacles = []struct {
	path, line string // the file and the line in it that tells of the setting
	say        string
}{
	{"/proc/sys/user/max_user_namespaces", "0", "the sysctl user.max_user_namespaces is 0"},
	{"/proc/sys/user/max_net_namespaces", "0", "the sysctl user.max_net_namespaces is 0"},
	{"/proc/sys/kernel/unprivileged_userns_clone", "0", "the sysctl kernel.unprivileged_userns_clone is 0"},
	{"/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1", "the sysctl kernel.apparmor_restrict_unprivileged_userns is 1"},
	{"/proc/self/status", "Seccomp:\t2", "a seccomp filter is in force, as containers have"},
}

// refused says that the machine gives no namespace, and why as far as it is known.
func refused(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		err = path.Err // the path is this program
	}
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EUSERS) {
		err = fmt.Errorf("the limit on namespaces is reached: %w", err)
	}
	text := "this machine gives the process no network namespace of its own"
	var reasons []string
	for _, o := range obstacles {
		if hasLine(o.path, o.line) {
			reasons = append(reasons, o.say)
		}
	}
	if len(reasons) > 0 {
		text += " (" + strings.Join(reasons, "; ") + ")"
	}
	return fmt.Errorf("%s: %w", text, err)
}

func hasLine(path, line string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false // a kernel without the setting
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if lines.Text() == line {
			return true
		}
	}
	return false
}

// identity maps every user or group that this process knows to itself.
func identity(path string) ([]syscall.SysProcIDMap, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var maps []syscall.SysProcIDMap
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var inside, outside, size int
		if _, err := fmt.Sscan(lines.Text(), &inside, &outside, &size); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		maps = append(maps, syscall.SysProcIDMap{ContainerID: inside, HostID: inside, Size: size})
	}
	return maps, nil
}
