package parquetio

import (
	"fmt"

	"github.com/apache/arrow/go/v15/arrow/memory"
)

// memoryFor is the most that reading one column of one batch of a file of size bytes may ask for, and the pages in use of all
// its columns: as much as the values of an honest file of that size may need, so that a small file cannot ask for much.
func memoryFor(size int64) int64 {
	const least, most = 384 << 20, 2 << 30
	return min(most, least+4*min(size, most))
}

// A budget is an allocator that panics when more is asked for than is left, where the Go allocator would end the process.
// What is freed does not count: the Parquet reader leaves some buffers to the garbage collector. One goroutine uses it.
type budget struct {
	mem  memory.Allocator
	most int64
	left int64
}

func (b *budget) renew() { b.left = b.most }

func (b *budget) take(n int) {
	b.left -= int64(max(0, n))
	if n < 0 || b.left < 0 {
		panic(fmt.Errorf("more than %d bytes of memory asked for", b.most))
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
