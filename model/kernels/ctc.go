package kernels

import (
	"math"
	"slices"
)

// A CTCShape is the size of connectionist temporal classification: logits of Frames x Classes per row.
type CTCShape struct{ Rows, Frames, Classes int }

// CTCWorkspace is the least length of the workspace of CTC.
func CTCWorkspace(s CTCShape) int { return 2 * (s.states() + s.Frames) }

// CTCGradWorkspace is the least length of the workspace of CTCGrad.
func CTCGradWorkspace(s CTCShape) int { return 2 * (s.states()*(s.Frames+1) + s.Frames) }

// states is the most states that a row has: a blank before and after each label.
func (s CTCShape) states() int { return 2*s.Frames + 1 }

// CTC computes for each row -log of the probability that the frames x spell the labels y: the sum, over all ways to read one class
// per frame that give the labels once repeats are merged and blanks (class 0) dropped, of the product of the frames' softmax. y
// has Frames class numbers per row; the labels of a row end at its first 0.
//
// Labels that the frames have no room for have no such way. As in TensorFlow their reading may then end early, or begin late,
// for the price of a factor of 1e-307, so that the loss is a number around 707 and has a gradient.
//
// The algorithm is forward-backward on logarithms in double precision.
//
// Source: A. Graves et al., Connectionist Temporal Classification (2006); tensorflow/python/ops/ctc_ops.py, ctc_loss_dense, which
// keras/src/backend/tensorflow/nn.py, ctc_loss, calls.
func CTC(s CTCShape, x, y, losses, ws []float32) {
	s.check("CTC", x, y)
	exactly("CTC", "losses", len(losses), s.Rows)
	atLeast("CTC", "ws", len(ws), CTCWorkspace(s))
	for r := range s.Rows {
		c := s.row(r, x, y, ws, false)
		losses[r] = float32(-c.backward())
	}
}

// CTCGrad computes dx = scale · ∂loss/∂x: the softmax of each frame less the probability of its classes given the labels. dx may
// alias x.
func CTCGrad(s CTCShape, x, y, scale, dx, ws []float32) {
	s.check("CTCGrad", x, y)
	exactly("CTCGrad", "scale", len(scale), s.Rows)
	exactly("CTCGrad", "dx", len(dx), len(x))
	atLeast("CTCGrad", "ws", len(ws), CTCGradWorkspace(s))
	n := s.Frames * s.Classes
	for r := range s.Rows {
		c := s.row(r, x, y, ws, true)
		c.backward()
		c.gradient(float64(scale[r]), dx[r*n:(r+1)*n])
	}
}

func (s CTCShape) check(name string, x, y []float32) {
	exactly(name, "x", len(x), s.Rows*s.Frames*s.Classes)
	exactly(name, "y", len(y), s.Rows*s.Frames)
}

// ctcImpossible is the logarithm of what a reading costs that begins or ends in the wrong state.
var ctcImpossible = float64(float32(math.Log(1e-307)))

// A ctc is one row. Its states are the labels with a blank before and after each: label i is state 2i+1.
type ctc struct {
	classes int
	x, y    []float32 // logits and labels
	states  int
	stride  int      // from the states of a frame to those of the next in after; 0: only those of one frame are kept
	totals  float64s // per frame log Σexp(x)
	after   float64s // per frame and state, the log probability of the frames after it
	before  float64s // per state, that of the frames up to the current one; only for the gradient
}

func (s CTCShape) row(r int, x, y, ws []float32, gradient bool) ctc {
	c := ctc{classes: s.Classes, x: x[r*s.Frames*s.Classes : (r+1)*s.Frames*s.Classes], y: y[r*s.Frames : (r+1)*s.Frames]}
	if end := slices.Index(c.y, 0); end >= 0 {
		c.y = c.y[:end]
	}
	c.states = 2*len(c.y) + 1
	c.totals, ws = ws[:2*s.Frames], ws[2*s.Frames:]
	if gradient {
		c.stride = c.states
		c.before, ws = ws[:2*c.states], ws[2*c.states:]
	}
	c.after = ws
	for t := range s.Frames {
		top, sum := logits(c.frame(t))
		c.totals.set(t, top+math.Log(sum))
	}
	return c
}

func (c *ctc) frames() int { return len(c.x) / c.classes }

// frame are the logits of a frame.
func (c *ctc) frame(t int) []float32 { return c.x[t*c.classes : (t+1)*c.classes] }

// class is what is read in a state.
func (c *ctc) class(state int) int {
	if state%2 == 0 {
		return 0
	}
	return int(c.y[state/2])
}

// read is the log probability of reading a state's class in a frame.
func (c *ctc) read(t, state int) float64 {
	return float64(c.x[t*c.classes+c.class(state)]) - c.totals.at(t)
}

// skips tells whether a state may follow the second but last one, without the blank between two labels that differ.
func (c *ctc) skips(state int) bool {
	return state%2 == 1 && state >= 3 && state < c.states && c.y[state/2] != c.y[state/2-1]
}

// backward fills after and returns the log probability of the labels.
func (c *ctc) backward() float64 {
	last := c.frames() - 1
	for state := range c.states {
		end := ctcImpossible
		if state >= c.states-2 {
			end = 0
		}
		c.after.set(last*c.stride+state, end)
	}
	next := func(t, state int) float64 { return c.after.at((t+1)*c.stride+state) + c.read(t+1, state) }
	for t := last - 1; t >= 0; t-- {
		for state := range c.states { // in this order, where all frames have one place
			a, b, d := next(t, state), math.Inf(-1), math.Inf(-1)
			if state+1 < c.states {
				b = next(t, state+1)
			}
			if c.skips(state + 2) {
				d = next(t, state+2)
			}
			c.after.set(t*c.stride+state, logSumExp3(a, b, d))
		}
	}
	likelihood := c.after.at(0) + c.read(0, 0)
	if c.states > 1 {
		likelihood = logSumExp3(likelihood, c.after.at(1)+c.read(0, 1), math.Inf(-1))
	}
	return likelihood
}

// gradient writes that of the logits, frame by frame: what it overwrites is not read again.
func (c *ctc) gradient(scale float64, dx []float32) {
	for t := range c.frames() {
		c.forward(t)
		top := math.Inf(-1)
		for state := range c.states {
			top = max(top, c.before.at(state)+c.after.at(t*c.stride+state))
		}
		var sum float64
		for state := range c.states {
			sum += math.Exp(c.before.at(state) + c.after.at(t*c.stride+state) - top)
		}
		x, out, total := c.frame(t), dx[t*c.classes:(t+1)*c.classes], c.totals.at(t)
		for k, v := range x {
			out[k] = float32(scale * math.Exp(float64(v)-total))
		}
		for state := range c.states {
			share := math.Exp(c.before.at(state)+c.after.at(t*c.stride+state)-top) / sum
			out[c.class(state)] -= float32(scale * share)
		}
	}
}

// forward makes before that of frame t, from that of the frame before.
func (c *ctc) forward(t int) {
	for state := c.states - 1; state >= 0; state-- {
		a, b, d := ctcImpossible, math.Inf(-1), math.Inf(-1)
		if t > 0 {
			a = c.before.at(state)
		}
		switch {
		case t == 0 && state < 2:
			a = 0
		case t == 0:
			b = ctcImpossible
			if c.skips(state) {
				d = ctcImpossible
			}
		default:
			if state > 0 {
				b = c.before.at(state - 1)
			}
			if c.skips(state) {
				d = c.before.at(state - 2)
			}
		}
		c.before.set(state, logSumExp3(a, b, d)+c.read(t, state))
	}
}

// logSumExp3 is log(exp(a) + exp(b) + exp(c)) without overflow; -∞ where all are.
func logSumExp3(a, b, c float64) float64 {
	top := max(a, b, c)
	if math.IsInf(top, -1) {
		return top
	}
	return top + math.Log(math.Exp(a-top)+math.Exp(b-top)+math.Exp(c-top))
}

// A float64s holds numbers of about 48 bits in a workspace of float32, two for each.
type float64s []float32

func (f float64s) at(i int) float64 { return float64(f[2*i]) + float64(f[2*i+1]) }

func (f float64s) set(i int, v float64) {
	high := float32(v)
	f[2*i], f[2*i+1] = high, 0
	if low := float32(v - float64(high)); low-low == 0 { // v is finite
		f[2*i+1] = low
	}
}
