package pipelines

import (
	"bytes"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beamfit/beamfit/model/params"
	"github.com/beamfit/beamfit/pipelines/internal/job"
	"github.com/beamfit/beamfit/pipelines/internal/rounds"
	"github.com/beamfit/beamfit/transforms/outer"
)

// Every argument of Fit that changes the weights is in the identity of a checkpoint, or in this list of those that change none: a
// fit that goes on from the checkpoint of another one would mix the two.
func TestIdentityHasAllArguments(t *testing.T) {
	exempt := map[string]string{
		"Model":            "the checkpoint is named after it",
		"ArchTable":        "what it says is in the identity: architecture, first weights",
		"ID":               "what it says is in the identity: architecture, first weights",
		"Functions":        "what the functions say is in the identity: TestCheckpointsOfFunctions",
		"Iterations":       "a fit may go on further",
		"IterationsPerJob": "no result depends on it",
		"CheckpointEvery":  "no result depends on it",
		"WarmStart":        "what it says is in the identity: first weights",
		"Replace":          "what becomes of an older model",
		"Sync":             "what it chooses is in the identity: TestRoundsIdentity",
		"Moving":           "of networks with batch normalisation: TestRoundsIdentity",
		"Steps":            "of learning rates that change: TestRoundsIdentity",
		"Name":             "recorded only",
		"Description":      "recorded only",
		"FilesBelow":       "where callbacks write",
		"NoFiles":          "which callbacks are refused",
	}
	store := fileStore(t)
	withIris(t, store)
	identity := func(opt FitOptions) map[string]string {
		options, tell := Env{Store: store}.options("fit", 0)
		j, err := job.BeginOnRunner(t.Context(), options)
		if err != nil {
			t.Fatal(err)
		}
		defer j.End()
		f := &fit{opt: opt, Job: j, tell: tell}
		if _, err := f.prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer f.closeTables()
		return f.training.Identity
	}
	base := identity(checkpointed())
	withArch := checkpointed()
	withArch.ArchTable, withArch.ID, withArch.Arch = "", 0, irisJSON(t)
	if d := cmp.Diff(base, identity(withArch)); d != "" {
		t.Errorf("the same network, given as JSON, has another identity: %s", d)
	}
	changes := map[string]func(*FitOptions){
		"Source":        func(o *FitOptions) { o.Source = "iris_test_packed" },
		"Compile":       func(o *FitOptions) { o.Compile += " " },
		"Fit":           func(o *FitOptions) { o.Fit = "batch_size=7" },
		"Validation":    func(o *FitOptions) { o.Validation = "" },
		"MetricsEvery":  func(o *FitOptions) { o.MetricsEvery = 2 },
		"Seed":          func(o *FitOptions) { o.Seed++ },
		"SyncEvery":     func(o *FitOptions) { o.SyncEvery = 3 },
		"WarmUpPasses":  func(o *FitOptions) { o.WarmUpPasses = 3 },
		"Outer":         func(o *FitOptions) { o.Outer = "slowmo" },
		"OuterRate":     func(o *FitOptions) { o.Outer, o.OuterRate = "nesterov", new(0.5) },
		"OuterMomentum": func(o *FitOptions) { o.Outer, o.OuterMomentum = "nesterov", new(0.5) },
		"InnerState":    func(o *FitOptions) { o.InnerState = "reset" },
		"Precision":     func(o *FitOptions) { o.Precision = "mixed_bfloat16" },
		"AverageTail":   func(o *FitOptions) { o.AverageTail, o.Validation = "swa", "iris_test_packed" },
		"Arch": func(o *FitOptions) {
			o.ArchTable, o.ID, o.Arch = "", 0, bytes.Replace(irisJSON(t), []byte("relu"), []byte("tanh"), 1)
		},
	}
	fields := reflect.TypeFor[FitOptions]()
	for i := range fields.NumField() {
		name := fields.Field(i).Name
		change, tested := changes[name]
		switch _, none := exempt[name]; {
		case none == tested:
			t.Errorf("FitOptions.%s is neither in the identity of a checkpoint nor exempt, or both: say here which", name)
		case tested:
			opt := checkpointed()
			change(&opt)
			if maps.Equal(base, identity(opt)) {
				t.Errorf("FitOptions.%s changes nothing in the identity of a checkpoint", name)
			}
		}
	}
}

// What is decided about rounds is in the identity, whoever decided it.
func TestRoundsIdentity(t *testing.T) {
	plain := roundsIdentity(rounds.Plan{})
	for name, p := range map[string]rounds.Plan{
		"sync-every":        {Every: 4},
		"outer rule":        {Rule: outer.Rule{Name: outer.SlowMo, Rate: 1}},
		"inner-state":       {Fresh: true},
		"moving statistics": {Moving: rounds.Pooled},
		"average-tail":      {Tail: rounds.SWA, TailFrom: 4},
		"steps":             {Global: true},
	} {
		got := roundsIdentity(p)
		if got[name] == plain[name] {
			t.Errorf("%+v changes nothing in the identity", p)
		}
	}
	of := rounds.Fit{Iterations: 10, Params: params.Fit{BatchSize: 1, Epochs: 1}, Rows: slices.Repeat([]int{5}, 8)}
	for _, o := range []rounds.Options{{Sync: rounds.Auto}, {WarmUpPasses: 5}} {
		p, _, err := rounds.New(o, of)
		if err != nil || roundsIdentity(p)["warm-up-passes"] != "5" {
			t.Errorf("%+v: %v, %v", o, roundsIdentity(p), err)
		}
	}
}
