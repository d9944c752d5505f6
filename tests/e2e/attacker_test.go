package e2e

import (
	"context"
	"fmt"
	"net"
	"reflect"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/runtime/graphx"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/util/protox"
	jobpb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/jobmanagement_v1"
	pipepb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/pipeline_v1"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/universal/runnerlib"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/util/grpcx"
)

// attackEnv is the variable that makes this program the attacker of TestOthersCannotSubmitToPrism: it names the program that
// the attacker wants to be run. The arguments are the addresses to attack.
const attackEnv = "BEAMFIT_TEST_ATTACK"

type idleFn struct{}

func (*idleFn) ProcessElement([]byte) {}

func init() { beam.RegisterType(reflect.TypeFor[idleFn]()) }

// attackAll submits a job whose workers are the program to all addresses, and says what it achieved.
func attackAll(program string, addresses []string) {
	beam.Init()
	for _, address := range addresses {
		c, err := net.DialTimeout("tcp", address, time.Second)
		if err != nil {
			fmt.Println(err)
			continue
		}
		c.Close()
		fmt.Println("connected to", address)
		if err := submit(address, program); err != nil {
			fmt.Println(err)
		} else {
			fmt.Println("submitted a job to", address)
		}
	}
}

func submit(address, program string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	cc, err := grpcx.Dial(ctx, address, 5*time.Second)
	if err != nil {
		return err
	}
	defer cc.Close()
	client := jobpb.NewJobServiceClient(cc)
	p, s := beam.NewPipelineWithRoot()
	beam.ParDo0(s, &idleFn{}, beam.Impulse(s))
	edges, _, err := p.Build()
	if err != nil {
		return err
	}
	pipeline, err := graphx.Marshal(edges, &graphx.Options{Environment: &pipepb.Environment{
		Urn: graphx.URNEnvProcess, Payload: protox.MustEncode(&pipepb.ProcessPayload{Command: program}),
	}})
	if err != nil {
		return err
	}
	id, _, token, err := runnerlib.Prepare(ctx, client, pipeline, &runnerlib.JobOptions{Name: "attack"})
	if err != nil {
		return err
	}
	_, err = runnerlib.Submit(ctx, client, id, token)
	return err
}
