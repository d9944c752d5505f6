//go:build gpu

package cuda

import (
	"errors"
	"unsafe"

	"gorgonia.org/cu"

	"github.com/beamfit/beamfit/model/plan"
)

// rows are columns on a GPU.
type rows struct {
	*resources
	widths  []int
	n       int
	columns []uint64 // addresses
	stage   []float32
}

// stageBytes is the pinned memory through which rows go to the GPU.
const stageBytes = 1 << 20

// Keep makes room for rows on the memory's GPU; nil where the shard's share of the GPU, or the GPU, has none, or would have too little for what the driver allocates.
func (m *memory) Keep(widths []int, n int) (plan.Rows, error) {
	bytes := 0
	offsets := make([]int, len(widths))
	for i, w := range widths {
		offsets[i] = bytes
		bytes += (4*w*n + spaceAlign - 1) / spaceAlign * spaceAlign
	}
	if int64(bytes) > m.gpu.Share-int64(m.bytes) || len(widths) > mostColumns {
		return nil, nil
	}
	r := &rows{resources: &resources{device: m.device, gpu: m.gpu}, widths: widths, n: n}
	if err := m.device.remember(r.resources); err != nil {
		return nil, err
	}
	if there, err := r.allocate(max(bytes, spaceAlign), offsets); err != nil || !there {
		_ = r.free()
		if full := (*plan.MemoryError)(nil); errors.As(err, &full) {
			return nil, nil
		}
		return nil, err
	}
	collected(r.resources, r)
	return r, nil
}

// allocate says whether there is room.
func (r *rows) allocate(bytes int, offsets []int) (bool, error) {
	if err := r.gpu.enter(); err != nil {
		return false, err
	}
	defer r.gpu.leave()
	enough, err := r.gpu.leaves(int64(bytes))
	if err == nil && !enough {
		if err := r.gpu.reclaim(); err != nil {
			return false, err
		}
		enough, err = r.gpu.leaves(int64(bytes))
	}
	if err != nil || !enough {
		return false, err
	}
	base, err := r.take(bytes, "the rows of a shard")
	if err != nil {
		return false, err
	}
	for _, off := range offsets {
		r.columns = append(r.columns, base+uint64(off))
	}
	if err := r.newStream(); err != nil {
		return false, err
	}
	p, err := r.pin(stageBytes)
	if err != nil {
		return false, err
	}
	r.stage = unsafe.Slice((*float32)(p), stageBytes/4)
	return true, nil
}

// Put copies rows to the GPU.
func (r *rows) Put(first int, columns [][]float32) error {
	if err := r.gpu.enter(); err != nil {
		return err
	}
	defer r.gpu.leave()
	for i, values := range columns {
		to := r.columns[i] + 4*uint64(first*r.widths[i])
		for len(values) > 0 {
			n := copy(r.stage, values)
			if err := cu.MemcpyHtoDAsync(cu.DevicePtr(to), unsafe.Pointer(&r.stage[0]), int64(4*n), *r.stream); err != nil {
				return r.gpu.failed("copying rows to the GPU", err)
			}
			if err := r.stream.Synchronize(); err != nil {
				return r.gpu.failed("copying rows to the GPU", err)
			}
			values, to = values[n:], to+4*uint64(n)
		}
	}
	return nil
}

// Close frees the rows.
func (r *rows) Close() error { return r.free() }
