package pipelines

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/beamfit/beamfit/pipelines/internal/argument"
	"github.com/beamfit/beamfit/pipelines/internal/tables"
)

// distributionTable is the table that lists the shards or hosts which get buffers, "" where the distribution is a word.
func (opt PreprocessOptions) distributionTable() string {
	switch text := strings.TrimSpace(opt.Distribution); strings.ToLower(text) {
	case tables.AllSegments, tables.GPUSegments:
		return ""
	default:
		return text
	}
}

// distribute finds the shards that get buffers.
func (p *packJob) distribute(ctx context.Context) (err error) {
	p.shards = int64(max(1, p.opt.Shards))
	text := p.opt.distributionTable()
	if !strings.EqualFold(strings.TrimSpace(p.opt.Distribution), tables.GPUSegments) {
		if text == "" {
			return nil
		}
		here := isThisHost
		if p.Limits.Elsewhere {
			here = nil
		}
		p.segments, err = tables.ReadSegments(ctx, p.Store, text, p.opt.Shards, here)
	} else {
		p.segments, err = p.gpuSegments(ctx)
	}
	p.shards = int64(len(p.segments))
	return err
}

// isThisHost tells whether a name means this machine.
func isThisHost(name string) bool {
	host, err := os.Hostname()
	return strings.EqualFold(name, "localhost") || err == nil && strings.EqualFold(name, host)
}

// gpuSegments are the shards on hosts that have a GPU: all or none, where the workers are on this machine.
func (p *packJob) gpuSegments(ctx context.Context) (tables.Segments, error) {
	if p.Limits.Elsewhere {
		return nil, argument.Errorf("distribution %s looks for GPUs on this machine, and the workers of runner %s are on others: "+
			"expected %s, or a table with the shards", tables.GPUSegments, p.Runner, tables.AllSegments)
	}
	found, err := GPUs(ctx)
	if err != nil {
		return nil, fmt.Errorf("distribution %s: %w", tables.GPUSegments, err)
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("distribution %s: %w", tables.GPUSegments, errNoGPU)
	}
	return tables.AllOf(p.opt.Shards), nil
}

var errNoGPU = errors.New("this machine has no NVIDIA GPU: neither nvidia-smi nor a driver is there")
