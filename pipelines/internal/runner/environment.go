package runner

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/runtime/graphx"
	pipepb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/pipeline_v1"
)

// environmentUrns are the environment types and what the model calls them. LOOPBACK is a worker pool in this process.
var environmentUrns = map[string]string{
	"LOOPBACK": graphx.URNEnvExternal,
	"PROCESS":  graphx.URNEnvProcess,
	"EXTERNAL": graphx.URNEnvExternal,
	"DOCKER":   graphx.URNEnvDocker,
}

func environmentTypes() []string { return slices.Sorted(maps.Keys(environmentUrns)) }

func checkEnvironmentType(s string) error {
	if environmentUrns[s] == "" {
		return fmt.Errorf("must be one of %s", strings.Join(environmentTypes(), ", "))
	}
	return nil
}

// An environment is where the DoFns of a job work.
type environment struct {
	kind   string
	config string
	// pool is the pool of this process that has the workers; nil: they are started by config.
	pool *pool
	// binary is the file that is staged for the workers; "": they have it.
	binary string
}

// environmentOf reads the options of the environment.
func environmentOf(options map[string]string, defaultKind string) (environment, error) {
	e := environment{kind: options["environment_type"], config: options["environment_config"]}
	if e.kind == "" {
		e.kind = defaultKind
	}
	var err error
	switch e.kind {
	case "LOOPBACK":
		if e.config != "" {
			err = errors.New("is not for LOOPBACK: workers are in this process")
		}
	case "PROCESS":
		e.config, err = processConfig(e.config)
	case "EXTERNAL":
		if _, port, splitErr := net.SplitHostPort(e.config); splitErr != nil || port == "" {
			err = fmt.Errorf("must be the HOST:PORT of a worker pool for EXTERNAL, found %q", e.config)
		}
	case "DOCKER":
		if e.config == "" {
			err = errors.New("must be an image for DOCKER")
		} else {
			e.binary, err = os.Executable()
		}
	}
	if err != nil {
		return e, optionError("environment_config", "%v", err)
	}
	return e, nil
}

// secretVariables are the environment variables that workers take passwords from.
var secretVariables = []string{"BEAMFIT_DB", "PGPASSWORD"}

// processConfig checks the configuration of PROCESS and fills in this binary.
func processConfig(config string) (string, error) {
	var payload pipepb.ProcessPayload
	if config != "" {
		if err := protojson.Unmarshal([]byte(config), &payload); err != nil {
			// protojson's text is not stable, and names types of Beam's model.
			return "", fmt.Errorf(`must be JSON as {"command":"/path/beamfit"} for PROCESS, found %q`, config)
		}
		for _, name := range secretVariables {
			if _, ok := payload.Env[name]; ok {
				return "", fmt.Errorf("must not set %s: engines show the pipeline to everybody. Set it where workers are started", name)
			}
		}
	}
	if payload.Command == "" {
		self, err := os.Executable()
		if err != nil {
			return "", err
		}
		payload.Command = self
	}
	if !filepath.IsAbs(payload.Command) {
		return "", fmt.Errorf("must have an absolute path as its command: it is started in another folder, found %q", payload.Command)
	}
	b, err := protojson.Marshal(&payload)
	return string(b), err
}

// checkCommand checks that this machine has the command of a PROCESS environment.
func (e environment) checkCommand() error {
	if e.kind != "PROCESS" {
		return nil
	}
	var payload pipepb.ProcessPayload
	if err := protojson.Unmarshal([]byte(e.config), &payload); err != nil {
		return err
	}
	if _, err := exec.LookPath(payload.Command); err != nil {
		return optionError("environment_config", "has a command that cannot be started: %v", err)
	}
	return nil
}

// model is the environment in Beam's model.
func (e environment) model(ctx context.Context) (*pipepb.Environment, error) {
	m, err := graphx.CreateEnvironment(ctx, environmentUrns[e.kind], func(context.Context) string { return e.config })
	if err != nil {
		return nil, err
	}
	if e.pool != nil {
		e.pool.environment(m)
	}
	if e.binary == "" {
		m.Dependencies = nil // nothing is staged
	}
	return m, nil
}
