package runner

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/runtime"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/dataflow/dataflowlib"
)

// defaultImage is the container image of Beam's Go SDK of the same version.
const defaultImage = core.DefaultDockerImage

// dataflowSettings are the further options of Dataflow, by the names that Beam's own runner has for them.
var dataflowSettings = map[string]func(*dataflowlib.JobOptions, string) error{
	"num_workers":           number(func(o *dataflowlib.JobOptions) *int64 { return &o.NumWorkers }),
	"max_num_workers":       number(func(o *dataflowlib.JobOptions) *int64 { return &o.MaxNumWorkers }),
	"disk_size_gb":          number(func(o *dataflowlib.JobOptions) *int64 { return &o.DiskSizeGb }),
	"disk_type":             text(func(o *dataflowlib.JobOptions) *string { return &o.DiskType }),
	"network":               text(func(o *dataflowlib.JobOptions) *string { return &o.Network }),
	"subnetwork":            text(func(o *dataflowlib.JobOptions) *string { return &o.Subnetwork }),
	"service_account_email": text(func(o *dataflowlib.JobOptions) *string { return &o.ServiceAccountEmail }),
	"dataflow_kms_key":      text(func(o *dataflowlib.JobOptions) *string { return &o.KmsKey }),
	"worker_region":         text(func(o *dataflowlib.JobOptions) *string { return &o.WorkerRegion }),
	"worker_zone":           text(func(o *dataflowlib.JobOptions) *string { return &o.WorkerZone }),
	"autoscaling_algorithm": func(o *dataflowlib.JobOptions, s string) error {
		o.Algorithm = s
		if s != "NONE" && s != "THROUGHPUT_BASED" {
			return errors.New("must be NONE or THROUGHPUT_BASED")
		}
		return nil
	},
	"no_use_public_ips": func(o *dataflowlib.JobOptions, s string) error {
		o.NoUsePublicIPs = s == "true"
		return boolean(s)
	},
	"experiments": func(o *dataflowlib.JobOptions, s string) error {
		o.Experiments = append(o.Experiments, strings.Split(s, ",")...)
		return nil
	},
	"dataflow_service_options": func(o *dataflowlib.JobOptions, s string) error {
		o.DataflowServiceOptions = strings.Split(s, ",")
		return nil
	},
}

func number(field func(*dataflowlib.JobOptions) *int64) func(*dataflowlib.JobOptions, string) error {
	return func(o *dataflowlib.JobOptions, s string) (err error) {
		*field(o), err = strconv.ParseInt(s, 10, 64)
		if err != nil {
			return errors.New("must be a whole number")
		}
		return positive(s)
	}
}

func text(field func(*dataflowlib.JobOptions) *string) func(*dataflowlib.JobOptions, string) error {
	return func(o *dataflowlib.JobOptions, s string) error {
		*field(o) = s
		return nil
	}
}

// dataflowRunner is Google Cloud Dataflow, or a folder that gets what would be sent there.
type dataflowRunner struct {
	settings    dataflowlib.JobOptions // all but what is of one job
	staging     string
	accelerator string
	computing   []string // the DoFns that it is for
	out         string   // of a dry run; "": jobs are run
	jobs        atomic.Int64
}

func openDataflow(_ context.Context, c Config) (Runner, error) {
	r := &dataflowRunner{accelerator: c.Options["accelerator"], computing: c.Computing}
	if c.GPUs && r.accelerator == "" {
		return nil, optionError("accelerator", "must be given for GPUs: workers of dataflow have none without, found none")
	}
	s := &r.settings
	s.Project, s.Region, r.staging = c.Options["project"], c.Options["region"], c.Options["staging_location"]
	s.Experiments = []string{"beam_fn_api", "use_runner_v2", "use_unified_worker", "use_portable_job_submission"}
	s.Options = runtime.RawOptions{Options: workerOptions()}
	s.MachineType = c.Options["worker_machine_type"]
	s.ContainerImage = withDefault(c.Options["sdk_container_image"], defaultImage)
	s.TempLocation = withDefault(c.Options["temp_location"], strings.TrimSuffix(r.staging, "/")+"/tmp")
	var err error
	if s.Worker, err = workerBinary(c.Options["worker_binary"]); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(c.Options)) {
		if _, ours := optionOf(name); ours {
			continue
		}
		set := dataflowSettings[name]
		if set == nil {
			return nil, optionError(name, "is not known; further options of dataflow are %s", strings.Join(slices.Sorted(maps.Keys(dataflowSettings)), ", "))
		}
		if err := set(s, c.Options[name]); err != nil {
			return nil, optionError(name, "%v, found %q", err, c.Options[name])
		}
	}
	return r, r.openOut(c.Options)
}

func withDefault(s, def string) string {
	if s == "" {
		return def
	}
	return s
}

// workerBinary is the file that workers run.
func workerBinary(file string) (string, error) {
	if file == "" {
		return os.Executable()
	}
	if info, err := os.Stat(file); err != nil || !info.Mode().IsRegular() {
		return "", optionError("worker_binary", "must be a file, found %q: %v", file, err)
	}
	return file, nil
}

// openOut makes the folder of a dry run.
func (r *dataflowRunner) openOut(options map[string]string) error {
	if options["dry_run"] != "true" {
		if options["out"] != "" {
			return optionError("out", "is for a dry run alone: give dry_run too")
		}
		return nil
	}
	out := options["out"]
	if out == "" {
		return optionError("out", "is missing: a dry run needs a folder for its files")
	}
	if err := os.MkdirAll(out, 0o777); err != nil {
		return optionError("out", "cannot be made: %v", err)
	}
	entries, err := os.ReadDir(out)
	if err == nil && len(entries) > 0 {
		err = fmt.Errorf("it has %s", entries[0].Name())
	}
	if err != nil {
		return optionError("out", "must be an empty folder, found %q: %v", out, err)
	}
	r.out, err = filepath.Abs(out)
	return err
}

func (r *dataflowRunner) Traits() Traits {
	return Traits{Workers: OtherMachines, MaxWorkers: int(r.settings.MaxNumWorkers), DryRun: r.out != ""}
}

func (*dataflowRunner) Close() error { return nil }

// Submit sends a job to Dataflow, or writes it to files.
func (r *dataflowRunner) Submit(ctx context.Context, p *beam.Pipeline, name string) (Job, error) {
	n := r.jobs.Add(1)
	name = jobName(name)
	if r.out == "" {
		name += time.Now().UTC().Format("-20060102t150405.000")
		name = strings.ReplaceAll(name, ".", "-") // the time of day, to milliseconds
	}
	name = fmt.Sprintf("%s-%d", name, n)
	t, err := r.translate(ctx, p, name)
	if err != nil {
		return nil, err
	}
	if r.out != "" {
		return t.write(ctx, r.out)
	}
	return t.submit(ctx)
}

// jobName is a name that Dataflow takes: small letters, digits and hyphens, a letter first.
func jobName(name string) string {
	clean := func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			return c
		}
		return '-'
	}
	return "beamfit-" + strings.Trim(strings.Map(clean, strings.ToLower(name)), "-")
}
