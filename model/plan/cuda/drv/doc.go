// Package drv is what gorgonia.org/cu lacks: a start that tells what is wrong, host memory that is pinned, launches without allocation,
// graphs. It is built with the tag gpu and cgo only.
//
// # Start
//
// Package cu calls cuInit before main and ends the process where that fails, and links against libcuda. Here every function of the driver
// is a jump through a table (shim.c, one entry per line of cuda_symbols.h, which the script symbols makes of cuda.h), cuInit does nothing, and
// libcuda.a is an empty archive that satisfies the linker. So the program links without a driver and starts without one; Start loads
// libcuda.so.1, or the file that BEAMFIT_LIBCUDA names, and tells what it found, anew until it has found GPUs. GPUs have the numbers of nvidia-smi, unless
// CUDA_DEVICE_ORDER says otherwise. Where the driver could keep no compiled kernels, since there is no home folder to
// write to, it is given a folder of the user's in the temporary folder.
//
// # Failure
//
// Errors of the driver are an Error with its number and text, and with what the driver's compiler says where kernels do not compile. A launch with parameters of other sizes than the kernel's panics: the driver could not see it.
package drv
