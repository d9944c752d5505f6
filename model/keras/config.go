package keras

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A Config holds a layer's typed arguments: *Dense, *Conv2D, ... Each is declared in the file of its layer family.
type Config interface {
	// Class is Keras' class_name of the layer.
	Class() string
}

// A kind is a Config that knows its shapes: what the reader needs of a layer with one input.
type kind interface {
	Config
	// outputShape is the shape of the result for an input of shape in. It checks the arguments against in and resolves
	// those that depend on it, such as a negative axis.
	outputShape(in []int) ([]int, error)
	// weights lists the layer's arrays for an input of shape in, in get_weights order. It is called after outputShape
	// accepted the same shape.
	weights(in []int) []array
}

// An array declares one weight array of a layer.
type array struct {
	name  string
	shape []int
	init  Initializer
	// fixed arrays are never trained, such as moving averages.
	fixed bool
}

// layerClasses is the table of known layers: how each reads its arguments. InputLayer is not in it, since it is not
// applied to a tensor.
var layerClasses = map[string]func(*args) kind{
	"Activation":         parseActivation,
	"BatchNormalization": parseBatchNormalization,
	"Conv2D":             parseConv2D,
	"Dense":              parseDense,
	"Dropout":            parseDropout,
	"Flatten":            parseFlatten,
	"MaxPooling2D":       parseMaxPooling2D,
	"Reshape":            parseReshape,
}

// classAliases are class names of older Keras versions.
var classAliases = map[string]string{
	"BatchNormalizationV1": "BatchNormalization", // tf.keras 1.13 to 2.2
	"BatchNormalizationV2": "BatchNormalization",
	"Convolution2D":        "Conv2D",
	"MaxPool2D":            "MaxPooling2D",
}

// unknownLayer is the refusal of a class that is not in layerClasses.
func unknownLayer(class string) error {
	switch class {
	case "Lambda":
		return fmt.Errorf("a Lambda layer carries pickled code, which is never executed")
	case "Sequential", "Functional", "Model":
		return fmt.Errorf("a model inside a model is not supported")
	}
	return fmt.Errorf("this layer class is not supported (known: %s, InputLayer)", known(layerClasses))
}

// known lists the keys of a table for an error.
func known[V any](table map[string]V) string {
	return strings.Join(slices.Sorted(maps.Keys(table)), ", ")
}
