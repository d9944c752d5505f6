package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/beamfit/beamfit/scripts/faults.d/internal/stores"
)

// A scene is where a case plays: a folder with the files that commands read and write, their temporary folder and their scratch
// folder, and a store.
type scene struct {
	c      *campaign
	root   string
	place  place
	engine *engine
	idle   []int               // workers that were there before the case
	prefix []string            // words before the name of the program
	env    []string            // more environment variables of the commands
	user   *syscall.Credential // that runs the commands; nil: the campaign's own
	log    strings.Builder
}

// newScene makes a scene with a copy of the template, for commands on an engine.
func (c *campaign) newScene(ctx context.Context, kind *storeKind, e *engine, small bool) (*scene, error) {
	if err := c.template(ctx, kind); err != nil {
		return nil, fmt.Errorf("making the tables of the cases: %w", err)
	}
	c.scenes++
	dir := c.work
	if small {
		if err := c.mountSmall(); err != nil {
			return nil, err
		}
		dir = c.small()
	}
	s := &scene{c: c, root: filepath.Join(dir, fmt.Sprintf("case_%d", c.scenes)), engine: e}
	s.idle = s.workers()
	from := c.templateRoot(kind)
	if err := s.makeFolders(); err != nil {
		return nil, err
	}
	if err := os.CopyFS(s.files(), os.DirFS((&scene{root: from}).files())); err != nil {
		return nil, err
	}
	var err error
	s.place, err = kind.copied(ctx, c, from, s.root, small)
	return s, err
}

func (s *scene) files() string   { return filepath.Join(s.root, "files") }
func (s *scene) temp() string    { return filepath.Join(s.root, "tmp") }
func (s *scene) scratch() string { return filepath.Join(s.root, "scratch") }

func (s *scene) makeFolders() error {
	for _, dir := range []string{s.files(), s.temp(), s.scratch()} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	return nil
}

// remove removes the scene.
func (s *scene) remove(ctx context.Context) error {
	return errors.Join(s.place.Remove(ctx), os.RemoveAll(s.root))
}

// say adds a line to the log.
func (s *scene) say(format string, args ...any) {
	fmt.Fprintf(&s.log, "%s %s\n", time.Now().Format("15:04:05.000"), fmt.Sprintf(format, args...))
}

// start starts beamfit.
func (s *scene) start(ctx context.Context, args []string) (*process, error) {
	words := slices.Concat(s.prefix, []string{s.c.beamfit()}, args)
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Dir = s.files()
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + s.root, "TMPDIR=" + s.temp(), "BEAMFIT_SCRATCH=" + s.scratch(), "BEAMFIT_DB=" + s.place.URL(),
	}
	cmd.Env = append(cmd.Env, s.env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.user}
	s.say("starts: %s", strings.Join(words, " "))
	return start(ctx, cmd, s.c.limits)
}

// ended waits for a process and logs how it ended.
func (s *scene) ended(p *process) ended {
	e := p.wait()
	how := fmt.Sprintf("exit code %d", e.code)
	if e.signal != 0 {
		how = fmt.Sprintf("signal %v", e.signal)
	}
	s.say("ended after %v: %s; sent: %v; hung: %v\n--- stdout\n%s--- stderr\n%s---", e.took.Round(time.Millisecond), how, e.sent, e.hung, e.stdout, e.stderr)
	return e
}

// run runs a command to its end.
func (s *scene) run(ctx context.Context, args []string) (ended, error) {
	p, err := s.start(ctx, args)
	if err != nil {
		return ended{}, err
	}
	e := s.ended(p)
	return e, ctx.Err()
}

// must runs a command that nothing disturbs.
func (s *scene) must(ctx context.Context, args []string) error {
	e, err := s.run(ctx, args)
	if err == nil && e.code != exitOK {
		err = fmt.Errorf("beamfit %s: exit code %d\n%s", strings.Join(args, " "), e.code, e.stderr)
	}
	return err
}

// state is that of the store and of the files.
func (s *scene) state(ctx context.Context) (stores.State, error) {
	state, err := s.place.State(ctx)
	if err != nil {
		return nil, err
	}
	return state, state.AddFiles(s.files())
}

// leftovers are those of the store, everything in the temporary and the scratch folder, and hidden files.
func (s *scene) leftovers(ctx context.Context) ([]string, error) {
	var lines []string
	if s.engine.cluster {
		var err error
		if lines, err = s.clusterLeftovers(ctx); err != nil {
			return nil, err
		}
	}
	more, err := s.place.Leftovers(ctx)
	if err != nil {
		return nil, err
	}
	lines = append(lines, more...)
	err = filepath.WalkDir(s.root, func(path string, _ fs.DirEntry, err error) error {
		in := func(dir string) bool { return strings.HasPrefix(path, dir+"/") }
		if in(s.temp()) || in(s.scratch()) || in(s.files()) && stores.Hidden(path) {
			lines = append(lines, path)
		}
		return err
	})
	return lines, err
}

// size is the number of bytes of the store and the files.
func (s *scene) size(ctx context.Context) (int64, error) {
	a, err := s.place.Size(ctx)
	if err != nil {
		return 0, err
	}
	b, err := stores.Size(s.files())
	return a + b, err
}

// holds tells whether a path is in the store or among the files.
func (s *scene) holds(path string) bool {
	for _, dir := range []string{s.files(), filepath.Join(s.root, "store")} {
		if path == dir || strings.HasPrefix(path, dir+"/") {
			return true
		}
	}
	return false
}

// each calls fn for the scene's folder and all that is in it; what a running command removes meanwhile does not count.
func (s *scene) each(fn func(path string, mode os.FileMode) error) error {
	gone := func(err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	return filepath.WalkDir(s.root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return gone(err)
		}
		info, err := e.Info()
		if err != nil {
			return gone(err)
		}
		return gone(fn(path, info.Mode().Perm()))
	})
}
