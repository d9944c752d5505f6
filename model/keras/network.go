package keras

import (
	"errors"
	"fmt"
)

// A network is a model, or a model inside a model, whose layers are read: it can be applied to tensors, several times. One
// inside a model is a Layer there; its calls become calls of the whole model, and its layers have their names behind its own
// ("encoder/dense").
type network interface {
	Config
	// stated are the inputs; nil where a Sequential takes any.
	stated() []input
	// results is how many tensors an application gives.
	results() int
	// apply calls the layers on tensors.
	apply(in []int) ([]int, error)
}

// An input is what a network says of one of its inputs.
type input struct {
	Tensor
	dtype  string // its name; "" where none is stated
	scalar bool   // its shape is that of a scalar, read as (1)
}

// networks are the classes of models.
var networks = map[string]bool{"Functional": true, "Model": true, "Sequential": true}

// A scope is one network while it is read.
type scope struct {
	*builder
	prefix  string // of the names of its layers
	frozen  bool   // it is not trainable, nor is anything in it
	members []*Layer
	named   map[string]*Layer // members by the names that they have here
}

// read reads a network from its config, which is a list of layers for a Sequential of Keras before 2.2.3.
func (b *builder) read(class, prefix string, frozen bool, v any) (network, error) {
	config, ok := v.(object)
	if list, isList := v.([]any); isList && class == "Sequential" {
		config, ok = object{"layers": list}, true
	}
	if !ok {
		return nil, fmt.Errorf("the config of a %s model must be an object, found %s", class, show(v))
	}
	a := newArgs(config)
	a.note = b.note
	a.skip("name", "layers", "input_layers", "output_layers", "build_input_shape")
	a.dtype()
	s := &scope{
		builder: b,
		prefix:  prefix,
		frozen:  !a.bool("trainable", true) || frozen,
		named:   map[string]*Layer{},
	}
	if err := a.check(); err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	if class == "Sequential" {
		return readSequential(s, config)
	}
	return readFunctional(s, class, config)
}

// member reads the i-th layer of the network, which may be a network.
func (s *scope) member(i int, obj object) (*Layer, error) {
	class, err := className(obj)
	if err != nil {
		return nil, fmt.Errorf("layer %d: %w", i, err)
	}
	if full, ok := classAliases[class]; ok {
		class = full
	}
	config, _ := obj["config"].(object)
	name, _ := config["name"].(string)
	outer, named := obj["name"].(string)
	operation := isOperation(class, obj)
	if operation && name == "" { // Keras 3.0 to 3.3 leave it out of the config
		name = outer
	}
	if _, list := obj["config"].([]any); list && networks[class] { // its config has no place for a name
		if name = outer; !named {
			name = fmt.Sprintf("sequential_%d", i)
		}
	}
	l := &Layer{Name: s.prefix + name, Class: class}
	fail := func(err error) (*Layer, error) {
		if name == "" {
			return nil, fmt.Errorf("layer %d (%s): %w", i, class, err)
		}
		return nil, l.wrap(err)
	}
	switch {
	case !isLayer(class) && !networks[class] && class != "InputLayer" && !operation:
		return fail(unknownLayer(class))
	case name == "":
		return fail(errors.New("config has no name"))
	case s.named[name] != nil:
		return fail(errors.New("another layer has the same name"))
	case named && outer != name:
		return fail(fmt.Errorf("is called %q outside its config", outer))
	}
	if id, ok := obj["shared_object_id"]; ok {
		number := fmt.Sprint(id)
		if first, twice := s.numbered[number]; twice {
			s.sharedWith[l] = first
		} else {
			s.numbered[number] = l.Name
		}
	}
	s.named[name] = l
	s.members = append(s.members, l)
	if operation {
		if l.Config, err = readOperation(class, config); err != nil {
			return fail(err)
		}
		return l, nil
	}
	if networks[class] {
		l.Config, err = s.read(class, l.Name+"/", s.frozen, obj["config"])
	} else {
		err = s.layer(l, config)
	}
	if err != nil {
		return fail(err)
	}
	if class != "InputLayer" && !networks[class] || s.prefix == "" && class == "InputLayer" {
		s.spec.Layers = append(s.spec.Layers, l)
	}
	return l, nil
}

// args are the arguments of a layer.
func (s *scope) args(class string, config object) *args {
	a := newArgs(config)
	a.version, a.inside, a.note = s.spec.Version, s.inside, s.note
	a.skip("name")
	switch {
	case makesMask[class] && config["dtype"] == "bool": // masks are numbers here
		a.skip("dtype")
	case wholeNumbers[class] && (integers[policyName(config["dtype"])] || policyName(config["dtype"]) == "string"):
		a.skip("dtype")
	case class == "InputLayer":
		a.inputDtype()
	default:
		a.precision = a.dtype()
	}
	return a
}

// layer reads what a layer's config says.
func (s *scope) layer(l *Layer, config object) error {
	a := s.args(l.Class, config)
	l.Trainable = a.bool("trainable", true) && !s.frozen
	if l.Class == "InputLayer" {
		l.Config = parseInput(a)
		return a.check()
	}
	if shape := a.batchShape(); shape != nil && !a.scalar { // Keras looks at it in the first layer of a Sequential only
		s.shapes[l] = shape
	}
	l.Config, l.Precision = a.kind(l.Class), a.precision
	if c, ok := l.Config.(*TimeDistributed); ok {
		l.Precision = c.Layer.Precision
	}
	l.ActivityRegularizer = a.activityRegularizer()
	if l.Class == "ActivityRegularization" {
		l.ActivityRegularizer = regularizers["L1L2"](a)
	}
	return a.check()
}
