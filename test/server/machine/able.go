package machine

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Programs are those that a Host needs.
func Programs() []string {
	return []string{"systemd-nspawn", "mmdebstrap", "slirp4netns", "unshare", "nsenter", "mount", "apt-get"}
}

// able returns an *Unable when this machine cannot boot servers.
func able(ctx context.Context, o Options) error {
	if os.Geteuid() != 0 {
		return &Unable{"only root can boot servers"}
	}
	missing := absent()
	if len(missing) > 0 && o.Provide != nil {
		if err := o.Provide(ctx); err != nil {
			return &Unable{fmt.Sprintf("%s is missing here: %v", strings.Join(missing, ", "), err)}
		}
		missing = absent()
	}
	if len(missing) > 0 {
		return &Unable{strings.Join(missing, ", ") + " is missing here"}
	}
	if err := os.MkdirAll(o.Dir, 0o755); err != nil { //nolint:gosec // a server's root is no secret
		return &Unable{err.Error()}
	}
	return spaces(ctx, o.Dir)
}

func absent() []string {
	var missing []string
	for _, name := range Programs() {
		if _, err := exec.LookPath(name); err != nil {
			missing = append(missing, name)
		}
	}
	return missing
}

// spaces tries namespaces and an overlay in them.
func spaces(ctx context.Context, dir string) error {
	trial, err := os.MkdirTemp(dir, "trial-")
	if err != nil {
		return &Unable{err.Error()}
	}
	defer os.RemoveAll(trial) //nolint:errcheck // an empty directory at worst
	for _, name := range []string{"lower", "upper", "work", "root"} {
		if err := os.Mkdir(filepath.Join(trial, name), 0o700); err != nil {
			return &Unable{err.Error()}
		}
	}
	command := exec.CommandContext(ctx, "unshare", "--mount", "--net", "--pid", "--uts", "--ipc", "--cgroup", "--fork", "--propagation", "slave",
		"mount", "-t", "overlay", "overlay", "-o", "lowerdir=lower,upperdir=upper,workdir=work", "root")
	command.Dir = trial
	if out, err := command.CombinedOutput(); err != nil {
		return &Unable{fmt.Sprintf("no namespaces or overlays here: %v: %s", err, strings.TrimSpace(string(out)))}
	}
	return nil
}
