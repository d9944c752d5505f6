package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"

	"github.com/beamfit/beamfit/scripts/faults.d/internal/damage"
	"github.com/beamfit/beamfit/scripts/faults.d/internal/stores"
)

// fullDisk leaves less room than the command may need: for the store, its files, its temporary and its scratch folder. With
// PostgreSQL the tables of the database are there too, but not what the server keeps for all databases.
func fullDisk(r *rand.Rand, sub subject) fault {
	room := 1.5 * r.Float64()
	var expect expectation
	if sub.store == postgres {
		expect.refusals = []int{exitFailed, exitUnavailable} // a server without room may also refuse sessions
	}
	return fault{
		text:   fmt.Sprintf("room for %.0f %% of what it writes", 100*room),
		small:  true,
		expect: expect,
		prepare: func(_ context.Context, s *scene, _ subject, ref *reference) error {
			return s.c.fillSmall(int64(room * float64(ref.growth)))
		},
		mend: func(_ context.Context, s *scene) error { return s.c.emptySmall() },
	}
}

// fileSizeLimit makes writes beyond a size of the file fail, as quotas do.
func fileSizeLimit(r *rand.Rand, _ subject) fault {
	share := r.Float64()
	return fault{
		text: fmt.Sprintf("%.0f %% of what it writes", 100*share),
		prepare: func(_ context.Context, s *scene, _ subject, ref *reference) error {
			s.prefix = []string{"bash", "-c", fmt.Sprintf(`ulimit -f %d && exec "$@"`, 1+int64(share*float64(ref.growth))>>10), "bash"}
			return nil
		},
		mend: func(_ context.Context, s *scene) error {
			s.prefix = nil
			return nil
		},
	}
}

// readOnly takes the right to write in the store and in the folder of the files, before the command or while it runs.
func readOnly(r *rand.Rand, _ subject) fault {
	at, early := drawMoment(r), r.IntN(3) == 0
	protect := func(s *scene) error {
		return s.each(func(path string, mode os.FileMode) error {
			if !s.holds(path) {
				return nil
			}
			return os.Chmod(path, mode&^0o222)
		})
	}
	f := fault{
		text: at.String(),
		prepare: func(_ context.Context, s *scene, _ subject, _ *reference) error {
			return s.asNobody()
		},
		strike: func(_ context.Context, s *scene, p *process, ref *reference) error {
			at.await(p, ref)
			return protect(s)
		},
		mend: func(_ context.Context, s *scene) error {
			return s.each(func(path string, mode os.FileMode) error { return os.Chmod(path, mode|0o200) })
		},
	}
	if early {
		f.text, f.strike = "from the beginning", nil
		f.prepare = func(_ context.Context, s *scene, _ subject, _ *reference) error {
			return errors.Join(s.asNobody(), protect(s))
		}
	}
	return f
}

// damagedStore damages a file of the folder store: mostly one that the command reads.
func damagedStore(r *rand.Rand, _ subject) fault {
	seed, choice := r.Uint64(), r.Float64()
	return damaging(func(s *scene, sub subject) (*damage.Damage, []string, error) {
		dir := s.place.(stores.Folder).Dir
		paths, err := stores.Files(dir)
		if err != nil {
			return nil, nil, err
		}
		paths = slices.DeleteFunc(paths, stores.HoldsNoRows)
		read := slices.DeleteFunc(slices.Clone(paths), func(path string) bool {
			return !slices.Contains(sub.command.reads, tableOf(path))
		})
		if choice < 0.6 && len(read) > 0 {
			paths = read
		} else if choice < 0.8 {
			paths = []string{".beamfit/catalog.json"}
		}
		r := random(seed)
		path := paths[r.IntN(len(paths))]
		d, err := damage.File(r, filepath.Join(dir, path))
		return d, []string{filepath.Base(path), tableOf(path)}, err
	})
}

// tableOf is the table that a file of the folder store belongs to: TABLE/GENERATION/FILE.
func tableOf(path string) string { return filepath.Dir(filepath.Dir(path)) }

// damagedInput damages the file that a command reads.
func damagedInput(r *rand.Rand, sub subject) fault {
	seed := r.Uint64()
	f := damaging(func(s *scene, sub subject) (*damage.Damage, []string, error) {
		d, err := damage.File(random(seed), filepath.Join(s.files(), sub.command.input))
		return d, []string{sub.command.input}, err
	})
	f.expect.otherValues = !sub.command.checksummed
	return f
}

// damaging is the fault of a file that do damages; do also gives the names of which an error must have one.
func damaging(do func(*scene, subject) (*damage.Damage, []string, error)) fault {
	var done *damage.Damage
	var names []string
	return fault{
		prepare: func(_ context.Context, s *scene, sub subject, _ *reference) (err error) {
			if done, names, err = do(s, sub); err == nil {
				s.say("damaged: %v", done)
			}
			return err
		},
		mend: func(_ context.Context, s *scene) error {
			undone, err := done.Undo()
			s.say("undone: %v", undone)
			return err
		},
		expect: expectation{names: func() []string { return names }},
	}
}
