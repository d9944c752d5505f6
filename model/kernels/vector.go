package kernels

// Add computes dst[i] = x[i] + y[i]. dst may alias x or y.
func Add(x, y, dst []float32) {
	exactly("Add", "y", len(y), len(x))
	exactly("Add", "dst", len(dst), len(x))
	add(x, y, dst)
}

func addGo(x, y, dst []float32) {
	for i, v := range x {
		dst[i] = v + y[i]
	}
}

// Mul computes dst[i] = x[i] · y[i]. dst may alias x or y.
func Mul(x, y, dst []float32) {
	exactly("Mul", "y", len(y), len(x))
	exactly("Mul", "dst", len(dst), len(x))
	mul(x, y, dst)
}

func mulGo(x, y, dst []float32) {
	for i, v := range x {
		dst[i] = v * y[i]
	}
}

// Scale computes dst[i] = alpha · x[i]. dst may alias x.
func Scale(alpha float32, x, dst []float32) {
	exactly("Scale", "dst", len(dst), len(x))
	scale(alpha, x, dst)
}

func scaleGo(alpha float32, x, dst []float32) {
	for i, v := range x {
		dst[i] = alpha * v
	}
}

// axpyGo computes y[i] += alpha · x[i].
func axpyGo(alpha float32, x, y []float32) {
	for i, v := range x {
		y[i] += float32(alpha * v)
	}
}

// Sum64 is the sum of x in double precision, in an order that depends on len(x) and the variant only.
func Sum64(x []float32) float64 { return sum64(x) }

func sum64Go(x []float32) float64 {
	var sum float64
	for _, v := range x {
		sum += float64(v)
	}
	return sum
}

// SumSquares64 is the sum of the squares of x in double precision, in an order that depends on len(x) and the variant only.
func SumSquares64(x []float32) float64 { return sumSquares64(x) }

func sumSquares64Go(x []float32) float64 {
	var sum float64
	for _, v := range x {
		sum += float64(v) * float64(v)
	}
	return sum
}

// Fill sets every element of dst to v.
func Fill(v float32, dst []float32) {
	if len(dst) == 0 {
		return
	}
	dst[0] = v
	for n := 1; n < len(dst); n *= 2 {
		copy(dst[n:], dst[:n])
	}
}
