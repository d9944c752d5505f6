package kernels

// A Layout says where the matrices of an array begin, a batch and a head being one matrix, and how long their rows are.
type Layout struct{ Batch, Head, Row int }

// A MatMulShape is the size of Batch·Heads products C = op(A)·op(B), M x K times K x N, op transposing where it says so, and
// the layouts of the three arrays.
type MatMulShape struct {
	Batch, Heads   int
	M, N, K        int
	TransA, TransB bool
	A, B, C        Layout
}

// MatMul computes all products, each as Gemm does. ws is as long as MatMulWorkspace says.
func MatMul(s *MatMulShape, a, b, c, ws []float32) {
	for i := range s.Batch {
		for h := range s.Heads {
			Gemm(s.TransA, s.TransB, s.M, s.N, s.K,
				a[i*s.A.Batch+h*s.A.Head:], s.A.Row,
				b[i*s.B.Batch+h*s.B.Head:], s.B.Row, false,
				c[i*s.C.Batch+h*s.C.Head:], s.C.Row, ws)
		}
	}
}

// MatMulWorkspace is the least length of MatMul's workspace.
func MatMulWorkspace(s *MatMulShape) int { return GemmWorkspace(s.TransA, s.TransB, s.M, s.N, s.K) }
