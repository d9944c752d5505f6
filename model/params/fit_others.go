package params

import "slices"

// others are the further arguments of Keras' fit. A value that is nothing asks for nothing; of the rest, what changes nothing here
// is accepted with a notice, what belongs elsewhere is refused.
//
// Source: keras/src/backend/tensorflow/trainer.py, fit; tf.keras 2 for workers, use_multiprocessing and max_queue_size.
var others = []struct {
	name    string
	nothing []Value
	accept  bool
	why     string
}{
	{"x", nil, false, "the rows are those of the packed table"},
	{"y", nil, false, "the labels are those of the packed table"},
	{"validation_data", nil, false, "give a packed table with --validation"},
	{
		"validation_split",
		[]Value{0.0, int64(0)},
		false,
		"rows are shuffled when they are packed, so split the table first (beamfit split), pack the validation rows with preprocess --like and give them with --validation",
	},
	{"sample_weight", nil, false, "pack the column with the weights of the rows: preprocess --weight COLUMN"},
	{"validation_steps", nil, false, "all rows of the validation table are scored"},
	{"validation_freq", []Value{int64(1)}, false, "give --metrics-every"},
	{"validation_batch_size", nil, true, "scores do not depend on batches"},
	{"workers", []Value{int64(1)}, true, "--workers says how many cores are used"},
	{"use_multiprocessing", []Value{false}, true, "--workers says how many cores are used"},
	{"max_queue_size", []Value{int64(10)}, true, "nothing is queued"},
}

// otherNames are their names.
func otherNames() []string {
	names := make([]string, len(others))
	for i, o := range others {
		names[i] = o.name
	}
	return names
}

// others reads them, for the notices.
func (p *parser) others(keys map[string]expr) (notices []string) {
	for _, o := range others {
		e, given := keys[o.name]
		switch {
		case !given || e.absent() || e.literal != nil && slices.Contains(o.nothing, e.literal):
		case o.accept:
			notices = append(notices, "fit_params: "+o.name+" changes nothing: "+o.why)
		default:
			p.fail(e.pos, "%s is not supported: %s", o.name, o.why)
		}
	}
	return notices
}
