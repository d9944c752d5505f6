//go:build unix

package fileio

import (
	"os"
	"os/user"
	"strconv"

	"golang.org/x/sys/unix"
)

// ownerOf tells whose a file is, and whether it is this user's and of no other's making: nobody else may write to it, and it has this
// one name, so that it is no other file of the user's that somebody has put here.
func ownerOf(f *os.File) (owner string, mine bool, err error) {
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return "", false, &os.PathError{Op: "stat", Path: f.Name(), Err: err}
	}
	owner = strconv.Itoa(int(st.Uid))
	if u, err := user.LookupId(owner); err == nil {
		owner = u.Username
	}
	const othersWrite = 0o022
	mine = int(st.Uid) == os.Geteuid() && st.Mode&othersWrite == 0 && st.Nlink == 1 && st.Mode&unix.S_IFMT == unix.S_IFREG
	return owner, mine, nil
}
