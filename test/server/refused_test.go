package server

import (
	"slices"
	"strings"
	"testing"

	"healthagent/test/server/machine"
)

// slips are what somebody may get wrong in a call of the installer. Each is told in a sentence, before anything was changed.
var slips = map[string]struct {
	prepare string // a script
	after   string // another, which takes that away again
	args    []string
	env     []string
	says    []string
	hides   string
}{
	"a text as the program": {
		prepare: "printf 'touch /root/ran-it\\n' >/root/text", args: []string{"--binary", "/root/text"}, says: []string{"/root/text is no program for Linux"},
	},
	"another processor's program": {
		prepare: "{ printf '\\177ELF\\002\\001\\001'; head -c 9 /dev/zero; printf '\\002\\000\\267\\000'; } >/root/arm",
		args:    []string{"--binary", "/root/arm"}, says: []string{"arm64", "this server is x86-64"},
	},
	"another program": {args: []string{"--binary", "/bin/true"}, says: []string{"/bin/true is no healthagent"}},
	"a damaged archive": {
		prepare: "printf '%064d  healthagent\\n' 0 >/root/healthagent-1.0.0/SHA256SUMS", says: []string{"SHA256SUMS", "get the archive again"},
	},
	"a directory as the token's file": {args: []string{"--token-file", "/root"}, says: []string{"/root cannot be read"}},
	"no file of the token":            {args: []string{"--token-file", "/root/tokn"}, says: []string{"there is no file /root/tokn"}},
	"another text as the token": {
		prepare: "echo '" + token + " more' >/root/text", args: []string{"--token-file", "/root/text"},
		says: []string{"/root/text is no token", "BotFather"}, hides: token,
	},
	"a value that is missing":  {args: []string{"--binary="}, says: []string{"--binary wants a value"}},
	"a value too many":         {args: []string{"--dry-run=no"}, says: []string{"--dry-run takes no value"}},
	"the token as an option":   {args: []string{"--token", token}, says: []string{"--token-file FILE"}, hides: token},
	"the token as an argument": {args: []string{token}, says: []string{"--help"}, hides: token},
	"a wrong setting":          {env: []string{"HEALTHAGENT_LOG_LEVEL=loud"}, says: []string{"HEALTHAGENT_LOG_LEVEL (environment of install.sh)", "debug"}},
	"no address of a database": {
		prepare: "echo nonsense >/root/text", args: []string{"--database-url-file", "/root/text"}, says: []string{"DATABASE_URL (/root/text)"},
	},
	"dumps where nothing is seen": {env: []string{"HEALTHAGENT_BACKUP_DIR=/home/dumps"}, says: []string{"/home/dumps", "choose another place"}},
	"dumps in everybody's home":   {env: []string{"HEALTHAGENT_BACKUP_DIR=/home"}, says: []string{"/home", "choose another place"}},
	"dumps by a way to a home":    {env: []string{"HEALTHAGENT_BACKUP_DIR=/srv/../home/dumps"}, says: []string{"/srv/../home/dumps", "choose another place"}},
	"dumps where nothing stays":   {env: []string{"HEALTHAGENT_BACKUP_DIR=/var/tmp/dumps"}, says: []string{"/var/tmp/dumps", "nothing stays"}},
	"dumps in the system's place": {env: []string{"HEALTHAGENT_BACKUP_DIR=/srv"}, says: []string{"/srv/healthagent"}},
	"dumps among the settings":    {env: []string{"HEALTHAGENT_BACKUP_DIR=/etc/healthagent"}, says: []string{"/etc/healthagent", "dumps alone"}},
	"a file system to read only": {
		prepare: "mount --bind /usr/local /usr/local && mount -o remount,ro,bind /usr/local", after: "umount /usr/local",
		says: []string{"/usr/local cannot be written to", "Nothing was changed"},
	},
	"dumps in somebody's place": {env: []string{"HEALTHAGENT_BACKUP_DIR=/var/lib/dpkg"}, says: []string{"/var/lib/dpkg", "others have files"}},
}

// TestRefused: what is wrong in the call is said, with what would be right, and the server is as it was.
func TestRefused(t *testing.T) {
	t.Parallel()
	scenario(t, func(t *testing.T, h *machine.Host, suite machine.Suite) {
		longer(t)
		s := boot(t, h, suite, h.Packages(suite))
		s.unpack(first)
		before := s.snapshot()
		for name, slip := range slips {
			if slip.prepare != "" {
				s.sh(slip.prepare)
			}
			call := installer(first, slip.args...)
			call.Env = slices.Concat(call.Env, slip.env)
			said, code := s.try(call)
			s.sh("rm -f /root/healthagent-1.0.0/SHA256SUMS; " + slip.after)
			if code == 0 || strings.Contains(said, "[4/12]") {
				t.Errorf("%s: %d\n%s", name, code, said)
			}
			for _, word := range slip.says {
				if !strings.Contains(said, word) {
					t.Errorf("%s: %q is not said:\n%s", name, word, said)
				}
			}
			if slip.hides != "" && strings.Contains(said, slip.hides) {
				t.Errorf("%s: it shows %q:\n%s", name, slip.hides, said)
			}
		}
		if ran := s.sh("ls /root/ran-it 2>/dev/null || true"); ran != "" {
			t.Error("a text was run as a script")
		}
		for _, change := range before.Changes(s.snapshot(), changing()...) {
			if !strings.Contains(change, "healthagent-install.log") {
				t.Errorf("it was refused, and changed %s", change)
			}
		}
	})
}
