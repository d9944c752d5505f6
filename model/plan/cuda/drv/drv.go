//go:build gpu

package drv

/*
#cgo LDFLAGS: -L${SRCDIR} -ldl
#include <cuda.h>
#include <stdlib.h>
int beamfit_cuda_init(const char **reason);

// One call per launch, with the parameters where they were packed once.
static CUresult launch(CUfunction f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared, CUstream s, void **params) {
	return cuLaunchKernel(f, gx, gy, gz, bx, by, bz, shared, s, params, 0);
}

// Loads PTX; log takes what the driver's compiler says of errors.
static CUresult load(CUmodule *m, const char *ptx, char *log, size_t room) {
	CUjit_option options[] = {CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES};
	void *values[] = {log, (void *)room};
	return cuModuleLoadDataEx(m, ptx, 2, options, values);
}
*/
import "C"

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"unsafe"

	"gorgonia.org/cu"
)

// An Error is a number of the driver.
type Error int

func (e Error) Error() string {
	var text *C.char
	if C.cuGetErrorString(C.CUresult(e), &text) != 0 || text == nil {
		return fmt.Sprintf("CUDA error %d", int(e))
	}
	return fmt.Sprintf("CUDA error %d: %s", int(e), C.GoString(text))
}

// OutOfMemory reports that the driver found no memory of the device, or none of the host that can be pinned.
func OutOfMemory(err error) bool {
	if err == nil {
		return false // before e, which is allocated
	}
	var e Error
	return errors.Is(err, cu.OutOfMemory) || errors.As(err, &e) && e == C.CUDA_ERROR_OUT_OF_MEMORY
}

func check(r C.CUresult) error {
	if r == 0 {
		return nil
	}
	return Error(r)
}

// ErrNoDriver and ErrNoGPU are why there is nothing to compute on.
var (
	ErrNoDriver = errors.New("no CUDA driver")
	ErrNoGPU    = errors.New("the CUDA driver finds no GPU")
)

// started says that the driver is loaded: nothing that could be closed again belongs to it.
var started struct {
	mu  sync.Mutex
	yes bool
}

// Start loads the driver and lets it look for GPUs, unless a call has done so. What has failed is tried again by the next call.
func Start() error {
	started.mu.Lock()
	defer started.mu.Unlock()
	if started.yes {
		return nil
	}
	keepCompiled()
	numberByBus()
	runtime.LockOSThread() // the text of an error is the thread's
	defer runtime.UnlockOSThread()
	var why *C.char
	switch r := C.beamfit_cuda_init(&why); {
	case r == 0:
		started.yes = true
		return nil
	case why != nil:
		return fmt.Errorf("%w: %s", ErrNoDriver, C.GoString(why))
	case r == C.CUDA_ERROR_NO_DEVICE:
		return ErrNoGPU
	default:
		return fmt.Errorf("the CUDA driver does not start: %w", Error(r))
	}
}

func function(f cu.Function) C.CUfunction { return *(*C.CUfunction)(unsafe.Pointer(&f)) }
func stream(s cu.Stream) C.CUstream       { return *(*C.CUstream)(unsafe.Pointer(&s)) }

// UUID names a GPU, or the part of one that is a device of its own, for all processes: "GPU-" and what nvidia-smi shows.
func UUID(d cu.Device) (string, error) {
	var id C.CUuuid
	if err := check(C.cuDeviceGetUuid_v2(&id, C.CUdevice(d))); err != nil {
		return "", err
	}
	b := C.GoBytes(unsafe.Pointer(&id), C.int(unsafe.Sizeof(id)))
	return fmt.Sprintf("GPU-%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]), nil
}

// Retain takes the primary context of a GPU; its ReleasePrimaryCtx gives it back.
func Retain(d cu.Device) (c cu.CUContext, err error) {
	err = check(C.cuDevicePrimaryCtxRetain((*C.CUcontext)(unsafe.Pointer(&c)), C.CUdevice(d)))
	return c, err
}

// logBytes is how much of what the driver's compiler says an error has.
const logBytes = 8 << 10

// Load compiles a module of PTX for the GPU of the current context. The error has what the driver's compiler says.
func Load(ptx string) (m cu.Module, err error) {
	text, log := C.CString(ptx), (*C.char)(C.calloc(logBytes, 1))
	defer C.free(unsafe.Pointer(text))
	defer C.free(unsafe.Pointer(log))
	if err = check(C.load((*C.CUmodule)(unsafe.Pointer(&m)), text, log, logBytes-1)); err != nil {
		if said := strings.TrimSpace(C.GoString(log)); said != "" {
			err = fmt.Errorf("%w: %s", err, said)
		}
	}
	return m, err
}

// Unload frees a module.
func Unload(m cu.Module) error { return check(C.cuModuleUnload(*(*C.CUmodule)(unsafe.Pointer(&m)))) }

// Pinned allocates host memory that the device copies from and to while the host does something else. It is C memory: Go's collector
// does not know it.
func Pinned(bytes int) (unsafe.Pointer, error) {
	var p unsafe.Pointer
	err := check(C.cuMemHostAlloc(&p, C.size_t(bytes), 0))
	return p, err
}

// FreePinned frees what Pinned allocated.
func FreePinned(p unsafe.Pointer) error { return check(C.cuMemFreeHost(p)) }

// A Launch is a kernel with its parameters, packed in C memory.
type Launch struct {
	f            C.CUfunction
	grid, block  [3]C.uint
	shared       C.uint
	params, vals unsafe.Pointer
}

// Pack packs a launch. Parameters are uint64 (addresses too), int64, uint32, int32, float32 and float64, and sizes are what the kernel
// takes; others are a broken contract and panic.
func Pack(name string, f cu.Function, grid, block [3]uint32, shared uint32, args []any, sizes []int) *Launch {
	if len(args) != len(sizes) {
		panic(fmt.Sprintf("drv: kernel %s takes %d parameters, given %d", name, len(sizes), len(args)))
	}
	l := &Launch{f: function(f), shared: C.uint(shared)}
	for i := range 3 {
		l.grid[i], l.block[i] = C.uint(grid[i]), C.uint(block[i])
	}
	l.vals = C.calloc(C.size_t(len(args)+1), 8)
	l.params = C.calloc(C.size_t(len(args)+1), 8)
	params := unsafe.Slice((*unsafe.Pointer)(l.params), len(args)+1)
	for i, a := range args {
		p := unsafe.Add(l.vals, 8*i)
		params[i] = p
		if size := put(p, a); size != sizes[i] {
			panic(fmt.Sprintf("drv: parameter %d of kernel %s has %d bytes, given a %T", i, name, sizes[i], a))
		}
	}
	return l
}

// put writes a parameter and returns its bytes, 0 for a type that no parameter has.
func put(p unsafe.Pointer, a any) int {
	switch v := a.(type) {
	case uint64:
		*(*uint64)(p) = v
	case int64:
		*(*int64)(p) = v
	case float64:
		*(*float64)(p) = v
	case uint32:
		*(*uint32)(p) = v
		return 4
	case int32:
		*(*int32)(p) = v
		return 4
	case float32:
		*(*float32)(p) = v
		return 4
	default:
		return 0
	}
	return 8
}

// Do launches. It allocates nothing.
func (l *Launch) Do(s cu.Stream) error {
	return check(C.launch(l.f, l.grid[0], l.grid[1], l.grid[2], l.block[0], l.block[1], l.block[2], l.shared, stream(s), (*unsafe.Pointer)(l.params)))
}

// Free frees the parameters.
func (l *Launch) Free() { C.free(l.vals); C.free(l.params) }

// A Graph is what was launched on a stream while it was captured.
type Graph struct {
	graph C.CUgraph
	exec  C.CUgraphExec
}

// Capture makes a graph of what do launches on a stream. Other threads may allocate meanwhile; this one may not.
func Capture(s cu.Stream, do func() error) (*Graph, error) {
	if err := check(C.cuStreamBeginCapture(stream(s), C.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL)); err != nil {
		return nil, fmt.Errorf("cuStreamBeginCapture: %w", err)
	}
	err := do()
	g := &Graph{}
	if e := check(C.cuStreamEndCapture(stream(s), &g.graph)); err == nil {
		err = e
	}
	if err == nil {
		err = check(C.cuGraphInstantiateWithFlags(&g.exec, g.graph, 0))
	}
	if err != nil {
		if g.graph != nil {
			C.cuGraphDestroy(g.graph)
		}
		return nil, fmt.Errorf("capturing a graph: %w", err)
	}
	return g, nil
}

// Launch runs the graph. It allocates nothing.
func (g *Graph) Launch(s cu.Stream) error { return check(C.cuGraphLaunch(g.exec, stream(s))) }

// Destroy frees the graph.
func (g *Graph) Destroy() error {
	return errors.Join(check(C.cuGraphExecDestroy(g.exec)), check(C.cuGraphDestroy(g.graph)))
}
