// Package schema puts the migration engine and the store's statements together: the engine is handed the queries of the product,
// so that it can say of every index whether they are answered by it. The two instruments know nothing of each other.
package schema

import (
	"healthagent/migrations"
	"healthagent/store"
)

// NewEngine returns a migration engine that tries the product's own named queries. It does not connect. Errors are those of
// migrations.New.
func NewEngine(c migrations.Config) (*migrations.Engine, error) {
	for _, q := range store.NamedQueries() {
		c.Queries = append(c.Queries, migrations.Query{Name: q.Name, SQL: q.SQL, Index: q.Index, Node: q.Node, Sample: q.Sample})
	}
	return migrations.New(c)
}

// Owners names, for each index that an index-only migration of this binary makes, that migration, such as 017_performance_indexes.
// The map is the caller's.
func Owners(e *migrations.Engine) map[string]string {
	out := map[string]string{}
	for _, m := range e.Migrations() {
		for _, index := range m.Indexes() {
			out[index] = migrations.Label(m.Version) + "_" + m.Name
		}
	}
	return out
}
