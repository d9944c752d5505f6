// tensor.cu: the products and convolutions of gemm.cu and conv.cu on tensor cores, for compute capability 8.0 and later: a translation unit and
// a module of its own. A kernel x there that has the forms x_tf32 and x_tf32x3 here has them with the same parameters, blocks and threads.
#include "conv.h"
#include "gemm.h"
#include "tensor.h"

#define TENSOR_KERNELS(MODE, PRODUCTS) \
	typedef tensor<64, 64, PRODUCTS> MODE##_64x64; \
	typedef tensor<128, 128, PRODUCTS> MODE##_128x128; \
	typedef tensor<128, 64, PRODUCTS> MODE##_128x64; \
	typedef tensor<128, 32, PRODUCTS> MODE##_128x32; \
	KERNEL(gemm_nn_64_##MODE, THREADS, GEMM_PARAMETERS) { GEMM_NN(MODE##_64x64) } \
	KERNEL(gemm_nt_64_##MODE, THREADS, GEMM_PARAMETERS) { GEMM_NT(MODE##_64x64) } \
	KERNEL(gemm_tn_64_##MODE, THREADS, GEMM_PARAMETERS) { GEMM_TN(MODE##_64x64) } \
	KERNEL(gemm_tt_64_##MODE, THREADS, GEMM_PARAMETERS) { GEMM_TT(MODE##_64x64) } \
	KERNEL(gemm_nn_128_##MODE, THREADS, GEMM_PARAMETERS) { GEMM_NN(MODE##_128x128) } \
	KERNEL(gemm_nt_128_##MODE, THREADS, GEMM_PARAMETERS) { GEMM_NT(MODE##_128x128) } \
	KERNEL(gemm_tn_128_##MODE, THREADS, GEMM_PARAMETERS) { GEMM_TN(MODE##_128x128) } \
	KERNEL(conv_forward_64_##MODE, THREADS, CONV_PARAMETERS) { CONV_BODY(MODE##_128x64) } \
	KERNEL(conv_forward_32_##MODE, THREADS, CONV_PARAMETERS) { CONV_BODY(MODE##_128x32) } \
	KERNEL(conv_dx_64_##MODE, THREADS, CONV_DX_PARAMETERS) { CONV_DX_BODY(MODE##_128x64) } \
	KERNEL(conv_dx_32_##MODE, THREADS, CONV_DX_PARAMETERS) { CONV_DX_BODY(MODE##_128x32) } \
	KERNEL(conv_dk_64_##MODE, THREADS, CONV_DK_PARAMETERS) { CONV_DK_BODY(MODE##_64x64) } \
	KERNEL(conv_dk_32_##MODE, THREADS, CONV_DK_PARAMETERS) { CONV_DK_BODY(MODE##_128x32) }

TENSOR_KERNELS(tf32, 1)
TENSOR_KERNELS(tf32x3, 3)
