package loss

import (
	"math"

	"github.com/beamfit/beamfit/model/params"
)

// CosineSimilarity is -Σ p̂·ŷ, the cosine of the angle between a row's predictions and its labels with the sign turned:
// p̂ = p/max(‖p‖, epsilon), and ŷ likewise.
//
// Arguments: axis -1.
//
// Source: keras/src/losses/losses.py, cosine_similarity; keras/src/ops/nn.py, normalize.
type CosineSimilarity struct{}

func newCosineSimilarity(a *params.Args) *Loss {
	readAxis(a)
	return &Loss{Output: CosineSimilarity{}}
}

// Kind is cosine_similarity.
func (CosineSimilarity) Kind() string { return "cosine_similarity" }

// cosine is the cosine of two rows and their lengths, which are at least epsilon.
func cosine(p, y []float32) (cos, lengthP, lengthY float64) {
	var pp, yy, py float64
	for j, v := range y {
		q, t := float64(p[j]), float64(v)
		pp += q * q
		yy += t * t
		py += q * t
	}
	lengthP, lengthY = max(math.Sqrt(pp), epsilon), max(math.Sqrt(yy), epsilon)
	return py / lengthP / lengthY, lengthP, lengthY
}

// Rows computes the losses of rows.
func (CosineSimilarity) Rows(rows, n int, p, y, losses []float32) {
	for r := range rows {
		cos, _, _ := cosine(p[r*n:(r+1)*n], y[r*n:(r+1)*n])
		losses[r] = float32(-cos)
	}
}

// Grad: ∂/∂p = -(ŷ - p̂·cos)/‖p‖; where ‖p‖ is below epsilon it is a constant, so -ŷ/epsilon.
func (CosineSimilarity) Grad(rows, n int, p, y, scale, dp []float32) {
	for r := range rows {
		pr, yr, out := p[r*n:(r+1)*n], y[r*n:(r+1)*n], dp[r*n:(r+1)*n]
		cos, lengthP, lengthY := cosine(pr, yr)
		s := float64(scale[r])
		if lengthP == epsilon {
			cos = 0
		}
		for j, v := range yr {
			out[j] = float32(s * (float64(pr[j])/lengthP*cos - float64(v)/lengthY) / lengthP)
		}
	}
}
