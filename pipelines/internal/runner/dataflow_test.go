package runner

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	df "google.golang.org/api/dataflow/v1b3"
	"google.golang.org/api/option"
	"google.golang.org/protobuf/proto"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	pipepb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/pipeline_v1"
)

func note(dir string) error { return os.WriteFile(filepath.Join(dir, "file"), nil, 0o600) }

type trainFn struct{ Address string }

func (*trainFn) ProcessElement(x int) int { return x }

type scoreFn struct{}

func (*scoreFn) ProcessElement(int) {}

func init() {
	beam.RegisterType(reflect.TypeFor[trainFn]())
	beam.RegisterType(reflect.TypeFor[scoreFn]())
}

// The files of a dry run are what Dataflow needs: the worker, its image and machine, the pipeline by its hash, an accelerator for
// the steps that compute alone; and nothing of the environment.
func TestDataflowDryRun(t *testing.T) {
	t.Setenv("PGPASSWORD", "hunter22")
	t.Setenv("BEAMFIT_DB", "postgres://me:hunter22@db.example/iris")
	dir := filepath.Join(t.TempDir(), "out")
	r, err := Open(t.Context(), "dataflow", Config{
		Options: map[string]string{
			"project": "some-project", "region": "europe-west1", "staging_location": "gs://bucket/staging/", "dry_run": "true", "out": dir,
			"worker_machine_type": "n1-standard-8", "accelerator": "type:nvidia-tesla-t4;count:1;install-nvidia-driver", "num_workers": "4", "max_num_workers": "6",
			"autoscaling_algorithm": "NONE", "subnetwork": "regions/europe-west1/subnetworks/inner", "no_use_public_ips": "true",
		},
		Computing: []string{"runner.trainFn", "runner.otherFn"},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if tr := r.Traits(); !tr.DryRun || tr.Workers != OtherMachines || tr.MaxWorkers != 6 {
		t.Errorf("traits %+v", tr)
	}
	p, s := beam.NewPipelineWithRoot()
	iteration := s.Scope("iteration 1")
	trained := beam.ParDo(iteration, &trainFn{"postgres://me@db.example/iris"}, beam.CreateList(s, []int{1, 2}))
	beam.ParDo(iteration, &trainFn{"postgres://me@db.example/iris"}, trained) // the same step again has another name
	beam.ParDo0(s, &scoreFn{}, trained)
	j, err := r.Submit(t.Context(), p, "Fit (iris)")
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Wait(t.Context()); !errors.Is(err, ErrNotRun) {
		t.Errorf("waiting for it: %v", err)
	}
	read := func(kind string) []byte {
		b, err := os.ReadFile(filepath.Join(dir, "beamfit-fit--iris-1."+kind))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(b), "hunter22") {
			t.Errorf("a password in the %s", kind)
		}
		return b
	}
	var job df.Job
	if err := json.Unmarshal(read("job.json"), &job); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	hash, err := hashFile(self)
	if err != nil {
		t.Fatal(err)
	}
	pool := job.Environment.WorkerPools[0]
	if job.ProjectId != "some-project" || job.Type != "JOB_TYPE_BATCH" || job.Name != "beamfit-fit--iris-1" || pool.MachineType != "n1-standard-8" || pool.NumWorkers != 4 ||
		pool.Subnetwork != "regions/europe-west1/subnetworks/inner" || pool.IpConfiguration != "WORKER_IP_PRIVATE" || pool.AutoscalingSettings.Algorithm != "AUTOSCALING_ALGORITHM_NONE" {
		t.Errorf("job %+v, pool %+v", job, pool)
	}
	worker := df.Package{Name: "worker", Location: "gs://bucket/staging/beamfit-fit--iris-1/worker", Sha256: hash}
	if len(pool.Packages) != 1 || !reflect.DeepEqual(*pool.Packages[0], worker) {
		t.Errorf("packages %+v, want %+v", pool.Packages[0], worker)
	}
	for _, image := range pool.SdkHarnessContainerImages {
		if image.ContainerImage != defaultImage {
			t.Errorf("image %s", image.ContainerImage)
		}
	}
	if len(pool.SdkHarnessContainerImages) != 2 {
		t.Errorf("%d environments, want one with and one without the accelerator", len(pool.SdkHarnessContainerImages))
	}
	if options := string(job.Environment.SdkPipelineOptions); !strings.Contains(options, `"gs://bucket/staging/beamfit-fit--iris-1/model"`) {
		t.Errorf("options %s", options)
	}
	read("pipeline.json")
	model := new(pipepb.Pipeline)
	if err := proto.Unmarshal(read("pipeline.pb"), model); err != nil {
		t.Fatal(err)
	}
	checkAccelerated(t, model, "iteration 1/runner.trainFn", "iteration 1/runner.trainFn'1")
}

// GPUs without an accelerator are refused.
func TestDataflowGPUs(t *testing.T) {
	_, err := Open(t.Context(), "dataflow", Config{GPUs: true, Options: map[string]string{
		"project": "some-project", "region": "europe-west1", "staging_location": "gs://bucket/staging/",
	}})
	if wrong := (*OptionError)(nil); !errors.As(err, &wrong) || !strings.Contains(err.Error(), "must be given for GPUs") {
		t.Errorf("without an accelerator: %v", err)
	}
}

// checkAccelerated checks that these transforms alone have an accelerator.
func checkAccelerated(t *testing.T, model *pipepb.Pipeline, want ...string) {
	t.Helper()
	var with []string
	c := model.GetComponents()
	for _, tr := range c.GetTransforms() {
		env := c.GetEnvironments()[tr.GetEnvironmentId()]
		if hint := env.GetResourceHints()["beam:resources:accelerator:v1"]; hint != nil {
			with = append(with, tr.GetUniqueName())
			if string(hint) != "type:nvidia-tesla-t4;count:1;install-nvidia-driver" {
				t.Errorf("hint %s", hint)
			}
		}
		for _, d := range env.GetDependencies() {
			if d.GetTypeUrn() != "beam:artifact:type:url:v1" {
				t.Errorf("%s: the worker is a %s", tr.GetUniqueName(), d.GetTypeUrn())
			}
		}
	}
	slices.Sort(with)
	if !slices.Equal(with, want) {
		t.Errorf("accelerators for %q, want %q", with, want)
	}
}

// fakeDataflow is Dataflow's service as far as a job that runs needs it.
func fakeDataflow(t *testing.T, job *df.Job) *remoteDataflow {
	t.Helper()
	mux := http.NewServeMux()
	write := func(w http.ResponseWriter, v any) { _ = json.NewEncoder(w).Encode(v) }
	const path = "/v1b3/projects/p/locations/r/jobs/id"
	mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) { write(w, job) })
	mux.HandleFunc("PUT "+path, func(w http.ResponseWriter, r *http.Request) {
		var update df.Job
		if err := json.NewDecoder(r.Body).Decode(&update); err != nil || update.RequestedState != "JOB_STATE_CANCELLED" || job.CurrentState != "JOB_STATE_RUNNING" {
			http.Error(w, `{"error":{"code":400,"message":"no"}}`, http.StatusBadRequest)
			return
		}
		job.CurrentState = "JOB_STATE_CANCELLED"
		write(w, job)
	})
	mux.HandleFunc("GET "+path+"/messages", func(w http.ResponseWriter, _ *http.Request) {
		write(w, df.ListJobMessagesResponse{JobMessages: []*df.JobMessage{{MessageText: "first"}, {MessageText: "x\nDoFn[UID:1] failed:\nrow 4"}}})
	})
	mux.HandleFunc("GET "+path+"/metrics", func(w http.ResponseWriter, _ *http.Request) {
		write(w, df.JobMetrics{Metrics: []*df.MetricUpdate{{
			Name:   &df.MetricStructuredName{Name: "rows", Context: map[string]string{"step": "e1", "namespace": "n"}},
			Scalar: 7.0,
		}}})
	})
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	client, err := df.NewService(t.Context(), option.WithoutAuthentication(), option.WithEndpoint(srv.URL))
	if err != nil {
		t.Fatal(err)
	}
	model := &pipepb.Pipeline{Components: &pipepb.Components{Transforms: map[string]*pipepb.PTransform{"e1": {UniqueName: "step"}}}}
	return &remoteDataflow{name: "name", id: "id", project: "p", region: "r", model: model, client: client, every: time.Millisecond, answer: time.Minute, patience: time.Minute}
}

// A Dataflow that does not answer for a while costs nothing; one that answers that there is no such job is not asked again.
func TestDataflowWithoutAnswer(t *testing.T) {
	answers := []int{http.StatusOK, http.StatusServiceUnavailable, http.StatusTooManyRequests, http.StatusBadGateway}
	j := fakeDataflow(t, &df.Job{CurrentState: "JOB_STATE_RUNNING"})
	asked := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked++; asked > len(answers) {
			_ = json.NewEncoder(w).Encode(df.Job{CurrentState: "JOB_STATE_DONE"})
			return
		}
		w.WriteHeader(answers[asked-1])
		_ = json.NewEncoder(w).Encode(df.Job{CurrentState: "JOB_STATE_RUNNING"})
	}))
	t.Cleanup(srv.Close)
	j.client.BasePath = srv.URL
	if err := j.Wait(t.Context()); err != nil || asked != 5 {
		t.Errorf("asked %d times: %v", asked, err)
	}
	asked, j.patience = 0, 0
	if err := j.Wait(t.Context()); !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "503") {
		t.Errorf("without patience: %v", err)
	}
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(silent.Close)
	j.client.BasePath, j.answer, j.patience = silent.URL, 10*time.Millisecond, 30*time.Millisecond
	if err := j.Wait(t.Context()); !errors.Is(err, ErrUnavailable) {
		t.Errorf("a service that never answers: %v", err)
	}
	if said := j.messages(t.Context()); !strings.HasPrefix(said, "its messages cannot be read: ") {
		t.Errorf("of a service that never answers: %q", said)
	}
	if _, err := j.Counters(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("counters of a service that never answers: %v", err)
	}
	j.client.BasePath, j.answer = srv.URL, time.Minute
	asked, answers, j.patience = 0, []int{http.StatusNotFound}, time.Minute
	if err := j.Wait(t.Context()); err == nil || errors.Is(err, ErrUnavailable) || asked != 1 {
		t.Errorf("asked %d times for a job that is not there: %v", asked, err)
	}
}

func TestDataflowJob(t *testing.T) {
	running := &df.Job{CurrentState: "JOB_STATE_RUNNING"}
	j := fakeDataflow(t, running)
	if err := j.Cancel(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := j.Wait(t.Context()); !errors.Is(err, ErrCancelled) {
		t.Errorf("waiting for a cancelled job: %v", err)
	}
	if err := j.Cancel(t.Context()); err != nil {
		t.Errorf("cancelling again: %v", err)
	}
	counters, err := j.Counters(t.Context())
	if err != nil || counters["n/rows"] != 7 {
		t.Errorf("counters %v, %v", counters, err)
	}
	if err := fakeDataflow(t, &df.Job{CurrentState: "JOB_STATE_DONE"}).Wait(t.Context()); err != nil {
		t.Error(err)
	}
	err = fakeDataflow(t, &df.Job{CurrentState: "JOB_STATE_FAILED"}).Wait(t.Context())
	if want := "job name (id) failed: row 4"; errorText(err) != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
