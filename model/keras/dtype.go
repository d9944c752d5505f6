package keras

import (
	"fmt"
	"strings"
)

// floats are the names of dtypes and policies whose numbers are floats. All are computed in float32 here.
var floats = map[string]bool{
	"float32": true, "float64": true, "float16": true, "bfloat16": true, "mixed_float16": true, "mixed_bfloat16": true,
}

// integers are the dtypes of an input that holds whole numbers or truth values, which are float32 numbers here.
var integers = map[string]bool{
	"bool": true, "int8": true, "int16": true, "int32": true, "int64": true, "uint8": true, "uint16": true, "uint32": true, "uint64": true,
}

// dtype reads the dtype of a layer: a name, or a policy {"class_name": "DTypePolicy", "config": {"name": ...}}. One of other floats
// than float32 is noted, everything else refused.
func (a *args) dtype() {
	if name := a.dtypeName(); name != "" && !floats[name] {
		a.fail("dtype %s is not supported (known: those of floats, which are computed in float32)", show(a.obj["dtype"]))
	}
}

// wholeNumbers are the layers whose dtype may be one of whole numbers, since their results are.
var wholeNumbers = map[string]bool{"CategoryEncoding": true, "Discretization": true, "IntegerLookup": true}

// inputDtype reads the dtype of an input, which may also be one of whole numbers.
func (a *args) inputDtype() {
	if name := a.dtypeName(); name != "" && !floats[name] && !integers[name] {
		a.fail("dtype %s of an input is not supported (known: those of numbers)", show(a.obj["dtype"]))
	}
}

// dtypeName is the name of the dtype or policy, "" where none is given. It notes floats of another precision.
func (a *args) dtypeName() string {
	v, ok := a.get("dtype")
	if !ok {
		return ""
	}
	name := policyName(v)
	if name == "" {
		a.fail("dtype %s is not supported", show(v))
	}
	if floats[name] && name != "float32" && a.note != nil {
		a.note(fmt.Sprintf("the model states the dtype %s; its weights and results are float32 here", name))
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
