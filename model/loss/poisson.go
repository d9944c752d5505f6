package loss

import "math"

// Poisson is the mean over the outputs of p - y·log(p + epsilon).
//
// Source: keras/src/losses/losses.py, poisson.
type Poisson struct{}

// Kind is poisson.
func (Poisson) Kind() string { return "poisson" }

// Rows computes the losses of rows.
func (l Poisson) Rows(rows, n int, p, y, losses []float32) { meanRows(l, rows, n, p, y, losses) }

// Grad computes the gradient of the predictions.
func (l Poisson) Grad(rows, n int, p, y, scale, dp []float32) { meanGrad(l, rows, n, p, y, scale, dp) }

func (Poisson) value(p, y float64) float64 { return p - y*math.Log(p+epsilon) }

func (Poisson) slope(p, y float64) float64 { return 1 - y/(p+epsilon) }
