package keras

import (
	"encoding/json"
	"os"
	"os/exec"
	"testing"
)

// A conversation is with a script of scripts/keras-fixtures, a line of JSON each way.
type conversation struct {
	hear *json.Decoder
	say  *json.Encoder
	cmd  *exec.Cmd
}

// converse starts a script with the Python that BEAMFIT_KERAS_PYTHON names.
func converse(t *testing.T, script string, args ...string) *conversation {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Getenv("BEAMFIT_KERAS_PYTHON"), append([]string{"../../scripts/keras-fixtures/" + script}, args...)...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return &conversation{hear: json.NewDecoder(out), say: json.NewEncoder(in), cmd: cmd}
}

// heard reads what the script says next.
func (c *conversation) heard(t *testing.T, v any) {
	t.Helper()
	if err := c.hear.Decode(v); err != nil {
		t.Fatal(err)
	}
}

// said answers.
func (c *conversation) said(t *testing.T, v any) {
	t.Helper()
	if err := c.say.Encode(v); err != nil {
		t.Fatal(err)
	}
}

// end waits for the end of the script, which must be a success.
func (c *conversation) end(t *testing.T) {
	t.Helper()
	if err := c.cmd.Wait(); err != nil {
		t.Fatal(err)
	}
}
