package expr

import (
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/beamfit/beamfit/model/nearest"
)

// Modules whose functions are read, as the table spells them, with their full names. "" is our own form.
var modules = map[string]string{
	"":            "",
	"K":           "keras.backend",
	"ops":         "keras.ops",
	"losses":      "keras.losses",
	"metrics":     "keras.metrics",
	"activations": "keras.activations",
	"tf":          "tf",
	"tf.math":     "tf.math",
	"tf.nn":       "tf.nn",
	"np":          "np",
	"math":        "math",
}

// usualModules are what people call modules without an import in the text.
var usualModules = map[string]string{
	"K": "keras.backend", "ops": "keras.ops", "tf": "tf", "tensorflow": "tf", "keras": "keras", "np": "np", "numpy": "np", "math": "math",
}

// canonical is a full name with one spelling of its module.
func canonical(path string) string {
	path = withoutPrefix(path, "tensorflow", "tf")
	for _, old := range []string{"tf.compat.v1", "tf.compat.v2", "tf.python"} {
		path = withoutPrefix(path, old, "tf")
	}
	path = withoutPrefix(path, "tf.keras", "keras")
	return withoutPrefix(path, "numpy", "np")
}

func withoutPrefix(path, old, with string) string {
	if rest, ok := strings.CutPrefix(path, old); ok && (rest == "" || rest[0] == '.') {
		return with + rest
	}
	return path
}

// knownModule tells whether a full name is that of a module with functions here, or of one that has such modules.
func knownModule(path string) bool {
	path = canonical(path)
	for _, full := range modules {
		if path == full && full != "" || strings.HasPrefix(full, path+".") {
			return true
		}
	}
	return false
}

// knownModules lists the modules for an error.
func knownModules() string {
	var all []string
	for _, full := range modules {
		if full != "" {
			all = append(all, strings.Replace(full, "tf", "tensorflow", 1))
		}
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// constants are values with a name, by their full names; types are texts.
var constants = map[string]value{
	"epsilon": number64(1e-7), "pi": number64(math.Pi),
	"math.pi": number64(math.Pi), "np.pi": number64(math.Pi), "math.e": number64(math.E), "np.e": number64(math.E),
	"math.inf": number64(math.Inf(1)), "np.inf": number64(math.Inf(1)),
	"tf.newaxis": {kind: ofNone}, "np.newaxis": {kind: ofNone},
	"tf.float32": typeName("float32"), "tf.float64": typeName("float64"), "tf.int32": typeName("int32"), "tf.int64": typeName("int64"),
	"tf.bool": typeName("bool"), "np.float32": typeName("float32"), "np.float64": typeName("float64"), "np.int32": typeName("int32"),
	"np.int64": typeName("int64"),
}

func typeName(name string) value { return value{kind: ofText, text: name} }

func isConstant(path string) bool {
	_, ok := constants[canonical(path)]
	return ok
}

// byName has every function under every full name. It is set by init, since definitions in our own form are read by the very functions
// that look names up.
var byName func() map[string]*definition

func init() { byName = sync.OnceValue(allNames) }

func allNames() map[string]*definition {
	all := map[string]*definition{}
	for i := range table {
		d := &table[i]
		for _, spelled := range append(strings.Fields(d.spelled), ":"+d.name) {
			module, function, other := strings.Cut(spelled, ":")
			if !other {
				function = d.name
			}
			full := function
			if modules[module] != "" {
				full = modules[module] + "." + function
			}
			all[full] = d
		}
		if d.text != "" {
			d.body = parseDefinition(d)
		}
	}
	return all
}

// parseDefinition reads the text of a definition; a mistake in it is one of this package.
func parseDefinition(d *definition) []binding {
	f, err := Parse(d.name, d.text)
	if err != nil {
		panic(err)
	}
	return f.body
}

// lookup finds a function by its full name, nil where there is none.
func lookup(path string) *definition { return byName()[canonical(path)] }

// functionNames lists the functions of our own form, sorted.
func functionNames() []string {
	var all []string
	for i := range table {
		all = append(all, table[i].name)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// spellings lists what a function of our own form is called in Keras' modules, sorted.
func spellings(function string) []string {
	var all []string
	for full, d := range byName() {
		if d.name == function && full != function {
			all = append(all, full)
		}
	}
	slices.Sort(all)
	return all
}

// unknown reports a name that is none here.
func (b *binder) unknown(t *tree) {
	full := b.full(t.word)
	if word, bare := strings.CutPrefix(full, "python."); bare && !strings.Contains(word, ".") {
		spelled := spellings(word)
		if len(spelled) == 0 {
			b.fail(t.pos, "the function %s is not known here: it must be one of keras.ops, K or tf", word)
		}
		b.fail(t.pos, "%s without its module is Python's here, or nobody's: write %s", word, strings.Join(spelled, " or "))
	}
	module, function := "", full
	if i := strings.LastIndexByte(full, '.'); i >= 0 {
		module, function = full[:i], full[i+1:]
	}
	if module != "" && !knownModule(module) {
		b.fail(t.pos, "the module %s is not read; known: %s", module, knownModules())
	}
	var known []string
	for name := range byName() {
		if i := strings.LastIndexByte(name, '.'); i < 0 && module == "" || i >= 0 && name[:max(i, 0)] == module {
			known = append(known, name[i+1:])
		}
	}
	slices.Sort(known)
	where := ""
	if module != "" {
		where = " of " + module
	}
	b.fail(t.pos, "the function %s%s is not known here; %s", function, where, nearest.Known(function, known))
}
