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
	"strings"
	"time"
)

// peerProcesses starts a process per peer and number of threads, and keeps it for the works that follow.
type peerProcesses struct {
	python, script string
	current        *peer
}

var peers peerProcesses

// A peer is a peers.py process.
type peer struct {
	name    string
	threads int
	in      io.WriteCloser
	out     *bufio.Scanner
	cmd     *exec.Cmd
}

// get is the running process of that name and number of threads, or a new one in the place of any other.
func (p *peerProcesses) get(name string, threads int) (*peer, error) {
	if c := p.current; c != nil && c.name == name && c.threads == threads {
		return c, nil
	}
	p.stop()
	n := strconv.Itoa(threads)
	cmd := exec.Command(p.python, p.script, name, "--threads", n)
	cmd.Env = environment(n)
	cmd.Stderr = os.Stderr
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
	p.current = &peer{name, threads, in, bufio.NewScanner(out), cmd}
	return p.current, nil
}

// environment is that of a peer with so many threads.
func environment(threads string) []string {
	return append(os.Environ(), "OMP_NUM_THREADS="+threads, "OPENBLAS_NUM_THREADS="+threads, "MKL_NUM_THREADS="+threads)
}

// versions says what the peers are, in which versions.
func (p *peerProcesses) versions() (string, error) {
	cmd := exec.Command(p.python, p.script, "versions")
	cmd.Env = environment("1")
	cmd.Stderr = os.Stderr
	line, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("versions of the peers: %w", err)
	}
	return strings.TrimSpace(string(line)), nil
}

// stop ends the process.
func (p *peerProcesses) stop() {
	if p.current != nil {
		_ = p.current.in.Close()
		_ = p.current.cmd.Wait()
		p.current = nil
	}
}

// askPeer is a peer, prepared to do what the request says.
func askPeer(name string, threads int, request map[string]any) (*side, error) {
	p, err := peers.get(name, threads)
	if err != nil {
		return nil, err
	}
	prepared, err := p.ask(request)
	if err != nil {
		peers.stop() // it may have ended, or be in the middle of something
		return nil, err
	}
	return &side{setting: prepared.Setting, run: func() (float64, error) {
		a, err := p.ask(map[string]any{"op": "run"})
		if err != nil {
			peers.stop()
		}
		return a.Seconds, err
	}}, nil
}

type answer struct {
	Setting string
	Seconds float64
}

// patience is how long a peer may take for one answer, compiling included.
const patience = 5 * time.Minute

func (p *peer) ask(request map[string]any) (answer, error) {
	line, err := json.Marshal(request)
	if err != nil {
		return answer{}, err
	}
	if _, err := p.in.Write(append(line, '\n')); err != nil {
		return answer{}, fmt.Errorf("%s: %w", p.name, err)
	}
	late := time.AfterFunc(patience, func() { _ = p.cmd.Process.Kill() })
	defer late.Stop()
	if !p.out.Scan() {
		return answer{}, fmt.Errorf("%s ended, or took longer than %v: %w", p.name, patience, errors.Join(p.out.Err(), io.ErrUnexpectedEOF))
	}
	var a answer
	if err := json.Unmarshal(p.out.Bytes(), &a); err != nil {
		return answer{}, fmt.Errorf("%s answered %q: %w", p.name, p.out.Text(), err)
	}
	return a, nil
}
