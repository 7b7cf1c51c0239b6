package rig

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"

	"healthagent/migrations"
)

const (
	templatePrefix = "rigtpl_"
	templatesKept  = 4 // checkouts that take turns find theirs again
	templateLock   = 0x72696774
)

// templateName follows from the text of the embedded migrations: an edited
// file means another template.
func templateName() (string, error) {
	sum := sha256.New()
	err := fs.WalkDir(migrations.Files(), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(migrations.Files(), path)
		fmt.Fprintf(sum, "%s %d\n", path, len(text))
		sum.Write(text)
		return err
	})
	return templatePrefix + hex.EncodeToString(sum.Sum(nil)[:8]), err
}

// makeTemplate makes the template unless another process was faster. It gets
// its name when it is complete.
func makeTemplate(ctx context.Context, conn *pgx.Conn, admin, name string) error {
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock($1)`, templateLock); err != nil {
		return err
	}
	defer func() { _, _ = conn.Exec(ctx, `SELECT pg_advisory_unlock($1)`, templateLock) }()
	var there bool
	err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`, name).Scan(&there)
	if err != nil || there {
		return err
	}
	if err := dropOrphans(ctx, conn); err != nil {
		return err
	}
	const unfinished = "rigtpl_unfinished"
	if _, err := conn.Exec(ctx, "DROP DATABASE IF EXISTS "+unfinished+" WITH (FORCE)"); err != nil {
		return err
	}
	if err := create(ctx, conn, unfinished, "template1"); err != nil {
		return err
	}
	target, err := withDatabase(admin, unfinished)
	if err == nil {
		err = apply(ctx, target)
	}
	if err != nil {
		return fmt.Errorf("apply the embedded migrations: %w", err)
	}
	if _, err := conn.Exec(ctx, "ALTER DATABASE "+unfinished+" RENAME TO "+quote(name)); err != nil {
		return err
	}
	return dropOldTemplates(ctx, conn)
}

// apply brings the database at url to the newest schema.
func apply(ctx context.Context, url string) error {
	engine, err := migrations.New(migrations.Config{URL: url})
	if err != nil {
		return err
	}
	_, err = engine.Up(ctx, migrations.UpOptions{})
	return err
}

func dropOldTemplates(ctx context.Context, conn *pgx.Conn) error {
	rows, err := conn.Query(ctx, `SELECT datname FROM pg_database WHERE datname LIKE 'rigtpl\_%' ORDER BY oid DESC OFFSET $1`, templatesKept)
	if err != nil {
		return err
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, name := range names {
		_, err := conn.Exec(ctx, "DROP DATABASE IF EXISTS "+quote(name))
		if err != nil && code(err) != objectInUse { // being copied from: next time
			return err
		}
	}
	return nil
}
