package kernels

import "fmt"

// Gather copies rows of d elements: row rows[i] of src becomes row i of dst.
//
//	for i, r := range rows {
//		copy(dst[i*d:(i+1)*d], src[r*d:(r+1)*d])
//	}
func Gather(rows []int32, d int, src, dst []float32) {
	sizes("Gather", d, 0, 0)
	atLeast("Gather", "dst", len(dst), len(rows)*d)
	for i, r := range rows {
		from := int(r) * d
		if from < 0 || from+d > len(src) {
			panic(fmt.Sprintf("kernels: Gather: rows[%d] = %d lies outside src, which has %d elements in rows of %d", i, r, len(src), d))
		}
		copy(dst[i*d:(i+1)*d], src[from:from+d])
	}
}
