package pgio

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"regexp"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/beamfit/beamfit/io/table"
)

// stagingPrefix begins the name of every staging table.
const stagingPrefix = "beamfit_staging_"

func isStaging(tableName string) bool { return strings.HasPrefix(tableName, stagingPrefix) }

// An outputID addresses an output: 16 random hexadecimal digits and the schema of the table of its parts.
type outputID struct{ random, schema string }

func newOutputID(schema string) outputID {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return outputID{hex.EncodeToString(b[:]), schema}
}

func (id outputID) String() string { return id.random + "@" + id.schema }

var randomDigits = regexp.MustCompile(`^[0-9a-f]{16}$`)

func parseOutputID(text string) (outputID, error) {
	random, schema, found := strings.Cut(text, "@")
	if !found || !randomDigits.MatchString(random) {
		return outputID{}, fmt.Errorf("output %q is not one of PostgreSQL", text)
	}
	return outputID{random, schema}, nil
}

// lock is the key of the advisory lock that the session of a living output holds.
func (id outputID) lock() int64 {
	key, err := strconv.ParseUint(id.random, 16, 64)
	if err != nil {
		panic(err) // 16 hexadecimal digits
	}
	return int64(key)
}

// parts is the table of the keys of complete parts; its comment is the manifest.
func (id outputID) parts() table.Name {
	return table.Name{Schema: id.schema, Table: stagingPrefix + id.random + "_parts"}
}

// rows is the staging table of table n, which lives in its target's schema.
func (id outputID) rows(n int, target table.Name) table.Name {
	return table.Name{Schema: target.Schema, Table: stagingPrefix + id.random + "_" + strconv.Itoa(n)}
}

// stagingOf finds the output that a staging table belongs to.
var stagingOf = regexp.MustCompile(`^` + stagingPrefix + `([0-9a-f]{16})_(parts|[0-9]+)$`)

// A manifest describes an output to those who write its parts.
type manifest struct {
	Tables []table.TableSpec `json:"tables"` // names with their schema
}

func (m manifest) encode() string {
	text, err := json.Marshal(m)
	if err != nil {
		panic(err) // strings, booleans and integers always encode
	}
	return string(text)
}

// table is the table of a part.
func (m manifest) table(id outputID, n int) (table.TableSpec, error) {
	if n < 0 || n >= len(m.Tables) {
		return table.TableSpec{}, fmt.Errorf("output %s has %d tables; there is no table %d", id, len(m.Tables), n)
	}
	return m.Tables[n], nil
}

// loadManifest reads the manifest of an output. The error of an output that is committed, aborted or swept, as one is whose session has
// ended with the server, is table.ErrNotExist and table.ErrUnavailable.
func loadManifest(ctx context.Context, conn *pgx.Conn, id outputID) (manifest, error) {
	var m manifest
	var text *string
	rel, err := find(ctx, conn, id.parts())
	if err == nil {
		err = conn.QueryRow(ctx, "SELECT obj_description($1::oid, 'pg_class')", rel.oid).Scan(&text)
	}
	if err != nil {
		if err = explain(ctx, err); errors.Is(err, table.ErrNotExist) { // whoever has its ID is part of a command, which can run again
			err = fmt.Errorf("%w: %w", table.ErrUnavailable, err)
		}
		return m, fmt.Errorf("output %s (it may be committed, aborted, or the session that kept it may have ended): %w", id, err)
	}
	if text == nil {
		return m, fmt.Errorf("output %s: %w: it has no manifest", id, table.ErrCorrupt)
	}
	if err := json.Unmarshal([]byte(*text), &m); err != nil {
		return m, fmt.Errorf("output %s: %w: its manifest: %w", id, table.ErrCorrupt, err)
	}
	return m, nil
}

// orderColumns are the two columns that the staging table of an ordered table has behind its own: the part's key and the
// number of the row in its part.
func orderColumns(s table.Schema) (key, row string) {
	key, row = "beamfit_part", "beamfit_row"
	for s.Index(key) >= 0 || s.Index(row) >= 0 {
		key, row = key+"_", row+"_"
	}
	return key, row
}

// nameLock is the key of the advisory lock under which tables of a name are made and replaced.
func nameLock(n table.Name) int64 { return lockKey("beamfit", n) }

// claimLock is the key of the advisory lock of a claim on a name.
func claimLock(n table.Name) int64 { return lockKey("beamfit claim", n) }

func lockKey(what string, n table.Name) int64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(what + "\x00" + n.Schema + "\x00" + n.Table)) // never fails
	return int64(h.Sum64())
}
