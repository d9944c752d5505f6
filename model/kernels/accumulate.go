package kernels

// Accumulate adds gradients to those of steps before, where hold says that more are to come; else g becomes the mean of all, which are count, and
// sum is empty again.
func Accumulate(g, sum []float32, hold bool, count int64) {
	exactly("Accumulate", "sum", len(sum), len(g))
	n := float32(count)
	for i, d := range g {
		d += sum[i]
		if hold {
			sum[i] = d
		} else {
			g[i], sum[i] = d/n, 0
		}
	}
}
