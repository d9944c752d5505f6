//go:build gpu

package drv

import "os"

// orderEnv names the order in which the driver numbers GPUs.
const orderEnv = "CUDA_DEVICE_ORDER"

// numberByBus makes the driver number GPUs as nvidia-smi does, by their places on the bus, unless the environment says how: its default begins with the fastest.
// The driver looks when it is started.
func numberByBus() {
	if os.Getenv(orderEnv) == "" {
		_ = os.Setenv(orderEnv, "PCI_BUS_ID")
	}
}
