package keras

import (
	"fmt"
	"slices"
	"strings"

	"github.com/beamfit/beamfit/model/nearest"
)

// A Precision is what the numbers are that a layer multiplies and gives on. Weights, sums and all other arithmetic are float32.
type Precision string

// The precisions.
const (
	// Float32 is that of a layer without a policy.
	Float32 Precision = "float32"
	// MixedBfloat16: the operands of products and the results are rounded to bfloat16, and so are their gradients.
	MixedBfloat16 Precision = "mixed_bfloat16"
)

// Precisions are all of them, by their names.
var Precisions = []string{string(Float32), string(MixedBfloat16)}

// ParsePrecision finds a precision by its name.
func ParsePrecision(name string) (Precision, error) {
	if slices.Contains(Precisions, name) {
		return Precision(name), nil
	}
	return "", fmt.Errorf("precision %q is not supported (%s)", name, nearest.Known(name, Precisions))
}

// floats are the dtypes and policies whose numbers are floats, with the precision that layers have here.
var floats = map[string]Precision{
	"float32": Float32, "float64": Float32, "float16": Float32, "bfloat16": Float32,
	"mixed_float16": MixedBfloat16, "mixed_bfloat16": MixedBfloat16,
}

// integers are the dtypes of an input that holds whole numbers or truth values, which are float32 numbers here.
var integers = map[string]bool{
	"bool": true, "int8": true, "int16": true, "int32": true, "int64": true, "uint8": true, "uint16": true, "uint32": true, "uint64": true,
}

// dtype reads the dtype of a layer: a name, or a policy {"class_name": "DTypePolicy", "config": {"name": ...}}. One that is computed in
// another precision is noted, one that is not of floats refused.
func (a *args) dtype() Precision {
	name := a.dtypeName()
	if name == "" {
		return Float32
	}
	if floats[name] == "" {
		a.fail("dtype %s is not supported (known: those of floats)", show(a.obj["dtype"]))
	}
	return floats[name]
}

// wholeNumbers are the layers whose dtype may be one of whole numbers, since their results are, or of text.
var wholeNumbers = map[string]bool{
	"CategoryEncoding": true, "Discretization": true, "Hashing": true, "IntegerLookup": true, "StringLookup": true,
	"TextVectorization": true,
}

// inputDtype reads the dtype of an input, which may also be one of whole numbers, or of text.
func (a *args) inputDtype() {
	if name := a.dtypeName(); name != "" && name != "string" && floats[name] == "" && !integers[name] {
		a.fail("dtype %s of an input is not supported (known: those of numbers, and string)", show(a.obj["dtype"]))
	}
}

// dtypeName is the name of the dtype or policy, "" where none is given. It notes floats that are computed as others.
func (a *args) dtypeName() string {
	v, ok := a.get("dtype")
	if !ok {
		return ""
	}
	name := policyName(v)
	if name == "" {
		a.fail("dtype %s is not supported", show(v))
	}
	if a.note == nil || name == string(floats[name]) {
		return name
	}
	switch floats[name] {
	case Float32:
		a.note(fmt.Sprintf("the model states the dtype %s; its weights and results are float32 here", name))
	case MixedBfloat16:
		a.note(fmt.Sprintf("the model states the policy %s; it is read as %s", name, MixedBfloat16))
	}
	return name
}

// policyName is the name of a dtype or policy, "" where v is neither.
func policyName(v any) string {
	if policy, ok := v.(object); ok {
		class, _ := policy["class_name"].(string)
		config, _ := policy["config"].(object)
		if v = config["name"]; strings.HasPrefix(class, "DTypePolicyMap") { // a policy per layer, and one for all others
			v = policyName(config["default_policy"])
		}
	}
	name, _ := v.(string)
	return name
}
