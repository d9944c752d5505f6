package netns

import (
	"fmt"
	"os/exec"
)

// Lend lets a program of this module that cmd will start reach what is outside: its DialContext and LookupHost ask this process, as those
// of this process ask the parent. The program must not outlive end, which kills it. In a process that has no parent nothing is needed and
// nothing done.
func Lend(cmd *exec.Cmd) (end func(), err error) {
	if self().parent == nil {
		return func() {}, nil
	}
	here, err := currentNamespace()
	if err != nil {
		return nil, err
	}
	mine, theirs, err := socketPair()
	if err != nil {
		return nil, err
	}
	borrower, err := unixConn(mine)
	if err != nil {
		theirs.Close()
		return nil, err
	}
	cmd.ExtraFiles = append(cmd.ExtraFiles, theirs)
	fd := 2 + len(cmd.ExtraFiles)
	cmd.Env = append(cmd.Environ(), fmt.Sprintf("%s=%d:%d:%d", marker, fd, here.device, here.inode))
	go serve(borrower)
	return func() {
		borrower.Close()
		theirs.Close()
	}, nil
}
