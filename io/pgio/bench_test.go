package pgio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/beamfit/beamfit/io/table"
)

// BenchmarkRead reads images of 784 numbers, and compares with the COPY alone. Bytes are those on the wire.
func BenchmarkRead(b *testing.B) {
	const rows, pixels = 2000, 784
	for _, typ := range []struct {
		sql   string
		width int64
	}{{"smallint", 6}, {"real", 8}, {"double precision", 12}, {"numeric", 14}} {
		storeURL, admin := testSchema(b)
		ctx := context.Background()
		err := exec(ctx, admin, fmt.Sprintf(`CREATE TABLE images AS SELECT i AS id,
			ARRAY(SELECT ((i * 31 + j * 7) %% 256)::%s FROM generate_series(1, %d) j) AS x FROM generate_series(1, %d) i`, typ.sql, pixels, rows))
		if err != nil {
			b.Fatal(err)
		}
		size := rows * (pixels*typ.width + 30)
		b.Run(typ.sql+"/COPY alone", func(b *testing.B) {
			conn, err := pgx.Connect(ctx, storeURL)
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = conn.Close(ctx) }()
			b.SetBytes(size)
			for b.Loop() {
				if _, err := conn.PgConn().CopyTo(ctx, io.Discard, "COPY (SELECT id, x FROM images) TO STDOUT (FORMAT binary)"); err != nil {
					b.Fatal(err)
				}
			}
		})
		for _, opt := range []struct {
			name string
			table.ReadOptions
		}{{"as it is", table.ReadOptions{}}, {"float32", table.ReadOptions{Float32: []string{"x"}}}} {
			b.Run(typ.sql+"/"+opt.name, func(b *testing.B) {
				s, err := Open(ctx, storeURL, table.OpenOptions{})
				if err != nil {
					b.Fatal(err)
				}
				defer func() { _ = s.Close() }()
				snap, err := s.Snapshot(ctx, table.Name{Table: "images"})
				if err != nil {
					b.Fatal(err)
				}
				parts, err := snap.Partitions(ctx, 1)
				if err != nil {
					b.Fatal(err)
				}
				b.SetBytes(size)
				b.ReportAllocs()
				for b.Loop() {
					r, err := s.Read(ctx, parts[0], opt.ReadOptions)
					if err != nil {
						b.Fatal(err)
					}
					n := 0
					for {
						batch, err := r.Next(ctx)
						if errors.Is(err, io.EOF) {
							break
						}
						if err != nil {
							b.Fatal(err)
						}
						n += batch.Rows
					}
					if n != rows {
						b.Fatalf("%d rows", n)
					}
				}
				if err := snap.Close(); err != nil {
					b.Fatal(err)
				}
			})
		}
	}
}
