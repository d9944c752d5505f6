package loss

import "github.com/beamfit/beamfit/model/params"

// newCTC is connectionist temporal classification of an output of frames x classes, which are logits; kernels.CTC computes it.
// It takes no arguments.
//
// Source: keras/src/losses/losses.py, ctc.
func newCTC(*params.Args) *Loss { return &Loss{Labels: Sequences} }
