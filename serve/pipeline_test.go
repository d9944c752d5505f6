package serve

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

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

	// So does one behind the call, which takes over what the call has begun.
	for _, sql := range []string{"BEGIN", "START TRANSACTION READ WRITE"} {
		tag := map[string]string{"BEGIN": "C(BEGIN)", "START TRANSACTION READ WRITE": "C(START_TRANSACTION)"}[sql]
		behind := []pgproto3.FrontendMessage{&pgproto3.Parse{Query: sql}, &pgproto3.Bind{}, &pgproto3.Execute{}}
		called := "1 2 T " + fmt.Sprintf(added, 2) + " D() C(SELECT_1) "
		c.sends(slices.Concat(unnamed(load(t)), behind, []pgproto3.FrontendMessage{&pgproto3.Sync{}})...)
		c.says(called + "1 2 " + tag + " Z(T)")
		c.asks("ROLLBACK", "C(ROLLBACK) Z(I)")
		c.sends(slices.Concat(unnamed(load(t)), behind, unnamed(load(t)), behind, []pgproto3.FrontendMessage{&pgproto3.Sync{}})...)
		c.says(called + "1 2 " + tag + " 1 2 T " + fmt.Sprintf(added, 3) + " D() C(SELECT_1) 1 2 N(there_is_already_a_transaction_in_progress) " + tag + " Z(T)")
		c.asks("ROLLBACK", "C(ROLLBACK) Z(I)")
		c.sends(slices.Concat(unnamed(load(t)), behind, []pgproto3.FrontendMessage{&pgproto3.Query{String: "SELECT 1"}})...)
		c.says(called + "1 2 " + tag + " T D(1) C(SELECT_1) Z(T)")
		c.asks("ROLLBACK", "C(ROLLBACK) Z(I)")
		c.sends(slices.Concat(unnamed(load(t)), behind, unnamed("SELECT madlib.delete_keras_model('a', 77)"), []pgproto3.FrontendMessage{&pgproto3.Sync{}})...)
		c.says(called + "1 2 " + tag + " 1 2 T E(55000) Z(E)")
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

// TestNames: what a name means is what the server has under it: a Parse that fails changes nothing, DEALLOCATE ends it.
func TestNames(t *testing.T) {
	s := start(t, nil)
	c := dialRaw(t, s.proxied)
	sync := []pgproto3.FrontendMessage{&pgproto3.Sync{}}
	execute := func(name string) []pgproto3.FrontendMessage {
		return []pgproto3.FrontendMessage{&pgproto3.Bind{PreparedStatement: name}, &pgproto3.Execute{}, &pgproto3.Sync{}}
	}
	parse := func(name, sql string) {
		t.Helper()
		c.sends(append([]pgproto3.FrontendMessage{&pgproto3.Parse{Name: name, Query: sql}}, sync...)...)
	}
	const call, other = "SELECT madlib.delete_keras_model('a', 77)", "SELECT 'a', 77"
	parse("call", call)
	c.says("1 Z(I)")
	parse("other", other)
	c.says("1 Z(I)")
	parse("call", other)
	c.says("E(42P05) Z(I)")
	parse("other", call)
	c.says("E(42P05) Z(I)")
	parse("wrong", "SELECT madlib.delete_keras_model(nothing, 77)")
	c.says("E(42703) Z(I)")
	for range 2 {
		c.sends(execute("call")...)
		c.says("2 E(42P01) Z(I)")
		c.sends(execute("other")...)
		c.says("2 D(a|77) C(SELECT_1) Z(I)")
		// A Parse that the server drops, after an error.
		c.sends(slices.Concat([]pgproto3.FrontendMessage{&pgproto3.Parse{Query: other}}, sync)...)
		c.says("1 Z(I)")
		c.sends(&pgproto3.Bind{PreparedStatement: "nothing"}, &pgproto3.Close{ObjectType: 'S', Name: "none"}, &pgproto3.Parse{Query: call}, &pgproto3.Sync{})
		c.says("E(26000) Z(I)")
		c.sends(execute("")...)
		c.says("2 D(a|77) C(SELECT_1) Z(I)")
	}

	// A message that the server drops, after an error.
	for _, dropped := range []pgproto3.FrontendMessage{
		&pgproto3.Close{ObjectType: 'S', Name: "closed"}, &pgproto3.Close{ObjectType: 'P', Name: "closed"}, &pgproto3.Bind{PreparedStatement: "other", DestinationPortal: "closed"},
	} {
		parse("closed", call)
		c.says("1 Z(I)")
		c.asks("BEGIN; SAVEPOINT a", "C(BEGIN) C(SAVEPOINT) Z(T)")
		c.sends(&pgproto3.Bind{PreparedStatement: "closed", DestinationPortal: "closed"}, &pgproto3.Sync{})
		c.says("2 Z(T)")
		c.asks("SAVEPOINT b", "C(SAVEPOINT) Z(T)")
		c.sends(&pgproto3.Bind{PreparedStatement: "nothing"}, dropped, &pgproto3.Sync{})
		c.says("E(26000) Z(E)")
		c.asks("ROLLBACK TO b", "C(ROLLBACK) Z(T)")
		c.sends(&pgproto3.Execute{Portal: "closed"}, &pgproto3.Sync{})
		c.says("E(42P01) Z(E)")
		c.asks("ROLLBACK", "C(ROLLBACK) Z(I)")
		c.sends(execute("closed")...)
		c.says("2 E(42P01) Z(I)")
		c.sends(&pgproto3.Close{ObjectType: 'S', Name: "closed"}, &pgproto3.Sync{})
		c.says("3 Z(I)")
	}

	c.asks("BEGIN", "C(BEGIN) Z(T)")
	c.sends(&pgproto3.Bind{PreparedStatement: "other", DestinationPortal: "p"}, &pgproto3.Sync{})
	c.says("2 Z(T)")
	c.asks("SAVEPOINT a", "C(SAVEPOINT) Z(T)")
	c.sends(&pgproto3.Bind{PreparedStatement: "nothing"}, &pgproto3.Bind{PreparedStatement: "call", DestinationPortal: "p"}, &pgproto3.Sync{})
	c.says("E(26000) Z(E)")
	c.asks("ROLLBACK TO a", "C(ROLLBACK) Z(T)")
	c.sends(&pgproto3.Execute{Portal: "p"}, &pgproto3.Sync{})
	c.says("D(a|77) C(SELECT_1) Z(T)")
	c.asks("ROLLBACK", "C(ROLLBACK) Z(I)")

	known := func() (n int) {
		s.proxy.each(func(s *session) bool {
			s.mu.Lock()
			defer s.mu.Unlock()
			n += len(s.statements)
			return true
		})
		return n
	}
	c.asks("PREPARE p AS SELECT madlib.version(); DEALLOCATE p", "C(PREPARE) C(DEALLOCATE) Z(I)")
	if n := known(); n != 1 {
		t.Errorf("the session knows %d calls, want 1", n)
	}
	for _, sql := range []string{"DEALLOCATE call", `deallocate prepare "call"`, "DEALLOCATE ALL", "DISCARD ALL"} {
		c.asks("BEGIN", "C(BEGIN) Z(T)")
		c.asks("SELECT 1/0", "E(22012) Z(E)")
		c.asks(sql, "E(25P02) Z(E)")
		c.asks("ROLLBACK", "C(ROLLBACK) Z(I)")
		c.sends(execute("call")...)
		c.says("2 E(42P01) Z(I)")
		tag := "C(DEALLOCATE)"
		if sql == "DEALLOCATE ALL" {
			tag = "C(DEALLOCATE_ALL)"
		} else if sql == "DISCARD ALL" {
			tag = "C(DISCARD_ALL)"
		}
		c.asks(sql, tag+" Z(I)")
		if n := known(); n != 0 {
			t.Errorf("after %s the session knows %d calls", sql, n)
		}
		c.sends(execute("call")...)
		c.says("E(26000) Z(I)")
		parse("call", call)
		c.says("1 Z(I)")
	}
}

// TestPrepareInPipeline: PREPARE and DEALLOCATE of a call work as statements of the extended protocol too.
func TestPrepareInPipeline(t *testing.T) {
	s := start(t, nil)
	c := dialRaw(t, s.proxied)
	sends := func(sql string) { c.sends(append(unnamed(sql), &pgproto3.Sync{})...) }
	sends("PREPARE p AS SELECT madlib.delete_keras_model('a', $1)")
	c.says("1 2 n C(PREPARE) Z(I)")
	for range 2 {
		c.asks("EXECUTE p(77)", "E(42P01) Z(I)")
		sends("EXECUTE p(77)")
		c.says("1 2 T E(42P01) Z(I)")
	}
	sends("PREPARE p AS SELECT madlib.delete_keras_model('b', $1)")
	c.says("1 2 n E(42P05) Z(I)")
	sends("CREATE TABLE t AS EXECUTE p(77)")
	c.says("E(0A000) Z(I)")

	// An error of one that another text has prepared has no place in this one.
	c.asks("PREPARE none AS SELECT madlib.version(1)", "C(PREPARE) Z(I)")
	c.sends(&pgproto3.Bind{PreparedStatement: "none"}, &pgproto3.Execute{}, &pgproto3.Sync{})
	c.says("2")
	m, err := c.Receive()
	if e, is := m.(*pgproto3.ErrorResponse); err != nil || !is || e.Code != "42883" || e.Position != 0 {
		t.Errorf("got %+v, %v", m, err)
	}
	c.says("Z(I)")

	// The place of an error is that in the client's text.
	const wrong = "PREPARE q AS /* c */ SELECT madlib.delete_keras_model(nothing, 77)"
	c.sends(append(unnamed(wrong), &pgproto3.Sync{})...)
	c.says("1 2 n")
	m, err = c.Receive()
	if e, is := m.(*pgproto3.ErrorResponse); err != nil || !is || e.Code != "42703" || int(e.Position) != strings.Index(wrong, "nothing")+1 {
		t.Errorf("got %+v, %v", m, err)
	}
	c.says("Z(I)")

	c.sends(&pgproto3.Parse{Name: "ends", Query: "DEALLOCATE p"}, &pgproto3.Sync{})
	c.says("1 Z(I)")
	c.asks("EXECUTE p(77)", "E(42P01) Z(I)")
	c.sends(&pgproto3.Bind{PreparedStatement: "ends"}, &pgproto3.Execute{}, &pgproto3.Sync{})
	c.says("2 C(DEALLOCATE) Z(I)")
	sends("PREPARE p AS SELECT 'a', $1::int")
	c.says("1 2 n C(PREPARE) Z(I)")
	c.asks("EXECUTE p(77)", "T D(a|77) C(SELECT_1) Z(I)")
}

// TestPortalOfCall: a session that rests goes on where its client means the portal of an earlier call.
func TestPortalOfCall(t *testing.T) {
	s := start(t, nil)
	c := dialRaw(t, s.proxied)
	for _, then := range []struct {
		message pgproto3.FrontendMessage
		answer  string
	}{{&pgproto3.Close{ObjectType: 'P'}, "3 Z(I)"}, {&pgproto3.Execute{}, "E(34000) Z(I)"}, {&pgproto3.Bind{}, "E(26000) Z(I)"}} {
		for range 5 {
			c.sends(append(unnamed("SELECT madlib.version()"), &pgproto3.Sync{})...)
			for ready := false; !ready; {
				m, err := c.Receive()
				if err != nil {
					t.Fatal(err)
				}
				_, ready = m.(*pgproto3.ReadyForQuery)
			}
			c.asks("SELECT 1", "T D(1) C(SELECT_1) Z(I)")
			time.Sleep(5 * time.Millisecond) // it may rest
			c.sends(then.message, &pgproto3.Sync{})
			c.says(then.answer)
		}
	}
}
