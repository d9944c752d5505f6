// Kernels of a walk over rows that stay on the device (package cuda, walk.go). What changes from step to step lies in device memory, so
// that one captured graph makes every step of a walk: pass_begin goes on to the next step, the others fill the batch with its rows.
//
// next is the number of steps begun; order has the rows of all steps, rows per step; columns are the addresses of the shard's arrays.
#include "common.h"

// pass_begin makes the step's state that of the next step. One thread.
KERNEL(pass_begin, 1, StepState *state, const StepState *steps, long long *next) {
	*state = steps[*next];
	*next = *next + 1;
}

// pass_gather copies the step's rows of a column, width floats each, to the batch.
KERNEL(pass_gather, 256, const long long *next, const int *order, const unsigned long long *columns, long long column, long long rows, long long width,
	float *batch) {
	long long i = index();
	if (i >= rows * width) return;
	const float *from = (const float *)columns[column];
	long long row = order[(*next - 1) * rows + i / width];
	batch[i] = from[row * width + i % width];
}

// pass_scale writes what each row of the step counts for an output: the number of the step and output in scales, times the row's own in
// factors columns from first on, one after the other as the CPU does.
KERNEL(pass_scale, 256, const long long *next, const int *order, const unsigned long long *columns, long long first, long long factors, long long rows,
	const float *scales, long long output, long long outputs, float *batch) {
	long long i = index();
	if (i >= rows) return;
	long long step = *next - 1, row = order[step * rows + i];
	float scale = scales[step * outputs + output];
	for (long long k = 0; k < factors; k++) scale = scale * ((const float *)columns[first + k])[row];
	batch[i] = scale;
}
