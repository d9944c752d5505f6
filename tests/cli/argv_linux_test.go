package cli

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestPasswordInCommandLine: the list of processes shows the command without the password of the URL, which the server gets, and the secrets of an engine.
func TestPasswordInCommandLine(t *testing.T) {
	const password = "hunter22"
	for name, form := range map[string]string{
		"flag and value": "--db postgres://me:%s@%s/d?sslmode=disable",
		"one argument":   "--db=postgresql://me:%s@%s/d?sslmode=disable",
		"an option":      "--db postgres://%[2]s/d?user=me&password=%[1]s&sslmode=disable",
		"of an engine":   "--db postgres://me:%[1]s@%[2]s/d?sslmode=disable --runner flink --endpoint h:1 --beam-option auth_token=%[1]s --beam-option=api_key=%[1]s",
	} {
		t.Run(name, func(t *testing.T) {
			server, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer server.Close()
			flags := strings.Fields(fmt.Sprintf(form, password, server.Addr()))
			cmd := exec.CommandContext(t.Context(), filepath.Join(binDir, "beamfit"), append([]string{"show", "some_table"}, flags...)...)
			cmd.Env = append(os.Environ(), "BEAMFIT_DB=", "PGPASSWORD=")
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() {
				_ = cmd.Process.Kill()
				_ = cmd.Wait()
			}()
			client, err := server.Accept()
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			if got := askForPassword(t, client); got != password {
				t.Errorf("the server got the password %q, want %q", got, password)
			}
			line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", cmd.Process.Pid))
			if err != nil {
				t.Fatal(err)
			}
			want := strings.Join(append([]string{cmd.Path, "show", "some_table"}, flags...), "\x00") + "\x00"
			if want = strings.ReplaceAll(want, password, strings.Repeat("x", len(password))); string(line) != want {
				t.Errorf("the command line is %q, want %q", line, want)
			}
		})
	}
}

// askForPassword is a PostgreSQL server up to the password, which it asks for in clear text.
func askForPassword(t *testing.T, client net.Conn) string {
	t.Helper()
	message := func() []byte {
		var size [4]byte
		if _, err := io.ReadFull(client, size[:]); err != nil {
			t.Fatal(err)
		}
		body := make([]byte, binary.BigEndian.Uint32(size[:])-4)
		if _, err := io.ReadFull(client, body); err != nil {
			t.Fatal(err)
		}
		return body
	}
	message() // startup
	if _, err := client.Write([]byte{'R', 0, 0, 0, 8, 0, 0, 0, 3}); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(client, make([]byte, 1)); err != nil { // p
		t.Fatal(err)
	}
	return string(bytes.TrimSuffix(message(), []byte{0}))
}
