package pipelines

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/pipelines/internal/jobtest"
)

// stopping is a fit that EarlyStopping ends: the learning rate is so large that the loss soon gets no better.
func stopping() FitOptions {
	opt := irisFit()
	opt.Compile = "loss='categorical_crossentropy', optimizer=Adam(0.05), metrics=['acc']"
	opt.Compile = strings.Replace(opt.Compile, "Adam(0.05)", "Adam(learning_rate=0.05)", 1)
	opt.Validation, opt.Iterations = "iris_test_packed", 30
	opt.Fit = "batch_size=5, callbacks=[EarlyStopping(min_delta=0.01, patience=3, restore_best_weights=True), " +
		"keras.callbacks.ReduceLROnPlateau('loss', 0.5, 1, min_lr=0.01)]"
	return opt
}

// decided is what callbacks have decided, as the summary tells, besides what the fit left.
func decided(t *testing.T, store table.Store, model string) string {
	t.Helper()
	b := readTable(t, store, model+"_summary")
	return fmt.Sprint(b.Col("stopped_iteration").Int32s, b.Col("stop_reason").Strings, b.Col("model_iteration").Int32s) + outcome(t, store, model)
}

// Callbacks decide the same on every runner and with any pipelines, and the summary says what; a fit that was stopped in the middle goes on to the
// same end.
func TestCallbacksDecideTheSameEverywhere(t *testing.T) {
	store := fileStore(t)
	withIris(t, store)
	opt := stopping()
	r, err := Fit(t.Context(), Env{Store: store}, opt)
	if err != nil {
		t.Fatal(err)
	}
	want := decided(t, store, opt.Model)
	s := readTable(t, store, "iris_model_summary")
	n := int(s.Col("stopped_iteration").Int32s[0])
	if n < 5 || n >= 30 || len(s.Col("metrics_iters").Int32s) != n || len(s.Col("validation_loss").Float64s) != n ||
		!strings.HasPrefix(s.Col("stop_reason").Strings[0], "EarlyStopping: val_loss is 0.") {
		t.Fatalf("stopped after %d iterations: %s", n, want[:200])
	}
	best := int(s.Col("model_iteration").Int32s[0])
	if r.StoppedAfter != n || r.Iteration != best || r.StopReason == "" || best >= n {
		t.Errorf("result %+v, the summary has iterations %d and %d", r, n, best)
	}
	if final := s.Col("validation_loss_final").Float64s[0]; final != s.Col("validation_loss").Float64s[best-1] || final != *r.ValidationLoss {
		t.Errorf("final loss %v, that of iteration %d is %v", final, best, s.Col("validation_loss").Float64s[best-1])
	}

	// The model has what it had after the best iteration.
	short := opt
	short.Model, short.Iterations = "short", best
	if _, err := Fit(t.Context(), Env{Store: store}, short); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(modelWeights(t, store, "short"), modelWeights(t, store, opt.Model)) {
		t.Error("the weights are not those of the best iteration")
	}

	for _, runner := range jobtest.Runners() {
		for _, foreign := range []bool{false, true} {
			other := opt
			other.Model, other.CheckpointEvery = fmt.Sprint("model_", runner, foreign), 3
			env := Env{Store: store, Runner: runner, strangers: strangersIf(foreign && runner == "direct", runner)}
			stopAfter(t, env, other, n-2)
			r, err := Fit(t.Context(), env, other)
			if err != nil {
				t.Fatal(err)
			}
			if r.ResumedAfter == 0 || r.ResumedAfter%3 != 0 {
				t.Errorf("went on after %d", r.ResumedAfter)
			}
			if got := decided(t, store, strings.ToLower(other.Model)); got != want {
				t.Errorf("%s: %s, want %s", runner, got[:120], want[:120])
			}
		}
	}
}

// A rate that a callback sets is that of the optimizer; one that none sets leaves every bit as it was.
func TestCallbacksSetTheLearningRate(t *testing.T) {
	store := fileStore(t)
	withIris(t, store)
	weights := func(name, compile, fit string) []byte {
		t.Helper()
		opt := irisFit()
		opt.Model, opt.Compile, opt.Fit, opt.Iterations = name, "loss='categorical_crossentropy', optimizer="+compile, fit, 3
		if _, err := Fit(t.Context(), Env{Store: store}, opt); err != nil {
			t.Fatal(err)
		}
		return modelWeights(t, store, name)
	}
	plain := weights("plain", "SGD(learning_rate=0.5)", "")
	if !bytes.Equal(plain, weights("watched", "SGD(learning_rate=0.5)", "callbacks=[ReduceLROnPlateau(monitor='loss'), TerminateOnNaN()]")) {
		t.Error("callbacks that do nothing change the weights")
	}
	if !bytes.Equal(plain, weights("scheduled", "SGD(learning_rate=0.1)", "callbacks=[LearningRateScheduler(ExponentialDecay(0.5, 1, 1.0))]")) {
		t.Error("a schedule of 0.5 is not a rate of 0.5")
	}
	if !bytes.Equal(plain, weights("formula", "SGD(learning_rate=0.1)", "callbacks=[LearningRateScheduler('lambda epoch, lr: where(epoch < 1, 0.5, lr)')]")) {
		t.Error("a formula of 0.5 is not a rate of 0.5")
	}
	if bytes.Equal(plain, weights("halved", "SGD(learning_rate=0.5)", "callbacks=[LearningRateScheduler(ExponentialDecay(0.5, 1, 0.5))]")) {
		t.Error("a schedule changes nothing")
	}
}

func TestModelCheckpointKeepsTheBest(t *testing.T) {
	store := fileStore(t)
	withIris(t, store)
	opt := stopping()
	opt.Iterations = 8
	opt.Fit = "batch_size=5, callbacks=[ModelCheckpoint('best.keras', monitor='val_acc', save_best_only=True), TerminateOnNaN()]"
	r, err := Fit(t.Context(), Env{Store: store}, opt)
	if err != nil {
		t.Fatal(err)
	}
	s := readTable(t, store, "iris_model_summary")
	first, largest := 0, -1.0
	for i, v := range s.Col("validation_metrics").Float64s {
		if v > largest {
			first, largest = i+1, v
		}
	}
	if r.Iteration != first || s.Col("stopped_iteration").Int32s[0] != 0 || !s.Col("stop_reason").IsNull(0) {
		t.Errorf("the model has iteration %d, the best is %d", r.Iteration, first)
	}
	if len(r.Warnings) != 1 || r.Warnings[0] != "ModelCheckpoint: best.keras is not written, the weights are in the model table" {
		t.Errorf("warnings %q", r.Warnings)
	}
	if _, err := Evaluate(t.Context(), Env{Store: store}, EvaluateOptions{Model: "iris_model", Test: "iris_test_packed", Output: "scores"}); err != nil {
		t.Fatal(err)
	}
	if got := readTable(t, store, "scores").Col("metric").Float64s[0]; got != largest {
		t.Errorf("the model scores %v, its best was %v", got, largest)
	}
}

// A training loss that is NaN is a warning, and with TerminateOnNaN an error; both name the iteration.
func TestFitEndsInNaN(t *testing.T) {
	store := fileStore(t)
	withIris(t, store)
	opt := irisFit()
	opt.Compile, opt.Iterations, opt.MetricsEvery = "loss='mse', optimizer=SGD(learning_rate=1e38)", 4, 2
	r, err := Fit(t.Context(), Env{Store: store}, opt)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], "training ended with a loss of NaN: it is not a finite number at the latest since iteration 2") {
		t.Errorf("warnings %q", r.Warnings)
	}
	opt.Model, opt.MetricsEvery, opt.Fit = "terminated", 0, "callbacks=[TerminateOnNaN()]"
	_, err = Fit(t.Context(), Env{Store: store}, opt)
	wantError(t, err, "iteration 1: TerminateOnNaN: the training loss is NaN")
	if _, err := store.Snapshot(t.Context(), mustName(t, "terminated")); err == nil {
		t.Error("a model was written")
	}
}

// The files of callbacks go on where a fit goes on.
func TestCallbackFilesGoOn(t *testing.T) {
	store := fileStore(t)
	withIris(t, store)
	env, folder := Env{Store: store}, t.TempDir()
	opt := stopping()
	opt.FilesBelow, opt.Iterations, opt.CheckpointEvery = folder, 7, 2
	opt.Fit = "batch_size=5, callbacks=[TensorBoard('board', 2), CSVLogger('log.csv', append=True)]"
	stopAfter(t, env, opt, 6)
	if _, err := Fit(t.Context(), env, opt); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(folder, "log.csv"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\r\n")
	if len(lines) != 9 || lines[0] != "epoch,acc,loss,val_acc,val_loss" || !strings.HasPrefix(lines[7], "6,0.") {
		t.Errorf("the log is %q", text)
	}
	for i, line := range lines[1:8] {
		if !strings.HasPrefix(line, fmt.Sprint(i, ",")) {
			t.Errorf("row %d of the log is %q", i, line)
		}
	}
	for run, files := range map[string]int{"train": 2, "validation": 2} {
		found, _ := filepath.Glob(filepath.Join(folder, "board", run, "events.out.tfevents.*"))
		if len(found) != files {
			t.Errorf("%s: files %q", run, found)
		}
	}
}

func TestFitRefusesCallbacks(t *testing.T) {
	store := fileStore(t)
	withIris(t, store)
	for text, want := range map[string][]string{
		"EarlyStoping()":                        {"unknown callback \"EarlyStoping\"", "the nearest of 7 known: EarlyStopping, "},
		"LambdaCallback()":                      {"LambdaCallback is not supported", "Python"},
		"EarlyStopping('loss', patient=3)":      {"EarlyStopping: argument patient is not supported"},
		"EarlyStopping('loss', patience=-1)":    {"patience must not be negative"},
		"EarlyStopping()":                       {"monitor=val_loss needs a validation table", "monitor=loss"},
		"EarlyStopping('accuracy')":             {"monitor=accuracy: there is no such value; known: loss, categorical_accuracy"},
		"EarlyStopping('loss', mode='down')":    {"mode must be one of auto, min, max"},
		"ReduceLROnPlateau('loss', factor=1.0)": {"factor must be at least 0 and below 1"},
		"ModelCheckpoint('m.keras', 'loss', save_best_only=True, save_freq=10)": {"save_freq must be 'epoch'"},
		"CSVLogger()":                          {"CSVLogger: argument filename is missing"},
		"CSVLogger('/no/such/folder/log.csv')": {"CSVLogger: open /no/such/folder/log.csv"},
		"TensorBoard(update_freq='batch')":     {"update_freq must be 'epoch'"},
		"TensorBoard('x', write_images=True)":  {"write_images is not supported"},
		"LearningRateScheduler('rate * 0.9')":  {"schedule, position 1: rate is not known here; known: epoch, lr"},
		"LearningRateScheduler(3)":             {"schedule must be a formula in quotes"},
		"LearningRateScheduler('lr - 1')":      {"LearningRateScheduler: iteration 1: the learning rate is -0.99"},
		"ModelCheckpoint('a', 'loss', 0, True), ModelCheckpoint(monitor='loss', save_best_only=True)": {"there are two with save_best_only"},
	} {
		opt := irisFit()
		opt.Fit = "callbacks=[" + text + "]"
		_, err := Fit(t.Context(), Env{Store: store}, opt)
		wantError(t, err, want...)
	}
	opt := irisFit()
	opt.Compile = strings.Replace(opt.Compile, "'adam'", "Adam(learning_rate=ExponentialDecay(0.1, 10, 0.9))", 1)
	opt.Fit = "callbacks=[ReduceLROnPlateau('loss')]"
	_, err := Fit(t.Context(), Env{Store: store}, opt)
	wantError(t, err, "the learning rate of the optimizer is a schedule")
	opt = irisFit()
	opt.FilesBelow, opt.Fit = t.TempDir(), "callbacks=[CSVLogger('../log.csv')]"
	_, err = Fit(t.Context(), Env{Store: store}, opt)
	wantError(t, err, "path escapes")
	if names := tablesOf(t, store); len(names) != 6 {
		t.Errorf("tables %q", names)
	}
}

// Callbacks with verbose tell what they do, while they do it.
func TestCallbacksTell(t *testing.T) {
	store := fileStore(t)
	withIris(t, store)
	opt := stopping()
	opt.Fit = strings.ReplaceAll(opt.Fit, "restore", "verbose=1, restore")
	var notes []string
	_, err := Fit(context.Background(), Env{Store: store, Progress: func(e Event) {
		if e.Note != "" {
			notes = append(notes, e.Note)
		}
	}}, opt)
	if err != nil {
		t.Fatal(err)
	}
	if len(notes) != 2 || !strings.HasSuffix(notes[0], ": early stopping") || !strings.HasPrefix(notes[1], "the model gets the weights of its best iteration, ") {
		t.Errorf("notes %q", notes)
	}
	scheduled := opt
	scheduled.Model, scheduled.Iterations, scheduled.Fit = "scheduled", 2, "callbacks=[LearningRateScheduler(ExponentialDecay(0.5, 1, 0.5), verbose=1)]"
	notes = nil
	if _, err := Fit(context.Background(), Env{Store: store, Progress: func(e Event) {
		if e.Note != "" {
			notes = append(notes, e.Note)
		}
	}}, scheduled); err != nil {
		t.Fatal(err)
	}
	if want := "iteration 1: the learning rate was 0.5; iteration 2: the learning rate was 0.25"; strings.Join(notes, "; ") != want {
		t.Errorf("notes %q", notes)
	}
}
