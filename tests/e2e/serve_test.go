package e2e

import (
	"bufio"
	"context"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A proxy is beamfit serve, in front of the test's server.
type proxy struct {
	url string // of the user's database, through it
	// stop ends it and requires that it does so well.
	stop func()
	// kill ends it at once.
	kill func()
}

func (u user) serve(args ...string) proxy {
	u.t.Helper()
	direct, err := url.Parse(u.db)
	if err != nil {
		u.t.Fatal(err)
	}
	cmd := exec.Command(binary, append([]string{"serve", "--db", "postgres://" + direct.Host + "/", "--listen", "127.0.0.1:0", "--log-level", "info"}, args...)...)
	cmd.Env = append(os.Environ(), "BEAMFIT_DB=")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		u.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		u.t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	first, err := lines.ReadString('\n')
	address, _, ok := strings.Cut(strings.TrimPrefix(first, "listening on "), " ")
	if err != nil || !ok {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		u.t.Fatalf("serve says %q, %v\n%s", first, err, stderr.String())
	}
	ended := false
	p := proxy{kill: func() {
		ended = true
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
	}, stop: func() {
		if ended {
			return
		}
		ended = true
		_ = cmd.Process.Signal(syscall.SIGTERM)
		guard := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
		defer guard.Stop()
		if err := cmd.Wait(); err != nil {
			u.t.Errorf("serve: %v\n%s", err, stderr.String())
		}
	}}
	u.t.Cleanup(p.stop)
	through := *direct
	through.Host = address
	p.url = through.String()
	return p
}

// script runs a file in psql, through the proxy.
func (p proxy) script(t *testing.T, dir, file string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "psql", append([]string{p.url, "-X", "-v", "ON_ERROR_STOP=1", "-f", file}, args...)...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("psql: %v\n%s", err, out)
	}
	return string(out)
}

// irisFolder is a folder with the script and its data.
func irisFolder(t *testing.T, script string) string {
	t.Helper()
	dir := t.TempDir()
	data, err := os.ReadFile("../../cmd/beamfit/internal/iris/iris.csv")
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"iris.csv": string(data), "script.sql": script} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestPageBySQL runs the page's script unchanged, twice, and inside a transaction that is rolled back.
func TestPageBySQL(t *testing.T) {
	u := pgUser(t)
	page, err := os.ReadFile("testdata/page.sql")
	if err != nil {
		t.Fatal(err)
	}
	p := u.serve("--shards", "3")
	dir := irisFolder(t, string(page))
	first := p.script(t, dir, "script.sql")
	for _, want := range []string{
		"INFO:  Keras Model: Added model id 1 to model_arch_library table",
		"INFO:  Keras Model: Added model id 2 to model_arch_library table",
		"buffer_size             | 40\n",
		"buffer_size             | 10\n",
		"metrics_iters             | {3,6,9,10}\n",
		"metrics_iters             | {1,2,3,4,5}\n",
		"INFO:  iteration 10 of 10: training",
		"model_size                | 0.7900390625\n",
		"name                      | Sophie L.\n",
		"(90 rows)\n",
		"(30 rows)\n",
	} {
		if !strings.Contains(first, want) {
			t.Errorf("the output lacks %q", want)
		}
	}
	second := p.script(t, dir, "script.sql")
	sameOutput(t, "the second time", first, second)
	sameOutput(t, "in a transaction", first, p.script(t, dir, "script.sql", "--single-transaction"))
	p.stop()
}

// TestSQLPage runs the script of docs/sql.md and holds the output that is shown there against the real one. The README shows lines of it.
func TestSQLPage(t *testing.T) {
	text, err := os.ReadFile("../../docs/sql.md")
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(readme), "<!-- sql:begin -->\n```sql\n")
	shown, _, ok := strings.Cut(rest, "```\n<!-- sql:end -->")
	if !ok {
		t.Fatal("README.md lacks the lines of the script")
	}
	for line := range strings.Lines(shown) {
		if !strings.Contains(string(text), line) {
			t.Errorf("README.md shows a line that docs/sql.md has not: %s", line)
		}
	}
	part := func(begin, end string) string {
		_, rest, found := strings.Cut(string(text), begin)
		shown, _, closed := strings.Cut(rest, end)
		if !found || !closed {
			t.Fatalf("docs/sql.md lacks %q", begin)
		}
		return shown
	}
	u := pgUser(t)
	p := u.serve("--shards", "3")
	got := p.script(t, irisFolder(t, part("<!-- iris.sql -->\n```sql\n", "```")), "script.sql", "-q")
	sameOutput(t, "docs/sql.md", part("<!-- output -->\n```\n", "```\n"), got)
	p.stop()
}

// What differs from run to run in psql's output: times, the place in the script, and the widths of columns.
var (
	seconds  = regexp.MustCompile(`training [0-9.]+ s, evaluation [0-9.]+ s|metrics_elapsed_time +\| .*`)
	place    = regexp.MustCompile(`psql:\S+ `)
	fillers  = regexp.MustCompile(`[-+ ]{2,}`)
	uncalled = regexp.MustCompile(`^NOTICE: |^$`) // of DROP TABLE IF EXISTS
	// slowLine is what a job says that takes more than a second: how far a stage is, and that an iteration is done that is not scored.
	slowLine = regexp.MustCompile(`^INFO: ([a-z]+: [a-z ]+, \d+( of \d+)? (rows|buffers|iterations)|iteration \d+ of \d+: training [0-9.]+ s)$`)
)

// sameOutput compares what psql has printed, but for what differs from run to run and from processor to processor.
func sameOutput(t *testing.T, when, want, got string) {
	t.Helper()
	lines := func(text string) (out []string) {
		text = place.ReplaceAllString(seconds.ReplaceAllString(text, "#"), "")
		text = tail.ReplaceAllString(clock.ReplaceAllString(text, "#"), "$1")
		for _, l := range strings.Split(text, "\n") {
			if l = strings.TrimSpace(fillers.ReplaceAllString(l, " ")); !uncalled.MatchString(l) && !slowLine.MatchString(l) {
				out = append(out, l)
			}
		}
		return out
	}
	w, g := lines(want), lines(got)
	for i := range max(len(w), len(g)) {
		if i >= len(w) || i >= len(g) || w[i] != g[i] {
			t.Errorf("%s: line %d of %d and %d is\n%q, want\n%q", when, i+1, len(w), len(g), g[min(i, len(g)-1)], w[min(i, len(w)-1)])
			return
		}
	}
}
