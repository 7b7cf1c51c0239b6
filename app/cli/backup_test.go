package cli_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"healthagent/app/backup"
	"healthagent/app/cli"
	"healthagent/store/dump"
)

// backup runs a verb of the family, and what it printed as JSON.
func (h *house) backup(code int, args ...string) (document map[string]any, stdout, stderr string) {
	h.t.Helper()
	var out, errs bytes.Buffer
	environ := append([]string{"HEALTHAGENT_ENV_FILE=/dev/null", "PATH=" + os.Getenv("PATH")}, h.environ...)
	if got := cli.Run(h.t.Context(), append([]string{"backup"}, args...), strings.NewReader(""), &out, &errs, environ); got != code {
		h.t.Fatalf("backup %v: exit code %d, want %d\n%s%s", args, got, code, &out, &errs)
	}
	if strings.Contains(strings.Join(args, " "), "json") && out.Len() > 0 {
		decoder := json.NewDecoder(bytes.NewReader(out.Bytes()))
		if err := decoder.Decode(&document); err != nil {
			h.t.Fatal(err, out.String())
		}
		if err := decoder.Decode(&struct{}{}); err != io.EOF {
			h.t.Errorf("more than one object: %v\n%s", err, &out)
		}
	}
	return document, out.String(), errs.String()
}

func (h *house) set(lines ...string) { h.environ = append(lines, h.environ...) }

func (h *house) look() backup.Status {
	h.t.Helper()
	s, err := backup.Look(h.dir)
	if err != nil {
		h.t.Fatal(err)
	}
	return s
}

func TestBackup(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.exec(`INSERT INTO users (telegram_id) VALUES (1), (2)`)
	_, table, told := h.backup(0, "--reason", "upgrade", "--keep")
	holds(t, table, "Dump ", h.dir+"/healthagent-2", "rows in ", "SHA-256 ")
	holds(t, told, "healthagent: dumped ")
	document, _, _ := h.backup(0, "-o", "json")
	file, _ := document["file"].(string)
	if filepath.Dir(file) != h.dir {
		t.Errorf("%v", document)
	}
	entries, err := os.ReadDir(h.dir)
	if err != nil || len(entries) != 7 {
		t.Errorf("%v, %v", entries, err)
	}
	for _, e := range entries {
		if info, err := e.Info(); err != nil || info.Mode() != 0o600 {
			t.Errorf("%s: %v, %v", e.Name(), info.Mode(), err)
		}
	}
	sum := exec.CommandContext(t.Context(), "sha256sum", "-c", filepath.Base(file)+".sha256")
	sum.Dir = h.dir
	if out, err := sum.CombinedOutput(); err != nil || !strings.HasSuffix(string(out), ": OK\n") {
		t.Errorf("%s, %v", out, err)
	}

	document, _, told = h.backup(0, "verify", "-o", "json")
	if document["file"] != file || document["ok"] != true || !strings.Contains(fmt.Sprint(document["text"]), "restored and counted") {
		t.Errorf("%v", document)
	}
	holds(t, told, "restoring on trial: "+file)
	write(t, filepath.Join(h.dir, "holiday.jpg"), "x")
	_, list, told := h.backup(0, "list")
	holds(t, list, "FILE ", " TRIED ", "upgrade, kept", "manual", "well", "2 dumps in "+h.dir)
	holds(t, told, "holiday.jpg: it is no dump")
	document, _, _ = h.backup(0, "list", "-o", "json")
	dumps, _ := document["dumps"].([]any)
	if len(dumps) != 2 || document["dir"] != h.dir || document["bytes"].(float64) < 1000 {
		t.Errorf("%v", document)
	}
	newest, _ := dumps[0].(map[string]any)
	if newest["path"] != file || newest["whole"] != true || newest["reason"] != "manual" || newest["verified"] == nil {
		t.Errorf("%v", newest)
	}
	restored, _ := h.run(0, "", "--dry-run") // restore takes the newest as well
	holds(t, restored, file)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestBackupIsRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, args := range [][]string{{"--reason", "fun"}, {"--scheduled", "--reason", "manual"}, {"something"}, {"verify", "a", "b"}, {"list", "x"}} {
		h.backup(2, args...)
	}
	h.backup(0, "list")
	_, _, told := h.backup(1, "verify")
	holds(t, told, "there is no dump in "+h.dir+": 'healthagent backup' makes one")

	d, err := backup.Open(h.dir, time.Now(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{}, {"verify"}} {
		_, out, told := h.backup(1, args...)
		holds(t, told, "somebody is at work in "+h.dir, fmt.Sprintf("process %d, which begins since 2", os.Getpid()))
		if out != "" {
			t.Errorf("printed %q", out)
		}
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}

	write(t, filepath.Join(h.dir, "letter"), "")
	if err := os.Chmod(h.dir, 0o755); err != nil { //nolint:gosec // that is the mistake
		t.Fatal(err)
	}
	_, _, told = h.backup(1)
	holds(t, told, "others may look into the directory of the dumps", "chmod 700 "+h.dir)

	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h.dir = t.TempDir()
	h.set("DATABASE_URL=postgres://u@"+closed.Addr().String()+"/d?sslmode=disable", "HEALTHAGENT_BACKUP_DIR="+h.dir)
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	_, _, told = h.backup(69, "--scheduled")
	holds(t, told, "the database cannot be reached")
	if s := h.look(); s.Dumps != 0 || len(s.Strays) != 0 {
		t.Errorf("left %+v", s)
	}
}

func TestBackupHook(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const token = "123456789:AAhunter2hunter2"
	env := filepath.Join(t.TempDir(), "env")
	write(t, env, "RESTIC_REPOSITORY=sftp:elsewhere\nREDIS_URL=\n")
	h.set("TELEGRAM_TOKEN="+token, "TOKEN_OF_OTHERS="+token, "HEALTHAGENT_ENV_FILE="+env,
		`HEALTHAGENT_BACKUP_HOOK=test -z "$TELEGRAM_TOKEN$DATABASE_URL" && test "$RESTIC_REPOSITORY" = sftp:elsewhere && sha256sum -c "$HEALTHAGENT_BACKUP_SHA256"`)
	h.environ = append([]string{"HEALTHAGENT_ENV_FILE=" + env}, h.environ...)
	document, _, _ := h.hooked(0)
	made, _ := document["dump"].(map[string]any)
	if copied, _ := made["copied"].(map[string]any); copied["ok"] != true {
		t.Errorf("%v", made)
	}
	if s := h.look(); s.Copied == nil {
		t.Errorf("%+v", s)
	}

	h.set(`HEALTHAGENT_BACKUP_HOOK=echo "no way with $TOKEN_OF_OTHERS"; exit 5`)
	document, out, told := h.hooked(1)
	holds(t, told, "the dump was made, and HEALTHAGENT_BACKUP_HOOK did not copy it: exit status 5, and it said: no way with [secret]")
	manifest, err := os.ReadFile(dump.ManifestPath(fmt.Sprint(document["file"])))
	if err != nil || strings.Contains(out+told+string(manifest), "hunter2") {
		t.Errorf("a secret is told: %v\n%s%s%s", err, out, told, manifest)
	}
	_, list, _ := h.backup(0, "list")
	holds(t, list, "COPIED", "yes", "no")
}

// hooked runs 'backup -o json' with the env file of the house.
func (h *house) hooked(code int) (document map[string]any, stdout, stderr string) {
	h.t.Helper()
	var out, errs bytes.Buffer
	if got := cli.Run(h.t.Context(), []string{"backup", "-o", "json"}, strings.NewReader(""), &out, &errs, append([]string{"PATH=" + os.Getenv("PATH")}, h.environ...)); got != code {
		h.t.Fatalf("exit code %d, want %d\n%s%s", got, code, &out, &errs)
	}
	if err := json.Unmarshal(out.Bytes(), &document); err != nil {
		h.t.Fatal(err)
	}
	return document, out.String(), errs.String()
}

func TestBackupVerifyOfADamagedDump(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	document, _, _ := h.backup(0, "-o", "json")
	file := fmt.Sprint(document["file"])
	elsewhere := filepath.Join(t.TempDir(), "came-back.dump")
	for _, tail := range []string{"", ".json"} {
		text, err := os.ReadFile(file + tail)
		if err != nil {
			t.Fatal(err)
		}
		write(t, elsewhere+tail, string(text))
	}
	f, err := os.OpenFile(file, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte("tampered"), 4000); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	document, _, told := h.backup(1, "verify", filepath.Base(file), "-o", "json")
	holds(t, told, "the dump is damaged: its checksum is not that of its manifest")
	if document["ok"] != false {
		t.Errorf("%v", document)
	}
	if s := h.look(); s.Failed == nil || s.Failed.File != filepath.Base(file) {
		t.Errorf("%+v", s)
	}
	_, list, _ := h.backup(0, "list")
	holds(t, list, "badly")

	// one that came back from elsewhere is tried where it is
	before, err := os.ReadFile(elsewhere + ".json")
	if err != nil {
		t.Fatal(err)
	}
	h.backup(0, "verify", elsewhere)
	if after, err := os.ReadFile(elsewhere + ".json"); err != nil || !bytes.Equal(before, after) {
		t.Errorf("its manifest was changed: %v", err)
	}
	h.backup(1, "verify", filepath.Join(t.TempDir(), "nowhere"))
	if err := os.Remove(elsewhere + ".json"); err != nil {
		t.Fatal(err)
	}
	_, _, told = h.backup(1, "verify", elsewhere)
	holds(t, told, "there is no manifest beside the dump")
}

func TestBackupScheduledRotates(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	document, _, told := h.backup(0, "--scheduled", "-o", "json")
	holds(t, told, "restoring it on trial", "restored and counted")
	if tried, _ := document["tried"].(map[string]any); tried["ok"] != true {
		t.Errorf("%v", document)
	}
	for n := range 60 { // as if it had been made on each of the last days
		at := time.Now().Add(-time.Duration(n+2) * 24 * time.Hour).UTC()
		name := "healthagent-" + at.Format("20060102T150405Z") + ".dump"
		m := dump.Manifest{Format: 1, File: name, Bytes: 1, SHA256: "x", CreatedAt: at, Reason: backup.Scheduled}
		write(t, filepath.Join(h.dir, name), "x")
		if err := m.Save(filepath.Join(h.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	document, _, _ = h.backup(0, "--scheduled", "-o", "json")
	removed, _ := document["removed"].([]any)
	if s := h.look(); s.Dumps < 9 || s.Dumps > 12 || len(removed) != 62-s.Dumps || document["tried"] != nil {
		t.Errorf("%d left, %d removed, tried %v", s.Dumps, len(removed), document["tried"])
	}
}

// TestBackupOfAPrivateDatabase starts it for the time of the verb.
func TestBackupOfAPrivateDatabase(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	state, err := os.MkdirTemp("", "private")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(state) })
	if err := os.Chmod(state, 0o711); err != nil { //nolint:gosec // the server's own user passes through
		t.Fatal(err)
	}
	h.environ = []string{"HEALTHAGENT_STATE_DIR=" + state}
	h.dir = filepath.Join(state, "backups")
	document, _, _ := h.backup(0, "--scheduled", "-o", "json")
	dir := filepath.Dir(fmt.Sprint(document["file"]))
	if dir != h.dir {
		t.Errorf("the dump is in %s", dir)
	}
	if s := h.look(); s.Verified == nil {
		t.Errorf("%+v", s)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info, err)
	}
}
