// Package dump writes the database to one file and reads it back: pg_dump and pg_restore with one consistent count of every table beside
// them, so that what was restored can be held against what was dumped. It also puts a restored database in the place of the one that is
// there, and takes that back.
package dump
