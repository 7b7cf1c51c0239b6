package cli

import (
	"os/user"
	"strings"
	"testing"

	"healthagent/app/config"
	"healthagent/app/fault"
)

// TestAsService holds the rule of who opens the database of an installed server.
func TestAsService(t *testing.T) {
	t.Parallel()
	const service = 990
	tests := []struct {
		name      string
		uid       int
		installed bool
		source    config.Origin
		hidden    bool
		environ   []string
		becomes   int // 0: stays who it is
		refused   bool
	}{
		{name: "not installed, root", source: config.EnvFile},
		{name: "not installed, person", uid: 1000, source: config.EnvFile},
		{name: "root with the service's database", installed: true, source: config.EnvFile, becomes: service},
		{name: "root with a managed server's", installed: true, source: config.File, becomes: service},
		{name: "root with a file of the environment", installed: true, source: config.File, environ: []string{"DATABASE_URL_FILE=/x"}},
		{name: "root with a database of the environment", installed: true, source: config.Environment},
		{name: "root with a database of a flag", installed: true, source: config.Flag},
		{name: "root without an address", installed: true, source: config.Default},
		{name: "the service itself", uid: service, installed: true, source: config.EnvFile},
		{name: "a person who can read the env file", uid: 1000, installed: true, source: config.EnvFile, refused: true},
		{name: "a person who cannot", uid: 1000, installed: true, source: config.Default, hidden: true, refused: true},
		{name: "a person with a private database", uid: 1000, installed: true, source: config.Default},
		{name: "a person who names a database", uid: 1000, installed: true, source: config.Flag, hidden: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			became := 0
			terminal := &terminal{environ: tt.environ, system: system{
				uid: func() int { return tt.uid },
				lookup: func(name string) (*user.User, error) {
					if !tt.installed {
						return nil, user.UnknownUserError(name)
					}
					return &user.User{Username: name, Uid: "990", Gid: "991"}, nil
				},
				become: func(uid, gid int) error {
					if gid != 991 {
						t.Errorf("group %d", gid)
					}
					became = uid
					return nil
				},
			}}
			report := &config.Report{
				Values:        []config.Value{{Name: "DATABASE_URL", Source: config.Source{Origin: tt.source}}},
				EnvFileHidden: tt.hidden,
			}
			err := terminal.asService(report)
			if became != tt.becomes || (fault.KindOf(err) == fault.Refused) != tt.refused || (err != nil) != tt.refused {
				t.Errorf("became %d, error %v", became, err)
			}
		})
	}
}

func TestSafe(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Ann Åsa 李":              "Ann Åsa 李",
		"a\tb\nc\rd":             "a\uFFFDb\uFFFDc\uFFFDd",
		"\x1b[2J\u202e\u2066x":   "\uFFFD[2J\uFFFD\uFFFDx",
		"\u0085\u2028\u200b\x7f": strings.Repeat("\uFFFD", 4),
	} {
		if got := safe(text); got != want {
			t.Errorf("safe(%q) = %q, want %q", text, got, want)
		}
	}
}
