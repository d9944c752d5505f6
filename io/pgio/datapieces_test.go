package pgio

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"

	"github.com/jackc/pgx/v5/pgproto3"
)

// message is one of a server's.
func message(kind byte, body []byte) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{kind}, uint32(len(body)+4)), body...)
}

// TestDataPieces: of a stream of messages pgx gets all bytes, those of a COPY in pieces and others as they are, however they come.
func TestDataPieces(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var sent, rows []byte
	var notices []int
	for _, size := range []int{0, 1, 100, pieceBytes - 1, pieceBytes, pieceBytes + 1, 3*pieceBytes + 5, 7} {
		body := make([]byte, size)
		for i := range body {
			body[i] = byte(random.Uint32())
		}
		rows = append(rows, body...)
		sent = append(sent, message('d', body)...)
		notice := append([]byte("M"), bytes.Repeat([]byte("x"), 2*size)...)
		notices = append(notices, 2*size)
		sent = append(sent, message('N', append(notice, 0, 0))...)
	}
	for name, r := range map[string]io.Reader{
		"whole": bytes.NewReader(sent), "halves": iotest.HalfReader(bytes.NewReader(sent)), "with the end": iotest.DataErrReader(bytes.NewReader(sent)),
		"bytes": iotest.OneByteReader(bytes.NewReader(sent)),
	} {
		t.Run(name, func(t *testing.T) {
			f := buildFrontend(r, io.Discard)
			var got []byte
			var told []int
			for {
				m, err := f.Receive()
				if errors.Is(err, io.ErrUnexpectedEOF) {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				switch m := m.(type) {
				case *pgproto3.CopyData:
					if len(m.Data) > pieceBytes {
						t.Fatalf("a piece of %d bytes, expected %d at most", len(m.Data), pieceBytes)
					}
					got = append(got, m.Data...)
				case *pgproto3.NoticeResponse:
					told = append(told, len(m.Message))
				}
			}
			if !bytes.Equal(got, rows) {
				t.Errorf("%d bytes of rows, expected %d, or others", len(got), len(rows))
			}
			if len(told) != len(notices) {
				t.Fatalf("%d notices, expected %d", len(told), len(notices))
			}
			for i := range told {
				if told[i] != notices[i] {
					t.Errorf("a notice of %d bytes, expected %d", told[i], notices[i])
				}
			}
		})
	}
}

// FuzzDataPieces: bytes of any kind reach pgx as they are but for the headers of pieces, and a reader of any size gets the same.
func FuzzDataPieces(f *testing.F) {
	f.Add(message('d', []byte("row")), 3)
	f.Add([]byte{'d', 0x7f, 0xff, 0xff, 0xff, 1}, 1)
	f.Add([]byte{'d', 0, 0, 0, 1, 1, 2, 3, 4, 5}, 9)
	f.Fuzz(func(t *testing.T, data []byte, size int) {
		size = max(1, size%100)
		var got []byte
		d := &dataPieces{r: newAhead(iotest.OneByteReader(bytes.NewReader(data)))}
		for p := make([]byte, size); ; {
			n, err := d.Read(p)
			got = append(got, p[:n]...)
			if err != nil {
				break
			}
		}
		whole, _ := io.ReadAll(&dataPieces{r: newAhead(bytes.NewReader(data))})
		if !bytes.Equal(got, whole) {
			t.Errorf("%x in reads of %d bytes, %x else", got, size, whole)
		}
	})
}
