package inspect

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// GenericPlans returns the plans of several of our own statements for any values, in their order; nothing is run. It is for who asks again
// and again: the statements stay prepared on the shared connection, where the server plans them anew when their tables, indexes or
// statistics change, as it does for the application. The error names no value.
func (i *Inspector) GenericPlans(ctx context.Context, statements []string) ([]Plan, error) {
	plans := make([]Plan, 0, len(statements))
	err := i.look(ctx, "plan the named statements", unhasty, func(ctx context.Context, s *session) error {
		plans = plans[:0] // it may be the second try
		if _, err := s.tx.Exec(ctx, plannerSQL, "force_generic_plan", "on"); err != nil {
			return fmt.Errorf("set the planner up: %w", err)
		}
		for _, sql := range statements {
			plan, err := s.genericPlan(ctx, sql)
			if err != nil {
				return err
			}
			plans = append(plans, plan)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return plans, nil
}

// prepared is a statement that a connection keeps.
type prepared struct {
	name  string
	count int // of its parameters
}

const keptParametersSQL = `
SELECT /* healthagent:prepared */ cardinality(parameter_types)
FROM   pg_prepared_statements
WHERE  name = $1`

func (s *session) genericPlan(ctx context.Context, sql string) (Plan, error) {
	p, known := s.prepared[sql]
	if !known {
		p.name = fmt.Sprintf("inspected_%d", len(s.prepared))
		// a transaction that is rolled back does not take a prepared statement with it
		if err := s.conn.PgConn().ExecParams(ctx, "PREPARE "+p.name+" AS "+sql, nil, nil, nil, nil).Read().Err; err != nil {
			return Plan{}, fmt.Errorf("prepare a statement: %w", err)
		}
		if err := s.tx.QueryRow(ctx, keptParametersSQL, p.name).Scan(&p.count); err != nil {
			return Plan{}, fmt.Errorf("count the parameters: %w", err)
		}
		if s.prepared == nil {
			s.prepared = map[string]prepared{}
		}
		s.prepared[sql] = p
	}
	var raw []byte
	text := "EXPLAIN /* healthagent:explain */ (FORMAT JSON) EXECUTE " + p.name + placeholders(p.count)
	args := append([]any{pgx.QueryExecModeSimpleProtocol}, make([]any, p.count)...) // NULLs, which a generic plan does not look at
	if err := s.tx.QueryRow(ctx, text, args...).Scan(&raw); err != nil {
		if code(err) == "0A000" { // a column has another type: it must be prepared anew, which a new connection does
			s.close()
		}
		return Plan{}, err
	}
	return parsePlan(raw, false)
}
