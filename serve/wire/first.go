package wire

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
)

// The codes of first messages that are no start-up.
const (
	cancelCode = 80877102
	tlsCode    = 80877103
	gssCode    = 80877104
)

// maxFirst is the longest first message, as in PostgreSQL.
const maxFirst = 10000

// tlsHandshake is the first byte of a TLS connection without a request for it.
const tlsHandshake = 0x16

// A First is what a client wants.
type First struct {
	// Startup is the whole start-up message, nil for a request to cancel.
	Startup []byte
	// Parameters of the start-up: user, database, and settings.
	Parameters map[string]string
	// Minor is the minor version of the protocol that the client wants.
	Minor int
	// Cancel is the whole request to cancel, and Key the process ID and secret key in it.
	Cancel, Key []byte
	TLS         bool
}

// Accept reads what a client sends first, and encrypts the connection where the client asks for it and there is a configuration.
func Accept(ctx context.Context, c net.Conn, config *tls.Config) (*Conn, First, error) {
	conn, first := NewConn(c), First{}
	for {
		if b, err := conn.r.Peek(1); err == nil && b[0] == tlsHandshake && config != nil && !first.TLS {
			if conn, err = secure(ctx, &buffered{Conn: c, from: conn}, config); err != nil {
				return conn, first, err
			}
			first.TLS = true
			continue
		}
		message, code, err := conn.readFirst()
		if err != nil {
			return conn, first, err
		}
		switch code {
		case tlsCode, gssCode:
			if conn.Buffered() > 0 {
				return conn, first, errors.New("bytes behind a request for encryption")
			}
			yes := code == tlsCode && config != nil && !first.TLS
			if err := conn.answer(yes); err != nil {
				return conn, first, err
			}
			if yes {
				if conn, err = secure(ctx, c, config); err != nil {
					return conn, first, err
				}
				first.TLS = true
			}
		case cancelCode:
			first.Cancel, first.Key = message, message[8:]
			return conn, first, nil
		default:
			if code>>16 != 3 {
				return conn, first, fmt.Errorf("version %d.%d of the protocol is not spoken", code>>16, code&0xffff)
			}
			first.Startup, first.Minor = message, int(code&0xffff)
			first.Parameters, err = parameters(message[8:])
			return conn, first, err
		}
	}
}

// readFirst reads a message without a type.
func (c *Conn) readFirst() (message []byte, code uint32, err error) {
	h, err := c.r.Peek(8)
	if err != nil {
		return nil, 0, err
	}
	size := int(binary.BigEndian.Uint32(h))
	if size < 8 || size > maxFirst {
		return nil, 0, fmt.Errorf("the first message says that it has %d bytes; is it PostgreSQL's protocol?", size)
	}
	message = make([]byte, size)
	_, err = io.ReadFull(c.r, message)
	return message, binary.BigEndian.Uint32(message[4:]), err
}

// answer says whether the connection will be encrypted.
func (c *Conn) answer(yes bool) error {
	b := []byte{'N'}
	if yes {
		b[0] = 'S'
	}
	_, err := c.Write(b)
	return err
}

func secure(ctx context.Context, c net.Conn, config *tls.Config) (*Conn, error) {
	t := tls.Server(c, config)
	return NewConn(t), t.HandshakeContext(ctx)
}

// A buffered is a connection of which something was read already.
type buffered struct {
	net.Conn
	from *Conn
}

func (b *buffered) Read(p []byte) (int, error) { return b.from.r.Read(p) }

// parameters reads pairs of zero-terminated texts, up to an empty one.
func parameters(b []byte) (map[string]string, error) {
	texts := strings.Split(string(b), "\x00")
	out := map[string]string{}
	for i := 0; i+1 < len(texts); i += 2 {
		if texts[i] == "" {
			if i+2 != len(texts) {
				break
			}
			return out, nil
		}
		out[texts[i]] = texts[i+1]
	}
	return nil, errors.New("the start-up message does not end as it should")
}
