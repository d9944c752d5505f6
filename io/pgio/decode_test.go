package pgio

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/io/table"
)

// wireColumns are columns of every kind that has a binary form, and arrays of them.
func wireColumns() []column {
	var cols []column
	for _, c := range []struct {
		oid     uint32
		receive string
		typ     table.Type
	}{
		{oidBool, "boolrecv", table.BoolType},
		{oidInt2, "int2recv", table.Int16Type},
		{oidInt4, "int4recv", table.Int32Type},
		{oidInt8, "int8recv", table.Int64Type},
		{oidFloat4, "float4recv", table.Float32Type},
		{oidFloat8, "float8recv", table.Float64Type},
		{oidText, "textrecv", table.TextType},
		{oidBytea, "bytearecv", table.BytesType},
	} {
		elem := pgType{oid: c.oid, name: c.typ.SQL, receive: c.receive, delim: ","}
		for _, typ := range []table.Type{c.typ, c.typ.ArrayOf()} {
			cols = append(cols, column{Column: table.Column{Name: fmt.Sprintf("c%d", len(cols)), Type: typ}, elem: elem})
		}
	}
	return cols
}

// wireBatch is a batch of random rows of those columns.
func wireBatch(t testing.TB, cols []column, rows int) *table.Batch {
	t.Helper()
	rng := rand.New(rand.NewPCG(7, uint64(rows)))
	scalar := func(k table.Kind) any {
		switch k {
		case table.Bool:
			return rng.IntN(2) == 0
		case table.Int16:
			return int16(rng.Uint32())
		case table.Int32:
			return int32(rng.Uint32())
		case table.Int64:
			return int64(rng.Uint64())
		case table.Float32:
			return rng.Float32()
		case table.Float64:
			return rng.NormFloat64()
		case table.Bytes:
			return []byte(strings.Repeat("\x00\xff", rng.IntN(4)))
		}
		return strings.Repeat("ü", rng.IntN(4))
	}
	b := table.NewBatch(schemaOf(cols))
	for range rows {
		row := make([]any, len(cols))
		for i, c := range cols {
			switch {
			case rng.IntN(5) == 0:
			case c.Type.Array:
				a := table.Array{Shape: [][]int{{0}, {3}, {2, 2}, {1, 2, 3}}[rng.IntN(4)]}
				n := 1
				for _, d := range a.Shape {
					n *= d
				}
				for range n {
					var e any
					if rng.IntN(6) > 0 {
						e = scalar(c.Type.Kind)
					}
					a.Elems = append(a.Elems, e)
				}
				row[i] = a
			default:
				row[i] = scalar(c.Type.Kind)
			}
		}
		if err := b.Append(row...); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

func encodeAll(t testing.TB, cols []column, b *table.Batch) []byte {
	t.Helper()
	enc, err := newEncoder(cols, "")
	if err != nil {
		t.Fatal(err)
	}
	if !enc.binary {
		t.Fatal("the text form was chosen")
	}
	return encodedBy(t, enc, b)
}

// encodedBy is what an encoder makes of the rows of a batch. It fails where more than some chunks are in memory at once.
func encodedBy(t testing.TB, enc *encoder, b *table.Batch) (all []byte) {
	t.Helper()
	keep := func(data []byte) ([]byte, error) {
		if len(data) < chunkBytes || len(data) > 4*chunkBytes {
			t.Errorf("%d bytes at once, expected about %d", len(data), chunkBytes)
		}
		all = append(all, data...)
		return data[:0], nil
	}
	buf := enc.begin(nil)
	for i := range b.Rows {
		var err error
		if buf, err = enc.row(buf, b, i, keep); err != nil {
			t.Fatal(err)
		}
		if len(buf) > 4*chunkBytes {
			t.Errorf("%d bytes at the end of a row, expected about %d", len(buf), chunkBytes)
		}
	}
	return append(all, enc.end(buf)...)
}

// TestLargeValues: a value of many chunks is never in memory a second time, and the rows are as they would be in one piece.
func TestLargeValues(t *testing.T) {
	wire := wireColumns()
	cols := []column{wire[4], wire[14], wire[14]} // integer, bytea, bytea
	b := table.NewBatch(schemaOf(cols))
	for i, size := range []int{3, chunkBytes - 1, chunkBytes, 5*chunkBytes + 7} {
		value := make([]byte, size)
		for k := range value {
			value[k] = byte(k*k + i)
		}
		if err := b.Append(int32(i), value, []byte{1, 2}); err != nil {
			t.Fatal(err)
		}
	}
	var want []byte
	for i := range b.Rows {
		value := b.Cols[1].Bytes[i]
		want = be.AppendUint32(be.AppendUint32(be.AppendUint16(want, 3), 4), uint32(i))
		want = append(be.AppendUint32(want, uint32(len(value))), value...)
		want = append(be.AppendUint32(want, 2), 1, 2)
	}
	enc, err := newEncoder(cols, "")
	if err != nil {
		t.Fatal(err)
	}
	if got := encodedBy(t, enc, b); !bytes.Equal(got[copyHeaderLen:len(got)-2], want) {
		t.Error("the binary rows are others")
	}
	enc.binary, enc.row = false, enc.textRow
	want = want[:0]
	for i := range b.Rows {
		want = fmt.Appendf(want, "%d\t\\\\x%x\t\\\\x0102\n", i, b.Cols[1].Bytes[i])
	}
	if got := encodedBy(t, enc, b); !bytes.Equal(got, want) {
		t.Error("the rows of text are others")
	}
}

// decodePieces decodes a stream that comes in pieces of the given size, and prints its rows.
func decodePieces(cols []column, float32s []string, data []byte, size int) (string, error) {
	plan, err := planRead(cols, nil, float32s)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	dec := &copyDecoder{plan: plan, maxRows: 3, next: func(b *table.Batch) (*table.Batch, error) {
		if b != nil {
			for i := range b.Rows {
				for c := range b.Cols {
					fmt.Fprintf(&out, "%#v\n", b.Cols[c].Value(i))
				}
			}
		}
		return table.NewBatch(plan.schema), nil
	}}
	for len(data) > 0 {
		n := min(size, len(data))
		if _, err := dec.Write(data[:n]); err != nil {
			return out.String(), err
		}
		data = data[n:]
	}
	err = dec.finish()
	return out.String(), err
}

func TestDecodeWhatWasEncoded(t *testing.T) {
	cols := wireColumns()
	b := wireBatch(t, cols, 20)
	var want strings.Builder
	for i := range b.Rows {
		for c := range b.Cols {
			v := b.Cols[c].Value(i)
			if a, is := v.(table.Array); is && len(a.Elems) == 0 {
				v = table.Array{Elems: []any{}, Shape: []int{0}}
			}
			fmt.Fprintf(&want, "%#v\n", v)
		}
	}
	data := encodeAll(t, cols, b)
	for _, size := range []int{1, 2, 3, 7, 100, len(data)} {
		got, err := decodePieces(cols, nil, data, size)
		if err != nil {
			t.Fatal(err)
		}
		if got != want.String() {
			t.Errorf("in pieces of %d bytes the rows differ", size)
		}
	}
	for _, cut := range []int{0, 1, 10, 19, 20, 25, len(data) / 2, len(data) - 1} {
		if _, err := decodePieces(cols, nil, data[:cut], len(data)); err == nil {
			t.Errorf("%d of %d bytes were taken for all", cut, len(data))
		}
	}
	if _, err := decodePieces(cols, nil, append(data, 0), len(data)+1); err == nil {
		t.Error("bytes behind the end were taken")
	}
}

// TestDecodeWideValues: values that come in many pieces are whole, whatever stands beside them, and so is a row that is not wanted.
func TestDecodeWideValues(t *testing.T) {
	elem := pgType{oid: oidBytea, name: table.BytesType.SQL, receive: "bytearecv", delim: ","}
	cols := []column{{Column: table.Column{Name: "a", Type: table.BytesType}, elem: elem}, {Column: table.Column{Name: "b", Type: table.BytesType}, elem: elem}}
	b := table.NewBatch(schemaOf(cols))
	for i, size := range []int{wideBytes, 0, 3*wideBytes + 1, wideBytes - 1} {
		value := bytes.Repeat([]byte{byte(i), 7}, size)[:size]
		if err := errors.Join(b.Cols[0].Append(value), b.Cols[1].Append(nil)); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(b.Cols[0].Append(nil), b.Cols[1].Append(value)); err != nil {
			t.Fatal(err)
		}
		b.Rows += 2
	}
	data := encodeAll(t, cols, b)
	want, err := decodePieces(cols, nil, data, len(data))
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{1000, wideBytes, len(data) - 1} {
		if got, err := decodePieces(cols, nil, data, size); err != nil || got != want {
			t.Errorf("in pieces of %d bytes: %d bytes of text, %v; expected %d", size, len(got), err, len(want))
		}
	}
	only, err := table.Select(t.Context(), table.Partition{Rows: int64(b.Rows)}, func(row int64) bool { return row == 5 })
	if err != nil {
		t.Fatal(err)
	}
	plan, err := planRead(cols, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	dec := &copyDecoder{plan: plan, pick: &picked{only: only, left: 1}, next: func(full *table.Batch) (*table.Batch, error) {
		if full != nil && (full.Rows != 1 || !bytes.Equal(full.Cols[1].Bytes[0], b.Cols[1].Bytes[5])) {
			t.Errorf("%d rows, or another than row 6", full.Rows)
		}
		return table.NewBatch(plan.schema), nil
	}}
	for rest := data; len(rest) > 0; rest = rest[min(1000, len(rest)):] {
		if _, err := dec.Write(rest[:min(1000, len(rest))]); err != nil {
			t.Fatal(err)
		}
	}
	if dec.rows != 1 {
		t.Errorf("%d of the rows were taken, one is wanted", dec.rows)
	}
	for i := range b.Rows {
		for c := range cols {
			if text := fmt.Sprintf("%#v\n", b.Cols[c].Value(i)); !strings.Contains(want, text) {
				t.Errorf("the value of row %d, column %d is missing", i+1, c)
			}
		}
	}
}

// BenchmarkLongText decodes one text that comes in the pieces in which pgx gets it: the time goes with its length, whatever that is.
func BenchmarkLongText(b *testing.B) {
	cols := slices.DeleteFunc(wireColumns(), func(c column) bool { return c.Type != table.TextType })
	plan, err := planRead(cols, nil, nil)
	if err != nil {
		b.Fatal(err)
	}
	for _, mb := range []int{2, 16, 128} {
		be := binary.BigEndian
		data := append(slices.Clip(copySignature), make([]byte, copyHeaderLen-len(copySignature))...)
		data = be.AppendUint32(be.AppendUint16(data, 1), uint32(mb<<20))
		data = be.AppendUint16(append(data, bytes.Repeat([]byte("x"), mb<<20)...), math.MaxUint16)
		b.Run(fmt.Sprintf("%d MB", mb), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				dec := &copyDecoder{plan: plan, next: func(*table.Batch) (*table.Batch, error) { return table.NewBatch(plan.schema), nil }}
				for rest := data; len(rest) > 0; rest = rest[min(pieceBytes, len(rest)):] {
					if _, err := dec.Write(rest[:min(pieceBytes, len(rest))]); err != nil {
						b.Fatal(err)
					}
				}
				if err := dec.finish(); err != nil || dec.rows != 1 {
					b.Fatal(dec.rows, err)
				}
			}
		})
	}
}

// FuzzDecode gives the decoder foreign bytes: it may refuse them but not fail in another way, and the pieces in which
// they come may not matter.
func FuzzDecode(f *testing.F) {
	cols := wireColumns()
	data := encodeAll(f, cols, wireBatch(f, cols, 2))
	f.Add(data, 100)
	for _, at := range []int{11, 15, 19, 21, 25, 40, 60, 90} {
		bad := append([]byte{}, data...)
		bad[at] ^= 0xff
		f.Add(bad, 9)
	}
	f.Fuzz(func(t *testing.T, data []byte, size int) {
		if size < 1 {
			size = 1
		}
		float32s := []string{"c3", "c5", "c7", "c9", "c11"}
		whole, err := decodePieces(cols, float32s, data, len(data)+1)
		pieces, pieceErr := decodePieces(cols, float32s, data, size)
		if whole != pieces || (err == nil) != (pieceErr == nil) {
			t.Errorf("whole: %q, %v; in pieces: %q, %v", whole, err, pieces, pieceErr)
		}
	})
}

// binaryNumeric makes the binary form of a plain decimal.
func binaryNumeric(text string) []byte {
	sign := uint16(numericPositive)
	if strings.HasPrefix(text, "-") {
		sign, text = numericNegative, text[1:]
	}
	whole, fraction, _ := strings.Cut(text, ".")
	whole = strings.Repeat("0", (4-len(whole)%4)%4) + whole
	scale := len(fraction)
	fraction += strings.Repeat("0", (4-len(fraction)%4)%4)
	digits, weight := whole+fraction, len(whole)/4-1
	for strings.HasPrefix(digits, "0000") {
		digits = digits[4:]
		weight--
	}
	for strings.HasSuffix(digits, "0000") {
		digits = digits[:len(digits)-4]
	}
	out := be.AppendUint16(nil, uint16(len(digits)/4))
	out = be.AppendUint16(out, uint16(weight))
	out = be.AppendUint16(out, sign)
	out = be.AppendUint16(out, uint16(scale))
	for i := 0; i < len(digits); i += 4 {
		n, err := strconv.Atoi(digits[i : i+4])
		if err != nil {
			panic(err)
		}
		out = be.AppendUint16(out, uint16(n))
	}
	return out
}

func TestNumericFloat32(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	check := func(text string) {
		t.Helper()
		want, wantErr := strconv.ParseFloat(text, 32)
		if wantErr == nil && want == 0 && strings.Trim(text, "-0.") != "" {
			wantErr = errors.New("too small")
		}
		got, err := numericFloat32(binaryNumeric(text))
		if (err != nil) != (wantErr != nil) || err == nil && got != float32(want) {
			t.Errorf("%s: got %v, %v; want %v, %v", text, got, err, want, wantErr)
		}
	}
	for range 20_000 {
		text := strconv.FormatUint(rng.Uint64()>>rng.IntN(64), 10)
		if rng.IntN(3) > 0 {
			text += "." + strings.Repeat("0", rng.IntN(9)) + strconv.FormatUint(rng.Uint64()>>rng.IntN(64), 10)
		}
		if rng.IntN(2) == 0 {
			text = "-" + text
		}
		check(text)
	}
	// Halfway between neighbouring float32s, and a little off.
	for range 2000 {
		x := math.Float32frombits(rng.Uint32()%0x10000000 + 0x38000000)
		y := math.Nextafter32(x, math.MaxFloat32)
		middle := strconv.FormatFloat((float64(x)+float64(y))/2, 'f', -1, 64)
		if !strings.Contains(middle, ".") {
			middle += ".0"
		}
		check(middle)
		check(middle + "000000000000000000000001")
		check(strings.TrimRight(middle, "0")[:len(strings.TrimRight(middle, "0"))-1])
	}
	for _, text := range []string{"0", "0.0001", "10000", "99999999", "340282356779733661637539395458142568447", "340282356779733661637539395458142568448", "0." + strings.Repeat("0", 45) + "7", "0." + strings.Repeat("0", 45) + "8", "1" + strings.Repeat("0", 1000)} {
		check(text)
	}
}

func FuzzNumericFloat32(f *testing.F) {
	for _, s := range []string{"0", "-1.5", "123456789.000001", "1" + strings.Repeat("0", 50)} {
		f.Add(binaryNumeric(s))
	}
	f.Add([]byte{0, 0, 0, 0, 0xC0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		if x, err := numericFloat32(data); err == nil && math.IsInf(float64(x), 0) && be16(data[4:]) < numericNaN {
			t.Errorf("%x gives %v", data, x)
		}
	})
}

// TestFloat32LikeTheServer compares with SQL's own cast to real[].
func TestFloat32LikeTheServer(t *testing.T) {
	storeURL, admin := testSchema(t)
	s := openStore(t, storeURL)
	setup(t, admin, "SELECT setseed(0.5)", `CREATE TABLE casts AS SELECT
		ARRAY(SELECT ((random() - 0.5) * 10 ^ (random() * 40 - 20 + i * 0))::numeric FROM generate_series(1, 20)) AS n,
		ARRAY(SELECT ((random() - 0.5) * 10 ^ (random() * 70 - 35 + i * 0)) FROM generate_series(1, 20)) AS d,
		ARRAY(SELECT ((random() - 0.5) * 1.8e19 * random() ^ 8 + i * 0)::int8 FROM generate_series(1, 20)) AS b,
		ARRAY(SELECT ((random() - 0.5) * 4.2e9 + i * 0)::int4 FROM generate_series(1, 20)) AS i
		FROM generate_series(1, 300) i`,
		"CREATE VIEW cast_by_server AS SELECT n, d, b, i, n::real[] AS n_r, d::real[] AS d_r, b::real[] AS b_r, i::real[] AS i_r FROM casts")
	ctx := context.Background()
	snap, err := s.Snapshot(ctx, tableNamed("cast_by_server"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = snap.Close() }()
	parts, err := snap.Partitions(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Read(ctx, parts[0], table.ReadOptions{Float32: []string{"n", "d", "b", "i"}})
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for {
		b, err := r.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		for k := range 4 {
			for j, x := range b.Cols[k].Float32s {
				if want := b.Cols[k+4].Float32s[j]; x != want {
					t.Errorf("column %s, element %d: got %v, want %v", b.Schema[k].Name, j, x, want)
				}
				compared++
			}
		}
	}
	if compared != 4*300*20 {
		t.Errorf("%d values compared", compared)
	}
}

// TestFloatTextLikeTheServer compares table.FloatText with what the server prints.
func TestFloatTextLikeTheServer(t *testing.T) {
	storeURL, _ := testSchema(t)
	s := openStore(t, storeURL)
	ctx := context.Background()
	conn, err := s.acquire(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	rng := rand.New(rand.NewPCG(8, 9))
	var doubles []float64
	var singles []float32
	for e := -30; e <= 30; e++ {
		doubles = append(doubles, math.Pow10(e), math.Pow10(e)*1.5, -math.Pow10(e)/3)
		singles = append(singles, float32(math.Pow10(e)), float32(math.Pow10(e)*1.5), -float32(math.Pow10(e)/3))
	}
	for range 3000 {
		doubles = append(doubles, math.Float64frombits(rng.Uint64()))
		singles = append(singles, math.Float32frombits(rng.Uint32()))
	}
	var wantDoubles, wantSingles []string
	err = conn.QueryRow(ctx, `SELECT (SELECT array_agg(x::text ORDER BY n) FROM unnest($1::float8[]) WITH ORDINALITY d(x, n)),
		(SELECT array_agg(x::text ORDER BY n) FROM unnest($2::float4[]) WITH ORDINALITY d(x, n))`, doubles, singles).Scan(&wantDoubles, &wantSingles)
	if err != nil {
		t.Fatal(err)
	}
	for i, x := range doubles {
		if got := table.FloatText(x, 64); got != wantDoubles[i] {
			t.Errorf("double precision: got %s, want %s", got, wantDoubles[i])
		}
	}
	for i, x := range singles {
		if got := table.FloatText(float64(x), 32); got != wantSingles[i] {
			t.Errorf("real: got %s, want %s", got, wantSingles[i])
		}
	}
}
