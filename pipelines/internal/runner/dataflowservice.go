package runner

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	df "google.golang.org/api/dataflow/v1b3"
	"google.golang.org/api/googleapi"

	pipepb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/pipeline_v1"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/dataflow/dataflowlib"
)

// submit stages the worker and the pipeline and creates the job, all by Beam's code, with the credentials of the environment.
func (t *dataflowJob) submit(ctx context.Context) (Job, error) {
	res, err := dataflowlib.Execute(ctx, t.model, &t.settings, t.workerURL, t.modelURL, "", true)
	if err != nil {
		return nil, fmt.Errorf("submitting job %s to Dataflow: %w", t.name, err)
	}
	client, err := dataflowlib.NewClient(ctx, "")
	if err != nil {
		return nil, fmt.Errorf("job %s (%s) was submitted to Dataflow and cannot be followed: %w", t.name, res.JobID(), err)
	}
	return &remoteDataflow{
		name: t.name, id: res.JobID(), project: t.settings.Project, region: t.settings.Region, model: t.model, client: client,
		every: dataflowPoll, answer: dataflowAnswer, patience: dataflowPatience,
	}, nil
}

// remoteDataflow is a job at Dataflow.
type remoteDataflow struct {
	name, id, project, region string
	model                     *pipepb.Pipeline
	client                    *df.Service
	every, answer, patience   time.Duration
}

const (
	// dataflowPoll is how often Dataflow is asked how a job does.
	dataflowPoll = 5 * time.Second
	// dataflowAnswer is how long an answer may take.
	dataflowAnswer = time.Minute
	// dataflowPatience is how long it may give no answer: a service for hours of training has a bad minute.
	dataflowPatience = 5 * time.Minute
)

func (j *remoteDataflow) ID() string { return j.id }

func (j *remoteDataflow) Wait(ctx context.Context) error {
	answered := time.Now()
	for {
		job, err := j.ask(ctx)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err == nil:
			answered = time.Now()
			if state := strings.TrimPrefix(job.CurrentState, "JOB_STATE_"); state == "DONE" {
				return nil
			} else if dataflowEnded(state) {
				return &JobError{Name: j.name, ID: j.id, State: state, Text: j.messages(ctx)}
			}
		case refuses(err):
			return fmt.Errorf("asking Dataflow for job %s (%s): %w", j.name, j.id, err)
		case time.Since(answered) > j.patience:
			return &JobError{
				Name: j.name, ID: j.id, State: "UNKNOWN", Cause: ErrUnavailable,
				Text: fmt.Sprintf("Dataflow has not answered for %v (%v); the job may go on without it", j.patience, err),
			}
		}
		select {
		case <-time.After(j.every):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// ask asks for the job once.
func (j *remoteDataflow) ask(ctx context.Context) (*df.Job, error) {
	ctx, stop := context.WithTimeout(ctx, j.answer)
	defer stop()
	return j.client.Projects.Locations.Jobs.Get(j.project, j.region, j.id).Context(ctx).Do()
}

// dataflowEnded says whether a job in that state is over.
func dataflowEnded(state string) bool {
	return slices.Contains([]string{"DONE", "FAILED", cancelled, "DRAINED", "UPDATED"}, state)
}

// refuses says whether an error is Dataflow's answer to this question, and will be its answer to the next one.
func refuses(err error) bool {
	var e *googleapi.Error
	return errors.As(err, &e) && e.Code >= 400 && e.Code < 500 && e.Code != http.StatusTooManyRequests && e.Code != http.StatusRequestTimeout
}

// messages are the error messages of the job, oldest first.
func (j *remoteDataflow) messages(ctx context.Context) string {
	ctx, stop := context.WithTimeout(ctx, j.answer)
	defer stop()
	var texts []string
	err := j.client.Projects.Locations.Jobs.Messages.List(j.project, j.region, j.id).MinimumImportance("JOB_MESSAGE_ERROR").
		Pages(ctx, func(page *df.ListJobMessagesResponse) error {
			for _, m := range page.JobMessages {
				texts = append(texts, m.MessageText)
			}
			return nil
		})
	if err != nil {
		texts = append(texts, fmt.Sprintf("its messages cannot be read: %v", err))
	}
	return strings.Join(texts, "\n")
}

func (j *remoteDataflow) Counters(ctx context.Context) (map[string]int64, error) {
	ctx, stop := context.WithTimeout(ctx, j.answer)
	defer stop()
	m, err := j.client.Projects.Locations.Jobs.GetMetrics(j.project, j.region, j.id).Context(ctx).Do()
	if err != nil {
		return nil, fmt.Errorf("metrics of job %s (%s): %w", j.name, j.id, err)
	}
	return counters(dataflowlib.FromMetricUpdates(m.Metrics, j.model)), nil
}

func (j *remoteDataflow) Cancel(ctx context.Context) error {
	jobs := j.client.Projects.Locations.Jobs
	_, err := jobs.Update(j.project, j.region, j.id, &df.Job{RequestedState: "JOB_STATE_CANCELLED"}).Context(ctx).Do()
	if err == nil {
		return nil
	}
	// One that has ended cannot be cancelled.
	if job, getErr := jobs.Get(j.project, j.region, j.id).Context(ctx).Do(); getErr == nil && dataflowEnded(strings.TrimPrefix(job.CurrentState, "JOB_STATE_")) {
		return nil
	}
	return errors.Join(fmt.Errorf("cancelling job %s (%s)", j.name, j.id), err)
}
