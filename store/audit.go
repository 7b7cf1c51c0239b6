package store

import (
	"context"
	"encoding/json"
	"fmt"
)

const auditSQL = `
INSERT /* insert_audit */ INTO audit_log (actor, action, subject, detail) VALUES ($1, $2, $3, $4)`

// Audit records who did what. detail is a JSON object or nil, and never holds what a person wrote.
func (s *Store) Audit(ctx context.Context, actor, action, subject string, detail json.RawMessage) error {
	if _, err := s.pool.Exec(ctx, auditSQL, actor, action, subject, detail); err != nil {
		return fmt.Errorf("audit %s: %w", action, err)
	}
	return nil
}
