package exchange

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/beamfit/beamfit/io/internal/inputfile"
	"github.com/beamfit/beamfit/io/internal/oserr"
)

// ReadFile reads a file or pipe of at most most bytes whole. what says in the error what more would be.
func ReadFile(ctx context.Context, path string, most int64, what string) ([]byte, error) {
	f, err := inputfile.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	// The end of ctx ends the wait for what somebody writes to a pipe.
	defer context.AfterFunc(ctx, func() { _ = f.SetReadDeadline(time.Now()) })()
	var all bytes.Buffer
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() { // memory that grows step by step would be three times the file
		all.Grow(int(min(info.Size(), most)) + bytes.MinRead)
	}
	_, err = all.ReadFrom(io.LimitReader(f, most+1))
	data := all.Bytes()
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, fmt.Errorf("file %s: %w", path, oserr.Named(err))
	case int64(len(data)) > most:
		return nil, fmt.Errorf("file %s: more than %d bytes; %s", path, most, what)
	}
	return data, nil
}
