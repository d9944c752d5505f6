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
