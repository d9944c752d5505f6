package fitting

import (
	"reflect"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/beamfit/beamfit/transforms/average"
	"github.com/beamfit/beamfit/transforms/bundle"
)

func init() {
	beam.RegisterType(reflect.TypeFor[tablesReadFn]())
	beam.RegisterType(reflect.TypeFor[openFn]())
	beam.RegisterType(reflect.TypeFor[averagedFn]())
}

// tablesReadFn tells that all tables are read, which closes their snapshots where the process that began the run hears of it. Its output is the gate of the first stage.
type tablesReadFn struct{ Run bundle.Ref }

func (f *tablesReadFn) ProcessElement(shards int, gate func(int)) {
	bundle.Of(f.Run).Watch().TablesRead()
	gate(shards)
}

// openFn makes a gate that is open from the beginning.
type openFn struct{}

func (*openFn) ProcessElement(_ []byte, gate func(int)) { gate(0) }

// averagedFn tells the process that began the run that the weights of an iteration are averaged. Nothing waits for it.
type averagedFn struct {
	Run       bundle.Ref
	Iteration int
}

func (f *averagedFn) ProcessElement(average.Vector) { bundle.Of(f.Run).Watch().Averaged(f.Iteration) }
