package pgio

import (
	"context"
	"io"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/beamfit/beamfit/io/table"
)

// chunkBytes is about how much encoded data goes to the connection at a time.
const chunkBytes = 256 << 10

// copyIn is a COPY FROM STDIN that runs beside its caller.
type copyIn struct {
	encode *encoder
	buf    []byte
	cancel context.CancelFunc // of the COPY
	starve context.CancelFunc // of what feeds it
	chunks chan []byte
	empty  chan []byte
	done   chan struct{}
	err    error // read after done
}

// startCopy begins to copy rows into a table on a connection that nobody else uses until finish or abort.
func startCopy(ctx context.Context, conn *pgx.Conn, into table.Name, enc *encoder) *copyIn {
	c := &copyIn{encode: enc, chunks: make(chan []byte), empty: make(chan []byte, 2), done: make(chan struct{})}
	for range 2 {
		c.empty <- nil
	}
	c.buf = enc.begin(nil)
	ctx, c.cancel = context.WithCancel(context.WithoutCancel(ctx))
	var fed context.Context
	fed, c.starve = context.WithCancel(ctx)
	go func() {
		defer close(c.done)
		_, c.err = copyFrom(ctx, conn, &chunkReader{ctx: fed, conn: conn, from: c.chunks, back: c.empty}, inUsersPath(conn, enc.sql(into)))
	}()
	return c
}

// write encodes the rows of a batch and passes on what is enough for a chunk.
func (c *copyIn) write(ctx context.Context, b *table.Batch) error {
	pass := func(data []byte) ([]byte, error) { return c.pass(ctx, data) }
	for i := range b.Rows {
		var err error
		if c.buf, err = c.encode.row(c.buf, b, i, pass); err != nil {
			return err
		}
		if len(c.buf) >= chunkBytes {
			if c.buf, err = c.pass(ctx, c.buf); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

// pass gives a chunk to the COPY and returns a buffer that it has done with.
func (c *copyIn) pass(ctx context.Context, chunk []byte) ([]byte, error) {
	select {
	case c.chunks <- chunk:
		return (<-c.empty)[:0], nil
	case <-ctx.Done():
		return chunk, ctx.Err()
	case <-c.done:
		if c.err == nil {
			c.err = io.ErrUnexpectedEOF
		}
		return chunk, c.err
	}
}

// finish sends the rest and waits for the server.
func (c *copyIn) finish(ctx context.Context) error {
	if _, err := c.pass(ctx, c.encode.end(c.buf)); err != nil {
		return err
	}
	close(c.chunks)
	select {
	case <-c.done:
		return c.err
	case <-ctx.Done():
		c.cancel()
		<-c.done
		return ctx.Err()
	}
}

// abort stops the COPY and waits until the connection is free: first by telling the server in the COPY itself, then, if it
// does not listen, by cancelling.
func (c *copyIn) abort() {
	c.starve()
	select {
	case <-c.done:
	case <-time.After(cancelDeadline):
	}
	c.cancel()
	<-c.done
}

// chunkReader reads chunks until their channel is closed or the context ends.
type chunkReader struct {
	ctx       context.Context
	conn      *pgx.Conn // of the COPY, which waits while there is no chunk
	from      <-chan []byte
	back      chan<- []byte
	chunk     []byte
	remaining []byte
}

func (r *chunkReader) Read(p []byte) (int, error) {
	for len(r.remaining) == 0 {
		if r.chunk != nil {
			r.back <- r.chunk
			r.chunk = nil
		}
		if err := r.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.remaining)
	r.remaining = r.remaining[n:]
	return n, nil
}

// next waits for a chunk.
func (r *chunkReader) next() error {
	defer resting(r.conn)()
	select {
	case chunk, more := <-r.from:
		if !more {
			return io.EOF
		}
		r.chunk, r.remaining = chunk, chunk
		return nil
	case <-r.ctx.Done():
		return r.ctx.Err()
	}
}
