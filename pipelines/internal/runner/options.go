package runner

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// An Option is a row of the table of options. Beam's own options have Beam's names.
type Option struct {
	Name        string
	Placeholder string // its value in a help; "" where it needs none and "true" is meant
	Usage       string
	Default     string   // in words
	Runners     []string // those that take it
	check       func(string) error
}

var (
	jobServices  = []string{Prism, flink}
	flinkOnly    = []string{flink}
	dataflowOnly = []string{dataflow}
)

// Options are the options of runners.
var Options = []Option{
	{"endpoint", "HOST:PORT", "address of the Beam job service", required, flinkOnly, nil},
	{"environment_type", "TYPE", "where DoFns work: " + strings.Join(environmentTypes(), ", "), "LOOPBACK on prism, PROCESS on flink", jobServices, checkEnvironmentType},
	{
		"environment_config", "CONFIG", `what the environment type needs: {"command":"/path/beamfit"} for PROCESS, HOST:PORT of a worker pool for EXTERNAL, an image for DOCKER`,
		"this binary for PROCESS", jobServices, nil,
	},
	{"parallelism", "N", "number of subtasks of every step", "the cluster's", flinkOnly, positive},
	{"flink_rest", "URL", "Flink's REST interface: with it a job that is cancelled ends on the cluster, too", "none", flinkOnly, checkURL},
	{"project", "ID", "Google Cloud project", required, dataflowOnly, nil},
	{"region", "REGION", "Google Cloud region", required, dataflowOnly, nil},
	{"staging_location", "gs://...", "folder for the worker and the pipeline", required, dataflowOnly, checkBucket},
	{"temp_location", "gs://...", "folder for temporary files", "tmp in the staging location", dataflowOnly, checkBucket},
	{"sdk_container_image", "IMAGE", "container image of the workers", defaultImage, dataflowOnly, nil},
	{"worker_binary", "FILE", "this program for linux on the workers' processors", "this file", dataflowOnly, nil},
	{"worker_machine_type", "TYPE", "machine type of the workers", "the service's", dataflowOnly, nil},
	{"accelerator", "HINT", "accelerator of the steps that train, evaluate and predict alone, as type:nvidia-tesla-t4;count:1;install-nvidia-driver", "none", dataflowOnly, nil},
	{"dry_run", "", "write the jobs and pipelines to files instead of running them", "off", dataflowOnly, boolean},
	{"out", "DIR", "folder for the files of a dry run, which must not exist or be empty", "required with dry_run", dataflowOnly, nil},
}

func optionOf(name string) (Option, bool) {
	i := slices.IndexFunc(Options, func(o Option) bool { return o.Name == name })
	if i < 0 {
		return Option{}, false
	}
	return Options[i], true
}

// An OptionError is an option that is not what it must be.
type OptionError struct {
	Option string
	Reason string
}

func (e *OptionError) Error() string { return fmt.Sprintf("option %s %s", e.Option, e.Reason) }

func optionError(name, format string, args ...any) error {
	return &OptionError{name, fmt.Sprintf(format, args...)}
}

// required says that an option must be given, in the place of its default.
const required = "none: it must be given"

// checkOptions checks what can be checked without the engine.
func checkOptions(k kind, given map[string]string) error {
	for _, o := range Options {
		if o.Default == required && slices.Contains(o.Runners, k.name) && given[o.Name] == "" {
			return optionError(o.Name, "is missing: runner %s needs the %s", k.name, o.Usage)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		o, known := optionOf(name)
		switch {
		case !known && !k.engine:
			return optionError(name, "is not known; runner %s takes %s", k.name, optionsOf(k.name))
		case !known && k.refused[name] != "":
			return optionError(name, "%s", k.refused[name])
		case !known:
			continue // the engine knows
		case !slices.Contains(o.Runners, k.name):
			return optionError(name, "is of runner %s; runner %s takes %s", strings.Join(o.Runners, " and "), k.name, optionsOf(k.name))
		case o.check != nil:
			if err := o.check(given[name]); err != nil {
				return optionError(name, "%v, found %q", err, given[name])
			}
		}
	}
	return nil
}

// optionsOf lists the options of a runner.
func optionsOf(runner string) string {
	var names []string
	for _, o := range Options {
		if slices.Contains(o.Runners, runner) {
			names = append(names, o.Name)
		}
	}
	if names == nil {
		return "none"
	}
	return strings.Join(names, ", ")
}

func positive(s string) error {
	if n, err := strconv.Atoi(s); err != nil || n < 1 {
		return errors.New("must be a whole number from 1 on")
	}
	return nil
}

func boolean(s string) error {
	if s != "true" && s != "false" {
		return errors.New("must be true or false")
	}
	return nil
}

func checkURL(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return errors.New("must be a URL, as http://host:8081")
	}
	return nil
}

func checkBucket(s string) error {
	if bucket, ok := strings.CutPrefix(s, "gs://"); !ok || bucket == "" || strings.HasPrefix(bucket, "/") {
		return errors.New("must be a folder of Google Cloud Storage, as gs://bucket/folder")
	}
	return nil
}
