package trainer

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"
	"unsafe"

	"github.com/beamfit/beamfit/model/plan"
)

// A keptShard is the rows of a shard on a device, for all iterations.
type keptShard struct {
	// What rows these are; they do not change.
	data        Dataset
	classWeight map[int]float64

	mu      sync.Mutex // of what follows
	sent    bool
	rows    plan.Rows // nil: there is no room
	factors int
	// counts says of every row whether an output's loss counts it; nil for an output whose loss counts all.
	counts [][]bool
}

func (k *keptShard) close() error {
	if k.rows == nil {
		return nil
	}
	return k.rows.Close()
}

// A residentPass is what a pass needs where the device keeps the rows.
type residentPass struct {
	*keptShard
	device plan.Resident
	walk   plan.Walk
	steps  [plan.MostSteps]plan.Step
	scales []float32
	most   int // steps to make before the host looks up
}

// keep makes sure that the device has the rows of the shard, where it keeps rows and has room.
func (p *pass) keep(ctx context.Context, in TrainInput, rows int) error {
	device, ok := p.memory.(plan.Resident)
	if !ok {
		return nil
	}
	m := p.model
	m.mu.Lock()
	k := m.kept[in.Shard]
	if k == nil || !sameData(k.data, in.Data) || !maps.Equal(k.classWeight, in.Fit.ClassWeight) {
		k = &keptShard{data: in.Data, classWeight: in.Fit.ClassWeight} // who still walks over the other rows has them; they are freed when nobody has
		m.kept[in.Shard] = k
	}
	m.mu.Unlock()
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.sent {
		if err := p.send(ctx, k, device, in, rows); err != nil {
			return err
		}
	}
	if k.rows != nil {
		p.resident = &residentPass{keptShard: k, device: device, scales: make([]float32, plan.MostSteps*len(m.losses)), most: 1}
	}
	return nil
}

// sameData reports that two datasets are the same rows at the same places of memory or of a file.
func sameData(a, b Dataset) bool {
	x, inMemory := a.(Buffers)
	y, too := b.(Buffers)
	if inMemory || too {
		return inMemory && too && slices.EqualFunc(x, y, sameBuffer)
	}
	return a == b
}

func sameBuffer(a, b Buffer) bool {
	return a.N == b.N && same(a.Weights, b.Weights) && slices.EqualFunc(a.Inputs, b.Inputs, same[float32]) &&
		slices.EqualFunc(a.Labels, b.Labels, same[int16]) && slices.EqualFunc(a.Numbers, b.Numbers, same[float32])
}

// same reports that two slices are the same array.
func same[T any](a, b []T) bool {
	return len(a) == len(b) && unsafe.SliceData(a) == unsafe.SliceData(b)
}

// send copies the rows to the device, batch by batch.
func (p *pass) send(ctx context.Context, k *keptShard, device plan.Resident, in TrainInput, rows int) error {
	m := p.model
	widths := append(append([]int(nil), m.inWidth...), m.labelWidth...)
	columns := make([][]float32, len(widths), len(widths)+2)
	for i, w := range widths {
		columns[i] = make([]float32, p.batch*w)
	}
	k.factors = 0
	weighted, byClass := hasWeights(in.Data), len(in.Fit.ClassWeight) > 0
	for _, factor := range []bool{weighted, byClass} {
		if factor {
			widths, columns, k.factors = append(widths, 1), append(columns, make([]float32, p.batch)), k.factors+1
		}
	}
	var err error
	if k.rows, err = device.Keep(widths, rows); err != nil {
		return err
	}
	k.sent = true
	if k.rows == nil {
		return nil
	}
	k.counts = make([][]bool, len(m.losses))
	for i, l := range m.losses {
		if l.Ignore.On {
			k.counts[i] = make([]bool, rows)
		}
	}
	p.reader.Walk(nil)
	for first := 0; first < rows; first += p.batch {
		if err := ctx.Err(); err != nil {
			return p.forget(k, in.Shard, err)
		}
		index, numbers, err := p.reader.Next()
		if err != nil {
			return p.forget(k, in.Shard, err)
		}
		numbers = numbers[:min(len(numbers), rows-first)]
		part := make([][]float32, len(columns))
		for i, w := range widths {
			part[i] = columns[i][:len(numbers)*w]
		}
		m.fillColumns(index, numbers, part, weighted, in.Fit.ClassWeight)
		for i, counted := range k.counts {
			for place := range numbers {
				if counted != nil {
					w := m.labelWidth[i]
					counted[first+place] = !m.losses[i].Ignore.Has(part[len(m.inWidth)+i][place*w : (place+1)*w])
				}
			}
		}
		if err := k.rows.Put(first, part); err != nil {
			return p.forget(k, in.Shard, err)
		}
	}
	return nil
}

// forget drops rows that did not all come to the device.
func (p *pass) forget(k *keptShard, shard int, err error) error {
	m := p.model
	m.mu.Lock()
	if m.kept[shard] == k {
		delete(m.kept, shard)
	}
	m.mu.Unlock()
	_ = k.close() // err is the one that counts
	k.rows, k.sent = nil, false
	return err
}

// hasWeights reports whether rows may have weights: only rows in memory are known not to.
func hasWeights(data Dataset) bool {
	buffers, ok := data.(Buffers)
	for _, b := range buffers {
		if b.Weights != nil {
			return true
		}
	}
	return !ok
}

// fillColumns writes rows to columns: inputs, labels, and then the factors of rows.
func (m *Model) fillColumns(x *Index, numbers []int32, columns [][]float32, weighted bool, classWeight map[int]float64) {
	inputs, labels, factors := columns[:len(m.inWidth)], columns[len(m.inWidth):][:len(m.labelWidth)], columns[len(m.inWidth)+len(m.labelWidth):]
	for place, row := range numbers {
		buffer, at := x.find(int(row))
		for i, w := range m.inWidth {
			copy(inputs[i][place*w:(place+1)*w], buffer.Inputs[i][at*w:])
		}
		for i, w := range m.labelWidth {
			m.label(buffer, i, at, labels[i][place*w:(place+1)*w])
		}
		rest := factors
		if weighted {
			rest[0][place] = 1
			if buffer.Weights != nil {
				rest[0][place] = buffer.Weights[at]
			}
			rest = rest[1:]
		}
		if len(rest) > 0 { // class_weight is for models with one output
			w := m.labelWidth[0]
			rest[0][place] = 1
			if weight, ok := classWeight[m.class(0, labels[0][place*w:(place+1)*w])]; ok {
				rest[0][place] = float32(weight)
			}
		}
	}
}

// These bound how long the device is left alone with steps before the host looks whether to go on, where a step is not longer itself.
const (
	leastLookUp = 50 * time.Millisecond
	mostLookUp  = 200 * time.Millisecond
)

// runResident makes the steps of a pass over rows in their order on the device, some at a time.
func (p *pass) runResident(ctx context.Context, order []int32) error {
	r := p.resident
	for len(order) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		batch, steps := min(p.batch, len(order)), 1
		if full := len(order) / p.batch; full > 0 {
			steps = min(full, r.most)
		}
		begin := time.Now()
		if err := p.residentSteps(order[:steps*batch], batch, steps); err != nil {
			return err
		}
		switch took := time.Since(begin); {
		case took < leastLookUp && steps == r.most:
			r.most = min(2*r.most, plan.MostSteps)
		case took > mostLookUp:
			r.most = max(1, r.most/2)
		}
		order = order[steps*batch:]
		if p.progress != nil {
			p.progress(steps * batch)
		}
	}
	return nil
}

// residentSteps makes steps on rows in their order.
func (p *pass) residentSteps(order []int32, batch, steps int) error {
	r := p.resident
	step, err := p.trainStep(batch)
	if err != nil {
		return err
	}
	outputs := len(p.model.losses)
	for i := range steps {
		p.countKept(order[i*batch : (i+1)*batch])
		for o, n := range p.counted {
			r.scales[i*outputs+o] = float32(p.model.lossWeights[o] / float64(n))
		}
		p.step.Scalars = p.optimizer.ScalarsAt(p.done, p.schedule.Place)
		p.step.Crew = p.crew // for instructions that run on the CPU
		r.steps[i] = p.step
		p.step.Counter++
		p.done++
		p.schedule.Place += p.schedule.Stride
	}
	p.trained += len(order)
	r.walk = plan.Walk{Rows: r.rows, Order: order, Factors: r.factors, Steps: r.steps[:steps], Scales: r.scales[:steps*outputs]}
	return r.device.RunSteps(step.slices[0].program, &r.walk)
}

// countKept is count for rows that the device keeps.
func (p *pass) countKept(rows []int32) {
	for i, counted := range p.resident.counts {
		p.counted[i] = len(rows)
		if counted == nil {
			continue
		}
		n := 0
		for _, row := range rows {
			if counted[row] {
				n++
			}
		}
		p.counted[i] = max(n, 1)
	}
}
