package serve

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/url"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"
	"pgregory.net/rapid"

	"github.com/beamfit/beamfit/serve/wire"
)

// statements are what the random clients send: answers of every kind, errors, notices, settings, transactions.
var statements = []string{
	"", ";", "SELECT 1", "SELECT generate_series(1, 700) x, repeat('y', 90)", "SELECT 1; SELECT 'two'; SELECT 1/0; SELECT 4", "SELEC", "SELECT 'open",
	"BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT a", "ROLLBACK TO a", "CREATE TEMP TABLE IF NOT EXISTS t (a int, b text)", "INSERT INTO t VALUES (1, 'x') RETURNING *",
	"DO $$ BEGIN RAISE NOTICE 'a notice'; END $$", "DO $$ BEGIN RAISE EXCEPTION 'an error' USING HINT = 'a hint', ERRCODE = 'P0009'; END $$",
	"SET datestyle = 'German'", "SET application_name = 'x'", "RESET ALL", "SELECT 'madlib.', \"nothing\"", "SELECT repeat('z', 200000)",
	"COPY (SELECT generate_series(1, 50)) TO STDOUT", "LISTEN n", "NOTIFY n, 'payload'", "UNLISTEN n", "SELECT $1::int + 1", "SELECT $1::text, $2::text",
	"DECLARE c CURSOR FOR SELECT generate_series(1,9)", "FETCH 4 FROM c", "DEALLOCATE ALL", "DISCARD TEMP", "SELECT version() IS NULL, 'train_test_split'",
}

var names = []string{"", "s1", "s2"}

// conversation draws what a client sends after it has logged in. Each element is sent whole.
func conversation(t *rapid.T) []byte {
	var out []byte
	add := func(m wire.Message) { out, _ = m.Encode(out) } // nothing in them is too long
	pick := func(list []string) string { return rapid.SampledFrom(list).Draw(t, "pick") }
	for range rapid.IntRange(1, 25).Draw(t, "messages") {
		switch rapid.SampledFrom([]string{"query", "query", "parse", "bind", "describe", "execute", "close", "sync", "sync", "flush", "copy", "function", "stray"}).Draw(t, "kind") {
		case "query":
			add(&pgproto3.Query{String: pick(statements)})
		case "parse":
			add(&pgproto3.Parse{Name: pick(names), Query: pick(statements)})
		case "bind":
			b := &pgproto3.Bind{DestinationPortal: pick(names), PreparedStatement: pick(names)}
			for range rapid.IntRange(0, 2).Draw(t, "parameters") {
				b.Parameters = append(b.Parameters, []byte(rapid.SampledFrom([]string{"7", "x", ""}).Draw(t, "value")))
			}
			add(b)
		case "describe":
			add(&pgproto3.Describe{ObjectType: rapid.SampledFrom([]byte{'S', 'P'}).Draw(t, "object"), Name: pick(names)})
		case "execute":
			add(&pgproto3.Execute{Portal: pick(names), MaxRows: uint32(rapid.SampledFrom([]int{0, 3}).Draw(t, "rows"))})
		case "close":
			add(&pgproto3.Close{ObjectType: rapid.SampledFrom([]byte{'S', 'P'}).Draw(t, "object"), Name: pick(names)})
		case "sync":
			add(&pgproto3.Sync{})
		case "flush":
			add(&pgproto3.Flush{})
		case "copy":
			add(&pgproto3.Query{String: "COPY t FROM STDIN"})
			for range rapid.IntRange(0, 3).Draw(t, "data") {
				add(&pgproto3.CopyData{Data: []byte(rapid.SampledFrom([]string{"1\tx\n", "bad\tx\n", "2\t" + string(bytes.Repeat([]byte("w"), 70000)) + "\n"}).Draw(t, "rows"))})
			}
			if rapid.Bool().Draw(t, "done") {
				add(&pgproto3.CopyDone{})
			} else {
				add(&pgproto3.CopyFail{Message: "no"})
			}
		case "function":
			add(&pgproto3.FunctionCall{Function: 1397, ArgFormatCodes: []uint16{0}, Arguments: [][]byte{[]byte("-5")}}) // int4abs
		case "stray":
			add(&pgproto3.CopyDone{}) // outside of a COPY it means nothing
		}
	}
	add(&pgproto3.Sync{})
	add(&pgproto3.Query{String: "SELECT 'the end'"})
	add(&pgproto3.Terminate{})
	return out
}

// talk logs in, sends all that is given, and returns what the server says then.
func talk(t *rapid.T, to string, sent []byte) []byte {
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", u.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second)) // a guard
	start, _ := (&pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersion30, Parameters: map[string]string{
		"user": u.User.Username(), "database": u.Path[1:], "application_name": "random", "options": "-c lc_messages=C",
	}}).Encode(nil)
	if _, err := c.Write(start); err != nil {
		t.Fatal(err)
	}
	for kind := byte(0); kind != 'Z'; {
		var h [5]byte
		if _, err := io.ReadFull(c, h[:]); err != nil {
			t.Fatal(err)
		}
		kind = h[0]
		if _, err := io.CopyN(io.Discard, c, int64(binary.BigEndian.Uint32(h[1:]))-4); err != nil {
			t.Fatal(err)
		}
	}
	go func() { _, _ = c.Write(sent) }() // what cannot be sent is missed below
	said, err := io.ReadAll(c)
	if err != nil {
		t.Fatalf("after %d bytes: %v", len(said), err)
	}
	return said
}

// comparable takes out of what a server says what differs between two sessions: the process ID in notifications, and the number of
// a temporary table in the descriptions of its rows.
func comparable(said []byte) []byte {
	for at := 0; at+5 <= len(said); {
		size := int(binary.BigEndian.Uint32(said[at+1:])) + 1
		switch body := said[at+5 : min(at+size, len(said))]; said[at] {
		case 'A':
			copy(body, "0000")
		case 'T':
			for column := body[2:]; len(column) > 0; {
				name := bytes.IndexByte(column, 0) + 1
				copy(column[name:], "0000")
				column = column[name+18:]
			}
		}
		at += size
	}
	return said
}

// TestTransparency: what is no call is answered byte for byte as without the proxy.
func TestTransparency(t *testing.T) {
	s := start(t, nil)
	rapid.Check(t, func(t *rapid.T) {
		sent := conversation(t)
		direct, proxied := comparable(talk(t, s.direct, sent)), comparable(talk(t, s.proxied, sent))
		if !bytes.Equal(direct, proxied) {
			at := 0
			for at < min(len(direct), len(proxied)) && direct[at] == proxied[at] {
				at++
			}
			t.Fatalf("%d and %d bytes, different from byte %d on\ndirect  %.300q\nproxied %.300q", len(direct), len(proxied), at,
				direct[max(0, at-50):], proxied[max(0, at-50):])
		}
	})
}

// TestLargeMessages: rows, parameters and query strings of many megabytes pass.
func TestLargeMessages(t *testing.T) {
	s := start(t, nil)
	c, _ := connect(t, s.proxied, pgx.QueryExecModeExec)
	const size = 20 << 20
	var n int
	if err := c.QueryRow(context.Background(), "SELECT length($1::bytea)", bytes.Repeat([]byte{7}, size)).Scan(&n); err != nil || n != size {
		t.Errorf("%d bytes, %v", n, err)
	}
	var back []byte
	if err := c.QueryRow(context.Background(), fmt.Sprintf("SELECT convert_to(repeat('x', %d), 'UTF8')", size)).Scan(&back); err != nil || len(back) != size {
		t.Errorf("%d bytes, %v", len(back), err)
	}
	results, err := c.PgConn().Exec(context.Background(), "SELECT length('"+string(bytes.Repeat([]byte("q"), size))+"')").ReadAll()
	if err != nil || string(results[0].Rows[0][0]) != fmt.Sprint(size) {
		t.Errorf("a long string: %v", err)
	}
}
