package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
)

// A peer is a peers.py process.
type peer struct {
	name string
	in   io.WriteCloser
	out  *bufio.Scanner
	cmd  *exec.Cmd
}

// startPeer starts python peers.py name with that many threads.
func startPeer(python, script, name string, threads int) (*peer, error) {
	cmd := exec.Command(python, script, name, "--threads", strconv.Itoa(threads))
	n := strconv.Itoa(threads)
	cmd.Env = append(os.Environ(), "OMP_NUM_THREADS="+n, "OPENBLAS_NUM_THREADS="+n, "MKL_NUM_THREADS="+n)
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &peer{name, in, bufio.NewScanner(out), cmd}, nil
}

type answer struct {
	Setting string
	Seconds float64
}

func (p *peer) ask(request map[string]any) (answer, error) {
	line, err := json.Marshal(request)
	if err != nil {
		return answer{}, err
	}
	if _, err := p.in.Write(append(line, '\n')); err != nil {
		return answer{}, fmt.Errorf("%s: %w", p.name, err)
	}
	if !p.out.Scan() {
		return answer{}, fmt.Errorf("%s ended: %w", p.name, errors.Join(p.out.Err(), io.ErrUnexpectedEOF))
	}
	var a answer
	if err := json.Unmarshal(p.out.Bytes(), &a); err != nil {
		return answer{}, fmt.Errorf("%s answered %q: %w", p.name, p.out.Text(), err)
	}
	return a, nil
}

// run does the prepared work once and returns its seconds.
func (p *peer) run() (float64, error) {
	a, err := p.ask(map[string]any{"op": "run"})
	return a.Seconds, err
}

func (p *peer) stop() {
	_ = p.in.Close()
	_ = p.cmd.Wait()
}
