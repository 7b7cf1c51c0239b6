package migrations

import (
	"embed"
	"io/fs"
)

//go:embed *.sql rollbacks/*.sql
var embedded embed.FS

// Files returns the embedded migrations: NNN_name.sql at the root and
// rollbacks/NNN_name_rollback.sql. The file system is read-only and safe for
// concurrent use.
func Files() fs.FS { return embedded }
