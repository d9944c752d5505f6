package fitlog

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/beamfit/beamfit/io/tfevents"
	"github.com/beamfit/beamfit/model/callback"
)

// A boardLog is the event files of TensorBoard: the folder train has what is computed on the training table, the weights and the
// architecture, the folder validation the rest.
type boardLog struct {
	callback.TensorBoard
	options Options
	place   place
	runs    map[string]*boardFile
}

// A boardFile is the event file of a folder.
type boardFile struct {
	*tfevents.Writer
	file *os.File
}

func openBoard(c callback.TensorBoard, o Options) (*boardLog, error) {
	at, err := o.place()
	if err != nil {
		return nil, err
	}
	l := &boardLog{TensorBoard: c, options: o, place: at, runs: map[string]*boardFile{}}
	run, err := l.run("train")
	if err == nil && c.Graph && o.After == 0 {
		run.Model(o.Began, 0, "keras", o.Arch)
	}
	if err == nil {
		err = run.Flush()
	}
	if err != nil {
		_ = l.Close()
		return nil, err
	}
	return l, nil
}

// run is the file of a folder, which is made at the first call.
func (l *boardLog) run(folder string) (*boardFile, error) {
	if r := l.runs[folder]; r != nil {
		return r, nil
	}
	folderPath := filepath.Join(l.Dir, folder)
	if err := l.place.makeFolder(folderPath); err != nil {
		return nil, err
	}
	var file *os.File
	var err error
	for number := 0; file == nil; number++ {
		name := filepath.Join(folderPath, tfevents.Name(l.options.Began, number))
		file, err = l.place.open(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL)
		if err != nil && !errors.Is(err, os.ErrExist) {
			return nil, err
		}
	}
	r := &boardFile{tfevents.NewWriter(file, l.options.Began), file}
	l.runs[folder] = r
	r.Start(l.options.Began, int64(l.options.After))
	return r, nil
}

func (l *boardLog) Write(e Entry) error {
	step := int64(e.epoch())
	for _, v := range e.Logs {
		folder, name := "train", v.Name
		if rest, ok := strings.CutPrefix(v.Name, "val_"); ok {
			folder, name = "validation", rest
		}
		run, err := l.run(folder)
		if err != nil {
			return err
		}
		run.Scalar(e.At, step, "epoch_"+name, v.Value)
	}
	if l.Histograms(e.Iteration) {
		weights, err := e.Weights()
		if err != nil {
			return err
		}
		for _, w := range l.options.Weights {
			l.runs["train"].Histogram(e.At, step, w.Name+"/histogram", weights[w.Offset:][:w.Size])
		}
	}
	for _, r := range l.runs {
		if err := r.Flush(); err != nil {
			return err
		}
	}
	return nil
}

func (l *boardLog) Close() error {
	var errs []error
	for _, r := range l.runs {
		errs = append(errs, r.file.Close())
	}
	l.place.close()
	return errors.Join(errs...)
}
