package plan

import "fmt"

// A Placed device has several places for memories: the GPUs of a machine. NewMemory takes one of them.
type Placed interface {
	Device
	// Places is how many there are.
	Places() int
	// NewMemoryAt allocates at place 0 to Places-1.
	NewMemoryAt(place int, sizes Sizes) (Memory, error)
}

// An Owner is a device with memory of its own, which Go's collector does not see. Its memories can be closed (io.Closer), and who keeps some for later says how
// the device gets them back.
type Owner interface {
	Device
	// WhenFull gives the device a function that closes memories nobody works with. The device calls it where it has no room otherwise, on any goroutine
	// that is in a call of the device.
	WhenFull(closeIdle func())
}

// A Resident is a memory on a device that can keep the rows of a shard, and make steps of training on batches of them.
type Resident interface {
	Memory
	// Keep makes room for rows at the memory's place, in columns of so many float32 per row; nil where there is none.
	Keep(widths []int, rows int) (Rows, error)
	// RunSteps makes steps of a program that is bound to this memory. It returns when they are done, and allocates nothing.
	RunSteps(p Program, w *Walk) error
}

// Rows are rows that a device keeps. They outlive the memory that they were made with, and any memory of the same place may walk over them.
type Rows interface {
	// Put writes the rows from first on, of every column.
	Put(first int, columns [][]float32) error
	// Close frees them.
	Close() error
}

// A Walk is some steps over rows that a device keeps.
type Walk struct {
	Rows Rows
	// Order are the rows of all steps by their numbers, the program's batch for each step. Columns are the inputs of the plan, its
	// labels, and then Factors columns of one float32, which are factors of all scales.
	Order   []int32
	Factors int
	// Steps is what changes from step to step, and Scales what every row of a step counts before its factors, per step and output.
	Steps  []Step
	Scales []float32
}

// MostSteps is the largest number of steps of a Walk.
const MostSteps = 256

// A MemoryError is that a device has too little memory.
type MemoryError struct {
	Place      string // a GPU, for people
	For        string // what the memory is for
	Need, Room int64  // bytes; Need 0: only the device knows
	Of         string // why there is no more room than that; "": the device has no more
}

func (e *MemoryError) Error() string {
	need := fmt.Sprintf("%d bytes", e.Need)
	if e.Need == 0 {
		need = "memory of the driver's"
	}
	text := fmt.Sprintf("%s: %s needs %s, there is room for %d", e.Place, e.For, need, e.Room)
	if e.Of != "" {
		text += " (" + e.Of + ")"
	}
	return text
}
