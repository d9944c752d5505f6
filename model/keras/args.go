package keras

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"

	"github.com/beamfit/beamfit/model/nearest"
)

// args are the arguments of one Keras object (the config of a layer or initializer). Each getter reads one argument
// and marks it as known; the first problem is kept and later ones are dropped, so that a parse function reads straight
// through. check reports it, or an argument that nobody read.
type args struct {
	obj  object
	seen map[string]bool
	err  error

	// Of the arguments of a layer: the keras_version of the model, and what reads a layer that is an argument.
	version   string
	inside    func(v any) (*Layer, error)
	precision Precision
	// channelsFirst says that the layer works on images with their channels first.
	channelsFirst bool
	// scalar says that a shape was read which has no dimension but that of the batch.
	scalar bool
	// note takes a notice about the model; nil: nobody reads it.
	note func(text string)
}

func newArgs(obj object) *args {
	return &args{obj: obj, seen: map[string]bool{}}
}

func (a *args) fail(format string, v ...any) {
	if a.err == nil {
		a.err = fmt.Errorf(format, v...)
	}
}

// get returns an argument; ok is false where it is absent or null.
func (a *args) get(key string) (v any, ok bool) {
	a.seen[key] = true
	v = a.obj[key]
	return v, v != nil
}

// wrong is the complaint about the type or range of an argument.
func (a *args) wrong(key, want string) {
	a.fail("%s must be %s, found %s", key, want, show(a.obj[key]))
}

// check is the first problem of reading. An argument that no getter asked for is a problem too, unless it is null,
// which is how Keras writes an option that is not used.
func (a *args) check() error {
	if a.err != nil {
		return a.err
	}
	for _, key := range slices.Sorted(maps.Keys(a.obj)) {
		if !a.seen[key] && a.obj[key] != nil {
			return fmt.Errorf("argument %s is not supported (found %s)", key, show(a.obj[key]))
		}
	}
	return nil
}

// skip marks arguments that do not change the result.
func (a *args) skip(keys ...string) {
	for _, key := range keys {
		a.seen[key] = true
	}
}

func (a *args) string(key, byDefault string) string {
	v, ok := a.get(key)
	if !ok {
		return byDefault
	}
	s, ok := v.(string)
	if !ok {
		a.wrong(key, "a text")
	}
	return s
}

// oneOf reads a text that must be one of the allowed ones; the first is the default.
func (a *args) oneOf(key string, allowed ...string) string {
	s := a.string(key, allowed[0])
	if a.err == nil && !slices.Contains(allowed, s) {
		a.fail("%s %q is not supported (%s)", key, s, nearest.Known(s, allowed))
	}
	return s
}

func (a *args) bool(key string, byDefault bool) bool {
	v, ok := a.get(key)
	if !ok {
		return byDefault
	}
	b, ok := v.(bool)
	if !ok {
		a.wrong(key, "true or false")
	}
	return b
}

func (a *args) float(key string, byDefault float64) float64 {
	v, ok := a.get(key)
	if !ok {
		return byDefault
	}
	f, ok := toFloat(v)
	if !ok {
		a.wrong(key, "a finite number")
	}
	return f
}

// atLeast0 reads a number that is not negative.
func (a *args) atLeast0(key string, byDefault float64) float64 {
	f := a.float(key, byDefault)
	if f < 0 {
		a.wrong(key, "at least 0")
	}
	return f
}

// positive reads an integer that must be given and at least 1.
func (a *args) positive(key string) int {
	v, ok := a.get(key)
	if !ok {
		a.fail("%s is missing", key)
		return 0
	}
	n, ok := toInt(v)
	if !ok || n < 1 {
		a.wrong(key, "an integer of at least 1")
	}
	return n
}

// count reads an integer of at least 0.
func (a *args) count(key string, byDefault int) int {
	v, ok := a.get(key)
	if !ok {
		return byDefault
	}
	n, ok := toInt(v)
	if !ok || n < 0 {
		a.wrong(key, "an integer of at least 0")
		return byDefault
	}
	return n
}

// numerals are numbers of dimensions in words.
var numerals = [...]string{1: "one", 2: "two", 3: "three"}

// sizes reads n integers of at least 1, n up to 3; a single one counts for all.
func (a *args) sizes(key string, n, byDefault int) []int {
	out := slices.Repeat([]int{byDefault}, n)
	v, ok := a.get(key)
	if !ok {
		return out
	}
	list, isList := v.([]any)
	if !isList {
		list = slices.Repeat([]any{v}, n)
	}
	if len(list) != n {
		want := "an integer or a list of " + numerals[n]
		if n == 1 {
			want = "an integer of at least 1"
		}
		a.wrong(key, want)
		return out
	}
	for i, e := range list {
		if out[i], ok = toInt(e); !ok || out[i] < 1 {
			a.wrong(key, "integers of at least 1")
		}
	}
	return out
}

// ints reads a list of integers that must be given.
func (a *args) ints(key string) []int {
	v, ok := a.get(key)
	if !ok {
		a.fail("%s is missing", key)
		return nil
	}
	list, ok := v.([]any)
	if !ok {
		a.wrong(key, "a list of integers")
		return nil
	}
	out := make([]int, len(list))
	for i, e := range list {
		if out[i], ok = toInt(e); !ok {
			a.wrong(key, "a list of integers")
		}
	}
	return out
}

// has says whether an argument is given.
func (a *args) has(key string) bool {
	_, ok := a.get(key)
	return ok
}

// intOrInts reads an integer or a list of them.
func (a *args) intOrInts(key string) []int {
	v, _ := a.get(key)
	if n, single := toInt(v); single {
		return []int{n}
	}
	return a.ints(key)
}

// seed reads an integer or null.
func (a *args) seed() *int64 {
	v, ok := a.get("seed")
	if !ok {
		return nil
	}
	number, ok := v.(json.Number)
	if ok {
		if n, err := strconv.ParseInt(number.String(), 10, 64); err == nil {
			return &n
		}
	}
	a.wrong("seed", "an integer or null")
	return nil
}

// absent refuses options that are not supported: each must be null or missing.
func (a *args) absent(keys ...string) {
	for _, key := range keys {
		if v, ok := a.get(key); ok {
			a.fail("%s is not supported (found %s)", key, objectName(v))
		}
	}
}

// off refuses switches that are not supported: each must be false, null or missing.
func (a *args) off(keys ...string) {
	for _, key := range keys {
		if v, ok := a.get(key); ok && v != false {
			a.fail("%s is not supported (found %s)", key, show(v))
		}
	}
}

// objectName is how an error calls a serialized Keras object: its class name where it has one.
func objectName(v any) string {
	if obj, ok := v.(object); ok {
		if class, ok := obj["class_name"].(string); ok {
			return class
		}
	}
	return show(v)
}

func toInt(v any) (int, bool) {
	number, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(number.String(), 10, 32)
	return int(n), err == nil
}

func toFloat(v any) (float64, bool) {
	number, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	f, err := strconv.ParseFloat(number.String(), 64)
	return f, err == nil && !math.IsInf(f, 0)
}

// dimensions reads a list of dimensions in which null stands for any size; null becomes 0.
func (a *args) dimensions(key string, v any) []int {
	list, ok := v.([]any)
	if !ok {
		a.fail("%s must be a list of dimensions, found %s", key, show(v))
		return nil
	}
	out := make([]int, len(list))
	for i, e := range list {
		if e == nil {
			continue
		}
		if out[i], ok = toInt(e); !ok || out[i] < 1 {
			a.fail("%s must hold integers of at least 1 or null, found %s", key, show(v))
		}
	}
	return out
}

// axis reads an axis: an integer, or a list of one as tf.keras writes it.
func (a *args) axis(key string, byDefault int) int {
	v, ok := a.get(key)
	if !ok {
		return byDefault
	}
	if list, ok := v.([]any); ok && len(list) == 1 {
		v = list[0]
	}
	n, ok := toInt(v)
	if !ok {
		a.wrong(key, "one axis")
	}
	return n
}
