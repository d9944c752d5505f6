package exchange

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"

	"github.com/beamfit/beamfit/io/internal/oserr"
	"github.com/beamfit/beamfit/io/ownerlock"
)

// unfinished begins the names of files that are being written.
const unfinished = ".beamfit-export-"

// WriteFile lets fn write the file at path and puts it there when it is complete. Where it Streams it writes directly, behind what is
// there or, by a descriptor of this process, at the place where that is.
func WriteFile(path string, fn func(out io.Writer) error) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("file %s: %w", path, oserr.Named(err))
		}
	}()
	info, missing := os.Stat(path)
	switch {
	case missing == nil && info.IsDir():
		return errors.New("it is a folder")
	case missing == nil && !info.Mode().IsRegular():
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return errors.Join(fn(f), f.Close())
	case missing != nil && !errors.Is(missing, fs.ErrNotExist):
		return missing
	}
	target, opened, err := linkTarget(path) // replace what a link points to, not the link
	if err != nil {
		return err
	}
	switch {
	case opened && missing != nil:
		return missing
	case opened:
		return writeOpened(target, fn)
	}
	root, err := os.OpenRoot(filepath.Dir(target))
	if err != nil {
		return err
	}
	defer root.Close()
	return replaceFile(root, filepath.Base(target), info, fn)
}

// Streams reports whether what is written to a path goes there at once: into a device, a pipe, or a file that a process has open, as /dev/stdout is
// one. Others may be writing to it too.
func Streams(path string) bool {
	info, err := os.Stat(path)
	if err != nil || info.IsDir() {
		return false
	}
	_, opened, err := linkTarget(path)
	return err == nil && opened || !info.Mode().IsRegular()
}

// writeOpened lets fn write into a regular file that a process has open. It is not replaced: whoever has opened it would not see the new one. Where this
// process has it open fn writes at the place where it is, which those who share it go on from; else behind what is there.
func writeOpened(path string, fn func(out io.Writer) error) (err error) {
	var f *os.File
	if n, own := ownDescriptor(path); own {
		f, err = duplicate(n, path)
	} else {
		f, err = os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	}
	if err != nil {
		return err
	}
	return errors.Join(fn(f), f.Close())
}

// maxLinks is how many links may follow each other: as many as filepath.EvalSymlinks follows.
const maxLinks = 255

// descriptors are the folders of the files that processes have open.
var descriptors = regexp.MustCompile(`^(?:/proc/(\d+)(?:/task/\d+)?/fd|/dev/fd)$`)

// ownDescriptor is the number of the descriptor that a path of linkTarget names, where it is one of this process.
func ownDescriptor(path string) (n int, own bool) {
	folder, name := filepath.Split(path)
	in := descriptors.FindStringSubmatch(filepath.Clean(folder))
	n, err := strconv.Atoi(name)
	if in == nil || err != nil {
		return 0, false
	}
	if in[1] == "" {
		return n, true
	}
	self, err := os.Readlink("/proc/self") // the number that the process has there, which need not be the one that it knows
	return n, err == nil && self == in[1]
}

// linkTarget is what a link points to, whether that exists or not, in its real folder; the path itself where it is no link. Folders are
// resolved before a .. is taken from them, as the system does: x/.. is the folder above the one that x leads to. opened: it is a file that a process has
// open, under the name that its descriptor has.
func linkTarget(path string) (target string, opened bool, err error) {
	for range maxLinks {
		folder, name := filepath.Split(path)
		if folder == "" {
			folder = "."
		}
		folder, err := filepath.EvalSymlinks(folder)
		if err != nil {
			return "", false, err
		}
		path = filepath.Join(folder, name)
		if descriptors.MatchString(folder) {
			return path, true, nil
		}
		target, err := os.Readlink(path)
		if err != nil {
			return path, false, nil
		}
		if !filepath.IsAbs(target) {
			target = folder + string(filepath.Separator) + target // filepath.Join would take a .. from the name before it
		}
		path = target
	}
	return "", false, fmt.Errorf("more than %d links follow each other", maxLinks)
}

// replaceFile lets fn write a file under a name of its own, makes it durable and gives it its name. old is the file that has the name;
// nil: none. It removes what killed exports have left in the folder.
func replaceFile(root *os.Root, name string, old os.FileInfo, fn func(out io.Writer) error) error {
	ownerlock.Sweep(root, unfinished, "", func(left string) { _ = root.Remove(left) })
	f, temp, err := ownerlock.Create(root, unfinished, "", 0o666)
	if err != nil {
		return err
	}
	defer f.Close() // after it has its name, for without its lock it would be swept; nothing is lost then, it is synced
	err = fn(f)
	if err == nil {
		err = f.Sync()
	}
	if err == nil && old != nil {
		err = f.Chmod(old.Mode().Perm())
	}
	if err == nil {
		err = root.Rename(temp, name)
	}
	if err != nil {
		_ = root.Remove(temp)
	}
	return err
}
