package kernels

// Taps say how a line of elements is made from another one: element i is the sum of Weights[i][k] times element First[i]+k.
type Taps struct {
	First   []int
	Weights [][]float32
}

// A ResampleShape is the size of images N x H x W x C that become N x OH x OW x C, by taps along the height and the width.
type ResampleShape struct {
	N, H, W, C    int
	Rows, Columns Taps
}

// Resample makes the images y from x, rows first. ws is as long as ResampleWorkspace says.
func Resample(s *ResampleShape, x, y, ws []float32) {
	oh, ow := len(s.Rows.First), len(s.Columns.First)
	atLeast("Resample", "x", len(x), s.N*s.H*s.W*s.C)
	atLeast("Resample", "y", len(y), s.N*oh*ow*s.C)
	atLeast("Resample", "ws", len(ws), ResampleWorkspace(s))
	line := ws[:s.W*s.C]
	for n := range s.N {
		image := x[n*s.H*s.W*s.C:]
		for i := range oh {
			clear(line)
			for k, w := range s.Rows.Weights[i] {
				from := (s.Rows.First[i] + k) * len(line)
				axpy(w, image[from:from+len(line)], line)
			}
			for j := range ow {
				out := y[((n*oh+i)*ow+j)*s.C:][:s.C]
				clear(out)
				for k, w := range s.Columns.Weights[j] {
					from := (s.Columns.First[j] + k) * s.C
					axpy(w, line[from:from+s.C], out)
				}
			}
		}
	}
}

// ResampleGrad computes the gradient dx of Resample's input from that of its output.
func ResampleGrad(s *ResampleShape, dy, dx, ws []float32) {
	oh, ow := len(s.Rows.First), len(s.Columns.First)
	atLeast("ResampleGrad", "dy", len(dy), s.N*oh*ow*s.C)
	atLeast("ResampleGrad", "dx", len(dx), s.N*s.H*s.W*s.C)
	atLeast("ResampleGrad", "ws", len(ws), ResampleWorkspace(s))
	clear(dx[:s.N*s.H*s.W*s.C])
	line := ws[:s.W*s.C]
	for n := range s.N {
		image := dx[n*s.H*s.W*s.C:]
		for i := range oh {
			clear(line)
			for j := range ow {
				d := dy[((n*oh+i)*ow+j)*s.C:][:s.C]
				for k, w := range s.Columns.Weights[j] {
					to := (s.Columns.First[j] + k) * s.C
					axpy(w, d, line[to:to+s.C])
				}
			}
			for k, w := range s.Rows.Weights[i] {
				to := (s.Rows.First[i] + k) * len(line)
				axpy(w, line, image[to:to+len(line)])
			}
		}
	}
}

// ResampleWorkspace is the least length of the workspace of Resample and ResampleGrad.
func ResampleWorkspace(s *ResampleShape) int { return s.W * s.C }
