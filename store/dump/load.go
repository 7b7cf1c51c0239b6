package dump

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

// ErrNoDump is returned for a file that is no dump in pg_dump's custom format.
var ErrNoDump = errors.New("the file is not a dump of PostgreSQL")

// archive is a dump that is about to be read.
type archive struct {
	path  string
	tools clients
}

// openArchive finds the programs that can read the dump and load it into a server of that major version.
func openArchive(ctx context.Context, path, binDir string, server int) (archive, error) {
	path, err := filepath.Abs(path) // it must not look like an option
	if err != nil {
		return archive{}, err
	}
	written, err := writtenBy(path)
	if err != nil {
		return archive{}, err
	}
	tools, err := findClients(ctx, binDir, max(written, server))
	if err != nil { // an older pg_restore speaks to newer servers as well
		if older, again := findClients(ctx, binDir, written); again == nil {
			tools, err = older, nil
		}
	}
	return archive{path: path, tools: tools}, err
}

// writtenBy is the oldest major version whose pg_restore can read the file.
func writtenBy(path string) (int, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer func() { _ = f.Close() }()
	head := make([]byte, 8) // the magic word, and the format's version in three bytes
	if _, err := io.ReadFull(f, head); err != nil || !bytes.HasPrefix(head, []byte("PGDMP")) || head[5] != 1 {
		return 0, ErrNoDump
	}
	switch minor := head[6]; {
	case minor <= 14:
		return 12, nil
	case minor == 15:
		return 16, nil
	case minor == 16:
		return 17, nil
	default:
		return 19, nil // of a future that we do not know
	}
}

// list is the table of contents of the dump, of which extensions are left out: a role that is no superuser may not create the ones
// that we use, and where they can be had the new database has them from its template. Their names are returned.
func (a archive) list(ctx context.Context) (keep string, extensions []string, err error) {
	r, w, err := os.Pipe()
	if err != nil {
		return "", nil, err
	}
	defer func() { _ = r.Close() }()
	ran := make(chan error, 1)
	go func() {
		p := program{path: filepath.Join(a.tools.dir, "pg_restore"), args: []string{"--list", a.path}, environ: []string{"LC_ALL=C"}, stdout: w}
		err := p.run(ctx)
		_ = w.Close()
		ran <- err
	}()
	text, err := io.ReadAll(r)
	if err := errors.Join(<-ran, err); err != nil {
		return "", nil, err
	}
	var kept strings.Builder
	for line := range strings.Lines(string(text)) {
		// 3; 3079 16385 EXTENSION - pg_stat_statements
		_, entry, _ := strings.Cut(line, "; ")
		fields := strings.Fields(entry)
		switch {
		case len(fields) >= 5 && fields[2] == "EXTENSION":
			extensions = append(extensions, fields[4])
		case len(fields) >= 5 && fields[2] == "COMMENT" && fields[4] == "EXTENSION":
		default:
			kept.WriteString(line)
		}
	}
	return kept.String(), extensions, nil
}

// load fills an empty database from the dump. Warnings tell which extensions could not be made.
func (a archive) load(ctx context.Context, w way) (warnings []string, err error) {
	keep, extensions, err := a.list(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the dump: %w", err)
	}
	conn, err := w.connect(ctx, applicationRestore)
	if err != nil {
		return nil, err
	}
	defer closeConn(ctx, conn)
	if warnings, err = addExtensions(ctx, conn, extensions); err != nil {
		return nil, err
	}
	p := program{
		path: filepath.Join(a.tools.dir, "pg_restore"), environ: w.environ(applicationRestore), stdin: strings.NewReader(keep),
		args: []string{
			"--no-owner", "--no-privileges", "--no-publications", "--no-subscriptions", "--no-password",
			"--use-list=/dev/stdin", "--dbname=" + keyword("dbname", w.config.Database),
		},
	}
	if a.tools.major >= 17 && serverMajor(conn) < 17 {
		// It sets transaction_timeout on every server, also on those that do not know it yet, and must not end then. One job alone, so
		// that what several say does not get mixed up.
		p.tolerate = `unrecognized configuration parameter "transaction_timeout"`
	} else {
		p.args = append(p.args, "--exit-on-error", "--jobs="+strconv.Itoa(min(max(runtime.NumCPU(), 2), 4)))
	}
	p.args = append(p.args, a.path)
	if err := p.run(ctx); err != nil {
		return nil, fmt.Errorf("load the dump: %w", err)
	}
	return warnings, nil
}

// keyword is one setting as libpq reads it.
func keyword(key, value string) string {
	return key + "='" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value) + "'"
}

// addExtensions makes those that are not there yet, as far as the role may.
func addExtensions(ctx context.Context, conn *pgx.Conn, names []string) (warnings []string, err error) {
	for _, name := range names {
		_, err := conn.Exec(ctx, "CREATE EXTENSION IF NOT EXISTS "+quote(name))
		switch code(err) {
		case "":
			if err != nil {
				return nil, fmt.Errorf("make the extension %s: %w", name, err)
			}
		case "42501":
			warnings = append(warnings, "the extension "+name+" is missing in the restored database: only a superuser may create it")
		default: // not installed on this server, or already there in another shape
			warnings = append(warnings, "the extension "+name+" is missing in the restored database: "+message(err))
		}
	}
	return warnings, nil
}
