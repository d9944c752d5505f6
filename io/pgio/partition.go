package pgio

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/beamfit/beamfit/io/table"
)

// maxSlices is the number of slices whose rows are counted when a snapshot is taken; partitions are made of them. Tables
// with fewer blocks are cut at single rows.
const maxSlices = 256

// A tid is a row's place: block and line. A zero tid stands for an open end.
type tid struct{ Block, Line uint32 }

func (t tid) String() string { return fmt.Sprintf("(%d,%d)", t.Block, t.Line) }

// A tidRange is the rows from a place to before another one.
type tidRange struct {
	from, to    tid
	first, rows int64
}

// A partitionToken is what a Reader needs to find its rows.
type partitionToken struct {
	Snapshot string `json:"snapshot"`
	Relation uint32 `json:"relation"`
	// Heap: rows have places, and come in their order whatever is asked of them.
	Heap bool `json:"heap"`
	From tid  `json:"from"`
	To   tid  `json:"to"`
}

func (t partitionToken) encode() string {
	text, err := json.Marshal(t)
	if err != nil {
		panic(err) // strings and integers always encode
	}
	return string(text)
}

var snapshotID = regexp.MustCompile(`^[0-9A-Fa-f-]+$`)

func decodeToken(text string) (partitionToken, error) {
	var t partitionToken
	if err := json.Unmarshal([]byte(text), &t); err != nil {
		return t, fmt.Errorf("partition token: %w", err)
	}
	if !snapshotID.MatchString(t.Snapshot) {
		return t, fmt.Errorf("partition token: %q is not a snapshot of PostgreSQL", t.Snapshot)
	}
	return t, nil
}

// where is the SQL condition of the range, with a leading blank, "" when it is the whole table.
func (t partitionToken) where() string {
	var terms []string
	if t.From != (tid{}) {
		terms = append(terms, "ctid OPERATOR(pg_catalog.>=) '"+t.From.String()+"'::pg_catalog.tid")
	}
	if t.To != (tid{}) {
		terms = append(terms, "ctid OPERATOR(pg_catalog.<) '"+t.To.String()+"'::pg_catalog.tid")
	}
	if terms == nil {
		return ""
	}
	return " WHERE " + strings.Join(terms, " AND ")
}

// A cut is how a table can be cut.
type cut struct {
	rows int64
	// cannot: the server cannot cut it. whole: it can, which does not pay.
	cannot, whole bool
	// slices of the table; nil when it is cut at single rows.
	slices []tidRange
}

// A sliceCounter counts the rows of slices of per blocks, of which the table has blocks. What comes before each slice it leaves to the caller.
type sliceCounter func(ctx context.Context, rel relation, per, blocks int64) ([]tidRange, error)

// measure counts the rows of a relation, slice by slice where it is large, in one pass over it.
func measure(ctx context.Context, conn *pgx.Conn, rel relation, splitBytes int64, slices sliceCounter) (cut, error) {
	if !rel.heap || serverVersion(conn) < 14 { // older servers read the whole table for every range
		rows, err := count(ctx, conn, rel.name)
		return cut{rows: rows, cannot: true}, err
	}
	var bytes, blocks int64
	err := conn.QueryRow(ctx, `SELECT pg_table_size($1::oid), pg_relation_size($1::oid) / current_setting('block_size')::int8`,
		rel.oid).Scan(&bytes, &blocks)
	if err != nil {
		return cut{}, err
	}
	if blocks <= maxSlices {
		rows, err := count(ctx, conn, rel.name)
		return cut{rows: rows, whole: bytes < splitBytes}, err
	}
	var c cut
	if c.slices, err = slices(ctx, rel, (blocks+maxSlices-1)/maxSlices, blocks); err != nil {
		return cut{}, err
	}
	for i := range c.slices {
		c.slices[i].first = c.rows
		c.rows += c.slices[i].rows
	}
	return c, nil
}

// countOn counts the rows of slices of per blocks, of which the first begins at block from and the last before block to.
func countOn(ctx context.Context, conn *pgx.Conn, rel relation, per, from, to int64) (slices []tidRange, err error) {
	r, err := queryInUsersPath(ctx, conn, fmt.Sprintf(`
		SELECT b, (SELECT pg_catalog.count(*) FROM ONLY %s
			WHERE ctid OPERATOR(pg_catalog.>=) pg_catalog.format('(%%s,0)', b)::pg_catalog.tid
			AND ctid OPERATOR(pg_catalog.<) pg_catalog.format('(%%s,0)', b OPERATOR(pg_catalog.+) %d::pg_catalog.int8)::pg_catalog.tid)
		FROM pg_catalog.generate_series(%d::pg_catalog.int8, %d::pg_catalog.int8, %[2]d::pg_catalog.int8) b ORDER BY b`,
		quoteName(rel.name), per, from, to-1))
	if err != nil {
		return nil, err
	}
	var block uint32
	var n int64
	err = scanRows(r, func() error {
		slices = append(slices, tidRange{from: tid{Block: block}, rows: n})
		return nil
	}, &block, &n)
	return slices, err
}

func count(ctx context.Context, conn *pgx.Conn, name table.Name) (n int64, err error) {
	r, err := queryInUsersPath(ctx, conn, "SELECT pg_catalog.count(*) FROM "+quoteName(name))
	if err != nil {
		return 0, err
	}
	err = scanRows(r, func() error { return nil }, &n)
	return n, err
}

// into cuts the table into at most n ranges of about as many rows each.
func (c cut) into(ctx context.Context, conn *pgx.Conn, rel relation, n int) ([]tidRange, error) {
	switch {
	case c.rows == 0:
		return nil, nil
	case c.cannot || c.whole || n == 1:
		return []tidRange{{rows: c.rows}}, nil
	case c.slices == nil:
		return c.atShares(ctx, conn, rel, n)
	}
	return c.atSlices(n), nil
}

// before cuts the table before the given rows.
func (c cut) before(ctx context.Context, conn *pgx.Conn, rel relation, rows []int64) ([]tidRange, error) {
	switch {
	case c.rows == 0:
		return nil, nil
	case c.cannot || len(rows) == 0:
		return []tidRange{{rows: c.rows}}, nil
	}
	return c.atRows(ctx, conn, rel, append([]int64{0}, rows...))
}

// atSlices joins neighbouring slices; the k-th range ends at the slice that reaches k n-ths of the rows.
func (c cut) atSlices(n int) []tidRange {
	var out []tidRange
	begin, first := tid{}, int64(0)
	for i, s := range c.slices {
		end := s.first + s.rows
		last := i == len(c.slices)-1
		if end == first || !last && end*int64(n) < c.rows*int64(len(out)+1) {
			continue
		}
		if end == c.rows {
			return append(out, tidRange{from: begin, first: first, rows: end - first})
		}
		next := c.slices[i+1].from
		out = append(out, tidRange{from: begin, to: next, first: first, rows: end - first})
		begin, first = next, end
	}
	return out
}

// atShares cuts a table of few blocks into at most n ranges whose rows differ by at most one.
func (c cut) atShares(ctx context.Context, conn *pgx.Conn, rel relation, n int) ([]tidRange, error) {
	parts := min(int64(n), c.rows)
	firsts := make([]int64, parts)
	for k := range parts {
		firsts[k] = k * c.rows / parts
	}
	return c.atRows(ctx, conn, rel, firsts)
}

// atRows cuts a table exactly: a range begins at each of these rows, of which the first is row 0.
func (c cut) atRows(ctx context.Context, conn *pgx.Conn, rel relation, firsts []int64) ([]tidRange, error) {
	wanted := strings.Trim(strings.Join(strings.Fields(fmt.Sprint(firsts[1:])), ","), "[]")
	r, err := queryInUsersPath(ctx, conn, fmt.Sprintf(`
		SELECT place FROM (
			SELECT ctid::pg_catalog.text AS place, pg_catalog.row_number() OVER () OPERATOR(pg_catalog.-) 1::pg_catalog.int8 AS n FROM ONLY %s
		) t WHERE n OPERATOR(pg_catalog.=) ANY ('{%s}'::pg_catalog.int8[]) ORDER BY n`, quoteName(rel.name), wanted))
	if err != nil {
		return nil, err
	}
	out := []tidRange{{}}
	var place string
	err = scanRows(r, func() error {
		var t tid
		if _, err := fmt.Sscanf(place, "(%d,%d)", &t.Block, &t.Line); err != nil {
			return fmt.Errorf("row place %q: %w", place, err)
		}
		out[len(out)-1].to = t
		out = append(out, tidRange{from: t})
		return nil
	}, &place)
	if err != nil {
		return nil, err
	}
	if len(out) != len(firsts) {
		return nil, fmt.Errorf("%d of %d partition boundaries found", len(out), len(firsts))
	}
	for k := range out {
		out[k].first, out[k].rows = firsts[k], c.rows-firsts[k]
		if k+1 < len(out) {
			out[k].rows = firsts[k+1] - firsts[k]
		}
	}
	return out, nil
}

// serverVersion is the major version.
func serverVersion(conn *pgx.Conn) int {
	var v int
	_, _ = fmt.Sscanf(conn.PgConn().ParameterStatus("server_version"), "%d", &v)
	return v
}
