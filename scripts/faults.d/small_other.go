//go:build !linux

package main

import "errors"

var errMount = errors.New("full disks need Linux")

func mayMount() bool { return false }

func mountMemory(string, int) error { return errMount }

func fill(string, int64) error { return errMount }
