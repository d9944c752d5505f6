package serve

import (
	"fmt"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"
)

// load is a call that adds a model to table a.
func load(t *testing.T) string {
	return "SELECT madlib.load_keras_model('a', $j$" + arch(t) + "$j$::json)"
}

const added = "N(Keras_Model:_Added_model_id_%d_to_a_table)"

// TestBeginInPipeline: a transaction that the client begins in the pipeline of a call, without a Sync between, stays the client's.
func TestBeginInPipeline(t *testing.T) {
	s := start(t, nil)
	c := dialRaw(t, s.proxied)
	c.asks(load(t), fmt.Sprintf(added, 1)+" T D() C(SELECT_1) Z(I)")
	begin := []pgproto3.FrontendMessage{&pgproto3.Parse{Query: "BEGIN"}, &pgproto3.Bind{}, &pgproto3.Execute{}}
	call := append(unnamed(load(t)), &pgproto3.Sync{})
	for _, sql := range []string{"BEGIN", "START TRANSACTION"} {
		begin[0] = &pgproto3.Parse{Query: sql}
		tag := map[string]string{"BEGIN": "C(BEGIN)", "START TRANSACTION": "C(START_TRANSACTION)"}[sql]
		c.sends(slices.Concat(begin, call)...)
		c.says("1 2 " + tag + " 1 2 T " + fmt.Sprintf(added, 2) + " D() C(SELECT_1) Z(T)")
		c.asks("ROLLBACK", "C(ROLLBACK) Z(I)")
		c.asks("SELECT count(*) FROM a", "T D(1) C(SELECT_1) Z(I)")
	}

	// One that fails makes the client's transaction fail, and what came before it.
	c.sends(slices.Concat(begin, unnamed("CREATE TABLE b (a int)"), unnamed("SELECT madlib.delete_keras_model('a', 77)"), []pgproto3.FrontendMessage{&pgproto3.Sync{}})...)
	c.says("1 2 C(START_TRANSACTION) 1 2 n C(CREATE_TABLE) 1 2 T E(55000) Z(E)")
	c.asks("ROLLBACK", "C(ROLLBACK) Z(I)")
	c.asks("SELECT to_regclass('b') IS NULL", "T D(t) C(SELECT_1) Z(I)")

	// A transaction that has ended again leaves a pipeline, which is one transaction.
	end := []pgproto3.FrontendMessage{&pgproto3.Parse{Query: "COMMIT"}, &pgproto3.Bind{}, &pgproto3.Execute{}}
	c.sends(slices.Concat(begin, end, unnamed(load(t)), unnamed("SELECT 1/count(*) FROM a WHERE false"), []pgproto3.FrontendMessage{&pgproto3.Sync{}})...)
	c.says("1 2 C(START_TRANSACTION) 1 2 C(COMMIT) 1 2 T " + fmt.Sprintf(added, 2) + " D() C(SELECT_1) 1 2 T E(22012) Z(I)")
	c.asks("SELECT count(*) FROM a", "T D(1) C(SELECT_1) Z(I)")

	// A query string behind a pipeline without Sync is in its transaction.
	c.sends(slices.Concat(begin, []pgproto3.FrontendMessage{&pgproto3.Query{String: load(t)}})...)
	c.says("1 2 C(START_TRANSACTION) " + fmt.Sprintf(added, 2) + " T D() C(SELECT_1) Z(T)")
	c.asks("ROLLBACK", "C(ROLLBACK) Z(I)")
	c.asks("SELECT count(*) FROM a", "T D(1) C(SELECT_1) Z(I)")
}

// TestUnqualifiedInPipeline: calls without a schema, several in one transaction and in one pipeline.
func TestUnqualifiedInPipeline(t *testing.T) {
	s := start(t, nil)
	c := dialRaw(t, s.proxied)
	c.asks("SET search_path = "+s.schema+", madlib", "C(SET) Z(I)")
	load := "SELECT load_keras_model('a', $j$" + arch(t) + "$j$::json)"
	sync := []pgproto3.FrontendMessage{&pgproto3.Sync{}}
	answer := func(id int) string { return "1 2 T " + fmt.Sprintf(added, id) + " D() C(SELECT_1) " }
	c.asks("BEGIN", "C(BEGIN) Z(T)")
	for id := range 3 {
		c.sends(slices.Concat(unnamed(load), sync)...)
		c.says(answer(id+1) + "Z(T)")
	}
	c.asks("COMMIT", "C(COMMIT) Z(I)")
	c.sends(slices.Concat(unnamed(load), unnamed(load), sync)...)
	c.says(answer(4) + answer(5) + "Z(I)")
	c.asks("SELECT count(*) FROM a", "T D(5) C(SELECT_1) Z(I)")

	// What the server says of a hidden message is the answer to the client's: here one of the client's portals has the name of the hidden ones.
	c.asks("BEGIN", "C(BEGIN) Z(T)")
	c.sends(&pgproto3.Parse{Query: "SELECT 1"}, &pgproto3.Bind{DestinationPortal: hiddenName})
	c.sends(slices.Concat(unnamed(load), sync)...)
	c.says("1 2 E(42P03) Z(E)")
	c.asks("ROLLBACK", "C(ROLLBACK) Z(I)")
}

// TestRevived: what the server says of the unnamed statement of a client, which the proxy gives it again.
func TestRevived(t *testing.T) {
	s := start(t, nil)
	c := dialRaw(t, s.proxied)
	sync := []pgproto3.FrontendMessage{&pgproto3.Sync{}}
	c.asks("BEGIN", "C(BEGIN) Z(T)")
	c.sends(&pgproto3.Parse{Query: "SELECT 7"}, &pgproto3.Parse{Name: "call", Query: "SELECT madlib.delete_keras_model('a', 77)"})
	again := []pgproto3.FrontendMessage{&pgproto3.Bind{}, &pgproto3.Execute{}, &pgproto3.Sync{}}
	call := []pgproto3.FrontendMessage{&pgproto3.Bind{PreparedStatement: "call"}, &pgproto3.Execute{}, &pgproto3.Sync{}}
	c.sends(sync...)
	c.says("1 1 Z(T)")
	c.sends(call...)
	c.says("2 E(42P01) Z(E)")
	c.sends(again...)
	c.says("E(25P02) Z(E)")
	c.asks("ROLLBACK", "C(ROLLBACK) Z(I)")
	c.sends(again...)
	c.says("E(26000) Z(I)") // PostgreSQL has no unnamed statement behind a query string
}

// TestNotices: what the server says while it evaluates arguments reaches the client, with its place in the client's text; what it says of hidden
// statements does not.
func TestNotices(t *testing.T) {
	s := start(t, nil)
	c := dialRaw(t, s.proxied)
	c.asks("CREATE FUNCTION tell(a text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'evaluated'; RAISE WARNING 'really'; RETURN a; END $$", "C(CREATE_FUNCTION) Z(I)")
	call := "SELECT madlib.delete_keras_model(tell('a'), 77)"
	c.asks(call, "N(evaluated) N(really) E(42P01) Z(I)")
	c.sends(append(unnamed(call), &pgproto3.Sync{})...)
	c.says("1 2 T N(evaluated) N(really) E(42P01) Z(I)")
	c.asks("SET escape_string_warning = on; SET standard_conforming_strings = off", "C(SET) C(SET) Z(I)")
	c.sends(&pgproto3.Query{String: "/* before */ SELECT madlib.delete_keras_model('a\\b', 77)"})
	m, err := c.Receive()
	if n, is := m.(*pgproto3.NoticeResponse); err != nil || !is || n.Position != 47 {
		t.Errorf("got %+v, %v", m, err)
	}
	c.says("E(42P01) Z(I)")
}
