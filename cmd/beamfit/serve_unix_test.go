//go:build unix

package main

import (
	"net"
	"os"
	"path/filepath"
	"testing"
)

// TestStaleSocket: the socket that a killed proxy has left does not keep the next one from listening, but a proxy that listens does, and a file that is no socket.
func TestStaleSocket(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, ".s.PGSQL."+defaultPort)
	killed, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	killed.SetUnlinkOnClose(false)
	if err := killed.Close(); err != nil {
		t.Fatal(err)
	}
	task := &serveTask{listen: "unix:" + dir}
	l, err := task.listener()
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o777 {
		t.Errorf("the socket is %v, %v; other users of the machine cannot connect", info.Mode(), err)
	}
	if second, err := task.listener(); err == nil {
		t.Error("a second proxy listens on the same socket")
		_ = second.Close()
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if l, err := task.listener(); err == nil {
		t.Error("a file was taken for a socket")
		_ = l.Close()
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != "mine" {
		t.Errorf("the file has %q, %v", b, err)
	}
}
