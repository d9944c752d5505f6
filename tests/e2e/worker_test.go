package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Workers of prism that are processes of their own read and write the store as the command itself does, a database out of the command's
// network too, and give the same table.
func TestWorkerProcesses(t *testing.T) {
	for name, user := range users(t) {
		t.Run(name, func(t *testing.T) {
			u := user(t)
			var rows strings.Builder
			for i := range 500 {
				fmt.Fprintf(&rows, "%d,\"{%d,%d}\",\"{%d}\"\n", i, i, i*i%7, i%5)
			}
			file := filepath.Join(t.TempDir(), "rows.csv")
			if err := os.WriteFile(file, []byte("id,x,y\n"+rows.String()), 0o600); err != nil {
				t.Fatal(err)
			}
			u.beamfit("import", file, "rows", "--types", "x real[], y real[]")
			show := func(table string, flags ...string) string {
				u.beamfit(append([]string{"preprocess", "rows", table, "--dependent", "y", "--independent", "x", "--buffer-size", "50", "--shards", "2"}, flags...)...)
				return u.beamfit("show", table, "--limit", "100", "--format", "csv")
			}
			want := show("here")
			if got := show("there", "--runner", "prism", "--environment-type", "PROCESS"); got != want || want == "" {
				t.Error("the table of worker processes is another one")
			}
		})
	}
}
