package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"testing"

	"healthagent/app/admin"
	"healthagent/migrations"
)

// viewer is the terminal of a person on an installed server who is neither root nor the service's user.
func viewer(t *testing.T, socket string) (v *terminal, out, errs *bytes.Buffer) {
	t.Helper()
	env := filepath.Join(t.TempDir(), "env")
	text := "DATABASE_URL=postgres:///healthagent?host=/nowhere\nHEALTHAGENT_ADMIN_SOCKET=" + socket + "\n"
	if err := os.WriteFile(env, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	out, errs = &bytes.Buffer{}, &bytes.Buffer{}
	return &terminal{
		in: strings.NewReader(""), out: out, errs: errs, environ: []string{"HOME=/nowhere", "HEALTHAGENT_ENV_FILE=" + env},
		redact: func(text string) string { return text },
		system: system{
			uid:    func() int { return 1000 },
			name:   func(int) string { return "person" },
			lookup: func(string) (*user.User, error) { return &user.User{Uid: "990", Gid: "991"}, nil },
			become: func(int, int) error { t.Error("a person became another user"); return nil },
		},
	}, out, errs
}

// TestStatusOfAViewer: who may not open the database of an installed server is told by the daemon where the migrations stand.
func TestStatusOfAViewer(t *testing.T) {
	t.Parallel()
	socket := filepath.Join(t.TempDir(), "s")
	v, _, errs := viewer(t, socket)
	if code := v.run(t.Context(), []string{"migrate", "status"}); code != 69 ||
		!strings.Contains(errs.String(), "the daemon is not running") || !strings.Contains(errs.String(), "put sudo before the command") {
		t.Errorf("without a daemon: %d %s", code, errs)
	}

	listener, err := admin.Listen(socket)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	ledger := map[string]any{"auto": true, "migrations": []migrations.Entry{{Version: 17, Name: "performance_indexes", State: migrations.Held}}}
	source := admin.Source{Migrations: func(context.Context) (any, error) { return ledger, nil }}
	go func() { done <- admin.Serve(ctx, listener, admin.Handler(source, slog.New(slog.DiscardHandler))) }()
	defer func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()

	v, out, errs := viewer(t, socket)
	if code := v.run(t.Context(), []string{"migrate", "status"}); code != 0 || errs.Len() > 0 ||
		!strings.HasPrefix(out.String(), "VERSION") || !strings.Contains(out.String(), "017      performance_indexes  held") {
		t.Errorf("%d\n%s%s", code, out, errs)
	}
	v, out, errs = viewer(t, socket)
	code := v.run(t.Context(), []string{"migrate", "status", "-o", "json"})
	var told struct {
		Migrations []migrations.Entry
		Auto       *bool
	}
	if err := json.Unmarshal(out.Bytes(), &told); err != nil || code != 0 || len(told.Migrations) != 1 || told.Auto == nil {
		t.Errorf("%d %v\n%s%s", code, err, out, errs)
	}
	v, out, errs = viewer(t, socket)
	if code := v.run(t.Context(), []string{"migrate", "plan"}); code != 1 || out.Len() > 0 || !strings.Contains(errs.String(), "put sudo before the command") {
		t.Errorf("plan: %d\n%s%s", code, out, errs)
	}
}
