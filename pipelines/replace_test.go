package pipelines

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/pipelines/internal/argument"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
)

// A writingJob is a job with Replace, or without, and the arguments that name its tables.
type writingJob struct {
	name    string
	outputs []string // the first is the argument, where reads are put
	reads   []string
	run     func(ctx context.Context, env Env, replace bool, output string) error
}

// writingJobs are the jobs that write tables, on the tables of withReplaceable.
func writingJobs() []writingJob {
	packing := PreprocessOptions{Source: "iris", Dependent: "class_text", Independent: "attributes", Shards: 2}
	like := packing
	like.Like = "iris_train_packed"
	fitting := func(every int) func(context.Context, Env, bool, string) error {
		return func(ctx context.Context, env Env, replace bool, output string) error {
			opt := checkpointed()
			opt.Model, opt.Replace, opt.CheckpointEvery = output, replace, every
			_, err := Fit(ctx, env, opt)
			return err
		}
	}
	pack := func(opt PreprocessOptions) func(context.Context, Env, bool, string) error {
		return func(ctx context.Context, env Env, replace bool, output string) error {
			opt.Output, opt.Replace = output, replace
			_, err := Preprocess(ctx, env, opt)
			return err
		}
	}
	splitting := func(separate bool) func(context.Context, Env, bool, string) error {
		return func(ctx context.Context, env Env, replace bool, output string) error {
			_, err := Split(ctx, env, SplitOptions{Source: "iris", Root: output, Train: 0.8, Separate: separate, Replace: replace})
			return err
		}
	}
	packed := []string{"iris_train_packed", "iris_train_packed_summary"}
	test := []string{"iris_test_packed", "iris_test_packed_summary"}
	model := []string{"m", "m_summary"}
	return []writingJob{
		{"split", []string{"out"}, []string{"iris"}, splitting(false)},
		{"split separate", []string{"out_train", "out_test"}, nil, splitting(true)},
		{"preprocess", []string{"out", "out_summary"}, []string{"iris"}, pack(packing)},
		{"preprocess like", []string{"out", "out_summary"}, append(packed, "iris"), pack(like)},
		{"fit", []string{"out", "out_summary"}, slices.Concat(packed, test, []string{"arch"}), fitting(0)},
		{"fit with checkpoints", []string{"out", "out_summary"}, slices.Concat(packed, test, []string{"arch"}), fitting(2)},
		{"evaluate", []string{"out"}, append(model, test...), func(ctx context.Context, env Env, replace bool, output string) error {
			_, err := Evaluate(ctx, env, EvaluateOptions{Model: "m", Test: "iris_test_packed", Output: output, Replace: replace})
			return err
		}},
		{"predict", []string{"out"}, append(model, "iris_test"), func(ctx context.Context, env Env, replace bool, output string) error {
			_, err := Predict(ctx, env, PredictOptions{Model: "m", Test: "iris_test", Output: output, IDColumn: "id", Independent: "attributes", Replace: replace})
			return err
		}},
		{"predict-byom", []string{"out"}, []string{"arch", "iris_test"}, func(ctx context.Context, env Env, replace bool, output string) error {
			_, err := PredictBYOM(ctx, env, PredictBYOMOptions{
				ArchTable: "arch", ID: 2, Test: "iris_test", Output: output, IDColumn: "id", Independent: "attributes", Replace: replace,
			})
			return err
		}},
	}
}

// withReplaceable makes the tables that the jobs read.
func withReplaceable(t *testing.T, store table.Store) {
	t.Helper()
	withIris(t, store)
	irisTable(t, store, "iris", iris(t))
	opt := irisFit()
	opt.Model, opt.Iterations = "m", 1
	if _, err := Fit(t.Context(), Env{Store: store}, opt); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadModel(t.Context(), Env{Store: store}, LoadModelOptions{ArchTable: "arch", Arch: irisJSON(t), WeightsFrom: "m"}); err != nil {
		t.Fatal(err)
	}
}

// mark makes tables that no job makes.
func mark(t *testing.T, store table.Store, names []string) {
	t.Helper()
	for i, name := range names {
		writeTable(t, store, name, table.Schema{{Name: "old", Type: table.Int32Type}}, []any{i})
	}
}

// contents is the text of tables, without what differs from one run to the next.
func contents(t *testing.T, store table.Store, names []string) string {
	t.Helper()
	var out strings.Builder
	for _, name := range names {
		for line := range strings.Lines(tableText(t, store, name)) {
			if !strings.HasPrefix(line, "start_training_time") && !strings.HasPrefix(line, "end_training_time") && !strings.HasPrefix(line, "metrics_elapsed_time") {
				out.WriteString(line)
			}
		}
	}
	return out.String()
}

// With Replace a job leaves what it leaves where there was nothing. Until then, and if it fails, the old tables are there.
func TestReplace(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		withReplaceable(t, store)
		for _, job := range writingJobs() {
			t.Run(job.name, func(t *testing.T) {
				before := tablesOf(t, store)
				events := 0
				env := Env{Store: store, Progress: func(Event) { events++ }}
				if err := job.run(t.Context(), env, true, "out"); err != nil { // nothing there to replace
					t.Fatal(err)
				}
				want := contents(t, store, job.outputs)
				dropAll(t, store, job.outputs)
				mark(t, store, job.outputs)
				old := contents(t, store, job.outputs)
				marked := tablesOf(t, store)

				if err := job.run(t.Context(), Env{Store: store}, false, "out"); !errors.Is(err, table.ErrExist) {
					t.Errorf("without Replace: error %v", err)
				}
				for _, at := range []int{1, max(1, events/2)} {
					ctx, cancel := context.WithCancel(t.Context())
					seen := 0
					err := job.run(ctx, Env{Store: store, Progress: func(Event) {
						if seen++; seen == at {
							cancel()
						}
					}}, true, "out")
					cancel()
					if !errors.Is(err, context.Canceled) {
						t.Errorf("cancelled at event %d of %d: error %v", at, events, err)
					}
					if got := contents(t, store, job.outputs); got != old {
						t.Errorf("cancelled at event %d of %d, it left\n%s", at, events, got)
					}
					dropAll(t, store, []string{"out_checkpoint"})
				}
				if err := job.run(t.Context(), Env{Store: failingCommit{store}}, true, "out"); !errors.Is(err, errCommit) {
					t.Errorf("with a commit that fails: error %v", err)
				}
				if got := contents(t, store, job.outputs); got != old {
					t.Errorf("a commit that failed left\n%s", got)
				}
				dropAll(t, store, []string{"out_checkpoint"})
				if got := tablesOf(t, store); !slices.Equal(got, marked) {
					t.Errorf("left tables %v, expected %v", got, marked)
				}

				seen := 0
				err := job.run(t.Context(), Env{Store: store, Progress: func(Event) {
					if seen++; seen%max(1, events/4) == 0 && contents(t, store, job.outputs) != old {
						t.Errorf("at event %d of %d the old tables are no longer there", seen, events)
					}
				}}, true, "out")
				if err != nil {
					t.Fatal(err)
				}
				if got := contents(t, store, job.outputs); got != want {
					t.Errorf("replaced with\n%s\nexpected\n%s", got, want)
				}
				dropAll(t, store, job.outputs)
				if got := tablesOf(t, store); !slices.Equal(got, before) {
					t.Errorf("left tables %v, expected %v", got, before)
				}
			})
		}
	})
}

// A table that a job reads is no table that it replaces, however it is written.
func TestReplaceOfWhatIsRead(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		withReplaceable(t, store)
		before := tablesOf(t, store)
		was := contents(t, store, before)
		for _, job := range writingJobs() {
			for _, read := range job.reads {
				for _, output := range []string{read, strings.ToUpper(read)} {
					refuseReplacing(t, store, job, output, read)
				}
				if root, ok := strings.CutSuffix(read, "_summary"); ok && len(job.outputs) == 2 {
					refuseReplacing(t, store, job, root, root)
				}
			}
		}
		// A summary that is written where the job reads.
		writeTable(t, store, "rows_summary", table.Schema{{Name: "x", Type: table.Float64ArrayType}, {Name: "y", Type: table.TextType}}, []any{[]float64{1}, "a"})
		_, err := Preprocess(t.Context(), Env{Store: store}, PreprocessOptions{Source: "rows_summary", Output: "rows", Independent: "x", Dependent: "y", Replace: true})
		wantError(t, err, "output summary table: ", "rows_summary: is read by the same command")
		_, err = Split(t.Context(), Env{Store: store}, SplitOptions{Source: "iris_test", Root: "iris", Train: 0.5, Separate: true, Replace: true})
		wantError(t, err, "output table: ", "iris_test: is read by the same command")
		dropAll(t, store, []string{"rows_summary"})
		if got := contents(t, store, tablesOf(t, store)); got != was {
			t.Errorf("the tables have changed")
		}
	})
}

func refuseReplacing(t *testing.T, store table.Store, job writingJob, output, read string) {
	t.Helper()
	worked := false
	err := job.run(t.Context(), Env{Store: store, Progress: func(Event) { worked = true }}, true, output)
	if !errors.Is(err, tables.ErrReplacesInput) || worked {
		t.Errorf("%s into %s: error %v, worked: %t", job.name, output, err, worked)
	}
	wantError(t, err, read+": is read by the same command")
}

// Two tables of a split do not have the name of its root, which may be that of any table.
func TestSplitSeparateRootIsFree(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		people(t, store, "people", 10)
		for _, replace := range []bool{false, true} {
			r, err := Split(t.Context(), Env{Store: store}, SplitOptions{Source: "people", Root: "people", Train: 0.8, Separate: true, Replace: replace})
			if want := (SplitResult{Train: 8, Test: 2}); err != nil || r != want {
				t.Fatalf("replace %t: %+v, %v", replace, r, err)
			}
		}
		if got := tablesOf(t, store); !slices.Equal(got, []string{"people", "people_test", "people_train"}) {
			t.Errorf("tables %v", got)
		}
	})
}

// A source that is a view of the table to replace is read before, and the view stays.
func TestReplaceUnderAView(t *testing.T) {
	store := pgStore(t)
	people(t, store, "people", 100)
	split := SplitOptions{Source: "people", Root: "out", Train: 0.5, Columns: "id,g"}
	if _, err := Split(t.Context(), Env{Store: store}, split); err != nil {
		t.Fatal(err)
	}
	info, err := store.Lookup(t.Context(), mustName(t, "out"))
	if err != nil {
		t.Fatal(err)
	}
	execSQL(t, os.Getenv("BEAMFIT_TEST_PG"), fmt.Sprintf(`CREATE VIEW %[1]s.seen AS SELECT id, g FROM %[1]s.out WHERE id < 50`, table.Quote(info.Name.Schema)))
	split.Source, split.Replace = "seen", true
	for _, want := range []int64{50, 50} {
		r, err := Split(t.Context(), Env{Store: store}, split)
		if err != nil || r.Train+r.Test != want {
			t.Fatalf("%+v, %v", r, err)
		}
		if got := int64(readTable(t, store, "out").Rows); got != want {
			t.Errorf("%d rows", got)
		}
	}
}

// Fit with Replace trains anew, and gives what a first fit gives.
func TestFitReplaceTrainsAnew(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		withIris(t, store)
		opt := irisFit()
		opt.Replace = true
		var first string
		for i := range 2 {
			if _, err := Fit(t.Context(), Env{Store: store}, opt); err != nil {
				t.Fatal(err)
			}
			got := outcome(t, store, opt.Model)
			if i == 0 {
				first = got
			}
			if got != first {
				t.Error("the second fit gave another model")
			}
		}
		opt.WarmStart = true
		_, err := Fit(t.Context(), Env{Store: store}, opt)
		var wrong *argument.Error
		if !errors.As(err, &wrong) {
			t.Errorf("with a warm start: error %v", err)
		}
	})
}

// Fit with Replace goes on from a checkpoint of its own; one of another fit, or of other rows, does not stand in its way.
func TestFitReplaceAndCheckpoints(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		withIris(t, store)
		opt := checkpointed()
		opt.Replace = true
		if _, err := Fit(t.Context(), Env{Store: store}, opt); err != nil {
			t.Fatal(err)
		}
		want := outcome(t, store, opt.Model)
		stopAfter(t, Env{Store: store}, opt, 5)
		r, err := Fit(t.Context(), Env{Store: store}, opt)
		if err != nil || r.ResumedAfter != 4 || outcome(t, store, opt.Model) != want {
			t.Errorf("after its own checkpoint: resumed after %d, %v", r.ResumedAfter, err)
		}

		other := opt
		other.Seed++
		train, _ := parted(iris(t))
		changed := func() {
			rows := slices.Clone(train)
			rows[3].class = irisClasses[2]
			dropAll(t, store, []string{"iris_train_packed", "iris_train_packed_summary"})
			packIris(t, store, "iris_train_packed", rows, packing{shards: 3, buffer: 20})
		}
		shorter := opt
		shorter.Iterations = 4
		shorter.MetricsEvery = 3
		for _, c := range []struct {
			name, says string
			next       FitOptions
			change     func()
		}{
			{"other seed", "(first weights, seed)", other, func() {}},
			{"fewer iterations", "is of iteration 4; expected one before the last of 4", shorter, func() {}},
			{"other values", "(values of the training table)", opt, changed},
		} {
			stopAfter(t, Env{Store: store}, opt, 5)
			old := outcome(t, store, opt.Model)
			c.change()
			without := c.next
			without.Replace, without.WarmStart = false, false
			without.Model = "absent"
			if _, err := Fit(t.Context(), Env{Store: store}, without); err != nil { // what to expect
				t.Fatal(err)
			}
			want := outcome(t, store, "absent")
			dropAll(t, store, []string{"absent", "absent_summary"})
			r, err := Fit(t.Context(), Env{Store: store}, c.next)
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
				continue
			}
			if got := outcome(t, store, opt.Model); got != want || got == old || r.ResumedAfter != 0 {
				t.Errorf("%s: another model than that of a first fit, or the old one; resumed after %d", c.name, r.ResumedAfter)
			}
			if len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], c.says) || !strings.HasSuffix(r.Warnings[0], "training began at the beginning") {
				t.Errorf("%s: warnings %q", c.name, r.Warnings)
			}
			if slices.Contains(tablesOf(t, store), opt.Model+"_checkpoint") {
				t.Errorf("%s: the checkpoint is still there", c.name)
			}
		}

		// A table under the checkpoint's name that is none is nobody's to replace.
		mark(t, store, []string{opt.Model + "_checkpoint"})
		_, err = Fit(t.Context(), Env{Store: store}, opt)
		wantError(t, err, opt.Model+"_checkpoint: is no checkpoint")
		if b := readTable(t, store, opt.Model+"_checkpoint"); b.Rows != 1 {
			t.Error("the table has changed")
		}
	})
}

func dropAll(t *testing.T, store table.Store, names []string) {
	t.Helper()
	var all []table.Name
	for _, name := range names {
		all = append(all, mustName(t, name))
	}
	if _, err := store.Drop(t.Context(), all, true); err != nil {
		t.Fatal(err)
	}
}

var errCommit = errors.New("the commit fails")

// A failingCommit is a store in which no output is committed.
type failingCommit struct{ table.Store }

func (s failingCommit) Create(ctx context.Context, opt table.CreateOptions) (table.Output, error) {
	out, err := s.Store.Create(ctx, opt)
	return failingOutput{out, opt.Tables[0].Name}, err
}

type failingOutput struct {
	table.Output
	name table.Name
}

func (o failingOutput) Commit(ctx context.Context) error {
	if strings.HasSuffix(o.name.Table, "_checkpoint") {
		return o.Output.Commit(ctx)
	}
	return errCommit
}
