package callback

import (
	"fmt"
	"slices"

	"github.com/beamfit/beamfit/model/metric"
	"github.com/beamfit/beamfit/model/nearest"
	"github.com/beamfit/beamfit/model/params"
)

// A Model is what callbacks need to know of the model that is trained.
type Model struct {
	// Metrics are those of the model, without the loss.
	Metrics []Metric
	// Validation: there is a validation table.
	Validation bool
	// Rate is the learning rate of the optimizer, and Settable says that it is a number and no schedule.
	Rate     float64
	Settable bool
}

// A Metric is a metric as callbacks see it.
type Metric struct {
	Name   string // in the logs
	Better metric.Direction
}

// A List is the callbacks of a fit, checked, in the order of fit_params.
type List struct {
	rate  float64
	items []item
	// Notices are sentences about arguments that change nothing here.
	Notices []string
	keeper  int // the callback whose best weights the model gets at the end; -1: none
}

// An item is a callback and its state before the first iteration.
type item struct {
	name  string
	begin func() callback
	// keeps: it keeps the weights of an iteration. first: it does so before those that do not.
	keeps, first bool
	quiet        bool // it does nothing after an iteration that anybody sees
	file         any  // CSVLogger or TensorBoard
}

// A callback is one callback of a Run.
type callback interface {
	// after is called after an iteration that was scored. It adds to the logs and to the decisions.
	after(m *moment)
}

// A scheduler is a callback that sets the learning rate before an iteration.
type scheduler interface {
	before(epoch int, rate float64) (float64, error)
}

// table is every callback by Keras' class name: a new one is a file and a row here. order are the arguments in the order in which they
// may stand without names.
var table = []struct {
	name  string
	order []string
	make  func(a *reader) item
}{
	{"CSVLogger", []string{"filename", "separator", "append"}, newCSVLogger},
	{"EarlyStopping", []string{
		"monitor", "min_delta", "patience", "verbose", "mode", "baseline", "restore_best_weights", "start_from_epoch",
	}, newEarlyStopping},
	{"LearningRateScheduler", []string{"schedule", "verbose"}, newLearningRateScheduler},
	{"ModelCheckpoint", []string{
		"filepath", "monitor", "verbose", "save_best_only", "save_weights_only", "mode", "save_freq", "initial_value_threshold",
	}, newModelCheckpoint},
	{"ReduceLROnPlateau", []string{
		"monitor", "factor", "patience", "verbose", "mode", "min_delta", "cooldown", "min_lr",
	}, newReduceLROnPlateau},
	{"TensorBoard", []string{
		"log_dir", "histogram_freq", "write_graph", "write_images", "write_steps_per_second", "update_freq", "profile_batch",
		"embeddings_freq", "embeddings_metadata",
	}, newTensorBoard},
	{"TerminateOnNaN", []string{"raise_error"}, newTerminateOnNaN},
}

// refused are callbacks of Keras that are none here, each with the way out.
var refused = map[string]string{
	"BackupAndRestore":       "a fit with checkpoints (--checkpoint-every) goes on from where it was stopped",
	"Callback":               "nothing that is written in Python runs here",
	"CallbackList":           "write the callbacks themselves",
	"History":                "the summary of the model has the history",
	"LambdaCallback":         "nothing that is written in Python runs here",
	"OrbaxCheckpoint":        "a fit with checkpoints (--checkpoint-every) goes on from where it was stopped",
	"ProgbarLogger":          "progress is shown anyway",
	"RemoteMonitor":          "nothing is sent to a server; TensorBoard and CSVLogger write files",
	"SwapEMAWeights":         "with use_ema=True of the optimizer the averages become the weights where an iteration ends",
	"WandbCallback":          "nothing is sent to a server; TensorBoard and CSVLogger write files",
	"WeightsAndBiasesLogger": "nothing is sent to a server; TensorBoard and CSVLogger write files",
}

// classNames lists the callbacks by Keras' class names, sorted.
func classNames() []string {
	names := make([]string, len(table))
	for i, row := range table {
		names[i] = row.name
	}
	return names
}

// New makes the callbacks that fit_params ask for, for a model.
func New(calls []params.Call, m Model) (*List, error) { return newList(calls, &m) }

// Check checks all of callbacks that can be checked without a model.
func Check(calls []params.Call) error {
	_, err := newList(calls, nil)
	return err
}

// newList is New; without a model nothing is checked against one.
func newList(calls []params.Call, m *Model) (*List, error) {
	l := &List{keeper: -1}
	if m != nil {
		l.rate = m.Rate
	}
	for _, call := range calls {
		if err := l.add(call, m); err != nil {
			return nil, err
		}
	}
	return l, l.checkKeepers()
}

func find(name string) int {
	for i, row := range table {
		if row.name == name {
			return i
		}
	}
	return -1
}

func unknown(name string) error {
	if why, ok := refused[name]; ok {
		return fmt.Errorf("callback %s is not supported: %s", name, why)
	}
	return fmt.Errorf("unknown callback %q; %s", name, nearest.Known(name, classNames()))
}

func (l *List) add(call params.Call, m *Model) error {
	k := find(call.Name)
	if k < 0 {
		return unknown(call.Name)
	}
	row := table[k]
	a := &reader{Args: params.NewArgs(call), model: m}
	a.Order(row.order...)
	i := row.make(a)
	if err := a.Check(); err != nil {
		return fmt.Errorf("callback %s: %w", row.name, err)
	}
	i.name = row.name
	l.items = append(l.items, i)
	for _, text := range a.notices {
		l.Notices = append(l.Notices, row.name+": "+text)
	}
	return nil
}

// checkKeepers finds the callback whose best weights the model gets: ModelCheckpoint, else the last EarlyStopping that restores.
// In Keras the first writes a file, whatever the others make of the model.
func (l *List) checkKeepers() error {
	for i, it := range l.items {
		switch {
		case !it.keeps:
		case l.keeper < 0 || !it.first && !l.items[l.keeper].first:
			l.keeper = i
		case it.first && l.items[l.keeper].first:
			return fmt.Errorf("callback %s: there are two with save_best_only, and the model table can hold one best", it.name)
		case it.first:
			l.keeper = i
		}
	}
	return nil
}

// Keeps tells whether the model gets the weights of the best iteration at the end, instead of those of the last.
func (l *List) Keeps() bool { return l.keeper >= 0 }

// NeedsScores tells whether any callback looks at scores; else all are LearningRateScheduler without verbose or ModelCheckpoint without save_best_only.
func (l *List) NeedsScores() bool {
	return slices.ContainsFunc(l.items, func(i item) bool { return !i.quiet })
}

// A File is a callback that writes files: a CSVLogger or a TensorBoard, at its place in the list.
type File struct {
	Index    int
	Callback any
}

// Files are the callbacks that write files.
func (l *List) Files() (files []File) {
	for i, it := range l.items {
		if it.file != nil {
			files = append(files, File{i, it.file})
		}
	}
	return files
}

// A reader reads the arguments of a callback.
type reader struct {
	*params.Args
	model   *Model // nil: not known yet
	notices []string
}

func (a *reader) notice(format string, v ...any) {
	a.notices = append(a.notices, fmt.Sprintf(format, v...))
}

// count reads a number of iterations, which must not be negative.
func (a *reader) count(byDefault int, name string) int {
	n := a.Int(byDefault, name)
	if n < 0 {
		a.Failf("argument %s must not be negative, found %d", name, n)
	}
	return n
}

// verbose reads verbose: whether a callback tells what it does. Keras takes a number, and people a boolean.
func (a *reader) verbose() bool {
	if !a.Has("verbose") {
		return false
	}
	if on, ok := a.Value("verbose").(bool); ok {
		return on
	}
	return a.count(0, "verbose") > 0
}

// settable refuses a callback that sets the learning rate where the optimizer's follows a schedule, as Keras does.
func (a *reader) settable() {
	if a.model != nil && !a.model.Settable {
		a.Failf("the learning rate of the optimizer is a schedule of its own; give the optimizer a number, as learning_rate=0.001")
	}
}
