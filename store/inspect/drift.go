package inspect

import "context"

// Wanted is an index that a migration made, with the definition that pg_get_indexdef gave then. An empty one matches any.
type Wanted struct {
	Name       string
	Definition string
}

// DriftState says what became of a wanted index.
type DriftState string

// States of a wanted index.
const (
	DriftOK      DriftState = "ok"
	DriftMissing DriftState = "missing"
	DriftInvalid DriftState = "invalid" // also while it is being built
	DriftDiffers DriftState = "differs"
	DriftLocked  DriftState = "locked" // it is there and valid; somebody has its table locked, which hides its definition
)

// Drift is one wanted index and what there is.
type Drift struct {
	Name   string     `json:"name"`
	State  DriftState `json:"state"`
	Want   string     `json:"want,omitempty"`
	Actual string     `json:"actual,omitempty"` // the definition found
}

const driftSQL = `
WITH ` + lockedCTE + `, found AS (
    SELECT c.relname AS name,
           i.indisvalid AND i.indisready AND i.indislive AS valid,
           CASE WHEN i.indexrelid NOT IN (SELECT relation FROM locked) AND i.indrelid NOT IN (SELECT relation FROM locked)
                THEN pg_get_indexdef(i.indexrelid) END AS def
    FROM   pg_class c
    JOIN   pg_index i ON i.indexrelid = c.oid
    WHERE  c.relkind = 'i' AND pg_table_is_visible(c.oid) AND c.relname = ANY ($1)
)
SELECT /* healthagent:index_drift */
       w.name,
       CASE WHEN f.name IS NULL THEN 'missing'
            WHEN NOT f.valid THEN 'invalid'
            WHEN w.def = '' THEN 'ok'
            WHEN f.def IS NULL THEN 'locked'
            WHEN f.def <> w.def THEN 'differs'
            ELSE 'ok' END AS state,
       w.def AS want,
       coalesce(f.def, '') AS actual
FROM   unnest($1::text[], $2::text[]) WITH ORDINALITY AS w (name, def, place)
LEFT   JOIN found f ON f.name = w.name
ORDER  BY w.place`

// Drift compares indexes of schema public with what they should be, in the order asked.
func (i *Inspector) Drift(ctx context.Context, want []Wanted) ([]Drift, error) {
	names, definitions := make([]string, len(want)), make([]string, len(want))
	for k, w := range want {
		names[k], definitions[k] = w.Name, w.Definition
	}
	var found []Drift
	err := i.look(ctx, "compare the indexes", unhasty, func(ctx context.Context, s *session) (err error) {
		found, err = list[Drift](ctx, s, driftSQL, names, definitions)
		return err
	})
	return found, err
}
