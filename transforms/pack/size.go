package pack

// maxElements is the most elements of one independent variable in a buffer of the default size.
const maxElements = 75_000_000

// BufferSize is the number of rows per buffer, exactly as MADlib computes it (only the last buffer has fewer). rows is the
// number of rows, shards that of the workers the buffers are meant for, elements lists the elements per row of each independent
// variable. requested is the wished size, 0 for the default: as large as it can be with at most 75,000,000 elements of a
// variable per buffer and work for every shard. The number of buffers that the formula aims at is a multiple of shards.
func BufferSize(rows, shards, requested int64, elements []int64) int64 {
	wish := requested
	if wish == 0 {
		wish = ceil(rows, shards)
		for _, d := range elements {
			wish = min(wish, ceil(maxElements, d))
		}
	}
	wish = min(wish, rows)
	perShard := rows / wish / shards // ceil(rows / (wish * shards)), without the product, which may overflow
	if perShard*shards*wish < rows {
		perShard++
	}
	return ceil(rows, shards*perShard)
}

func ceil(a, b int64) int64 { return (a + b - 1) / b }
