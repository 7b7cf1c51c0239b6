package migrations_test

import (
	"healthagent/migrations"
	"healthagent/store"
)

// productQueries are the product's statements, as the command line hands them over.
func productQueries() []migrations.Query {
	var out []migrations.Query
	for _, q := range store.NamedQueries() {
		out = append(out, migrations.Query(q))
	}
	return out
}
