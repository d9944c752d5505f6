package main

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/pipelines"
)

// parse gives a task its flags and arguments as the command would, without running it.
func parse(t task, args ...string) error {
	cmd := &cobra.Command{Use: "test"}
	t.define(flags{cmd})
	if err := cmd.ParseFlags(args); err != nil {
		return err
	}
	return t.validate(cmd.Flags().Args(), cmd.Flags().Changed)
}

func ptr[T any](v T) *T { return &v }

// TestOptions proves that every flag reaches its field: each line of a case sets all flags, or none.
func TestOptions(t *testing.T) {
	split, preprocess, load, remove := &splitTask{}, &preprocessTask{}, &loadModelTask{}, &deleteModelTask{}
	plan, planPlain := &planTask{}, &planTask{}
	splitPlain, preprocessPlain, preprocessLike, loadFrom := &splitTask{}, &preprocessTask{}, &preprocessTask{}, &loadModelTask{}
	fit, fitPlain, fitReplace, evaluate, predict, byom, byomPlain := &fitTask{}, &fitTask{}, &fitTask{}, &evaluateTask{}, &predictTask{}, &predictBYOMTask{}, &predictBYOMTask{}
	for _, c := range []struct {
		name      string
		task      task
		args      []string
		got, want any
	}{
		{
			"split", splitPlain,
			[]string{"src", "root", "--train", "0.8"},
			&splitPlain.opt, &pipelines.SplitOptions{Source: "src", Root: "root", Train: 0.8},
		},
		{
			"split, all flags", split,
			[]string{"S.\"Src\"", "root", "--train=0.5", "--test=0.25", "--strata=a,b", "--columns=\"X\",y", "--with-replacement", "--separate", "--replace", "--seed=18446744073709551615"},
			&split.opt, &pipelines.SplitOptions{
				Source: `S."Src"`, Root: "root", Train: 0.5, Test: ptr(0.25), Strata: "a,b", Columns: `"X",y`, WithReplacement: true, Separate: true, Replace: true, Seed: 1<<64 - 1,
			},
		},
		{
			"preprocess", preprocessPlain,
			[]string{"src", "out", "--dependent", "y", "--independent", "x"},
			&preprocessPlain.opt, &pipelines.PreprocessOptions{Source: "src", Output: "out", Dependent: "y", Independent: "x", Distribution: "all_segments"},
		},
		{
			"preprocess, all flags", preprocess,
			[]string{
				"src", "out", "--dependent=y,z", "--independent=x,w", "--buffer-size=7", "--normalize=255", "--num-classes=5,3", "--shards=4",
				"--distribution=hosts", "--validation-share=0.25", "--validation-output=val", "--replace", "--seed=9", "--arch=arch", "--id=2",
			},
			&preprocess.opt, &pipelines.PreprocessOptions{
				Source: "src", Output: "out", Dependent: "y,z", Independent: "x,w", BufferSize: ptr(7), Normalize: ptr(255.0), NumClasses: []int{5, 3},
				Shards: 4, Distribution: "hosts", ValidationShare: ptr(0.25), ValidationOutput: "val", Replace: true, Seed: 9, ArchTable: "arch", ID: 2,
			},
		},
		{
			"preprocess, like", preprocessLike,
			[]string{"src", "out", "--dependent=y", "--independent=x", "--like=train", "--buffer-size=7", "--shards=2"},
			&preprocessLike.opt, &pipelines.PreprocessOptions{
				Source: "src", Output: "out", Dependent: "y", Independent: "x", Like: "train", BufferSize: ptr(7), Shards: 2, Distribution: "all_segments",
			},
		},
		{
			"load-model", load,
			[]string{"arch", "m.json", "--weights=w.bin", "--name=n", "--description=d", "--replace"},
			load, &loadModelTask{
				file: "m.json", weightsFile: "w.bin", opt: pipelines.LoadModelOptions{ArchTable: "arch", Name: ptr("n"), Description: ptr("d"), Replace: true},
			},
		},
		{
			"load-model, weights from a table", loadFrom,
			[]string{"arch", "m.json", "--weights-from=model"},
			&loadFrom.opt, &pipelines.LoadModelOptions{ArchTable: "arch", WeightsFrom: "model"},
		},
		{
			"plan", planPlain,
			[]string{"arch", "3"},
			&planPlain.opt, &pipelines.PlanOptions{ArchTable: "arch", ID: 3, Step: "fit", Compile: "loss='categorical_crossentropy', optimizer='adam'"},
		},
		{
			"plan, all flags", plan,
			[]string{"arch", "3", "--step=evaluate", "--batch=128", "--precision=float32", "--compile=c", "--gpus", "--gpu-math=tf32", "--format=csv"},
			plan, &planTask{gpus: true, gpuMath: "tf32", format: "csv", opt: pipelines.PlanOptions{ArchTable: "arch", ID: 3, Step: "evaluate", Batch: 128, Compile: "c", Precision: "float32"}},
		},
		{"delete-model", remove, []string{"arch", "3"}, &remove.opt, &pipelines.DeleteModelOptions{ArchTable: "arch", ID: 3}},
		{
			"fit", fitPlain,
			[]string{"src", "model", "--arch=a", "--id=1", "--compile=c", "--iterations=10"},
			&fitPlain.opt, &pipelines.FitOptions{Source: "src", Model: "model", ArchTable: "a", ID: 1, Compile: "c", Iterations: 10},
		},
		{
			"fit, all flags", fit,
			[]string{
				"src", "model", "--arch=a", "--id=2", "--compile= loss='x' ", "--fit= epochs=3", "--iterations=10", "--validation=v", "--metrics-every=3",
				"--precision=mixed_bfloat16", "--warm-start", "--name=n", "--description=d", "--seed=5",
			},
			&fit.opt, &pipelines.FitOptions{
				Source: "src", Model: "model", ArchTable: "a", ID: 2, Compile: " loss='x' ", Fit: " epochs=3", Iterations: 10, Validation: "v", MetricsEvery: 3,
				Precision: "mixed_bfloat16", WarmStart: true, Name: ptr("n"), Description: ptr("d"), Seed: 5,
			},
		},
		{
			"fit, replace", fitReplace,
			[]string{"src", "model", "--arch=a", "--id=1", "--compile=c", "--iterations=10", "--replace"},
			&fitReplace.opt, &pipelines.FitOptions{Source: "src", Model: "model", ArchTable: "a", ID: 1, Compile: "c", Iterations: 10, Replace: true},
		},
		{
			"evaluate", evaluate,
			[]string{"m", "t", "o", "--replace", "--precision=float32"},
			&evaluate.opt, &pipelines.EvaluateOptions{Model: "m", Test: "t", Output: "o", Replace: true, Precision: "float32"},
		},
		{
			"predict", predict,
			[]string{"m", "t", "o", "--id-column=id", "--independent=x", "--type=0.3", "--validation-share=0.2", "--seed=3", "--precision=mixed_bfloat16", "--replace"},
			&predict.opt, &pipelines.PredictOptions{
				Model: "m", Test: "t", Output: "o", IDColumn: "id", Independent: "x", Type: "0.3", ValidationShare: ptr(0.2), Seed: 3, Precision: "mixed_bfloat16", Replace: true,
			},
		},
		{
			"predict-byom", byomPlain,
			[]string{"a", "1", "t", "o", "--id-column=id", "--independent=x"},
			&byomPlain.opt, &pipelines.PredictBYOMOptions{ArchTable: "a", ID: 1, Test: "t", Output: "o", IDColumn: "id", Independent: "x"},
		},
		{
			"predict-byom, all flags", byom,
			[]string{
				"a", "1", "t", "o", "--id-column=id", "--independent=x,y", "--type=response", "--classes=a,NULL", "--classes=\"b,c\"", "--normalize=2.5",
				"--dependent-count=2", "--precision=float32", "--replace",
			},
			&byom.opt, &pipelines.PredictBYOMOptions{
				ArchTable: "a", ID: 1, Test: "t", Output: "o", IDColumn: "id", Independent: "x,y", Type: "response",
				Classes: [][]*string{{ptr("a"), nil}, {ptr("b,c")}}, Normalize: ptr(2.5), DependentCount: 2, Precision: "float32", Replace: true,
			},
		},
	} {
		if err := parse(c.task, c.args...); err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if diff := cmp.Diff(c.want, c.got, cmp.AllowUnexported(loadModelTask{}, planTask{})); diff != "" {
			t.Errorf("%s: -want +got\n%s", c.name, diff)
		}
	}
}

func TestShowOptions(t *testing.T) {
	show := &showTask{}
	if err := parse(show, `S."T"`, "--columns=A,b", "--order-by=c,b", "--limit=0", "--expanded"); err != nil {
		t.Fatal(err)
	}
	want := &showTask{table: table.Name{Schema: "s", Table: "T"}, columns: []string{"a", "b"}, orderBy: []string{"c", "b"}, limit: ptr(0), expanded: true, format: "table"}
	if diff := cmp.Diff(want, show, cmp.AllowUnexported(showTask{})); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if diff := cmp.Diff([]string{"a", "b", "c"}, show.needed()); diff != "" {
		t.Errorf("columns to read: -want +got\n%s", diff)
	}
}

// TestWrongUsage gives each command line to the program; none may start anything.
func TestWrongUsage(t *testing.T) {
	for line, want := range map[string]string{
		"fti":                              `unknown command "fti"; did you mean fit?`,
		"help fti":                         `unknown command "fti"`,
		"split a":                          "split takes SOURCE ROOT; ROOT is missing",
		"split a b c --train 1":            `split takes SOURCE ROOT; "c" is too many`,
		"split a b":                        "missing --train",
		"split a b --train half":           `flag --train: expected a number, found "half"`,
		"split a b --train":                "flag --train needs a value",
		"split a b --train 0.5 --tset 0.5": "unknown flag: --tset",
		"split a b --train 0.5 --seed -1":  `flag --seed: expected a whole number from 0 to 18446744073709551615, found "-1"`,
		"fit a b":                          "missing --arch, --id, --compile, --iterations",
		"fit a b --arch c --id 1 --compile d --iterations 1 --metrics-every 0": `flag --metrics-every: expected a whole number of 1 or more, found "0"`,
		"preprocess a b --dependent c --independent d --shards 0":              `flag --shards: expected a whole number of 1 or more, found "0"`,
		"gpus --replace": "--replace needs --output",
		"preprocess a b --dependent c --independent d --like e --normalize 2":       "--normalize cannot be used with --like",
		"fit a b --arch c --id 1 --compile d --iterations 2 --replace --warm-start": "--replace cannot be used with --warm-start",
		"preprocess a b --dependent c --independent d --validation-share 0.2":       "are given together or not at all",
		"preprocess a b --dependent c --independent d --validation-output e":        "are given together or not at all",
		"preprocess a b --like e --validation-share 0.2 --validation-output f":      "--validation-share cannot be used with --like",
		"preprocess a b --dependent c --independent d --arch e":                     "--arch and --id are given together or not at all",
		"preprocess a b --like e --arch f --id 1":                                   "--arch cannot be used with --like",
		"predict a b c --seed 1": "--seed chooses the rows of --validation-share",
		"preprocess a b --dependent c --independent d --like e --seed 1":   "--seed cannot be used with --like",
		"load-model a b --replace":                                         "--replace needs --name",
		"preprocess a b --dependent c --independent d --like=":             `flag --like: expected a value, found an empty text`,
		"preprocess a b --dependent c --independent d --weight=":           `flag --weight: expected a value, found an empty text`,
		"fit a b --arch c --id 1 --compile d --iterations 1 --validation=": `flag --validation: expected a value, found an empty text`,
		"predict-byom a 1 b c --independent d --like=":                     `flag --like: expected a value, found an empty text`,
		"predict a b c --id-column=":                                       `flag --id-column: expected a value, found an empty text`,
		"split a b --train 0.5 --strata=":                                  `flag --strata: expected a value, found an empty text`,
		"show a --db=":                                                     `flag --db: expected a value, found an empty text`,
		"load-model a b --replace --name=":                                 "--replace needs --name",
		"load-model a b --weights c --weights-from d":                      "--weights and --weights-from cannot be used together",
		"delete-model a one":                                               `argument ID: expected a whole number, found "one"`,
		"predict-byom a x b c --id-column d --independent e":               `argument ID: expected a whole number, found "x"`,
		"plan a 1 --batch 0":                                               `flag --batch: expected a whole number of 1 or more, found "0"`,
		"plan a 1 --step train":                                            `flag --step: expected one of fit, evaluate, predict, found "train"`,
		"plan a 1 --step predict --compile x":                              "--compile does not go with --step predict",
		"plan a 1 --gpu-math float32":                                      "--gpu-math needs --gpus",
		"plan a 1 --gpus --gpu-math bfloat16":                              `flag --gpu-math: expected one of float32, tf32x3, tf32, found "bfloat16"`,
		"evaluate a b c --gpu-math tf32":                                   "--gpu-math needs --gpus",
		"show a --format xml":                                              `flag --format: expected one of table, csv, json, found "xml"`,
		"show a --format csv --expanded":                                   "--expanded goes with --format table only",
		"show a.b.c":                                                       "expected table or schema.table, found 3 parts",
		"show a --columns b,b":                                             `column "b" is named twice`,
		"show a --runner spark":                                            `flag --runner: expected one of direct, prism, flink, dataflow, found "spark"`,
		"show a --parallelism 2":                                           "option parallelism is of runner flink; runner direct takes none",
		"show a --runner flink":                                            "option endpoint is missing: runner flink needs the address of the Beam job service",
		"show a --runner flink --endpoint h:1 --parallelism 0":             `option parallelism must be a whole number from 1 on, found "0"`,
		"show a --runner prism --environment-type process":                 `option environment_type must be one of DOCKER, EXTERNAL, LOOPBACK, PROCESS, found "process"`,
		"show a --runner prism --beam-option x=1":                          "option x is not known; runner prism takes environment_type, environment_config",
		"show a --beam-option x":                                           `flag --beam-option: expected NAME=VALUE, found "x"`,
		"show a --log-level loud":                                          "flag --log-level: expected one of debug, info, warn, error",
		"show a --workers -1":                                              "flag --workers: expected a whole number of 0 or more",
		"completion tcsh":                                                  "argument SHELL: expected one of bash, zsh, fish, powershell",
		"quickstart a b":                                                   `quickstart takes [DIR]; "b" is too many`,
		"version x":                                                        `version takes no arguments; "x" is too many`,
		"status":                                                           `unknown command "status"`,
		"fit a b --arch c --id 1 --compile d --iterations 1 -g":            "unknown shorthand flag",
	} {
		var out, errs bytes.Buffer
		code := execute(t.Context(), newApp(&out, &errs), strings.Fields(line))
		if code != exitUsage {
			t.Errorf("%s: exit code %d, want %d", line, code, exitUsage)
		}
		if got := errs.String(); !strings.HasPrefix(got, "beamfit: ") || !strings.Contains(got, want) || !strings.Contains(got, "\nSee beamfit") {
			t.Errorf("%s: wrote %q, want %q in it", line, got, want)
		}
		if out.Len() > 0 {
			t.Errorf("%s: wrote %q on standard output", line, out.String())
		}
	}
}

// TestServeShards: a table of distribution_rules says how many shards there are, unless --shards does.
func TestServeShards(t *testing.T) {
	for want, args := range map[int][]string{0: nil, 1: {"--shards=1"}, 3: {"--shards=3"}} {
		task := newServeTask()
		if err := parse(task, args...); err != nil || task.settings().Shards != want {
			t.Errorf("%q: %d shards, want %d; %v", args, task.settings().Shards, want, err)
		}
	}
}

// TestHelp looks at every command: all arguments and flags with a default, and an example.
func TestHelp(t *testing.T) {
	root := newRoot(newApp(io.Discard, io.Discard))
	for _, cmd := range append(root.Commands(), root) {
		if cmd.Hidden {
			continue
		}
		var out bytes.Buffer
		if code := execute(t.Context(), newApp(&out, &out), append(strings.Fields(cmd.CommandPath())[1:], "--help")); code != exitOK {
			t.Errorf("%s --help: exit code %d", cmd.Name(), code)
		}
		text := out.String()
		for _, want := range []string{"Usage:\n  beamfit", "\nExample:\n  ", "--db URL"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s --help lacks %q", cmd.Name(), want)
			}
		}
		if row := "\n  .npz          weights alone, "; cmd.Name() == "export-model" && !strings.Contains(text, row) {
			t.Errorf("the help of %s has no row %q", cmd.Name(), row)
		}
		for _, line := range strings.Split(text[:max(0, strings.Index(text, "\nExample:"))], "\n") {
			if len(line) > helpWidth && !strings.HasPrefix(line, "  beamfit ") {
				t.Errorf("%s --help: line of %d characters: %s", cmd.Name(), len(line), line)
			}
		}
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if f.Name != "help" && annotation(f, annotDefault) == "" {
				t.Errorf("%s: the help of --%s names no default", cmd.Name(), f.Name)
			}
		})
	}
}
