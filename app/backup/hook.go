package backup

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"healthagent/app/config"
	"healthagent/store/dump"
)

const (
	// hookTime is how long a hook may take, and hurriedTime when somebody waits for the dump, as an upgrade does.
	hookTime    = time.Hour
	hurriedTime = 10 * time.Minute
	// patience is how long a hook that was told to end may take to do so, and how long is waited for what it left in the background.
	patience = 10 * time.Second
)

// hookScript runs the hook so that its text, in which there may be a password, is not among the arguments that everybody sees, nor in the
// environment of what it runs. The kernel tells this shell, but nothing that it has started, when the process that waits for it is killed:
// then the shell, which has got another parent, ends all of them.
const hookScript = `hook=$HEALTHAGENT_BACKUP_HOOK; unset HEALTHAGENT_BACKUP_HOOK
read -r _ _ _ parent _ </proc/$$/stat
told() { read -r _ _ _ now _ </proc/$$/stat; [ "$now" = "$parent" ] || { trap "" TERM; kill -TERM 0; }; }
trap told TERM
eval "$hook" &
while :; do wait $!; code=$?; kill -0 $! 2>/dev/null || exit $code; done`

// Hook copies dumps to another place: a command for a shell. It is told of the dump by its environment:
//
//	HEALTHAGENT_BACKUP_FILE       the dump
//	HEALTHAGENT_BACKUP_MANIFEST   what is in it, as JSON
//	HEALTHAGENT_BACKUP_SHA256     its checksum, in the format of sha256sum
//	HEALTHAGENT_BACKUP_DIR        the directory of the three, which is also the hook's own
//	HEALTHAGENT_BACKUP_REASON     manual, scheduled, upgrade or purge
//
// For example:
//
//	rclone copy "$HEALTHAGENT_BACKUP_DIR" offsite:healthagent --include 'healthagent-*'
//	restic backup --quiet "$HEALTHAGENT_BACKUP_DIR"
//	scp -Bq "$HEALTHAGENT_BACKUP_FILE"* backup@elsewhere:healthagent/
//
// It has done its work when it exits with 0. After an hour it is ended, with all that it has started; so is what it leaves running in
// the background when it ends itself.
type Hook struct {
	Command string              // empty: there is none
	Environ []string            // NAME=value; see HookEnviron
	Redact  func(string) string // takes secrets out of what it prints; nil: nothing is taken out
	Limit   time.Duration       // 0: an hour, or 10 minutes when somebody waits for the dump
}

// ErrHook is the failure of a hook, which leaves the dump as good as it is.
var ErrHook = errors.New("the dump was made, and HEALTHAGENT_BACKUP_HOOK did not copy it")

// Copy runs the hook on a dump and writes down in its manifest what came of it. The error is ErrHook when the hook failed, with the last
// that it printed; the dump is returned all the same.
func (d *Directory) Copy(ctx context.Context, made Dump, h Hook, now func() time.Time) (Dump, error) {
	began := now()
	d.sign(began, "runs HEALTHAGENT_BACKUP_HOOK")
	if h.Limit == 0 {
		h.Limit = hookTime
		if made.Reason == Upgrade || made.Reason == Purge {
			h.Limit = hurriedTime
		}
	}
	err := h.run(ctx, made)
	text := "copied by HEALTHAGENT_BACKUP_HOOK"
	if err != nil {
		text = err.Error()
		err = fmt.Errorf("%w: %w", ErrHook, err)
	}
	made.Copied = outcome(began, now(), err == nil, text)
	if saved := d.save(made); saved != nil {
		err = errors.Join(err, fmt.Errorf("write down what came of the hook: %w", saved))
	}
	return made, err
}

func (h Hook) run(ctx context.Context, made Dump) error {
	ctx, cancel := context.WithTimeoutCause(ctx, h.Limit, fmt.Errorf("it was not done after %s", h.Limit))
	defer cancel()
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", hookScript, "hook")
	output := &tail{}
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = filepath.Dir(made.Path), h.environ(made), output, output
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) } // restic and others have locks to give back
	cmd.WaitDelay = patience
	// The kernel sends the signal of our death when the thread that started the shell ends, so this one has to last.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := cmd.Run()
	if cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // nobody is left of it, mostly
	}
	if errors.Is(err, exec.ErrWaitDelay) && ctx.Err() == nil {
		err = nil // it has ended well; something in its background has not, and is not waited for
	}
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("it was interrupted: %w", err)
	}
	last := output.last(h.hide)
	if last == "" {
		return err
	}
	return fmt.Errorf("%w, and it said: %s", err, last)
}

// hide takes out of what the hook printed its own secrets and ours: it is told on screens, in the manifest and in Telegram.
func (h Hook) hide(text string) string {
	if h.Redact != nil {
		text = h.Redact(text)
	}
	return config.RedactEnviron(h.Environ)(text)
}

// environ is what the hook is told.
func (h Hook) environ(made Dump) []string {
	return append(slices.Clone(h.Environ),
		"HEALTHAGENT_BACKUP_HOOK="+h.Command,
		"HEALTHAGENT_BACKUP_FILE="+made.Path,
		"HEALTHAGENT_BACKUP_MANIFEST="+dump.ManifestPath(made.Path),
		"HEALTHAGENT_BACKUP_SHA256="+made.Path+sumTail,
		"HEALTHAGENT_BACKUP_DIR="+filepath.Dir(made.Path),
		"HEALTHAGENT_BACKUP_REASON="+made.Reason,
	)
}

// HookEnviron is what a hook gets of the environment of this process: all but our own secrets and the ways to them, and what belongs to
// this process alone. others are lines of the env file, which the environment is stronger than; under systemd they are in it already.
// So what restic, rclone or aws want to be told may be written into the env file.
func HookEnviron(environ []string, others []config.Secret) []string {
	ours := []string{"CREDENTIALS_DIRECTORY", "PGPASSWORD", "PGPASSFILE", "NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC", "LISTEN_FDS", "LISTEN_PID"}
	for _, s := range config.Table() {
		if s.Secret {
			ours = append(ours, s.Name, s.FileVariable())
		}
	}
	seen := map[string]bool{}
	var out []string
	add := func(line string) {
		name, _, found := strings.Cut(line, "=")
		if !found || seen[name] || slices.Contains(ours, name) {
			return
		}
		seen[name] = true
		out = append(out, line)
	}
	for _, line := range environ {
		add(line)
	}
	for _, line := range others {
		add(line.Reveal())
	}
	return out
}

// AsUser returns an environment with the places of another user than the one it was made for.
func AsUser(environ []string, name, home string) []string {
	out := slices.DeleteFunc(slices.Clone(environ), func(line string) bool {
		variable, _, _ := strings.Cut(line, "=")
		return slices.Contains([]string{"HOME", "USER", "LOGNAME", "MAIL", "SHELL", "PWD", "OLDPWD"}, variable) || strings.HasPrefix(variable, "XDG_")
	})
	return append(out, "HOME="+home, "USER="+name, "LOGNAME="+name)
}
