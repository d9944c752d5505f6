package callback

import "slices"

// A TensorBoard writes files for the program of that name.
//
// Arguments: log_dir 'logs', histogram_freq 0, write_graph True, update_freq 'epoch' and no other. What else Keras writes on request
// (write_images, write_steps_per_second, profile_batch, embeddings_freq) is refused.
//
// Source: keras/src/callbacks/tensorboard.py.
type TensorBoard struct {
	// Dir gets the folders train and validation.
	Dir string
	// HistogramEvery: after which epochs histograms of the weights are written: all multiples of it; 0: none.
	HistogramEvery int
	// Graph writes the architecture.
	Graph bool
}

// Histograms tells whether histograms are written after an iteration.
func (t TensorBoard) Histograms(iteration int) bool {
	return t.HistogramEvery > 0 && (iteration-1)%t.HistogramEvery == 0
}

func newTensorBoard(a *reader) item {
	t := TensorBoard{Dir: a.Text("logs", "log_dir"), HistogramEvery: a.count(0, "histogram_freq"), Graph: a.Bool(true, "write_graph")}
	if t.Dir == "" {
		a.Failf("argument log_dir is empty")
	}
	if v := a.Value("update_freq"); v != nil && v != "epoch" {
		a.Failf("argument update_freq must be 'epoch', which is an iteration here: there is no loss of all shards after a batch, found %v", v)
	}
	for _, name := range []string{
		"write_images", "write_steps_per_second", "profile_batch", "embeddings_freq", "embeddings_metadata", "write_grads", "write_grad",
	} {
		switch v := a.Value(name); v {
		case nil, false, int64(0):
		default:
			a.Failf("argument %s is not supported: scalars, histograms and the graph are written", name)
		}
	}
	if a.Has("batch_size") { // MADlib and tf.keras 1
		a.Int(0, "batch_size")
		a.notice("batch_size changes nothing")
	}
	settable := a.model != nil && a.model.Settable
	return item{file: t, begin: func() callback { return tensorBoard{settable} }}
}

// tensorBoard logs the learning rate too, unless it follows a schedule, whose steps are those of a shard.
type tensorBoard struct{ settable bool }

func (t tensorBoard) after(m *moment) {
	logs := slices.Clone(m.logs)
	if t.settable {
		logs.set(learningRate, m.run.rate)
	}
	m.log(logs)
}
