package exchange

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// childPath makes the test binary write the file that it names until it is killed.
const childPath = "BEAMFIT_EXCHANGE_CHILD"

func TestMain(m *testing.M) {
	if path := os.Getenv(childPath); path != "" {
		_ = WriteFile(path, func(out io.Writer) error {
			_, err := out.Write([]byte("half a file"))
			_, _ = os.Stdout.WriteString("writing\n")
			_, _ = io.Copy(io.Discard, os.Stdin)
			return err
		})
		os.Exit(3)
	}
	os.Exit(m.Run())
}

// killedWriter writes a file in a process that is killed meanwhile.
func killedWriter(t *testing.T, path string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childPath+"="+path)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(stdout).ReadString('\n'); err != nil {
		t.Errorf("the child wrote nothing: %v", err)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait() // it reports the kill
}

// TestKilledWriter: what a killed writer leaves goes with the next file of any name; what a living one writes stays.
func TestKilledWriter(t *testing.T) {
	dir := t.TempDir()
	killedWriter(t, filepath.Join(dir, "a.csv"))
	if n := len(names(t, dir)); n != 1 {
		t.Fatalf("a killed writer left %d files, expected 1", n)
	}
	write := func(out io.Writer) error {
		_, err := out.Write([]byte("whole"))
		return err
	}
	err := WriteFile(filepath.Join(dir, "living.csv"), func(out io.Writer) error {
		if err := WriteFile(filepath.Join(dir, "b.csv"), write); err != nil {
			return err
		}
		if got := names(t, dir); len(got) != 2 {
			t.Errorf("left is %q, expected b.csv and what is being written", got)
		}
		return write(out)
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := names(t, dir); len(got) != 2 || got[0] != "b.csv" || got[1] != "living.csv" {
		t.Errorf("left is %q, expected b.csv and living.csv", got)
	}
}

// TestLongName: the name of the greatest length can be written too.
func TestLongName(t *testing.T) {
	path := filepath.Join(t.TempDir(), strings.Repeat("n", 255))
	if err := WriteFile(path, func(io.Writer) error { return nil }); err != nil {
		t.Error(err)
	}
}

func names(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// A link to a file that is not there yet is kept, and the file made; one that leads nowhere is an error.
func TestWriteThroughLink(t *testing.T) {
	dir := t.TempDir()
	for _, folder := range []string{"links", "files", "files/below"} {
		if err := os.Mkdir(filepath.Join(dir, folder), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	write := func(out io.Writer) error {
		_, err := out.Write([]byte("whole"))
		return err
	}
	for name, target := range map[string]string{
		"relative": "../files/a.csv", "absolute": filepath.Join(dir, "files", "b.csv"), "twice": "relative2", "relative2": "../files/c.csv", "loop": "loop",
		"hop": "../files/below", "dots": "hop/../d.csv", "nowhere": "../missing/e.csv",
	} {
		if err := os.Symlink(target, filepath.Join(dir, "links", name)); err != nil {
			t.Fatal(err)
		}
	}
	for name, file := range map[string]string{"relative": "a.csv", "absolute": "b.csv", "twice": "c.csv", "dots": "d.csv"} {
		link := filepath.Join(dir, "links", name)
		if err := WriteFile(link, write); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
			t.Errorf("%s is no link any more: %v", name, err)
		}
		if text, err := os.ReadFile(filepath.Join(dir, "files", file)); string(text) != "whole" {
			t.Errorf("%s: %q, error %v", file, text, err)
		}
	}
	if err := WriteFile(dir+"/links/hop/../f.csv", write); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "files", "f.csv")); string(text) != "whole" {
		t.Errorf("f.csv: %q, error %v", text, err)
	}
	nowhere := filepath.Join(dir, "links", "nowhere")
	if err := WriteFile(nowhere, write); !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), "file "+nowhere+": ") {
		t.Errorf("a link into a missing folder: got %v", err)
	}
	loop := filepath.Join(dir, "links", "loop")
	if err := WriteFile(loop, write); err == nil {
		t.Error("a link to itself was written")
	}
	if info, err := os.Lstat(loop); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link to itself was replaced: %v", err)
	}
}

// A file that a process has open is written at the place where it is, by whatever name, and whoever shares it goes on behind.
func TestWriteOpened(t *testing.T) {
	if _, err := os.Stat("/dev/fd"); err != nil {
		t.Skip("the system has no names for open files")
	}
	dir := t.TempDir()
	f, err := os.Create(filepath.Join(dir, "all.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString("there\n"); err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("/dev/fd/%d", f.Fd())
	link := filepath.Join(dir, "link")
	if err := os.Symlink(name, link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{name, link} {
		if !Streams(path) {
			t.Errorf("%s is none that is written directly", path)
		}
		err := WriteFile(path, func(out io.Writer) error {
			_, err := io.WriteString(out, filepath.Base(path)+"\n")
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
	if _, err := f.WriteString("tail\n"); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(f.Name())
	if want := "there\n" + filepath.Base(name) + "\nlink\ntail\n"; err != nil || string(got) != want {
		t.Errorf("the file has %q, %v, want %q", got, err, want)
	}
	if left := names(t, dir); len(left) != 2 {
		t.Errorf("the folder has %q", left)
	}
	if none := "/dev/fd/999"; Streams(none) || !errors.Is(WriteFile(none, func(io.Writer) error { return nil }), fs.ErrNotExist) {
		t.Errorf("%s, which nobody has open, is written", none)
	}
	if Streams(f.Name()) {
		t.Error("a file's own name is one that is written directly")
	}
}
