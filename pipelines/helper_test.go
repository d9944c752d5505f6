package pipelines

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/csv"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/beamfit/beamfit/io/fileio"
	"github.com/beamfit/beamfit/io/netns"
	"github.com/beamfit/beamfit/pipelines/internal/tables"

	_ "github.com/beamfit/beamfit/io/pgio"
	"github.com/beamfit/beamfit/io/table"
)

// onStores runs a test with an empty store of each kind.
func onStores(t *testing.T, test func(t *testing.T, store table.Store)) {
	t.Run("file", func(t *testing.T) { test(t, fileStore(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, pgStore(t)) })
}

// pgStore is a store in a new schema of the test server.
func pgStore(t testing.TB) table.Store {
	t.Helper()
	return openStore(t, pgSchema(t))
}

// pgSchema is the URL of a new schema of the test server, to which options of a session may be appended.
func pgSchema(t testing.TB) string {
	t.Helper()
	server := os.Getenv("BEAMFIT_TEST_PG")
	if server == "" {
		t.Skip("BEAMFIT_TEST_PG is not set: run scripts/test")
	}
	schema := "pipelines_" + strings.ToLower(rand.Text())
	execSQL(t, server, "CREATE SCHEMA "+schema)
	t.Cleanup(func() { execSQL(t, server, "DROP SCHEMA "+schema+" CASCADE") })
	mark := "?"
	if strings.Contains(server, "?") {
		mark = "&"
	}
	return server + mark + "options=-csearch_path%3D" + schema
}

func openStore(t testing.TB, url string) table.Store {
	t.Helper()
	store, err := table.Open(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

// execSQL runs a statement on a server, which programs like psql cannot reach from the network namespace of the tests.
func execSQL(t testing.TB, server, sql string) {
	t.Helper()
	ctx := context.Background()
	config, err := pgx.ParseConfig(server)
	if err != nil {
		t.Fatal(err)
	}
	config.LookupFunc, config.DialFunc = netns.LookupHost, netns.DialContext
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// fileStore is an empty store of files.
func fileStore(t testing.TB) table.Store {
	t.Helper()
	s, err := fileio.Open(context.Background(), "file:"+t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func mustName(t testing.TB, text string) table.Name {
	t.Helper()
	n, err := table.ParseName(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// writeTable makes a table of rows.
func writeTable(t testing.TB, store table.Store, name string, schema table.Schema, rows ...[]any) {
	t.Helper()
	ctx := context.Background()
	out, err := store.Create(ctx, table.CreateOptions{Tables: []table.TableSpec{{Name: mustName(t, name), Schema: schema, Ordered: true}}})
	if err != nil {
		t.Fatal(err)
	}
	b := table.NewBatch(schema)
	for _, r := range rows {
		if err := b.Append(r...); err != nil {
			t.Fatal(err)
		}
	}
	if b.Rows > 0 {
		if err := tables.WriteRows(ctx, store, out.ID(), b); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Commit(ctx); err != nil {
		t.Fatal(err)
	}
}

// readTable reads a whole table.
func readTable(t testing.TB, store table.Store, name string) *table.Batch {
	t.Helper()
	ctx := context.Background()
	snap, err := store.Snapshot(ctx, mustName(t, name))
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Close()
	b, err := tables.ReadAll(ctx, store, snap, nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// dropTable removes a table.
func dropTable(t testing.TB, store table.Store, name string) {
	t.Helper()
	if err := store.Mutate(context.Background(), mustName(t, name), func(tx table.Tx) error { return tx.Drop() }); err != nil {
		t.Fatal(err)
	}
}

// tablesOf lists the tables of a store.
func tablesOf(t testing.TB, store table.Store) []string {
	t.Helper()
	names, err := store.List(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, n := range names {
		out = append(out, n.Table)
	}
	slices.Sort(out)
	return out
}

// dropTables removes all tables of a store.
func dropTables(t testing.TB, store table.Store) {
	t.Helper()
	for _, name := range tablesOf(t, store) {
		dropTable(t, store, table.Quote(name))
	}
}

// An example is a row of the iris table.
type example struct {
	id         int
	attributes []float64
	class      string
}

var irisClasses = []string{"Iris-setosa", "Iris-versicolor", "Iris-virginica"}

// iris reads the 150 rows of the documentation's example.
func iris(t testing.TB) []example {
	t.Helper()
	data, err := os.ReadFile("../cmd/beamfit/internal/iris/iris.csv")
	if err != nil {
		t.Fatal(err)
	}
	records, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows []example
	for _, r := range records[1:] {
		var e example
		e.id, _ = strconv.Atoi(r[0])
		for _, x := range strings.Split(strings.Trim(r[1], "{}"), ",") {
			f, err := strconv.ParseFloat(x, 64)
			if err != nil {
				t.Fatal(err)
			}
			e.attributes = append(e.attributes, f)
		}
		e.class = r[2]
		rows = append(rows, e)
	}
	return rows
}

// parted gives every fifth row to the test set.
func parted(rows []example) (train, test []example) {
	for i, r := range rows {
		if i%5 == 4 {
			test = append(test, r)
		} else {
			train = append(train, r)
		}
	}
	return train, test
}

// irisTable writes rows as the documentation's table.
func irisTable(t testing.TB, store table.Store, name string, rows []example) {
	t.Helper()
	schema := table.Schema{{Name: "id", Type: table.Int32Type}, {Name: "attributes", Type: table.Float64ArrayType}, {Name: "class_text", Type: table.VarcharType}}
	var out [][]any
	for _, r := range rows {
		out = append(out, []any{r.id, r.attributes, r.class})
	}
	writeTable(t, store, name, schema, out...)
}

// A packing says how packIris packs.
type packing struct {
	shards  int // 0: no __dist_key__
	buffer  int // rows per buffer
	x, y    string
	classes []any // class values; nil: irisClasses
	padding int   // classes added to the one-hot labels
}

// packIris writes a packed table and its summary, as preprocess does; row i of every shard comes from all over the data.
func packIris(t testing.TB, store table.Store, name string, rows []example, p packing) {
	t.Helper()
	if p.buffer == 0 {
		p.buffer = 40
	}
	if p.x == "" {
		p.x, p.y = "attributes", "class_text"
	}
	schema := table.Schema{
		{Name: "__dist_key__", Type: table.Int32Type},
		{Name: p.x, Type: table.BytesType},
		{Name: p.y, Type: table.BytesType},
		{Name: p.x + "_shape", Type: table.Int32ArrayType},
		{Name: p.y + "_shape", Type: table.Int32ArrayType},
		{Name: "buffer_id", Type: table.Int32Type},
	}
	k := len(irisClasses) + p.padding
	var packed [][]any
	for b := 0; b*p.buffer < len(rows); b++ {
		n := min(p.buffer, len(rows)-b*p.buffer)
		var x, y []byte
		for i := range n {
			r := rows[(b*p.buffer+i)*37%len(rows)]
			for _, a := range r.attributes {
				x = binary.LittleEndian.AppendUint32(x, math.Float32bits(float32(a)))
			}
			for j := range k {
				one := uint16(0)
				if j < len(irisClasses) && irisClasses[j] == r.class {
					one = 1
				}
				y = binary.LittleEndian.AppendUint16(y, one)
			}
		}
		packed = append(packed, []any{10 * (b % max(1, p.shards)), x, y, []int{n, 4}, []int{n, k}, b})
	}
	if p.shards == 0 {
		schema = schema[1:]
		for i := range packed {
			packed[i] = packed[i][1:]
		}
	}
	writeTable(t, store, name, schema, packed...)
	packSummary(t, store, name, p)
}

func packSummary(t testing.TB, store table.Store, name string, p packing) {
	t.Helper()
	if p.classes == nil {
		for _, c := range irisClasses {
			p.classes = append(p.classes, c)
		}
		for range p.padding {
			p.classes = append(p.classes, nil)
		}
	}
	schema := table.Schema{
		{Name: "source_table", Type: table.TextType},
		{Name: "output_table", Type: table.TextType},
		{Name: "dependent_varname", Type: table.TextArrayType},
		{Name: "independent_varname", Type: table.TextArrayType},
		{Name: "dependent_vartype", Type: table.TextArrayType},
		{Name: p.y + "_class_values", Type: table.VarcharType.ArrayOf()},
		{Name: "buffer_size", Type: table.Int32Type},
		{Name: "normalizing_const", Type: table.Float32Type},
		{Name: "num_classes", Type: table.Int32ArrayType},
		{Name: "distribution_rules", Type: table.TextType},
		{Name: "__internal_gpu_config__", Type: table.TextType},
	}
	writeTable(t, store, name+"_summary", schema, []any{
		"iris", name,
		[]string{p.y},
		[]string{p.x},
		[]string{"character varying"},
		table.Array{Elems: p.classes},
		p.buffer, float32(1),
		[]int{len(p.classes)},
		"all_segments", "all_segments",
	})
}

// irisJSON is the architecture of the documentation's example.
func irisJSON(t testing.TB) []byte {
	t.Helper()
	b, err := os.ReadFile("../cmd/beamfit/internal/iris/iris_mlp.json")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// loadIris loads the documentation's architecture as model 1 of the table arch.
func loadIris(t testing.TB, store table.Store) {
	t.Helper()
	if _, err := LoadModel(context.Background(), Env{Store: store}, LoadModelOptions{ArchTable: "arch", Arch: irisJSON(t)}); err != nil {
		t.Fatal(err)
	}
}

const irisCompile = " loss='categorical_crossentropy', optimizer='adam', metrics=['categorical_accuracy'] "

// irisFit are the arguments of the documentation's example.
func irisFit() FitOptions {
	return FitOptions{
		Source: "iris_train_packed", Model: "iris_model", ArchTable: "arch", ID: 1,
		Compile: irisCompile, Fit: " batch_size=5, epochs=3 ", Iterations: 10, Seed: 1,
	}
}

// withIris makes the tables that fit needs: three shards, validation data and the architecture.
func withIris(t testing.TB, store table.Store) {
	t.Helper()
	train, test := parted(iris(t))
	packIris(t, store, "iris_train_packed", train, packing{shards: 3, buffer: 20})
	packIris(t, store, "iris_test_packed", test, packing{shards: 3, buffer: 10})
	irisTable(t, store, "iris_test", test)
	loadIris(t, store)
}

// tableText is the whole content of a table as text, to compare it.
func tableText(t testing.TB, store table.Store, name string) string {
	t.Helper()
	b := readTable(t, store, name)
	var out strings.Builder
	for i := range b.Rows {
		for c := range b.Cols {
			text, null := table.FormatValue(&b.Cols[c], i)
			if null {
				text = "NULL"
			}
			out.WriteString(b.Schema[c].Name + " " + b.Schema[c].Type.SQL + " | " + text + "\n")
		}
	}
	return out.String()
}

// modelWeights are the bytes of a model's weights.
func modelWeights(t testing.TB, store table.Store, name string) []byte {
	t.Helper()
	return readTable(t, store, name).Col("model_weights").Bytes[0]
}

// wantError checks that an error says all of that.
func wantError(t testing.TB, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error; want one that says %q", parts)
		return
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			t.Errorf("error %q does not say %q", err, p)
		}
	}
}
