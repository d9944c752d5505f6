package runner

import (
	"errors"
	"slices"
	"strings"
	"testing"

	jobpb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/jobmanagement_v1"
)

func TestOptionsTable(t *testing.T) {
	for i, o := range Options {
		if o.Name == "" || o.Usage == "" || o.Default == "" || len(o.Runners) == 0 {
			t.Errorf("option %d is not whole: %+v", i, o)
		}
		for _, r := range o.Runners {
			if !slices.Contains(Names(), r) {
				t.Errorf("option %s is of runner %q, which there is not", o.Name, r)
			}
		}
		if o.Placeholder == "" && (o.check == nil || o.check("yes") == nil) {
			t.Errorf("option %s has no value and takes any", o.Name)
		}
	}
}

func TestCheck(t *testing.T) {
	google := map[string]string{"project": "p", "region": "r", "staging_location": "gs://b/s"}
	with := func(base map[string]string, name, value string) map[string]string {
		m := map[string]string{name: value}
		for k, v := range base {
			if k != name {
				m[k] = v
			}
		}
		return m
	}
	for _, c := range []struct {
		runner  string
		options map[string]string
		want    string // of the error; "": none
	}{
		{"spark", nil, `runner "spark" is not known; expected one of direct, prism, flink, dataflow`},
		{"direct", nil, ""},
		{"direct", map[string]string{"parallelism": "2"}, "option parallelism is of runner flink; runner direct takes none"},
		{"direct", map[string]string{"what": "2"}, "option what is not known; runner direct takes none"},
		{"prism", map[string]string{"endpoint": "h:1"}, "option endpoint is of runner flink; runner prism takes environment_type, environment_config"},
		{"prism", map[string]string{"environment_type": "DOCKER"}, ""},
		{"prism", map[string]string{"environment_type": "docker"}, `option environment_type must be one of DOCKER, EXTERNAL, LOOPBACK, PROCESS, found "docker"`},
		{"flink", nil, "option endpoint is missing: runner flink needs the address of the Beam job service"},
		{"flink", map[string]string{"endpoint": "h:1", "anything": "else"}, ""},
		{"flink", map[string]string{"endpoint": "h:1", "parallelism": "1.5"}, `option parallelism must be a whole number from 1 on, found "1.5"`},
		{"flink", map[string]string{"endpoint": "h:1", "flink_rest": "h:8081"}, `option flink_rest must be a URL, as http://host:8081, found "h:8081"`},
		{"flink", map[string]string{"endpoint": "h:1", "streaming": "true"}, "option streaming is refused: in its streaming mode Beam's Flink runner loses side inputs that come from a Combine"},
		{"flink", map[string]string{"endpoint": "h:1", "job_name": "x"}, "option job_name is set by beamfit"},
		{"dataflow", google, ""},
		{"dataflow", with(google, "region", ""), "option region is missing: runner dataflow needs the Google Cloud region"},
		{"dataflow", with(google, "staging_location", "/tmp"), `option staging_location must be a folder of Google Cloud Storage, as gs://bucket/folder, found "/tmp"`},
		{"dataflow", with(google, "temp_location", "gs:///x"), `option temp_location must be a folder of Google Cloud Storage, as gs://bucket/folder, found "gs:///x"`},
		{"dataflow", with(google, "dry_run", "yes"), `option dry_run must be true or false, found "yes"`},
	} {
		err := Check(c.runner, c.options)
		if got := errorText(err); got != c.want {
			t.Errorf("%s %v: got %q, want %q", c.runner, c.options, got, c.want)
		}
		var wrong *OptionError
		if strings.HasPrefix(c.want, "option ") && !errors.As(err, &wrong) {
			t.Errorf("%s %v: error is a %T", c.runner, c.options, err)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// What is wrong with the environment, or with Dataflow's options, is found before anything is asked.
func TestOpenRefuses(t *testing.T) {
	full := t.TempDir()
	if err := note(full); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		runner  string
		options string // name=value, with spaces between
		want    string
	}{
		{"prism", "environment_config=x", "option environment_config is not for LOOPBACK"},
		{"prism", "environment_type=PROCESS environment_config=/bin/worker", `option environment_config must be JSON as {"command":"/path/beamfit"} for PROCESS, found "/bin/worker"`},
		{"prism", `environment_type=PROCESS environment_config={"command":"worker"}`, "must have an absolute path as its command"},
		{"prism", `environment_type=PROCESS environment_config={"command":"/no/such/file"}`, "has a command that cannot be started"},
		{"prism", `environment_type=PROCESS environment_config={"env":{"PGPASSWORD":"x"}}`, "must not set PGPASSWORD"},
		{"prism", "environment_type=EXTERNAL environment_config=pool", `must be the HOST:PORT of a worker pool for EXTERNAL, found "pool"`},
		{"prism", "environment_type=DOCKER", "must be an image for DOCKER"},
		{"dataflow", "num_worker=2", "option num_worker is not known; further options of dataflow are autoscaling_algorithm"},
		{"dataflow", "num_workers=-2", `option num_workers must be a whole number from 1 on, found "-2"`},
		{"dataflow", "num_workers=two", `option num_workers must be a whole number, found "two"`},
		{"dataflow", "no_use_public_ips=1", `option no_use_public_ips must be true or false, found "1"`},
		{"dataflow", "autoscaling_algorithm=ALL", "must be NONE or THROUGHPUT_BASED"},
		{"dataflow", "worker_binary=/no/such/file", "option worker_binary must be a file"},
		{"dataflow", "dry_run=true", "option out is missing"},
		{"dataflow", "out=x", "option out is for a dry run alone"},
		{"dataflow", "dry_run=true out=" + full, "option out must be an empty folder"},
	} {
		options := map[string]string{}
		if c.runner == "dataflow" {
			options = map[string]string{"project": "p", "region": "r", "staging_location": "gs://b/s"}
		}
		for pair := range strings.FieldsSeq(c.options) {
			k, v, _ := strings.Cut(pair, "=")
			options[k] = v
		}
		r, err := Open(t.Context(), c.runner, Config{Options: options})
		var wrong *OptionError
		if !errors.As(err, &wrong) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %s: got %v, want an OptionError with %q", c.runner, c.options, err, c.want)
		}
		if err == nil {
			_ = r.Close()
		}
	}
}

func TestOptionValue(t *testing.T) {
	for _, c := range []struct {
		text string
		kind jobpb.PipelineOptionType_Enum
		want string // JSON; "": refused
	}{
		{"4000", jobpb.PipelineOptionType_INTEGER, "4000"},
		{"x", jobpb.PipelineOptionType_INTEGER, ""},
		{`"4"`, jobpb.PipelineOptionType_INTEGER, ""},
		{"0.5", jobpb.PipelineOptionType_NUMBER, "0.5"},
		{"true", jobpb.PipelineOptionType_BOOLEAN, "true"},
		{"on", jobpb.PipelineOptionType_BOOLEAN, ""},
		{"a,b", jobpb.PipelineOptionType_ARRAY, `["a","b"]`},
		{`{"a":1}`, jobpb.PipelineOptionType_OBJECT, `{"a":1}`},
		{"{", jobpb.PipelineOptionType_OBJECT, ""},
		{"BATCH", jobpb.PipelineOptionType_STRING, `"BATCH"`},
		{"12", jobpb.PipelineOptionType_STRING, `"12"`},
	} {
		v, err := optionValue(c.text, c.kind)
		if err != nil {
			if c.want != "" {
				t.Errorf("%s as %s: %v", c.text, c.kind, err)
			}
			continue
		}
		got, _ := v.MarshalJSON()
		if strings.ReplaceAll(string(got), " ", "") != c.want {
			t.Errorf("%s as %s: got %s, want %s", c.text, c.kind, got, c.want)
		}
	}
}

func TestFlinkOptions(t *testing.T) {
	known := map[string]*jobpb.PipelineOptionDescriptor{}
	for name, kind := range map[string]jobpb.PipelineOptionType_Enum{
		"environment_cache_millis": jobpb.PipelineOptionType_INTEGER, "parallelism": jobpb.PipelineOptionType_INTEGER, "streaming": jobpb.PipelineOptionType_BOOLEAN,
	} {
		known[name] = &jobpb.PipelineOptionDescriptor{Name: name, Type: kind}
	}
	got, err := flinkOptions(map[string]string{"endpoint": "h:1", "flink_rest": "http://h", "environment_type": "PROCESS", "parallelism": "3"}, known)
	if err != nil || len(got) != 2 || got["parallelism"].GetNumberValue() != 3 || got["environment_cache_millis"].GetNumberValue() != 60000 {
		t.Errorf("got %v, %v", got, err)
	}
	want := "paralelism is not one that the job service knows"
	if _, err := flinkOptions(map[string]string{"paralelism": "true"}, known); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
}
