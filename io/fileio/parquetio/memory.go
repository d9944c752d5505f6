package parquetio

import (
	"fmt"

	"github.com/apache/arrow/go/v15/arrow/memory"
)

// maxMemory is the most that reading one column of one batch may ask for.
const maxMemory = 2 << 30

// A budget is an allocator that panics when more is asked for than is left, where the Go allocator would end the process.
// What is freed does not count: the Parquet reader leaves some buffers to the garbage collector. One goroutine uses it.
type budget struct {
	mem  memory.Allocator
	left int64
}

func (b *budget) renew() { b.left = maxMemory }

func (b *budget) take(n int) {
	b.left -= int64(max(0, n))
	if n < 0 || b.left < 0 {
		panic(fmt.Errorf("more than %d bytes of memory asked for", maxMemory))
	}
}

func (b *budget) Allocate(size int) []byte {
	b.take(size)
	return b.mem.Allocate(size)
}

func (b *budget) Reallocate(size int, old []byte) []byte {
	b.take(max(0, size-len(old)))
	return b.mem.Reallocate(size, old)
}

func (b *budget) Free(old []byte) { b.mem.Free(old) }
