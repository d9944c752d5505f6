package pgio

import "context"

// Owned reports whether the session that holds an output's lock lives.
func (s *store) Owned(ctx context.Context, output string) (bool, error) {
	if s.spooled.find(output) != nil {
		return true, nil
	}
	id, err := parseOutputID(output)
	if err != nil {
		return false, err
	}
	conn, err := s.acquire(ctx)
	if err != nil {
		return false, err
	}
	defer endSession(conn)
	// The lock is tried for the transaction alone, and shared, so that two who ask at the same time do not find each other.
	var free bool
	err = conn.QueryRow(ctx, "SELECT pg_try_advisory_xact_lock_shared($1)", id.lock()).Scan(&free)
	return !free, explain(ctx, err)
}
