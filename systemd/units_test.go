package systemd_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"healthagent/systemd"
)

func TestEveryFileIsEmbedded(t *testing.T) {
	t.Parallel()
	there := map[string]string{}
	for _, pattern := range []string{"*.service", "*.timer", "*.socket", "*.path", "*.sysusers", "*.tmpfiles"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			there[path] = string(text)
		}
	}
	embedded := map[string]string{}
	for _, u := range systemd.Units() {
		if !strings.HasPrefix(u.Path, "/etc/") || !strings.HasSuffix(u.Text, "\n") {
			t.Errorf("%s: path %s, %d bytes", u.Name, u.Path, len(u.Text))
		}
		embedded[u.Name] = u.Text
	}
	if !maps.Equal(there, embedded) {
		t.Errorf("there are %v, embedded %v", slices.Sorted(maps.Keys(there)), slices.Sorted(maps.Keys(embedded)))
	}
}

// directives are the values of each directive of a unit, by section and name.
func directives(t *testing.T, name string) map[string][]string {
	t.Helper()
	i := slices.IndexFunc(systemd.Units(), func(u systemd.Unit) bool { return u.Name == name })
	if i < 0 {
		t.Fatalf("there is no %s", name)
	}
	found, section := map[string][]string{}, ""
	for line := range strings.Lines(systemd.Units()[i].Text) {
		line = strings.TrimSuffix(line, "\n")
		switch key, value, assigned := strings.Cut(line, "="); {
		case line == "" || line[0] == '#':
		case line[0] == '[' && line[len(line)-1] == ']':
			section = line[1 : len(line)-1]
		case assigned && regexp.MustCompile(`^[A-Z][A-Za-z]*$`).MatchString(key) && section != "" && line == strings.TrimSpace(line):
			found[section+"."+key] = append(found[section+"."+key], value)
		default:
			t.Errorf("%s: %q is no line of a unit", name, line)
		}
	}
	return found
}

// TestUnitsKeepTheirWord holds the units to what the program and the installer rely on.
func TestUnitsKeepTheirWord(t *testing.T) {
	t.Parallel()
	services := []string{"healthagent.service", "healthagent-alert@.service", "healthagent-backup.service"}
	every := map[string]string{
		"Service.User": "healthagent", "Service.Group": "healthagent", "Service.UMask": "0077", "Service.PrivateUsers": "no",
		"Service.EnvironmentFile": "/etc/healthagent/healthagent.env",
		"Service.StateDirectory":  "healthagent", "Service.StateDirectoryMode": "0700",
		"Service.ProtectSystem": "strict", "Service.NoNewPrivileges": "yes", "Service.CapabilityBoundingSet": "", "Service.LimitCORE": "0",
	}
	own := map[string]map[string]string{
		"healthagent.service": {
			"Service.Type": "notify", "Service.NotifyAccess": "main", "Service.WatchdogSec": "30s", "Service.Restart": "on-failure",
			"Service.RestartPreventExitStatus": "78", "Service.TimeoutStartSec": "90s", "Service.TimeoutStopSec": "30s",
			"Service.RuntimeDirectory": "healthagent", "Service.RuntimeDirectoryMode": "0750",
			"Unit.StartLimitBurst": "5", "Unit.StartLimitIntervalSec": "5min", "Unit.OnFailure": "healthagent-alert@%n.service",
			"Service.ExecStart": "/usr/local/bin/healthagent serve", "Install.WantedBy": "multi-user.target",
		},
		"healthagent-backup.service": {
			"Service.Type": "oneshot", "Unit.OnFailure": "healthagent-alert@%n.service", "Service.Nice": "10", "Service.IOSchedulingClass": "idle",
			"Service.ReadWritePaths": "-/var/backups/healthagent", "Service.ExecStart": "/usr/local/bin/healthagent backup --scheduled",
		},
		"healthagent-alert@.service": {"Service.Type": "oneshot", "Service.ExecStart": "/usr/local/bin/healthagent alert %i", "Service.RestartPreventExitStatus": "1 2 78 203 217"},
		"healthagent-backup.timer":   {"Timer.Persistent": "yes", "Install.WantedBy": "timers.target"},
	}
	for name, want := range own {
		got := directives(t, name)
		if slices.Contains(services, name) {
			maps.Copy(want, every)
			checkService(t, name, got)
		}
		for key, value := range want {
			if !slices.Equal(got[key], []string{value}) {
				t.Errorf("%s: %s is %q, not %q", name, key, got[key], value)
			}
		}
	}
}

// checkService looks for what no service of ours may have or lack.
func checkService(t *testing.T, name string, got map[string][]string) {
	t.Helper()
	if groups := got["Service.SupplementaryGroups"]; groups != nil {
		t.Errorf("%s: the service is in the groups %q", name, groups)
	}
	if runtime := got["Service.RuntimeDirectory"]; runtime != nil && name != "healthagent.service" {
		t.Errorf("%s removes the daemon's socket when it ends", name)
	}
	checkCredentials(t, name, got)
	// "systemd-analyze verify" runs man for the other kind, which small servers do not have
	if !slices.Equal(got["Unit.Documentation"], []string{"file:/usr/local/share/man/man1/healthagent.1"}) {
		t.Errorf("%s is documented in %q", name, got["Unit.Documentation"])
	}
	for _, late := range []string{"ImportCredential", "RestartSteps", "RestartMaxDelaySec", "RestartMode", "MemoryZSwapMax", "PrivatePIDs"} {
		if got["Service."+late] != nil {
			t.Errorf("%s: %s is not known to the oldest systemd we run on", name, late)
		}
	}
}

// checkCredentials: a service has the secrets that it needs and no other, and is not told of files that it may not read.
func checkCredentials(t *testing.T, name string, got map[string][]string) {
	t.Helper()
	needs := map[string][]string{
		"healthagent.service":        {"telegram-token", "database-url", "redis-url"},
		"healthagent-backup.service": {"database-url"},
		"healthagent-alert@.service": {"telegram-token"},
	}
	var has []string
	for _, credential := range got["Service.LoadCredential"] {
		id, path, _ := strings.Cut(credential, ":")
		has = append(has, id)
		if path != "/etc/healthagent/credentials/"+id || !slices.Contains(got["Service.SetCredential"], id+`:\n`) {
			t.Errorf("%s: the credential %s is not optional, or elsewhere", name, credential)
		}
	}
	if !slices.Equal(has, needs[name]) {
		t.Errorf("%s has the credentials %q, not %q", name, has, needs[name])
	}
	unset := strings.Fields(strings.Join(got["Service.UnsetEnvironment"], " "))
	for _, id := range needs["healthagent.service"] {
		setting := strings.ToUpper(strings.ReplaceAll(id, "-", "_"))
		for _, variable := range []string{setting, setting + "_FILE"} {
			if slices.Contains(unset, variable) == slices.Contains(has, id) {
				t.Errorf("%s: %s does not go with the credentials %q", name, variable, has)
			}
		}
	}
}

// TestServicesAreEquallyHardened: what the service is denied, its helpers are denied as well.
func TestServicesAreEquallyHardened(t *testing.T) {
	t.Parallel()
	prefixes := []string{"Protect", "Private", "Restrict", "SystemCall", "Memory", "Lock", "Device", "Keyring", "RemoveIPC", "Capability", "Ambient", "NoNew", "SocketBind"}
	service := directives(t, "healthagent.service")
	for _, name := range []string{"healthagent-alert@.service", "healthagent-backup.service"} {
		helper := directives(t, name)
		for key, value := range service {
			directive := strings.TrimPrefix(key, "Service.")
			hardens := slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(directive, p) })
			if hardens && !strings.HasPrefix(directive, "MemoryMax") && !strings.HasPrefix(directive, "MemoryHigh") && !slices.Equal(helper[key], value) {
				t.Errorf("%s: %s is %q, not %q", name, key, helper[key], value)
			}
		}
	}
}
