//go:build unix

package nofollow

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// TestLinks uses every method on links: the last name of a path, and one before it.
func TestLinks(t *testing.T) {
	dir := t.TempDir()
	r := Root(filepath.Join(dir, "root"))
	out := filepath.Join(dir, "out")
	must(t, os.MkdirAll(string(r)+"/in", 0o700), os.MkdirAll(out, 0o700), os.WriteFile(out+"/x", []byte("precious"), 0o600))
	for _, target := range []string{out, "in"} {
		link := string(r) + "/link"
		_ = os.Remove(link)
		must(t, os.Symlink(target, link))
		_, open := r.OpenFile(link, os.O_RDONLY, 0)
		_, create := r.OpenFile(link, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
		_, dir := r.OpenDir(link)
		_, list := r.ReadDir(link)
		_, through := r.OpenFile(link+"/x", os.O_RDWR|os.O_CREATE, 0o600)
		for name, err := range map[string]error{
			"open": open, "create": create, "folder": dir, "list": list, "through": through,
			"lstat": r.Lstat(link + "/x"), "mkdir": r.Mkdir(link+"/y", 0o700), "remove": r.RemoveAll(link + "/x"),
			"remove empty": r.RemoveEmpty(link + "/x"), "rename from": r.Rename(link+"/x", string(r)+"/x"), "rename to": r.Rename(string(r)+"/in", link+"/in"),
		} {
			var pe *os.PathError
			if !errors.Is(err, ErrLink) || !errors.As(err, &pe) || pe.Path != link {
				t.Errorf("%s, to %s: %v", name, target, err)
			}
		}
		must(t, r.Lstat(link), r.RemoveAll(link))
		if _, err := os.Lstat(link); !errors.Is(err, os.ErrNotExist) {
			t.Error("the link is still there")
		}
	}
	must(t, os.Mkdir(string(r)+"/old", 0o700), os.Symlink(out, string(r)+"/old/link"), os.WriteFile(string(r)+"/old/f", nil, 0o400))
	must(t, r.RemoveAll(string(r)+"/old"), r.RemoveAll(string(r)+"/old"))
	if data, err := os.ReadFile(out + "/x"); err != nil || string(data) != "precious" {
		t.Errorf("the file that a link led to: %q, %v", data, err)
	}
	if entries, err := os.ReadDir(out); err != nil || len(entries) != 1 {
		t.Errorf("%d entries, %v", len(entries), err)
	}
}

func TestFiles(t *testing.T) {
	for _, r := range []Root{Root(t.TempDir()), "/"} {
		base := string(r)
		if r == "/" {
			base = t.TempDir()
		}
		must(t, r.Mkdir(base+"/d", 0o750))
		f, err := r.OpenFile(base+"/d/f", os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
		must(t, err)
		_, err = f.WriteString("text")
		must(t, err, f.Close(), r.Rename(base+"/d/f", base+"/g"))
		if data, err := os.ReadFile(base + "/g"); err != nil || string(data) != "text" {
			t.Errorf("%q, %v", data, err)
		}
		if entries, err := r.ReadDir(base); err != nil || len(entries) != 2 {
			t.Errorf("%v, %v", entries, err)
		}
		must(t, syscall.Mkfifo(base+"/pipe", 0o600))
		if _, err := r.OpenFile(base+"/pipe", os.O_RDONLY, 0); !errors.Is(err, ErrKind) {
			t.Errorf("a pipe: %v", err)
		}
		if err := r.Mkdir(base+"/d", 0o700); !errors.Is(err, os.ErrExist) {
			t.Errorf("once more: %v", err)
		}
		must(t, r.Mkdir(base+"/d/e", 0o700))
		if err := r.RemoveEmpty(base + "/d"); !errors.Is(err, syscall.ENOTEMPTY) {
			t.Errorf("a folder that is not empty: %v", err)
		}
		must(t, r.RemoveEmpty(base+"/d/e"), r.RemoveEmpty(base+"/d"))
	}
	if err := Root("/a/b").Lstat("/a/bc"); err == nil || errors.Is(err, os.ErrNotExist) {
		t.Errorf("a path that is not below: %v", err)
	}
}
