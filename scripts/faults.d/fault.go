package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"syscall"
)

// A fault is what happens to a command. The functions may be nil; each gets the scene of the case.
type fault struct {
	text string
	// args are more arguments of the command.
	args []string
	// small wants the scene on the small file system.
	small bool
	// prepare makes the surroundings bad before the command starts, strike while it runs, mend makes them good again.
	prepare func(ctx context.Context, s *scene, sub subject, ref *reference) error
	strike  func(ctx context.Context, s *scene, p *process, ref *reference) error
	mend    func(ctx context.Context, s *scene) error
	// beside is a subject that starts beside the command, after a share of the command's time.
	beside      *subject
	besideAfter float64
	// resume has the run go on by its ID instead of the same command, hasty has that begin before the jobs of the first one have ended.
	resume, hasty bool

	expect expectation
}

// An expectation is what a fault must or may lead to, beside what holds for all.
type expectation struct {
	// success: the command must succeed, since the fault passes.
	success bool
	// refusals are the exit codes of which a refusal must have one; none: exitFailed.
	refusals []int
	// names, known when the fault is prepared: an error must have one of them.
	names func() []string
	// otherValues: success may leave other rows than the reference, since the damaged input has no checksums.
	otherValues bool
}

// A kind is a kind of fault.
type kind struct {
	name string
	// weight is how many times as often as others it comes; 0 counts as 1.
	weight int
	stores []*storeKind
	mounts bool // it mounts a file system
	// engines tells under which it can happen; nil: all.
	engines func(*engine) bool
	// takes tells which commands it can happen to; nil: all.
	takes func(*command) bool
	draw  func(r *rand.Rand, sub subject) fault
}

// takesOf are those of the engines under which the kind can happen.
func (k *kind) takesOf(engines []*engine) []*engine {
	return slices.DeleteFunc(slices.Clone(engines), func(e *engine) bool { return k.engines != nil && !k.engines(e) })
}

// A moment is when a fault strikes: after a share of the time that the command takes undisturbed, or after a share of the lines
// that it then writes to standard error, which come where its stages begin and end.
type moment struct {
	share   float64
	ofLines bool
}

func drawMoment(r *rand.Rand) moment {
	if r.IntN(4) == 0 {
		return moment{r.Float64(), true}
	}
	return moment{share: 1.05 * r.Float64()}
}

func (m moment) String() string {
	if m.ofLines {
		return fmt.Sprintf("after %.0f %% of its lines", 100*m.share)
	}
	return fmt.Sprintf("after %.0f %% of its time", 100*m.share)
}

// await waits for the moment, or for the end of the process.
func (m moment) await(p *process, ref *reference) {
	if m.ofLines {
		p.untilLine(int(m.share * float64(ref.lines)))
		return
	}
	p.sleep(ref.after(m.share))
}

// nobody is the user that owns nothing.
var nobody = &syscall.Credential{Uid: 65534, Gid: 65534}

// asNobody lets root run the commands of a scene as another user, for root may write everywhere.
func (s *scene) asNobody() error {
	if os.Geteuid() != 0 {
		return nil
	}
	s.user = nobody
	return s.each(func(path string, _ os.FileMode) error { return os.Chown(path, int(nobody.Uid), int(nobody.Gid)) })
}
