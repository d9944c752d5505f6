package main

import (
	"math/rand/v2"

	"github.com/beamfit/beamfit/model/kernels"
)

// random is an array of random numbers.
func random(n int) []float32 {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	s := make([]float32, n)
	for i := range s {
		s[i] = r.Float32()
	}
	return s
}

// repeated is a side that calls kernels so often, on the calling goroutine.
func repeated(repeat int, calls ...func()) *side {
	run := func() error {
		for range repeat {
			for _, call := range calls {
				call()
			}
		}
		return nil
	}
	_ = run()
	return &side{run: func() (float64, error) { return seconds(run) }}
}

// ourGemm makes products of an m x k and a k x n matrix, with gradients also those of both factors.
func ourGemm(m, n, k, repeat int, gradients bool) *side {
	a, b, c := random(m*k), random(k*n), make([]float32, m*n)
	forward := make([]float32, kernels.GemmWorkspace(false, false, m, n, k))
	calls := []func(){func() { kernels.Gemm(false, false, m, n, k, a, k, b, n, false, c, n, forward) }}
	if gradients {
		da, db := make([]float32, m*k), make([]float32, k*n)
		wsA, wsB := make([]float32, kernels.GemmWorkspace(false, true, m, k, n)), make([]float32, kernels.GemmWorkspace(true, false, k, n, m))
		calls = append(calls,
			func() { kernels.Gemm(false, true, m, k, n, c, n, b, n, false, da, k, wsA) },
			func() { kernels.Gemm(true, false, k, n, m, a, k, c, n, false, db, n, wsB) },
		)
	}
	return repeated(repeat, calls...)
}

// ourConv makes a convolution and both its gradients.
func ourConv(s kernels.Conv2DShape, repeat int) *side {
	x, k, bias := random(s.N*s.H*s.W*s.C), random(s.KH*s.KW*s.C*s.F), random(s.F)
	y, dx, dk := make([]float32, s.N*s.OH*s.OW*s.F), make([]float32, len(x)), make([]float32, len(k))
	forward, input, kernel := make([]float32, kernels.Conv2DWorkspace(&s)), make([]float32, kernels.Conv2DInputGradWorkspace(&s)), make([]float32, kernels.Conv2DKernelGradWorkspace(&s))
	return repeated(repeat,
		func() { kernels.Conv2D(&s, x, k, bias, kernels.Linear, kernels.Drop{}, y, forward, kernels.Around{}) },
		func() { kernels.Conv2DInputGrad(&s, y, k, dx, input, kernels.Around{}) },
		func() { kernels.Conv2DKernelGrad(&s, x, y, dk, kernel, kernels.Around{}) },
	)
}
