package job

import (
	"reflect"
	"strings"
	"testing"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/beamfit/beamfit/transforms/average"
	"github.com/beamfit/beamfit/transforms/bundle"
	"github.com/beamfit/beamfit/transforms/collect"
)

func TestCheckSideInputs(t *testing.T) {
	initBeam()
	p, s := beam.NewPipelineWithRoot()
	weights := average.Start(s, collect.Box{}, average.Layout{})
	mean := average.Mean(s, bundle.Ref{}, average.Layout{}, weights)
	mark := beam.ParDo(s, &countFn{}, mean) // behind a group, but without a side input
	beam.ParDo0(s, &endFn{}, beam.Impulse(s), beam.SideInput{Input: mean}, beam.SideInput{Input: beam.ParDo(s, &reportFn{}, mark)})
	if err := checkSideInputs(p); err != nil {
		t.Errorf("side inputs beside an Impulse: %v", err)
	}
	mark = beam.ParDo(s, &countFn{}, average.Mean(s, bundle.Ref{}, average.Layout{}, mean))
	beam.ParDo(s, &besideFn{}, mark, beam.SideInput{Input: weights})
	if err := checkSideInputs(p); err == nil || !strings.Contains(err.Error(), "besideFn") {
		t.Errorf("a side input beside a main input from behind a group: %v", err)
	}
}

type countFn struct{}

func (*countFn) ProcessElement(average.Vector) int { return 1 }

type reportFn struct{}

func (*reportFn) ProcessElement(int) string { return "" }

type endFn struct{}

func (*endFn) ProcessElement([]byte, average.Vector, func(*string) bool) {}

type besideFn struct{}

func (*besideFn) ProcessElement(n int, _ average.Vector) int { return n }

func init() {
	beam.RegisterType(reflect.TypeFor[countFn]())
	beam.RegisterType(reflect.TypeFor[reportFn]())
	beam.RegisterType(reflect.TypeFor[besideFn]())
	beam.RegisterType(reflect.TypeFor[endFn]())
}
