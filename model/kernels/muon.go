package kernels

// MuonMomentum computes the direction x of Muon's step, before it is made orthogonal, m being the momentum:
//
//	m += g + m·(momentum - 1)
//	x = g + momentum·m        // nesterov False: x = m
func MuonMomentum(g, m, x []float32, momentum float64, nesterov bool) {
	exactly("MuonMomentum", "m", len(m), len(g))
	exactly("MuonMomentum", "x", len(x), len(g))
	keep, less := float32(momentum), float32(momentum-1)
	for i, d := range g {
		a := m[i] + float32(d+float32(m[i]*less))
		m[i] = a
		if nesterov {
			a = d + float32(keep*a)
		}
		x[i] = a
	}
}

// Combine computes y[i] = a·x[i] + b·y[i].
func Combine(a float32, x []float32, b float32, y []float32) {
	exactly("Combine", "y", len(y), len(x))
	for i, v := range x {
		y[i] = float32(a*v) + float32(b*y[i])
	}
}
