package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
)

// runPeer trains the network with Keras or PyTorch, as one worker on all rows (peers.py), with as many threads as they choose.
func (c fitCase) runPeer(ctx context.Context, dir, python string) (result, error) {
	cmd := exec.CommandContext(ctx, python, "scripts/convergence/peers.py", c.Peer, c.Net, fmt.Sprint(c.Rows), fmt.Sprint(c.Seed), fmt.Sprint(passes), dir+"/package/data")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return result{}, err
	}
	r := result{Case: c}
	return r, json.Unmarshal(out, &r)
}
