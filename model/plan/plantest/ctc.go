package plantest

// ctcModels have an output of frames x classes. Of the one-hot labels that the rig draws, a 1 in front is a sequence of one label
// and any other the empty one.
func ctcModels() []Model {
	return []Model{{"ctc", Sequential(12, `Reshape {"target_shape":[4,3]}`, `Dense {"units":3}`), []string{"ctc"}}}
}
