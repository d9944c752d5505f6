package pipelines

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beamfit/beamfit/io/table"
)

// withGPUs makes a machine that has these GPUs of this one.
func withGPUs(t *testing.T, descriptions ...string) {
	t.Helper()
	folder := t.TempDir()
	script := "#!/bin/sh\n"
	for _, d := range descriptions {
		script += "echo '" + d + "'\n"
	}
	if err := os.WriteFile(filepath.Join(folder, "nvidia-smi"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", folder+string(os.PathListSeparator)+os.Getenv("PATH"))
}

const someGPU = "GPU 0: Tesla P100-PCIE-16GB (UUID: GPU-1)"

// packed packs the iris rows and returns the keys of the shards and the two columns of the summary.
func distributed(t *testing.T, env Env, opt PreprocessOptions) (keys []int32, rules, config string) {
	t.Helper()
	size := 13
	opt.Source, opt.Dependent, opt.Independent, opt.BufferSize, opt.Seed, opt.Replace = "rows", "class_text", "attributes", &size, 3, true
	if _, err := Preprocess(t.Context(), env, opt); err != nil {
		t.Fatal(err)
	}
	keys = slices.Compact(slices.Sorted(slices.Values(readTable(t, env.Store, opt.Output).Col("__dist_key__").Int32s)))
	b := readTable(t, env.Store, opt.Output+"_summary")
	rules, _ = table.FormatValue(b.Col("distribution_rules"), 0)
	config, _ = table.FormatValue(b.Col("__internal_gpu_config__"), 0)
	return keys, rules, config
}

// Shards that get buffers are all, those with a GPU, or those of a table; which numbers they have changes no weight.
func TestDistribution(t *testing.T) {
	withGPUs(t, someGPU)
	onStores(t, func(t *testing.T, store table.Store) {
		env := Env{Store: store}
		irisTable(t, store, "rows", iris(t))
		loadIris(t, store)
		dbids := table.Schema{{Name: "hostname", Type: table.TextType}, {Name: "dbid", Type: table.Int32Type}}
		writeTable(t, store, "segments", dbids, []any{"a", 4}, []any{"b", 2})
		if _, err := GPUConfiguration(t.Context(), env, GPUConfigurationOptions{Output: "host_gpus"}); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			distribution  string
			shards        int
			keys          []int32
			rules, config string
		}{
			{"", 2, []int32{0, 1}, "all_segments", "all_segments"},
			{" ALL_SEGMENTS ", 2, []int32{0, 1}, "all_segments", "all_segments"},
			{"gpu_segments", 2, []int32{0, 1}, "{2,3}", "{0,1}"},
			{"GPU_Segments", 0, []int32{0}, "{2}", "{0}"},
			{"segments", 3, []int32{0, 2}, "{2,4}", "{0,2}"},
			{"Segments", 0, []int32{0, 2}, "{2,4}", "{0,2}"},
			{"host_gpus", 2, []int32{0, 1}, "{2,3}", "{0,1}"},
		} {
			keys, rules, config := distributed(t, env, PreprocessOptions{Output: "packed", Distribution: c.distribution, Shards: c.shards})
			if d := cmp.Diff(c.keys, keys); d != "" || rules != c.rules || config != c.config {
				t.Errorf("%q of %d: rules %s, config %s, keys %s", c.distribution, c.shards, rules, config, d)
			}
		}
		var want string
		for _, c := range []PreprocessOptions{{Output: "all", Shards: 2}, {Output: "listed", Distribution: "segments"}} {
			distributed(t, env, c)
			fit := irisFit()
			fit.Source, fit.Model = c.Output, c.Output+"_model"
			if _, err := Fit(t.Context(), env, fit); err != nil {
				t.Fatal(err)
			}
			got := string(modelWeights(t, store, fit.Model))
			if want == "" {
				want = got
			}
			if got != want {
				t.Error("shards 0 and 2 train other weights than shards 0 and 1")
			}
		}
	})
}

func TestDistributionRefuses(t *testing.T) {
	withGPUs(t)
	store := fileStore(t)
	env := Env{Store: store}
	irisTable(t, store, "rows", iris(t))
	dbid := table.Schema{{Name: "dbid", Type: table.Int32Type}}
	writeTable(t, store, "none", dbid)
	writeTable(t, store, "twice", dbid, []any{2}, []any{3}, []any{2})
	writeTable(t, store, "coordinator", dbid, []any{2}, []any{1})
	writeTable(t, store, "beyond", dbid, []any{2}, []any{5})
	writeTable(t, store, "unknown", dbid, []any{2}, []any{nil})
	writeTable(t, store, "hosts", table.Schema{{Name: "hostname", Type: table.TextType}}, []any{"elsewhere.example"})
	writeTable(t, store, "others", table.Schema{{Name: "id", Type: table.Int32Type}}, []any{1})
	before := tablesOf(t, store)
	for distribution, want := range map[string]string{
		"gpu_segments": "distribution gpu_segments: this machine has no NVIDIA GPU",
		"missing":      "distribution: expected all_segments, gpu_segments or a table: distribution table: table missing: does not exist",
		"none":         "distribution table: table none: has no rows",
		"twice":        `table twice: column "dbid" has 2 twice`,
		"coordinator":  `table coordinator: column "dbid", row 2: no shard has dbid 1; that of the first is 2, that of the last 4`,
		"beyond":       `table beyond: column "dbid", row 2: no shard has dbid 5; that of the first is 2, that of the last 4`,
		"unknown":      `table unknown: column "dbid", row 2: the value is NULL`,
		"hosts":        `table hosts: column "hostname" does not have this machine, which all shards are on`,
		"others":       `column "dbid" does not exist`,
		"rows, rows":   "distribution",
	} {
		opt := PreprocessOptions{Source: "rows", Output: "packed", Dependent: "class_text", Independent: "attributes", Shards: 3, Distribution: distribution}
		_, err := Preprocess(t.Context(), env, opt)
		wantError(t, err, want)
	}
	opt := PreprocessOptions{Source: "rows", Output: "coordinator", Dependent: "class_text", Independent: "attributes", Distribution: "coordinator", Replace: true}
	_, err := Preprocess(t.Context(), env, opt)
	wantError(t, err, "coordinator", "is read by the same command")
	if d := cmp.Diff(before, tablesOf(t, store)); d != "" {
		t.Error(d)
	}
}

// Where the workers are on other machines, shards are not chosen by machines, and nothing has been done when that is told.
func TestDistributionOnEngines(t *testing.T) {
	withGPUs(t, someGPU)
	t.Setenv(table.EnvURL, "postgres://me@db.example/iris")
	files := fileStore(t)
	irisTable(t, files, "rows", iris(t))
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	writeTable(t, files, "hosts", table.Schema{{Name: "hostname", Type: table.TextType}}, []any{host})
	writeTable(t, files, "segments", table.Schema{{Name: "hostname", Type: table.TextType}, {Name: "dbid", Type: table.Int32Type}}, []any{host, 3})
	before := tablesOf(t, files)
	for distribution, want := range map[string]string{
		"hosts": `distribution table: table hosts: lists machines, in column "hostname", and nobody knows before the job which machines ` +
			`the shards will be on: expected a column "dbid" that lists the shards`,
		"gpu_segments": "distribution gpu_segments looks for GPUs on this machine, and the workers of runner dataflow are on others: expected all_segments, or a table with the shards",
		"segments":     ErrNotRun.Error(), // the job is written
	} {
		out := filepath.Join(t.TempDir(), "out")
		opt := PreprocessOptions{Source: "rows", Output: "packed", Dependent: "class_text", Independent: "attributes", Shards: 3, Distribution: distribution}
		_, err := Preprocess(t.Context(), dryRun(elsewhere{files}, out), opt)
		wantError(t, err, want)
		written, err := filepath.Glob(filepath.Join(out, "*.pb"))
		if err != nil || (len(written) > 0) != (distribution == "segments") {
			t.Errorf("%s: wrote %q, %v", distribution, written, err)
		}
	}
	if d := cmp.Diff(before, tablesOf(t, files)); d != "" {
		t.Error(d)
	}
}

// The table of GPUs is MADlib's, also where there are none; a driver that does not answer leaves no table.
func TestGPUConfiguration(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		env := Env{Store: store}
		host, err := os.Hostname()
		if err != nil {
			t.Fatal(err)
		}
		withGPUs(t, someGPU, "GPU 1: NVIDIA H200 (UUID: GPU-2)")
		found, err := GPUConfiguration(t.Context(), env, GPUConfigurationOptions{Output: "gpus"})
		want := []GPU{{host, someGPU}, {host, "GPU 1: NVIDIA H200 (UUID: GPU-2)"}}
		if d := cmp.Diff(want, found); d != "" || err != nil {
			t.Errorf("%v %s", err, d)
		}
		b := readTable(t, store, "gpus")
		if d := cmp.Diff([]string{"hostname text", "gpu_descr text"}, []string{b.Schema[0].Name + " " + b.Schema[0].Type.SQL, b.Schema[1].Name + " " + b.Schema[1].Type.SQL}); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff([]string{host, host, someGPU, want[1].Description}, append(b.Cols[0].Strings, b.Cols[1].Strings...)); d != "" {
			t.Error(d)
		}
		if _, err := GPUConfiguration(t.Context(), env, GPUConfigurationOptions{Output: "gpus"}); err == nil {
			t.Error("a table that exists was replaced")
		}
		withGPUs(t)
		if found, err := GPUConfiguration(t.Context(), env, GPUConfigurationOptions{Output: "gpus", Replace: true}); err != nil || len(found) > 0 || readTable(t, store, "gpus").Rows != 0 {
			t.Errorf("without GPUs: %v, %v", found, err)
		}
		withGPUs(t, "NVIDIA-SMI has failed'; exit 9; echo '")
		if _, err := GPUConfiguration(t.Context(), env, GPUConfigurationOptions{Output: "more"}); err == nil || !strings.Contains(err.Error(), "NVIDIA-SMI has failed") {
			t.Errorf("a driver that does not answer: %v", err)
		}
		if slices.Contains(tablesOf(t, store), "more") {
			t.Error("a table is left")
		}
	})
}
