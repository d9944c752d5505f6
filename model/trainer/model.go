package trainer

import (
	"errors"
	"sync"
	"sync/atomic"
	"weak"

	"github.com/beamfit/beamfit/model/expr"
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/loss"
	"github.com/beamfit/beamfit/model/metric"
	"github.com/beamfit/beamfit/model/optimizer"
	"github.com/beamfit/beamfit/model/params"
	"github.com/beamfit/beamfit/model/plan"
	"github.com/beamfit/beamfit/model/plan/cpu"
)

// A Config is what a Model is made of.
type Config struct {
	Spec *keras.Spec
	// Compile names optimizer, loss and metrics. The zero value makes a model that can only predict.
	Compile params.Compile
	// Functions are losses and metrics that Compile may name beside those of Keras, which come first.
	Functions expr.Set
	// Device runs the model; nil: the CPU.
	Device plan.Device
}

// A Model trains, evaluates and predicts with one architecture. It holds no weights; it keeps plans and memory for
// reuse.
type Model struct {
	spec      *keras.Spec
	device    plan.Device
	functions expr.Set
	// withoutFunctions: nothing but what labels the losses want is asked for.
	withoutFunctions bool

	// Nil when the model can only predict.
	optimizer   *optimizer.Optimizer
	losses      []*loss.Loss
	lossWeights []float64
	metrics     [][]*metric.Metric // per output
	unweighted  []int              // how many of metrics come first that see no weights of rows, per output
	labelWidth  []int              // elements of a row's labels in a batch, per output
	wholeBatch  bool               // a loss looks at all rows of a batch

	slots     int // elements of a State
	trainable int // T
	inWidth   []int
	outWidth  []int // elements that a loss compares at a time, which are the last dimension of an output
	outSize   []int // elements of a row's output
	outNames  []string

	turn atomic.Uint32 // of the device's places, for what belongs to no shard

	mu     sync.Mutex
	kept   map[int]*keptShard // by shard; see resident.go
	orders map[int]walkOrder  // by shard, where a part of an iteration has ended in the middle of a walk
	plans  map[planKey]*plan.Plan
	splits map[int]*plan.Split // by batch

	idle *idle
}

// errPredictOnly is why a model without compile parameters cannot be trained or evaluated.
var errPredictOnly = errors.New("trainer: the model was made without compile parameters and can only predict")

// New checks a model and its compile parameters. No weights or data are needed: plans of one row find everything that does not
// depend on the batch, and serve later to find the size of batches and of their slices.
func New(c Config) (*Model, error) {
	if c.Spec == nil {
		return nil, errors.New("trainer: no model")
	}
	m := &Model{
		spec: c.Spec, device: c.Device, functions: c.Functions,
		kept: map[int]*keptShard{}, orders: map[int]walkOrder{}, plans: map[planKey]*plan.Plan{}, splits: map[int]*plan.Split{}, idle: &idle{},
	}
	if m.device == nil {
		m.device = cpu.Device{}
	}
	if d, ok := m.device.(plan.Owner); ok {
		workers := weak.Make(m.idle) // the device is no reason to keep a model
		d.WhenFull(func() {
			if i := workers.Value(); i != nil {
				i.drop()
			}
		})
	}
	m.inWidth, m.outSize = widths(c.Spec.InputShapes()), widths(c.Spec.OutputShapes())
	m.outWidth = lastDimensions(c.Spec)
	m.outNames = c.Spec.OutputNames()
	checked := []planKey{{mode: predicting, batch: 1}}
	if c.Compile.Optimizer.Name != "" || len(c.Compile.Loss) > 0 {
		if err := m.compile(c.Compile); err != nil {
			return nil, err
		}
		checked = []planKey{{mode: scoring, batch: 1}, m.oneRow()}
	}
	for _, key := range checked {
		if _, err := m.plan(key); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// Optimizer is that of the compile parameters. It is immutable.
func (m *Model) Optimizer() *optimizer.Optimizer { return m.optimizer }

// Losses are those of the outputs.
func (m *Model) Losses() []*loss.Loss { return m.losses }

// LearningRate is that of the optimizer; ok is false where it follows a schedule. The model must have compile parameters.
func (m *Model) LearningRate() (rate float64, ok bool) { return m.optimizer.LearningRate() }

// steps is how often a row of an output is compared: the product of all dimensions but the last. Of a loss that takes rows as they are it
// is 1.
func (m *Model) steps(output int) int {
	if m.losses[output].Labels != loss.LikeOutput {
		return 1
	}
	return m.outSize[output] / m.outWidth[output]
}

// masked says whether some of the steps of an output may not count.
func (m *Model) masked(output int) bool {
	return m.spec.Masks[output] >= 0 && len(m.spec.OutputShapes()[output]) > 1
}

// mostSteps is the largest number of steps of an output.
func (m *Model) mostSteps() int {
	most := 1
	for i := range m.outWidth {
		most = max(most, m.steps(i))
	}
	return most
}

func lastDimensions(spec *keras.Spec) []int {
	last := make([]int, len(spec.Outputs))
	for i, shape := range spec.OutputShapes() {
		last[i] = shape[len(shape)-1]
	}
	return last
}

// widths are the elements per row of arrays.
func widths(shapes [][]int) []int {
	widths := make([]int, len(shapes))
	for i, shape := range shapes {
		widths[i] = 1
		for _, d := range shape {
			widths[i] *= d
		}
	}
	return widths
}
