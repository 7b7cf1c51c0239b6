// Package migrations holds the numbered changes of the database schema and the
// engine that applies them and takes them back.
//
// A change is two plain SQL files that psql can run as well: NNN_name.sql and
// rollbacks/NNN_name_rollback.sql. The engine keeps a ledger in the table
// public.schema_migrations: what was applied, with checksums, by which binary,
// and the full rollback text, so that an older binary can take back what a newer
// one made. A migration that was rolled back is held: no start applies it again
// until it is named.
//
// Of all packages here only this one and the store know pgx. It imports nothing
// else of this module and keeps no state outside the database.
package migrations
