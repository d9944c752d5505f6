package keras

// A Spec is a checked model: every layer is known, every shape is consistent and every weight has its place in the
// flat weight vector. It is immutable after Parse and safe for concurrent use.
type Spec struct {
	Name    string
	Version string // keras_version of the JSON, "" where it has none

	// Layers are in the order of Keras' model.layers, which is the order of get_weights.
	Layers []*Layer
	// Calls are the applications of layers to tensors, in an order in which every input is ready.
	// A layer that is shared is called several times; an InputLayer is not called.
	Calls []Call
	// Tensors are all values that flow between calls; Call, Inputs and Outputs hold indexes into it.
	Tensors []Tensor
	Inputs  []int
	Outputs []int

	// Weights are all weight arrays in get_weights order.
	Weights []*Weight
	// NumWeights is P, the length of the flat weight vector.
	NumWeights int
}

// A Layer is one Keras layer. Config holds the typed arguments: *Dense, *Conv2D, ...
type Layer struct {
	Name      string
	Class     string // Keras class_name
	Trainable bool
	Config    Config
	Weights   []*Weight // in the layer's get_weights order
}

// A Call applies a layer to tensors. Inputs and Outputs are indexes into Spec.Tensors.
type Call struct {
	Layer   *Layer
	Inputs  []int
	Outputs []int
}

// A Tensor is a value between layers. Shape leaves out the batch dimension (B); images are H W C.
type Tensor struct {
	Name  string // the layer that makes it, as Keras names it
	Shape []int
}

// A Weight is one array of a layer: Shape row-major at Offset of the flat weight vector.
type Weight struct {
	Layer       string // name of the layer
	Name        string // Keras' name inside the layer: kernel, bias, gamma, moving_mean, ...
	Shape       []int
	Offset      int // in float32 elements
	Trainable   bool
	Initializer Initializer
}

// Size is the number of elements of the array.
func (w *Weight) Size() int {
	n := 1
	for _, d := range w.Shape {
		n *= d
	}
	return n
}

// An Initializer is a Keras initializer by class name (Zeros, VarianceScaling, ...) with its numeric and text arguments
// resolved to their defaults. Named forms (GlorotUniform, HeNormal, ...) are resolved to VarianceScaling.
// model/initializer draws from it.
type Initializer struct {
	Class        string
	Value        float64 // Constant
	Mean, Stddev float64 // RandomNormal, TruncatedNormal
	Minval       float64 // RandomUniform
	Maxval       float64
	Scale        float64 // VarianceScaling
	Mode         string  // VarianceScaling: fan_in, fan_out, fan_avg
	Distribution string  // VarianceScaling: truncated_normal, untruncated_normal, uniform
	Seed         *int64  // nil: drawn from the run's seed
}
