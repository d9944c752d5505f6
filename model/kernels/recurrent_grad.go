package kernels

// RecurrentGrad computes the gradient of z, dz, from that of the states, dh: of all steps where the shape has Sequences,
// else of the last one. The other arguments are those of Recurrent, whose shape has Keep. dinner, T x B x U, is the gradient
// of the memory of a GRUResetAfterCell, nil for others. dz may alias gates. ws holds at least RecurrentGradWorkspace elements.
func RecurrentGrad(s *RecurrentShape, dh, r, mask, drop, gates, memory, h, dz, dinner, ws []float32) {
	recurrentGrad(s, false, dh, r, mask, drop, gates, memory, h, dz, dinner, ws)
}

// RecurrentGradBfloat16 is the gradient of RecurrentBfloat16: RecurrentGrad with products of bfloat16 numbers. r must be rounded; dz and dinner are.
func RecurrentGradBfloat16(s *RecurrentShape, dh, r, mask, drop, gates, memory, h, dz, dinner, ws []float32) {
	recurrentGrad(s, true, dh, r, mask, drop, gates, memory, h, dz, dinner, ws)
}

func recurrentGrad(s *RecurrentShape, bfloat16 bool, dh, r, mask, drop, gates, memory, h, dz, dinner, ws []float32) {
	s.check("RecurrentGrad")
	width, size := s.Gates()*s.U, s.B*s.U
	wanted := size
	if s.Sequences {
		wanted *= s.T
	}
	atLeast("RecurrentGrad", "dh", len(dh), wanted)
	atLeast("RecurrentGrad", "r", len(r), s.U*width)
	s.optional("RecurrentGrad", nil, mask, drop)
	if s.Cell != SimpleCell {
		atLeast("RecurrentGrad", "gates", len(gates), s.T*s.B*width)
		atLeast("RecurrentGrad", "memory", len(memory), s.T*size)
	}
	atLeast("RecurrentGrad", "h", len(h), s.T*size)
	atLeast("RecurrentGrad", "dz", len(dz), s.T*s.B*width)
	if s.Cell == GRUResetAfterCell {
		atLeast("RecurrentGrad", "dinner", len(dinner), s.T*size)
	}
	atLeast("RecurrentGrad", "ws", len(ws), RecurrentGradWorkspace(s))

	c := cellGrad{RecurrentShape: s, bfloat16: bfloat16, mask: mask, drop: drop}
	for _, part := range []*[]float32{&c.zeros, &c.dh, &c.dmemory, &c.tmp} {
		*part, ws = ws[:size], ws[size:]
	}
	c.rT, ws = ws[:s.U*width], ws[s.U*width:]
	c.row, c.ws = ws[:5*s.U], ws[5*s.U:]
	for k := range s.U {
		for j, v := range r[k*width : (k+1)*width] {
			c.rT[j*s.U+k] = v
		}
	}
	clear(c.zeros)
	clear(c.dh)
	clear(c.dmemory)
	if !s.Sequences {
		copy(c.dh, dh[:size])
	}
	for i := s.T - 1; i >= 0; i-- {
		t := s.step(i)
		c.t, c.before, c.memoryBefore = t, c.zeros, c.zeros
		c.dz, c.h = dz[t*s.B*width:(t+1)*s.B*width], h[t*size:(t+1)*size]
		if s.Cell != SimpleCell {
			c.gates, c.memory = gates[t*s.B*width:(t+1)*s.B*width], memory[t*size:(t+1)*size]
		}
		if s.Cell == GRUResetAfterCell {
			c.dinner = dinner[t*size : (t+1)*size]
		}
		if i > 0 {
			p := s.step(i - 1)
			c.before = h[p*size : (p+1)*size]
			if s.Cell == LSTMCell {
				c.memoryBefore = memory[p*size : (p+1)*size]
			}
		}
		if s.Sequences {
			add(c.dh, dh[t*size:(t+1)*size], c.dh)
		}
		c.run(i == 0)
	}
}

// RecurrentGradWorkspace is the least length of RecurrentGrad's workspace.
func RecurrentGradWorkspace(s *RecurrentShape) int {
	width := s.Gates() * s.U
	return 4*s.B*s.U + s.U*width + 5*s.U + max(GemmWorkspace(false, false, s.B, s.U, width),
		GemmWorkspace(false, false, s.B, s.U, 2*s.U), GemmWorkspace(false, false, s.B, s.U, s.U))
}

// A cellGrad is the gradient of one step after the other, from the last to the first.
type cellGrad struct {
	*RecurrentShape
	bfloat16             bool // operands of products are rounded
	mask, drop           []float32
	rT                   []float32 // r transposed
	zeros, tmp           []float32 // B x U
	row                  []float32 // 5·U, for the gradients of the gates of a row: gates may be where dz is
	dh, dmemory          []float32 // of the step's results
	ws                   []float32
	t                    int
	gates, memory, h     []float32 // of the step
	before, memoryBefore []float32 // states and memory of the step before
	dz, dinner           []float32 // of the step
}

// run turns dh and dmemory of the step into those of the step before. Nobody asks for those of the first step, so the
// products that make them are left out there. A row that is masked keeps both.
func (c *cellGrad) run(first bool) {
	width, u := c.Gates()*c.U, c.U
	for b := range c.B {
		dz, dh, h := c.dz[b*width:(b+1)*width], c.dh[b*u:(b+1)*u], c.h[b*u:(b+1)*u]
		if c.masked(c.mask, b, c.t) {
			clear(dz)
			if c.dinner != nil {
				clear(c.dinner[b*u : (b+1)*u])
			}
			continue
		}
		if c.Cell == SimpleCell {
			activationGrad(c.Act, h, dh, dz)
			c.round(dz)
			clear(dh)
			continue
		}
		g, m := c.gates[b*width:(b+1)*width], c.memory[b*u:(b+1)*u]
		if c.Cell == LSTMCell {
			c.lstm(g, m, c.memoryBefore[b*u:(b+1)*u], dh, c.dmemory[b*u:(b+1)*u])
			c.round(c.row[:width])
			copy(dz, c.row)
			continue
		}
		c.gru(g, c.before[b*u:(b+1)*u], dh)
		if c.Cell == GRUCell {
			c.round(c.row[:width])
			copy(dz[:u], c.row)
			copy(dz[2*u:], c.row[2*u:3*u])
			continue
		}
		mul(c.row[2*u:3*u], m, c.row[u:2*u])
		activationGrad(c.Gate, g[u:2*u], c.row[u:2*u], c.row[u:2*u])
		mul(c.row[2*u:3*u], g[u:2*u], c.dinner[b*u:(b+1)*u])
		c.round(c.dinner[b*u : (b+1)*u])
		c.round(c.row[:width])
		copy(dz, c.row)
	}
	if c.Cell == GRUCell {
		c.resetState()
	}
	if first {
		return
	}
	switch c.Cell {
	case GRUCell:
		c.product(0, 2, c.dz, width)
	case GRUResetAfterCell:
		c.product(0, 2, c.dz, width)
		c.product(2, 3, c.dinner, u)
	default:
		c.product(0, c.Gates(), c.dz, width)
	}
}

// round rounds x where products are those of bfloat16.
func (c *cellGrad) round(x []float32) {
	if c.bfloat16 {
		roundBfloat16(x, x)
	}
}

// product adds to dh what comes through the product of the state with the columns of some gates, whose gradient is d with
// leading dimension ld.
func (c *cellGrad) product(from, to int, d []float32, ld int) {
	u := c.U
	if c.drop == nil {
		Gemm(false, false, c.B, u, (to-from)*u, d, ld, c.rT[from*u*u:], u, true, c.dh, u, c.ws)
		return
	}
	for gate := from; gate < to; gate++ {
		Gemm(false, false, c.B, u, u, d[(gate-from)*u:], ld, c.rT[gate*u*u:], u, false, c.tmp, u, c.ws)
		mul(c.tmp, c.drop[gate*c.B*u:(gate+1)*c.B*u], c.tmp)
		add(c.dh, c.tmp, c.dh)
	}
}

// lstm makes the gradients of a row's gates, and those of its memory and state as far as they are passed on.
func (c *cellGrad) lstm(g, memory, memoryBefore, dh, dmemory []float32) {
	u := c.U
	in, forget, candidate, out := g[:u], g[u:2*u], g[2*u:3*u], g[3*u:]
	dz, y := c.row[:4*u], c.row[4*u:]
	activation(c.Act, memory, y)
	mul(dh, y, dz[3*u:])
	activationGrad(c.Gate, out, dz[3*u:], dz[3*u:])
	mul(dh, out, dh)
	activationGrad(c.Act, y, dh, dh)
	add(dmemory, dh, dmemory)
	mul(dmemory, candidate, dz[:u])
	mul(dmemory, memoryBefore, dz[u:2*u])
	activationGrad(c.Gate, g[:2*u], dz[:2*u], dz[:2*u])
	mul(dmemory, in, dz[2*u:3*u])
	activationGrad(c.Act, candidate, dz[2*u:3*u], dz[2*u:3*u])
	mul(dmemory, forget, dmemory)
	clear(dh)
}

// gru makes the gradients of the gates u and g of a row, and that of the state as far as it is passed on.
func (c *cellGrad) gru(g, before, dh []float32) {
	u := c.U
	dz, tmp := c.row[:3*u], c.row[3*u:4*u]
	copy(tmp, before)
	axpy(-1, g[2*u:], tmp)
	mul(dh, tmp, dz[:u])
	activationGrad(c.Gate, g[:u], dz[:u], dz[:u])
	mul(dh, g[:u], tmp)
	axpy(-1, tmp, dh) // dh·(1-u)
	activationGrad(c.Act, g[2*u:], dh, dz[2*u:])
	copy(dh, tmp)
}

// resetState makes the gradient of the gate r of all rows, and that of the state as far as it was reset.
func (c *cellGrad) resetState() {
	width, u := c.Gates()*c.U, c.U
	Gemm(false, false, c.B, u, u, c.dz[2*u:], width, c.rT[2*u*u:], u, false, c.tmp, u, c.ws)
	if c.drop != nil {
		mul(c.tmp, c.drop[2*c.B*u:3*c.B*u], c.tmp)
	}
	for b := range c.B {
		if c.masked(c.mask, b, c.t) {
			continue
		}
		r, d, dr := c.gates[b*width+u:b*width+2*u], c.tmp[b*u:(b+1)*u], c.row[:u]
		mul(d, c.before[b*u:(b+1)*u], dr)
		activationGrad(c.Gate, r, dr, dr)
		c.round(dr)
		mul(d, r, d)
		dh := c.dh[b*u : (b+1)*u]
		add(dh, d, dh)
		copy(c.dz[b*width+u:b*width+2*u], dr)
	}
}

// RecurrentKernelGrad computes the gradient of r, dr, by products over all steps. The arguments are those of RecurrentGrad. ws holds
// at least RecurrentKernelGradWorkspace elements.
func RecurrentKernelGrad(s *RecurrentShape, h, memory, dz, dinner, drop, dr, ws []float32) {
	recurrentKernelGrad(s, false, h, memory, dz, dinner, drop, dr, ws)
}

// RecurrentKernelGradBfloat16 is RecurrentKernelGrad of RecurrentBfloat16.
func RecurrentKernelGradBfloat16(s *RecurrentShape, h, memory, dz, dinner, drop, dr, ws []float32) {
	recurrentKernelGrad(s, true, h, memory, dz, dinner, drop, dr, ws)
}

func recurrentKernelGrad(s *RecurrentShape, bfloat16 bool, h, memory, dz, dinner, drop, dr, ws []float32) {
	s.check("RecurrentKernelGrad")
	width, size, u := s.Gates()*s.U, s.B*s.U, s.U
	atLeast("RecurrentKernelGrad", "h", len(h), s.T*size)
	atLeast("RecurrentKernelGrad", "dz", len(dz), s.T*s.B*width)
	if s.Cell == GRUCell {
		atLeast("RecurrentKernelGrad", "memory", len(memory), s.T*size)
	}
	if s.Cell == GRUResetAfterCell {
		atLeast("RecurrentKernelGrad", "dinner", len(dinner), s.T*size)
	}
	s.optional("RecurrentKernelGrad", nil, nil, drop)
	atLeast("RecurrentKernelGrad", "dr", len(dr), u*width)
	atLeast("RecurrentKernelGrad", "ws", len(ws), RecurrentKernelGradWorkspace(s, drop != nil))

	// the first step has a state of zero: all others pair the state of the step before with their own gradient
	rows := (s.T - 1) * s.B
	before, from := h, s.B
	if s.Back {
		before, from = h[size:], 0
	}
	columns := width
	if s.Cell == GRUCell { // its last gate is multiplied with the reset state
		columns = 2 * u
		Gemm(true, false, u, u, s.T*s.B, memory, u, dz[2*u:], width, false, dr[2*u:], width, ws)
	}
	switch {
	case rows == 0:
		for k := range u {
			clear(dr[k*width : k*width+columns])
		}
	case drop != nil:
		dropped := ws[:rows*u]
		ws = ws[rows*u:]
		for gate := range columns / u {
			for i := 0; i < rows*u; i += size {
				mul(before[i:i+size], drop[gate*size:(gate+1)*size], dropped[i:i+size])
			}
			if bfloat16 {
				roundBfloat16(dropped, dropped)
			}
			if gate == 2 && s.Cell == GRUResetAfterCell {
				Gemm(true, false, u, u, rows, dropped, u, dinner[from*u:], u, false, dr[2*u:], width, ws)
			} else {
				Gemm(true, false, u, u, rows, dropped, u, dz[from*width+gate*u:], width, false, dr[gate*u:], width, ws)
			}
		}
	case s.Cell == GRUResetAfterCell:
		Gemm(true, false, u, 2*u, rows, before, u, dz[from*width:], width, false, dr, width, ws)
		Gemm(true, false, u, u, rows, before, u, dinner[from*u:], u, false, dr[2*u:], width, ws)
	default:
		Gemm(true, false, u, columns, rows, before, u, dz[from*width:], width, false, dr, width, ws)
	}
}

// RecurrentKernelGradWorkspace is the least length of RecurrentKernelGrad's workspace; drop says whether it is given one.
func RecurrentKernelGradWorkspace(s *RecurrentShape, drop bool) int {
	rows := (s.T - 1) * s.B
	n := GemmWorkspace(true, false, s.U, s.U, rows+s.B)
	for gates := range s.Gates() {
		n = max(n, GemmWorkspace(true, false, s.U, (gates+1)*s.U, rows))
	}
	if drop {
		n += rows * s.U
	}
	return n
}

// RecurrentBiasGrad computes the gradient of the bias of a GRUResetAfterCell, db: 2 x gates·U.
func RecurrentBiasGrad(s *RecurrentShape, dz, dinner, db []float32) {
	width, rows := s.Gates()*s.U, s.T*s.B
	atLeast("RecurrentBiasGrad", "dz", len(dz), rows*width)
	atLeast("RecurrentBiasGrad", "dinner", len(dinner), rows*s.U)
	atLeast("RecurrentBiasGrad", "db", len(db), 2*width)
	recurrentBiasSums(rows, width, dz, db)
	copy(db[width:width+2*s.U], db)
	recurrentBiasSums(rows, s.U, dinner, db[width+2*s.U:])
}

// recurrentBiasSums sums the n columns of dz into db as BiasGradSums and BiasGrad do.
func recurrentBiasSums(rows, n int, dz, db []float32) {
	for j := 0; j < n; j += sumColumns {
		var sums [sumColumns]float64
		cols := min(sumColumns, n-j)
		if rows > 0 {
			columnSums(rows, cols, n, dz[j:], sums[:])
		}
		BiasGrad(sums[:cols], db[j:j+cols])
	}
}
