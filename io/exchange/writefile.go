package exchange

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/beamfit/beamfit/io/internal/oserr"
	"github.com/beamfit/beamfit/io/ownerlock"
)

// unfinished begins the names of files that are being written.
const unfinished = ".beamfit-export-"

// WriteFile lets fn write the file at path and puts it there when it is complete. Into a device or a pipe it writes
// directly.
func WriteFile(path string, fn func(out io.Writer) error) (err error) {
	given := path
	defer func() {
		if err != nil {
			err = fmt.Errorf("file %s: %w", given, oserr.Named(err))
		}
	}()
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return errors.New("it is a folder")
	case err == nil && !info.Mode().IsRegular():
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return errors.Join(fn(f), f.Close())
	case errors.Is(err, fs.ErrNotExist):
		if path, err = linkTarget(path); err != nil {
			return err
		}
	case err != nil:
		return err
	default:
		if path, err = filepath.EvalSymlinks(path); err != nil { // replace what a link points to, not the link
			return err
		}
	}
	root, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer root.Close()
	return replaceFile(root, filepath.Base(path), info, fn)
}

// maxLinks is how many links may follow each other: as many as filepath.EvalSymlinks follows.
const maxLinks = 255

// linkTarget is what a link to a file that does not exist points to, in its real folder; the path itself where it is no link. Folders are
// resolved before a .. is taken from them, as the system does: x/.. is the folder above the one that x leads to.
func linkTarget(path string) (string, error) {
	for range maxLinks {
		folder, name := filepath.Split(path)
		if folder == "" {
			folder = "."
		}
		folder, err := filepath.EvalSymlinks(folder)
		if err != nil {
			return "", err
		}
		path = filepath.Join(folder, name)
		target, err := os.Readlink(path)
		if err != nil {
			return path, nil
		}
		if !filepath.IsAbs(target) {
			target = folder + string(filepath.Separator) + target // filepath.Join would take a .. from the name before it
		}
		path = target
	}
	return "", fmt.Errorf("more than %d links follow each other", maxLinks)
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
