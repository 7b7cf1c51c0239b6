package inspect

import "context"

// IndexedTable is the table of an index that queries may use.
type IndexedTable struct {
	Index string
	Pages int64 // of the table
}

const indexedTablesSQL = `
SELECT /* healthagent:indexed_tables */
       c.relname AS index,
       coalesce(pg_relation_size(x.indrelid), 0) / current_setting('block_size')::int AS pages
FROM   pg_index x
JOIN   pg_class c ON c.oid = x.indexrelid
WHERE  x.indisvalid AND pg_table_is_visible(c.oid) AND c.relname = ANY ($1)`

// IndexedTables returns the tables of these indexes, in no order. An index that is not there, or not valid, is left out.
func (i *Inspector) IndexedTables(ctx context.Context, indexes []string) ([]IndexedTable, error) {
	var found []IndexedTable
	err := i.look(ctx, "measure the tables of indexes", unhasty, func(ctx context.Context, s *session) (err error) {
		found, err = list[IndexedTable](ctx, s, indexedTablesSQL, indexes)
		return err
	})
	return found, err
}
