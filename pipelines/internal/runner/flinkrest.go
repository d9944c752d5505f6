package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// flinkREST is Flink's REST interface.
type flinkREST struct {
	url    string
	shown  string // the URL without its password, for messages
	client *http.Client
}

// newFlinkREST is for the URL of the option flink_rest, which is checked.
func newFlinkREST(address string) *flinkREST {
	address = strings.TrimRight(address, "/")
	u, _ := url.Parse(address) // checkURL has done so
	transport := http.DefaultTransport.(*http.Transport).Clone()
	return &flinkREST{address, u.Redacted(), &http.Client{Transport: transport, Timeout: serviceAnswers}}
}

func (f *flinkREST) close() { f.client.CloseIdleConnections() }

// check asks for the version, which tells whether this is Flink.
func (f *flinkREST) check(ctx context.Context) error {
	var config struct {
		Version string `json:"flink-version"`
	}
	if err := f.do(ctx, http.MethodGet, "/config", &config); err != nil {
		return err
	}
	if config.Version == "" {
		return fmt.Errorf("%s answers, but not as Flink's REST interface: it tells no version", f.shown)
	}
	return nil
}

// slots is how many the cluster has, of which each of a job's workers takes one at least.
func (f *flinkREST) slots(ctx context.Context) (int, error) {
	var overview struct {
		Slots int `json:"slots-total"`
	}
	err := f.do(ctx, http.MethodGet, "/overview", &overview)
	return overview.Slots, err
}

// jobAppears is how long a job may take from the job service to Flink: the plan is made between.
const jobAppears = 2 * time.Second

// cancel ends the jobs of that name that have not ended. A job that has not come to Flink yet is waited for.
func (f *flinkREST) cancel(ctx context.Context, name string) error {
	for end := time.Now().Add(jobAppears); ; {
		jobs, err := f.jobs(ctx, name)
		if err != nil {
			return err
		}
		for _, j := range jobs {
			switch j.State {
			case "FINISHED", "FAILED", "CANCELED", "CANCELLING":
				continue
			}
			if err := f.do(ctx, http.MethodPatch, "/jobs/"+j.ID+"?mode=cancel", nil); err != nil {
				return err
			}
		}
		if len(jobs) > 0 || time.Now().After(end) {
			return nil
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// A restJob is what Flink says of a job.
type restJob struct {
	ID    string `json:"jid"`
	Name  string `json:"name"`
	State string `json:"state"`
	Tasks struct {
		Total    int `json:"total"`
		Finished int `json:"finished"`
	} `json:"tasks"`
}

// jobs are the jobs of a name.
func (f *flinkREST) jobs(ctx context.Context, name string) ([]restJob, error) {
	var overview struct {
		Jobs []restJob `json:"jobs"`
	}
	if err := f.do(ctx, http.MethodGet, "/jobs/overview", &overview); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(overview.Jobs, func(j restJob) bool { return j.Name != name }), nil
}

// state is that of the job of an ID.
func (f *flinkREST) state(ctx context.Context, id string) (string, error) {
	var status struct {
		Status string `json:"status"`
	}
	err := f.do(ctx, http.MethodGet, "/jobs/"+id+"/status", &status)
	return status.Status, err
}

// maxAnswer bounds what is read of an answer.
const maxAnswer = 64 << 20

// do makes a request and reads the JSON of its answer into out; nil: it is not wanted.
func (f *flinkREST) do(ctx context.Context, method, path string, out any) error {
	req, err := http.NewRequestWithContext(ctx, method, f.url+path, nil)
	if err != nil {
		return err
	}
	res, err := f.client.Do(req)
	if err != nil {
		var dial *net.OpError
		var late net.Error
		if errors.As(err, &dial) && dial.Op == "dial" || errors.As(err, &late) && late.Timeout() {
			err = fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		return fmt.Errorf("the REST interface of Flink at %s: %w", f.shown, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("the REST interface of Flink at %s: %w", f.shown, err)
	}
	if res.StatusCode >= 300 {
		return fmt.Errorf("the REST interface of Flink at %s: %s to %s %s", f.shown, res.Status, method, path)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(body, out); err != nil {
		return fmt.Errorf("%s%s is not Flink's: %w", f.shown, path, err)
	}
	return nil
}
