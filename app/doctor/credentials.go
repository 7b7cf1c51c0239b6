package doctor

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"healthagent/app/fault"
)

// checkCredentials looks at the files that systemd hands to the service. What is missing there ends the start with words that help nobody.
func checkCredentials(_ context.Context, v *visit) answer {
	b, err := v.keeps(credentialDir, rule{v.Owner, nil, 0o700, 0o500})
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return failure(v.newToken(), "%s is gone: the service has no token", credentialDir)
	case err != nil:
		return skipped("%s cannot be looked at: %v", credentialDir, bare(err))
	case b != nil:
		return failure(b.remedy, "%s: others can come at the secrets in it", b.text)
	}
	files, err := os.ReadDir(v.path(credentialDir))
	if err != nil {
		return skipped("%s cannot be listed: %v", credentialDir, bare(err))
	}
	for _, f := range files {
		path := filepath.Join(credentialDir, f.Name())
		if b, err := v.keeps(path, rule{v.Owner, nil, 0o600, 0o400}); err == nil && b != nil {
			return failure(b.remedy, "%s: others can read the secret", b.text)
		}
	}
	for name, path := range v.neededCredentials() {
		if _, err := os.Stat(v.path(path)); err != nil {
			return failure("ls -l "+fault.Word(path)+"; systemctl cat healthagent | grep -n LoadCredential",
				"%s is missing: systemd refuses to start the service without the credential %s (243/CREDENTIALS)", path, name)
		}
	}
	return well("%s in %s, for root alone", plural(len(files), "one file", "%d files"), credentialDir)
}

// neededCredentials are the files without which systemd does not start the service: those of LoadCredential that have no default.
func (v *visit) neededCredentials() map[string]string {
	paths := []string{v.path(unitDir + serviceUnit)}
	over, _ := filepath.Glob(v.path(unitDir+serviceUnit+".d") + "/*.conf") // the pattern is right
	load, set := map[string]string{}, map[string]bool{}
	for _, path := range append(paths, over...) {
		raw, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(raw)) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
			id, source, _ := strings.Cut(value, ":")
			switch {
			case name == "LoadCredential" && value == "":
				clear(load)
			case name == "LoadCredential" && strings.HasPrefix(source, "/"):
				load[id] = source
			case name == "SetCredential":
				set[id] = true
			}
		}
	}
	for id := range set {
		delete(load, id)
	}
	return load
}
