package pgio

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/beamfit/beamfit/io/table"
)

// How a table is replaced depends on what it has besides rows, an owner and grants. One that has nothing gives way to the staging
// table, which costs nothing. One that has something, and the same columns, stays what it is and gets other rows. One that has
// something and other columns is not replaced.

// keepsTable says whether a replaced table stays and only its rows change. The error says what stands against replacing it.
func keepsTable(ctx context.Context, conn *pgx.Conn, old relation, staging table.Name, spec table.TableSpec) (bool, error) {
	has, err := names(ctx, conn, attachedSQL, old.oid)
	if err != nil || len(has) == 0 {
		return false, err
	}
	was, err := describe(ctx, conn, old.oid)
	if err != nil {
		return false, err
	}
	is, err := stagingColumns(ctx, conn, staging)
	if err != nil {
		return false, err
	}
	if !slices.Equal(schemaOf(was), schemaOf(is[:len(spec.Schema)])) {
		return false, fmt.Errorf("%w: a table of other columns in its place would lose %s; drop the table first if that is meant",
			table.ErrExist, strings.Join(has, ", "))
	}
	in, err := names(ctx, conn, obstacleSQL, old.oid, spec.Ordered)
	if err == nil && len(in) > 0 {
		err = fmt.Errorf("%w: its rows cannot be replaced because of %s", table.ErrExist, strings.Join(in, ", "))
	}
	return true, err
}

// names runs a query that gives one column of text and sorts it.
func names(ctx context.Context, conn *pgx.Conn, sql string, args ...any) ([]string, error) {
	rows, err := conn.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	slices.Sort(list)
	return slices.Compact(list), err
}

// attachedSQL names what goes with a table when it is dropped, but for its rows, its owner and the grants on it as a whole: all
// that depends on it, its columns or its type, whatever kinds of that there are, and what is noted of it elsewhere.
const attachedSQL = `
	WITH c AS (SELECT * FROM pg_class WHERE oid = $1::oid)
	SELECT CASE WHEN r.ev_class <> c.oid THEN pg_describe_object('pg_class'::regclass, r.ev_class, 0)
		ELSE pg_describe_object(d.classid, d.objid, d.objsubid) END
	FROM c, LATERAL ( -- the table, its type and that one's array
		SELECT 'pg_class'::regclass AS classid, c.oid AS objid
		UNION ALL
		SELECT 'pg_type'::regclass, t.oid FROM pg_type t WHERE t.oid = c.reltype
		UNION ALL
		SELECT 'pg_type'::regclass, t.typarray FROM pg_type t WHERE t.oid = c.reltype) own
	JOIN pg_depend d ON d.refclassid = own.classid AND d.refobjid = own.objid
	LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
	WHERE d.deptype <> 'i'
	UNION ALL
	SELECT 'its membership in ' || pg_describe_object(refclassid, refobjid, 0) FROM pg_depend
	WHERE classid = 'pg_class'::regclass AND objid = $1::oid AND deptype = 'e'
	UNION ALL
	SELECT 'its membership in ' || pg_describe_object('pg_class'::regclass, inhparent, 0) FROM pg_inherits WHERE inhrelid = $1::oid
	UNION ALL
	SELECT 'its subscription' FROM pg_subscription_rel WHERE srrelid = $1::oid
	UNION ALL
	SELECT 'its security label' FROM pg_seclabel WHERE classoid = 'pg_class'::regclass AND objoid = $1::oid
	UNION ALL
	SELECT CASE objsubid WHEN 0 THEN 'its comment' ELSE 'the comment on ' || pg_describe_object(classoid, objoid, objsubid) END
	FROM pg_description WHERE classoid = 'pg_class'::regclass AND objoid = $1::oid
	UNION ALL
	SELECT what FROM c LEFT JOIN pg_class toast ON toast.oid = c.reltoastrelid LEFT JOIN pg_am am ON am.oid = c.relam, unnest(ARRAY[
		CASE WHEN c.relrowsecurity THEN 'its row-level security' END,
		CASE WHEN c.relforcerowsecurity THEN 'its forced row-level security' END,
		CASE WHEN c.relkind = 'p' THEN 'its partitioning' END,
		CASE WHEN c.reloftype <> 0 THEN 'its being a table of a type' END,
		CASE WHEN c.relpersistence <> 'p' THEN 'its being unlogged' END,
		CASE WHEN c.reltablespace <> 0 THEN 'its tablespace' END,
		CASE WHEN c.relreplident <> 'd' THEN 'its replica identity' END,
		CASE WHEN c.reloptions IS NOT NULL OR toast.reloptions IS NOT NULL THEN 'its storage parameters' END,
		CASE WHEN am.amname <> current_setting('default_table_access_method') THEN 'its access method' END]) what
	WHERE what IS NOT NULL
	UNION ALL
	SELECT what || ' of column ' || quote_ident(a.attname)
	FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid, unnest(ARRAY[
		CASE WHEN a.attnotnull THEN 'the NOT NULL' END,
		CASE WHEN a.attidentity <> '' THEN 'the identity' END,
		CASE WHEN a.attgenerated <> '' THEN 'the generation' END,
		CASE WHEN a.attacl IS NOT NULL THEN 'the grants' END,
		CASE WHEN a.attoptions IS NOT NULL OR a.attstattarget >= 0 THEN 'the statistics options' END,
		CASE WHEN a.attstorage <> t.typstorage THEN 'the storage' END,
		CASE WHEN to_jsonb(a) ->> 'attcompression' <> '' THEN 'the compression' END, -- from version 14 on
		CASE WHEN a.attcollation <> t.typcollation THEN 'the collation' END,
		CASE WHEN a.atttypmod <> -1 OR t.typtype = 'd' THEN 'the type ' || format_type(a.atttypid, a.atttypmod) END]) what
	WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped AND what IS NOT NULL`

// obstacleSQL names what keeps rows from being replaced while the table stays.
const obstacleSQL = `
	WITH tree AS (SELECT relid FROM pg_partition_tree($1::oid) UNION SELECT $1::oid)
	SELECT pg_describe_object('pg_constraint'::regclass, oid, 0) FROM pg_constraint
	WHERE contype = 'f' AND confrelid IN (SELECT relid FROM tree) AND conrelid NOT IN (SELECT relid FROM tree)
	UNION ALL
	SELECT pg_describe_object('pg_rewrite'::regclass, oid, 0) FROM pg_rewrite WHERE ev_class = $1::oid AND ev_type = '3' AND ev_enabled <> 'D'
	UNION ALL
	SELECT 'its child ' || pg_describe_object('pg_class'::regclass, i.inhrelid, 0)
	FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhparent WHERE i.inhparent = $1::oid AND c.relkind = 'r'
	UNION ALL
	SELECT 'the generated column ' || quote_ident(attname) FROM pg_attribute WHERE attrelid = $1::oid AND attgenerated <> '' AND NOT attisdropped
	UNION ALL
	SELECT 'its partitions, among which rows have no order' FROM pg_class WHERE oid = $1::oid AND relkind = 'p' AND $2::bool
	UNION ALL
	SELECT 'its row-level security, with which rows cannot be copied in order' WHERE $2::bool AND row_security_active($1::oid)`
