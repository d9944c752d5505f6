package runner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/runtime/graphx"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/runtime/harness"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/runtime/metricsx"
	jobpb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/jobmanagement_v1"
	pipepb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/pipeline_v1"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/universal/runnerlib"

	"github.com/beamfit/beamfit/model/kernels"
)

// A service is a Beam job service. It does what Beam's runners/universal does, which takes its options from process-wide flags and
// passes none of the engine's.
type service struct {
	client jobpb.JobServiceClient
	env    environment
	// options are sent with every job, by Beam's names.
	options map[string]*structpb.Value
	// experiments are those of Beam that go with every job, behind the ones among the options.
	experiments []string
}

// submit starts a job of that unique name.
func (s *service) submit(ctx context.Context, p *beam.Pipeline, name string) (*serviceJob, error) {
	env, err := s.env.model(ctx)
	if err != nil {
		return nil, err
	}
	pipeline, err := marshal(p, env)
	if err != nil {
		return nil, err
	}
	if s.env.binary != "" {
		if err := runnerlib.UpdateGoEnvironmentWorker(s.env.binary, pipeline); err != nil {
			return nil, fmt.Errorf("the worker's binary: %w", err)
		}
	}
	prepared, err := s.client.Prepare(ctx, &jobpb.PrepareJobRequest{Pipeline: pipeline, PipelineOptions: s.jobOptions(name), JobName: name})
	if err != nil {
		return nil, fmt.Errorf("the job service does not take job %s: %w", name, serviceError(err))
	}
	token := prepared.GetStagingSessionToken()
	if s.env.binary != "" {
		token, err = runnerlib.Stage(ctx, prepared.GetPreparationId(), prepared.GetArtifactStagingEndpoint().GetUrl(), s.env.binary, token)
		if err != nil {
			return nil, fmt.Errorf("staging the worker of job %s: %w", name, err)
		}
	}
	// From here on there is a job that must be followed to its end, whatever becomes of ctx.
	background := context.WithoutCancel(ctx)
	run, err := s.client.Run(background, &jobpb.RunJobRequest{PreparationId: prepared.GetPreparationId(), RetrievalToken: token})
	if err != nil {
		return nil, fmt.Errorf("the job service does not run job %s: %w", name, serviceError(err))
	}
	j := &serviceJob{ended: newEnded(), client: s.client, pipeline: pipeline, name: name, id: run.GetJobId()}
	go func() { j.end(j.follow(background)) }()
	return j, nil
}

// marshal makes Beam's model of a pipeline, all of whose collections are finite: Beam's SDK says of what comes from a splittable DoFn that stops in the middle
// that it may not be, and then Flink would run the job in its streaming mode (streamingReason).
func marshal(p *beam.Pipeline, env *pipepb.Environment) (*pipepb.Pipeline, error) {
	edges, _, err := p.Build()
	if err != nil {
		return nil, err
	}
	model, err := graphx.Marshal(edges, &graphx.Options{Environment: env})
	if err != nil {
		return nil, err
	}
	for _, c := range model.GetComponents().GetPcollections() {
		c.IsBounded = pipepb.IsBounded_BOUNDED
	}
	return model, nil
}

// jobOptions are the pipeline options of a job, in the form of the job service.
func (s *service) jobOptions(name string) *structpb.Struct {
	fields := map[string]*structpb.Value{
		"app_name":   structpb.NewStringValue("beamfit"),
		"job_name":   structpb.NewStringValue(name),
		"go_options": structpb.NewStructValue(&structpb.Struct{Fields: map[string]*structpb.Value{"options": goOptions()}}),
	}
	for name, v := range s.options {
		fields[name] = v
	}
	experiments := list(append([]string{"beam_fn_api"}, s.experiments...)...).GetListValue()
	experiments.Values = append(slices.Clone(s.options["experiments"].GetListValue().GetValues()), experiments.Values...)
	fields["experiments"] = structpb.NewListValue(experiments)
	out := &structpb.Struct{Fields: map[string]*structpb.Value{}}
	for name, v := range fields {
		out.Fields["beam:option:"+name+":v1"] = v
	}
	return out
}

func list(values ...string) *structpb.Value {
	l := &structpb.ListValue{}
	for _, v := range values {
		l.Values = append(l.Values, structpb.NewStringValue(v))
	}
	return structpb.NewListValue(l)
}

// goOptions are the worker options in the form of the job service.
func goOptions() *structpb.Value {
	fields := map[string]*structpb.Value{}
	for name, v := range workerOptions() {
		fields[name] = structpb.NewStringValue(v)
	}
	return structpb.NewStructValue(&structpb.Struct{Fields: fields})
}

// kernelsOption is the option by which workers compute with the kernels of this process.
const kernelsOption = "beamfit_kernels"

// workerOptions are the options of the Go SDK's workers: the kernels, and the hook by which a worker's log goes to the engine. Which hooks are
// enabled in this process does not count.
func workerOptions() map[string]string {
	return map[string]string{
		kernelsOption: kernels.Variant(),
		"hookOrder":   fmt.Sprintf("[%q]", harness.DefaultRemoteLoggingHook),
		"hooks":       fmt.Sprintf("{%q:null}", harness.DefaultRemoteLoggingHook),
	}
}

// serviceError is an error of gRPC in the words of this package.
func serviceError(err error) error {
	if status.Code(err) == codes.Unavailable {
		return fmt.Errorf("%w: %s", ErrUnavailable, status.Convert(err).Message())
	}
	if s, ok := status.FromError(err); ok {
		return fmt.Errorf("%s (%s)", s.Message(), s.Code())
	}
	return err
}

// A serviceJob is a job of a job service.
type serviceJob struct {
	ended
	client   jobpb.JobServiceClient
	pipeline *pipepb.Pipeline
	name, id string

	mu         sync.Mutex
	cancelling bool
	failure    string // what fail was told
}

func (j *serviceJob) ID() string { return j.id }

func (j *serviceJob) Counters(ctx context.Context) (map[string]int64, error) {
	m, err := j.client.GetJobMetrics(ctx, &jobpb.GetJobMetricsRequest{JobId: j.id})
	if err != nil {
		return nil, fmt.Errorf("metrics of job %s: %w", j.name, serviceError(err))
	}
	return counters(metricsx.FromMonitoringInfos(j.pipeline, m.GetMetrics().GetAttempted(), m.GetMetrics().GetCommitted())), nil
}

// Cancel asks the job service.
func (j *serviceJob) Cancel(ctx context.Context) error {
	if j.over() {
		return nil
	}
	j.mu.Lock()
	j.cancelling = true
	j.mu.Unlock()
	if _, err := j.client.Cancel(ctx, &jobpb.CancelJobRequest{JobId: j.id}); err != nil && !j.over() {
		return fmt.Errorf("cancelling job %s: %w", j.name, serviceError(err))
	}
	return nil
}

// fail ends the job for a reason that the job service does not know.
func (j *serviceJob) fail(reason string) {
	j.mu.Lock()
	first := j.failure == "" && !j.cancelling
	if first {
		j.failure = reason
	}
	j.mu.Unlock()
	if first && !j.over() {
		_, _ = j.client.Cancel(context.Background(), &jobpb.CancelJobRequest{JobId: j.id})
	}
}

// lastWords is how long the error message of a job that has failed may come after the state.
const lastWords = 5 * time.Second

// follow reads the job's messages until it has ended.
func (j *serviceJob) follow(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	stream, err := j.client.GetMessageStream(ctx, &jobpb.JobMessagesRequest{JobId: j.id})
	if err != nil {
		return j.lost(err)
	}
	var texts []string
	state := jobpb.JobState_UNSPECIFIED
	for {
		m, err := stream.Recv()
		if terminal(state) && err != nil {
			return j.outcome(state, texts)
		}
		if err == io.EOF {
			// A job that ended before the stream began has no state in it.
			s, stateErr := j.client.GetState(ctx, &jobpb.GetJobStateRequest{JobId: j.id})
			if stateErr == nil && terminal(s.GetState()) {
				return j.outcome(s.GetState(), texts)
			}
			err = errors.New("the stream of the job's messages has ended")
		}
		if err != nil {
			return j.lost(err)
		}
		if r := m.GetMessageResponse(); r.GetImportance() >= jobpb.JobMessage_JOB_MESSAGE_ERROR {
			texts = append(texts, r.GetMessageText())
		}
		if s := m.GetStateResponse(); s != nil && !terminal(state) {
			if state = s.GetState(); terminal(state) {
				defer time.AfterFunc(lastWords, stop).Stop()
			}
		}
	}
}

func terminal(s jobpb.JobState_Enum) bool {
	switch s {
	case jobpb.JobState_DONE, jobpb.JobState_FAILED, jobpb.JobState_CANCELLED, jobpb.JobState_DRAINED, jobpb.JobState_UPDATED:
		return true
	}
	return false
}

// outcome is the error of a job that has ended in that state. A job that was cancelled on the engine has failed for the job
// service.
func (j *serviceJob) outcome(state jobpb.JobState_Enum, texts []string) error {
	if state == jobpb.JobState_DONE {
		return nil
	}
	e := &JobError{Name: j.name, ID: j.id, State: state.String(), Text: strings.Join(texts, "\n")}
	j.mu.Lock()
	defer j.mu.Unlock()
	switch {
	case j.failure != "":
		e.State, e.Text = "FAILED", j.failure
	case j.cancelling:
		e.State = cancelled
	}
	return e
}

// lost is the error of a job whose end nobody will hear of.
func (j *serviceJob) lost(err error) error {
	return &JobError{
		Name: j.name, ID: j.id, State: "UNKNOWN", Cause: ErrUnavailable,
		Text: fmt.Sprintf("the job service has gone (%s); the job may go on without it", status.Convert(err).Message()),
	}
}
