package runner

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/runtime/graphx"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/util/protox"
	pipepb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/pipeline_v1"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/options/resource"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/dataflow/dataflowlib"
)

// A dataflowJob is a pipeline in the forms that Dataflow takes.
type dataflowJob struct {
	name      string
	model     *pipepb.Pipeline
	settings  dataflowlib.JobOptions
	workerURL string
	modelURL  string
}

func (r *dataflowRunner) translate(ctx context.Context, p *beam.Pipeline, name string) (*dataflowJob, error) {
	env, err := graphx.CreateEnvironment(ctx, graphx.URNEnvDocker, func(context.Context) string { return r.settings.ContainerImage })
	if err != nil {
		return nil, err
	}
	model, err := marshal(p, env)
	if err != nil {
		return nil, err
	}
	if r.accelerator != "" {
		accelerate(model, r.computing, r.accelerator)
	}
	folder := strings.TrimSuffix(r.staging, "/") + "/" + name
	t := &dataflowJob{name: name, model: model, settings: r.settings, workerURL: folder + "/worker", modelURL: folder + "/model"}
	t.settings.Name = name
	t.settings.Options.Options = workerOptions() // Beam's code writes into it
	return t, nil
}

// accelerate gives the steps of these DoFns an environment of their own, with an accelerator. The Go SDK has hints for whole pipelines only, Beam's
// model has them for every environment.
func accelerate(model *pipepb.Pipeline, dofns []string, hint string) {
	c := model.GetComponents()
	hints := resource.NewHints(resource.Accelerator(hint)).Payloads()
	for _, t := range c.GetTransforms() {
		id := t.GetEnvironmentId()
		if id == "" || len(t.GetSubtransforms()) > 0 || !slices.Contains(dofns, doFn(t)) {
			continue
		}
		special := id + "_accelerated"
		if c.Environments[special] == nil {
			// The dependencies are the same ones: they are completed when the worker is staged.
			c.Environments[special] = &pipepb.Environment{
				Urn: c.Environments[id].GetUrn(), Payload: c.Environments[id].GetPayload(), DisplayData: c.Environments[id].GetDisplayData(),
				Capabilities: c.Environments[id].GetCapabilities(), Dependencies: c.Environments[id].GetDependencies(), ResourceHints: hints,
			}
		}
		t.EnvironmentId = special
	}
}

// doFn is the name of a step's DoFn. Beam makes the names of steps unique within a scope: scoreFn, scoreFn'1, ...
func doFn(t *pipepb.PTransform) string {
	name, _, _ := strings.Cut(path.Base(t.GetUniqueName()), "'")
	return name
}

// write writes the job to files: NAME.job.json, the request to Dataflow; NAME.pipeline.pb, the pipeline that the request refers
// to, and the same for people, NAME.pipeline.json. No connection is asked for.
func (t *dataflowJob) write(ctx context.Context, dir string) (Job, error) {
	hash, err := hashFile(t.settings.Worker)
	if err != nil {
		return nil, fmt.Errorf("the worker's binary: %w", err)
	}
	t.settings.WorkerHash = hash
	worker := protox.MustEncode(&pipepb.ArtifactUrlPayload{Url: t.workerURL, Sha256: hash})
	if err := graphx.UpdateDefaultEnvWorkerType(graphx.URNArtifactURLType, worker, t.model); err != nil {
		return nil, err
	}
	model := protox.MustEncode(t.model)
	sum := sha256.Sum256(model)
	job, err := dataflowlib.Translate(ctx, t.model, &t.settings, t.workerURL, t.modelURL, hex.EncodeToString(sum[:]))
	if err != nil {
		return nil, err
	}
	request, err := job.MarshalJSON()
	if err != nil {
		return nil, err
	}
	for _, f := range []struct {
		kind string
		data []byte
	}{
		{"pipeline.pb", model},
		{"pipeline.json", []byte(protojson.Format(t.model))},
		{"job.json", request},
	} {
		if err := os.WriteFile(filepath.Join(dir, t.name+"."+f.kind), f.data, 0o666); err != nil {
			return nil, err
		}
	}
	return writtenJob(t.name), nil
}

func hashFile(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// writtenJob is a job of a dry run, by its name.
type writtenJob string

func (j writtenJob) ID() string                                       { return string(j) }
func (writtenJob) Wait(context.Context) error                         { return ErrNotRun }
func (writtenJob) Counters(context.Context) (map[string]int64, error) { return nil, nil }
func (writtenJob) Cancel(context.Context) error                       { return nil }
