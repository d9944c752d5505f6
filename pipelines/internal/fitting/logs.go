package fitting

import (
	"errors"
	"time"

	"github.com/beamfit/beamfit/pipelines/internal/fitlog"
)

// openLogs opens the files of callbacks; a dry run has none.
func (f *Fit) openLogs() error {
	files := f.Callbacks.Files()
	if len(files) == 0 || f.Engine.Traits().DryRun {
		return nil
	}
	var weights []fitlog.Weight
	for _, l := range f.Model.Spec.Layers {
		for _, w := range l.Weights {
			weights = append(weights, fitlog.Weight{Name: f.Model.Spec.Name + "/" + l.Name + "/" + w.Name, Offset: w.Offset, Size: w.Size()})
		}
	}
	for _, file := range files {
		log, err := fitlog.Open(file.Callback, fitlog.Options{
			Below: f.FilesBelow, After: f.Resumed, Began: time.Now(), Arch: f.Recipe.Arch, Weights: weights,
		})
		if err != nil {
			return err
		}
		f.files = append(f.files, openLog{file.Index, log})
	}
	return nil
}

// An openLog is the file of a callback, by its place in the list.
type openLog struct {
	index int
	fitlog.Log
}

// closeLogs closes the files of callbacks.
func (f *Fit) closeLogs() error {
	var errs []error
	for _, file := range f.files {
		errs = append(errs, file.Close())
	}
	f.files = nil
	return errors.Join(errs...)
}
