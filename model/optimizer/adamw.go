package optimizer

import "github.com/beamfit/beamfit/model/params"

// adamW is Adam with a weight_decay of 0.004 unless stated otherwise.
//
// Source: keras/src/optimizers/adamw.py.
type adamW struct{ Optimizer }

func newAdamW(a *params.Args, r rate) Optimizer { return adamW{newAdam(a, r)} }

// Name is "AdamW".
func (adamW) Name() string { return "AdamW" }
