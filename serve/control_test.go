package serve

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"
	"pgregory.net/rapid"
)

const noTransaction = "N(there_is_no_transaction_in_progress)"

// TestControls: statements around a call in one query string are in the transaction of the string, up to a statement that ends it or makes it the client's.
func TestControls(t *testing.T) {
	s := start(t, nil)
	c := dialRaw(t, s.proxied)
	c.asks("CREATE TABLE log (a int)", "C(CREATE_TABLE) Z(I)")
	c.asks(load(t), fmt.Sprintf(added, 1)+" T D() C(SELECT_1) Z(I)")
	again := fmt.Sprintf(added, 2) + " T D() C(SELECT_1) "
	counts := func(want string) {
		t.Helper()
		c.asks("SELECT (SELECT count(*) FROM log), count(*) FROM a", "T D("+want+") C(SELECT_1) Z(I)")
	}
	const insert, inserted = "INSERT INTO log VALUES (1); ", "C(INSERT_0_1) "
	c.asks(insert+load(t)+"; ROLLBACK", inserted+again+noTransaction+" C(ROLLBACK) Z(I)")
	counts("0|1")
	c.asks(insert+load(t)+"; SELECT 1/0; COMMIT", inserted+again+"E(22012) Z(I)")
	counts("0|1")
	c.asks(insert+load(t)+"; BEGIN", inserted+again+"C(BEGIN) Z(T)")
	c.asks("ROLLBACK", "C(ROLLBACK) Z(I)")
	counts("0|1")
	c.asks(insert+"BEGIN; "+load(t)+"; BEGIN", inserted+"C(BEGIN) "+again+"N(there_is_already_a_transaction_in_progress) C(BEGIN) Z(T)")
	c.asks("ROLLBACK", "C(ROLLBACK) Z(I)")
	counts("0|1")
	c.asks(insert+load(t)+"; SAVEPOINT a; "+insert, inserted+again+"E(25P01) Z(I)")
	counts("0|1")
	c.asks(insert+load(t)+"; COMMIT nonsense", inserted+again+"E(42601) Z(I)")
	counts("0|1")
	c.asks(insert+"COMMIT; "+load(t)+"; SELECT 1/0", inserted+noTransaction+" C(COMMIT) "+again+"E(22012) Z(I)")
	counts("1|1")
	c.asks("BEGIN; "+insert+load(t)+"; COMMIT; "+insert+"SELECT 1/0", "C(BEGIN) "+inserted+again+"C(COMMIT) "+inserted+"E(22012) Z(I)")
	counts("2|2")
}

// controls are statements that mean something else in the transaction of a query string than in one of the proxy's own.
var controls = []string{
	"INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (1)", "SELECT count(*) FROM t", "SELECT 1/0", "BEGIN", "START TRANSACTION READ ONLY", "BEGIN ISOLATION LEVEL SERIALIZABLE", "COMMIT",
	"END", "ROLLBACK", "ABORT WORK", "SAVEPOINT a", "ROLLBACK TO a", "RELEASE a", "COMMIT AND CHAIN", "ROLLBACK AND CHAIN", "COMMIT AND NO CHAIN", "COMMIT PREPARED 'none'",
	"SET LOCAL a.b = 'c'", "SHOW transaction_isolation", "DECLARE c CURSOR FOR SELECT 1", "DEALLOCATE madlib_0", "EXECUTE madlib_1", "VACUUM t",
}

// TestControlsAsTheServer: a query string that the proxy runs part by part is answered as without it.
func TestControlsAsTheServer(t *testing.T) {
	s := start(t, nil)
	rapid.Check(t, func(t *rapid.T) {
		sent := encodedQuery("CREATE TEMP TABLE t (a int)")
		for i := range rapid.IntRange(1, 4).Draw(t, "strings") {
			list := []string{fmt.Sprintf("PREPARE madlib_%d AS SELECT 1", i)} // which is what the proxy must know of
			for range rapid.IntRange(1, 6).Draw(t, "statements") {
				list = append(list, rapid.SampledFrom(controls).Draw(t, "statement"))
			}
			at := rapid.IntRange(0, len(list)-1).Draw(t, "place")
			list[0], list[at] = list[at], list[0]
			sent = append(sent, encodedQuery(strings.Join(list, "; "))...)
		}
		sent = append(sent, encodedQuery("SELECT count(*) FROM t")...)
		sent, _ = (&pgproto3.Terminate{}).Encode(sent)
		direct, proxied := answers(t, s.direct, sent), answers(t, s.proxied, sent)
		if direct != proxied {
			t.Fatalf("%q\ndirect\n%s\nproxied\n%s", sent, direct, proxied)
		}
	})
}

// answers are the messages that a server says, as text, without the places in its source where it has found what it says.
func answers(t *rapid.T, to string, sent []byte) string {
	var b strings.Builder
	said := comparable(talk(t, to, sent))
	for len(said) > 0 {
		size := int(binary.BigEndian.Uint32(said[1:])) + 1
		kind, body := said[0], said[5:size]
		said = said[size:]
		if kind != 'E' && kind != 'N' {
			fmt.Fprintf(&b, "%c%q\n", kind, body)
			continue
		}
		var m pgproto3.ErrorResponse
		if err := m.Decode(body); err != nil {
			t.Fatal(err)
		}
		m.File, m.Line, m.Routine = "", 0, ""
		fmt.Fprintf(&b, "%c%+v\n", kind, m)
	}
	return b.String()
}

func encodedQuery(sql string) []byte {
	b, _ := (&pgproto3.Query{String: sql}).Encode(nil) // none is too long
	return b
}

// TestManyStatements: a query string of very many statements is looked through in a time that grows as it does, and not kept where it would take too much memory.
func TestManyStatements(t *testing.T) {
	s := start(t, nil)
	c := dialRaw(t, s.proxied)
	c.asks("PREPARE a AS SELECT madlib.delete_keras_model('none', 1); "+strings.Repeat("EXECUTE a;", mostParts-1), "C(PREPARE) E(42P01) Z(I)")
	c.asks("PREPARE b AS SELECT madlib.version(); "+strings.Repeat("EXECUTE b;", mostParts), "E(54000) Z(I)")
	c.asks("BEGIN", "C(BEGIN) Z(T)")
	c.asks(strings.Repeat("SAVEPOINT a;", mostParts+1)+"SELECT madlib.version()", "E(54000) Z(E)")
	c.asks("ROLLBACK", "C(ROLLBACK) Z(I)")
	c.asks(strings.Repeat("SELECT 'madlib' WHERE false;", 3)+"SELECT 1", strings.Repeat("T C(SELECT_0) ", 3)+"T D(1) C(SELECT_1) Z(I)")
}
