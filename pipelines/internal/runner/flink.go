package runner

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	jobpb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/jobmanagement_v1"
)

// flinkStages is the most stages of a fit in a pipeline: the optimizer of Flink's DataSet plans takes twice the time for every further
// one where two ways lead from one to the next. Where each is scored, that is 0.01 s for 10, 0.2 s for 15, and more than a minute for 25.
const flinkStages = 10

// flinkBundle is the most bytes that a DoFn may give on in a bundle: Beam's runner takes them when the bundle is over, and has room for 100 messages, of 4 MB
// as Beam's Go workers make them. With more both stand still.
const flinkBundle = 380e6

// flinkDefaults are sent where nothing else is given. Without the cache every step of a pipeline starts new worker processes.
var flinkDefaults = map[string]string{"environment_cache_millis": "60000"}

// flinkExperiments: a TaskManager sends a worker 100 messages before it looks whether the worker takes them, and collects so many bytes for each. With Beam's
// 1 MB it would have no memory left for rows that are packed.
var flinkExperiments = []string{"data_buffer_size_limit=200000"}

// flinkRefused are options of Flink's job service that beamfit does not pass on, with the reason.
var flinkRefused = map[string]string{
	"streaming":                 streamingReason,
	"use_data_stream_for_batch": streamingReason,
	"output_executable_path":    "would write a program instead of running the job",
	"job_name":                  jobNameReason,
	"app_name":                  jobNameReason,
	"runner":                    jobNameReason,
	"job_endpoint":              "is endpoint here",
}

const (
	streamingReason = "is refused: in its streaming mode Beam's Flink runner loses side inputs that come from a Combine"
	jobNameReason   = "is set by beamfit"
)

// flinkRunner is a Beam job service in front of Flink.
type flinkRunner struct {
	service service
	conn    *grpc.ClientConn
	workers *pool // nil: workers are elsewhere
	rest    *flinkREST
	// parallelism is that of a job; 0: the cluster's, of which slots is the most there can be, where that is known.
	parallelism, slots int
}

// serviceAnswers is how long a job service may take to answer the first question.
const serviceAnswers = 10 * time.Second

func openFlink(ctx context.Context, c Config) (_ Runner, err error) {
	endpoint := c.Options["endpoint"]
	env, err := environmentOf(c.Options, "PROCESS")
	if err != nil {
		return nil, err
	}
	conn, err := grpc.NewClient(endpoint, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, optionError("endpoint", "must be the HOST:PORT of a Beam job service, found %q", endpoint)
	}
	r := &flinkRunner{conn: conn, service: service{client: jobpb.NewJobServiceClient(conn), env: env, experiments: flinkExperiments}}
	r.parallelism, _ = strconv.Atoi(c.Options["parallelism"]) // it is checked, or not there
	defer func() {
		if err != nil {
			_ = r.Close()
		}
	}()
	ctx, stop := context.WithTimeout(ctx, serviceAnswers)
	defer stop()
	if err := listens(ctx, endpoint); err != nil {
		return nil, fmt.Errorf("the job service at %s: %w", endpoint, err)
	}
	known, err := describe(ctx, r.service.client, endpoint)
	if err != nil {
		return nil, err
	}
	if r.service.options, err = flinkOptions(c.Options, known); err != nil {
		return nil, err
	}
	if url := c.Options["flink_rest"]; url != "" {
		r.rest = newFlinkREST(url)
		if err := r.rest.check(ctx); err != nil {
			return nil, err
		}
		if r.slots, err = r.rest.slots(ctx); err != nil {
			return nil, err
		}
	}
	if env.kind == "LOOPBACK" {
		if r.workers, err = startLoopback(); err != nil {
			return nil, err
		}
		r.service.env.pool = r.workers
	}
	return r, nil
}

// listens tells whether anybody listens at an address.
func listens(ctx context.Context, address string) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return conn.Close()
}

// describe asks a job service for its options. It finds out whether there is one, and which.
func describe(ctx context.Context, client jobpb.JobServiceClient, endpoint string) (map[string]*jobpb.PipelineOptionDescriptor, error) {
	res, err := client.DescribePipelineOptions(ctx, &jobpb.DescribePipelineOptionsRequest{})
	switch status.Code(err) {
	case codes.OK:
	case codes.DeadlineExceeded:
		return nil, fmt.Errorf("the job service at %s: %w: no answer in %v", endpoint, ErrUnavailable, serviceAnswers)
	case codes.Unavailable: // what speaks no gRPC, and a service that ends while it is asked
		if err := listens(ctx, endpoint); err != nil {
			return nil, fmt.Errorf("the job service at %s: %w", endpoint, err)
		}
		fallthrough
	default:
		return nil, fmt.Errorf("%s is no Beam job service for Flink: %s", endpoint, status.Convert(err).Message())
	}
	known := map[string]*jobpb.PipelineOptionDescriptor{}
	for _, o := range res.GetOptions() {
		known[o.GetName()] = o
	}
	if known["flink_master"] == nil {
		return nil, fmt.Errorf("%s is a Beam job service, but not one for Flink: it has no option flink_master", endpoint)
	}
	if known["use_data_stream_for_batch"].GetDefaultValue() == "true" {
		return nil, fmt.Errorf("%s is a job service for Flink 2, which can run batch pipelines only in its streaming mode: "+
			"that loses side inputs that come from a Combine. Use one for Flink 1.19 or older", endpoint)
	}
	return known, nil
}

// flinkOptions are the options of the job service, in the types that it has for them.
func flinkOptions(given map[string]string, known map[string]*jobpb.PipelineOptionDescriptor) (map[string]*structpb.Value, error) {
	all := maps.Clone(flinkDefaults)
	for name, v := range given {
		if _, ours := optionOf(name); !ours || name == "parallelism" {
			all[name] = v
		}
	}
	out := map[string]*structpb.Value{}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		o := known[name]
		if o == nil {
			return nil, optionError(name, "is not one that the job service knows")
		}
		v, err := optionValue(all[name], o.GetType())
		if err != nil {
			return nil, optionError(name, "%v, found %q", err, all[name])
		}
		out[name] = v
	}
	return out, nil
}

// optionValue is a text as JSON of that type. A whole number that travels as text would be refused by Go workers.
func optionValue(text string, kind jobpb.PipelineOptionType_Enum) (*structpb.Value, error) {
	switch kind {
	case jobpb.PipelineOptionType_BOOLEAN:
		return structpb.NewBoolValue(text == "true"), boolean(text)
	case jobpb.PipelineOptionType_INTEGER, jobpb.PipelineOptionType_NUMBER:
		v := new(structpb.Value)
		if err := v.UnmarshalJSON([]byte(text)); err != nil {
			return nil, errors.New("must be a number")
		}
		if _, ok := v.Kind.(*structpb.Value_NumberValue); !ok {
			return nil, errors.New("must be a number")
		}
		return v, nil
	case jobpb.PipelineOptionType_ARRAY:
		return list(strings.Split(text, ",")...), nil
	case jobpb.PipelineOptionType_OBJECT:
		v := new(structpb.Value)
		if err := v.UnmarshalJSON([]byte(text)); err != nil {
			return nil, errors.New("must be JSON")
		}
		return v, nil
	}
	return structpb.NewStringValue(text), nil
}

func (r *flinkRunner) Traits() Traits {
	t := Traits{Workers: AnyMachine, MaxWorkers: cmp.Or(r.parallelism, r.slots), Parallelism: r.parallelism, MaxStages: flinkStages, MaxBundleOutput: flinkBundle}
	if r.workers != nil {
		t.Workers = ThisProcess
	}
	return t
}

func (r *flinkRunner) Close() error {
	if r.workers != nil {
		r.workers.Close()
	}
	if r.rest != nil {
		r.rest.close()
	}
	return r.conn.Close()
}

// Submit starts a job. Its name is unique, since Flink's REST interface knows jobs of the job service by their names alone.
func (r *flinkRunner) Submit(ctx context.Context, p *beam.Pipeline, name string) (Job, error) {
	j, err := r.service.submit(ctx, p, name+"-"+strings.ToLower(rand.Text()[:10]))
	if err != nil {
		return nil, err
	}
	return followFlink(j, r.rest), nil
}
