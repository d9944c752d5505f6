package pgio

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/beamfit/beamfit/io/table"
)

// accessOf returns the statements that give the table of that name the owner and the grants that an old table has now, so
// that a replaced table stays usable to those who use it.
func accessOf(ctx context.Context, conn *pgx.Conn, old relation, name table.Name) ([]string, error) {
	rows, err := conn.Query(ctx, `
		SELECT g.privilege_type, CASE WHEN g.grantee = 0 THEN NULL ELSE pg_get_userbyid(g.grantee)::text END, g.is_grantable
		FROM pg_class c, aclexplode(c.relacl) g WHERE c.oid = $1::oid AND g.grantee <> c.relowner`, old.oid)
	if err != nil {
		return nil, err
	}
	var statements []string
	var privilege string
	var grantee *string
	var grantable bool
	_, err = pgx.ForEachRow(rows, []any{&privilege, &grantee, &grantable}, func() error {
		to := "PUBLIC"
		if grantee != nil {
			to = quote(*grantee)
		}
		grant := "GRANT " + privilege + " ON TABLE " + quoteName(name) + " TO " + to
		if grantable {
			grant += " WITH GRANT OPTION"
		}
		statements = append(statements, grant)
		return nil
	})
	if err != nil {
		return nil, err
	}
	var owner *string
	err = conn.QueryRow(ctx, `SELECT nullif(pg_get_userbyid(relowner)::text, current_user::text) FROM pg_class WHERE oid = $1::oid`, old.oid).Scan(&owner)
	if err == nil && owner != nil {
		statements = append(statements, "ALTER TABLE "+quoteName(name)+" OWNER TO "+quote(*owner))
	}
	return statements, err
}
